"""Between a socket and a request: what aiohttp's server leaves open to slow, greedy and malformed clients.

aiohttp cuts a connection whose headers are late (its keep-alive timer), but waits for ever for a body, or for a client that
does not read its answer; it answers a malformed request by quoting it, and logs it with the address it came from.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any, cast

from aiohttp import web

from bot.web.errors import ApiError
from bot.web.security import HEADERS, neighbourhood

log = logging.getLogger(__name__)

#: Seconds left to the headers of a request, and between two requests of a connection.
HEADER_SECONDS = 30.0
#: Seconds left to a body to arrive whole: 20 kB, the longest message there is, in 40 s at 500 bytes a second.
BODY_SECONDS = 40.0
#: Seconds without the client taking what waits for it: the largest answer is cut at under a kilobyte a second.
READ_SECONDS = 120.0
#: Connections of one address: 15 people in a workshop, six to each browser, twice over.
PER_ADDRESS = 200
#: What is given to aiohttp for each connection. No body is decompressed: nobody sends us one, and it could be a bomb.
OPTIONS: dict[str, Any] = {
    "access_log": None,
    "keepalive_timeout": HEADER_SECONDS,
    "lingering_time": 5.0,
    "max_line_size": 8190,
    "max_field_size": 8190,
    "max_headers": 100,
    "auto_decompress": False,
}


class SlowBody(asyncio.TimeoutError):
    """A body that did not arrive in time."""


@web.middleware
async def hurry(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Give a body BODY_SECONDS to arrive, whoever reads it; not counted: the time that the answer takes."""

    def give_up() -> None:
        if not request.content.is_eof():
            request.content.set_exception(SlowBody())

    timer = asyncio.get_running_loop().call_later(BODY_SECONDS, give_up)
    try:
        return await handler(request)
    except SlowBody as error:
        raise ApiError("lent") from error
    finally:
        timer.cancel()


class _Handler(web.RequestHandler):
    """One connection."""

    __slots__ = ("_address", "_late")

    def __init__(self, manager: "_Server", **options: Any) -> None:
        super().__init__(manager, **options)
        self._address = ""
        self._late: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        if not isinstance(self._manager, _Server):
            raise TypeError("a connection of a server such as this one")
        transport = cast("asyncio.Transport", transport)  # uvloop's is like it, and no subclass of it
        # Told of every byte that the client leaves waiting, not only of the 64 kB that fill a buffer.
        transport.set_write_buffer_limits(high=0)
        peer = transport.get_extra_info("peername")
        self._address = neighbourhood(str(peer[0])) if peer else ""
        if not self._manager.admit(self._address):
            log.warning("too many connections from one address")
            transport.abort()

    def connection_lost(self, exc: BaseException | None) -> None:
        if isinstance(self._manager, _Server):
            self._manager.leave(self._address)
        self._on_time()
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        super().pause_writing()
        transport = self.transport
        if transport is not None and self._late is None:
            self._late = asyncio.get_running_loop().call_later(READ_SECONDS, transport.abort)

    def resume_writing(self) -> None:
        self._on_time()
        super().resume_writing()

    def _on_time(self) -> None:
        if self._late is not None:
            self._late.cancel()
            self._late = None

    def log_exception(self, *args: Any, **kw: Any) -> None:
        """Log the kind of a fault: its message quotes the request, and the address is a person's."""
        error = kw.get("exc_info")
        log.warning("request refused or failed under the application: %s", type(error).__name__)

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """Answer what is not HTTP, or not as we take it, without quoting it."""
        log.info("malformed request: %s", type(exc).__name__)
        if isinstance(exc, UnicodeError):  # aiohttp quotes a header that is not text ("Expect")
            status = 400
        if request.writer.output_size > 0:
            raise ConnectionError("the answer had begun")
        response = web.Response(
            status=status,
            text="Requête illisible.\n" if status < 500 else "Erreur. En danger : 112, ou SMS au 114.\n",
            headers={**HEADERS, "Server": "assistant", "Cache-Control": "no-store"},
        )
        response.force_close()
        return response


class _Server(web.Server):
    """The connections, counted by address; `per_address` 0 counts none."""

    def __init__(self, *args: Any, per_address: int, **options: Any) -> None:
        super().__init__(*args, **options)
        self._per_address = per_address
        self._open: Counter[str] = Counter()
        self._options = options

    def admit(self, address: str) -> bool:
        """Count one more connection; return whether it may stay."""
        self._open[address] += 1
        return not self._per_address or self._open[address] <= self._per_address

    def leave(self, address: str) -> None:
        """Count one less."""
        self._open[address] -= 1
        if self._open[address] <= 0:
            del self._open[address]

    def __call__(self) -> web.RequestHandler:
        options = {name: value for name, value in self._options.items() if name in OPTIONS}
        return _Handler(self, loop=asyncio.get_running_loop(), **options)


class Runner(web.AppRunner):
    """Runs an application on connections such as these."""

    def __init__(self, app: web.Application, per_address: int = PER_ADDRESS, shutdown_timeout: float = 10.0) -> None:
        super().__init__(app, shutdown_timeout=shutdown_timeout)
        self._per_address = per_address

    async def _make_server(self) -> web.Server:
        made = await super()._make_server()
        return _Server(
            made.request_handler, request_factory=made.request_factory, per_address=self._per_address, **OPTIONS
        )


__all__ = ["BODY_SECONDS", "HEADER_SECONDS", "PER_ADDRESS", "READ_SECONDS", "Runner", "hurry"]
