"""Which subject is it? A linear classifier on n-grams, with an out-of-scope rule that learns from `hors_sujet`."""

from __future__ import annotations

import re
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
from scipy.sparse import csr_matrix
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.pipeline import FeatureUnion
from sklearn.svm import LinearSVC

from bot.brain.addon import fingerprint
from bot.brain.decision import OUT_OF_SCOPE, Decision, Thresholds, decide, fit_thresholds
from bot.brain.ngrams import vectorizer
from bot.brain.reader import NORMAL, read
from bot.text import sound_key

#: The intent given to a message that could be two subjects: the assistant asks which.
DOUBT = "doute"
#: The intent given to a message in which no word is known.
UNREADABLE = "incompris"
#: Weights smaller than this decide nothing: left out, the model is several times smaller.
_NEGLIGIBLE = 0.01
#: Where one question ends and another begins.
_SENTENCE_END = re.compile(
    r"[.!?;\n]+| et (?=(?:comment|combien|où|ou est|quand|pourquoi|quel|quelle|est-ce|qui)\b)", re.IGNORECASE
)
#: How sure a sentence must be, alone, to count as a second question.
_SECOND_SURE = 0.8
#: How far the solver goes: ten times further changes no answer (measured) and takes longer.
TOLERANCE = 0.01


class IntentModel:
    """The trained part, free of Rasa: text in, margins out."""

    def __init__(
        self, ngrams: FeatureUnion, weights: Any, intercepts: Any, intents: list[str], thresholds: Thresholds
    ) -> None:
        self.ngrams = ngrams
        self.weights = weights
        self.intercepts = intercepts
        self.intents = intents
        self.thresholds = thresholds
        self._words = ngrams.transformer_list[0][1].vocabulary_
        self._sounds = ngrams.transformer_list[2][1].vocabulary_

    @classmethod
    def fit(cls, texts: list[str], truth: list[str], penalty: float, folds: int = 3) -> IntentModel:
        """Learn from normalised `texts` and their intents; thresholds come from cross-validation."""
        ngrams = vectorizer()
        counts = ngrams.fit_transform(texts)
        model = LinearSVC(C=penalty, tol=TOLERANCE, random_state=0)
        model.fit(counts, truth)
        intents = [str(intent) for intent in model.classes_]
        rarest = min(truth.count(intent) for intent in intents)
        if len(intents) > 2 and rarest >= 2:
            # The n-grams are shared with the held-out fold: only the weights must not have seen it.
            split = StratifiedKFold(min(folds, rarest), shuffle=True, random_state=0)
            margins = cross_val_predict(
                LinearSVC(C=penalty, tol=TOLERANCE, random_state=0),
                counts,
                truth,
                cv=split,
                method="decision_function",
                n_jobs=2,
            )
            thresholds = fit_thresholds(margins, truth, intents)
        else:  # a toy set, in tests
            thresholds = Thresholds(3.0, float("-inf"), 0.0)
        weights, intercepts = model.coef_.astype(np.float32), model.intercept_
        if len(intents) == 2:
            weights, intercepts = np.vstack([-weights, weights]), np.array([-intercepts[0], intercepts[0]])
        weights[np.abs(weights) < _NEGLIGIBLE] = 0
        return cls(ngrams, csr_matrix(weights.T), intercepts, intents, thresholds)

    def margins(self, normal: str) -> Any:
        """Return the margin of each intent for one normalised text."""
        return np.asarray((self.ngrams.transform([normal]) @ self.weights).todense())[0] + self.intercepts

    def decide(self, normal: str) -> tuple[Decision, Any]:
        """Return the decision for one normalised text, and the probability of each intent."""
        return decide(self.margins(normal), self.intents, self.thresholds)

    def second_question(self, text: str, first: str) -> str | None:
        """Return the subject of another question in `text` than `first`, when one of its sentences surely asks it."""
        sentences = [part for part in _SENTENCE_END.split(text) if len(part.split()) >= 4]
        if len(sentences) < 2:
            return None
        for sentence in sentences:
            decision, _ = self.decide(read(sentence)[0])
            if decision.kind == "answer" and decision.intent != first and decision.confidence >= _SECOND_SURE:
                return decision.intent
        return None

    def knows_a_word(self, normal: str) -> bool:
        """Tell whether a word of the text was seen in training, as written or as heard."""
        return any(
            len(word) > 1 and (word in self._words or sound_key(word) in self._sounds) for word in normal.split()
        )


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class FrenchClassifier(IntentClassifier, GraphComponent):
    """Sets the intent, its confidence, the ranking, and `candidates`: the two best subjects."""

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """`penalty`: the C of the support vector machine; `ranking_length`: how many intents are reported."""
        return {"penalty": 0.3, "ranking_length": 5}

    def __init__(
        self, config: dict[str, Any], model_storage: ModelStorage, resource: Resource, model: IntentModel | None = None
    ) -> None:
        self._config = {**self.get_default_config(), **config}
        self._model_storage = model_storage
        self._resource = resource
        self._model = model

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> FrenchClassifier:
        """Create an untrained classifier."""
        return cls(config, model_storage, resource)

    @classmethod
    def fingerprint_addon(cls, config: dict[str, Any]) -> str:
        """Tell the cache what else decides the result."""
        return fingerprint("bot/brain/ngrams.py", "bot/brain/decision.py", "bot/brain/classifier.py", "bot/text")

    def train(self, training_data: TrainingData) -> Resource:
        """Learn from the examples of the training data."""
        examples = [example for example in training_data.intent_examples if example.get(TEXT)]
        texts = [example.get(NORMAL) or read(example.get(TEXT))[0] for example in examples]
        self._model = IntentModel.fit(texts, [example.get(INTENT) for example in examples], self._config["penalty"])
        with self._model_storage.write_to(self._resource) as folder:
            joblib.dump(self._model, folder / "intents.joblib", compress=3)
        return self._resource

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> FrenchClassifier:
        """Load what `train` stored."""
        with model_storage.read_from(resource) as folder:
            return cls(config, model_storage, resource, joblib.load(folder / "intents.joblib"))

    def process(self, messages: list[Message]) -> list[Message]:
        """Set the intent of each message."""
        assert self._model is not None  # noqa: S101 - Rasa trains or loads before it processes
        for message in messages:
            normal = message.get(NORMAL) or ""
            decision, chances = self._model.decide(normal)
            intent, confidence = decision.intent, decision.confidence
            if not self._model.knows_a_word(normal):
                intent, confidence = UNREADABLE, 1.0
            elif decision.kind == "doubt":
                intent = DOUBT
            order = np.argsort(-chances)[: self._config["ranking_length"]]
            ranking = [
                {"name": self._model.intents[position], "confidence": float(chances[position])} for position in order
            ]
            message.set(INTENT, {"name": intent, "confidence": confidence}, add_to_output=True)
            message.set("intent_ranking", ranking, add_to_output=True)
            message.set("candidates", list(decision.candidates), add_to_output=True)
            if decision.kind == "answer":
                second = self._model.second_question(message.get(TEXT) or "", decision.intent)
                message.set("second", second, add_to_output=True)
        return messages


__all__ = ["DOUBT", "OUT_OF_SCOPE", "UNREADABLE", "FrenchClassifier", "IntentModel"]
