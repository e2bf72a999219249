"""Tests for bot.web.richtext: lists, and numbers that can be called."""

import pytest

from bot.answers import LiveBook
from bot.web.richtext import Call, Dialer, blocks, calls

DIALER = Dialer(["15", "17", "112", "114", "3230", "04 67 67 67 67", "116 006"])


def links(line: str) -> list[str]:
    return [span.href for span in DIALER.spans(line) if span.href]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("Appelez le 17 ou le 112.", ["tel:17", "tel:112"]),
        ("un SMS au 114", ["sms:114"]),
        ("Caf : 3230. Standard : 04 67 67 67 67", ["tel:3230", "tel:0467676767"]),
        ("le 15 décembre, le 17 ans, 15 heures, 3230,50 €", []),
        ("116 006, tous les jours", ["tel:116006"]),
        ("en 32304 exemplaires", []),
    ],
)
def test_numbers(line: str, expected: list[str]) -> None:
    """Known numbers become links; dates, ages and amounts do not."""
    assert links(line) == expected
    assert "".join(span.text for span in DIALER.spans(line)).replace("\u00a0", " ") == line


def test_english() -> None:
    """What our answer says in English is marked as English, its number still to be called."""
    text = LiveBook().book.answers["autre_langue"].standard
    spans = [span for block in blocks(text, DIALER) for line in block.lines for span in line]
    assert [(span.text, span.href) for span in spans if span.lang == "en"] == [
        ("I only understand French. In danger, call ", None),
        ("112", "tel:112"),
        (".", None),
    ]


def test_calls() -> None:
    """Of an urgent answer: its first number, and the one to write to in silence, with whose they are."""
    text = "Appelez le 17 ou le 112.\nSMS au 114. Parler : 3230."
    assert calls(blocks(text, DIALER), {"17": "Police"}) == [Call("tel:17", "17", "Police"), Call("sms:114", "114", "")]
    assert calls(blocks("SMS au 114.", DIALER), {}) == [Call("sms:114", "114", "")]
    assert calls(blocks("Rien.", DIALER), {}) == []


def test_blocks() -> None:
    """Lines that begin with a mark are gathered in lists, the others are paragraphs."""
    assert [(block.kind, len(block.lines)) for block in blocks("Un\n\n- a\n- b\n1. c\n2. d\nFin", DIALER)] == [
        ("p", 1),
        ("ul", 2),
        ("ol", 2),
        ("p", 1),
    ]
