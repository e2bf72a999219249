"""An answer put into words: figures of the day filled in, or the general text when one has expired."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from babel.dates import format_date
from babel.numbers import format_currency, format_decimal

from bot.answers.book import Book
from bot.answers.model import Answer, Figure, Period, Source, Variant

PLACEHOLDER = re.compile(r"\{([a-z][a-z0-9_]*\.[a-z0-9_]+)\}")
#: What a text may name of the turn itself, or of the service (`conservation`), and what is said when nothing tells.
CONTEXT: dict[str, str] = {
    "commune": "votre commune",
    "pres_de": "de chez vous",
    "ailleurs": "Cette commune",
    "lieu": "Lieux",
    "quand": "à ce moment-là",
    "conservation": "un temps",
    "retire": "une donnée personnelle",
}
CONTEXT_PLACEHOLDER = re.compile(r"\{([a-z_]+)\}")

_SUFFIX = {"heures": "heures", "pourcent": "%", "jours": "jours", "mois": "mois", "ans": "ans"}


@dataclass(frozen=True)
class Rendered:
    """What is said of one answer, once. `current` is False when a figure, or the answer itself, has expired."""

    answer: Answer
    text: str
    sources: tuple[Source, ...]
    verified_on: date
    current: bool


def french_day(day: date) -> str:
    """Write a date out in French: "vendredi 4 décembre 2026", "lundi 1er juin 2026"."""
    text: str = format_date(day, "EEEE d MMMM y", locale="fr")
    return re.sub(r"\b1 (?=[a-zéû]+ \d{4})", "1er ", text)


def write(figure: Figure, period: Period, variant: Variant) -> str:
    """Write the value of `period` in French, with its unit; in plain signs when it leaves by SMS."""
    value = period.value
    if isinstance(value, date):
        return french_day(value)
    whole = float(value).is_integer()
    if figure.unit in {"EUR", "EUR_entier"}:
        digits = "#,##0" if figure.unit == "EUR_entier" or (whole and value >= 1000) else "#,##0.00"
        text: str = format_currency(value, "EUR", f"{digits}\u00a0¤", locale="fr", currency_digits=False)
        text = text.replace("\u202f", "\u00a0")
        return text.replace("€", "EUR") if variant == "sms" else text
    number: str = format_decimal(value, "#,##0.##", locale="fr").replace("\u202f", "\u00a0")
    suffix = _SUFFIX.get(figure.unit)
    return f"{number}\u00a0{suffix}" if suffix else number


def render(book: Book, id_: str, variant: Variant, today: date, values: Mapping[str, str] | None = None) -> Rendered:
    """Word the answer `id_` for `variant` as of `today`; raise KeyError when there is no such answer.

    `values` fill what the text names of the turn (`{commune}`: see CONTEXT), the book's `context` what it names of the service.
    When a figure that the text names has expired, or the answer has, the general text replaces it: never an old
    figure as today's. An expired answer that has no general text says when it was checked.
    """
    answer = book.answer(id_)
    text = answer.text(variant)
    expired = answer.expires_on < today

    def fill(match: re.Match[str]) -> str:
        nonlocal expired
        figure = book.figures.get(match[1])
        period = figure.on(today) if figure else None
        if figure is None or period is None:
            expired = True
            return "…"
        return write(figure, period, variant)

    filled = PLACEHOLDER.sub(fill, text)
    if expired:
        if answer.general:
            filled = answer.general
        else:
            checked = format_date(answer.verified_on, "d MMMM y", locale="fr")
            if variant == "sms":  # first: what ends a long text may wait for SUITE
                filled = f"Info du {answer.verified_on:%d/%m/%Y}, à confirmer : {filled}"
            else:
                filled = f"{filled}\nInformation vérifiée le {checked} : demandez confirmation avant d'agir."
    known = {**CONTEXT, **book.context, **(values or {})}
    filled = CONTEXT_PLACEHOLDER.sub(lambda match: known.get(match[1], match[0]), filled)
    if variant == "sms":
        filled = " ".join(filled.split())
    return Rendered(answer, filled, answer.sources, answer.verified_on, not expired)
