"""Tests for how a page shows places: what is needed to go there, as of the moment of reading."""

from datetime import datetime
from html import unescape
from typing import Any

import pytest

from bot import identity
from bot.answers import LiveBook
from bot.directory.hours import PARIS
from bot.web.preferences import Preferences
from bot.web.render import Pages, french_date

PLACE: dict[str, Any] = {
    "name": "France services <Lunel>", "kind": "france_services", "address": "84 rue de la Libération", "postcode": "34400", "city": "Lunel",
    "phone": "04 67 71 48 50", "opening_hours": "Mo-Fr 09:00-12:00", "hours": "lundi à vendredi 9 h à 12 h", "open": True, "opening": "ouvert maintenant",
    "closures": [], "access": "Sur rendez-vous.", "distance_km": 3.2, "approximate": False, "url": "https://www.france-services.gouv.fr/",
    "source": "ANCT", "source_date": "2026-08-01",
}  # fmt: skip


def shown(place: dict[str, Any], moment: str = "2026-11-24T10:00") -> str:
    """Return the HTML of a turn that shows `place`, read at `moment`."""
    pages = Pages(LiveBook(), lambda: datetime.fromisoformat(moment).replace(tzinfo=PARIS), identity.load())
    message = {
        "text": "Voici.",
        "choices": [],
        "places": [place],
        "links": [],
        "sources": [],
        "verified_on": None,
        "urgent": False,
    }
    html = pages.render(
        "turn.html",
        turn={"asked": "où", "messages": [message]},
        conversation="x",
        preferences=Preferences(),
        erased=False,
    )
    return unescape(html).replace("\u00a0", " ")


def test_what_is_needed_to_go() -> None:
    """Address, number to press, distance, state, hours, conditions, source and date; nothing is markup of the data's own."""
    html = shown(PLACE)
    for words in ("84 rue de la Libération, 34400 Lunel", 'href="tel:0467714850"', "à 3,2 km", "Ouvert maintenant, jusqu'à 12 h.", "lundi à vendredi 9 h à 12 h", "Sur rendez-vous.", "Source : ANCT, 1er août 2026"):  # fmt: skip
        assert words in html
    assert "<Lunel>" in html  # unescaped by the test: the page itself holds &lt;Lunel&gt;


def test_open_as_of_the_reading() -> None:
    """A conversation read again in the evening says closed, though the answer was given when it was open."""
    assert "Fermé, ouvre demain à 9 h." in shown(PLACE, "2026-11-24T20:00")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"approximate": True}, "à environ 3,2 km"),
        ({"approximate": True, "distance_km": 0.0}, "dans la commune"),
        ({"source_date": None}, "Source : ANCT, sans date"),
        ({"source_date": "2024"}, "Source : ANCT, 2024"),
        (
            {"closures": [{"from": "2026-12-24", "until": "2027-01-02", "reason": "congés"}]},
            "Fermeture du 24 décembre 2026 au 2 janvier 2027 : congés",
        ),
    ],
)
def test_nuances(changes: dict[str, Any], words: str) -> None:
    """What is only about there, undated or closed for a while says so."""
    assert words in shown({**PLACE, **changes})


def test_from_afar_has_no_distance() -> None:
    """A telephone service shows no distance and no empty address."""
    html = shown({**PLACE, "distance_km": None, "address": "", "postcode": "", "city": ""})
    assert " km" not in html
    assert "<br> " not in html


def test_details() -> None:
    """The place that was chosen shows its e-mail, its site and its fees."""
    details: dict[str, Any] = {
        "email": "a@b.fr",
        "description": "Un lieu.",
        "fees": "gratuit",
        "publics": [],
        "accessibility": None,
        "source_url": None,
        "licence": "Licence Ouverte",
    }
    html = shown({**PLACE, "details": details})
    for words in ("mailto:a@b.fr", "Un lieu.", "Gratuit.", "Licence des données : Licence Ouverte"):
        assert words in html


def test_a_place_kept_by_an_older_version() -> None:
    """A conversation kept before an upgrade, whose places have fewer fields, is still shown."""
    old = {key: PLACE[key] for key in ("name", "kind", "address", "postcode", "city", "phone", "opening_hours", "distance_km", "url", "source", "source_date")}  # fmt: skip
    assert "à 3,2 km" in shown(old)


@pytest.mark.parametrize(
    ("iso", "french"), [("2024-08-01", "1er août 2024"), ("2024-08", "août 2024"), ("2024", "2024")]
)
def test_french_date(iso: str, french: str) -> None:
    """A date is written as precisely as it is known."""
    assert french_date(iso) == french
