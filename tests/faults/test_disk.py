"""The disk is full: neither store nor log can be written. What people see, what is left whole, and after some room is made."""

import contextlib
import os
import shutil
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.faults.people import Person
from tests.faults.phones import Phones
from tests.faults.record import Fault, Report
from tests.faults.scenario import begins, during
from tests.faults.stack import Stack

pytestmark = [pytest.mark.live, pytest.mark.long, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def small_disk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A disk of 24 MB."""
    folder = tmp_path_factory.mktemp("disk") / "small"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", str(folder)]
    if (
        os.geteuid() != 0
        or not shutil.which("mount")
        or subprocess.run(mount, check=False, capture_output=True).returncode
    ):
        pytest.skip("no disk can be mounted here (root needed)")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.fixture(scope="module")
def stack(small_disk: Path, start: Callable[..., Stack]) -> Stack:
    return start(small_disk)


class Ballast:
    """A file that takes all the room."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "ballast"

    def fill(self) -> None:
        with self._path.open("ab", buffering=0) as file:
            for size in (1_000_000, 4096, 1):
                with contextlib.suppress(OSError):
                    while True:
                        file.write(b"\0" * size)

    def clear(self) -> None:
        self._path.unlink(missing_ok=True)


async def test_a_full_disk(
    small_disk: Path, stack: Stack, somebody: Callable[[str], Person], phones: Phones, report: Report
) -> None:
    """An honest sentence, the right number in danger; the stores stay whole; all goes on once there is room, without hands."""
    ballast = Ballast(small_disk)
    fault = report.add(Fault("disk full for 20 s"))
    try:
        await during(fault, lambda: somebody(stack.url), phones, ballast.fill, ballast.clear, 20, may_forget=True)
    finally:
        ballast.clear()
    fault.check()
    assert stack.alive
    for base in ("gateway", "tracker"):
        with closing(sqlite3.connect(small_disk / "var" / f"{base}.sqlite")) as store:
            assert store.execute("PRAGMA integrity_check").fetchone() == ("ok",)


async def test_it_starts_on_a_full_disk(
    small_disk: Path, stack: Stack, somebody: Callable[[str], Person], phones: Phones, report: Report
) -> None:
    """Started again while the disk is full, it says what is wrong, or answers; with some room, the conversation is there."""
    anna = somebody(stack.url)
    await begins(anna)
    ballast = Ballast(small_disk)
    stack.stop()
    ballast.fill()
    try:
        process = stack.spawn()
        try:
            code = process.wait(20)
            assert code != 0
            assert "disque" in stack.output.lower() or "place" in stack.output.lower(), stack.output
        except subprocess.TimeoutExpired:
            pass  # it starts all the same
    finally:
        ballast.clear()
        stack.stop()
    stack.start()
    after = await anna.says("répète")
    assert after.kind == "answer"
    report.add(Fault("disk full at start", note="said what is wrong")).watched([after])
