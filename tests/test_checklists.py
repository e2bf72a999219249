"""Tests for the papers to bring: nothing without a source and a date, and a check that sees what is wrong."""

from datetime import date
from typing import Any

import pytest
import yaml

from bot import checklists, subjects
from bot.answers import load
from bot.paths import ROOT
from tests.clock import TODAY

PICTURES = subjects.drawn(ROOT / "bot" / "web" / "static" / "pictures.svg")
ANSWERS = set(load().answers)
GOOD = {
    "id": "essai",
    "title": "Une démarche",
    "picture": "maison",
    "answers": ["rsa_demande"],
    "items": [{"words": "Un papier"}],
    "sources": [{"title": "Une source", "url": "https://exemple.fr"}],
    "verified_on": date(2026, 1, 1),
    "expires_on": date(2027, 1, 1),
}


def _read(tmp_path: Any, *lists: dict[str, Any]) -> checklists.Checklists:
    path = tmp_path / "checklists.yml"
    path.write_text(yaml.safe_dump(list(lists)), encoding="utf-8")
    return checklists.read(path)


def test_checked() -> None:
    """The real file passes, and nothing in it is to be read again on the day of the tests."""
    assert checklists.check(checklists.load(), ANSWERS, PICTURES, TODAY) == []


def test_steps_that_people_ask_for() -> None:
    """The steps named by the issue have their list."""
    wanted = "rsa_demande droits_c2s droits_domiciliation droits_logement droits_handicap emploi_france_travail pmi_consultation droits_ame"
    for answer in wanted.split():
        assert checklists.load().of([answer]), answer


def test_cerfa_numbers_are_those_of_the_answers() -> None:
    """A form's number is written in a list only if the answers or the list's own sources give it."""
    said = (
        " ".join(one.standard + one.simple for one in load().answers.values()) + "12504"
    )  # complementaire-sante: facts
    for one in checklists.load().lists:
        for item in one.items:
            for number in (word for word in item.words.replace("*", " ").split() if word.isdigit() and len(word) == 5):
                assert number in said, item.words


def test_each_list_once_in_order() -> None:
    """Two answers that lead to the same list give it once, in the order of the answers."""
    found = checklists.load().of(["droits_logement", "droits_assistante_sociale", "rsa_demande"])
    assert [one.id for one in found] == ["assistante-sociale", "logement-social", "cheque-energie", "rsa"]


@pytest.mark.parametrize(
    ("change", "level", "said"),
    [
        ({"answers": ["zzz"]}, "error", "« zzz »"),
        ({"picture": "dragon"}, "error", "« dragon »"),
        ({"expires_on": date(2025, 1, 1)}, "error", "périme avant"),
        ({"expires_on": date(2026, 2, 1)}, "expired", "à relire depuis le 01/02/2026"),
    ],
)
def test_faults_are_seen(change: dict[str, Any], level: str, said: str, tmp_path: Any) -> None:
    """Each kind of fault is told, with its level."""
    found = checklists.check(_read(tmp_path, {**GOOD, **change}), ANSWERS, PICTURES, TODAY)
    assert any(one == level and said in words for one, words in found)


def test_same_id_twice(tmp_path: Any) -> None:
    """Two lists of one id are refused."""
    assert checklists.check(_read(tmp_path, GOOD, GOOD), ANSWERS, PICTURES, TODAY)


@pytest.mark.parametrize("missing", ["sources", "verified_on", "expires_on", "items", "answers"])
def test_no_list_without_source_or_date(missing: str, tmp_path: Any) -> None:
    """A list without its source, its date, its papers or its answers cannot be read."""
    with pytest.raises(checklists.ChecklistsError):
        _read(tmp_path, {key: value for key, value in GOOD.items() if key != missing})
    with pytest.raises(checklists.ChecklistsError):
        _read(tmp_path, {**GOOD, missing: []})
