"""Tests for sending: tries by kind of failure, order, leases, receipts, dead letters, and what no one may lose."""

import asyncio
from typing import Any

import aiohttp
import pytest
import sqlalchemy as sa
from aiohttp import web

from bot.database import StoreError
from bot.sms.outbox import Parcel
from bot.sms.providers.base import Failure, NotSent, Receipt, Status
from bot.sms.providers.kannel import Kannel
from bot.sms.tables import OUTBOX
from bot.sms.worker import Pace
from tests.sms.harness import MARIE, PAUL, Bench

TEMPORARY = NotSent(Failure.TEMPORARY, "status 503")
HANGING = NotSent(Failure.TEMPORARY, "hanging", maybe=True)


async def counted(bench: Bench, metric: str) -> float:
    """Return the value of a counter, all labels together."""
    samples = [sample for family in getattr(bench.metrics, metric).collect() for sample in family.samples]
    return sum(float(sample.value) for sample in samples if sample.name.endswith("_total"))


async def test_order_of_parts_and_answers(any_bench: Bench) -> None:
    """The second part leaves after the first is accepted, the second answer after the first, whatever fails between."""
    sms = await any_bench.start()
    any_bench.provider.script = [None, TEMPORARY, TEMPORARY, None, HANGING, TEMPORARY]
    for text in ("bonjour", "et le rsa", "et la pmi"):
        await any_bench.receive(sms, text)
    await any_bench.work(sms)
    texts = any_bench.provider.texts(MARIE)
    assert [text[:5] for text in texts] == ["(1/2)", "(2/2)", "Bonjo", "(1/2)", "(2/2)", "(1/2)", "(2/2)"]
    assert any_bench.provider.doubles() == {}


async def test_one_person_s_failure_holds_nobody_else(bench: Bench) -> None:
    """While one number fails, another is answered."""
    sms = await bench.start()
    await bench.receive(sms, "bonjour", MARIE)
    bench.provider.script = [TEMPORARY]
    await bench.turn(sms)
    await bench.receive(sms, "bonjour", PAUL)
    await bench.turn(sms)
    assert bench.provider.texts(PAUL)


async def test_permanent_is_dead_with_what_follows(bench: Bench) -> None:
    """A number that does not exist: the first part is a dead letter, the next parts too, without a call to the provider."""
    sms = await bench.start()
    bench.provider.script = [NotSent(Failure.PERMANENT, "unknown number 0612345678")]
    await bench.receive(sms, "bonjour")
    await bench.work(sms)
    assert bench.provider.calls == 1
    letters = await sms.box.dead()
    assert [(letter.part, letter.text) for letter in letters] == [("1/3", None), ("2/3", None), ("3/3", None)]
    assert "permanent" in letters[0].why
    assert "345678" not in str(letters)
    assert (await sms.box.dead(with_text=True))[0].text
    assert await counted(bench, "dead") == 3


async def test_resend(bench: Bench) -> None:
    """Dead letters sent again arrive, in order; an id that is none is refused; one that is gone does nothing."""
    sms = await bench.start()
    bench.provider.script = [NotSent(Failure.PERMANENT, "blocked")]
    await bench.receive(sms, "bonjour")
    await bench.work(sms)
    with pytest.raises(ValueError, match="x1"):
        await sms.box.resend(["x1"])
    assert await sms.box.resend(["r999"]) == 0
    assert await sms.box.resend(None) == 3
    await bench.work(sms)
    assert [text[:5] for text in bench.provider.texts(MARIE)] == ["(1/2)", "(2/2)", "Bonjo"]
    assert await sms.box.dead() == []


async def test_dead_letters_are_erased_in_time(bench: Bench) -> None:
    """After SMS_DEAD_DAYS, a dead letter is gone, number and text."""
    sms = await bench.start()
    bench.provider.script = [NotSent(Failure.PERMANENT, "blocked")]
    await bench.receive(sms, "bonjour")
    await bench.work(sms)
    bench.later(bench.settings.sms_dead_days * 86400 - 60)
    await sms.box.purge()
    assert len(await sms.box.dead(with_text=True)) == 3
    bench.later(120)
    await sms.box.purge()
    assert await sms.box.dead() == []


async def test_stale_answers_expire(bench: Bench) -> None:
    """What the provider refuses for half a day is not sent the next morning: it is a dead letter that says why."""
    sms = await bench.start()
    bench.provider.always = TEMPORARY
    await bench.receive(sms, "bonjour")
    await bench.work(sms, patience=13 * 3600, step=300)
    bench.provider.always = None
    await bench.work(sms)
    assert bench.provider.accepted == []
    letters = await sms.box.dead()
    assert letters[0].why.startswith("expired: temporary")


