"""Ten thousand idle conversations in the stores, and one of two thousand turns: what they cost to the others, and to her."""

import asyncio
import contextlib
import os
import sqlite3
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from bot.paths import ROOT
from tests.faults.people import Person
from tests.faults.record import Fault, Report
from tests.faults.scenario import COMMUNE, FIRST, THEN
from tests.faults.stack import Stack

pytestmark = [pytest.mark.live, pytest.mark.long, pytest.mark.timeout(900)]

IDLE, TURNS = 10_000, 2_000
DAY = 86400.0
#: What she asks again and again: short and long answers, actions, places.
ASKED = (
    THEN,
    "répète",
    "c'est quoi la pmi",
    "merci",
    "comment demander la mutuelle gratuite",
    "suite",
    "et pour un couple ?",
    FIRST,
)


@pytest.fixture
def stack(ordinary: Stack) -> Stack:
    return ordinary


def multiply(folder: Path, count: int, old: int) -> None:
    """Copy the only conversation of both stores `count` times, the first `old` of them as if forty days had passed."""
    for name, table, key, times in (
        ("gateway.sqlite", "conversations", "sender", ("started_at", "last_at")),
        ("gateway.sqlite", "turns", "sender", ("at",)),
        ("tracker.sqlite", "events", "sender_id", ("timestamp",)),
    ):
        with closing(sqlite3.connect(folder / name, timeout=30)) as base:
            held = [row[1] for row in base.execute(f"PRAGMA table_info({table})")]
            kept = [one for one in held if one not in {"number", "id", "opening"}]
            (sender,) = base.execute(f"SELECT {key} FROM {table} LIMIT 1").fetchone()

            def written(column: str, key: str = key, times: tuple[str, ...] = times) -> str:
                if column == key:
                    return "'copie' || number.value"
                if column in times:
                    return f"{column} - CASE WHEN number.value < {old} THEN {40 * DAY} ELSE 7200 END"
                return f"{column}"

            base.execute(
                f"WITH RECURSIVE number(value) AS (SELECT 0 UNION ALL SELECT value + 1 FROM number WHERE value < {count - 1}) "
                f"INSERT INTO {table} ({', '.join(kept)}) SELECT {', '.join(map(written, kept))} FROM {table}, number WHERE {key} = ?",
                (sender,),
            )
            base.commit()


async def timed(person: Person, turns: int) -> list[float]:
    """Say `turns` things; return the seconds of each."""
    heard = [await person.says(ASKED[number % len(ASKED)]) for number in range(turns)]
    assert all(one.kind == "answer" for one in heard)
    return [one.seconds for one in heard]


async def test_ten_thousand_idle_conversations(stack: Stack, somebody: Callable[[str], Person], report: Report) -> None:
    """Those who talk do not feel them, nor the purge of half of them; what is not old stays."""
    first = somebody(stack.url)
    await timed(first, 12)
    await asyncio.to_thread(multiply, stack.folder / "var", IDLE, IDLE // 2)
    fault = report.add(Fault(f"{IDLE} idle conversations, half of them purged"))
    anna = somebody(stack.url)
    assert (await anna.says(FIRST)).commune == COMMUNE
    before = await timed(anna, 20)
    environment = {**os.environ, "VAR_DIR": str(stack.folder / "var"), "METRICS_PORT": "0"}
    environment.pop("PYTHONWARNINGS", None)
    began = time.monotonic()
    purge = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "bot",
        "purge",
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    ended = asyncio.create_task(purge.communicate())
    heard_before = len(anna.heard)
    while not ended.done():
        await anna.says(ASKED[len(anna.heard) % len(ASKED)])
    passed = time.monotonic() - began
    assert purge.returncode == 0, (await ended)[0].decode()
    during = anna.heard[heard_before:]
    fault.watched(during)
    fault.note = (
        f"turn {statistics.median(before) * 1000:.0f} ms median before; purge {passed:.1f} s, "
        f"{statistics.median([one.seconds for one in during]) * 1000:.0f} ms median meanwhile"
    )
    fault.check()
    for name, table in (("gateway.sqlite", "conversations"), ("tracker.sqlite", "events")):
        key = "sender" if table == "conversations" else "sender_id"
        with closing(sqlite3.connect(stack.folder / "var" / name)) as base:
            (left,) = base.execute(f"SELECT count(DISTINCT {key}) FROM {table} WHERE {key} LIKE 'copie%'").fetchone()
        assert left == IDLE - IDLE // 2, name


async def test_two_thousand_turns(stack: Stack, somebody: Callable[[str], Person], report: Report) -> None:
    """One conversation that never ends is answered to its end, and its commune is still known."""
    anna = somebody(stack.url)
    assert (await anna.says(FIRST)).commune == COMMUNE
    fault = report.add(Fault(f"one conversation of {TURNS} turns"))
    memory = {part: stack.memory(part) for part in ("rasa", "gateway")}
    seconds = await timed(anna, TURNS)
    fault.watched(anna.heard)
    first, last = statistics.median(seconds[:20]), statistics.median(seconds[-20:])
    grown = {part: stack.memory(part) - before for part, before in memory.items()}
    fault.note = (
        f"median of the first 20 turns {first * 1000:.0f} ms, of the last 20 {last * 1000:.0f} ms (ratio {last / first:.2f}); "
        + ", ".join(f"{part} {more:+.0f} MB" for part, more in grown.items())
    )
    assert anna.heard[-1].commune == COMMUNE
    with contextlib.suppress(TimeoutError):
        fault.lost += TURNS + 1 - len(await anna.history())
    fault.check()
