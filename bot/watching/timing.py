"""Where the time of a turn goes: stages that any module may mark, and nothing to hand from one to the next."""

import time
from collections.abc import Awaitable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Literal, TypeVar

#: wait: for the conversation's turn. redact: personal data taken out. brain: Rasa asked, the actions with it.
#: words: the reply put into words. store: read and kept.
Stage = Literal["wait", "redact", "brain", "words", "store"]
STAGES: tuple[Stage, ...] = ("wait", "redact", "brain", "words", "store")
#: Why the brain did not answer; what is none of these is "other".
Reason = Literal["timeout", "unreachable", "error", "empty", "malformed", "other"]
REASONS: tuple[Reason, ...] = ("timeout", "unreachable", "error", "empty", "malformed", "other")

_Result = TypeVar("_Result")


@dataclass
class Timing:
    """Seconds of one turn, by stage; `without_brain`: why the brain did not answer it, if it did not."""

    started: float = field(default_factory=time.perf_counter)
    seconds: dict[Stage, float] = field(default_factory=dict)
    without_brain: Reason | None = None

    def whole(self) -> float:
        """Return the seconds since the turn began."""
        return time.perf_counter() - self.started


_turn: ContextVar[Timing | None] = ContextVar("turn", default=None)


@contextmanager
def turn() -> Iterator[Timing]:
    """Time what is done in here as one turn."""
    timing = Timing()
    token = _turn.set(timing)
    try:
        yield timing
    finally:
        _turn.reset(token)


@contextmanager
def stage(name: Stage) -> Iterator[None]:
    """Add the time spent in here to a stage of the turn under way, if one is timed; failures take time too."""
    timing = _turn.get()
    if timing is None:
        yield
        return
    began = time.perf_counter()
    try:
        yield
    finally:
        timing.seconds[name] = timing.seconds.get(name, 0.0) + time.perf_counter() - began


async def during(name: Stage, doing: Awaitable[_Result]) -> _Result:
    """Await `doing`, its time added to a stage."""
    with stage(name):
        return await doing


def without_brain(reason: str) -> None:
    """Note that the turn under way is answered without the brain. `reason` is what a BrainError says."""
    timing = _turn.get()
    if timing is not None:
        timing.without_brain = as_reason(reason)


def as_reason(said: str) -> Reason:
    """Return the kind of fault behind what a BrainError says: a kind of exception, a status, a sentence of ours."""
    words = said.lower()
    kinds: tuple[tuple[Reason, tuple[str, ...]], ...] = (
        ("timeout", ("timeout", "late")),
        ("unreachable", ("connect", "oserror", "payload", "no address")),
        ("error", ("status",)),
        ("empty", ("empty",)),
        ("malformed", ("malformed", "json", "valueerror", "contenttype", "too large")),
    )
    return next((kind for kind, marks in kinds if any(mark in words for mark in marks)), "other")