async def test_throttled_slows_all_sending(bench: Bench) -> None:
    """« Too fast » stops the whole sender for as long as the provider asks, then it goes at half its pace."""
    sms = await bench.start()
    await bench.receive(sms, "bonjour", MARIE)
    await bench.receive(sms, "bonjour", PAUL)
    while claim := await sms.worker._claim():
        await sms.worker.answer(claim)
    bench.provider.script = [NotSent(Failure.THROTTLED, "429", retry_after=30)]
    parcel = await sms.worker._take()
    assert parcel
    await sms.worker.send(parcel)
    assert sms.worker.pace.delay() > 25
    assert sms.worker.pace.slowed == 2
    assert await sms.worker._take() is None  # nor the other person's
    bench.later(31)
    sms.worker.pace._closed_until = 0
    await bench.work(sms)
    assert bench.provider.texts(MARIE)
    assert bench.provider.texts(PAUL)


def test_pace() -> None:
    """Ten a second: places are a tenth apart; after « too fast », a fifth; success brings the pace back."""
    now = 0.0
    pace = Pace(10, clock=lambda: now)
    assert pace.delay() == 0
    pace.left()
    assert pace.delay() == pytest.approx(0.1)
    pace.throttle(5)
    assert pace.delay() == pytest.approx(5)
    now = 5.0
    pace.left()
    assert pace.delay() == pytest.approx(0.2)
    for _ in range(100):
        pace.accepted()
    now = 6.0
    pace.left()
    assert pace.delay() == pytest.approx(0.1)


async def test_configuration_waits_and_alarms(bench: Bench) -> None:
    """Bad credentials or no credit: messages wait, /health says so, nothing is lost, and all leaves once mended."""
    sms = await bench.start()
    bench.provider.always = NotSent(Failure.CONFIGURATION, "no credit")
    for number in range(3):
        await bench.receive(sms, f"question {number}")
    await bench.work(sms, patience=3600, step=60)
    assert "settings, credit" in sms.state()
    assert await sms.box.dead() == []
    bench.provider.always = None
    await bench.work(sms)
    assert sms.state() == "ok"
    assert len(bench.provider.accepted) == 7


async def test_when_it_works_again_all_leaves_at_once(bench: Bench) -> None:
    """After an hour of failure, the first success makes what waits leave without waiting for its own time."""
    sms = await bench.start()
    bench.provider.always = TEMPORARY
    for number in range(10, 20):
        await bench.receive(sms, "bonjour", f"+336123456{number}")
    await bench.work(sms, patience=3600, step=30)
    bench.provider.always = None
    started = bench.now
    await bench.work(sms, step=1)
    assert (bench.now - started).total_seconds() <= 125
    assert len(bench.provider.accepted) == 30


async def test_a_call_that_hangs_is_cut_and_waits_for_a_receipt(bench: Bench) -> None:
    """A call that hangs may have gone through: a receipt ends it without a second call."""
    sms = await bench.start()
    sms.worker._call_timeout = 0.05
    bench.provider.delay = 0.2
    await bench.receive(sms, "mon mari me frappe")
    await bench.turn(sms)
    async with bench.stores[0].engine.connect() as connection:
        row = (await connection.execute(sa.select(OUTBOX).order_by(OUTBOX.c.number))).first()
    assert row
    assert row.uncertain
    assert await sms.receipt(Receipt(Status.ACCEPTED, row.reference))
    calls, bench.provider.delay = bench.provider.calls, 0
    await bench.work(sms)
    assert bench.provider.calls == calls + row.parts - 1
    assert await counted(bench, "doubles") == 0


async def test_a_call_that_hangs_is_tried_again_and_counted(bench: Bench) -> None:
    """Without a receipt it is sent again, and counted as a possible double."""
    sms = await bench.start()
    bench.provider.script = [HANGING]
    await bench.receive(sms, "bonjour")
    await bench.work(sms)
    assert len(bench.provider.accepted) == 3
    assert await counted(bench, "doubles") == 1
    assert (await sms.box.depths()).doubles == 1


