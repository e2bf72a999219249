"""Pages and fragments, from the templates in `pages/`."""

from datetime import date
from pathlib import Path
from typing import Any

from babel.dates import format_date
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from bot.answers import LiveBook
from bot.web.richtext import Block, Dialer, blocks

_HERE = Path(__file__).parent


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
        self._environment.filters["day"] = lambda iso: format_date(date.fromisoformat(iso), "d MMMM y", locale="fr")

    def _blocks(self, text: str) -> list[Block]:
        book = self._book.book
        if self._dialer_of is None or self._dialer_of[0] is not book:
            self._dialer_of = (book, Dialer(book.numbers))
        return blocks(text, self._dialer_of[1])

    def render(self, name: str, **values: Any) -> str:
        """Return the page `name` filled with `values`."""
        return self._environment.get_template(name).render(**values)
