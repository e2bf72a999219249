"""`make run` as a process of its own, with its settings: started, hurt in one of its parts, watched, stopped."""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import psutil

from bot.paths import ROOT
from tests.live import free_port
from tests.stack import PARTS

#: Seconds left to a start, and to a recovery, on a machine that does other things too.
START, RECOVERY = 240.0, 90.0


@dataclass
class Stack:
    """Everything that `make run` starts, in a folder, on free ports; `settings` are environment variables."""

    folder: Path
    settings: dict[str, str] = field(default_factory=dict)
    port: int = field(default_factory=free_port)
    #: Ids seen of what it started, to end what it would leave.
    _seen: set[psutil.Process] = field(default_factory=set)
    _process: "subprocess.Popen[bytes] | None" = None

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def output(self) -> str:
        """What it printed, as its operator reads it."""
        return (self.folder / "make-run.out").read_text(encoding="utf-8", errors="replace")

    def spawn(self) -> "subprocess.Popen[bytes]":
        """Start it, and do not wait."""
        environment = {key: value for key, value in os.environ.items() if key != "PYTHONWARNINGS"}
        environment |= {
            "VAR_DIR": str(self.folder / "var"),
            "PORT": str(self.port),
            "RASA_PORT": str(free_port()),
            "ACTIONS_PORT": str(free_port()),
            "METRICS_PORT": "0",
            "RATE_LIMIT": "off",
            **self.settings,
        }
        self.folder.mkdir(parents=True, exist_ok=True)
        # Not a ".log": what it prints is not watched for people's words twice, its parts' logs are in VAR_DIR.
        with (self.folder / "make-run.out").open("wb") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "bot", "run"], cwd=ROOT, env=environment, stdout=output, stderr=output,
                stdin=subprocess.DEVNULL, start_new_session=True,
            )  # fmt: skip
        return self._process

    def start(self, seconds: float = START) -> None:
        """Start it, and wait until it says that it answers."""
        process = self.spawn()
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if "répond sur" in self.output:
                self._look()
                return
            if process.poll() is not None:
                break
            time.sleep(0.2)
        said = self.output
        self.stop()
        raise TimeoutError(f"make run did not start; see {self.folder}\n{said}")

    def _look(self) -> list[psutil.Process]:
        if self._process is None or self._process.poll() is not None:
            return []
        with contextlib.suppress(psutil.Error):
            self._seen |= set(psutil.Process(self._process.pid).children(recursive=True))
        return [one for one in self._seen if one.is_running()]

    def processes(self, part: str) -> list[psutil.Process]:
        """Return the processes of a part ("rasa", "actions", "gateway"), oldest first; zombies are none."""
        found = []
        for one in self._look():
            with contextlib.suppress(psutil.Error):
                if PARTS[part] in " ".join(one.cmdline()) and one.status() != psutil.STATUS_ZOMBIE:
                    found.append(one)
        return sorted(found, key=lambda one: one.create_time())

    def memory(self, part: str) -> float:
        """Return the resident memory of a part, in megabytes."""
        return sum(one.memory_info().rss for one in self.processes(part)) / 1e6

    @property
    def alive(self) -> bool:
        """Tell whether `make run` itself still runs."""
        return self._process is not None and self._process.poll() is None

    def signal(self, signum: int) -> None:
        """Send a signal to `make run` itself."""
        assert self._process
        self._process.send_signal(signum)

    def wait(self, seconds: float) -> int:
        """Wait for its end; return its code."""
        assert self._process
        return self._process.wait(seconds)

    def stop(self, seconds: float = 40) -> None:
        """End it as Ctrl-C does, then whatever it would leave."""
        self._look()
        if self._process and self._process.poll() is None:
            for one in self._seen:  # what a test suspended could not hear
                with contextlib.suppress(psutil.Error):
                    one.resume()
            self._process.send_signal(signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(seconds)
        if self._process and self._process.poll() is None:
            self._process.kill()
            self._process.wait()
        for one in self._seen:
            with contextlib.suppress(psutil.Error):
                if one.is_running():
                    one.kill()

    def quoted(self, *texts: str) -> list[str]:
        """Return "log: text" for each text that a log holds: people's words must be in none, whatever went wrong."""
        logs = [
            *(Path(self.settings.get("VAR_DIR", self.folder / "var")) / "log").glob("*.log"),
            self.folder / "make-run.out",
        ]
        held = {path.name: path.read_text(encoding="utf-8", errors="replace") for path in logs if path.exists()}
        return [f"{name}: {text}" for name, words in held.items() for text in texts if text in words]

    async def health(self) -> dict[str, Any]:
        """Return what /health says; {} when nobody answers."""
        with contextlib.suppress(aiohttp.ClientError, asyncio.TimeoutError):
            async with (
                aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=10)) as session,
                session.get(f"{self.url}/health") as response,
            ):
                body: dict[str, Any] = await response.json()
                return body
        return {}

    async def until(self, true: Callable[[], bool], seconds: float = RECOVERY) -> float:
        """Wait until something is true; return after how many seconds."""
        started = time.monotonic()
        while not true():
            if (time.monotonic() - started) > seconds:
                raise TimeoutError(f"not in {seconds} s; see {self.folder}\n{self.output}")
            await asyncio.sleep(0.2)
        return time.monotonic() - started

    async def until_healthy(self, seconds: float = RECOVERY) -> float:
        """Wait until /health says that a turn can be answered; return after how many seconds."""
        started = time.monotonic()
        while (passed := time.monotonic() - started) < seconds:
            if (await self.health()).get("status") in {"ok", "degraded"}:
                return passed
            await asyncio.sleep(0.3)
        raise TimeoutError(f"not healthy in {seconds} s: {await self.health()}; see {self.folder}")
