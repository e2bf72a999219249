"""Tests for the client of one or several Rasas: who is asked, and who instead when one dies, hangs or talks nonsense."""

import asyncio
import json
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot import rasa
from bot.admission import Admission
from bot.rasa import Brain, BrainError
from tests.live import SECRET, LiveBrain, free_port

GOOD = {"intent": "saluer", "messages": [{"answer": "saluer", "text": "Bonjour"}], "slots": {}}


class FakeRasa:
    """A small server in the place of Rasa: `says` answers a turn, `well` its health."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []
        self.says: Callable[[web.Request], Awaitable[web.StreamResponse]] = self.good
        self.well = True
        app = web.Application()
        app.router.add_post("/webhooks/assistant/turn", self._turn)
        app.router.add_get("/webhooks/assistant/", self._health)
        self.server = TestServer(app)

    async def good(self, request: web.Request) -> web.Response:
        return web.json_response(GOOD)

    async def _turn(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(await request.json())
        return await self.says(request)

    async def _health(self, request: web.Request) -> web.Response:
        if not self.well:
            await asyncio.sleep(30)
        return web.json_response({})

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.port}"


async def hang(request: web.Request) -> web.Response:
    await asyncio.sleep(30)
    return web.Response()


async def cut(request: web.Request) -> web.Response:
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


def status(code: int) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def say(request: web.Request) -> web.Response:
        return web.json_response({}, status=code)

    return say


def body(text: str | bytes) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def say(request: web.Request) -> web.Response:
        return web.Response(body=text.encode() if isinstance(text, str) else text, content_type="application/json")

    return say


@pytest.fixture
async def two() -> AsyncIterator[tuple[FakeRasa, FakeRasa]]:
    """Two of them."""
    servers = FakeRasa(), FakeRasa()
    for one in servers:
        await one.server.start_server()
    yield servers
    for one in servers:
        await one.server.close()


@asynccontextmanager
async def asking(*urls: str, timeout: float = 5, silence: float = 0.3) -> AsyncIterator[Brain]:
    async with aiohttp.ClientSession() as session:
        brain = Brain(session, urls, "secret", timeout, silence)
        try:
            yield brain
        finally:
            await brain.aclose()


@pytest.mark.parametrize("fault", [cut, hang, status(503), status(500), body("{"), body(b"[" * 100_000)])
async def test_another_is_asked(two: tuple[FakeRasa, FakeRasa], fault: Any) -> None:
    """When a Rasa dies, hangs, has no model, fails or answers nonsense, the other answers the same turn, told that it is asked again."""
    first, second = two
    first.says, first.well = fault, fault is not hang
    async with asking(first.url, second.url) as brain:
        turn = await brain.turn("someone", "bonjour", None)
    assert turn["intent"] == "saluer"
    assert [one["id"] for one in first.asked] == [one["id"] for one in second.asked]
    assert second.asked[0]["again"] is True
    assert "again" not in first.asked[0]


async def test_nobody_listens(two: tuple[FakeRasa, FakeRasa]) -> None:
    """A Rasa that is not there is left aside, and taken back by itself once it is."""
    port = free_port()
    async with asking(f"http://127.0.0.1:{port}", two[0].url) as brain:
        for _ in range(3):
            await brain.turn("someone", "bonjour", None)
        assert [bool(member.why) for member in brain.members] == [True, False]
        back = FakeRasa()
        back.server = TestServer(back.server.app, port=port)
        await back.server.start_server()
        for _ in range(200):
            await asyncio.sleep(0.05 if brain.members[0].why else 0)
        await asyncio.gather(*(brain.turn("someone", "bonjour", None) for _ in range(6)))
        assert back.asked
        await back.server.close()


async def test_busy_is_not_dead(two: tuple[FakeRasa, FakeRasa]) -> None:
    """A turn that is slow on a Rasa that lives is waited for: asking it of another would double the load."""

    async def slow(request: web.Request) -> web.Response:
        await asyncio.sleep(1.2)
        return web.json_response(GOOD)

    two[0].says = slow
    async with asking(two[0].url, two[1].url) as brain:
        await brain.turn("someone", "bonjour", None)
    assert not two[1].asked


async def test_the_only_one_is_asked_twice(two: tuple[FakeRasa, FakeRasa]) -> None:
    """A connection that is cut by the only Rasa is tried again when it is there; a second failure is said."""
    only = two[0]

    async def cut_once(request: web.Request) -> web.StreamResponse:
        only.says = only.good
        return await cut(request)

    only.says = cut_once
    async with asking(only.url) as brain:
        assert (await brain.turn("someone", "bonjour", None))["intent"] == "saluer"
        only.says = status(500)
        with pytest.raises(BrainError, match="status 500"):
            await brain.turn("someone", "bonjour", None)
    assert len(only.asked) == 4


async def test_a_hung_rasa_costs_one_wait(two: tuple[FakeRasa, FakeRasa]) -> None:
    """The only Rasa hangs: the first message waits for the silence to be sure, the next ones are told at once."""
    two[0].says, two[0].well = hang, False
    async with asking(two[0].url) as brain:
        with pytest.raises(BrainError):
            await brain.turn("someone", "bonjour", None)
        asked = len(two[0].asked)
        with pytest.raises(BrainError):
            await brain.turn("someone", "bonjour", None)
    assert len(two[0].asked) == asked


async def test_late(two: tuple[FakeRasa, FakeRasa]) -> None:
    """An answer that does not come in time is given up, and Rasa was told how long it had."""
    two[0].says = hang
    async with asking(two[0].url, timeout=1) as brain:
        with pytest.raises(BrainError, match="late"):
            await brain.turn("someone", "bonjour", None)
    assert 0 < two[0].asked[0]["seconds"] < 1


@pytest.mark.parametrize(
    "reply",
    [
        b"", b"null", b"[]", b'"bonjour"', b"{}", b"\xff\xfe", b"<html>", b'{"messages": null}', b'{"intent": 3, "messages": []}',
        json.dumps({**GOOD, "messages": []}), json.dumps({**GOOD, "messages": [{"answer": None}]}), json.dumps({**GOOD, "messages": ["saluer"]}),
        json.dumps({**GOOD, "messages": [{"answer": "saluer", "choices": {"a": 1}}]}), json.dumps({**GOOD, "messages": [{"answer": ["saluer"]}]}),
        json.dumps({**GOOD, "messages": [{"answer": "saluer", "places": ["ici"]}]}), json.dumps({**GOOD, "slots": [1]}), json.dumps({**GOOD, "entities": "a"}),
        json.dumps({**GOOD, "candidates": [1]}), json.dumps({**GOOD, "urgent": "maybe"}), json.dumps({**GOOD, "messages": [{"answer": "saluer", "values": 3}]}),
        b'{"intent": "saluer", "pad": "' + b"x" * (rasa.MAX_REPLY + 1) + b'"}',
    ],
)  # fmt: skip
async def test_nonsense(two: tuple[FakeRasa, FakeRasa], reply: str | bytes) -> None:
    """Whatever Rasa answers that is no turn, of the wrong type at any level, empty or huge, is a failure and nothing else."""
    two[0].says = body(reply)
    async with asking(two[0].url) as brain:
        with pytest.raises(BrainError):
            await brain.turn("someone", "bonjour", None)


async def test_shared_by_load(two: tuple[FakeRasa, FakeRasa]) -> None:
    """Turns go to the Rasa that has least to do."""
    async with asking(two[0].url, two[1].url) as brain:
        await asyncio.gather(*(brain.turn(str(n), "bonjour", None) for n in range(20)))
    assert len(two[0].asked) == len(two[1].asked) == 10


async def test_a_name_with_several_addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every address behind a name is a Rasa, found again as replicas come and go; a name that is not known now keeps those that were."""
    found: list[str] = ["10.0.0.1", "10.0.0.2"]

    async def lookup(host: str, port: int, proto: int) -> list[Any]:
        if not found:
            raise OSError
        return [(0, 0, 0, "", (address, port)) for address in found]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", lookup)
    async with asking("http://rasa:5005") as brain:
        for addresses in (["10.0.0.1", "10.0.0.2"], ["10.0.0.2", "10.0.0.3"], []):
            found[:] = addresses
            brain._resolved_at = float("-inf")
            await brain._resolve()
            names = [member.name for member in brain.members]
            assert names == [f"{address}:5005" for address in addresses or ["10.0.0.2", "10.0.0.3"]]


