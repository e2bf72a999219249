"""Has a figure dropped? What is measured now beside what was kept, each with its noise. Pure.

The noise of a share seen on n cases is its binomial standard error (metrics.standard_error). A figure has dropped when
it is worse than the kept one by more than `allowed` standard errors: two for understanding, one for danger, where a
miss hurts. The sentences and the seed are the same as when the figure was kept, so chance alone moves it less than
that.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from benchmarks.evaluate.metrics import standard_error

UNDERSTANDING, DANGER = 2.0, 1.0
#: The kinds of noise that the gate measures again: one of the fingers, one of the phone, one of everything.
NOISES = ("two_typos", "sms", "mild")


@dataclass(frozen=True)
class Watched:
    """A figure that must not get worse: where it is in the results, where its number of cases is, and the noise allowed."""

    path: tuple[str, ...]
    cases: tuple[str, ...]
    higher_is_better: bool = True
    allowed: float = UNDERSTANDING

    @property
    def name(self) -> str:
        """Return the name of the figure, as a path."""
        return "/".join(self.path)


def watched(results: Mapping[str, Any]) -> Iterator[Watched]:
    """Give what the kept results hold that the gate can measure again without `../shared`."""
    held = ("questions", "held_out")
    yield Watched((*held, "in_scope_accuracy"), (*held, "in_scope"))
    yield Watched((*held, "out_of_scope_recall"), (*held, "out_of_scope"))
    for name in results["danger"]:
        if name.startswith("urgent"):
            yield Watched(("danger", name, "recall"), ("danger", name, "urgent"), allowed=DANGER)
            yield Watched(("danger", name, "right_kind"), ("danger", name, "urgent"))
            yield Watched(
                ("danger", name, "false_alarms"), ("danger", name, "calm"), higher_is_better=False, allowed=DANGER
            )
    for kind in NOISES:
        yield Watched(("noise", "held_out", "kinds", kind, "accuracy"), ("noise", "held_out", "questions"))


def at(results: Mapping[str, Any], path: tuple[str, ...]) -> Any:
    """Return what is at `path` in nested results."""
    found: Any = results
    for key in path:
        found = found[key]
    return found


def dropped(kept: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """Return, in words, each watched figure of `kept` that is worse in `now` by more than its noise."""
    found = []
    for one in watched(kept):
        before, after = float(at(kept, one.path)), float(at(now, one.path))
        noise = one.allowed * standard_error(before, int(at(kept, one.cases)))
        worse = before - after if one.higher_is_better else after - before
        if worse > noise:
            found.append(f"{one.name}: {before} → {after}, {worse:.1f} points worse, noise {noise:.1f}")
    return found
