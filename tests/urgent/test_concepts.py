"""Tests for bot.urgent.concepts: the parts that words play."""

from pathlib import Path

import pytest

from bot.text import normalise
from bot.urgent.concepts import load, told


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("mon mari me frappe", "partner me hit"),
        ("mon mary me frape", "partner me hit"),
        ("xyz", ""),
        ("", ""),
    ],
)
def test_told(text: str, expected: str) -> None:
    """Words become the parts they play, in order, whatever their spelling; the others are left out."""
    assert told(normalise(text)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("3 ans", "small"),
        ("14 ans", "minor"),
        ("30 ans", "grown"),
        ("81 ans", "elder"),
        ("depuis 12 ans", "for_years"),
        ("en 2015", "long_ago"),
        ("8 mois", "months"),
    ],
)
def test_ages(text: str, expected: str) -> None:
    """A number tells how old somebody is, or how long ago it was."""
    assert told(normalise(text)).split()[-1] == expected


def test_long_ago_is_not_an_age() -> None:
    """ "Il y a 10 ans" is a past, not a child of ten."""
    assert "minor" not in told(normalise("il y a 10 ans")).split()


def test_stems_and_pairs(tmp_path: Path) -> None:
    """A star is any ending, an escaped space is two words in a row; a word may play two parts."""
    path = tmp_path / "concepts.yml"
    path.write_text("hit: frapp*\nplace: nulle\\ part cave\nlocked: cave\n")
    concepts = load(path)
    assert concepts.told("frappait nulle part cave") == "hit place place locked"
