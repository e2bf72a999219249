"""A database locked by another program (a backup, an operator's console): for a second, for ten, for as long as it likes."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.faults.people import Person
from tests.faults.phones import Phones
from tests.faults.record import Fault, Report
from tests.faults.scenario import during
from tests.faults.stack import Stack

pytestmark = [pytest.mark.live, pytest.mark.long, pytest.mark.timeout(600)]

_LOCKER = """
import sqlite3, sys
base = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=30)
base.execute("BEGIN EXCLUSIVE")
print("locked", flush=True)
sys.stdin.read()
"""


class Locker:
    """Another program that holds the lock of a SQLite file from `take` to `release`."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._process: subprocess.Popen[bytes] | None = None

    def take(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", _LOCKER, str(self._path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        assert self._process.stdout
        assert self._process.stdout.readline() == b"locked\n"

    def release(self) -> None:
        if self._process:
            self._process.communicate()
            self._process = None


@contextmanager
def locker(path: Path) -> Iterator[Locker]:
    """Release the lock whatever happens."""
    one = Locker(path)
    try:
        yield one
    finally:
        one.release()


@pytest.fixture
def stack(ordinary: Stack) -> Stack:
    return ordinary


@pytest.mark.parametrize("seconds", [1, 10, 20])
@pytest.mark.parametrize("base", ["tracker", "gateway"])
async def test_a_locked_database(
    stack: Stack, somebody: Callable[[str], Person], phones: Phones, report: Report, base: str, seconds: int
) -> None:
    """People get a sentence meanwhile; when it is let go, the conversation goes on, and nothing was written twice."""
    fault = report.add(Fault(f"{base}.sqlite locked for {seconds} s"))
    with locker(stack.folder / "var" / f"{base}.sqlite") as other:
        await during(
            fault, lambda: somebody(stack.url), phones, other.take, other.release, seconds, may_forget=base == "tracker"
        )
    fault.check()
