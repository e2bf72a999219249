"""The people, talking: each waits for her answer (and thinks, when asked to) before she writes again. A closed loop."""

import asyncio
import random
import time
from collections.abc import Sequence

import aiohttp

from benchmarks.load.doors import Door
from benchmarks.load.figures import PATIENCE, Answered
from benchmarks.load.people import Said

Script = Sequence[Said]


async def say(session: aiohttp.ClientSession, door: Door, person: str, said: Said) -> Answered:
    """Say one message and wait for the reply."""
    started = time.perf_counter()
    try:
        async with session.post(door.url, json=door.body(person, said.text), headers=door.headers) as response:
            reply = await response.read()
            failure = "" if response.status == 200 else f"HTTP {response.status}"
    except asyncio.TimeoutError:
        reply, failure = b"", "timeout"
    except aiohttp.ClientError as error:
        reply, failure = b"", type(error).__name__
    seconds = time.perf_counter() - started
    if not failure:
        try:
            door.learn(person, reply)
        except (ValueError, KeyError):
            failure = "malformed"
    return Answered(said, seconds, failure, reply)


async def talk(
    door: Door,
    scripts: Sequence[Script],
    people: int,
    label: str,
    think: tuple[float, float] | None = None,
    seed: int = 0,
) -> tuple[list[Answered], float]:
    """Have `people` talk at a time until every script is said; return the turns, and the seconds by the clock.

    `label` makes this run's people unlike any other's. With `think`, each message waits for a time drawn between both
    seconds, the first one too, or everybody would come at once (without `think`, they do).
    """
    waiting = iter(enumerate(scripts))
    answered: list[Answered] = []
    timeout = aiohttp.ClientTimeout(total=PATIENCE)
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0), timeout=timeout) as session:

        async def place() -> None:
            for number, script in waiting:
                rng = random.Random(f"{seed}|{label}|{number}")
                for said in script:
                    if think:
                        await asyncio.sleep(rng.uniform(*think))
                    answered.append(await say(session, door, f"{label}-{number}", said))

        started = time.perf_counter()
        await asyncio.gather(*(place() for _ in range(people)))
        return answered, time.perf_counter() - started
