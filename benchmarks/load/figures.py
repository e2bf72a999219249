"""What is counted of a load test; pure."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from benchmarks.evaluate.metrics import quantile
from benchmarks.load.doors import Door
from benchmarks.load.people import Said

#: Seconds after which nobody waits any more: the gateway gives Rasa 8, and has half a second to say so.
PATIENCE = 8.5


@dataclass(frozen=True)
class Answered:
    """One turn: what was said, the seconds it took, how it failed ("" when it did not), the reply."""

    said: Said
    seconds: float
    failure: str
    reply: bytes


@dataclass
class Tally:
    """What came of the turns of one system under one load."""

    seconds: list[float] = field(default_factory=list)
    failures: Counter[str] = field(default_factory=Counter)
    empty: int = 0
    degraded: int = 0
    judged: int = 0
    right: int = 0

    def count(self, answered: Iterable[Answered], door: Door) -> None:
        """Judge turns, and add them."""
        for one in answered:
            self.seconds.append(one.seconds)
            if one.failure:
                self.failures[one.failure] += 1
                heard = None
            else:
                heard = door.heard(one.reply)
                self.empty += heard.empty
                self.degraded += heard.degraded
            if one.said.right:
                self.judged += 1
                self.right += bool(heard and heard.ids & one.said.right)

    def figures(self, wall: float) -> dict[str, Any]:
        """Return the figures of a run that lasted `wall` seconds; milliseconds, percent."""
        return {
            "turns": len(self.seconds),
            "turns_per_s": round(len(self.seconds) / wall, 1) if wall else None,
            **{f"p{part}_ms": _milliseconds(self.seconds, part / 100) for part in (50, 95, 99)},
            "max_ms": _milliseconds(self.seconds, 1),
            "errors": dict(sorted(self.failures.items())),
            "empty": self.empty,
            "degraded": self.degraded,
            "judged": self.judged,
            "right_percent": round(100 * self.right / self.judged, 1) if self.judged else None,
        }


def _milliseconds(seconds: Sequence[float], part: float) -> float | None:
    return round(1000 * quantile(seconds, part), 1) if seconds else None


def slope(points: Sequence[tuple[float, float]]) -> float:
    """Return the slope of the line that fits `points` best (least squares); 0 with fewer than two different abscissas."""
    count = len(points)
    mean_x = sum(x for x, _ in points) / count if count else 0.0
    mean_y = sum(y for _, y in points) / count if count else 0.0
    spread = sum((x - mean_x) ** 2 for x, _ in points)
    return sum((x - mean_x) * (y - mean_y) for x, y in points) / spread if spread else 0.0


def growth(samples: Sequence[tuple[int, Mapping[str, float]]], warm_up: float = 0.25) -> dict[str, dict[str, float]]:
    """Return how each process of `samples` (turns so far, megabytes by process) grew, in megabytes per 1,000 turns.

    `whole` counts every sample; `after_warm_up` leaves out the first part of the run, where caches fill.
    """
    last = samples[-1][0] if samples else 0
    names = samples[0][1] if samples else {}
    found = {}
    for name in names:
        points = [(turns / 1000, held[name]) for turns, held in samples if name in held]
        settled = [(x, y) for x, y in points if x >= warm_up * last / 1000]
        found[name] = {
            "first_mb": points[0][1],
            "last_mb": points[-1][1],
            "whole": round(slope(points), 3),
            "after_warm_up": round(slope(settled), 3),
        }
    return found


def ratio(of: float | None, to: float | None) -> float | None:
    """Return `of` / `to`, when there are both."""
    return round(of / to, 2) if of and to else None
