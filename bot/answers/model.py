"""The shapes of what is written in `data/answers`, `data/figures` and `data/numbers.yml`."""

from dataclasses import dataclass
from datetime import date
from typing import Literal

#: How an answer can be worded: on the web, on the web in simple language, by SMS.
Variant = Literal["standard", "simple", "sms"]
VARIANTS: tuple[Variant, ...] = ("standard", "simple", "sms")

#: What a figure counts; decides how it is written in French.
UNITS = frozenset({"EUR", "EUR_entier", "heures", "pourcent", "date", "jours", "mois", "ans", "nombre"})


@dataclass(frozen=True)
class Where:
    """The place of something in a data file, for messages that a content editor can follow."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


@dataclass(frozen=True)
class Source:
    """Where a fact comes from."""

    title: str
    url: str


@dataclass(frozen=True)
class Link:
    """A site where the person can act."""

    label: str
    url: str


@dataclass(frozen=True)
class Period:
    """The value of a figure from one day to another, both included; `valid_until` None when no end is known."""

    value: float | date
    valid_from: date
    valid_until: date | None

    def covers(self, day: date) -> bool:
        """Tell whether the value holds on `day`."""
        return self.valid_from <= day and (self.valid_until is None or day <= self.valid_until)


@dataclass(frozen=True)
class Figure:
    """An amount, threshold or date that changes one day, with its source."""

    id: str
    meaning: str
    unit: str
    source: Source
    periods: tuple[Period, ...]
    where: Where

    def on(self, day: date) -> Period | None:
        """Return the period that covers `day`, the latest when two do, or None."""
        covering = [period for period in self.periods if period.covers(day)]
        return max(covering, key=lambda period: period.valid_from) if covering else None


@dataclass(frozen=True)
class Number:
    """A telephone number that answers may give."""

    number: str
    name: str
    hours: str | None
    source: Source
    source_date: str
    confidence: str
    where: Where


@dataclass(frozen=True)
class Answer:
    """What we say under one id.

    `general` is a text true at any date, used when a figure has expired. `reports_as` is the catalogue id that the
    chat API names when the answer's own id is not in the catalogue.
    """

    id: str
    theme: str
    label: str
    standard: str
    simple: str
    sms: str
    general: str | None
    sources: tuple[Source, ...]
    verified_on: date
    expires_on: date
    choices: tuple[str, ...]
    lookup: tuple[str, ...]
    links: tuple[Link, ...]
    reports_as: str
    where: Where

    def text(self, variant: Variant) -> str:
        """Return the text of `variant` as written, figures unfilled."""
        return {"standard": self.standard, "simple": self.simple, "sms": self.sms}[variant]
