"""The deployed nginx, its files as they are but for names, ports' addresses and folders."""

import os
import re
import shutil
import signal
import subprocess
import time
from pathlib import Path

from bot.paths import ROOT
from tests.scale.compose import Loopback, Service

DEPLOYED = ROOT / "deploy" / "nginx"


def is_here() -> bool:
    """Tell whether nginx is installed."""
    return shutil.which("nginx", path="/usr/sbin:/usr/bin:/sbin") is not None


def write(folder: Path, loopback: Loopback, service: str) -> None:
    """Copy the deployed files into `folder`/nginx, names and the container's folders translated for `service`."""
    copied = folder / "nginx"
    shutil.copytree(DEPLOYED, copied)
    for path in copied.glob("*.conf"):
        text = loopback.here(path.read_text(encoding="utf-8"), service)
        text = re.sub(r"listen (\d+)", rf"listen {loopback.address[service]}:\1", text)
        text = text.replace("/tmp/nginx", f"{folder}/nginx").replace("/etc/nginx/assistant", str(copied))
        path.write_text(text, encoding="utf-8")


class Nginx:
    """An nginx as compose.yml starts it, in a folder of its own; `url` is where the public's listens."""

    def __init__(self, service: Service, folder: Path, loopback: Loopback) -> None:
        write(folder, loopback, service.name)
        self.url = f"http://{loopback.address[service.name]}:8080"
        self.log = folder / "nginx.log"
        self._command = [
            word.replace("/etc/nginx/assistant", str(folder / "nginx")) for word in loopback.command(service)
        ]
        self._environment = loopback.environment(service)
        if os.geteuid() == 0:  # its workers must read what a test wrote for itself
            self._command = [*self._command[:-1], f"{self._command[-1]} user root;"]
        self._process: subprocess.Popen[bytes] | None = None

    def check(self) -> str:
        """Return what `nginx -t` says; raise CalledProcessError when the files are wrong."""
        done = subprocess.run(
            [*self._command, "-t"], env=self._environment, check=True, capture_output=True, text=True, timeout=30
        )
        return done.stderr

    def start(self) -> None:
        """Start it and wait until it listens."""
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command, env=self._environment, stdout=log, stderr=log, start_new_session=True
            )
        deadline = time.monotonic() + 20
        pid = self.log.with_name("nginx.pid")
        while not pid.exists():
            assert self._process.poll() is None, self.log.read_text(encoding="utf-8")
            assert time.monotonic() < deadline, "nginx does not start"
            time.sleep(0.05)

    def stop(self) -> None:
        """End it as compose does: once what it is answering is answered."""
        if self._process and self._process.poll() is None:
            self._process.send_signal(signal.SIGQUIT)
            try:
                self._process.wait(10)
            except subprocess.TimeoutExpired:
                os.killpg(self._process.pid, signal.SIGKILL)
                self._process.wait()
