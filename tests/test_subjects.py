"""Tests for the subjects in pictures: every answer in three choices, and a check that sees what is wrong."""

from typing import Any

import pytest
import yaml

from bot import subjects
from bot.answers import load
from bot.check import NOT_SUBJECTS
from bot.paths import DATA, ROOT

PICTURES = subjects.drawn(ROOT / "bot" / "web" / "static" / "pictures.svg")
CONTENT = {one.id: one.label for one in load().answers.values() if one.theme not in NOT_SUBJECTS}


def test_every_answer_in_three_choices() -> None:
    """Each answer of data/answers, but those about the conversation, is reached in three choices at most."""
    reached = {path[-1].answer: len(path) for path in subjects.load().paths}
    assert set(reached) == set(CONTENT)
    assert max(reached.values()) == 3
    assert len(CONTENT) > 60


def test_the_catalogue_is_reached() -> None:
    """The intents of domain.yml that are not about the conversation are all among the subjects."""
    domain = yaml.safe_load((ROOT / "domain.yml").read_text(encoding="utf-8"))["intents"]
    about_the_conversation = {one.id for one in load().answers.values() if one.theme in NOT_SUBJECTS} | {
        "choisir",
        "corriger",
    }
    assert set(domain) - about_the_conversation <= set(subjects.load().behind.values())


def test_danger_first() -> None:
    """The first picture is danger, and all that is under it is an answer to someone in danger."""
    first = subjects.load().themes[0]
    assert first.urgent
    assert {one.answer for one in first.choices} == {
        one.id for one in load().answers.values() if one.theme == "urgence"
    } - {"aide_alimentaire"} | {"enfance_danger", "enfant_victime", "enfance_prostitution"}


def test_words_are_short() -> None:
    """Words under a picture are few: at most nine, none longer than fourteen letters."""
    for path in subjects.load().paths:
        for one in path:
            words = one.words.replace("'", " ").split()
            assert len(words) <= 10, one.words
            assert max(map(len, words)) <= 14, one.words


def test_checked() -> None:
    """The real file passes `make check`."""
    assert subjects.check(subjects.load(), CONTENT, PICTURES) == []


def _tree(change: str) -> list[Any]:
    leaf = {"words": "Une réponse", "picture": "maison", "answer": "a"}
    tree: dict[str, list[Any]] = {
        "missing": [],
        "unknown": [leaf, {"words": "Autre", "picture": "maison", "answer": "zzz"}],
        "picture": [{**leaf, "picture": "dragon"}],
        "deep": [
            {
                "id": "t",
                "words": "Un",
                "picture": "maison",
                "choices": [
                    {
                        "id": "u",
                        "words": "Deux",
                        "picture": "maison",
                        "choices": [{"id": "v", "words": "Trois", "picture": "maison", "choices": [leaf]}],
                    }
                ],
            }
        ],
        "twice": [leaf, {**leaf, "answer": "b"}],
        "label": [{**leaf, "words": "Intitulé de b"}, {"words": "Autre", "picture": "maison", "answer": "b"}],
        "id": [
            {"id": "t", "words": "Un", "picture": "maison", "choices": [leaf]},
            {"id": "t", "words": "Deux", "picture": "maison", "choices": [leaf]},
        ],
        "danger": [leaf, {"id": "t", "words": "Un", "picture": "maison", "urgent": True, "choices": [leaf]}],
    }
    return tree[change]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("missing", "ne se trouve sous aucun sujet"),
        ("unknown", "« zzz » n'est pas une réponse"),
        ("picture", "« dragon » n'est pas dessinée"),
        ("deep", "4 choix"),
        ("twice", "mène à deux réponses"),
        ("label", "mène à deux réponses"),
        ("id", "sert deux fois"),
        ("danger", "le danger vient en premier"),
    ],
)
def test_faults_are_seen(change: str, said: str, tmp_path: Any) -> None:
    """Each kind of fault is refused, in words."""
    path = tmp_path / "subjects.yml"
    path.write_text(yaml.safe_dump(_tree(change)), encoding="utf-8")
    wanted = (
        {"a": "Intitulé de a"} if change not in {"twice", "label"} else {"a": "Intitulé de a", "b": "Intitulé de b"}
    )
    assert any(said in one for one in subjects.check(subjects.read(path), wanted, PICTURES))


@pytest.mark.parametrize(
    "text",
    [
        "- {words: Un, picture: maison}",
        "- {words: Un, picture: maison, answer: a, choices: [{words: Deux, picture: maison, answer: b}]}",
        "- {words: Un, picture: maison, choices: [{words: Deux, picture: maison, answer: b}]}",
        "- {words: Un, answer: a}",
        "- {words: Un, picture: maison, answer: a, couleur: bleu}",
        "- [",
    ],
)
def test_unreadable(text: str, tmp_path: Any) -> None:
    """What leads nowhere, or to two things, or is not YAML, is refused when read."""
    path = tmp_path / "subjects.yml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(subjects.SubjectsError):
        subjects.read(path)


def test_pictures_are_light_and_ours() -> None:
    """The pictures are one small file, with no colour of its own, no script, no address but the namespace."""
    text = (ROOT / "bot" / "web" / "static" / "pictures.svg").read_text(encoding="utf-8")
    assert len(text) < 14_000
    assert "http" not in text.replace("http://www.w3.org/2000/svg", "")
    assert "<script" not in text
    assert "#" not in text
    assert DATA.exists()
