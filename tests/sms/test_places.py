"""Tests for bot.sms.places: every list of places fits in two messages, and keeps what is needed to act."""

import re
from datetime import datetime
from typing import Any

import pytest

from bot.assistant import _dated
from bot.directory import communes, database, records, search
from bot.directory.hours import PARIS
from bot.directory.search import Directory
from bot.sms.reply import compose
from bot.sms.text import SEPTETS, Parts, septets

NOW = datetime(2026, 11, 24, 10, 0, tzinfo=PARIS)


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Directory:
    path = tmp_path_factory.mktemp("directory") / "directory.sqlite"
    database.build(path, records.read()[0], "test")
    return search.load(path)


def shown(directory: Directory, kind: str, insee: str) -> list[dict[str, Any]]:
    commune = communes.load().by_insee[insee]
    found = directory.nearest([kind], (commune.latitude, commune.longitude)) + directory.from_afar([kind], commune)
    return [_dated(one.public(), NOW) for one in found]


def told(text: str, places: list[dict[str, Any]], more: bool = False) -> Parts:
    choices = [{"label": "D'autres lieux", "value": "D'autres lieux"}] if more else []
    return compose([{"text": text, "places": places, "choices": choices, "urgent": False}])


@pytest.mark.parametrize("kind", ["france_services", "france_travail", "ccas", "caf", "violences", "mission_locale"])
def test_every_list_is_whole(directory: Directory, kind: str) -> None:
    """From communes all over the Hérault, each place is told with its phone, in two messages, or in what SUITE gives."""
    for insee in list(communes.load().by_insee)[::20]:
        places = shown(directory, kind, insee)
        if not places:
            continue
        message = told(f"{kind}, près de chez vous (téléphonez avant) :", places, more=True)
        assert len(message.now) <= 2
        assert all(septets(part) <= SEPTETS for part in message.now)
        assert re.sub(r"\s", "", places[0]["phone"] or "") in " ".join(message.now)
        everything = " ".join((*message.now, message.later))
        for place in places:
            assert re.sub(r"\s", "", place["phone"] or "") in everything


def test_three_places_and_the_way_to_more(directory: Directory) -> None:
    """Around Lunel three places are numbered, each with its phone unbroken and its distance, then SUITE."""
    message = " ".join(told("France services :", shown(directory, "france_services", "34145"), more=True).now)
    assert re.findall(r" (\d) [A-Z]", message) == ["1", "2", "3"]
    assert "1 Lunel, " in message
    assert len(re.findall(r"\b0\d{9}\b", message)) == 3
    assert message.count(" km") == 3
    assert message.endswith("SUITE : d'autres lieux")


def test_details_of_one(directory: Directory) -> None:
    """The place chosen is told with its hours."""
    found = directory.structure("france-services-lunel", "france_services")
    assert found
    message = told("En détail :", [_dated(found.public(details=True), NOW)])
    assert "0467714850" in message.now[0]
    assert "13h15" in " ".join(message.now)
    assert len(message.now) <= 2


def test_details_are_shortened_before_they_wait(directory: Directory) -> None:
    """Days and spans are written short when the whole does not fit; no place to go is left for SUITE."""
    found = directory.structure("france-services-agde-2", "france_services", (43.61, 3.87))
    assert found
    message = told("En détail :", [_dated(found.public(details=True), NOW)])
    said = " ".join(message.now)
    assert "0467010793" in said
    assert "jeu, ven 9h-12h et 14h-17h" in said
    assert message.later.endswith("(source ANCT 2024)")


def test_a_place_closed_says_so(directory: Directory) -> None:
    """Works, a holiday: told before the hours, which do not hold then."""
    found = directory.structure("france-services-lunel", "france_services")
    assert found
    closed = {"from": "2026-11-20", "until": "2026-12-04", "reason": "travaux"}
    message = told("En détail :", [_dated({**found.public(details=True), "closures": [closed]}, NOW)])
    said = " ".join(message.now)
    assert "Fermé jusqu'au 4 décembre inclus (travaux)" in said
    assert said.index("Fermé") < said.index("13h15")


def test_no_place_is_left_out() -> None:
    """Names too long for two messages: the last ones wait, numbered as they are answered."""
    place = {"kind": "ccas", "address": "", "city": "", "phone": "0467676767", "distance_km": None, "source": "essai"}
    message = told("CCAS :", [{**place, "name": f"{'Nom sans fin ' * 8}{number}"} for number in range(1, 5)], more=True)
    assert len(message.now) == 2
    assert message.later.endswith("SUITE : d'autres lieux")
    assert re.findall(r"\d(?=, 0467676767)", " ".join((*message.now, message.later))) == ["1", "2", "3", "4"]


def test_the_kind_is_not_said_again() -> None:
    """ "France services : 1 Lunel", but a place of another kind keeps its name."""
    place = {"address": "", "city": "", "phone": "3646", "distance_km": None, "source": "essai"}
    names = [
        ("france_services", "France services de Lunel"),
        ("mda", "MDA de Lunel"),
        ("france_services", "Bus France services"),
    ]
    message = told("France services :", [{**place, "kind": kind, "name": name} for kind, name in names])
    assert re.findall(r"\d ([^,]+), 3646", message.now[0]) == ["Lunel", "MDA de Lunel", "Bus France services"]
    names = [("caf", "CAF de l'Hérault — site de Béziers"), ("caf", "Caf de l'Hérault, par téléphone")]
    message = told("Caf, près de Sète :", [{**place, "kind": kind, "name": name} for kind, name in names])
    assert re.findall(r"\d ([^,]+), 3646", message.now[0]) == ["Site de Béziers", "Par téléphone"]


def test_a_town_is_said_once() -> None:
    """A hyphen more or less does not make another town."""
    place = {"kind": "france_services", "address": "", "phone": "3646", "distance_km": None, "source": "essai"}
    message = told("Lieu :", [{**place, "name": "France services La Grande Motte", "city": "La Grande-Motte"}])
    assert message.now[0].lower().count("motte") == 1
