"""Tests for the sheet of what was found: what it holds, in which order, what it leaves out and says so."""

import itertools
from datetime import date
from typing import Any

import pytest

from bot import checklists
from bot.answers import load
from bot.check import NOT_SUBJECTS
from bot.web import sheet
from tests.clock import TODAY

BOOK = load()
LISTS = checklists.load()
PLACE = {
    "name": "France services",
    "address": "1 rue de la Paix",
    "postcode": "34390",
    "city": "Olargues",
    "phone": "04 67 00 00 00",
    "hours": "lundi 9 h à 12 h",
    "source": "ANCT",
}


def turn(asked: str, *ids: str, places: int = 0, urgent: bool = False) -> dict[str, Any]:
    """One turn of a conversation, as it is kept."""
    listed = [{**PLACE, "name": f"France services {n}"} for n in range(places)]
    return {"asked": asked, "messages": [{"id": id_, "places": listed, "urgent": urgent} for id_ in ids]}


def found(*turns: dict[str, Any], words: bool = False, today: date = TODAY) -> list[sheet.Subject]:
    """The subjects of these turns."""
    return sheet.found(turns, BOOK, LISTS, today, words)


def test_each_subject_once_danger_first() -> None:
    """A subject asked about twice is there once; danger comes before the rest, which keeps its order."""
    subjects = found(
        turn("combien", "rsa_montant"),
        turn("et la mutuelle", "droits_c2s"),
        turn("combien", "rsa_montant"),
        turn("il me frappe", "violences_conjugales", urgent=True),
    )
    assert [one.answer.id for one in subjects] == ["violences_conjugales", "rsa_montant", "droits_c2s"]
    assert [one.urgent for one in subjects] == [True, False, False]


def test_simple_words_of_the_day() -> None:
    """The text is the simple one, with the figures of the day; an expired one gives its general sentence."""
    [today] = found(turn("x", "rsa_montant"))
    assert "651,69" in today.text
    [later] = found(turn("x", "rsa_montant"), today=date(2028, 1, 1))
    assert "651,69" not in later.text
    assert "3230" in later.text


def test_places_go_with_their_subject() -> None:
    """Places found after an answer go with it, the nearest two, each once; messages about the conversation are not subjects."""
    subjects = found(
        turn("x", "rsa_demande"), turn("à Olargues", "lieux_proches", places=3), turn("merci", "remercier")
    )
    assert [one.answer.id for one in subjects] == ["rsa_demande"]
    assert [place["name"] for place in subjects[0].places] == ["France services 0", "France services 1"]


def test_words_only_when_wanted() -> None:
    """What the person wrote is not on the sheet unless she wants it."""
    assert found(turn("mes mots", "rsa_demande"))[0].asked == ""
    assert found(turn("mes mots", "rsa_demande"), words=True)[0].asked == "mes mots"


def test_usual_session_fits() -> None:
    """Three subjects, one with places and papers, fit; what does not fit is named, never cut."""
    usual = found(
        turn("x", "droits_soins"),
        turn("x", "rsa_versement"),
        turn("x", "rsa_demande"),
        turn("x", "lieux_proches", places=2),
    )
    assert sheet.make(usual, None).left_out == ()
    long = found(*(turn("x", one.id) for one in BOOK.answers.values() if one.theme == "droits"))
    made = sheet.make(long, None)
    assert made.left_out
    assert len(made.subjects) + len(made.left_out) == len(long)
    assert sum(one.lines for one in made.subjects) <= sheet.ROOM


def test_chosen_subjects() -> None:
    """Subjects that are not wanted leave their room to the others, and can be chosen again."""
    made = sheet.make(found(turn("x", "rsa_demande"), turn("x", "droits_c2s")), {"droits_c2s"})
    assert [one.answer.id for one in made.subjects] == ["droits_c2s"]
    assert [one.answer.id for one in made.unwanted] == ["rsa_demande"]
    assert len(made.all) == 2


@pytest.mark.parametrize(
    ("text", "flowed"),
    [
        ("Une phrase.\nUne autre.", "Une phrase. Une autre."),
        ("Voici :\n- un\n- deux\n\nPuis ?\nOui.", "Voici\u00a0:\n- un\n- deux\n\nPuis\u00a0? Oui."),
        ("1. un\n2. deux", "1. un\n2. deux"),
    ],
)
def test_flowing(text: str, flowed: str) -> None:
    """Sentences written a line each become a paragraph; lists stay lists."""
    assert sheet.flowing(text) == flowed


def test_every_answer_has_its_code() -> None:
    """Each answer leads to an official page, whose code is drawn here: an SVG, with no address in it."""
    for answer in BOOK.answers.values():
        if answer.theme in NOT_SUBJECTS:
            continue
        assert sheet.official(answer).startswith("http"), answer.id
    code = sheet.qr("https://www.caf.fr")
    assert code.startswith("<svg")
    assert "style=" not in code
    assert "caf.fr" not in code


def test_every_pair_is_reckoned() -> None:
    """Any answer alone fits in the room that is reckoned; so that a sheet is never empty for want of room."""
    alone = {
        one.id: found(turn("x", one.id))[0].lines for one in BOOK.answers.values() if one.theme not in NOT_SUBJECTS
    }
    assert max(alone.values()) <= sheet.ROOM
    fitting = [a + b <= sheet.ROOM for a, b in itertools.combinations(alone.values(), 2)]
    assert all(fitting)
