"""Tests for bot.directory.communes: which commune a person names."""

import pytest

from bot.directory.communes import load
from bot.text import normalise

COMMUNES = load()


def named(text: str) -> list[str | None]:
    return [mention.commune.name if mention.commune else None for mention in COMMUNES.mentions(normalise(text).split())]


def test_all_are_there() -> None:
    """The 341 communes of the Hérault, each with a postcode and a place on the map."""
    assert len(COMMUNES.by_insee) == 341
    assert all(
        commune.postcodes and 43 < commune.latitude < 44.1 and 2.4 < commune.longitude < 4.3
        for commune in COMMUNES.by_insee.values()
    )


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("où faire peser mon bébé à Béziers", "Béziers"),
        ("j habite a lodeve", "Lodève"),
        ("St Jean de Vedas", "Saint-Jean-de-Védas"),
        ("clermont l'herault", "Clermont-l'Hérault"),
        ("la salvetat", "La Salvetat-sur-Agout"),
        ("je suis sur montpelier", "Montpellier"),
        ("cap d'agde", "Agde"),
        ("une assistante sociale à sete", "Sète"),
        ("vérargues", "Entre-Vignes"),
        ("34 700", None),
    ],
)
def test_found(text: str, name: str | None) -> None:
    """Names are found without accents, hyphens or the official long form; a postcode of several communes is not sure."""
    assert named(text) == [name]


@pytest.mark.parametrize(
    "text",
    [
        "j'ai plus de quarante ans",
        "à celles qui attendent",
        "les aires de jeux",
        "je veux vendre ma voiture",
        "j'ai 34500 euros de dettes",
        "mon rsa",
        "une campagne de pub",
    ],
)
def test_ordinary_words(text: str) -> None:
    """Ordinary words and sums are not taken for communes."""
    assert named(text) == []


def test_ambiguous() -> None:
    """A short name of several communes gives them all, the largest first, and is not sure."""
    (mention,) = COMMUNES.mentions(["villeneuve"])
    assert mention.commune is None
    assert [commune.name for commune in mention.candidates] == ["Villeneuve-lès-Maguelone", "Villeneuve-lès-Béziers"]
