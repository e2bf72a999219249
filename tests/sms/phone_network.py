"""A real Kannel on the configuration that we ship, and the telephone network that its `fake` operator is, on a TCP port."""

import asyncio
import contextlib
import os
import re
import shutil
import signal
import subprocess
import time
import urllib.request
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote, unquote_plus

from bot.paths import ROOT
from tests.live import free_port

CONFIGURATION = ROOT / "deploy" / "kannel" / "kannel.conf"
HERE = all(shutil.which(program, path=f"{os.environ.get('PATH', '')}:/usr/sbin") for program in ("bearerbox", "smsbox"))
OURS = "34034"


def _program(name: str) -> str:
    found = shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    assert found, f"{name} is not here (make system-deps)"
    return found


@dataclass
class Kannel:
    """bearerbox and smsbox in a folder, on free ports; every other line is the one that we ship."""

    folder: Path
    webhook: str
    secret: str = "un-secret-de-reseau"
    password: str = "un-mot-de-passe-d-envoi"
    again: int = 1  # seconds between two offers of a message that we did not take; 5 as shipped
    admin_port: int = field(default_factory=free_port)
    box_port: int = field(default_factory=free_port)
    network_port: int = field(default_factory=free_port)
    send_port: int = field(default_factory=free_port)
    _running: dict[str, "subprocess.Popen[bytes]"] = field(default_factory=dict)

    @property
    def sendsms(self) -> str:
        """The address that the assistant sends to."""
        return f"http://127.0.0.1:{self.send_port}/cgi-bin/sendsms"

    @property
    def settings(self) -> dict[str, str]:
        """The settings of a gateway of this Kannel, as environment variables."""
        return {
            "SMS_PROVIDER": "kannel",
            "SMS_SENDER": OURS,
            "SMS_WEBHOOK_SECRET": self.secret,
            "KANNEL_SENDSMS_URL": self.sendsms,
            "KANNEL_USERNAME": "assistant",
            "KANNEL_PASSWORD": self.password,
        }

    def configure(self) -> Path:
        """Write the configuration, with our ports, folder and secrets in the place of those of a server."""
        text = CONFIGURATION.read_text(encoding="utf-8")
        for old, new in {
            "= 13000": f"= {self.admin_port}",
            "= 13001": f"= {self.box_port}",
            "= 10000": f"= {self.network_port}",
            "= 13013": f"= {self.send_port}",
            "http://127.0.0.1:8080": self.webhook,
            "A-REMPLACER-SECRET": self.secret,
            "A-REMPLACER-ENVOI": self.password,
            "A-REMPLACER-ADMIN": "admin",
            "A-REMPLACER-ETAT": "etat",
            "/var/spool/kannel": str(self.folder),
            "/var/log/kannel": str(self.folder),
            "http-queue-delay = 5": f"http-queue-delay = {self.again}",
            "sms-resend-freq = 60": "sms-resend-freq = 1",
        }.items():
            assert old in text, old
            text = text.replace(old, new)
        # smsbox finds bearerbox on its usual port unless told.
        text = text.replace(
            "bearerbox-host = 127.0.0.1", f"bearerbox-host = 127.0.0.1\nbearerbox-port = {self.box_port}"
        )
        for name in ("store", "dlr"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        path = self.folder / "kannel.conf"
        path.write_text(text, encoding="utf-8")
        return path

    def start(self) -> None:
        """Start both boxes, or the one that is down, and wait until messages can pass."""
        path = self.configure()
        for name, port in (("bearerbox", self.network_port), ("smsbox", self.send_port)):
            if name in self._running and self._running[name].poll() is None:
                continue
            with (self.folder / f"{name}.out").open("ab") as log:
                self._running[name] = subprocess.Popen(
                    [_program(name), str(path)], stdout=log, stderr=log, start_new_session=True
                )
            self._wait_for(port, name)
        self._wait_for_box()

    def stop(self, *names: str) -> None:
        """Kill the boxes, or those named: nothing is put in order first, as when a machine fails."""
        for name in names or ("smsbox", "bearerbox"):
            if process := self._running.pop(name, None):
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                process.wait()

    def status(self) -> str:
        """What bearerbox says of itself."""
        with urllib.request.urlopen(
            f"http://127.0.0.1:{self.admin_port}/status.txt?password=etat", timeout=5
        ) as response:
            return str(response.read().decode(errors="replace"))

    def _wait_for(self, port: int, name: str, seconds: float = 20) -> None:
        import socket

        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if self._running[name].poll() is not None:
                break
            # Looked at in the kernel's list: the fake operator takes whoever connects for its one network.
            with contextlib.closing(socket.socket()) as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                try:
                    probe.bind(("127.0.0.1", port))
                except OSError:
                    return
            time.sleep(0.05)
        raise TimeoutError(f"{name} does not listen; see {self.folder}")

    def _wait_for_box(self, seconds: float = 40) -> None:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            with contextlib.suppress(OSError):
                if re.search(r"smsbox:.*\(on-line", self.status()):
                    return
            time.sleep(0.1)
        raise TimeoutError(f"smsbox does not reach bearerbox; see {self.folder}")


@dataclass(frozen=True)
class Delivered:
    """A text message that reached a phone: when (time.monotonic), from whom, to whom, what, in how many pieces it came."""

    at: float
    sender: str
    phone: str
    text: str
    pieces: int = 1


class PhoneNetwork:
    """Phones: `send` writes as a person does, `received` is what reached each phone, in order."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None
        self._task: asyncio.Task[None] | None = None
        self._changed = asyncio.Event()
        self.received: list[Delivered] = []

    async def connect(self) -> None:
        """Join the network (again), and read what it delivers from now on."""
        self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self._port)
        self._task = asyncio.create_task(self._read(self._reader))

    async def close(self) -> None:
        """Leave the network."""
        if self._task:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        if self._writer:
            self._writer.close()
            with contextlib.suppress(OSError):
                await self._writer.wait_closed()

    async def send(self, phone: str, text: str, ours: str = OURS) -> None:
        """Write `text` from a phone; line breaks go as the bytes they are."""
        assert self._writer
        kind, body = ("text", text) if "\n" not in text else ("data", quote(text, safe=""))
        self._writer.write(f"{phone} {ours} {kind} {body}\n".encode())
        await self._writer.drain()

    async def send_raw(self, line: bytes) -> None:
        """Put a line of the fake operator's own language on the network: `from to udh … …`, broken bytes…"""
        assert self._writer
        self._writer.write(line + b"\n")
        await self._writer.drain()

    async def send_long(self, phone: str, text: str, parts: int, ours: str = OURS, reference: int = 7) -> None:
        """Write a long text as a phone does: `parts` pieces that say which of how many they are."""
        raw = text.encode()
        size = -(-len(raw) // parts)
        for number in range(parts):
            header = bytes([5, 0, 3, reference, parts, number + 1])
            piece = raw[number * size : (number + 1) * size]
            await self.send_raw(f"{phone} {ours} udh {quote(header, safe='')} {quote(piece, safe='')}".encode())

    def to(self, phone: str) -> list[Delivered]:
        """Return what reached a phone."""
        return [message for message in self.received if message.phone.lstrip("+") == phone.lstrip("+")]

    async def wait(self, phone: str, count: int = 1, seconds: float = 30) -> list[Delivered]:
        """Wait until a phone has `count` messages; return them all; raise TimeoutError that says how many came."""
        await self.until(lambda: len(self.to(phone)) >= count, seconds, f"{count} messages for {phone}")
        return self.to(phone)

    async def until(self, condition: "object", seconds: float, what: str) -> None:
        """Wait until a condition on what was received holds."""
        assert callable(condition)
        deadline = time.monotonic() + seconds
        while not condition():
            left = deadline - time.monotonic()
            if left <= 0:
                raise TimeoutError(f"{what}: not in {seconds} s ({len(self.received)} in all)")
            self._changed.clear()
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._changed.wait(), min(left, 0.5))

    async def _read(self, reader: asyncio.StreamReader) -> None:
        while line := await reader.readline():
            if message := parse(line.rstrip(b"\n").decode(errors="replace"), time.monotonic()):
                self.received.append(message)
                self._changed.set()


def parse(line: str, at: float) -> Delivered | None:
    """Return what a line of the fake operator delivers: `sender phone text …`, `… data %…`, `… udh %… data %…`."""
    sender, phone, kind, body = ([*line.split(" ", 3), "", "", ""])[:4]
    if kind == "text":
        return Delivered(at, sender, phone, body)
    if kind == "data":
        return Delivered(at, sender, phone, unquote_plus(body))
    if kind == "udh":
        _header, _, rest = body.partition(" ")
        return Delivered(at, sender, phone, unquote_plus(rest.removeprefix("data ")), pieces=2)
    return None


@contextlib.asynccontextmanager
async def network(folder: Path, webhook: str, **changes: int) -> AsyncIterator[tuple[Kannel, PhoneNetwork]]:
    """Start a Kannel whose messages go to `webhook` (a base address), and join its network."""
    kannel = Kannel(folder, webhook, **changes)  # type: ignore[arg-type]
    phones = PhoneNetwork(kannel.network_port)
    try:
        await asyncio.to_thread(kannel.start)
        await phones.connect()
        yield kannel, phones
    finally:
        await phones.close()
        kannel.stop()
