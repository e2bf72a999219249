"""Pages and fragments, from the templates in `pages/`."""

import re
from datetime import date
from pathlib import Path
from typing import Any

from babel.dates import format_date
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from bot.answers import LiveBook
from bot.web.richtext import Block, Dialer, blocks

_HERE = Path(__file__).parent


_DAYS = {
    "Mo": "lundi",
    "Tu": "mardi",
    "We": "mercredi",
    "Th": "jeudi",
    "Fr": "vendredi",
    "Sa": "samedi",
    "Su": "dimanche",
}


def french_hours(osm: str) -> str:
    """Write opening hours given in OpenStreetMap's syntax in French; what is not understood is left as it is."""

    def clock(match: re.Match[str]) -> str:
        return f"{int(match[1])} h" + (f" {match[2]}" if match[2] != "00" else "")

    text = re.sub(r"(\d\d):(\d\d)", clock, osm)
    text = re.sub(r"(?<=h)-(?=\d)|(?<=\d)-(?=\d)", " à ", text)
    text = re.sub(r"(?<=[h\d]),(?=\d)", " et ", text)
    text = re.sub(
        r"\b([A-Z][a-z])-([A-Z][a-z])\b", lambda m: f"{_DAYS.get(m[1], m[1])} à {_DAYS.get(m[2], m[2])}", text
    )
    text = re.sub(r"\b([A-Z][a-z])\b,?", lambda m: _DAYS.get(m[1], m[1]) + ("," if m[0].endswith(",") else ""), text)
    return text.replace(",", ", ").replace("  ", " ").replace("; ", " ; ")


class Pages:
    """Renders the templates; escapes everything."""

    def __init__(self, book: LiveBook) -> None:
        self._book = book
        self._dialer_of: tuple[object, Dialer] | None = None
        self._environment = Environment(
            loader=FileSystemLoader(_HERE / "pages"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.filters["blocks"] = self._blocks
        self._environment.filters["hours"] = french_hours
        self._environment.filters["day"] = lambda iso: format_date(date.fromisoformat(iso), "d MMMM y", locale="fr")

    def _blocks(self, text: str) -> list[Block]:
        book = self._book.book
        if self._dialer_of is None or self._dialer_of[0] is not book:
            self._dialer_of = (book, Dialer(book.numbers))
        return blocks(text, self._dialer_of[1])

    def render(self, name: str, **values: Any) -> str:
        """Return the page `name` filled with `values`."""
        return self._environment.get_template(name).render(**values)
