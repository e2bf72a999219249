"""Parts of `make run` die, or hang: what people see meanwhile, and how long until all is as before."""

import asyncio
import secrets
import signal
from collections.abc import Callable

import pytest

from tests.faults.people import CROWDED, Person
from tests.faults.phones import Phones
from tests.faults.record import Fault, Report
from tests.faults.scenario import LOOKUP, begins, crowd, during, goes_on
from tests.faults.stack import Stack

pytestmark = [pytest.mark.live, pytest.mark.long, pytest.mark.timeout(600)]


@pytest.fixture
def stack(ordinary: Stack) -> Stack:
    return ordinary


@pytest.mark.parametrize("part", ["rasa", "actions", "gateway"])
@pytest.mark.parametrize("signum", [signal.SIGKILL, signal.SIGSTOP])
async def test_a_part_dies_or_hangs(
    stack: Stack, somebody: Callable[[str], Person], phones: Phones, report: Report, part: str, signum: signal.Signals
) -> None:
    """Killed or stopped for good, a part is started again without hands; nobody is left without a sentence."""
    fault = report.add(Fault(f"{signum.name} {part}"))
    (victim,) = stack.processes(part)
    await during(
        fault,
        lambda: somebody(stack.url),
        phones,
        lambda: victim.send_signal(signum),
        asked=LOOKUP if part == "actions" else None,
    )
    fault.check()
    assert stack.alive


async def test_rasa_dies_among_many(
    stack: Stack, somebody: Callable[[str], Person], phones: Phones, report: Report
) -> None:
    """The only Rasa killed in the middle of fifty conversations: all go on with their memory."""
    fault = report.add(Fault("SIGKILL rasa, 50 conversations"))
    (victim,) = stack.processes("rasa")
    await crowd(fault, lambda: somebody(stack.url), 50, victim.kill)
    fault.check(CROWDED)


async def test_a_restart_in_the_middle(
    stack: Stack, somebody: Callable[[str], Person], phones: Phones, report: Report
) -> None:
    """SIGTERM while twenty people wait for their answer: each gets it, and after the start each goes on where she was."""
    fault = report.add(Fault("SIGTERM make run, 20 messages under way"))
    people = [somebody(stack.url) for _ in range(20)]
    pressed = [(await begins(one))[0] for one in people]
    ids = [secrets.token_urlsafe(24) for _ in people]
    under_way = [asyncio.create_task(one.says(text, id_)) for one, text, id_ in zip(people, pressed, ids, strict=True)]
    await asyncio.sleep(0.1)
    stack.signal(signal.SIGTERM)
    heard = await asyncio.gather(*under_way)
    fault.watched(heard)
    assert await asyncio.to_thread(stack.wait, 60) == 0
    began = asyncio.get_running_loop().time()
    await asyncio.to_thread(stack.start)
    answered = [await one.insists(text, id_, 60) for one, text, id_ in zip(people, pressed, ids, strict=True)]
    fault.recovery_seconds = round(asyncio.get_running_loop().time() - began, 1)
    for one, text, id_, last in zip(people, pressed, ids, answered, strict=True):
        fault.lost += await goes_on(one, text, id_, last)
    fault.check()
    assert all(one.kind == "answer" for one in heard), fault
