"""Danger before everything: patterns that need no confidence, and a model that has learnt how people in danger write."""

from __future__ import annotations

import re
from collections import Counter as Tally
from dataclasses import dataclass
from typing import Any

import joblib
import numpy as np
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.classifiers.classifier import IntentClassifier
from rasa.shared.nlu.constants import INTENT, METADATA, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData
from scipy.sparse import hstack
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.svm import LinearSVC

from bot import urgent
from bot.brain.addon import fingerprint
from bot.brain.ngrams import vectorizer
from bot.brain.rank import CHOOSE
from bot.brain.reader import NORMAL, SPELT, read
from bot.urgent.concepts import told

CALM = "calme"
_HELPLINE = re.compile(r"\b(?:119|115|3919|39 19|3114|31 14|112|114|3018|3977|116 ?00[06]|samu social|siao)\b")
FOLDS = 3
#: How much more a dangerous example weighs than a calm one: there are six times fewer of each kind than of calm by subject.
_DANGER_WEIGHT = 2.0
#: A subject of calm messages with fewer examples than this is judged with the other rare ones.
_OFTEN = 700
#: How far the solver goes: further changes no answer (measured) and takes longer.
_TOLERANCE = 0.01
#: Set to false in the metadata of a block of examples that are questions about a danger ("c'est quoi le 119 ?").
_DANGER_KEY = "danger"


@dataclass(frozen=True)
class Thresholds:
    """Scores above `alarm` are danger by themselves; below `calm`, not even a pattern makes them danger, nor below `lean` a topic."""

    alarm: float
    lean: float
    calm: float


class DangerModel:
    """The trained part, free of Rasa: how much a normalised text tells of danger, and of which.

    Two judges look at it. One tells the dangers from each other and from each subject of calm messages, the other calm
    from all the rest; the score is the lead of the likeliest danger over the likeliest calm, averaged over both.
    """

    def __init__(
        self, ngrams: Counter, weights: Any, intercepts: Any, labels: list[str], thresholds: Thresholds
    ) -> None:
        """Weights: one row a feature, one column for each of `labels`, then one for the judge of calm alone."""
        self.ngrams = ngrams
        self.weights = weights
        self.intercepts = intercepts
        self.labels = labels
        self.thresholds = thresholds
        self._calm = np.array([label.startswith(CALM) for label in labels])

    @classmethod
    def fit(
        cls,
        texts: list[str],
        truth: list[str],
        false_alarms: float,
        missed: float,
        missed_topics: float,
        subjects: list[str] | None = None,
    ) -> DangerModel:
        """Learn from normalised `texts` labelled with a danger intent or CALM; `subjects` says what calm ones are about.

        Judged by models that had not learnt them, a share `false_alarms` of the calm examples scores above `alarm`,
        a share `missed` of the dangerous ones below `calm`, and `missed_topics` below `lean`.
        """
        ngrams = Counter()
        counts = ngrams.fit_transform(texts)
        fine = truth if subjects is None else _fine(truth, subjects)
        labels = sorted(set(fine))
        numbers = np.array([labels.index(label) for label in fine])
        calm = np.array([label == CALM for label in truth])
        judges = [
            (_untrained({n: label.startswith(CALM) for n, label in enumerate(labels)}), numbers),
            (_untrained({True: True, False: False}), calm),
        ]
        trained = [judge.fit(counts, target) for judge, target in judges]
        # Rows apart by one step in memory: a message touches a few hundred of them, and no copy of the whole is made.
        weights = np.ascontiguousarray(np.vstack([judge.coef_ for judge in trained]).T, dtype=np.float32)
        intercepts = np.concatenate([judge.intercept_ for judge in trained])
        model = cls(ngrams, weights, intercepts, labels, Thresholds(0.0, float("-inf"), float("-inf")))
        if min(fine.count(label) for label in labels) >= FOLDS:
            split = list(StratifiedKFold(FOLDS, shuffle=True, random_state=0).split(counts, numbers))
            margins = [
                cross_val_predict(judge, counts, target, cv=split, method="decision_function", n_jobs=2)
                for judge, target in judges
            ]
            scores = model._scores(np.column_stack(margins))
            model.thresholds = Thresholds(
                float(np.quantile(scores[calm], 1 - false_alarms)),
                float(np.quantile(scores[~calm], missed_topics)),
                float(np.quantile(scores[~calm], missed)),
            )
        return model

    def assess(self, normal: str) -> tuple[float, str]:
        """Return the score of `normal` (higher is more dangerous) and the likeliest danger intent."""
        margins = self.ngrams.transform([normal]) @ self.weights + self.intercepts
        best = int(np.argmax(np.where(self._calm, -np.inf, margins[0, :-1])))
        return float(self._scores(margins)[0]), self.labels[best]

    def _scores(self, margins: Any) -> Any:
        subjects, calm = margins[:, :-1], margins[:, -1]
        return subjects[:, ~self._calm].max(axis=1) - (subjects[:, self._calm].max(axis=1) + calm) / 2


