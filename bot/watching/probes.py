"""How each part is asked how it does. What a probe raises is told by its kind (see bot.watching.health)."""

import asyncio
import shutil
from collections.abc import Callable
from pathlib import Path

import aiohttp

from bot.directory import database
from bot.rasa import Brain
from bot.shared import Shared
from bot.standby import Standby
from bot.store import StoreError
from bot.watching.content_age import ContentCollector
from bot.watching.directory_age import seconds_since_read
from bot.watching.health import OK, Probe, State, degraded, failing

#: Seconds after which a directory that no import has read again is too old to be trusted.
OLD = 180 * 86400.0
#: Free bytes under which a disk is nearly full: a twentieth of it, and no more than that many.
LOW_SHARE, LOW_BYTES = 0.05, 1_000_000_000


def brain(client: Brain, told: Callable[[int, int, list[str]], None]) -> Probe:
    """Ask every Rasa; `told` gets how many are up, how many are down, and the models that they have loaded."""

    async def probe() -> State:
        found = list((await client.states()).values())
        wrong = [why for why in found if why != "ok"]
        told(len(found) - len(wrong), len(wrong), client.models())
        why = ", ".join(sorted(set(wrong))) or "no address"
        if len(wrong) == len(found):
            return failing(
                f"Rasa does not answer: {why}" if len(found) < 2 else f"none of {len(found)} Rasas answers: {why}"
            )
        if wrong:
            return degraded(f"{len(wrong)} of {len(found)} Rasas down: {why}")
        if lacks := client.lacks():
            return degraded(f"Rasa answers without its memory: {lacks}")
        return OK

    return probe


def actions(session: aiohttp.ClientSession, url: str) -> Probe:
    """Ask the action server."""

    async def probe() -> State:
        async with session.get(f"{url}/health", timeout=aiohttp.ClientTimeout(total=2.5)) as response:
            return OK if response.status == 200 else failing(f"status {response.status}")

    return probe


def store(opened: Standby, told: Callable[[int, int], None]) -> Probe:
    """Ask the gateway's database, without which answers go on; `told` gets how many turns wait to be kept, how many are lost."""

    async def probe() -> State:
        told(opened.waiting, opened.lost)
        try:
            await asyncio.wait_for(opened.ping(), 3)
        except (StoreError, asyncio.TimeoutError) as error:
            why = str(error) or type(error).__name__
            return degraded(
                f"the database is away ({why}): people are answered, {opened.waiting} turns wait in memory to be kept"
            )
        return OK

    return probe


def redis(shared: Shared) -> Probe:
    """Ask Redis; without it limits and locks are each gateway's own, in memory, and turns are answered."""

    async def probe() -> State:
        said = await shared.look()
        return OK if said == "ok" else degraded(f"Redis does not answer ({said}): limits and locks in memory")

    return probe


def directory(path: Path, imports: Path, elsewhere: bool) -> Probe:
    """Look at the directory of places; `elsewhere`: the actions run on another machine, which may have it instead of us."""

    async def probe() -> State:
        try:
            age = await asyncio.to_thread(seconds_since_read, path, imports)
        except FileNotFoundError:
            return OK if elsewhere else degraded("no directory: places come from the embedded list")
        except (database.DirectoryError, OSError):
            return degraded("the directory cannot be read: places come from the embedded list")
        return OK if age <= OLD else degraded(f"the directory was last read again {age / 86400:.0f} days ago")

    return probe


def disk(folder: Path) -> Probe:
    """Look at the room left where our data and logs are."""

    async def probe() -> State:
        free, whole = room(folder)
        if free > min(whole * LOW_SHARE, LOW_BYTES):
            return OK
        return degraded(f"disk nearly full: {free / 1e6:.0f} MB left")

    return probe


def room(folder: Path) -> tuple[int, int]:
    """Return the bytes free and the bytes in all of the disk that holds `folder`, which may not be there yet."""
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    usage = shutil.disk_usage(folder)
    return usage.free, usage.total


def texts(content: ContentCollector) -> Probe:
    """Look at what we say: an edit that was refused, figures or answers that have expired."""

    async def probe() -> State:
        if content.refused():
            return degraded(
                "an edit of data/answers or data/figures was refused (make check): the texts before it are said"
            )
        if expired := content.expired():
            return degraded(f"{expired} expired (make check): the general sentence is said in their place")
        return OK

    return probe


def sms(state: Callable[[], str]) -> Probe:
    """Look at the queues of text messages: when they do not leave, the pages still answer."""

    async def probe() -> State:
        said = state()
        return OK if said == "ok" else degraded(said)

    return probe
