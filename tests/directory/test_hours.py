"""Tests for bot.directory.hours and when: what is said of opening hours, at a moment that stands still."""

from datetime import date, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from bot.directory import hours
from bot.directory.hours import PARIS
from bot.directory.model import Closure
from bot.directory.when import asked_opening

OFFICE = "Mo-Fr 09:00-12:00,13:30-17:00"
RECENT = "2026-06-01"


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=PARIS)


@pytest.mark.parametrize(
    ("moment", "is_open", "text"),
    [
        ("2026-11-24T10:00", True, "ouvert maintenant, jusqu'à 12 h"),
        ("2026-11-24T12:00", False, "fermé, ouvre à 13 h 30"),
        ("2026-11-24T07:59", False, "fermé, ouvre à 9 h"),
        ("2026-11-24T18:00", False, "fermé, ouvre demain à 9 h"),
        ("2026-11-27T18:00", False, "fermé, ouvre lundi à 9 h"),
        ("2026-12-24T18:00", False, "fermé, ouvre lundi à 9 h"),  # Christmas is a Friday
        ("2026-12-25T10:00", False, "fermé, ouvre lundi à 9 h"),
        ("2027-03-28T10:00", False, "fermé, ouvre mardi à 9 h"),  # Easter; the clock changes too
        ("2026-10-25T02:30", False, "fermé, ouvre demain à 9 h"),  # the hour that comes twice
    ],
)
def test_status(moment: str, is_open: bool, text: str) -> None:
    """An office is said open, or when it opens next, past lunch, nights, week-ends, holidays and changes of clock."""
    assert hours.status(OFFICE, (), RECENT, at(moment)) == hours.Status(is_open, text)


def test_a_moment_in_another_zone_is_the_same_moment() -> None:
    """Nine in the evening in Tokyo is one in the afternoon in Béziers."""
    assert not hours.status(OFFICE, (), RECENT, datetime.fromisoformat("2026-11-24T21:00:00+09:00")).open


@pytest.mark.parametrize("source_date", ["2024-08-01", "2024", None])
def test_old_hours_are_hedged(source_date: str | None) -> None:
    """Hours of more than a year, or without a date, are said « en principe »."""
    assert (
        hours.status(OFFICE, (), source_date, at("2026-11-24T10:00")).text
        == "en principe ouvert maintenant, jusqu'à 12 h"
    )


def test_closure() -> None:
    """A temporary closure wins over the hours, and says until when and why; the day after, the hours hold again."""
    works = (Closure(date(2026, 11, 23), date(2027, 1, 3), "travaux"),)
    shut = hours.status(OFFICE, works, RECENT, at("2026-11-24T10:00"))
    assert shut == hours.Status(False, "fermé jusqu'au 3 janvier 2027 inclus (travaux)")
    assert hours.status(OFFICE, works, RECENT, at("2027-01-04T10:00")).open


def test_closed_tomorrow_by_a_closure() -> None:
    """The next opening is looked for beyond a closure that has not begun."""
    works = (Closure(date(2026, 11, 25), date(2026, 11, 25), "inventaire"),)
    assert hours.status(OFFICE, works, RECENT, at("2026-11-24T18:00")).text == "fermé, ouvre jeudi à 9 h"


@pytest.mark.parametrize(
    ("written", "moment", "text"),
    [
        ("24/7", "2026-11-24T03:00", "ouvert jour et nuit"),
        ("Mo[1,3] 09:00-12:00", "2026-11-24T10:00", "fermé, ouvre lundi 7 décembre à 9 h"),
        ("Fr 18:00-24:00", "2026-11-27T20:00", "ouvert maintenant, jusqu'à minuit"),
        ("Fr 20:00-02:00", "2026-11-27T23:00", "ouvert maintenant"),
        ("Mo-Fr off", "2026-11-24T10:00", "fermé"),
    ],
)
def test_other_hours(written: str, moment: str, text: str) -> None:
    """Round the clock, the first and third Mondays, past midnight, never."""
    assert hours.status(written, (), RECENT, at(moment)).text == text


@pytest.mark.parametrize(
    "written", [None, "", "lundi 9h", "sur rendez-vous", "Mo-Fr 25:99", "x" * 5000, "Mo 09:00-12:00;;;"]
)
def test_unknown_hours_say_nothing(written: str | None) -> None:
    """Hours that do not parse are no reason to say open or closed."""
    assert hours.status(written, (), RECENT, at("2026-11-24T10:00")) == hours.Status(None, "")


@pytest.mark.parametrize(
    ("osm", "french"),
    [
        ("Mo-Fr 09:45-12:15,13:30-16:00", "lundi à vendredi 9 h 45 à 12 h 15 et 13 h 30 à 16 h"),
        ("Mo 09:00-12:00; Tu,We 14:00-17:00", "lundi 9 h à 12 h ; mardi, mercredi 14 h à 17 h"),
        ("Mo[2,4] 14:00-17:00", "2e et 4e lundi du mois 14 h à 17 h"),
        ("Mo-Fr 09:00-17:00; PH off", "lundi à vendredi 9 h à 17 h ; fermé les jours fériés"),
        ("24/7", "jour et nuit, tous les jours"),
        ("sur rendez-vous", "sur rendez-vous"),
    ],
)
def test_in_french(osm: str, french: str) -> None:
    """Hours read in French; what is not in the syntax is left as it is."""
    assert hours.in_french(osm) == french


@pytest.mark.parametrize(
    ("text", "said", "start", "end"),
    [
        ("une france services ouverte maintenant ?", "maintenant", "2026-11-24T18:00", "2026-11-24T18:01"),
        ("c'est ouvert aujourd'hui ?", "aujourd'hui", "2026-11-24T18:00", "2026-11-25T00:00"),
        ("ouvert demain matin", "demain", "2026-11-25T00:00", "2026-11-26T00:00"),
        ("laquelle est ouverte le samedi", "le samedi", "2026-11-28T00:00", "2026-11-29T00:00"),
        ("ouvert le mardi", "le mardi", "2026-11-24T18:00", "2026-11-25T00:00"),
    ],
)
def test_asked_opening(text: str, said: str, start: str, end: str) -> None:
    """The time at which a place should be open, seen from a Tuesday evening."""
    opening = asked_opening(text, at("2026-11-24T18:00"))
    assert opening
    assert (opening.said, opening.start, opening.end) == (said, at(start), at(end))


@pytest.mark.parametrize("text", ["une france services à Lunel", "j'ai ouvert un compte", "demain je déménage à Sète"])
def test_no_opening_asked(text: str) -> None:
    """A message that wants no particular time filters nothing."""
    assert asked_opening(text, at("2026-11-24T18:00")) is None


def test_opening_holds() -> None:
    """On a Saturday only the place that opens on Saturdays is kept; unknown hours are not."""
    opening = asked_opening("ouvert samedi", at("2026-11-24T18:00"))
    assert opening

    def place(written: str | None) -> Any:
        return SimpleNamespace(opening_hours=written, closures=())

    assert opening.holds(place("Mo-Sa 09:00-12:00"))
    assert not opening.holds(place(OFFICE))
    assert not opening.holds(place(None))
