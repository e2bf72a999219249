"""Until when what we say may be said: the answers and the figures. Pure: a book in, dates out."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from bot.answers.book import Book
from bot.answers.model import Answer, Figure

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
    answers = [of_answer(one, today) for one in book.answers.values()]
    return answers + [of_figure(one, today) for one in book.figures.values()]


def of_answer(answer: Answer, today: date) -> Due:
    """Return the end of an answer."""
    return Due("answer", answer.id, answer.expires_on, answer.expires_on >= today)


def of_figure(figure: Figure, today: date) -> Due:
    """Return the end of a figure: that of its last period."""
    ends = [period.valid_until or date.max for period in figure.periods]
    last = max(ends, default=date.max)
    return Due("figure", figure.id, None if last == date.max else last, figure.on(today) is not None)


def count(dues: Iterable[Due], today: date) -> Counter[tuple[Kind, Nearness]]:
    """Count what has expired or is about to, by kind and nearness."""
    return Counter((one.kind, near) for one in dues if (near := one.nearness(today)))
