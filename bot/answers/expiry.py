"""Until when what we say may be said: the answers and the figures. Pure: a book in, dates out."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from bot.answers.book import Book

#: Days before the last one at which something is about to expire, and then is urgent.
SOON, URGENT = timedelta(days=60), timedelta(days=14)

Kind = Literal["answer", "figure", "checklist"]
#: How near the end is: "14" and "60" (days) do not count what is nearer.
Nearness = Literal["expired", "14", "60"]
NEARNESS: tuple[Nearness, ...] = ("expired", "14", "60")


@dataclass(frozen=True)
class Due:
    """Something that we say: `last` is the last day on which it may be (None: no end); `valid` False when it may not be today."""

    kind: Kind
    id: str
    last: date | None
    valid: bool

    def nearness(self, today: date) -> Nearness | None:
        """Return how near the end is; None when it is further than SOON."""
        if not self.valid:
            return "expired"
        if self.last is None or self.last > today + SOON:
            return None
        return "14" if self.last <= today + URGENT else "60"


def due(book: Book, today: date) -> list[Due]:
    """Return the answers and the figures of `book`, each with its end."""
    answers = [Due("answer", one.id, one.expires_on, one.expires_on >= today) for one in book.answers.values()]
    figures = []
    for figure in book.figures.values():
        ends = [period.valid_until for period in figure.periods]
        last = None if None in ends else max(end for end in ends if end)
        figures.append(Due("figure", figure.id, last, figure.on(today) is not None))
    return answers + figures


def count(dues: Iterable[Due], today: date) -> Counter[tuple[Kind, Nearness]]:
    """Count what has expired or is about to, by kind and nearness."""
    return Counter((one.kind, near) for one in dues if (near := one.nearness(today)))
