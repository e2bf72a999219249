"""`make run` as a person starts it, and what can be done to it: read what it says, talk to it, find its processes."""

import contextlib
import json
import os
import re
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from bot.paths import ROOT
from tests.live import free_port

#: Words of the command line of each part.
PARTS = {"rasa": "bin/rasa", "actions": "-m actions", "gateway": "-m bot gateway"}


@dataclass
class Stack:
    """A running `make run`; `lines` is what it printed so far."""

    process: "subprocess.Popen[str]"
    port: int
    folder: Path
    lines: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line.rstrip("\n"))

    @property
    def url(self) -> str:
        """The address of the site."""
        return f"http://127.0.0.1:{self.port}"

    def until(self, pattern: str, after: int = 0, seconds: float = 180) -> str:
        """Return the first line, from the line number `after` on, that matches; wait for it."""
        deadline = time.monotonic() + seconds
        while True:
            over = time.monotonic() > deadline or (self.process.poll() is not None and not self._reader.is_alive())
            for line in self.lines[after:]:
                if re.search(pattern, line):
                    return line
            assert not over, f"{pattern}: not in\n" + "\n".join(self.lines[after:])
            time.sleep(0.05)

    def until_healthy(self, rasas: int = 1, seconds: float = 180) -> None:
        """Wait until every part answers."""
        secret = json.loads((self.folder / "run.json").read_text())
        headers = {"Authorization": f"Bearer {secret['brain_secret']}"}
        urls = [f"{url}/webhooks/assistant/" for url in secret["rasa_url"].split(",")]
        assert len(urls) == rasas
        deadline = time.monotonic() + seconds
        for url in [*urls, f"{self.url}/health"]:
            while not _answers(url, headers):
                assert time.monotonic() < deadline, "\n".join(self.lines)
                time.sleep(0.2)

    def parts(self, name: str) -> list[psutil.Process]:
        """Return the processes of a part: "rasa", "actions" or "gateway"."""
        found = []
        for child in psutil.Process(self.process.pid).children(recursive=True):
            with contextlib.suppress(psutil.Error):
                if PARTS[name] in " ".join(child.cmdline()):
                    found.append(child)
        return found

    def say(self, text: str, conversation: str = "", seconds: float = 60) -> dict[str, Any]:
        """Send a message; return the reply."""
        body = {"text": text, **({"conversation": conversation} if conversation else {})}
        request = urllib.request.Request(
            f"{self.url}/api/messages", json.dumps(body).encode(), {"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=seconds) as response:
            reply: dict[str, Any] = json.loads(response.read())
        return reply


def _answers(url: str, headers: dict[str, str]) -> bool:
    with contextlib.suppress(OSError), urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=5):
        return True
    return False


@contextmanager
def running(folder: Path, root: Path = ROOT, **settings: str) -> Iterator[Stack]:
    """Start everything, on free ports and stores of its own; kill what is left at the end."""
    port = free_port()
    environment = {
        **os.environ, "VAR_DIR": str(folder), "PORT": str(port), "RASA_PORT": str(free_port()), "ACTIONS_PORT": str(free_port()), "METRICS_PORT": "0",
        "RATE_LIMIT": "off", **settings,
    }  # fmt: skip
    process = subprocess.Popen(
        [sys.executable, "-m", "bot", "run"],
        cwd=root,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    stack = Stack(process, int(environment["PORT"]), folder)
    children: list[psutil.Process] = []
    try:
        yield stack
        children = psutil.Process(process.pid).children(recursive=True) if process.poll() is None else []
    finally:
        if process.poll() is None and not children:
            children = psutil.Process(process.pid).children(recursive=True)
        process.kill()
        process.wait()
        for child in children:
            if child.is_running():
                child.kill()
        stack._reader.join(10)
        if process.stdout:
            process.stdout.close()
