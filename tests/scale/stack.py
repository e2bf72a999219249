"""Everything that compose.yml starts, as processes of this machine: real PostgreSQL, Redis and nginx, two gateways, two Rasas, the actions."""

import os
import secrets
import shutil
import signal
import subprocess
import time
from pathlib import Path

import psutil

from bot import training
from bot.directory import assemble
from bot.paths import ROOT
from tests.postgres import Postgres, binaries
from tests.scale import nginx
from tests.scale.compose import Loopback, Service, services

DRAWN = ("SECRET_KEY", "BRAIN_SECRET", "POSTGRES_PASSWORD", "GATEWAY_DB_PASSWORD", "TRACKER_DB_PASSWORD",
         "REDIS_PASSWORD", "SMS_WEBHOOK_SECRET", "KANNEL_PASSWORD")  # fmt: skip
#: Those that are our own code, in the order in which they are started.
OURS = ("actions-1", "actions-2", "rasa-1", "rasa-2", "gateway-1", "gateway-2")
#: Seconds for a Rasa to load its model on a busy machine.
START = 180.0


def missing() -> str:
    """Return what this machine lacks, "" when it has all."""
    lacks = [
        name
        for name, here in (
            ("PostgreSQL", binaries() is not None),
            ("redis-server", shutil.which("redis-server") is not None),
            ("nginx", nginx.is_here()),
        )
        if not here
    ]
    return f"{', '.join(lacks)}: not here (make system-deps)" if lacks else ""


class Stack:
    """The parts by the name of their service; `url` is nginx's. `more` are variables of .env."""

    def __init__(self, folder: Path, **more: str) -> None:
        assert training.trained(), "make train first"
        self.folder = folder
        self.secrets = {name: secrets.token_hex(24) for name in DRAWN}
        environment = {**self.secrets, **more}
        self.services = services(environment)
        self.loopback = Loopback(list(self.services), folder)
        self.address = self.loopback.address
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        (folder / "var").mkdir()
        self.nginx, self.inner = (
            nginx.Nginx(self.services[name], self._made(f"of-{name}"), self.loopback) for name in ("nginx", "actions")
        )
        self.url = self.nginx.url
        self.postgres: Postgres | None = None

    def __enter__(self) -> "Stack":
        try:
            self._start_stores()
            assemble.ensure(self.folder / "var" / "directory.sqlite")
            for name in OURS:
                self.start(name)
            for name in OURS:
                self.wait(name)
            self.inner.start()
            self.nginx.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *error: object) -> None:
        self.nginx.stop()
        self.inner.stop()
        for name in self._processes:
            self.kill(name)
        if self.postgres:
            self.postgres.stop()

    def _made(self, name: str) -> Path:
        (self.folder / name).mkdir()
        return self.folder / name

    def gateway(self, number: int) -> str:
        """Return the address of a gateway, past nginx."""
        return f"http://{self.address[f'gateway-{number}']}:8080"

    def _start_stores(self) -> None:
        options = " ".join(self.services["postgres"].command[1:])
        self.postgres = Postgres(self.address["postgres"], 5432, options)
        environment = self.loopback.environment(self.services["postgres"])
        there = {
            "PGHOST": self.address["postgres"],
            "PATH": f"{binaries()}:{environment['PATH']}",
            "POSTGRES_USER": "test",
        }
        script = ROOT / "deploy" / "postgres" / "databases.sh"
        subprocess.run(["sh", str(script)], env=environment | there, check=True, capture_output=True)
        self.start("redis")
        deadline = time.monotonic() + 20
        asked = ["redis-cli", "-h", self.address["redis"], "ping"]
        while subprocess.run(asked, capture_output=True, check=False, env=self._for_redis()).stdout.strip() != b"PONG":
            assert time.monotonic() < deadline, "Redis does not start"
            time.sleep(0.1)

    def _for_redis(self) -> dict[str, str]:
        return {"PATH": os.environ["PATH"], "REDISCLI_AUTH": self.secrets["REDIS_PASSWORD"]}

    def _command(self, service: Service) -> list[str]:
        command = self.loopback.command(service)
        if service.name == "redis":  # a container has one address; here it must not take all of the machine's
            return [*command[:-1], f"{command[-1]} --bind {self.address['redis']} --dir {self.folder}"]
        return command

    def log(self, name: str) -> Path:
        """Return where a service writes."""
        return self.folder / f"{name}.log"

    def start(self, name: str) -> None:
        """Start a service, as a container that is made or that Docker starts again."""
        service = self.services[name]
        with self.log(name).open("ab") as log:
            self._processes[name] = subprocess.Popen(
                self._command(service),
                cwd=ROOT,
                env=self.loopback.environment(service),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def is_well(self, name: str) -> bool:
        """Tell whether a service is well, by its image's own HEALTHCHECK."""
        service = self.services[name]
        command = [self.loopback.here(word, name) for word in service.health]
        done = subprocess.run(
            command, cwd=ROOT, env=self.loopback.environment(service), capture_output=True, check=False
        )
        return done.returncode == 0

    def wait(self, name: str, seconds: float = START) -> float:
        """Wait until a service is well; return how many seconds that took."""
        began = time.monotonic()
        while not self.is_well(name):
            alive = self._processes[name].poll() is None
            assert alive, f"{name}: {self.log(name).read_text(encoding='utf-8', errors='replace')[-2000:]}"
            assert time.monotonic() - began < seconds, f"{name} is not well after {seconds} s"
            time.sleep(0.3)
        return time.monotonic() - began

    def seconds_of_processor(self, name: str) -> float:
        """Return the processor's time that a service has used."""
        times = psutil.Process(self._processes[name].pid).cpu_times()
        return float(times.user + times.system)

    def kill(self, name: str) -> None:
        """End a service at once, as kill -9 or a machine that fails."""
        self._send(name, signal.SIGCONT)
        self._send(name, signal.SIGKILL)
        self._processes[name].wait()

    def stop(self, name: str) -> int:
        """End a service as Docker does: SIGTERM, its grace period, then SIGKILL; return the exit code."""
        process = self._processes[name]
        process.terminate()
        grace = float(self.services[name].raw.get("stop_grace_period", "10s").removesuffix("s"))
        try:
            return process.wait(grace)
        except subprocess.TimeoutExpired:
            self.kill(name)
            return -signal.SIGKILL

    def suspend(self, name: str) -> None:
        """Have a service stand still: it takes connections and never answers."""
        self._send(name, signal.SIGSTOP)

    def resume(self, name: str) -> None:
        """Let a service go on from where it stood still."""
        self._send(name, signal.SIGCONT)

    def _send(self, name: str, signum: int) -> None:
        process = self._processes[name]
        if process.poll() is None:
            os.killpg(process.pid, signum)
