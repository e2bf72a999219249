"""A clock for ages and dates at which things are due: it does not jump when the machine's does.

A wrong time server, a battery that is empty, a machine brought back from a snapshot: for an instant or for days the machine's
clock may be sixty days ahead or a year behind. Nothing may be purged, expired, held back or sent again for that.
"""

import logging
import time
from collections.abc import Callable
from datetime import datetime, timezone

log = logging.getLogger(__name__)

DAY = 86400.0
#: Seconds by which the machine's clock may be put right at once; a larger difference is a jump.
STEP = 60.0
#: A clock before this is wrong for sure: the software was not written.
WRITTEN = datetime(2026, 11, 1, tzinfo=timezone.utc).timestamp()


def elapsed() -> float:
    """Return seconds that pass whatever becomes of the clock, in sleep too where the system counts it."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic()


class Steady:
    """Seconds since 1970 as `wall` gives them, but for its jumps.

    A jump is believed once it has lasted as long as it is wide, and a day at most: one of three hours after three hours, one of
    sixty days after a day. Put right before that, or the process started again, it has changed nothing.
    """

    def __init__(self, wall: Callable[[], float] = time.time, elapsed: Callable[[], float] = elapsed) -> None:
        self._wall = wall
        self._elapsed = elapsed
        self._began = self._since = elapsed()
        self._base = wall()
        self._jumped_at = 0.0
        #: Seconds between the machine's clock and this one; 0.0 when they agree.
        self.jump = 0.0
        #: How many times the machine's clock has jumped, there and back.
        self.jumps = 0

    @property
    def up(self) -> float:
        """Seconds since the start."""
        return self._elapsed() - self._began

    def look(self) -> int:
        """Look at the machine's clock; return how many times it has jumped, there and back."""
        self()
        return self.jumps

    def __call__(self) -> float:
        """Return the time."""
        wall, passed = self._wall(), self._elapsed()
        steady = self._base + passed - self._since
        jump = wall - steady
        if abs(jump) > STEP and not self._is_believed(steady, jump, passed):
            return steady
        if self.jump:
            self.jumps += 1
            log.warning("clock: the machine's clock is followed again")
        self._base, self._since, self.jump = wall, passed, 0.0
        return wall

    def _is_believed(self, steady: float, jump: float, passed: float) -> bool:
        if abs(jump - self.jump) > STEP:  # not the one that we know
            self.jump, self._jumped_at = jump, passed
            self.jumps += 1
            log.error("clock: the machine's clock jumped by %.0f s: not followed (docs/architecture.md)", jump)
        return steady < WRITTEN or passed - self._jumped_at >= min(abs(jump), DAY)
