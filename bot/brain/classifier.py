"""Which subject is it? A linear classifier on n-grams, with an out-of-scope rule that learns from `hors_sujet`."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

import joblib
import numpy as np
from joblib import Parallel, delayed
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.classifiers.classifier import IntentClassifier
from rasa.shared.nlu.constants import INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData
from scipy.sparse import csr_matrix
from sklearn.model_selection import StratifiedKFold

from bot.brain.addon import fingerprint
from bot.brain.decision import OUT_OF_SCOPE, Decision, Thresholds, decide, fit_thresholds
from bot.brain.lexicon import lexicon
from bot.brain.linear import learn
from bot.brain.ngrams import Ngrams, vectorizer
from bot.brain.reader import NORMAL, SPELT, read
from bot.brain.spelling import Spelling

#: The intent given to a message that could be two subjects: the assistant asks which.
DOUBT = "doute"
#: The intent given to a message in which no word is known, or that could be any subject.
UNREADABLE = "incompris"
#: Weights smaller than this decide nothing: left out, the model is several times smaller.
_NEGLIGIBLE = 0.01
#: Where one sentence ends and another begins, for people who forget full stops too.
_SENTENCE_END = re.compile(
    r"[.!?;…\n]+|,? (?:et|ou|mais) sinon,? |, sinon,? "
    r"|,? (?:et|puis|sinon|ou bien) (?=(?:aussi |sinon |puis |après |pour |à )?(?:comment|combien|où|ou est|quand|pourquoi|quels?|quelles?"
    r"|est-ce|qui|qu'est|c'est quoi|je voudrais|j'aimerais|je veux|vous)\b)"
    r"|,? (?:et|sinon|ou bien)?,? ?(?:autre question|deuxième question|question suivante|aussi) ?[:,]? (?=(?:comment|combien|où|quand|quels?|quelles?|est-ce|qui|c'est|je|pour)\b)",
    re.IGNORECASE,
)
#: What a sentence that asks holds, in a normalised text.
_ASKS = re.compile(
    r"\b(?:comment|combien|ou|quand|pourquoi|quels?|quelles?|est ce|qui|faut il|puis je|peut on|droit|dois je|je dois"
    r"|je peux|j aimerais|je voudrais|je veux|besoin|cherche)\b"
)
#: A message of this many words or more may be a story with its question somewhere in it.
_STORY = 20
#: Sentences read alone, in one message: the first ones, and the last.
_SENTENCES = 6
#: How sure a sentence must be, alone, to count for itself, and how many words it must have.
_SENTENCE_SURE = 0.8
_LEAST_WORDS = 3
#: Below this many examples, every part of them is held out in turn: it takes a second.
_FEW = 5_000


class IntentModel:
    """The trained part, free of Rasa: text in, margins out."""

    def __init__(
        self,
        ngrams: Ngrams,
        weights: Any,
        intercepts: Any,
        intents: list[str],
        thresholds: Thresholds,
        spelling: Spelling | None = None,
    ) -> None:
        """Put together what `fit` learnt; `weights` is n-grams × intents."""
        self.ngrams = ngrams
        self.weights = weights
        self.intercepts = intercepts
        self.intents = intents
        self.thresholds = thresholds
        self.spelling = spelling

    @classmethod
    def fit(cls, texts: list[str], truth: list[str], penalty: float, folds: int = 4, jobs: int = 2) -> IntentModel:
        """Learn from normalised `texts` and their intents; `jobs` processes share the work.

        Thresholds come from examples held out: one part in `folds` of them, or each part in turn when they are few.
        Texts that are not French (a benchmark's) are learnt as they are.
        """
        spelling = Spelling(texts, lexicon())
        french = spelling.is_language_of(texts)
        if french:
            texts = [spelling.correct(text) for text in texts]
        ngrams = vectorizer()
        counts = ngrams.fit_transform(texts)
        labels = np.array(truth)
        rarest = min(Counter(truth).values())
        splits = []
        if len(set(truth)) > 2 and rarest >= 2:
            # The n-grams are shared with the part held out: only the weights must not have seen it.
            parts = StratifiedKFold(min(folds, rarest), shuffle=True, random_state=0)
            splits = list(parts.split(np.zeros(len(truth)), labels))[: None if len(texts) < _FEW else 1]
        learnt = Parallel(n_jobs=jobs)(
            delayed(learn)(counts[rows], labels[rows], penalty)
            for rows in [np.arange(len(texts)), *(rows for rows, _ in splits)]
        )
        intents, weights, intercepts = learnt[0]
        thresholds = Thresholds(3.0, float("-inf"), 0.0)  # a toy set, in tests
        if splits:
            margins = np.vstack(
                [
                    counts[held] @ part_weights.T + part_intercepts
                    for (_, held), (_, part_weights, part_intercepts) in zip(splits, learnt[1:], strict=True)
                ]
            )
            thresholds = fit_thresholds(margins, list(labels[np.concatenate([held for _, held in splits])]), intents)
        weights[np.abs(weights) < _NEGLIGIBLE] = 0
        return cls(
            ngrams, np.ascontiguousarray(weights.T), intercepts, intents, thresholds, spelling if french else None
        )

    def __getstate__(self) -> dict[str, Any]:
        """Store the weights that are not zero."""
        return {**self.__dict__, "weights": csr_matrix(self.weights)}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Load all weights, zeros too: a message then needs a few hundred rows, and no search."""
        self.__dict__.update(state, weights=state["weights"].toarray())

    def margins(self, normal: str) -> Any:
        """Return the margin of each intent for one normalised text."""
        columns, values = self.ngrams.row(self.spelt(normal))
        return values @ self.weights[columns] + self.intercepts

    def spelt(self, normal: str) -> str:
        """Return a normalised text with its misspelt words brought back."""
        return normal if self.spelling is None else self.spelling.correct(normal)

    def decide(self, normal: str) -> tuple[Decision, Any]:
        """Return the decision for one normalised text, and the probability of each intent."""
        return decide(self.margins(normal), self.intents, self.thresholds)

    def decide_message(self, text: str, normal: str) -> tuple[Decision, Any]:
        """Decide for a message from its `text` as typed and its normalised form, which is read first, whole.

        When it is not surely of one subject, it may be two questions: the first decides. Or a story with a question
        somewhere: the surest of the sentences that ask, or that end it, decides.
        """
        whole = self.decide(normal)
        if _is_answer(whole[0]):
            return whole
        parts = self._parts(text)
        if len(normal.split()) < _STORY:
            sure = [found for _, found in parts if _is_sure(found[0])]
            return sure[0] if len({decision.intent for decision, _ in sure}) > 1 else whole
        asking = [found for part, found in parts if _ASKS.search(part) or found is parts[-1][1]]
        return max(
            (found for found in asking if _is_sure(found[0])), key=lambda found: found[0].confidence, default=whole
        )

    def second_question(self, text: str, first: str) -> str | None:
        """Return the subject of another question in `text` than `first`, when one of its sentences surely asks it."""
        for _, (decision, _) in self._parts(text):
            if decision.intent != first and _is_sure(decision):
                return decision.intent
        return None

    def _parts(self, text: str) -> list[tuple[str, tuple[Decision, Any]]]:
        """Return the sentences of `text`, normalised, and what is decided for each alone; none when there is only one."""
        sentences = _sentences(text)
        if len(sentences) < 2:
            return []
        parts = [read(sentence)[0] for sentence in sentences]
        return [(part, self.decide(part)) for part in parts]

    def knows_a_word(self, normal: str) -> bool:
        """Tell whether a word of the text was seen in training, as written or as heard."""
        return any(len(word) > 1 and self.ngrams.knows(word) for word in self.spelt(normal).split())


def _sentences(text: str) -> list[str]:
    """Return the sentences of `text` of three words or more, _SENTENCES of them at most."""
    found = [part for part in _SENTENCE_END.split(text) if part and len(part.split()) >= _LEAST_WORDS]
    return found if len(found) <= _SENTENCES else [*found[: _SENTENCES - 1], found[-1]]


def _is_answer(decision: Decision) -> bool:
    return decision.kind == "answer" and not decision.unsure


def _is_sure(decision: Decision) -> bool:
    return _is_answer(decision) and decision.confidence >= _SENTENCE_SURE


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class FrenchClassifier(IntentClassifier, GraphComponent):
    """Sets the intent, its confidence, the ranking, and `candidates`: the two best subjects."""

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """`penalty`: the C of the support vector machine; `ranking_length`: how many intents are reported."""
        return {"penalty": 1.0, "ranking_length": 5}

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
        return fingerprint(
            "bot/text",
            *(f"bot/brain/{name}.py" for name in ("classifier", "decision", "lexicon", "linear", "ngrams", "spelling")),
        )

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
            message.set(SPELT, self._model.spelt(normal))
            decision, chances = self._model.decide_message(message.get(TEXT) or "", normal)
            intent, confidence = decision.intent, decision.confidence
            if not self._model.knows_a_word(normal):
                intent, confidence = UNREADABLE, 1.0
            elif decision.kind == "lost":
                intent = UNREADABLE
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
                if second is None and decision.unsure:
                    second = decision.candidates[1]
                message.set("second", second, add_to_output=True)
        return messages


__all__ = ["DOUBT", "OUT_OF_SCOPE", "UNREADABLE", "FrenchClassifier", "IntentModel"]
