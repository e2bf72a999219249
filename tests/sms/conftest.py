"""A bench for the inbox, the outbox and the worker."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.sms.harness import Bench


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    """A bench on a database of its own."""
    bench = Bench(tmp_path)
    yield bench
    await bench.close()
