"""Does a process answer, and if it does not, is it stuck or only busy?

Rasa parses in its event loop: under a load, a question as simple as "are you there?" waits behind the turns of others. So
a late answer proves nothing. What tells a stuck process from a busy one is that it uses no processor at all: stopped, asleep
on a lock, waiting for what never comes. Only one that works and answers nothing for a whole minute is taken as lost.
"""

import asyncio
from dataclasses import dataclass
from pathlib import Path

import aiohttp

#: Seconds between two questions, and between two looks at a process whose answer is late.
EVERY, LOOK = 2.0, 1.0
#: Seconds without an answer after which a process that does nothing, and one that works, is taken as stuck.
IDLE, BUSY = 9.0, 60.0
#: Share of a processor from which a process works: a starved one still gets more, a sleeping one wakes for less.
WORKS = 0.02
#: Clock ticks of /proc a second: a constant of Linux as programs see it (USER_HZ).
TICKS = 100.0


@dataclass(frozen=True)
class Effort:
    """What a process did so far: its state (R: runs or wants to, D: waits for a disk, S, T…) and its processor seconds."""

    state: str
    seconds: float


def effort(pid: int) -> Effort | None:
    """Return what a process did so far, or None where that cannot be known."""
    try:
        # The name, between parentheses, may hold anything.
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()
        return Effort(fields[0], (int(fields[11]) + int(fields[12])) / TICKS)
    except (OSError, ValueError, IndexError):
        return None


class Patience:
    """How long a late answer is waited for. Told of each look, not of the time: a machine put to sleep is not a stuck process."""

    def __init__(self, before: Effort | None) -> None:
        self._before = before
        self.waited = 0.0
        self._idle = 0.0

    def is_over(self, seconds: float, now: Effort | None) -> bool:
        """Add a look `seconds` after the last one; return whether the process is stuck."""
        self.waited += seconds
        before, self._before = self._before, now
        works = now is None or before is None or now.state in "RD" or now.seconds - before.seconds >= WORKS * seconds
        self._idle = 0.0 if works else self._idle + seconds
        return self._idle >= IDLE or self.waited >= BUSY


@dataclass(frozen=True)
class Answer:
    """What a process answered: the status (0: it closed the connection) and the beginning of the body."""

    status: int
    body: str = ""


async def answer(session: aiohttp.ClientSession, url: str, headers: dict[str, str] | None = None) -> Answer:
    """Wait, for as long as it takes, until `url` answers."""
    while (said := await _ask(session, url, headers)) is None:  # noqa: ASYNC110 - another process, no event of ours
        await asyncio.sleep(0.2)
    return said


async def _ask(session: aiohttp.ClientSession, url: str, headers: dict[str, str] | None) -> Answer | None:
    """Return what `url` answers, however late; None when nothing listens there."""
    patient = aiohttp.ClientTimeout(total=None, sock_connect=5)
    try:
        async with session.get(url, headers=headers, timeout=patient) as response:
            return Answer(response.status, (await response.content.read(1000)).decode(errors="replace"))
    except aiohttp.ClientConnectorError:
        return None
    except (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError):
        return Answer(0)  # refused by the program itself: too many connections from here, or it is stopping
    except (aiohttp.ClientError, asyncio.TimeoutError):
        return None


async def stuck(session: aiohttp.ClientSession, url: str, pid: int) -> float:
    """Return, once a process no longer answers and is taken as stuck, for how many seconds it was waited for."""
    while True:
        await asyncio.sleep(EVERY)
        asking = asyncio.ensure_future(answer(session, url))
        patience = Patience(effort(pid))
        try:
            while not (await asyncio.wait([asking], timeout=LOOK))[0]:
                if patience.is_over(LOOK, effort(pid)):
                    return patience.waited
        finally:
            asking.cancel()