class TestCrowd:
    """Tests for bot.admission, and for what Rasa is spared."""

    async def test_danger_goes_first(self, two: tuple[FakeRasa, FakeRasa]) -> None:
        """In a crowd, who is in danger is answered before those who came before, the others in the order they came."""
        only = two[0]

        async def slow(request: web.Request) -> web.Response:
            await asyncio.sleep(0.05)
            return web.json_response(GOOD)

        only.says = slow
        async with asking(only.url) as brain:
            texts = [f"question {n}" for n in range(30)] + ["mon mari me frappe"]
            turns = []
            for text in texts:
                turns.append(asyncio.ensure_future(brain.turn(text, text, None)))
                await asyncio.sleep(0)
            await asyncio.gather(*turns)
        order = [one["text"] for one in only.asked]
        assert order.index("mon mari me frappe") <= 2 * rasa.AT_ONCE
        assert [text for text in order if text != "mon mari me frappe"] == texts[:-1]

    async def test_who_gave_up_costs_nothing(self, two: tuple[FakeRasa, FakeRasa]) -> None:
        """A message that waited too long for its turn is told so, and never reaches Rasa; the next one does."""
        only = two[0]
        release = asyncio.Event()

        async def held(request: web.Request) -> web.Response:
            await release.wait()
            return web.json_response(GOOD)

        only.says = held
        async with asking(only.url, timeout=1) as brain:
            results = await asyncio.gather(
                *(brain.turn(str(n), "bonjour", None) for n in range(3 * rasa.AT_ONCE)), return_exceptions=True
            )
            assert all(isinstance(one, BrainError) for one in results)
            assert len(only.asked) == rasa.AT_ONCE
            assert brain.admission.inside == brain.admission.waiting == 0
            release.set()
            await brain.turn("next", "bonjour", None)

    async def test_never_more_than_there_are_places(self) -> None:
        """Whoever leaves, gives up or fails, places are neither lost nor given twice."""
        places = Admission(lambda: 3)
        most = 0
        chance = random.Random(1)

        async def come(number: int) -> None:
            nonlocal most
            async with places.place(lambda: number % 7 == 0):
                most = max(most, places.inside)
                await asyncio.sleep(chance.random() / 500)
                if number % 5 == 0:
                    raise ValueError

        tasks = [asyncio.ensure_future(come(number)) for number in range(300)]
        for task in tasks:
            if chance.random() < 0.3:
                asyncio.get_running_loop().call_later(chance.random() / 20, task.cancel)
        await asyncio.gather(*tasks, return_exceptions=True)
        assert most == 3
        assert places.inside == places.waiting == 0


