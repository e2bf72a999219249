"""Tests for bot.sms.places: every list of places fits in two messages, and keeps what is needed to act."""

import re
from datetime import datetime
from typing import Any

import pytest
import smsutil

from bot.assistant import _dated
from bot.directory import communes, database, records, search
from bot.directory.hours import PARIS
from bot.directory.search import Directory
from bot.sms.places import with_places
from bot.sms.text import parts

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


@pytest.mark.parametrize("kind", ["france_services", "france_travail", "ccas", "caf", "violences", "mission_locale"])
def test_every_list_fits(directory: Directory, kind: str) -> None:
    """From communes all over the Hérault, the list is GSM-7, two messages at most, and names its first place with its phone."""
    for insee in list(communes.load().by_insee)[::20]:
        places = shown(directory, kind, insee)
        if not places:
            continue
        message = with_places(f"{kind}, près de chez vous (téléphonez avant) :", places, more=True)
        assert parts(message) <= 2
        assert all(smsutil.is_valid_gsm(letter) for letter in message)
        phone = re.sub(r"\s", "", places[0]["phone"] or "")
        assert phone in message


def test_three_places_and_the_way_to_more(directory: Directory) -> None:
    """Around Lunel three places are numbered, each with its phone unbroken and its distance, then SUITE."""
    message = with_places("France services :", shown(directory, "france_services", "34145"), more=True)
    assert re.findall(r"(?:^| )(\d) France services", message) == ["1", "2", "3"]
    assert len(re.findall(r"\b0\d{9}\b", message)) == 3
    assert message.count(" km") == 3
    assert "SUITE" in message


def test_details_of_one(directory: Directory) -> None:
    """The place chosen is told with its hours."""
    found = directory.structure("france-services-lunel", "france_services")
    assert found
    message = with_places("En détail :", [_dated(found.public(details=True), NOW)], more=False)
    assert "0467714850" in message
    assert "13h15" in message
    assert parts(message) <= 2


def test_no_place_is_only_the_text() -> None:
    """Without places the text stays alone."""
    assert with_places("Rien.", [], more=False) == "Rien."
