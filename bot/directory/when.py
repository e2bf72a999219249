"""Does somebody ask for a place that is open at some time? "ouvert maintenant", "ouvre le samedi", "ouvert demain"."""

import re
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from bot.directory import hours
from bot.directory.search import Place
from bot.text import normalise

_OPEN = re.compile(r"\b(?:ouverte?s?|ouvrent?|ouverture|ouver)\b")
_WEEKDAYS = ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche")
_NOW = re.compile(r"\b(?:maintenant|tout de suite|en ce moment|la tout de suite|a cette heure|actuellement)\b")
_TODAY = re.compile(r"\b(?:aujourd hui|ce jour|ce matin|cet apres midi|ce soir)\b")
_TOMORROW = re.compile(r"\bdemain\b")
_DAY = re.compile(rf"\b({'|'.join(_WEEKDAYS)})s?\b")


@dataclass(frozen=True)
class Opening:
    """A span of time in which a place should be open; `said` names it in French ("le samedi")."""

    start: datetime
    end: datetime
    said: str

    def holds(self, place: Place) -> bool:
        """Tell whether `place` is open at some moment of the span, by its hours."""
        return hours.is_open_within(place.opening_hours, place.closures, self.start, self.end)


def asked_opening(text: str, now: datetime) -> Opening | None:
    """Return the time at which `text` wants a place to be open, seen from `now` (aware), or None when it does not say."""
    said = normalise(text)
    if not _OPEN.search(said):
        return None
    midnight = datetime.combine(now.date() + timedelta(days=1), time(), now.tzinfo)
    if _NOW.search(said):
        return Opening(now, now + timedelta(minutes=1), "maintenant")
    if _TODAY.search(said):
        return Opening(now, midnight, "aujourd'hui")
    if _TOMORROW.search(said):
        return Opening(midnight, midnight + timedelta(days=1), "demain")
    if named := _DAY.search(said):
        days = (_WEEKDAYS.index(named[1]) - now.weekday()) % 7
        start = now if days == 0 else midnight + timedelta(days=days - 1)
        return Opening(start, midnight + timedelta(days=days), f"le {named[1]}")
    return None
