"""Tests for bot.urgent: who is in danger, without any model."""

import time
from pathlib import Path

import pytest

from bot.text import normalise
from bot.urgent import Pattern, assess, load

GUARD = load()
PATTERNS = [
    pytest.param(pattern, id=f"{number} {pattern.kind}: {pattern.examples[0]}")
    for number, pattern in enumerate(GUARD.patterns, start=1)
]


@pytest.mark.parametrize("pattern", PATTERNS)
def test_pattern(pattern: Pattern) -> None:
    """A pattern catches each of its examples, which get the answer of its kind; its calm counterparts get none."""
    assert {text: pattern.catches(normalise(text)) for text in pattern.examples} == dict.fromkeys(
        pattern.examples, True
    )
    assert {text: GUARD.assess(text) for text in pattern.examples} == dict.fromkeys(
        pattern.examples, GUARD.kinds[pattern.kind]
    )
    assert {text: GUARD.assess(text) for text in pattern.calm} == dict.fromkeys(pattern.calm)


@pytest.mark.parametrize(
    "text", ["c'est quoi le 119 ?", "qui peut appeler le 3919", "formation sur les violences conjugales"]
)
def test_questions_about_a_service(text: str) -> None:
    """A question about a service is not a cry for help."""
    assert assess(text) is None
    assert GUARD.asks_about(text)


@pytest.mark.parametrize(
    "text", ["MON MARI ME FRAPPE", "mon mari me frappe!!!!", "Mon  mari\tme frappe", "môn mari me frappé"]
)
def test_spelling_does_not_hide_danger(text: str) -> None:
    """Capitals, marks, spaces and stray accents do not hide it."""
    assert assess(text) == "violences_conjugales"


@pytest.mark.parametrize(
    "text",
    [
        "je suis bénévole, un homme dort dehors et il tremble",
        "éducatrice en formation, un enfant frappé me demande de l'aide",
        "c'est quoi la façon de s'en aller, je vais me pendre",
        "des gars recrutent des filles mineures pour des passes",
    ],
)
def test_a_witness_is_not_a_question(text: str) -> None:
    """A volunteer, a trainee or the word "quoi" does not make a question about a service of what is told."""
    assert not GUARD.asks_about(text)
    assert assess(text) is not None


def test_long_message_is_read_in_bounded_time() -> None:
    """2,000 hostile characters do not make a pattern run away."""
    started = time.process_time()
    assess("je veux " * 250)
    assess("mon fils tape " * 150)
    assess("a " * 1000)
    assert time.process_time() - started < 10


def test_faulty_file_is_named(tmp_path: Path) -> None:
    """A pattern that does not compile is refused with its number."""
    path = tmp_path / "urgent.yml"
    path.write_text(
        "kinds: {vital: urgence_vitale}\nlexicon: {}\nasking: x\npatterns:\n- {kind: vital, match: '(', examples: [a]}\n"
    )
    with pytest.raises(ValueError, match="pattern 1"):
        load(path)


def test_unknown_kind_is_refused(tmp_path: Path) -> None:
    """A pattern of a kind that has no answer is refused."""
    path = tmp_path / "urgent.yml"
    path.write_text(
        "kinds: {vital: urgence_vitale}\nlexicon: {}\nasking: x\npatterns:\n- {kind: autre, match: 'a', examples: [a]}\n"
    )
    with pytest.raises(ValueError, match="unknown kind"):
        load(path)
