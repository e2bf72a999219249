"""Tests for the parts of `make run` one by one: real processes that die, hang or only work hard."""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import aiohttp
import pytest
from yarl import URL

from bot.running import children, pulse, trouble
from bot.running.children import Failure, Keeper, Part
from bot.running.parts import always
from bot.running.pulse import Effort, Patience
from bot.running.trouble import Trouble
from tests.live import free_port


def test_waits_grow_and_are_said_once() -> None:
    """Half a second, then twice as long each time up to thirty; what dies before it answers again is said once."""
    one = Trouble("rasa", "rasa.log")
    told = [one.failed("s'est arrêté (code 1)", float(now)) for now in range(9)]
    assert [delay for delay, _ in told] == [0.5, 1, 2, 4, 8, 16, 30, 30, 30]
    assert [bool(said) for _, said in told] == [True, *[False] * 8]
    assert one.back(20.0) == "Le processus « rasa » répond de nouveau, après 20 s."


def test_what_comes_and_goes_is_said_twice() -> None:
    """A part that answers and dies, again and again, is announced twice, then once it has held."""
    one = Trouble("rasa", "rasa.log")
    said = []
    for now in range(0, 100, 10):
        said += [one.failed("s'est arrêté (code 1)", now)[1], one.back(now + 5)]
    assert [bool(sentence) for sentence in said[:4]] == [True, True, True, False]
    assert not any(said[4:])
    assert "tient depuis 60 s" in one.well(155)
    delay, anew = one.failed("s'est arrêté (code 1)", 1000)
    assert delay == 0.5
    assert anew.endswith("il est relancé. Détails : rasa.log")


@pytest.mark.parametrize(
    ("state", "share", "seconds"),
    [("S", 0.0, 9), ("T", 0.0, 9), ("S", 0.01, 9), ("S", 0.5, 60), ("R", 0.0, 60), ("D", 0.0, 60)],
    ids=["asleep", "stopped", "wakes a little", "works", "wants to run", "waits for a disk"],
)
def test_stuck_or_busy(state: str, share: float, seconds: int) -> None:
    """A process that does nothing is waited for 9 seconds, one that works, or would, a minute."""
    patience = Patience(Effort(state, 0.0))
    looks = 1
    while not patience.is_over(1.0, Effort(state, looks * share)):
        looks += 1
    assert looks == seconds


def test_efforts_are_read() -> None:
    """The kernel tells a process that works, one that sleeps, and one that was stopped; of none it says nothing."""
    with (
        subprocess.Popen([sys.executable, "-c", "while True: pass"]) as working,
        subprocess.Popen(["sleep", "60"]) as asleep,
    ):
        try:
            time.sleep(0.3)
            before, idle = pulse.effort(working.pid), pulse.effort(asleep.pid)
            time.sleep(1.5)
            after = pulse.effort(working.pid)
            assert before is not None
            assert after is not None
            assert after.seconds > before.seconds
            assert idle is not None
            assert idle.state == "S"
            asleep.send_signal(signal.SIGSTOP)
            time.sleep(0.2)
            stopped = pulse.effort(asleep.pid)
            assert stopped is not None
            assert stopped.state == "T"
        finally:
            working.kill()
            asleep.kill()
    assert pulse.effort(working.pid) is None


class Kept:
    """A faulty part kept running, and what is said of it."""

    def __init__(self, keeper: Keeper, said: list[str]) -> None:
        self.keeper, self.said = keeper, said
        self.task = asyncio.create_task(keeper.keep())

    @property
    def pid(self) -> int:
        """Its process, at present."""
        process = self.keeper._process
        return process.pid if process else 0

    async def until(self, true: Callable[[], bool], seconds: float = 30) -> None:
        """Wait until something is true."""
        deadline = time.monotonic() + seconds
        while not true():
            assert time.monotonic() < deadline, self.said
            await asyncio.sleep(0.02)

    @contextlib.asynccontextmanager
    async def told(self, path: str) -> AsyncIterator[None]:
        """Ask the part for something, without waiting for what it answers."""
        port = URL(self.keeper.part.url).port
        assert port is not None
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(f"GET /{path} HTTP/1.0\r\n\r\n".encode())
        await writer.drain()
        try:
            yield
        finally:
            writer.close()


Keep = Callable[..., Kept]


@pytest.fixture
async def keep(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Keep]:
    """Keep a faulty part running; impatient, so that a test takes seconds."""
    monkeypatch.setattr(pulse, "EVERY", 0.1)
    monkeypatch.setattr(pulse, "LOOK", 0.25)
    monkeypatch.setattr(pulse, "IDLE", 1.5)
    monkeypatch.setattr(trouble, "FIRST", 0.05)
    kept: list[Kept] = []
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(force_close=True)) as session:

        def make(ready: str = "", settled: bool = True, code: str = "", stop: float = 10) -> Kept:
            port = free_port()
            url = f"http://127.0.0.1:{port}/"
            command = [sys.executable, *(["-c", code] if code else ["-m", "tests.faulty_part", str(port)])]
            hopeless = ("no model", "n'a pas pu lire son modèle")
            part = Part(
                "essai", always(command), dict(os.environ), tmp_path / "essai.log", url, url + ready, stop, {}, hopeless
            )
            said: list[str] = []
            keeper = Keeper(part, session, said.append)
            keeper.settled = settled
            kept.append(Kept(keeper, said))
            return kept[-1]

        yield make
        for one in kept:
            one.task.cancel()
            await asyncio.gather(one.task, return_exceptions=True)
            one.keeper.kill()
            await one.keeper.stop()


