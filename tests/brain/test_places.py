"""Tests for bot.brain.places and for the actions that look for a place, inside Rasa's environment."""

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from rasa.shared.nlu.constants import INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa_sdk import Tracker
from rasa_sdk.executor import CollectingDispatcher

from actions.lookup import Autour, Chercher, DonnerCommune, Suite, say_places
from bot.brain.places import PlaceReader
from bot.brain.reader import FrenchReader
from bot.directory import communes
from bot.directory.database import build
from bot.directory.hours import PARIS
from bot.directory.model import Service, Structure
from bot.directory.when import asked_opening


def understood(text: str, intent: str) -> str:
    """Return the intent that the rules leave to `text`, which the classifier took for `intent`."""
    (message,) = FrenchReader().process([Message({TEXT: text, INTENT: {"name": intent, "confidence": 0.6}})])
    return str(PlaceReader().process([message])[0].get(INTENT)["name"])


@pytest.mark.parametrize(
    ("text", "intent", "expected"),
    [
        ("c'est où la caf à Sète ?", "contacter_caf", "chercher_structure"),
        ("france services bédarieux", "numerique_aide", "chercher_structure"),
        ("pardon, Béziers", "reformuler", "donner_commune"),
        ("la caf de Béziers a coupé mon rsa", "rsa_sanction", "rsa_sanction"),
        ("où faire peser mon bébé à Béziers", "pmi_consultation", "pmi_consultation"),
        ("c'est où la caf", "contacter_caf", "contacter_caf"),
    ],
)
def test_rules(text: str, intent: str, expected: str) -> None:
    """A place by its name near a commune is looked for, a commune alone is noted, the rest is the classifier's."""
    assert understood(text, intent) == expected


@pytest.fixture(autouse=True)
def embedded(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The embedded places answer: there is no directory file."""
    monkeypatch.setenv("DIRECTORY_PATH", str(tmp_path / "absent.sqlite"))


def turn(action: Any, text: str, held: str | None = None, before: Any = (), **entities: Any) -> list[dict[str, Any]]:
    """Run an action on `text`, after what the bot said `before`; return what it says."""
    latest = {
        "text": text,
        "intent": {"name": "chercher_structure"},
        "entities": [{"entity": name, "value": value} for name, value in entities.items()],
    }
    events = [
        {"event": "bot", "metadata": {"utter_action": f"utter_{answer}"}, "data": {"custom": custom}}
        for answer, custom in before
    ] + [{"event": "user", "text": text, "parse_data": latest}]
    tracker = Tracker("someone", {"commune": held}, latest, events, False, None, {}, "action_listen")
    dispatcher = CollectingDispatcher()
    action().run(dispatcher, tracker, {})
    return dispatcher.messages


def said(messages: list[dict[str, Any]]) -> list[str]:
    return [message["response"].removeprefix("utter_") for message in messages]


def test_a_list_and_the_rest_of_it() -> None:
    """Three places, then the next three, none of them twice; at the end it says that there are no more."""
    (first,) = turn(Chercher, "une france services", held="34145")
    seen = [place["name"] for place in first["custom"]["places"]]
    assert len(seen) == 3
    assert first["custom"]["choices"] == ["suite"]
    last = first
    for _ in range(40):
        (last,) = turn(Suite, "suite", before=[("lieux_proches", last["custom"])])
        if said([last]) == ["suite"]:
            break
        seen += [place["name"] for place in last["custom"]["places"]]
    assert said([last]) == ["suite"]
    assert len(seen) == len(set(seen)) > 6


def test_no_address_is_invented() -> None:
    """For a PMI, whose places are not known, it says so and gives the nearest France services."""
    (message,) = turn(Chercher, "la pmi", held="34187")
    assert said([message]) == ["lieux_inconnus"]
    assert message["custom"]["values"]["lieu"].startswith("PMI")
    assert message["custom"]["places"][0]["name"] == "France services Olargues"


def test_the_commune_is_asked_for_and_the_kind_remembered() -> None:
    """Without a commune it asks; the commune alone is then enough."""
    (asked,) = turn(Chercher, "où est la mission locale")
    assert said([asked]) == ["quelle_commune"]
    (found,) = turn(
        DonnerCommune, "Pézenas", held="34199", before=[("quelle_commune", asked["custom"])], commune="34199"
    )
    assert found["custom"]["places"][0]["kind"] == "mission_locale"


def test_several_communes_are_asked() -> None:
    """A name of several communes offers two or three, not the slot of before."""
    (message,) = turn(Chercher, "la caf à Villeneuve", held="34301", commune_possible=["34337", "34336"])
    assert said([message]) == ["quelle_commune_parmi"]
    assert [choice["text"] for choice in message["custom"]["choices"]] == [
        "Villeneuve-lès-Maguelone",
        "Villeneuve-lès-Béziers",
    ]


def test_elsewhere() -> None:
    """A commune outside the Hérault is said to be so, whatever commune the conversation held."""
    (message,) = turn(Chercher, "la caf", held="34301", ailleurs={"name": "Nîmes", "departement": "Gard"})
    assert said([message]) == ["ailleurs"]
    assert message["custom"]["values"] == {"ailleurs": "Nîmes (Gard)"}


def test_around_says_nothing_unasked() -> None:
    """After an answer, no place is said unless a commune is named in this very message."""
    assert turn(Autour, "comment demander le rsa", held="34301", before=[]) == []


def test_around_uses_the_commune_named() -> None:
    """Named, it leads to the nearest place that the subject leads to."""
    messages = turn(Autour, "un conseiller pour mon handicap à Béziers, la MDA", held="34032", commune="34032")
    assert said(messages)[0].startswith("lieux_")


def test_open_then_is_true_of_every_place_shown(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """When the first kind is far, the nearer kinds come in, but only places open at the time asked."""

    def office(kind: str, insee: str, hours: str) -> Structure:
        return Structure(
            f"{kind}-{hours}",
            f"{kind} {hours}",
            "essai",
            "high",
            (Service(kind),),
            code_insee=insee,
            horaires_accueil=hours,
        )

    path = tmp_path / "directory.sqlite"
    build(path, [office("caf", "34032", "Sa 09:00-12:00"), office("ccas", "34301", "Mo 09:00-12:00")], "essai")
    monkeypatch.setenv("DIRECTORY_PATH", str(path))
    dispatcher = CollectingDispatcher()
    opening = asked_opening("ouvert samedi", datetime.now(PARIS))
    say_places(dispatcher, ["caf", "ccas"], communes.load().by_insee["34301"], opening)
    (message,) = dispatcher.messages
    assert said([message]) == ["lieux_ouverts"]
    assert [place["kind"] for place in message["custom"]["places"]] == ["caf"]
