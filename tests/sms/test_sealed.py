"""Tests for numbers and texts at rest."""

import pytest

from bot.sms.sealed import Sealer, Unsealable, without_numbers
from bot.tokens import Tokens


def sealer(*keys: str) -> Sealer:
    return Sealer(list(keys), Tokens(list(keys), 30).derive)


def test_what_is_sealed_opens_with_the_same_key_only() -> None:
    """A number and a text come back whole, and another key opens nothing."""
    sealed = sealer("a").seal("+33612345678", "où est la Caf ? 😀")
    assert "33612345678" not in sealed
    assert sealer("a").open(sealed) == ("+33612345678", "où est la Caf ? 😀")
    with pytest.raises(Unsealable):
        sealer("b").open(sealed)


def test_rotation() -> None:
    """With a new key in front, what the old one sealed still opens, and a person is still the same."""
    old, both = sealer("old"), sealer("new", "old")
    assert both.open(old.seal("n", "t")) == ("n", "t")
    assert both.person("+33612345678") == old.person("+33612345678")
    with pytest.raises(Unsealable):
        old.open(both.seal("n", "t"))


def test_a_person_is_a_digest() -> None:
    """Two numbers are two persons, and nothing of the number shows."""
    assert sealer("a").person("+33612345678") != sealer("a").person("+33612345679")
    assert sealer("a").person("+33612345678") != sealer("b").person("+33612345678")
    assert "612345678" not in sealer("a").person("+33612345678")


@pytest.mark.parametrize(
    "detail", ["to +33612345678 refused", "06 12 34 56 78 blocked", "33-612-345-678", "0612345678" * 40]
)
def test_no_number_in_what_a_provider_says(detail: str) -> None:
    """What is kept of a failure holds no run of digits that could be a number."""
    import re

    kept = without_numbers(detail)
    assert len(kept) <= 80
    assert not re.search(r"\d(?:[ .+-]?\d){4,}", kept)


def test_codes_stay() -> None:
    """Status codes and error codes are still read."""
    assert without_numbers("status 503, code 301") == "status 503, code 301"
