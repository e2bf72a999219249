"""Tests for bot.commune_names: a commune is written one way."""

from pathlib import Path

import pytest

from bot.answers.model import Where
from bot.commune_names import misspelt, names
from bot.examples import Example

KNOWN = ["Béziers", "Saint-Gély-du-Fesc", "La Grande-Motte", "Valras-Plage", "Clermont-l'Hérault", "Colombiers"]


def written(text: str) -> list[str]:
    """Return what is said of one training sentence."""
    return misspelt([Example("rsa_demande", text, Where("data/nlu/rsa.yml", 12))], KNOWN)


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("où est la Caf de Bézier ?", "Béziers"),
        ("une crèche à Béziérs", "Béziers"),
        ("je vis à Saint-Gelly-du-Fecs", "Saint-Gély-du-Fesc"),
        ("un usager de Clermont-l'Héraut", "Clermont-l'Hérault"),
    ],
)
def test_nearly_a_commune(text: str, right: str) -> None:
    """A capitalised name a letter or two away from a commune is refused, with file, line and the right spelling."""
    (problem,) = written(text)
    assert problem.startswith("data/nlu/rsa.yml:12: ")
    assert problem.endswith(f"« {right} »")


@pytest.mark.parametrize(
    "text",
    [
        "où est la Caf de Béziers ?",
        "où est la Caf de Beziers ?",
        "la kaf de bézier",
        "à la Grande-Motte",
        "le CCAS de Clermont",
        "je suis à Valras l'été",
        "à St-Gély-du-Fesc",
        "Bézier je sais pas écrire",
        "à l'hôpital de la Colombière",
        "Madame Clément habite ici",
    ],
)
def test_people_may_misspell(text: str) -> None:
    """Small letters, missing accents, a part of a name, the start of a sentence and other names are left alone."""
    assert not written(text)


def test_two_names_that_are_one(tmp_path: Path) -> None:
    """An alias that is the name, or another alias, in other accents, hyphens or capitals is refused with its line."""
    path = tmp_path / "communes.csv"
    path.write_text(
        "insee;nom;autres_noms\n34003;Agde;Le Cap d'Agde|Cap d'Agde|le cap d’agde\n34255;Saint-Gély;st gely|Pic\n",
        encoding="utf-8",
    )
    found, problems = names(path)
    assert found[:3] == ["Agde", "Le Cap d'Agde", "Cap d'Agde"]
    assert [problem.split(" : ")[0] for problem in problems] == [
        "data/places/communes.csv:2: « le cap d’agde » est déjà là sous la forme « Le Cap d'Agde »",
        "data/places/communes.csv:3: « st gely » est déjà là sous la forme « Saint-Gély »",
    ]
