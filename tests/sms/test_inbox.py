"""Tests for what comes in: kept once, in order, forgotten at its end; on SQLite and on PostgreSQL."""

import asyncio

import pytest
import sqlalchemy as sa

from bot.sms.inbox import Accepted, LeaseLost
from bot.sms.outbox import Answer
from bot.sms.providers.base import Receipt, Status
from bot.sms.tables import INBOX, OUTBOX, PEOPLE
from tests.sms.harness import MARIE, OURS, PAUL, Bench


async def test_a_repeated_id_is_kept_once(any_bench: Bench) -> None:
    """What the provider repeats, at once, after the answer or two days later, is answered once."""
    sms = await any_bench.start()
    assert await any_bench.receive(sms, "bonjour", id_="1") is Accepted.KEPT
    assert await any_bench.receive(sms, "bonjour", id_="1") is Accepted.REPEATED_ID
    await any_bench.work(sms)
    any_bench.later(48 * 3600)
    await sms.box.purge()
    assert await any_bench.receive(sms, "autre texte, même id", id_="1") is Accepted.REPEATED_ID
    await any_bench.work(sms)
    assert len(any_bench.brain.turns) == 1


@pytest.mark.parametrize("second", ["", "2"])
async def test_a_repeated_text_is_kept_once(any_bench: Bench, second: str) -> None:
    """The same text seconds later, without an id or with another, is the same message; repeated again too."""
    sms = await any_bench.start()
    await any_bench.receive(sms, "oui", id_="1" if second else "")
    any_bench.later(3)
    assert await any_bench.receive(sms, "oui", id_=second) is Accepted.REPEATED_TEXT
    any_bench.later(120)
    if second:  # what was taken for a copy is known by its id for good
        assert await any_bench.receive(sms, "oui", id_=second) is Accepted.REPEATED_ID
    await any_bench.work(sms)
    assert len(any_bench.brain.turns) == 1


async def test_oui_twice_a_minute_apart(bench: Bench) -> None:
    """« oui », then « oui » to the next question: two messages."""
    sms = await bench.start()
    for _ in range(2):
        assert await bench.receive(sms, "oui") is Accepted.KEPT
        await bench.work(sms)
        bench.later(60)
    assert len(bench.brain.turns) == 2


async def test_the_same_number_pressed_after_reading_the_answer(bench: Bench) -> None:
    """« 1 » ten seconds after the answer to « 1 » left is a new choice; a copy that comes two seconds after it is not."""
    sms = await bench.start()
    await bench.receive(sms, "1")
    await bench.work(sms)
    bench.later(2)
    assert await bench.receive(sms, "1") is Accepted.REPEATED_TEXT
    bench.later(8)
    assert await bench.receive(sms, "1") is Accepted.KEPT


async def test_two_people_may_say_the_same(bench: Bench) -> None:
    """The same text at the same moment from two people: two messages."""
    sms = await bench.start()
    assert await bench.receive(sms, "bonjour", MARIE) is Accepted.KEPT
    assert await bench.receive(sms, "bonjour", PAUL) is Accepted.KEPT


async def test_one_number_written_in_many_ways_is_one_person(bench: Bench) -> None:
    """06…, 33…, +33… and 0033… are the same person, answered at the same number."""
    sms = await bench.start()
    for sender in ("0612345678", "33612345678", "+33612345678", "0033612345678"):
        await bench.says(sms, f"bonjour de {sender}", sender)
    assert {message.recipient for message in bench.provider.accepted} == {MARIE}
    async with bench.stores[0].engine.connect() as connection:
        assert (await connection.execute(sa.select(sa.func.count()).select_from(PEOPLE))).scalar_one() == 1


@pytest.mark.parametrize("sender", ["36111", "CAF", "", "+", "0800123456", OURS, "abc\x00", "+336" * 40, "☎"])
async def test_no_answer_to_what_is_nobody(bench: Bench, sender: str) -> None:
    """Short codes, names, free numbers, our own number and nonsense: acknowledged, noted, never answered."""
    sms = await bench.start()
    assert await bench.receive(sms, "mon mari me frappe", sender, "1") is Accepted.IGNORED
    assert await bench.receive(sms, "mon mari me frappe", sender, "1") is Accepted.REPEATED_ID
    await bench.work(sms)
    assert bench.provider.calls == 0


