"""Tests for benchmarks.evaluate.sets: what is read, what is skipped, how it is split."""

import json
from collections import Counter
from pathlib import Path

import pytest

from benchmarks.evaluate import sets


def test_questions(tmp_path: Path) -> None:
    """Both shapes of file give the same questions."""
    row = {"text": "g droit au rsa ?", "intent": "rsa_conditions", "also": ["droits_simulateur"], "register": "sms"}
    lines, document = tmp_path / "a.jsonl", tmp_path / "a.yml"
    lines.write_text(json.dumps(row) + "\n\n", encoding="utf-8")
    document.write_text(json.dumps({"questions": [row]}), encoding="utf-8")
    (question,) = sets.questions(lines) or []
    assert sets.questions(document) == [question]
    assert question.accepted == {"rsa_conditions", "droits_simulateur"}


def test_absent_sets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A set that is not there is None, never an error."""
    absent = tmp_path / "absent.jsonl"
    for name in ("MTOP", "CLINC", "OUT_OF_DOMAIN"):
        monkeypatch.setattr(sets, name, absent)
    assert (sets.questions(absent), sets.danger(absent)) == (None, None)
    assert (sets.mtop(), sets.clinc(), sets.out_of_domain()) == (None, None, None)


def test_danger() -> None:
    """The project's own sets of danger are read, and every urgent message has its kind."""
    for path in sets.URGENT:
        both = sets.danger(path)
        assert both is not None
        assert both.calm
        assert all(one.intent for one in both.urgent)


def test_mtop_keeps_the_protocol(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An intent with too few examples in dev leaves both halves; dev trains, test tests."""
    rows = [("dev", "A")] * 5 + [("test", "A"), ("dev", "B"), ("test", "B")]
    path = tmp_path / "mtop.jsonl"
    path.write_text(
        "\n".join(json.dumps({"split": split, "utt": "x", "intent": intent}) for split, intent in rows),
        encoding="utf-8",
    )
    monkeypatch.setattr(sets, "MTOP", path)
    train, test = sets.mtop() or ([], [])
    assert (train, test) == ([("x", "A")] * 5, [("x", "A")])


def test_our_data_is_whole() -> None:
    """Each sentence of ours is there once under an id."""
    pairs = sets.ours()
    assert len(pairs) == len(set(pairs)) > 20_000


def test_sample() -> None:
    """A sample is seeded, holds so many an id, and keeps the share of what is not ours; the rest is the rest."""
    pairs = [(f"{intent} {number}", intent) for intent in ("a", "b") for number in range(100)]
    pairs += [(f"out {number}", sets.OUT) for number in range(50)]
    taken, rest = sets.sample(pairs, 20)
    assert Counter(intent for _, intent in taken) == {"a": 20, "b": 20, sets.OUT: 10}
    assert sorted(taken + rest) == sorted(pairs)
    assert sets.sample(pairs, 20) == (taken, rest)
    assert sets.sample(pairs, 20, seed=1)[0] != taken


def test_sample_of_few() -> None:
    """An id with fewer sentences gives them all."""
    taken, rest = sets.sample([("x", "a"), ("y", "b"), ("z", "b")], 10)
    assert (len(taken), rest) == (3, [])


def test_folds() -> None:
    """Folds hold each id evenly, and near duplicates are never apart."""
    texts = [f"mot{chr(97 + number % 26)}{number} chose{number}" for number in range(200)]
    intents = ["a" if number % 2 else "b" for number in range(200)]
    texts += ["combien pour le montant", "montant combien pour", "le montant 500 combien pour"]
    intents += ["a"] * 3
    found = sets.folds(texts, intents)
    assert len(set(found[-3:])) == 1
    for intent in ("a", "b"):
        sizes = Counter(fold for fold, one in zip(found, intents, strict=True) if one == intent)
        assert max(sizes.values()) - min(sizes.values()) <= 3
    assert found == sets.folds(texts, intents)


@pytest.mark.parametrize(
    ("text", "suicidal"),
    [("je pense à me jeter sous un bus", True), ("je veux me pendre", True), ("j'aime sursauter", False)],
)
def test_suicidal_lines(text: str, suicidal: bool) -> None:
    """Lines that tell of suicide are set apart from small talk."""
    assert bool(sets.SUICIDAL.search(text)) is suicidal


def test_registers() -> None:
    """Questions are put by the way in which they are written."""
    asked = [sets.Question("a", "x", register="sms"), sets.Question("b", "x")]
    assert {name: len(held) for name, held in sets.registers(asked).items()} == {"sans": 1, "sms": 1}
