"""Pages and fragments, from the templates in `pages/`."""

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any

from babel.dates import format_date
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from bot import checklists
from bot.answers import LiveBook
from bot.answers.model import Number
from bot.directory import hours
from bot.feedback import asked_about
from bot.identity import Identity
from bot.web.assets import Assets
from bot.web.maps import map_url
from bot.web.richtext import Block, Call, Dialer, blocks, calls

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
        self.assets = Assets()
        self._now = now
        self._dialer_of: tuple[object, Dialer] | None = None
        self._environment = Environment(
            loader=FileSystemLoader(_HERE / "pages"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.globals["identity"] = identity
        self._environment.globals["static"] = self.assets.address
        self._environment.filters["blocks"] = self._blocks
        # As of the reading, not of the answer: a conversation is read back later.
        self._environment.filters["opening"] = self.opening
        self._environment.filters["calls"] = self._calls
        self._environment.filters["map_url"] = map_url
        self._environment.filters["asked_about"] = lambda answer: asked_about(book.book, answer)
        self._environment.filters["day"] = french_date
        self._environment.filters["papers"] = lambda id_: checklists.load().of([id_])
        self._environment.filters["tied"] = lambda text: _UNIT.sub("\u00a0", text)

    def _blocks(self, text: str) -> list[Block]:
        book = self._book.book
        if self._dialer_of is None or self._dialer_of[0] is not book:
            self._dialer_of = (book, Dialer(book.numbers))
        return blocks(text, self._dialer_of[1])

    def number(self, name: str) -> Number | None:
        """Return the telephone number known by this name in `data/numbers.yml`, with its source, or None."""
        return next((one for one in self._book.book.numbers.values() if one.name == name), None)

    def today(self) -> date:
        """Return the day in the Hérault."""
        return self._now().date()

    def _calls(self, text: str) -> list[Call]:
        return calls(self._blocks(text), {number: one.name for number, one in self._book.book.numbers.items()})

    def opening(self, place: Mapping[str, Any]) -> hours.Status:
        """Return whether a place is open now."""
        return hours.of_place(place, self._now())

    def render(self, name: str, **values: Any) -> str:
        """Return the page `name` filled with `values`."""
        return self._environment.get_template(name).render(**values)
