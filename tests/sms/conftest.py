"""Benches for the inbox, the outbox and the worker: on SQLite, and on a real PostgreSQL where there is one."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.sms.harness import Bench


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    """A bench on a SQLite database of its own."""
    bench = Bench(tmp_path)
    yield bench
    await bench.close()


@pytest.fixture(params=["sqlite", "postgresql"])
async def any_bench(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Bench]:
    """A bench on each kind of database."""
    url = request.getfixturevalue("postgres").database() if request.param == "postgresql" else ""
    bench = Bench(tmp_path, database_url=url)
    yield bench
    await bench.close()
