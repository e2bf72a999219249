"""Tests for bot.brain.guard, inside Rasa's environment: patterns and model together, on small data."""

import contextlib
import logging
from pathlib import Path
from typing import Any

import pytest
from rasa.shared.nlu.constants import INTENT, METADATA, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot.brain import guard
from bot.brain.guard import CALM, DangerGuard, DangerModel, Thresholds
from bot.brain.reader import NORMAL, SPELT, FrenchReader, read


def toy_model() -> DangerModel:
    """Return a model that has learnt eighteen sentences."""
    danger = [
        "il me frappe",
        "mon mari me bat",
        "il va me tuer",
        "il me tape fort",
        "il me menace",
        "il m a frappe",
    ]
    calm = [
        "combien de rsa",
        "peser mon bebe",
        "carte vitale perdue",
        "mon mari a perdu sa carte",
        "il me faut un rendez vous",
        "aide au logement",
    ]
    other = [
        "il respire plus",
        "il saigne beaucoup",
        "il est inconscient",
        "elle a avale de la javel",
        "il s etouffe",
        "le feu dans la cuisine",
    ]
    truth = ["violences_conjugales"] * 6 + ["urgence_vitale"] * 6 + [CALM] * 6
    return DangerModel.fit(danger + other + calm, truth, 0.1, 0.1, 0.2)


def toy_guard(model: DangerModel | None) -> DangerGuard:
    """Return a guard with that model, or with its patterns only."""
    return DangerGuard({}, None, None, model)


def test_patterns_need_no_model() -> None:
    """Untrained, the guard already answers danger."""
    assert toy_guard(None).assess("mon mari me frappe", "mon mari me frappe") == "violences_conjugales"


def test_overrules_the_classifier() -> None:
    """Danger replaces an intent of any confidence, and is marked."""
    message = Message({TEXT: "combien de rsa, mon mari me frappe", INTENT: {"name": "rsa_montant", "confidence": 1.0}})
    FrenchReader().process([message])
    toy_guard(None).process([message])
    assert message.get(INTENT)["name"] == "violences_conjugales"
    assert message.get("urgent") is True


def test_model_scores() -> None:
    """The model scores danger above calm."""
    model = toy_model()
    assert model.assess("il me frappe fort")[0] > model.assess("rendez vous pour la carte vitale")[0]


def test_calm_model_may_overrule_a_pattern() -> None:
    """Only when the model is sure of calm does a pattern not count."""
    model = toy_model()
    model.thresholds = Thresholds(alarm=99.0, lean=98.0, calm=98.0)
    assert toy_guard(model).assess("mon mari me frappe", "mon mari me frappe") is None
    model.thresholds = Thresholds(alarm=99.0, lean=98.0, calm=-99.0)
    assert toy_guard(model).assess("mon mari me frappe", "mon mari me frappe") == "violences_conjugales"


def test_a_topic_needs_the_model_to_lean() -> None:
    """A word that people also study or work on is danger only when the model leans to it; with no model it is enough."""
    text = "le suicide chez les agriculteurs"
    assert toy_guard(None).assess(text, text) == "urgence_suicide"
    model = toy_model()
    model.thresholds = Thresholds(alarm=99.0, lean=98.0, calm=-99.0)
    assert toy_guard(model).assess(text, text) is None
    model.thresholds = Thresholds(alarm=99.0, lean=-99.0, calm=-99.0)
    assert toy_guard(model).assess(text, text) == "urgence_suicide"


def test_the_spelling_brought_back_is_judged_too() -> None:
    """What a misspelling hides from the patterns, the classifier's correction of it may tell."""
    message = Message({TEXT: "mon marrri me phrape", NORMAL: "mon marri me phrape", SPELT: "mon mari me frappe"})
    toy_guard(None).process([message])
    assert message.get(INTENT)["name"] == "violences_conjugales"


def test_a_rank_is_not_judged_by_the_model() -> None:
    """ "La dernière" answers a choice, however the model would score it."""
    model = toy_model()
    model.thresholds = Thresholds(alarm=-99.0, lean=-99.0, calm=-99.0)
    message = Message({TEXT: "la dernière", INTENT: {"name": "choisir", "confidence": 1.0}})
    toy_guard(model).process([message])
    assert message.get("urgent") is False


def test_a_question_does_not_hide_the_rest() -> None:
    """A question about hours in the same message does not hide a child in danger."""
    text = "quels sont les horaires de la PMI ? le voisin frappe ses enfants"
    assert toy_guard(None).assess(text, read(text)[0]) == "enfance_danger"


def trained_on(monkeypatch: pytest.MonkeyPatch, examples: list[Message]) -> dict[str, str]:
    """Return what the danger model would learn from `examples`: text to label."""
    seen: dict[str, str] = {}
    monkeypatch.setattr(
        guard.DangerModel,
        "fit",
        classmethod(lambda cls, texts, truth, *rest: seen.update(zip(texts, truth, strict=True))),
    )
    monkeypatch.setattr("bot.brain.guard.joblib.dump", lambda *args, **kwargs: None)

    class Storage:
        def write_to(self, resource: Any) -> Any:
            return contextlib.nullcontext(Path())

    DangerGuard({}, Storage(), None).train(TrainingData(examples))
    return seen


def test_trains_on_the_examples(monkeypatch: pytest.MonkeyPatch) -> None:
    """A question about a service is learnt as calm, and its number is not learnt at all."""
    pairs = [
        ("c'est quoi le 119 ?", "enfance_danger"),
        ("mon père me tape", "enfant_victime"),
        ("combien de rsa", "rsa_montant"),
        ("mon mari me bat", "violences_conjugales"),
    ]
    assert trained_on(monkeypatch, [Message({TEXT: text, INTENT: intent}) for text, intent in pairs]) == {
        "c est quoi le": CALM,
        "mon pere me tape": "enfant_victime",
        "combien de rsa": CALM,
        "mon mari me bat": "violences_conjugales",
    }


def test_a_block_may_say_that_it_is_calm(monkeypatch: pytest.MonkeyPatch) -> None:
    """Examples whose block says `danger: false` are learnt as calm; a volunteer's alarm is not."""
    calm = Message(
        {TEXT: "affichettes pour la semaine", INTENT: "enfance_danger", METADATA: {INTENT: {"danger": False}}}
    )
    others = [
        Message({TEXT: text, INTENT: intent})
        for text, intent in (
            ("bénévole ici, une mère tape son fils", "enfance_danger"),
            ("mon mari me bat", "violences_conjugales"),
        )
    ]
    assert trained_on(monkeypatch, [calm, *others]) == {
        "affichettes pour la semaine": CALM,
        "benevole ici une mere tape son fils": "enfance_danger",
        "mon mari me bat": "violences_conjugales",
    }


def test_subjects_of_calm_are_told_apart() -> None:
    """Calm messages on a frequent subject are judged by themselves; the rare subjects stay together."""
    often = ["rsa"] * guard._OFTEN
    truth = [CALM] * (len(often) + 1) + ["urgence_vitale"]
    assert set(guard._fine(truth, [*often, "emploi", "urgence"])) == {f"{CALM} rsa", CALM, "urgence_vitale"}


def test_nothing_of_the_text_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    """The guard writes no log at all about a message of danger."""
    caplog.set_level(logging.DEBUG)
    toy_guard(toy_model()).process([Message({TEXT: "mon mari me frappe"})])
    assert caplog.records == []