async def test_copies_at_the_same_instant(any_bench: Bench) -> None:
    """Ten copies handed in at once to two gateways, by the same id and by others: one is kept."""
    gateways = [await any_bench.start(), await any_bench.start()]
    accepted = await asyncio.gather(
        *(any_bench.receive(gateways[n % 2], "bonjour", id_="same" if n < 5 else f"other-{n}") for n in range(10)),
    )
    assert accepted.count(Accepted.KEPT) == 1


async def test_one_at_a_time_for_each_person(any_bench: Bench) -> None:
    """The second message of a person waits for the first; another person does not wait."""
    sms = await any_bench.start()
    for text, sender in (("un", MARIE), ("deux", MARIE), ("trois", PAUL)):
        await any_bench.receive(sms, text, sender)
    now = any_bench.now.timestamp()
    first, second = await sms.box.inbox.claim(now), await sms.box.inbox.claim(now)
    assert first
    assert second
    assert [sms.box.sealer.open(claim.sealed)[1] for claim in (first, second)] == ["un", "trois"]
    assert await sms.box.inbox.claim(now) is None
    await sms.box.inbox.answered(first, Answer(MARIE, ("réponse",)), {}, now)
    third = await sms.box.inbox.claim(now)
    assert third
    assert sms.box.sealer.open(third.sealed)[1] == "deux"


async def test_danger_passes_before_what_waits_for_another_try(bench: Bench) -> None:
    """While an ordinary message waits for the brain, a cry for help of the same person is taken up; not before otherwise."""
    sms = await bench.start()
    await bench.receive(sms, "bonjour")
    await bench.receive(sms, "mon mari me frappe")
    inbox, now = sms.box.inbox, bench.now.timestamp()
    first = await inbox.claim(now)
    assert first
    assert first.priority == 0
    assert await inbox.claim(now) is None
    await inbox.put_off(first, 30, now)
    urgent = await inbox.claim(now)
    assert urgent
    assert urgent.priority == 1


async def test_a_lost_lease_counts_for_nothing(any_bench: Bench) -> None:
    """A worker that slept too long finds its message taken up by another: its answer is thrown away."""
    slow, quick = await any_bench.start(), await any_bench.start()
    await any_bench.receive(slow, "bonjour")
    claim = await slow.box.inbox.claim(any_bench.now.timestamp())
    assert claim
    any_bench.later(20)
    assert await quick.box.inbox.recover(any_bench.now.timestamp()) == 1
    await any_bench.work(quick)
    with pytest.raises(LeaseLost):
        await slow.box.inbox.answered(claim, Answer(MARIE, ("deuxième",)), {}, any_bench.now.timestamp())
    assert "deuxième" not in str(any_bench.provider.accepted)


async def test_a_renewed_lease_holds(bench: Bench) -> None:
    """A slow worker that renews keeps its message."""
    slow, quick = await bench.start(), await bench.start()
    await bench.receive(slow, "bonjour")
    claim = await slow.box.inbox.claim(bench.now.timestamp())
    assert claim
    for _ in range(5):
        bench.later(5)
        await slow.box.inbox.renew(bench.now.timestamp(), [claim.id])
        assert await quick.box.inbox.recover(bench.now.timestamp()) == 0


async def test_a_clock_set_back_holds_nothing(bench: Bench) -> None:
    """Messages kept, put off and held before the clock went back a year are still answered."""
    sms = await bench.start()
    await bench.receive(sms, "bonjour", id_="1")
    bench.brain.down = True
    await bench.turn(sms)
    bench.brain.down = False
    bench.later(-365 * 86400)
    await bench.work(sms, patience=60)
    assert bench.provider.texts(MARIE)


async def test_nothing_in_clear_at_rest(bench: Bench) -> None:
    """While an answer is due, neither the number nor the text can be read in the files; once sent and receipted, no trace."""
    sms = await bench.start()
    await bench.receive(sms, "Zanzibarquestion", MARIE, "provider-id-77")
    files = [path.read_bytes() for path in bench.settings.var_dir.iterdir() if path.name.startswith("gateway")]
    assert files
    for secret in (b"612345678", b"Zanzibar", b"provider-id-77"):
        assert not any(secret in content for content in files)
    await bench.work(sms)
    async with bench.stores[0].engine.connect() as connection:
        assert (await connection.execute(sa.select(INBOX.c.sealed))).scalars().all() == [None]
    for message in bench.provider.accepted:
        await sms.receipt(Receipt(Status.DELIVERED, message.reference))
    async with bench.stores[0].engine.connect() as connection:
        assert set((await connection.execute(sa.select(OUTBOX.c.sealed))).scalars()) == {None}
