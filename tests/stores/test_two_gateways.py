"""Two gateways on one database, at the same instant: one answer, one conversation, no double, no deadlock."""

import asyncio
import json
import random
import time
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from bot.conversations import Conversations
from bot.sms.tables import INBOX, OUTBOX
from bot.standby import Standby
from bot.store import CONVERSATIONS, TURNS, State, Store, Turn
from tests.clock import NOW
from tests.sms.harness import Bench

Talking = Callable[[Store], Conversations]
Two = tuple[Standby, Standby]


@pytest.fixture(params=["sqlite", "postgresql"])
async def two(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Two]:
    """The stores of two gateways."""
    url = f"sqlite+aiosqlite:///{tmp_path / 'gateway.sqlite'}"
    if request.param == "postgresql":
        url = request.getfixturevalue("postgres").database()
    stores = Standby(url), Standby(url)
    await asyncio.gather(*(store.open() for store in stores))
    yield stores
    assert [(store.waiting, store.lost) for store in stores] == [(0, 0)] * 2
    for store in stores:
        await store.close()


async def count(store: Store, table: sa.Table) -> int:
    async with store.reading() as connection:
        return int((await connection.execute(sa.select(sa.func.count()).select_from(table))).scalar_one())


async def test_one_message_at_both(two: Two, talking: Talking) -> None:
    """The same message, sent again through the other gateway before the first answered: one turn, the same reply."""
    here, there = (talking(store) for store in two)
    token = (await here.say("bonjour"))["conversation"]
    for number in range(10):
        replies = await asyncio.gather(
            *(each.say("et ensuite", token, client_id=f"c{number}") for each in (here, there, here, there))
        )
        assert len({json.dumps(reply, sort_keys=True) for reply in replies}) == 1
    assert len(await here.read(token)) == 11


async def test_one_first_message_at_both(two: Two, talking: Talking) -> None:
    """A first message sent twice, through both gateways at once, begins one conversation, with one token."""
    both = [talking(store) for store in two]
    for number in range(10):
        id_ = f"a-client-id-that-is-long-enough-{number}"
        replies = await asyncio.gather(*(each.say("bonjour", client_id=id_, origin="x") for each in both))
        assert replies[0]["conversation"] == replies[1]["conversation"]
        assert len(await both[0].read(replies[0]["conversation"])) == 1
    assert await count(two[0], CONVERSATIONS) == 10


async def test_one_conversation_begun_at_both(two: Two) -> None:
    """The same person's conversation begun by both at once (two text messages) is one, with both turns."""
    await asyncio.gather(*(store.start("s", 1.0, workshop=True) for store in two))
    await asyncio.gather(
        *(store.add("s", Turn("bonjour", {"messages": []}, 2.0 + n), State()) for n, store in enumerate(two))
    )
    assert len(await two[0].turns("s")) == 2
    assert await two[1].idle(10.0) == ["s"]


async def test_erased_at_one_while_the_other_answers(two: Two) -> None:
    """What is erased stays erased, though the other gateway was answering: neither an error nor a turn comes of it."""
    here, there = two
    await here.start("s", 1.0)
    assert await here.erase("s", 2.0)
    assert await there.add("s", Turn("bonjour", {"messages": []}, 2.0), State()) is None
    assert await there.state("s") is None
    assert await count(here, TURNS) == 0


async def test_the_workshop_is_cleared_by_both(two: Two, talking: Talking) -> None:
    """Both gateways clear the workshop in the same minute: each conversation is erased once, and stays so."""
    here, there = (talking(store) for store in two)
    for number in range(20):
        await here.say("bonjour", client_id=f"a-client-id-that-is-long-enough-{number}", workshop=True)
    await asyncio.gather(here.clear_workshop(-3600), there.clear_workshop(-3600))
    assert await count(two[0], CONVERSATIONS) == 0
    opening = here.tokens.derive("opening", "", "a-client-id-that-is-long-enough-3", "bonjour")
    assert await two[1].was_erased(opening)


async def test_both_purge_while_people_write(two: Two) -> None:
    """Both purge at once, in the middle of turns: what is old goes, whole; what lives stays; nobody is refused."""
    old = [f"old{n}" for n in range(1200)]
    async with two[0].writing() as connection:
        for names, at in ((old, 1.0), ([f"new{n}" for n in range(50)], 100.0)):
            await connection.execute(
                sa.insert(CONVERSATIONS),
                [{"sender": name, "started_at": at, "last_at": at, "state": "{}"} for name in names],
            )
            await connection.execute(
                sa.insert(TURNS),
                [{"sender": name, "asked": "a", "reply": "{}", "at": at + n / 10} for name in names for n in range(3)],
            )

    async def write(store: Standby) -> None:
        for _ in range(40):
            await store.add(f"new{random.randrange(50)}", Turn("mot", {"messages": []}, 200.0), State())
            await asyncio.sleep(0)

    await asyncio.gather(*(store.purge(50.0) for store in two), *(write(store) for store in two))
    for store in two:
        await store.purge(50.0)
    assert await count(two[0], CONVERSATIONS) == 50
    assert await count(two[0], TURNS) == 50 * 3 + 80


async def test_opinions_at_both(two: Two) -> None:
    """Opinions of one answer counted by both at once: none is lost."""
    day = NOW.date()
    await asyncio.gather(*(store.count_feedback("rsa", day, n % 2 == 0) for n in range(20) for store in two))
    assert await two[0].feedback() == [("rsa", day, 20, 20)]


async def test_text_messages_of_two_gateways(any_bench: Bench) -> None:
    """Two gateways answer and send what five phones write: all of it, in each phone's order, none twice; both purge meanwhile."""
    began = time.monotonic()
    bench = any_bench
    bench.clock = lambda: NOW + timedelta(seconds=time.monotonic() - began)  # type: ignore[method-assign]
    bench.seconds = lambda: bench.clock().timestamp()  # type: ignore[method-assign]

    async def hook(text: str) -> None:
        await asyncio.sleep(random.random() / 50)

    bench.brain.hook = hook
    gateways = [await bench.start() for _ in range(2)]
    for sms in gateways:
        await sms.worker.start()
    phones = [f"+3361234567{n}" for n in range(5)]
    try:
        for number in range(8):
            await asyncio.gather(
                *(
                    bench.receive(
                        random.choice(gateways), f"question {'abcdefgh'[number] * 6}", phone, f"{phone}-{number}"
                    )
                    for phone in phones
                )
            )
        deadline = time.monotonic() + 120
        while True:
            await asyncio.gather(*(sms.box.purge() for sms in gateways))
            depths = await gateways[0].box.depths()
            if not depths.inbox and not depths.outbox:
                break
            assert time.monotonic() < deadline, depths
            await asyncio.sleep(0.1)
    finally:
        for sms in gateways:
            await sms.worker.stop()
    assert bench.provider.doubles() == {}
    said = [text for _, text in bench.brain.turns]
    assert len(said) == 40
    by_phone: dict[str, list[str]] = {}
    for sender, text in bench.brain.turns:
        by_phone.setdefault(sender, []).append(text)
    assert all(texts == sorted(texts) for texts in by_phone.values())
    async with gateways[0].box.store.reading() as connection:
        rows = (await connection.execute(sa.select(OUTBOX.c.person, OUTBOX.c.answers).order_by(OUTBOX.c.sent_at))).all()
        assert (await connection.execute(sa.select(sa.func.max(INBOX.c.attempts)))).scalar_one() == 1
    order: dict[str, list[int]] = {}
    for row in rows:
        order.setdefault(row.person, []).append(row.answers)
    assert all(answers == sorted(answers) for answers in order.values())
