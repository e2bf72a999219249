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
    assert re.findall(r"(?:^| )(\d) France services", message) == ["1", "2", "3"]
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
