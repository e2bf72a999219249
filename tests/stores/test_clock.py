"""A clock that jumps: nothing is purged, lost, held back or sent twice for it."""

import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from limits import parse

from bot import gateway
from bot.assistant import Assistant
from bot.clock import DAY, STEP, WRITTEN, Steady
from bot.conversations import Conversations
from bot.gateway import create_app
from bot.settings import Settings
from bot.sms.service import Box, Sms
from bot.store import Store
from bot.tokens import Tokens
from bot.web.keys import CONVERSATIONS
from bot.web.limits import Limits, Rates, TooMany
from tests.clock import NOW
from tests.sms.harness import BOOK, MARIE, Bench

START = NOW.timestamp()


class Machine:
    """A machine whose clock may be put wrong (`wall`), and whose time passes all the same (`passed`)."""

    def __init__(self, wall: float = START) -> None:
        self.wall, self.passed = wall, 1000.0
        self.ages = Steady(lambda: self.wall, lambda: self.passed)

    def live(self, seconds: float) -> None:
        """Let time pass."""
        self.wall += seconds
        self.passed += seconds

    def jump(self, seconds: float) -> None:
        """Put the clock wrong, or right."""
        self.wall += seconds


DAYS = [60 * DAY, -60 * DAY, 3 * 3600.0, -3 * 3600.0]


@pytest.mark.parametrize("jump", DAYS)
def test_a_jump_put_right(jump: float) -> None:
    """A jump that somebody puts right changes nothing, neither there nor back."""
    machine = Machine()
    machine.jump(jump)
    for _ in range(100):
        machine.live(60)
        assert machine.ages() == pytest.approx(machine.wall - jump)
    assert machine.ages.jump == pytest.approx(jump)
    machine.jump(-jump)
    assert machine.ages() == machine.wall
    assert machine.ages.jump == 0
    assert machine.ages.jumps == 2


@pytest.mark.parametrize(("jump", "after"), [(60 * DAY, DAY), (-60 * DAY, DAY), (3 * 3600.0, 3 * 3600.0)])
def test_a_jump_that_lasts(jump: float, after: float) -> None:
    """A jump that lasts as long as it is wide, a day at most, is believed: a machine may have slept."""
    machine = Machine()
    machine.jump(jump)
    machine.ages()
    machine.live(after - 60)
    assert machine.ages() == pytest.approx(machine.wall - jump)
    machine.live(120)
    assert machine.ages() == machine.wall
    assert machine.ages.jump == 0


def test_small_corrections_are_followed() -> None:
    """What a time server puts right every day is followed at once, and is no jump."""
    machine = Machine()
    for seconds in (0.5, -0.5, STEP - 1, 1 - STEP):
        machine.jump(seconds)
        machine.live(1)
        assert machine.ages() == machine.wall
    assert machine.ages.jumps == 0


def test_a_machine_that_started_in_the_past() -> None:
    """Started without a battery, before this software was written, it is put right by the network: believed at once."""
    machine = Machine(wall=0.0)
    assert machine.ages() < WRITTEN
    machine.jump(START)
    assert machine.ages() == machine.wall


def test_a_clock_that_goes_to_and_fro() -> None:
    """A clock that two servers put wrong in turn is never believed while it does."""
    machine = Machine()
    for _ in range(50):
        machine.jump(60 * DAY)
        machine.live(1800)
        assert abs(machine.ages() - machine.wall) == pytest.approx(60 * DAY)
        machine.jump(-60 * DAY)
        machine.live(1800)
        assert machine.ages() == machine.wall


async def test_the_purge_of_a_gateway_whose_clock_jumps(
    aiohttp_client: Any, settings_for: Callable[..., Settings]
) -> None:
    """Sixty days ahead for hours: the purge and the clearing of the workshop take nothing, the tokens still open."""
    machine = Machine()
    app = create_app(settings_for(rasa_port=1, actions_port=1), lambda: datetime.fromtimestamp(machine.wall, NOW.tzinfo), ages=machine.ages)  # fmt: skip
    client = await aiohttp_client(app)
    token = (await (await client.post("/api/messages", json={"text": "bonjour"})).json())["conversation"]
    for jump in DAYS:
        machine.jump(jump)
        for _ in range(3):
            machine.live(600)
            assert await gateway._purge(app) == 0
        headers = {"Authorization": f"Bearer {token}"}
        assert (await client.get("/api/conversation", headers=headers)).status == 200
        said = await client.post("/api/messages", json={"text": "encore", "conversation": token})
        assert said.status == 200
        machine.jump(-jump)
    machine.live(31 * DAY)  # true days
    assert await gateway._purge(app) == 1