class TestAskedAgain:
    """Tests for our channel in a real Rasa: the same turn asked twice, and a turn that may not last."""

    @staticmethod
    async def ask(brain: LiveBrain, **body: Any) -> tuple[int, dict[str, Any]]:
        url = f"http://127.0.0.1:{brain.rasa_port}/webhooks/assistant/turn"
        async with (
            aiohttp.ClientSession() as session,
            session.post(url, json=body, headers={"Authorization": f"Bearer {SECRET}"}) as response,
        ):
            return response.status, await response.json()

    async def test_taken_once(self, brain: LiveBrain) -> None:
        """A turn that was answered before its Rasa died is answered the same, and the conversation has it once."""
        turn = {"sender": "again", "text": "où faire peser mon bébé à Béziers", "intent": None, "id": "first"}
        _, told = await self.ask(brain, **turn)
        _, again = await self.ask(brain, **turn, again=True)
        assert again == told
        names = {place["name"] for said in told["messages"] for place in said.get("places") or []}
        _, more = await self.ask(brain, sender="again", text="suite", intent=None, id="second", again=True)
        others = {place["name"] for said in more["messages"] for place in said.get("places") or []}
        assert names
        assert others
        assert not names & others

    async def test_cut_short(self, brain: LiveBrain) -> None:
        """A turn that has no time left is given up, leaves no trace, and does not hold the conversation."""
        turn = {"sender": "short", "text": "combien de rsa pour un couple", "intent": None, "id": "one"}
        status, _ = await self.ask(brain, **turn, seconds=0.0001)
        assert status == 504
        _, told = await asyncio.wait_for(self.ask(brain, sender="short", text="répète", intent=None, id="two"), 8)
        assert "rsa" not in str(told["messages"][0]["answer"])
