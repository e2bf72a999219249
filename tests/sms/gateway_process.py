"""The gateway as a process of its own, that a test starts, kills and starts again."""

import contextlib
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path

from bot.paths import ROOT
from tests.live import SECRET, LiveBrain, free_port


@dataclass
class GatewayProcess:
    """`python -m bot gateway` beside a real Rasa; `settings` are environment variables."""

    folder: Path
    brain: LiveBrain
    settings: dict[str, str] = field(default_factory=dict)
    port: int = field(default_factory=free_port)
    metrics_port: int = field(default_factory=free_port)
    _process: "subprocess.Popen[bytes] | None" = None

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}"

    def start(self, seconds: float = 30) -> None:
        """Start it and wait until it listens (a message may come before Rasa is there)."""
        environment = {key: value for key, value in os.environ.items() if key != "PYTHONWARNINGS"}
        environment |= {
            "PORT": str(self.port),
            "METRICS_PORT": str(self.metrics_port),
            "RASA_PORT": str(self.brain.rasa_port),
            "ACTIONS_PORT": str(self.brain.actions_port),
            "BRAIN_SECRET": SECRET,
            "VAR_DIR": str(self.folder),
            "RATE_LIMIT": "off",
            **self.settings,
        }
        with (self.folder / "gateway.log").open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "bot", "gateway"],
                cwd=ROOT,
                env=environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if self._listens():
                return
            time.sleep(0.05)
        raise TimeoutError(f"the gateway does not listen; see {self.folder}/gateway.log")

    def _listens(self) -> bool:
        try:
            urllib.request.urlopen(f"{self.url}/sms/personne", timeout=2).close()
        except urllib.error.HTTPError:
            return True
        except OSError:
            return False
        return True

    def kill(self) -> None:
        """End it at once, as a machine that fails does."""
        if self._process and self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()

    def stop(self) -> None:
        """End it as `make run` does."""
        if self._process and self._process.poll() is None:
            self._process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(20)
        self.kill()

    def log(self) -> str:
        """What it wrote."""
        return (self.folder / "gateway.log").read_text(encoding="utf-8", errors="replace")

    def measure(self, name: str) -> float:
        """Return the sum of a measure over its labels; `name` may end with some of them."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.metrics_port}/metrics", timeout=5) as response:
            lines = response.read().decode().splitlines()
        return sum(float(line.rsplit(" ", 1)[1]) for line in lines if line.startswith(name))
