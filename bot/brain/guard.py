"""Danger before everything: patterns that need no confidence, and a model that has learnt how people in danger write."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import joblib
import numpy as np
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.classifiers.classifier import IntentClassifier
from rasa.shared.nlu.constants import INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.pipeline import FeatureUnion
from sklearn.svm import LinearSVC

from bot import urgent
from bot.brain.addon import fingerprint
from bot.brain.ngrams import vectorizer
from bot.brain.rank import CHOOSE
from bot.brain.reader import NORMAL, read

CALM = "calme"
_HELPLINE = re.compile(r"\b(?:119|115|3919|39 19|3114|31 14|112|114|3018|3977|116 ?00[06]|samu social|siao)\b")
FOLDS = 3


@dataclass(frozen=True)
class Thresholds:
    """Scores above `alarm` are danger by themselves; below `calm`, not even a pattern makes them danger."""

    alarm: float
    calm: float


class DangerModel:
    """The trained part, free of Rasa: how much a normalised text tells of danger, and of which."""

    def __init__(self, ngrams: FeatureUnion, weights: LinearSVC, thresholds: Thresholds) -> None:
        self.ngrams = ngrams
        self.weights = weights
        self.thresholds = thresholds
        self._labels = [str(label) for label in weights.classes_]

    @classmethod
    def fit(cls, texts: list[str], truth: list[str], false_alarms: float, missed: float) -> DangerModel:
        """Learn from normalised `texts` labelled with a danger intent or CALM.

        Judged by models that had not learnt them, a share `false_alarms` of the calm examples scores above `alarm`,
        and a share `missed` of the dangerous ones below `calm`.
        """
        ngrams = vectorizer()
        counts = ngrams.fit_transform(texts)
        model = _untrained().fit(counts, truth)
        thresholds = Thresholds(0.0, float("-inf"))
        if min(truth.count(label) for label in set(truth)) >= FOLDS:
            split = StratifiedKFold(FOLDS, shuffle=True, random_state=0)
            margins = cross_val_predict(_untrained(), counts, truth, cv=split, method="decision_function", n_jobs=2)
            scores = _scores(margins, list(model.classes_))
            calm = np.array(truth) == CALM
            thresholds = Thresholds(
                float(np.quantile(scores[calm], 1 - false_alarms)), float(np.quantile(scores[~calm], missed))
            )
        return cls(ngrams, model, thresholds)

    def assess(self, normal: str) -> tuple[float, str]:
        """Return the score of `normal` (higher is more dangerous) and the likeliest danger intent."""
        margins = self.weights.decision_function(self.ngrams.transform([normal]))
        calm = self._labels.index(CALM)
        best = int(np.argmax(np.where(np.arange(len(self._labels)) == calm, -np.inf, margins[0])))
        return float(_scores(margins, self._labels)[0]), self._labels[best]


def _without_helplines(normal: str) -> str:
    """Return the text without the numbers of helplines: who names one may ask about it, or work there."""
    return " ".join(_HELPLINE.sub(" ", normal).split())


def _untrained() -> LinearSVC:
    return LinearSVC(C=0.4, class_weight="balanced", random_state=0)


def _scores(margins: Any, labels: list[str]) -> Any:
    calm = labels.index(CALM)
    return np.delete(margins, calm, axis=1).max(axis=1) - margins[:, calm]


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class DangerGuard(IntentClassifier, GraphComponent):
    """Replaces the intent of a message that tells of danger, whatever the classifier thought; sets `urgent`."""

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """Return the shares of training examples that the model may get wrong.

        `false_alarms`: calm ones that it may take for danger by itself; `missed`: dangerous ones that it may keep from
        a pattern.
        """
        return {"false_alarms": 0.015, "missed": 0.03}

    def __init__(
        self, config: dict[str, Any], model_storage: ModelStorage, resource: Resource, model: DangerModel | None = None
    ) -> None:
        self._config = {**self.get_default_config(), **config}
        self._model_storage = model_storage
        self._resource = resource
        self._model = model
        self._patterns = urgent.load()

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> DangerGuard:
        """Create an untrained guard: its patterns work at once."""
        return cls(config, model_storage, resource)

    @classmethod
    def fingerprint_addon(cls, config: dict[str, Any]) -> str:
        """Tell the cache what else decides the result."""
        return fingerprint("bot/brain/ngrams.py", "bot/brain/guard.py", "bot/urgent", "data/urgent.yml", "bot/text")

    def train(self, training_data: TrainingData) -> Resource:
        """Learn the difference between danger and everything else from the training examples."""
        dangers = set(self._patterns.kinds.values())
        texts, truth = [], []
        for example in training_data.intent_examples:
            text, intent = example.get(TEXT), example.get(INTENT)
            if not text:
                continue
            label = intent if intent in dangers else CALM
            if label != CALM and self._patterns.asks_about(text):
                label = CALM  # a question about the 119 has its answer there, and is no cry for help
            elif label != CALM and _HELPLINE.search(text) and self._patterns.assess(text) is None:
                continue  # it names a helpline, and may be either
            texts.append(_without_helplines(example.get(NORMAL) or read(text)[0]))
            truth.append(label)
        if len(set(truth)) > 2:
            self._model = DangerModel.fit(texts, truth, self._config["false_alarms"], self._config["missed"])
        with self._model_storage.write_to(self._resource) as folder:
            joblib.dump(self._model, folder / "danger.joblib", compress=3)
        return self._resource

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> DangerGuard:
        """Load what `train` stored."""
        with model_storage.read_from(resource) as folder:
            return cls(config, model_storage, resource, joblib.load(folder / "danger.joblib"))

    def assess(self, text: str, normal: str) -> str | None:
        """Return the intent that answers the danger told by a message, or None."""
        by_pattern = self._patterns.assess(text)
        if self._model is None:
            return by_pattern
        if by_pattern is not None and self._model.assess(_without_helplines(normal))[0] > self._model.thresholds.calm:
            return by_pattern
        for telling in self._patterns.tellings(text):
            if self._patterns.asks_about(telling):
                continue
            score, likeliest = self._model.assess(_without_helplines(normal if telling == text else read(telling)[0]))
            if score > self._model.thresholds.alarm:
                return likeliest
        return None

    def process(self, messages: list[Message]) -> list[Message]:
        """Set the intent of the messages that tell of danger."""
        for message in messages:
            text = message.get(TEXT) or ""
            # "La dernière" answers a choice: too short for the model to judge.
            is_rank = (message.get(INTENT) or {}).get("name") == CHOOSE
            danger = self._patterns.assess(text) if is_rank else self.assess(text, message.get(NORMAL) or "")
            message.set("urgent", danger is not None, add_to_output=True)
            if danger is not None:
                message.set(INTENT, {"name": danger, "confidence": 1.0}, add_to_output=True)
        return messages
