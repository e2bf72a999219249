"""Tests for bot.sms.text: French that a phone network can carry."""

import smsutil
from hypothesis import given
from hypothesis import strategies as st

from bot.sms.text import parts, to_gsm


def test_french_stays_french() -> None:
    """é è à ù stay; what the alphabet lacks is folded."""
    assert (
        to_gsm("Reçu à Sète, dès l’été : « œuf »… 5 € – fête") == 'Recu à Sète, dès l\'été : " oeuf "... 5 EUR - fete'
    )


def test_one_letter_does_not_double_the_price() -> None:
    """A text with ç and ê takes as many parts as without."""
    assert parts("ça " * 50) == parts("ca " * 50) == 1


@given(st.text(max_size=400))
def test_any_text_fits_the_alphabet(text: str) -> None:
    """Whatever comes in, what goes out is GSM-7."""
    folded = to_gsm(text)
    assert not folded or smsutil.is_valid_gsm(folded)
