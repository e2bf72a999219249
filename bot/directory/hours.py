"""When is it open? Hours in OpenStreetMap's syntax, read by opening-hours-py, said in French as of a moment.

Europe/Paris, French public holidays: an office whose hours say nothing of them is taken as closed on these days.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

import opening_hours as osm

from bot.directory.model import Closure

PARIS = ZoneInfo("Europe/Paris")
#: Hours older than this are said with "en principe".
_OLD = timedelta(days=365)
#: Looking further ahead than this tells nobody when to come.
_HORIZON = timedelta(days=90)
_DAYS = ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche")
_CODES = dict(zip(("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su"), _DAYS, strict=True))
_MONTHS = "janvier février mars avril mai juin juillet août septembre octobre novembre décembre".split()
_MONTH_CODES = dict(zip("Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(), _MONTHS, strict=True))


@dataclass(frozen=True)
class Status:
    """`open` is None when it cannot be known; `text` says it in French, empty when there is nothing to say."""

    open: bool | None
    text: str


@lru_cache(maxsize=4096)
def parse(hours: str) -> Any | None:
    """Return the parsed hours (an `opening_hours.OpeningHours`), or None when they do not parse."""
    expression = hours if "PH" in hours or hours.strip() == "24/7" else f"{hours}; PH off"
    return osm.OpeningHours(expression, timezone=PARIS, country="FR") if osm.validate(expression) else None


def clock(moment: time) -> str:
    """Write an hour in French: "9 h", "13 h 30", "minuit"."""
    if moment.hour == 0 and moment.minute == 0:
        return "minuit"
    return f"{moment.hour} h" + (f" {moment.minute:02}" if moment.minute else "")


def day(one: date, year: bool = False) -> str:
    """Write a day in French: "1er mai", "24 novembre 2026" with its year."""
    return f"{'1er' if one.day == 1 else one.day} {_MONTHS[one.month - 1]}" + (f" {one.year}" if year else "")


def _when(then: datetime, now: datetime) -> str:
    """Say when `then` is, seen from `now`: "à 14 h", "demain à 9 h", "lundi à 9 h", "mardi 5 janvier à 9 h"."""
    days = (then.date() - now.date()).days
    if days == 0:
        return f"à {clock(then.time())}"
    if days == 1:
        return f"demain à {clock(then.time())}"
    name = _DAYS[then.weekday()]
    return f"{name}{'' if days < 7 else ' ' + day(then.date())} à {clock(then.time())}"


def _closed_on(one: date, closures: Iterable[Closure]) -> Closure | None:
    return next((closure for closure in closures if closure.debut <= one <= closure.fin), None)


def _opens(parsed: Any, closures: tuple[Closure, ...], now: datetime) -> datetime | None:
    """Return when it next opens after `now`, outside its closures, within the horizon."""
    at = now
    while at - now < _HORIZON:
        shut = _closed_on(at.date(), closures)
        if shut:
            at = datetime.combine(shut.fin + timedelta(days=1), time(), PARIS)
        elif parsed.is_open(at):
            return at
        else:
            following = parsed.next_change(at)
            if following is None:
                return None
            at = following
    return None


def status(hours: str | None, closures: tuple[Closure, ...], source_date: str | None, now: datetime) -> Status:
    """Say whether it is open at `now` (aware), until when, or when it opens next.

    Hours whose source is more than a year old, or has no date, are said "en principe".
    """
    now = now.astimezone(PARIS)
    shut = _closed_on(now.date(), closures)
    if shut:
        reason = f" ({shut.motif})" if shut.motif else ""
        return Status(False, f"fermé jusqu'au {day(shut.fin, year=shut.fin.year != now.year)} inclus{reason}")
    parsed = parse(hours) if hours else None
    if parsed is None or parsed.is_unknown(now):
        return Status(None, "")
    hedge = "" if _is_recent(source_date, now.date()) else "en principe "
    if parsed.is_open(now):
        until = parsed.next_change(now)
        if until is None:
            return Status(True, "ouvert jour et nuit")
        if until.date() > now.date() and until.time() != time():
            return Status(True, f"{hedge}ouvert maintenant")
        return Status(True, f"{hedge}ouvert maintenant, jusqu'à {clock(until.time())}")
    opens = _opens(parsed, closures, now)
    return Status(False, f"fermé, {hedge}ouvre {_when(opens, now)}" if opens else "fermé")


def _is_recent(source_date: str | None, today: date) -> bool:
    if not source_date:
        return False
    year, month, of_month = (*map(int, source_date.split("-")), 1, 1)[:3]
    return today - date(year, month, of_month) <= _OLD


def of_place(shown: Mapping[str, Any], now: datetime) -> Status:
    """Say whether a place, as the chat API shows it, is open at `now` (aware)."""
    closures = tuple(
        Closure(date.fromisoformat(one["from"]), date.fromisoformat(one["until"]), one["reason"])
        for one in shown.get("closures") or ()
    )
    return status(shown.get("opening_hours"), closures, shown.get("hours_date", shown.get("source_date")), now)


def is_open_within(hours: str | None, closures: tuple[Closure, ...], start: datetime, end: datetime) -> bool:
    """Tell whether it is open at some moment from `start` to `end` (aware); False when its hours are unknown."""
    parsed = parse(hours) if hours else None
    if parsed is None:
        return False
    opens = _opens(parsed, closures, start.astimezone(PARIS))
    return opens is not None and opens < end


def in_french(hours: str) -> str:
    """Write hours in French: "lundi à vendredi 9 h à 12 h et 14 h à 17 h"; what is not understood stays as it is."""
    if hours.strip() == "24/7":
        return "jour et nuit, tous les jours"
    text = re.sub(r'"([^"]*)"', r"(\1)", hours)
    text = re.sub(r"\bPH off\b", "fermé les jours fériés", text).replace(" off", " fermé")
    text = re.sub(r"\b([A-Z][a-z])\[([\d,]+)\]", lambda m: f"{_ranks(m[2])} {_CODES.get(m[1], m[1])} du mois", text)
    text = re.sub(
        r"(\d\d):(\d\d)-(\d\d):(\d\d)",
        lambda m: f"{clock(time(int(m[1]), int(m[2])))} à {clock(time(int(m[3]) % 24, int(m[4])))}",
        text,
    )
    text = re.sub(r"(?<=[\dht]),(?=\d)", " et ", text)
    text = re.sub(r"\b([A-Z][a-z])-([A-Z][a-z])\b", _day_range, text)
    text = re.sub(r"\b([A-Z][a-z]{1,2})\b", lambda m: _CODES.get(m[1]) or _MONTH_CODES.get(m[1]) or m[1], text)
    return re.sub(r"\s+", " ", re.sub(r",(?=\S)", ", ", text).replace("; ", " ; ")).strip()


def _day_range(match: "re.Match[str]") -> str:
    first, last = _CODES.get(match[1]), _CODES.get(match[2])
    return f"{first} à {last}" if first and last else match[0]


def _ranks(numbers: str) -> str:
    written = ["1er" if number == "1" else f"{number}e" for number in numbers.split(",")]
    return " et ".join([", ".join(written[:-1]), written[-1]] if len(written) > 1 else written)
