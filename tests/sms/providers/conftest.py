"""A provider's server, played by the test: it answers what it is told, and remembers what it was asked."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import ovh.client
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer


@dataclass
class Seen:
    """A request that the server received."""

    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: str
    form: dict[str, str] = field(default_factory=dict)

    @property
    def json(self) -> Any:
        """The body, as JSON."""
        return json.loads(self.body)


@dataclass
class Played:
    """The server: `url`, what it answers next, and what it saw."""

    url: str = ""
    status: int = 200
    body: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    seen: list[Seen] = field(default_factory=list)
    #: Leave the caller without an answer: "hang" or "close".
    silent: str = ""

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Answer anything; OVH's clock tells the time."""
        if request.path.endswith("/auth/time"):
            return web.json_response(1_800_000_000)
        body = await request.text()
        form = {name: str(value) for name, value in (await request.post()).items()}
        self.seen.append(Seen(request.path, dict(request.query), dict(request.headers), body, form))
        if self.silent == "hang":
            await asyncio.sleep(30)
        if self.silent == "close":
            assert request.transport
            request.transport.abort()
            await asyncio.sleep(0.1)
        return web.Response(status=self.status, text=self.body, headers=self.headers)


@pytest.fixture
async def server(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Played]:
    """A provider's server on a free port."""
    monkeypatch.setattr(ovh.client, "ENDPOINTS", dict(ovh.client.ENDPOINTS))
    played = Played()
    app = web.Application()
    app.router.add_route("*", "/{anything:.*}", played.answer)
    running = TestServer(app)
    await running.start_server()
    played.url = str(running.make_url("")).rstrip("/")
    yield played
    await running.close()


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    """Our session."""
    async with aiohttp.ClientSession() as opened:
        yield opened
