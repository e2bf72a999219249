"""When to try again what was not sent or not answered. Pure: the kind of failure and the tries so far, to seconds."""

import random

from bot.sms.providers.base import Failure

#: First wait and longest wait, in seconds, by kind of failure.
_WAITS = {Failure.TEMPORARY: (3.0, 120.0), Failure.THROTTLED: (5.0, 300.0), Failure.CONFIGURATION: (60.0, 60.0)}
#: A provider may ask for more patience than that, and gets no more than this.
LONGEST = 3600.0
#: Waits before a message is given to the brain again, in seconds; the last one is for all the tries that follow.
BRAIN = (1.0, 2.0, 4.0, 8.0, 15.0, 30.0)
#: For how long, from its arrival, a message waits for a brain that is down before the honest sentence says so.
PATIENCE = 180.0
#: Tries after which a message that ends the process each time (more than the brain is ever asked) gets that sentence too.
POISON = 14


def wait(kind: Failure, attempts: int, retry_after: float | None = None, draw: float | None = None) -> float | None:
    """Return the seconds before the next try, after `attempts` tries; None when there must be none.

    Twice as long each time, drawn between half and the whole of it (`draw`, from 0 to 1) so that messages refused
    together do not come back together. Never shorter than what the provider asks (`retry_after`), within LONGEST.
    """
    if kind is Failure.PERMANENT:
        return None
    first, longest = _WAITS[kind]
    whole = min(first * 2.0 ** min(max(attempts, 1) - 1, 20), longest)
    drawn = whole * (0.5 + 0.5 * (random.random() if draw is None else draw))  # noqa: S311 - spreads tries, no secret
    return min(max(drawn, retry_after or 0.0), LONGEST)


def brain_wait(attempts: int, waited: float) -> float | None:
    """Return the seconds before the brain is asked again, or None when the person has waited long enough."""
    if waited >= PATIENCE:
        return None
    return BRAIN[min(max(attempts, 1), len(BRAIN)) - 1]
