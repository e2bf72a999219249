"""Tests for bot.text.more: a wish for the rest of a list, only when it is said alone."""

import pytest

from bot.text.more import asks_more


@pytest.mark.parametrize("text", ["suite", "SUITE", "la suite svp", "d'autres ?", "il y en a pas d'autres ?", "y en a d'autres", "voir plus", "encore", "d'autres lieux", "les suivants", "autres adresses"])  # fmt: skip
def test_more(text: str) -> None:
    """People ask for the rest in many ways."""
    assert asks_more(text)


@pytest.mark.parametrize("text", ["", "suite à mon divorce", "j'ai une autre question", "plus de RSA ce mois", "encore la Caf", "ensuite", "x" * 2000])  # fmt: skip
def test_not_more(text: str) -> None:
    """A question that holds one of these words is a question."""
    assert not asks_more(text)
