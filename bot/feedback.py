"""« Cette réponse vous a aidé ? » : counted by answer and by day, and nothing else is kept."""

import csv
import io
from collections import defaultdict
from collections.abc import Callable
from datetime import date

from bot.answers import Book, LiveBook
from bot.settings import Settings
from bot.store import Store

#: Answers about the conversation itself (a greeting, a misunderstanding) are not asked about.
_SMALL_TALK = "dialogue"
#: But what they say of places is of use to who looked for one.
_PLACES = frozenset(
    {"lieux_proches", "lieux_ouverts", "lieux_fermes", "lieux_trouves", "lieux_inconnus", "lieu_detail"}
)
_HEAD = ("mois", "réponse", "oui", "non")


def asked_about(book: Book, answer: str) -> bool:
    """Tell whether people are asked what they think of this answer."""
    known = book.answers.get(answer)
    return known is not None and (known.theme != _SMALL_TALK or answer in _PLACES)


class Feedback:
    """What people think of the answers."""

    def __init__(self, store: Store, book: LiveBook, today: Callable[[], date]) -> None:
        self._store = store
        self._book = book
        self._today = today

    async def count(self, answer: str, helped: bool) -> bool:
        """Count one opinion; return False, and count nothing, when that answer is not asked about."""
        if not asked_about(self._book.book, answer):
            return False
        await self._store.count_feedback(answer, self._today(), helped)
        return True


def by_month(days: list[tuple[str, date, int, int]]) -> list[tuple[str, str, int, int]]:
    """Return (month as "2026-11", answer, yes, no), latest month first, most unhelpful answer first."""
    sums: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0])
    for answer, day, yes, no in days:
        count = sums[f"{day:%Y-%m}", answer]
        count[0] += yes
        count[1] += no
    rows = [(month, answer, yes, no) for (month, answer), (yes, no) in sums.items()]
    rows.sort(key=lambda row: (-row[3], row[2], row[1]))
    return sorted(rows, key=lambda row: row[0], reverse=True)


def table(rows: list[tuple[str, str, int, int]]) -> str:
    """Return the counts to read on a terminal."""
    if not rows:
        return "Aucun avis pour le moment."
    width = max(len("réponse"), *(len(row[1]) for row in rows))
    lines = [f"{_HEAD[0]:7}  {_HEAD[1]:{width}}  {_HEAD[2]:>5}  {_HEAD[3]:>5}"]
    lines += [f"{month}  {answer:{width}}  {yes:5}  {no:5}" for month, answer, yes, no in rows]
    return "\n".join(lines)


def as_csv(rows: list[tuple[str, str, int, int]]) -> str:
    """Return the counts for a spreadsheet."""
    written = io.StringIO()
    csv.writer(written, lineterminator="\n").writerows([_HEAD, *rows])
    return written.getvalue().rstrip("\n")


async def report(settings: Settings, for_spreadsheet: bool) -> str:
    """Return the counts kept in the gateway's store."""
    store = Store(settings.database)
    await store.open()
    try:
        rows = by_month(await store.feedback())
    finally:
        await store.close()
    return as_csv(rows) if for_spreadsheet else table(rows)