@pytest.mark.parametrize(
    ("signum", "how"),
    [(signal.SIGKILL, "« essai » s'est arrêté (signal SIGKILL) ; il est relancé"), (signal.SIGSTOP, "ne répond plus")],
)
async def test_hurt_then_back(keep: Keep, signum: signal.Signals, how: str) -> None:
    """What is killed is started again; what is stopped (SIGSTOP) is ended by force first: it is said of what it died, then that it is back."""
    one = keep()
    await one.until(lambda: one.keeper.ready)
    first = one.pid
    os.kill(first, signum)
    await one.until(lambda: len(one.said) == 2)
    assert how in one.said[0]
    assert "répond de nouveau" in one.said[1]
    assert one.pid != first


async def test_blocked_is_not_busy(keep: Keep) -> None:
    """An event loop that sleeps on something for ever is ended by force too."""
    one = keep()
    await one.until(lambda: one.keeper.ready)
    first = one.pid
    async with one.told("sleep/600"):
        await one.until(lambda: one.pid != first)
    assert "ne répond plus" in one.said[0]


async def test_busy_is_left_alone(keep: Keep) -> None:
    """A process that works, and answers three times later than a stuck one is given, is never ended."""
    one = keep()
    await one.until(lambda: one.keeper.ready)
    first = one.pid
    async with one.told("work/4.5"):
        await asyncio.sleep(6)
    assert one.pid == first
    assert one.said == []


async def test_endless_work_is_a_hang(keep: Keep, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that works and answers nothing, past all patience, is ended."""
    monkeypatch.setattr(pulse, "BUSY", 3.0)
    one = keep()
    await one.until(lambda: one.keeper.ready)
    first = one.pid
    async with one.told("work/600"):
        await one.until(lambda: one.pid != first)


async def test_without_a_model(keep: Keep) -> None:
    """A part that answers that it has no model, and never will, is started again."""
    one = keep(ready="hopeless")
    await one.until(lambda: bool(one.said))
    assert "n'a pas pu lire son modèle" in one.said[0]


async def test_a_fault_from_the_start_stops(keep: Keep, tmp_path: Path) -> None:
    """Before everything has answered, an exit is a fault to be seen, with the log named; even one with code 0."""
    for code in (0, 3):
        one = keep(settled=False, code=f"import sys; sys.exit({code})")
        with pytest.raises(Failure, match=rf"arrêté \(code {code}\). Détails : .*essai.log"):
            await asyncio.wait_for(one.task, 30)


async def test_killed_at_the_start_is_tried_again(keep: Keep, monkeypatch: pytest.MonkeyPatch) -> None:
    """Killed from outside before everything has answered (no memory left), it is tried again a few times, then it stops."""
    monkeypatch.setattr(children, "TRANSIENT", 2)
    one = keep(settled=False, code="import os; os.kill(os.getpid(), 9)")
    with pytest.raises(Failure, match="SIGKILL"):
        await asyncio.wait_for(one.task, 30)
    assert len(one.said) == 1
    assert one.keeper._trouble.failures == 2


async def test_no_room_for_a_log(keep: Keep, tmp_path: Path) -> None:
    """Where no log can be written (a full disk), it runs without one."""
    (tmp_path / "essai.log").mkdir()
    one = keep()
    await one.until(lambda: one.keeper.ready)


async def test_a_program_that_is_gone(keep: Keep, monkeypatch: pytest.MonkeyPatch) -> None:
    """A program that is not there for a while (an upgrade under way) is waited for."""
    there = sys.executable
    one = keep()
    await one.until(lambda: one.keeper.ready)
    command = await one.keeper.part.command()
    assert isinstance(command, list)
    command[0] = "/nowhere/python"
    os.kill(one.pid, signal.SIGKILL)
    await one.until(lambda: one.keeper._trouble.failures >= 3)
    command[0] = there
    await one.until(lambda: one.keeper.ready)
    assert len(one.said) == 2


async def test_stops_even_when_stopped_or_deaf(keep: Keep) -> None:
    """A process that was stopped hears the end all the same; one that ignores it is ended by force, with all its own."""
    one = keep()
    await one.until(lambda: one.keeper.ready)
    one.task.cancel()
    os.kill(one.pid, signal.SIGSTOP)
    await asyncio.wait_for(one.keeper.stop(), 8)
    deaf = "import signal, subprocess, time; signal.signal(15, signal.SIG_IGN); print(subprocess.Popen(['sleep', '600']).pid, flush=True); time.sleep(600)"
    two = keep(code=deaf, stop=0.5)
    await two.until(lambda: two.keeper.part.log.exists() and two.keeper.part.log.read_text().endswith("\n"))
    grandchild = int(two.keeper.part.log.read_text())
    two.task.cancel()
    await asyncio.wait_for(two.keeper.stop(), 8)
    await two.until(lambda: (state := pulse.effort(grandchild)) is None or state.state == "Z")
