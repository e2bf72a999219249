"""A real Rasa and a real action server, started once for a test run, on free ports, with stores of their own."""

import contextlib
import os
import signal
import socket
import subprocess
import time
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path

from bot import training
from bot.paths import ROOT

SECRET = "secret-of-the-tests"


def free_port() -> int:
    """Return a port that nothing listens on."""
    with contextlib.closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class LiveBrain:
    """Rasa and the actions; `stop` ends them."""

    folder: Path
    rasa_port: int = field(default_factory=free_port)
    actions_port: int = field(default_factory=free_port)
    rasa: "subprocess.Popen[bytes] | None" = None
    actions: "subprocess.Popen[bytes] | None" = None

    def _environment(self) -> dict[str, str]:
        return {
            **training.rasa_environment(),
            "BRAIN_SECRET": SECRET,
            "ACTIONS_URL": f"http://127.0.0.1:{self.actions_port}",
            "TRACKER_URL": f"sqlite:///{self.folder / 'tracker.sqlite'}",
            "DIRECTORY_PATH": str(self.folder / "directory.sqlite"),
        }

    def _spawn(self, name: str, command: list[str]) -> "subprocess.Popen[bytes]":
        with (self.folder / f"{name}.log").open("ab") as log:
            return subprocess.Popen(
                command, cwd=ROOT, env=self._environment(), stdout=log, stderr=log, start_new_session=True
            )

    def start_actions(self) -> None:
        """Start the action server and wait until it answers."""
        self.actions = self._spawn("actions", [str(ROOT / ".venv/bin/python"), "-m", "actions", str(self.actions_port)])
        self._wait(f"http://127.0.0.1:{self.actions_port}/health")

    def start_rasa(self) -> None:
        """Start Rasa on the trained model and wait until it has loaded it."""
        model = training.trained()
        assert model is not None, "make train first"
        command = [
            str(ROOT / ".venv/bin/rasa"),
            "run",
            "-i",
            "127.0.0.1",
            "-p",
            str(self.rasa_port),
            "--model",
            str(model),
        ]
        self.rasa = self._spawn(
            "rasa", [*command, "--endpoints", "deploy/endpoints.yml", "--credentials", "credentials.yml"]
        )
        self._wait(f"http://127.0.0.1:{self.rasa_port}/webhooks/assistant/", {"Authorization": f"Bearer {SECRET}"})

    def _wait(self, url: str, headers: dict[str, str] | None = None, seconds: float = 120) -> None:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            with (
                contextlib.suppress(OSError),
                urllib.request.urlopen(urllib.request.Request(url, headers=headers or {}), timeout=2) as response,
            ):
                if response.status == 200:
                    return
            time.sleep(0.3)
        raise TimeoutError(f"{url}: no answer in {seconds} s; see {self.folder}")

    def stop(self) -> None:
        """End both processes."""
        for process in (self.rasa, self.actions):
            if process is not None and process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