async def test_started_with_a_clock_ahead(
    aiohttp_client: Any, settings_for: Callable[..., Settings], caplog: pytest.LogCaptureFixture
) -> None:
    """Started sixty days ahead, where every conversation looks old: nothing is purged for a day, and it is said."""
    settings = settings_for(rasa_port=1, actions_port=1)
    before = Machine()
    client = await aiohttp_client(create_app(settings, lambda: NOW, ages=before.ages))
    await client.post("/api/messages", json={"text": "bonjour"})
    await client.close()
    after = Machine(START + 60 * DAY)
    app = create_app(settings, lambda: NOW, ages=after.ages)
    client = await aiohttp_client(app)
    after.live(DAY - 60)
    assert await gateway._purge(app) == 0
    assert "is the date of this machine right?" in caplog.text
    after.live(120)
    assert await gateway._purge(app) == 1
    assert await app[CONVERSATIONS].store.newest() is None


async def test_who_writes_under_a_clock_ahead_has_nobody_purged(
    aiohttp_client: Any, settings_for: Callable[..., Settings]
) -> None:
    """Started sixty days ahead, somebody writes at once: her conversation does not make the others' look old for good."""
    machine = Machine(START + 60 * DAY)
    app = create_app(settings_for(rasa_port=1, actions_port=1), lambda: NOW, ages=machine.ages)
    client = await aiohttp_client(app)
    store = app[CONVERSATIONS].store
    await store.start("of-today", START)
    machine.live(30)
    assert (await client.post("/api/messages", json={"text": "bonjour"})).status == 200
    machine.live(30)
    assert await gateway._purge(app) == 0
    assert await store.state("of-today") is not None


async def test_a_purge_that_leaves_something_does_not_wait(
    aiohttp_client: Any, settings_for: Callable[..., Settings]
) -> None:
    """A conversation of today shows that the clock is right: what is old goes within the minute of the start."""
    machine = Machine()
    app = create_app(settings_for(rasa_port=1, actions_port=1), lambda: NOW, ages=machine.ages)
    await aiohttp_client(app)
    store = app[CONVERSATIONS].store
    await store.start("old", START - 40 * DAY)
    await store.start("new", START - DAY)
    assert await gateway._purge(app) == 1


async def test_limits_after_a_jump_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """Messages counted before the clock went back do not shut people out until it comes round again."""
    machine = Machine()
    monkeypatch.setattr("limits.aio.storage.memory.time.time", lambda: machine.wall)
    limits = Limits(Rates(parse("100/minute"), parse("3/minute")), jumps=machine.ages.look)
    for _ in range(3):
        await limits.count("somebody", None)
    machine.jump(-60 * DAY)
    machine.live(120)
    for _ in range(3):
        await limits.count("somebody", None)
    with pytest.raises(TooMany):
        await limits.count("somebody", "x")


@pytest.mark.parametrize("jump", DAYS)
async def test_text_messages(tmp_path: Path, jump: float) -> None:
    """A clock that jumps while messages are answered, sent and put off: none expires, is held back or leaves twice."""
    machine = Machine()
    bench = Bench(tmp_path)
    store = Store(bench.settings.database)
    await store.open()

    def now() -> datetime:
        return datetime.fromtimestamp(machine.ages(), NOW.tzinfo)

    box = Box(bench.settings, store, machine.ages)
    conversations = Conversations(
        Assistant(bench.brain, BOOK, now), store, Tokens(bench.settings.keys(), 30, machine.ages), machine.ages
    )
    session: Any = None
    sms = Sms(bench.settings, bench.provider, box, conversations, session, bench.metrics, now)

    async def turn() -> None:
        await sms.worker.round()
        while claim := await sms.worker._claim():
            await sms.worker.answer(claim)
        while parcel := await box.outbox.claim(machine.ages()):
            await sms.worker.send(parcel)

    bench.brain.down = True
    await bench.receive(sms, "bonjour", MARIE, "1")
    await turn()
    machine.jump(jump)
    machine.live(5)
    bench.brain.down = False
    await turn()
    assert bench.provider.texts(MARIE)
    assert await box.dead() == []
    assert bench.provider.doubles() == {}
    machine.jump(-jump)
    machine.live(60)
    await bench.receive(sms, "encore", MARIE, "2")
    count = len(bench.provider.accepted)
    await turn()
    assert len(bench.provider.accepted) > count
    await store.close()


def test_the_clock_of_the_machine() -> None:
    """Without a jump, it is the machine's own clock."""
    assert Steady()() == pytest.approx(time.time(), abs=5)
