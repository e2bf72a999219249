"""The day on which the tests live: the answers were verified then, and a clone made next year still passes."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=ZoneInfo("Europe/Paris"))
TODAY: date = NOW.date()


class Clock:
    """A clock that a test can move."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now
