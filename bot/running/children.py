"""One part of `make run`: a process of its own, started again when it dies or no longer answers."""

import asyncio
import contextlib
import ctypes
import os
import signal
import subprocess
import time
from asyncio.subprocess import Process
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp

from bot.paths import ROOT
from bot.running import pulse
from bot.running.trouble import WELL, Trouble

#: Seconds left to a part to answer for the first time, once started: Rasa takes ten, many more on a busy machine.
START = 180.0
#: Times that a part killed before everything answered (memory, somebody's hand) is started again.
TRANSIENT = 3


class Failure(Exception):
    """Something that stops `make run`; the message is what the person reads."""


@dataclass(frozen=True)
class Part:
    """What a part is: `url` answers as soon as it listens, `ready_url` 200 when it can work; seconds left to `stop`.

    `hopeless`: words of what `ready_url` answers when only a new start can help, and what is said then.
    """

    name: str
    command: Callable[[], Awaitable[Sequence[str]]]
    environment: dict[str, str]
    log: Path
    url: str
    ready_url: str
    stop: float
    headers: dict[str, str] = field(default_factory=dict)
    hopeless: tuple[str, str] | None = None


def die_with_parent() -> None:
    """Ask Linux to end this child when `make run` dies, however it dies."""
    with contextlib.suppress(OSError):
        ctypes.CDLL(None).prctl(1, signal.SIGTERM)


async def spawn(command: Sequence[str], environment: dict[str, str], log: Path) -> Process:
    """Start a process in a session of its own: Ctrl-C reaches us first, and we stop them in order."""
    output: int = subprocess.DEVNULL
    with contextlib.suppress(OSError):  # a full disk: better to answer without a log than not at all
        output = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)  # to append: it is cut while it is written
    try:
        return await asyncio.create_subprocess_exec(
            *command,
            cwd=ROOT,
            env=environment,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
            preexec_fn=die_with_parent,
        )
    finally:
        if output != subprocess.DEVNULL:
            os.close(output)


def signal_group(process: Process, signum: int) -> None:
    """Send a signal to a process and to all that it started."""
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signum)


def ending(code: int | None) -> str:
    """Return how a process ended, in French."""
    if code is not None and code < 0:
        with contextlib.suppress(ValueError):
            return f"s'est arrêté (signal {signal.Signals(-code).name})"
    return f"s'est arrêté (code {code})"


class Keeper:
    """Keeps one part running, from `keep` until `stop`; `say` shows a sentence."""

    def __init__(self, part: Part, session: aiohttp.ClientSession, say: Callable[[str], None]) -> None:
        self.part = part
        self._session = session
        self._say = say
        self._process: Process | None = None
        self._trouble = Trouble(part.name, str(part.log))
        #: Once everything has answered, a death is an accident; before, it is a fault that a person must see.
        self.settled = False
        #: Whether it can work, as far as was seen.
        self.ready = False

    async def keep(self) -> None:
        """Start the part, and again whenever it fails. Raise Failure when it fails before it is `settled`, unless it was killed."""
        while True:
            how, transient = await self._live()
            if not self.settled and not (transient and self._trouble.failures < TRANSIENT):
                raise Failure(f"Le processus « {self.part.name} » {how}. Détails : {self.part.log}")
            self.ready = False
            delay, said = self._trouble.failed(how, time.monotonic())
            self._tell(said)
            await asyncio.sleep(delay)

    def _tell(self, said: str) -> None:
        if said:
            self._say(said)

    async def _live(self) -> tuple[str, bool]:
        """Run the process until it fails; return how it failed, in French, and whether nothing of ours explains it."""
        try:
            command = await self.part.command()
            self._process = process = await spawn(command, self.part.environment, self.part.log)
        except (OSError, Failure) as error:
            return (
                f"ne démarre pas : {error}" if isinstance(error, Failure) else f"ne démarre pas ({error.strerror})"
            ), False
        dead = asyncio.ensure_future(process.wait())
        lost = asyncio.ensure_future(self._watch(process.pid))
        try:
            await asyncio.wait([dead, lost], return_when=asyncio.FIRST_COMPLETED)
            if dead.done():
                return ending(process.returncode), (process.returncode or 0) < 0
            how = lost.result()
            signal_group(process, signal.SIGKILL)
            await dead
            return how, False
        finally:
            lost.cancel()
            dead.cancel()

    async def _watch(self, pid: int) -> str:
        """Watch a living process; return what is wrong with it."""
        try:
            await asyncio.wait_for(pulse.answer(self._session, self.part.url), START)
        except asyncio.TimeoutError:
            return f"n'a pas démarré en {START:.0f} s"
        tasks = [asyncio.ensure_future(one) for one in (self._hang(pid), self._recover())]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            return done.pop().result()
        finally:
            for task in tasks:
                task.cancel()

    async def _hang(self, pid: int) -> str:
        return f"ne répond plus depuis {await pulse.stuck(self._session, self.part.url, pid):.0f} s et a été arrêté de force"

    async def _recover(self) -> str:
        """Say when the part can work again; return only when it never will as it is."""
        part = self.part
        while (said := await pulse.answer(self._session, part.ready_url, part.headers)).status != 200:
            if part.hopeless and part.hopeless[0] in said.body:
                return part.hopeless[1]
            await asyncio.sleep(0.5)
        self.ready = True
        self._tell(self._trouble.back(time.monotonic()))
        await asyncio.sleep(WELL)
        self._tell(self._trouble.well(time.monotonic()))
        never: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        return await never

    async def stop(self) -> None:
        """Let what is under way end, then end the process; by force after the seconds that it is left."""
        process = self._process
        if process is None or process.returncode is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        signal_group(process, signal.SIGCONT)  # one that was stopped would not hear it
        try:
            await asyncio.wait_for(process.wait(), self.part.stop)
        except asyncio.TimeoutError:
            self.kill()
            await process.wait()

    def kill(self) -> None:
        """End the process now."""
        if self._process is not None:
            signal_group(self._process, signal.SIGKILL)
