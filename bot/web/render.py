"""Pages and fragments, from the templates in `pages/`."""

import re
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any

from babel.dates import format_date
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from bot.answers import LiveBook
from bot.directory import hours
from bot.identity import Identity
from bot.web.richtext import Block, Dialer, blocks

_HERE = Path(__file__).parent
#: The space between a number and its unit: no line ends there.
_UNIT = re.compile(r"(?<=\d) (?=h\b|km\b)|(?<=h) (?=\d)")


def french_date(iso: str) -> str:
    """Write a day, a month or a year in French: "1er août 2024", "août 2024", "2024"."""
    known = len(iso.split("-"))
    first = date(*(*map(int, iso.split("-")), 1, 1)[:3])
    written: str = format_date(first, ("y", "MMMM y", "d MMMM y")[known - 1], locale="fr")
    return re.sub(r"^1 ", "1er ", written)


class Pages:
    """Renders the templates; escapes everything."""

    def __init__(self, book: LiveBook, now: Callable[[], datetime], identity: Identity) -> None:
        self._book = book
        self._dialer_of: tuple[object, Dialer] | None = None
        self._environment = Environment(
            loader=FileSystemLoader(_HERE / "pages"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.globals["identity"] = identity
        self._environment.filters["blocks"] = self._blocks
        # As of the reading, not of the answer: a conversation is read back later.
        self._environment.filters["opening"] = lambda place: hours.of_place(place, now())
        self._environment.filters["day"] = french_date
        self._environment.filters["tied"] = lambda text: _UNIT.sub("\u00a0", text)

    def _blocks(self, text: str) -> list[Block]:
        book = self._book.book
        if self._dialer_of is None or self._dialer_of[0] is not book:
            self._dialer_of = (book, Dialer(book.numbers))
        return blocks(text, self._dialer_of[1])

    def render(self, name: str, **values: Any) -> str:
        """Return the page `name` filled with `values`."""
        return self._environment.get_template(name).render(**values)
