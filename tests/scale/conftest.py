"""One stack for all the tests of this folder that need it: it takes a minute to start."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator

import pytest
from aiohttp import web

from tests.live import free_port
from tests.scale.stack import Stack, missing

#: Where the tests' operator of text messages listens: an address that is nobody's container.
OPERATOR = "127.0.0.9"
OPERATOR_PORT = free_port()


@pytest.fixture(scope="module")  # its addresses are those of other modules' nginx too, and its faults are no other's
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The whole of compose.yml, running."""
    if why := missing():
        pytest.skip(why)
    sms = {
        "SMS_PROVIDER": "kannel",
        "SMS_SENDER": "34034",
        "KANNEL_USERNAME": "assistant",
        "KANNEL_SENDSMS_URL": f"http://{OPERATOR}:{OPERATOR_PORT}/cgi-bin/sendsms",
        "PUBLIC_URL": "https://assistant.exemple.fr",
    }
    with Stack(tmp_path_factory.mktemp("stack"), **sms) as running:
        yield running


class Operator:
    """Takes the text messages that the gateways send, as Kannel does."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, str]] = []

    async def _send(self, request: web.Request) -> web.Response:
        self.sent.append((request.query["to"], request.query["text"]))
        return web.Response(status=202, text="0: Accepted for delivery")

    async def to(self, number: str, count: int, seconds: float = 60) -> list[str]:
        """Wait until `count` messages have gone to `number`, then a little more; return them all."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while sum(to == number for to, _ in self.sent) < count:  # noqa: ASYNC110 - a server of ours fills it
                    await asyncio.sleep(0.1)
        await asyncio.sleep(2)
        return [text for to, text in self.sent if to == number]


@pytest.fixture
async def operator() -> AsyncIterator[Operator]:
    """An operator that takes all that is sent."""
    operator = Operator()
    app = web.Application()
    app.router.add_get("/cgi-bin/sendsms", operator._send)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, OPERATOR, OPERATOR_PORT).start()
    yield operator
    await runner.cleanup()
