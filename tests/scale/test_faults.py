"""A part dies, stands still or is upgraded in the middle of a hundred conversations: they go on, with their memory."""

import asyncio
import sys
import time
from collections import Counter
from collections.abc import Awaitable, Callable

import pytest

from tests.scale.people import COMMUNES, SCRIPT, Person, Seen, converse
from tests.scale.stack import OURS, Stack

pytestmark = [pytest.mark.live, pytest.mark.long, pytest.mark.timeout(900)]

PEOPLE = 100
#: People who wait for an answer at the same moment: what two shared cores answer in a second or so.
AT_ONCE = 8

Trouble = Callable[[], Awaitable[None]]


class Crowd:
    """A hundred people, each in a conversation of five turns; `trouble` comes when a third of the turns have been said."""

    def __init__(self, stack: Stack, block: int) -> None:
        self.stack = stack
        self.seen = Seen()
        self.forgotten: Counter[str] = Counter()
        self.slowest = 0.0
        self._block = block
        self._steps = 0
        self._third = asyncio.Event()

    def _step(self) -> None:
        self._steps += 1
        if self._steps >= PEOPLE * len(SCRIPT) // 3:
            self._third.set()

    async def one(self, number: int, gate: asyncio.Semaphore) -> None:
        """Hold one conversation, from an address of its own."""
        async with Person(self.stack.url, f"127.0.{self._block}.{number + 1}", self.seen) as person:
            self.forgotten.update(await converse(person, COMMUNES[number % len(COMMUNES)], gate, self._step))
            self.slowest = max(self.slowest, person.slowest)

    async def talk(self, trouble: Trouble) -> None:
        """Hold all the conversations, the trouble in their middle."""
        gate = asyncio.Semaphore(AT_ONCE)
        everybody = asyncio.gather(*(self.one(number, gate) for number in range(PEOPLE)))
        await self._third.wait()
        assert not everybody.done(), "nothing was under way any more"
        await trouble()
        assert not everybody.done(), "nothing was under way any more"
        await everybody

    def told(self) -> str:
        """Say what was seen."""
        return (
            f"{self.seen.turns} turns, failures {dict(self.seen.failures)}, forgotten {dict(self.forgotten)}, "
            f"slowest {self.slowest:.1f} s"
        )


def check(crowd: Crowd, record: Callable[[str, object], None]) -> None:
    """Nothing failed, nothing was forgotten, everybody had all her answers."""
    record("seen", crowd.told())
    sys.stdout.write(f"{crowd.told()}\n")  # what `pytest -rA` shows
    assert crowd.seen.turns == PEOPLE * len(SCRIPT)
    assert not crowd.seen.failures, crowd.told()
    assert not crowd.forgotten, crowd.told()


async def recovered(stack: Stack, name: str) -> None:
    """Have a part that died be there again, as Docker's restart policy has it."""
    await asyncio.to_thread(stack.start, name)
    await asyncio.to_thread(stack.wait, name)


async def kill(stack: Stack, name: str) -> None:
    """End a part at once, and have it started again."""
    await asyncio.to_thread(stack.kill, name)


@pytest.mark.parametrize(("block", "name"), [(11, "rasa-1"), (12, "gateway-2"), (16, "actions-1")])
async def test_killed(stack: Stack, record_property: Callable[[str, object], None], block: int, name: str) -> None:
    """One Rasa of two, one gateway or one action server of two, killed (-9) in the middle of 100 conversations: all go on with their memory."""
    crowd = Crowd(stack, block)
    await crowd.talk(lambda: kill(stack, name))
    check(crowd, record_property)
    await recovered(stack, name)


@pytest.mark.parametrize(("block", "name"), [(13, "rasa-2"), (14, "gateway-1"), (17, "actions-2")])
async def test_stands_still(
    stack: Stack, record_property: Callable[[str, object], None], block: int, name: str
) -> None:
    """One of two that takes requests and no longer answers (SIGSTOP): all go on with their memory; it works again after."""
    crowd = Crowd(stack, block)

    async def trouble() -> None:
        stack.suspend(name)

    try:
        await crowd.talk(trouble)
    finally:
        stack.resume(name)
    check(crowd, record_property)
    await asyncio.to_thread(stack.wait, name)


async def test_rolling_upgrade(stack: Stack, record_property: Callable[[str, object], None]) -> None:
    """Every part of ours stopped and started, one after the other, under traffic: nothing is lost, nobody sees it."""
    crowd, over, codes = Crowd(stack, 15), asyncio.Event(), {}

    async def keep_talking(number: int) -> None:
        while not over.is_set():
            await crowd.one(number, asyncio.Semaphore(1))
            await asyncio.sleep(2)  # a person reads; and an address may say 300 messages a minute

    talking = asyncio.gather(*map(keep_talking, range(6)))
    began = time.monotonic()
    for name in OURS:
        codes[name] = await asyncio.to_thread(stack.stop, name)
        await recovered(stack, name)
    record_property("seconds", time.monotonic() - began)
    over.set()
    await talking
    sys.stdout.write(f"{crowd.told()}, exit codes {codes}\n")
    assert crowd.seen.turns > 50
    assert not crowd.seen.failures, crowd.told()
    assert not crowd.forgotten, crowd.told()
    assert set(codes.values()) == {0}, codes
