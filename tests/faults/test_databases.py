"""PostgreSQL and Redis go away in mid-conversation and come back; one Rasa of two dies among a hundred conversations."""

import signal
from collections.abc import Callable, Iterator

import pytest

from tests.faults.people import CROWDED, Person
from tests.faults.phones import Phones
from tests.faults.record import Fault, Report
from tests.faults.scenario import crowd, during
from tests.faults.stack import Stack
from tests.postgres import Postgres, binaries
from tests.redis import Redis, program

pytestmark = [
    pytest.mark.live,
    pytest.mark.long,
    pytest.mark.timeout(900),
    pytest.mark.skipif(not (binaries() and program()), reason="PostgreSQL and Redis are not here (make system-deps)"),
]


@pytest.fixture(scope="module")
def postgres() -> Iterator[Postgres]:
    server = Postgres()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def redis() -> Iterator[Redis]:
    server = Redis()
    yield server
    server.close()


@pytest.fixture(scope="module")
def stack(postgres: Postgres, redis: Redis, start: Callable[..., Stack]) -> Stack:
    """`make run` as on several machines: two Rasas, PostgreSQL, Redis."""
    return start(
        DATABASE_URL=postgres.database(),
        TRACKER_URL=postgres.database().replace("+asyncpg", ""),
        REDIS_URL=redis.url,
        RASA_PROCESSES="2",
    )


@pytest.mark.parametrize("how", ["stopped", "killed", "frozen"])
async def test_postgresql_goes_away(
    stack: Stack, postgres: Postgres, somebody: Callable[[str], Person], phones: Phones, report: Report, how: str
) -> None:
    """Stopped by its administrator, killed or hanging for ten seconds: a sentence meanwhile, then all goes on by itself."""
    fault = report.add(Fault(f"PostgreSQL {how} for 10 s"))
    away = {"stopped": lambda: postgres.halt("fast"), "killed": postgres.halt, "frozen": postgres.freeze}[how]
    back = postgres.thaw if how == "frozen" else postgres.start
    await during(fault, lambda: somebody(stack.url), phones, away, back, 10, may_forget=True)
    fault.check()
    assert stack.alive


@pytest.mark.parametrize("how", ["killed", "frozen"])
async def test_redis_goes_away(
    stack: Stack, redis: Redis, somebody: Callable[[str], Person], phones: Phones, report: Report, how: str
) -> None:
    """Without Redis, locks and limits are kept in memory: people are answered, or told, and all goes on when it is back."""
    fault = report.add(Fault(f"Redis {how} for 10 s"))
    away, back = (redis.stop, redis.start) if how == "killed" else (redis.freeze, redis.thaw)
    await during(fault, lambda: somebody(stack.url), phones, away, back, 10)
    fault.check()
    assert stack.alive


@pytest.mark.parametrize("signum", [signal.SIGKILL, signal.SIGSTOP])
async def test_one_rasa_of_two(
    stack: Stack, somebody: Callable[[str], Person], phones: Phones, report: Report, signum: signal.Signals
) -> None:
    """In the middle of a hundred conversations: all go on with their memory, and the Rasa that died is back."""
    fault = report.add(Fault(f"{signum.name} one Rasa of two, 100 conversations"))
    victim = stack.processes("rasa")[0]
    await crowd(fault, lambda: somebody(stack.url), 100, lambda: victim.send_signal(signum))
    fault.check(CROWDED)
    await stack.until(lambda: len(stack.processes("rasa")) == 2 and victim not in stack.processes("rasa"))
    await stack.until_healthy()
