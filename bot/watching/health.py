"""Can a turn be answered? Asks each part, and says which one cannot, why, and since when."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Literal

Level = Literal["ok", "degraded", "failing"]

#: Parts without which no turn can be answered: when one fails, we do. Whatever else fails, the person gets an answer.
NEEDED = ("brain", "actions", "store")
#: Seconds during which what was found is said again, however often it is read: /health is open to everybody.
FRESH = 1.0
#: Seconds left to a part to answer: more than Rasa's client leaves to each Rasa, or one that hangs would hide the others.
PATIENCE = 4.0


@dataclass(frozen=True)
class State:
    """How a part does; `reason` in plain words, with nobody's name or address in it, "" when all is well."""

    level: Level
    reason: str = ""

    @property
    def word(self) -> str:
        """Return "ok", or what is wrong."""
        return "ok" if self.level == "ok" else self.reason or self.level


OK = State("ok")


def degraded(reason: str) -> State:
    """Return the state of a part that does less than it should."""
    return State("degraded", reason)


def failing(reason: str) -> State:
    """Return the state of a part that does not answer."""
    return State("failing", reason)


Probe = Callable[[], Awaitable[State]]


@dataclass(frozen=True)
class Report:
    """The state of everything: of each part, and since when it has been at that level (UTC)."""

    states: Mapping[str, State]
    since: Mapping[str, datetime]

    @property
    def level(self) -> Level:
        """Return "failing" when no turn can be answered, "ok" when all is well."""
        if any(part in self.states and self.states[part].level == "failing" for part in NEEDED):
            return "failing"
        return "ok" if all(state.level == "ok" for state in self.states.values()) else "degraded"

    def levels(self) -> dict[str, Level]:
        """Return the level of each part."""
        return {part: state.level for part, state in self.states.items()}

    def public(self) -> dict[str, object]:
        """Return what /health shows."""
        return {
            "status": self.level,
            "parts": {part: state.word for part, state in self.states.items()},
            "details": {
                part: {
                    "state": state.level,
                    "reason": state.reason,
                    "since": self.since[part].isoformat(timespec="seconds"),
                }
                for part, state in self.states.items()
            },
        }


class Health:
    """The state of the parts, each by its probe, asked at most once a second however often it is read."""

    def __init__(
        self, probes: Mapping[str, Probe], now: Callable[[], datetime] = lambda: datetime.now(timezone.utc)
    ) -> None:
        self.probes = dict(probes)
        self._now = now
        self._since: dict[str, tuple[Level, datetime]] = {}
        self._last: Report | None = None
        self._asked_at = 0.0
        self._asking: asyncio.Task[Report] | None = None

    async def report(self) -> Report:
        """Return the state of every part. Those who ask at the same time wait for one answer; who gives up stops nobody's."""
        clock = asyncio.get_running_loop().time
        if self._last is not None and clock() - self._asked_at <= FRESH:
            return self._last
        if self._asking is None or self._asking.done():
            self._asking = asyncio.create_task(self._ask_all(), name="health")
        return await asyncio.shield(self._asking)

    async def seen(self, patience: float = 1.0) -> Report | None:
        """Return the state of every part, as it was last seen when one makes us wait longer than `patience` seconds."""
        try:
            return await asyncio.wait_for(self.report(), patience)
        except asyncio.TimeoutError:
            return self._last

    async def _ask_all(self) -> Report:
        found = await asyncio.gather(*(self._ask(probe) for probe in self.probes.values()))
        states = dict(zip(self.probes, found, strict=True))
        for part, state in states.items():
            if self._since.get(part, ("", None))[0] != state.level:
                self._since[part] = (state.level, self._now().astimezone(timezone.utc))
        self._last = Report(states, {part: self._since[part][1] for part in states})
        self._asked_at = asyncio.get_running_loop().time()
        return self._last

    async def _ask(self, probe: Probe) -> State:
        try:
            return await asyncio.wait_for(probe(), PATIENCE)
        except asyncio.TimeoutError:
            return failing(f"no answer in {PATIENCE:g} s")
        except Exception as error:  # what it says may hold an address, or worse
            return failing(type(error).__name__)
