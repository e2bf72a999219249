"""Faults: a running assistant, people who write to it, and the report of what they saw."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import aiohttp
import pytest

from tests.faults.people import DANGER, Person
from tests.faults.phones import Phones, network
from tests.faults.record import Report
from tests.faults.scenario import FIRST
from tests.faults.stack import Stack


def _end(stack: Stack) -> None:
    """Stop a stack, and look for people's words in its logs."""
    stack.stop()
    assert not stack.quoted(FIRST, DANGER)


@pytest.fixture(scope="session")
def report() -> Iterator[Report]:
    """What the faults did, written at the end when FAULTS_REPORT names a file."""
    kept = Report()
    yield kept
    kept.write()


@pytest.fixture(scope="session")
def phones() -> Iterator[Phones]:
    """The network of phones of every assistant that is started."""
    with network() as listening:
        yield listening


@pytest.fixture(scope="module")
def start(tmp_path_factory: pytest.TempPathFactory, phones: Phones) -> Iterator[Callable[..., Stack]]:
    """Start `make run` with settings, stopped when the module ends."""
    with ExitStack() as ends:

        def begin(folder: Path | None = None, **settings: str) -> Stack:
            stack = Stack(folder or tmp_path_factory.mktemp("stack"), {**phones.settings, **settings})
            ends.callback(_end, stack)
            stack.start()
            return stack

        yield begin


@pytest.fixture(scope="session")
def ordinary(tmp_path_factory: pytest.TempPathFactory, phones: Phones) -> Iterator[Stack]:
    """`make run` as it is by default, shared by the modules: a start takes a quarter of a minute."""
    stack = Stack(tmp_path_factory.mktemp("ordinary"), phones.settings)
    try:
        stack.start()
        yield stack
    finally:
        _end(stack)


@pytest.fixture
async def somebody() -> AsyncIterator[Callable[[str], Person]]:
    """Make people who write to an address."""
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
        yield lambda url: Person(url, session)
