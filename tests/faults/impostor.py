"""A server in the place of Rasa, that answers whatever a test wants: garbage, half a reply, drop by drop, nothing."""

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

#: Writes what it likes to who asked, after the request was read.
Script = Callable[[asyncio.StreamWriter], Awaitable[None]]


def http(body: bytes, status: str = "200 OK", kind: str = "application/json", length: int | None = None) -> bytes:
    """Return an HTTP answer; `length` is the one that it claims."""
    head = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body) if length is None else length}\r\n"
    return f"{head}Connection: close\r\n\r\n".encode() + body


def says(answer: bytes) -> Script:
    """Return what writes `answer` and hangs up."""

    async def script(writer: asyncio.StreamWriter) -> None:
        writer.write(answer)
        await writer.drain()

    return script


def drips(answer: bytes, seconds: float) -> Script:
    """Return what writes one byte every `seconds`, for ever: after `answer`, spaces."""

    async def script(writer: asyncio.StreamWriter) -> None:
        position = 0
        while True:
            writer.write(answer[position : position + 1] or b" ")
            await writer.drain()
            position += 1
            await asyncio.sleep(seconds)

    return script


async def hangs(writer: asyncio.StreamWriter) -> None:
    """Never answer."""
    await asyncio.sleep(3600)


def pours(megabytes: int) -> Script:
    """Return what writes a JSON string of so many megabytes, as fast as it is read."""

    async def script(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n")
        writer.write(b'{"intent": "rsa_montant", "messages": [{"answer": "rsa_montant", "text": "')
        for _ in range(megabytes):
            writer.write(b"x" * 1_000_000)
            await writer.drain()
        writer.write(b'"}], "slots": {}, "entities": []}')
        await writer.drain()

    return script


class Impostor:
    """Listens on `port`; `script` is what it does next, `asked` counts the requests.

    Between two real programs, it passes requests on to the port `real` as long as it has no script.
    """

    def __init__(self, real: int | None = None) -> None:
        self.port = 0
        self.real = real
        self.script: Script | None = None if real else hangs
        self.asked = 0
        self._tasks: set[asyncio.Task[Any]] = set()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        self._tasks.add(task)
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            length = int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0] or 0)
            body = await reader.readexactly(length)
            self.asked += 1
            if self.script is None:
                await self._pass_on(head, body, writer)
            else:
                await self.script(writer)
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            self._tasks.discard(task)
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    async def _pass_on(self, head: bytes, body: bytes, writer: asyncio.StreamWriter) -> None:
        first, _, rest = head.partition(b"\r\n")
        reader, real = await asyncio.open_connection("127.0.0.1", self.real)
        real.write(first + b"\r\nConnection: close\r\n" + re.sub(rb"(?im)^connection:.*\r\n", b"", rest) + body)
        try:
            while piece := await reader.read(65536):
                writer.write(piece)
                await writer.drain()
        finally:
            real.close()

    @asynccontextmanager
    async def running(self) -> AsyncIterator["Impostor"]:
        """Listen on a free port."""
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0, limit=1 << 22)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            for task in list(self._tasks):
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
