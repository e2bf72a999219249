"""Tests for bot.brain.reader: the entity that says where, and the text that the classifiers read."""

from typing import Any

import pytest
from rasa.shared.nlu.constants import ENTITIES, TEXT
from rasa.shared.nlu.training_data.message import Message

from bot.brain.reader import NORMAL, FrenchReader, where
from bot.paths import ROOT


def read(text: str) -> tuple[str, list[tuple[str, Any]]]:
    """Return the normal form of `text` and its entities."""
    (message,) = FrenchReader().process([Message({TEXT: text})])
    return message.get(NORMAL), [(entity["entity"], entity["value"]) for entity in message.get(ENTITIES)]


@pytest.mark.parametrize(
    ("text", "entity"),
    [
        ("j'habite à Nîmes", ("ailleurs", {"name": "Nîmes", "departement": "Gard"})),
        ("je quitte Paris pour Béziers", ("commune", "34032")),
        ("Saint-Jean 34430", ("commune", "34270")),
        ("34500", ("commune_possible", ["34032", "34336"])),
        ("Sète ou Frontignan", ("commune_possible", ["34301", "34108"])),
        ("j'habite à Cers, ccas de Béziers", ("commune", "34032")),
    ],
)
def test_one_entity_says_where(text: str, entity: tuple[str, Any]) -> None:
    """However many places a message names, one entity says what they come to."""
    assert read(text)[1] == [entity]


def test_no_place_no_entity() -> None:
    """A message that names no place has no entity, and its sums stay in the text."""
    assert read("j'ai 34500 € de dettes") == ("j ai 34500 de dettes", [])


@pytest.mark.parametrize("text", ["à Nîmes", "à Béziers", "à Villeneuve", "à la Paillade", "au 34200", "au 34 200"])
def test_each_place_becomes_one_token(text: str) -> None:
    """Ours or elsewhere, sure or not, a name or a postcode: one token, so that nothing is learnt from which it is."""
    assert read(f"une pmi {text} svp")[0].split().count("zcommune") == 1


def test_where_is_what_the_entity_says() -> None:
    """The function that the measures use says the same as the component."""
    found = where("Sète ou Frontignan").possible
    assert [commune.insee for commune in found] == read("Sète ou Frontignan")[1][0][1]


def test_fingerprint_follows_the_data() -> None:
    """Rasa's cache is told of every file that places are read with."""
    from bot.brain.reader import PLACES

    assert all((ROOT / path).exists() for path in PLACES)
