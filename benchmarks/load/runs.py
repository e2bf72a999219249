"""One load after the other, on one system after the other."""

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.evaluate.metrics import quantile
from benchmarks.load.client import talk
from benchmarks.load.figures import Tally, growth, ratio
from benchmarks.load.people import crowd, person
from benchmarks.load.processes import Meter, memory
from benchmarks.load.systems import System

#: Messages of one person.
TURNS = 10
#: Seconds that a person reads and writes, when she takes her time: drawn between both. Real people take longer.
THINK = (2.0, 8.0)
#: People heard at each round, at least: with one at a time, ten turns would be no figure.
LEAST = 20
#: Rounds of a load; one from so many people on, and with time to think: they last long enough.
ROUNDS, ONE_ROUND = 2, 200
#: People at once in the long runs, and turns between two samples of the memory.
SOAKING, SAMPLE = 50, 1000


@dataclass
class _Sum:
    """What several rounds add up to."""

    tally: Tally = field(default_factory=Tally)
    wall: float = 0.0
    others: float = 0.0
    cpu: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    peak: dict[str, list[float]] = field(default_factory=dict)

    def add(self, read: Mapping[str, Any], wall: float) -> None:
        self.wall += wall
        self.others += read["others_s"]
        for name, seconds in read["cpu_s"].items():
            self.cpu[name] += seconds
        for name, held in read["peak_mb"].items():
            self.peak[name] = [max(pair) for pair in zip(held, self.peak.get(name, held), strict=True)]

    def row(self) -> dict[str, Any]:
        turns = max(1, len(self.tally.seconds))
        return {
            **self.tally.figures(self.wall),
            "cpu_ms_per_turn": {name: round(1000 * seconds / turns, 2) for name, seconds in self.cpu.items()},
            "peak_mb": self.peak,
            # How many cores the load itself took, and everything else on this machine.
            "load_cores": round(self.cpu["load"] / self.wall, 3),
            "others_cores": round(self.others / self.wall, 2),
        }


async def warm_up(system: System) -> None:
    """Have five people talk before the clock counts: caches, connections."""
    await talk(system.door, crowd(5, TURNS, seed=1), 5, "warm")


async def _once(system: System, scripts: Sequence[Any], people: int, label: str, think: Any, total: _Sum) -> None:
    meter = Meter(system.group)
    answered, wall = await talk(system.door, scripts, people, label, think)
    total.add(meter.read(), wall)
    total.tally.count(answered, system.door)


async def turn_about(
    rivals: Sequence[System], people: int, think: tuple[float, float] | None = None, quick: bool = False
) -> list[dict[str, Any]]:
    """Return a row for each of `rivals` under one load, the same people for each, in turn; `quick`: figures worth nothing."""
    rounds = 1 if quick or think or people >= ONE_ROUND else ROUNDS
    heard = people if quick or think else max(people, LEAST)
    sums: dict[str, _Sum] = {one.name: _Sum() for one in rivals}
    for number in range(rounds):
        scripts = crowd(heard, TURNS, first=number * heard)
        for one in rivals:
            label = f"{people}-{number}-{'slow' if think else 'fast'}"
            await _once(one, scripts, people, label, think, sums[one.name])
    return [{"system": one.name, "people": people, "think": bool(think), **sums[one.name].row()} for one in rivals]


def compare(rows: Sequence[dict[str, Any]], against: str) -> None:
    """Add to each row how it compares with the row of `against`, under the same load."""
    base = next((row for row in rows if row["system"] == against), None)
    for row in rows if base else ():
        assert base is not None
        row["ratio"] = {name: ratio(row[name], base[name]) for name in ("turns_per_s", "p50_ms", "p95_ms")}


def _which(row: Mapping[str, Any]) -> tuple[Any, ...]:
    return row["think"], row["people"], row["system"]


def merged(before: Sequence[dict[str, Any]], after: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the rows `before` with those of `after` in their place, or after them."""
    new = {_which(row): row for row in after}
    kept = [new.pop(_which(row), row) for row in before]
    return sorted([*kept, *new.values()], key=lambda row: (row["think"], row["people"]))


def _sizes(folder: Path) -> dict[str, float]:
    return {path.name: round(path.stat().st_size / 1e6, 2) for path in sorted(folder.glob("*.sqlite*"))}


async def soak(system: System, turns: int, folder: Path) -> dict[str, Any]:
    """Hold SOAKING people for `turns` turns; return the memory along the run, and what grew (`folder`: the stores)."""
    await warm_up(system)
    total = _Sum()
    samples: list[tuple[int, dict[str, float]]] = [(0, memory(system.group))]
    along = []
    each = SAMPLE // TURNS
    for number in range(math.ceil(turns / SAMPLE)):
        before = len(total.tally.seconds)
        await _once(system, crowd(each, TURNS, first=number * each), SOAKING, f"soak-{number}", None, total)
        part = total.tally.seconds[before:]
        samples.append((len(total.tally.seconds), memory(system.group)))
        along.append(round(1000 * quantile(part, 0.95)))
        print(f"  {samples[-1][0]} turns, p95 {along[-1]} ms, {samples[-1][1]}", flush=True)
    return {
        "people": SOAKING,
        **total.row(),
        "p95_ms_along": along,
        "memory_mb": [{"turns": count, **held} for count, held in samples],
        "mb_per_1000_turns": growth(samples),
        "stores_mb": _sizes(folder),
    }


async def long(rivals: Sequence[System], turns: int, parts: int = 10) -> dict[str, Any]:
    """Hold one conversation of `turns` turns with each of `rivals`; return how long a turn took along the way."""
    script = [said for number in range(math.ceil(turns / TURNS)) for said in person(number, TURNS, seed=2)][:turns]
    size = math.ceil(turns / parts)
    found: dict[str, list[dict[str, Any]]] = {one.name: [] for one in rivals}
    for start in range(0, turns, size):
        for one in rivals:
            tally = Tally()
            answered, wall = await talk(one.door, [script[start : start + size]], 1, "long")
            tally.count(answered, one.door)
            figures = tally.figures(wall)
            kept = ("p50_ms", "p95_ms", "max_ms", "errors", "empty", "degraded", "right_percent")
            found[one.name].append({"until": start + len(answered), **{name: figures[name] for name in kept}})
            print(f"  {one.name}: {found[one.name][-1]}", flush=True)
    return {"turns": turns, "along": found}
