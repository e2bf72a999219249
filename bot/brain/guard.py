"""Danger before everything: patterns that need no confidence, and a model that has learnt how people in danger write."""

from __future__ import annotations

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
from bot.brain.reader import NORMAL, read

CALM = "calme"


class DangerModel:
    """The trained part, free of Rasa: which danger a normalised text tells of, if any."""

    def __init__(self, ngrams: FeatureUnion, weights: LinearSVC, threshold: float) -> None:
        self.ngrams = ngrams
        self.weights = weights
        self.threshold = threshold

    @classmethod
    def fit(cls, texts: list[str], truth: list[str], false_alarms: float) -> DangerModel:
        """Learn from normalised `texts` labelled with a danger intent or CALM.

        The threshold lets `false_alarms` (a share of the calm examples, judged by a model that had not learnt them)
        be taken for danger.
        """
        ngrams = vectorizer()
        counts = ngrams.fit_transform(texts)
        model = LinearSVC(C=0.4, class_weight="balanced", random_state=0).fit(counts, truth)
        threshold = 0.0
        if min(truth.count(label) for label in set(truth)) >= 5:
            margins = cross_val_predict(
                LinearSVC(C=0.4, class_weight="balanced", random_state=0),
                counts,
                truth,
                cv=StratifiedKFold(5, shuffle=True, random_state=0),
                method="decision_function",
                n_jobs=2,
            )
            scores = cls._scores(margins, list(model.classes_))
            threshold = float(np.quantile(scores[np.array(truth) == CALM], 1 - false_alarms))
        return cls(ngrams, model, threshold)

    @staticmethod
    def _scores(margins: Any, labels: list[str]) -> Any:
        calm = labels.index(CALM)
        return np.delete(margins, calm, axis=1).max(axis=1) - margins[:, calm]

    def assess(self, normal: str) -> str | None:
        """Return the danger intent that `normal` tells of, or None."""
        labels = [str(label) for label in self.weights.classes_]
        margins = self.weights.decision_function(self.ngrams.transform([normal]))
        if self._scores(margins, labels)[0] < self.threshold:
            return None
        calm = labels.index(CALM)
        best = int(np.argmax(np.where(np.arange(len(labels)) == calm, -np.inf, margins[0])))
        return labels[best]


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class DangerGuard(IntentClassifier, GraphComponent):
    """Replaces the intent of a message that tells of danger, whatever the classifier thought; sets `urgent`."""

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """`false_alarms`: the share of calm training examples that the model may take for danger."""
        return {"false_alarms": 0.01}

    def __init__(self, config: dict[str, Any], model_storage: ModelStorage, resource: Resource, model: DangerModel | None = None) -> None:
        self._config = {**self.get_default_config(), **config}
        self._model_storage = model_storage
        self._resource = resource
        self._model = model
        self._patterns = urgent.load()

    @classmethod
    def create(
        cls, config: dict[str, Any], model_storage: ModelStorage, resource: Resource, execution_context: ExecutionContext
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
            if intent in dangers and self._patterns.asks_about(text):
                continue  # a question about the 119 belongs to the subject, and is no cry for help
            texts.append(example.get(NORMAL) or read(text)[0])
            truth.append(intent if intent in dangers else CALM)
        if len(set(truth)) > 2:
            self._model = DangerModel.fit(texts, truth, self._config["false_alarms"])
        with self._model_storage.write_to(self._resource) as folder:
            joblib.dump(self._model, folder / "danger.joblib", compress=3)
        return self._resource

    @classmethod
    def load(
        cls, config: dict[str, Any], model_storage: ModelStorage, resource: Resource, execution_context: ExecutionContext, **kwargs: Any
    ) -> DangerGuard:
        """Load what `train` stored."""
        with model_storage.read_from(resource) as folder:
            return cls(config, model_storage, resource, joblib.load(folder / "danger.joblib"))

    def assess(self, text: str, normal: str) -> str | None:
        """Return the intent that answers the danger told by a message, or None."""
        danger = self._patterns.assess(text)
        if danger is None and self._model is not None and not self._patterns.asks_about(text):
            danger = self._model.assess(normal)
        return danger

    def process(self, messages: list[Message]) -> list[Message]:
        """Set the intent of the messages that tell of danger."""
        for message in messages:
            danger = self.assess(message.get(TEXT) or "", message.get(NORMAL) or "")
            message.set("urgent", danger is not None, add_to_output=True)
            if danger is not None:
                message.set(INTENT, {"name": danger, "confidence": 1.0}, add_to_output=True)
        return messages
