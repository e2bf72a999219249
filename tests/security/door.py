"""A gateway in a process of its own, as it runs for people, to be attacked at its socket."""

import os
import re
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from bot.paths import ROOT
from tests.live import free_port

#: The delays of bot.web.server in seconds, for the tests that cannot wait for the real ones.
_START = """
import bot.web.server as server
if {short}:
    server.BODY_SECONDS = server.READ_SECONDS = {short}
    server.OPTIONS.update(keepalive_timeout={short}, lingering_time=1.0)
from bot.__main__ import app
app(["gateway"])
"""


@dataclass
class Door:
    """Where it listens, where it writes."""

    port: int
    metrics: int
    folder: Path
    process: "subprocess.Popen[bytes]"

    def connect(self) -> socket.socket:
        """Open a connection, not yet used."""
        return socket.create_connection(("127.0.0.1", self.port), timeout=20)

    def send(self, data: bytes, wait: float = 10.0) -> bytes:
        """Send bytes, whatever they are; return all that comes back before the end, or before `wait` seconds of silence."""
        with self.connect() as line:
            line.settimeout(wait)
            with suppress(OSError):
                line.sendall(data)
            return until_end(line)

    def log(self) -> str:
        """Return what was logged."""
        return (self.folder / "log").read_text(errors="replace")


def until_end(line: socket.socket) -> bytes:
    """Return what comes, up to the end or to the line's own delay of silence."""
    received = b""
    with suppress(OSError):
        while piece := line.recv(65536):
            received += piece
    return received


def status(answer: bytes) -> int:
    """Return the status of an answer, 0 when there is none."""
    found = re.match(rb"HTTP/1\.[01] (\d{3})", answer)
    return int(found[1]) if found else 0


@contextmanager
def gateway(folder: Path, settings: Mapping[str, str] | None = None, short: float = 0) -> Iterator[Door]:
    """Run a gateway, with no Rasa behind; its delays last `short` seconds, or what they are when 0."""
    port, metrics = free_port(), free_port()
    environment = {
        **os.environ, "VAR_DIR": str(folder), "PORT": str(port), "METRICS_PORT": str(metrics), "RASA_PORT": "1", "ACTIONS_PORT": "1", "PYTHONWARNINGS": "default",
        **(settings or {}),
    }  # fmt: skip
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-c", _START.format(short=short)], cwd=ROOT, env=environment, stdout=log, stderr=log
        )
    try:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and process.poll() is None:
            with suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}/robots.txt", timeout=2):
                break
            time.sleep(0.2)
        else:
            raise AssertionError((folder / "log").read_text(errors="replace"))
        yield Door(port, metrics, folder, process)
    finally:
        process.terminate()
        process.wait(30)
