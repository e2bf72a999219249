"""A PostgreSQL that a test may stop, freeze and start again, and conversations without Rasa."""

import itertools
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest

from bot.assistant import Assistant
from bot.conversations import Conversations
from bot.store import Store
from bot.tokens import Tokens
from tests.clock import Clock
from tests.postgres import Postgres, binaries
from tests.sms.harness import BOOK, Bench, FakeBrain

TOKENS = Tokens(["a key of the tests only"], 30)


@pytest.fixture(scope="module")
def mortal() -> Iterator[Postgres]:
    """A PostgreSQL of this module's own."""
    if binaries() is None:
        pytest.skip("PostgreSQL is not here (make system-deps)")
    server = Postgres()
    yield server
    server.stop()


@pytest.fixture
def talking(clock: Clock) -> Callable[[Store], Conversations]:
    """Conversations over a store, answered by rule; time passes from one turn to the next."""
    ticks = itertools.count()

    def make(store: Store) -> Conversations:
        return Conversations(
            Assistant(FakeBrain(), BOOK, clock), store, TOKENS, lambda: clock().timestamp() + next(ticks) / 1000
        )

    return make


@pytest.fixture(params=["sqlite", "postgresql"])
async def any_bench(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Bench]:
    """A bench on each kind of database."""
    url = request.getfixturevalue("postgres").database() if request.param == "postgresql" else ""
    bench = Bench(tmp_path, database_url=url)
    yield bench
    await bench.close()