def _fine(truth: list[str], subjects: list[str]) -> list[str]:
    """Return `truth` with calm split by subject; the rare subjects stay together."""
    often = Tally(subject for label, subject in zip(truth, subjects, strict=True) if label == CALM)
    return [
        label if label != CALM or often[subject] < _OFTEN else f"{CALM} {subject}"
        for label, subject in zip(truth, subjects, strict=True)
    ]


def _without_helplines(normal: str) -> str:
    """Return the text without the numbers of helplines: who names one may ask about it, or work there."""
    return " ".join(_HELPLINE.sub(" ", normal).split())


class Counter:
    """What the guard counts: the words and letters that the classifier sees, and the parts that words play."""

    def __init__(self) -> None:
        self._ngrams = vectorizer()
        self._parts = TfidfVectorizer(
            preprocessor=told, ngram_range=(1, 3), token_pattern=r"\S+", min_df=2, sublinear_tf=True, dtype=np.float32
        )

    def fit_transform(self, texts: list[str]) -> Any:
        """Learn what `texts` hold; return their weighed counts (texts × what is counted)."""
        return hstack([self._ngrams.fit_transform(texts), self._parts.fit_transform(texts)], format="csr")

    def transform(self, texts: list[str]) -> Any:
        """Return the weighed counts of `texts`."""
        return hstack([self._ngrams.transform(texts), self._parts.transform(texts)], format="csr")


def _untrained(calm: dict[Any, bool]) -> LinearSVC:
    """Return a judge to train; `calm` tells which of its classes are."""
    weights = {label: 1.0 if is_calm else _DANGER_WEIGHT for label, is_calm in calm.items()}
    return LinearSVC(C=0.4, class_weight=weights, tol=_TOLERANCE, random_state=0)


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class DangerGuard(IntentClassifier, GraphComponent):
    """Replaces the intent of a message that tells of danger, whatever the classifier thought; sets `urgent`."""

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """Return the shares of training examples that the model may get wrong.

        `false_alarms`: calm ones that it may take for danger by itself; `missed`: dangerous ones that it may keep from
        a pattern; `missed_topics`: from one that is a mere topic.
        """
        return {"false_alarms": 0.02, "missed": 0.04, "missed_topics": 0.15}

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
        return fingerprint(
            "bot/brain/ngrams.py",
            "bot/brain/guard.py",
            "bot/urgent",
            "data/urgent.yml",
            "data/urgent_concepts.yml",
            "bot/text",
        )

    def train(self, training_data: TrainingData) -> Resource:
        """Learn the difference between danger and everything else from the training examples."""
        dangers = set(self._patterns.kinds.values())
        texts, truth, subjects = [], [], []
        for example in training_data.intent_examples:
            text, intent = example.get(TEXT), example.get(INTENT)
            if not text:
                continue
            label = intent if intent in dangers else CALM
            asks = (example.get(METADATA) or {}).get(INTENT, {}).get(_DANGER_KEY) is False
            if label != CALM and (asks or self._patterns.asks_about(text)):
                label = CALM  # a question about the 119 has its answer there, and is no cry for help
            elif label != CALM and _HELPLINE.search(text) and self._patterns.assess(text) is None:
                continue  # it names a helpline, and may be either
            texts.append(_without_helplines(example.get(NORMAL) or read(text)[0]))
            truth.append(label)
            subjects.append(intent.split("_")[0])
        if len(set(truth)) > 2:
            config = self._config
            self._model = DangerModel.fit(
                texts, truth, config["false_alarms"], config["missed"], config["missed_topics"], subjects
            )
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
        pattern = self._patterns.caught(text)
        if self._model is None:
            return self._patterns.kinds[pattern.kind] if pattern else None
        if pattern is not None:
            floor = self._model.thresholds.lean if pattern.topic else self._model.thresholds.calm
            if self._model.assess(_without_helplines(normal))[0] > floor:
                return self._patterns.kinds[pattern.kind]
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
            normal = message.get(NORMAL) or ""
            danger = self._patterns.assess(text) if is_rank else self.assess(text, normal)
            spelt = message.get(SPELT) or normal
            if danger is None and not is_rank and spelt != normal:
                # "un kou de pié", "il ma batu": what a spelling hides, its correction may tell.
                danger = self.assess(spelt, spelt)
            message.set("urgent", danger is not None, add_to_output=True)
            if danger is not None:
                message.set(INTENT, {"name": danger, "confidence": 1.0}, add_to_output=True)
        return messages
