"""Tests for bot.sms.reply: every answer leaves as two GSM-7 messages at most, its choices by number."""

from datetime import date
from typing import Any

import pytest
import smsutil

from bot.answers import load, render
from bot.sms.reply import written
from bot.sms.text import parts

BOOK = load()


def message(text: str, labels: list[str]) -> dict[str, Any]:
    return {"text": text, "choices": [{"label": label, "value": label} for label in labels], "places": []}


@pytest.mark.parametrize("id_", sorted(BOOK.answers))
def test_every_answer_fits(id_: str) -> None:
    """With its own choices, each answer is GSM-7 and takes two messages at most."""
    rendered = render(BOOK, id_, "sms", date(2026, 11, 24))
    labels = [BOOK.answers[choice].label for choice in rendered.answer.choices]
    text = written(message(rendered.text, labels))
    assert parts(text) <= 2
    assert all(smsutil.is_valid_gsm(letter) for letter in text)


def test_choices_are_numbered() -> None:
    """Communes to choose from carry the numbers that answer them."""
    text = written(message("Laquelle ?", ["Villeneuve-lès-Maguelone", "Villeneuve-lès-Béziers"]))
    assert text == "Laquelle ? Répondez par un numéro : 1 Villeneuve-lès-Maguelone. 2 Villeneuve-lès-Béziers."


def test_choices_that_do_not_fit_are_left_out() -> None:
    """The text comes whole before any choice."""
    text = written(message("x" * 290, ["un", "deux"]))
    assert text == "x" * 290