async def test_receipts(any_bench: Bench) -> None:
    """Accepted, delivered, failed; late, repeated, out of order, unknown, empty: noted or harmless."""
    sms = await any_bench.start()
    await any_bench.receive(sms, "bonjour")
    await any_bench.work(sms)
    first, second, third = (message.reference for message in any_bench.provider.accepted)
    assert await sms.receipt(Receipt(Status.DELIVERED, first))
    assert await sms.receipt(Receipt(Status.ACCEPTED, first))
    assert await sms.receipt(Receipt(Status.FAILED, first))
    assert await sms.receipt(Receipt(Status.DELIVERED, provider_id="fake-2"))
    assert not await sms.receipt(Receipt(Status.DELIVERED, "0" * 32))
    assert not await sms.receipt(Receipt(Status.DELIVERED))
    assert not await sms.receipt(Receipt(Status.FAILED, provider_id="unknown"))
    assert await sms.receipt(Receipt(Status.FAILED, third, detail="absent subscriber 0612345678"))
    async with any_bench.stores[0].engine.connect() as connection:
        rows = (await connection.execute(sa.select(OUTBOX).order_by(OUTBOX.c.number))).all()
    assert [row.receipt for row in rows] == ["delivered", "delivered", "failed"]
    assert [row.sealed is None for row in rows] == [True, True, False]
    (letter,) = await sms.box.dead()
    assert letter.why.startswith("receipt: absent subscriber")
    assert "345678" not in letter.why
    assert second


async def test_a_receipt_that_refuses_before_our_call_returns(bench: Bench) -> None:
    """The operator's refusal may be quicker than the answer to our call: still a dead letter."""
    sms = await bench.start()
    await bench.receive(sms, "mon mari me frappe")
    claim = await sms.worker._claim()
    assert claim
    await sms.worker.answer(claim)
    parcel = await sms.worker._take()
    assert parcel
    await sms.receipt(Receipt(Status.FAILED, parcel.reference))
    await sms.worker.send(parcel)
    assert (await sms.box.dead())[0].part.startswith("1/")


async def test_answers_without_a_receipt_are_erased_in_time(bench: Bench) -> None:
    """Where the provider sends no receipt, number and text go after the expiry; then the rows."""
    sms = await bench.start()
    await bench.receive(sms, "bonjour")
    await bench.work(sms)
    bench.later(bench.settings.sms_expiry_hours * 3600 + 60)
    await sms.box.purge()
    async with bench.stores[0].engine.connect() as connection:
        rows = (await connection.execute(sa.select(OUTBOX))).all()
    assert rows
    assert all(row.sealed is None and row.content is None for row in rows)
    bench.later(4 * 86400)
    assert await sms.box.purge() == 4
    bench.later(31 * 86400)
    assert await sms.box.purge() == 1  # the person


async def test_a_key_that_is_gone(bench: Bench) -> None:
    """What was sealed with a key since dropped is a dead letter that says so, and blocks nothing."""
    bench.settings = bench.settings.model_copy(update={"secret_key": "first"})
    sms = await bench.start()
    await bench.receive(sms, "bonjour")
    bench.settings = bench.settings.model_copy(update={"secret_key": "second"})
    other = await bench.start()
    await bench.work(other)
    assert [letter.why for letter in await other.box.dead()] == ["key"]
    await bench.receive(other, "bonjour")
    await bench.work(other)
    assert bench.provider.accepted


async def test_two_gateways_share_the_work(any_bench: Bench) -> None:
    """Two gateways on one database, messages of many people handed to both: one answer each, in order, no double."""
    gateways = [await any_bench.start(), await any_bench.start()]
    people = [f"+336123456{n}" for n in range(10, 20)]

    async def spend_time(text: str) -> None:
        await asyncio.sleep(0.01)

    any_bench.brain.hook = spend_time
    any_bench.provider.delay = 0.002
    for sms in gateways:
        await sms.worker.start()
    for rank in range(4):
        await asyncio.gather(
            *(any_bench.receive(gateways[n % 2], f"question {'abcd'[rank]}", who) for n, who in enumerate(people))
        )
    for _ in range(400):
        depths = await gateways[0].box.depths()
        if not depths.inbox and not depths.outbox:
            break
        await asyncio.sleep(0.05)
    for sms in gateways:
        await sms.worker.stop()
    assert any_bench.provider.doubles() == {}
    for who in people:
        asked = [text for sender, text in any_bench.brain.turns if sender == gateways[0].box.sealer.person(who)]
        assert asked == [f"question {letter}" for letter in "abcd"]
        assert [text[:5] for text in any_bench.provider.texts(who)] == [
            "(1/2)",
            "(2/2)",
            "Bonjo",
            *["(1/2)", "(2/2)"] * 3,
        ]


