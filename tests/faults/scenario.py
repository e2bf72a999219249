"""One scenario for every fault: a conversation with a memory, the fault in its middle, somebody in danger, and after."""

import asyncio
import secrets
import time
from collections.abc import Awaitable, Callable
from typing import Any

from tests.faults.people import DANGER, Heard, Person
from tests.faults.phones import QUESTIONS, Phones
from tests.faults.record import Fault
from tests.faults.stack import RECOVERY

#: What she asks first: it names a commune (that of Béziers), and its answer offers choices.
FIRST, COMMUNE = "où faire peser mon bébé à Béziers", "34032"
#: Then this, whose answer offers choices; the first of them is pressed while the fault lasts.
THEN = "combien de rsa"
#: What no rule answers by itself: the actions look for it.
LOOKUP = "où est la pmi à Béziers"

Act = Callable[[], Awaitable[Any] | Any]


async def _do(act: Act | None) -> None:
    if act is not None:
        done = act()
        if asyncio.iscoroutine(done):
            await done


async def begins(person: Person) -> tuple[str, list[str]]:
    """Bring a conversation to its middle; return the choice to press, and the answers that it must give."""
    first = await person.insists(FIRST, secrets.token_urlsafe(24), RECOVERY)
    assert first.commune == COMMUNE, first
    then = await person.insists(THEN, secrets.token_urlsafe(24), RECOVERY)
    assert then.choices, then
    return then.choices[0], then.ids


async def goes_on(person: Person, pressed: str, id_: str, answered: Heard, forgets: tuple[str, ...] = ()) -> int:
    """Check that a conversation goes on with its memory; return how many of its messages are lost.

    `answered` is what came at last of `pressed`, sent again and again as `id_`. Answered while Rasa's database was away, it
    is not in Rasa's memory: `forgets` are then the answers before it, which are.
    """
    again = await person.says(pressed, id_)
    assert again.body == answered.body  # the same id, the same reply
    if forgets:  # a database that made people wait is left alone for two seconds (bot/brain/tracker_store.py)
        await asyncio.sleep(3)
    after = await person.insists("répète", secrets.token_urlsafe(24), RECOVERY)
    assert after.commune == COMMUNE, after.body
    assert after.ids == answered.ids or (forgets and after.ids == list(forgets)), (
        after.words[:200],
        answered.words[:200],
    )
    kept = await person.history()
    return int([turn["id"] for turn in kept].count(id_) != 1) + int(kept[0]["text"] != FIRST)


async def during(
    fault: Fault,
    make: Callable[[], Person],
    phones: Phones,
    inflict: Act,
    relieve: Act | None = None,
    lasts: float = 0.0,
    recovery: float = RECOVERY,
    may_forget: bool = False,
    asked: str | None = None,
) -> Fault:
    """Run the scenario: `inflict` the fault, which ends by itself or is relieved after `lasts` seconds; fill `fault` in.

    `may_forget`: Rasa's database is away, and what is answered meanwhile may not be in its memory after. `asked` is said
    while it lasts, in the place of the choice offered before.
    """
    anna = make()
    offered, before_it = await begins(anna)
    pressed = asked or offered
    # What it answers when all is well.
    control = await anna.insists(pressed, secrets.token_urlsafe(24), RECOVERY)
    await anna.insists(THEN, secrets.token_urlsafe(24), RECOVERY)
    bea, id_ = make(), secrets.token_urlsafe(24)
    before = len(anna.heard)
    await _do(inflict)
    began = time.monotonic()
    doubles = phones.doubles()
    written = {f"+33612{secrets.randbelow(10**6):06d}": text for text in QUESTIONS}
    writing = [asyncio.create_task(phones.write(bea.url, *one, seconds=lasts + recovery)) for one in written.items()]
    # One in danger and one at her ordinary business, at the same instant.
    await asyncio.gather(bea.says(DANGER), anna.says(pressed, id_))
    if relieve is not None:
        while time.monotonic() - began < lasts:
            await asyncio.gather(bea.says(DANGER), anna.says(pressed, id_), asyncio.sleep(1))
        await _do(relieve)
        began = time.monotonic()
    answered = await anna.insists(pressed, id_, recovery)
    fault.recovery_seconds = round(time.monotonic() - began, 1)
    await bea.insists(DANGER, secrets.token_urlsafe(24), recovery, ("danger",))
    fault.watched(anna.heard[before:], bea.heard)
    await asyncio.gather(*writing)
    fault.sms_lost += await phones.lost(written, recovery)
    fault.sms_doubles += phones.doubles() - doubles
    assert answered.ids == control.ids, (answered.words[:200], control.words[:200])
    fault.lost += await goes_on(anna, pressed, id_, answered, tuple(before_it) if may_forget else ())
    return fault


async def crowd(fault: Fault, make: Callable[[], Person], count: int, inflict: Act) -> Fault:
    """Run `count` conversations at once, each with the commune of Béziers; `inflict` the fault when half are half-way."""
    halfway, struck = asyncio.Event(), asyncio.Event()
    began_at: list[float] = []
    done = 0

    async def one(number: int) -> tuple[Person, Person | None]:
        nonlocal done
        person = make()
        sent: list[str] = []

        async def asks(text: str) -> Heard:
            sent.append(secrets.token_urlsafe(24))
            return await person.insists(text, sent[-1], RECOVERY, pause=2)

        await asyncio.sleep(number * 0.05)  # people do not press at the same instant
        first = await asks(FIRST)
        assert first.commune == COMMUNE, first
        then = await asks(THEN)
        done += 1
        if done >= count // 2:
            halfway.set()
        if number % 10 == 0:
            await struck.wait()  # some write just then, others when they please
        endangered = make() if number % 10 == 0 else None
        if endangered:
            await endangered.insists(DANGER, secrets.token_urlsafe(24), RECOVERY, ("danger",))
        answered = await asks(then.choices[0])
        again = await asks("répète")
        assert again.ids == answered.ids, (again.words[:100], answered.words[:100])
        assert again.commune == COMMUNE, again
        kept = [turn["id"] for turn in await person.history()]
        fault.lost += sum(kept.count(id_) != 1 for id_ in sent)
        return person, endangered

    async def strike() -> None:
        await halfway.wait()
        await _do(inflict)
        began_at.append(time.monotonic())
        struck.set()

    talks = await asyncio.gather(strike(), *(one(number) for number in range(count)))
    people = [pair for pair in talks if pair is not None]
    everything = [heard for person, _ in people for heard in person.heard]
    fault.watched(everything, [heard for _, other in people if other for heard in other.heard])
    troubled = [heard for heard in everything if heard.kind != "answer"]
    fault.recovery_seconds = round(max([heard.at for heard in troubled], default=began_at[0]) - began_at[0], 1)
    fault.note = f"{len(everything)} messages, {len(troubled)} of them not answered at first"
    return fault