async def test_woken_at_once(bench: Bench) -> None:
    """A message is answered without waiting for the next look round."""
    sms = await bench.start()
    left = asyncio.Event()
    bench.provider.always = left.set
    await sms.worker.start()
    await asyncio.sleep(0.1)
    await bench.receive(sms, "bonjour")
    await asyncio.wait_for(left.wait(), 0.9)
    await sms.worker.stop()


async def test_stop_lets_what_is_in_hand_end(bench: Bench) -> None:
    """Stopped while the brain thinks and a call is under way: both end; nothing is left uncertain."""
    sms = await bench.start()
    entered = asyncio.Event()

    async def think(text: str) -> None:
        entered.set()
        await asyncio.sleep(0.2)

    bench.brain.hook = think
    await sms.worker.start()
    await bench.receive(sms, "bonjour")
    await asyncio.wait_for(entered.wait(), 2)
    await sms.worker.stop()
    assert (await sms.box.depths()).inbox == 0
    await bench.work(await bench.start())
    assert len(bench.provider.accepted) == 3
    assert bench.provider.doubles() == {}


async def test_stop_does_not_wait_for_ever(bench: Bench) -> None:
    """A call and a turn that hang are cut: the message goes back at once, the call is uncertain, and both end elsewhere."""
    sms = await bench.start()
    await bench.receive(sms, "mon mari me frappe", PAUL)
    await bench.turn(sms)
    count = len(bench.provider.accepted)
    bench.later(60)

    async def think(text: str) -> None:
        await asyncio.sleep(60)

    bench.brain.hook = think
    await sms.worker.start()
    await bench.receive(sms, "bonjour")
    await asyncio.sleep(0.2)
    await sms.worker.stop(patience=0.2)
    bench.brain.hook = None
    other = await bench.start()
    await bench.turn(other)  # at once: no lease to wait for
    assert len(bench.provider.accepted) == count + 3


async def test_store_locked_for_a_while(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """The database fails while an accepted text message is noted: we insist, and it does not leave twice."""
    sms = await bench.start()
    real = sms.box.outbox.sent
    failures = iter([StoreError("disk")] * 9)

    async def sent(parcel: Parcel, provider_id: str, now: float) -> None:
        for failure in failures:
            raise failure
        await real(parcel, provider_id, now)

    async def no_wait(seconds: float) -> None:
        return None

    monkeypatch.setattr(sms.box.outbox, "sent", sent)
    monkeypatch.setattr("bot.sms.loop.asyncio.sleep", no_wait)
    await bench.receive(sms, "mon mari me frappe")
    await bench.work(sms)
    assert bench.provider.doubles() == {}
    assert (await sms.box.depths()).outbox == 0


@pytest.mark.parametrize(
    ("status", "body"),
    [(429, ""), (500, ""), (503, "Temporal failure"), (200, "error: try later"), (403, "Authorization failed")],
)
async def test_against_http(bench: Bench, aiohttp_client: Any, status: int, body: str) -> None:
    """Over HTTP, a provider that answers 429, 500 or 200 with an error is tried again until it accepts: one message."""
    got: list[str] = []

    async def sendsms(request: web.Request) -> web.Response:
        got.append(request.query["to"])
        if len(got) == 1:
            return web.Response(status=status, text=body, headers={"Retry-After": "1"})
        return web.Response(status=202, text="0: Accepted for delivery")

    app = web.Application()
    app.router.add_get("/cgi-bin/sendsms", sendsms)
    client = await aiohttp_client(app)
    kannel = Kannel("s", "34034", str(client.make_url("/cgi-bin/sendsms")), "u", "p", "http://127.0.0.1/sms/kannel")
    sms = await bench.start()
    async with aiohttp.ClientSession() as session:
        sms.worker._provider, sms.worker._session = kannel, session
        await bench.receive(sms, "mon mari me frappe")
        await bench.work(sms)
    assert len(got) == 3  # the first part twice, the second once
    assert await sms.box.dead() == []


async def test_a_provider_with_a_bug(bench: Bench) -> None:
    """An unexpected error of a provider's module is a try that may have gone through, not the end of the worker."""
    sms = await bench.start()
    bench.provider.script = [RuntimeError("bug")]
    await bench.receive(sms, "bonjour")
    await bench.work(sms)
    assert len(bench.provider.accepted) == 3
    assert await counted(bench, "faults") == 1
