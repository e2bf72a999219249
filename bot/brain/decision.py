"""From margins to what the assistant does: answer, ask which of two, or say that it is not its subject.

Pure: plain arrays in, plain values out; every threshold is chosen on cross-validated margins of the training data.
"""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

OUT_OF_SCOPE = "hors_sujet"
#: How much of the margin of `hors_sujet` counts against the best subject (0.7 was best on CLINC150, ../shared/anchors.md).
OUT_WEIGHT = 0.7

Array = Any  # numpy's arrays, seen as Any by the type checker of the other environment


@dataclass(frozen=True)
class Thresholds:
    """What cross-validation decided: how margins become probabilities, and where doubt and refusal begin."""

    temperature: float
    reject_below: float
    doubt_below: float


@dataclass(frozen=True)
class Decision:
    """What to do with one message; `candidates` are the two best subjects, best first."""

    kind: Literal["answer", "doubt", "out_of_scope"]
    intent: str
    confidence: float
    candidates: tuple[str, str]


def probabilities(margins: Array, temperature: float) -> Array:
    """Return the softmax of margins (messages × intents) at `temperature`."""
    scaled = margins * temperature
    scaled = scaled - scaled.max(axis=1, keepdims=True)
    exponentials = np.exp(scaled)
    return exponentials / exponentials.sum(axis=1, keepdims=True)


def in_scope_scores(margins: Array, intents: list[str]) -> Array:
    """Return, for each message, its best subject's margin less a part of the margin of `hors_sujet`."""
    if OUT_OF_SCOPE not in intents:
        return margins.max(axis=1)
    out = intents.index(OUT_OF_SCOPE)
    inside = np.delete(margins, out, axis=1)
    return inside.max(axis=1) - OUT_WEIGHT * margins[:, out]


def fit_thresholds(margins: Array, truth: list[str], intents: list[str], rejected_in_scope: float = 0.03) -> Thresholds:
    """Choose the thresholds on margins predicted for examples that the model had not learnt.

    The temperature minimises the log loss; the rejection lets `rejected_in_scope` of the in-scope examples go; doubt
    begins where an answer is right less than two times in three.
    """
    index = {intent: position for position, intent in enumerate(intents)}
    target = np.array([index[intent] for intent in truth])
    rows = np.arange(len(target))
    losses = {}
    for temperature in np.linspace(1.0, 10.0, 37):
        losses[float(temperature)] = -np.log(probabilities(margins, temperature)[rows, target] + 1e-9).mean()
    temperature = min(losses, key=lambda value: losses[value])
    scores = in_scope_scores(margins, intents)
    in_scope = np.array([intent != OUT_OF_SCOPE for intent in truth])
    reject_below = float(np.quantile(scores[in_scope], rejected_in_scope)) if in_scope.any() else float("-inf")
    chances = probabilities(margins, temperature)
    best, right = chances.max(axis=1), chances.argmax(axis=1) == target
    doubt_below = 0.0
    for threshold in np.linspace(0.05, 0.6, 56):
        band = (best >= threshold - 0.05) & (best < threshold)
        if band.sum() >= 20 and right[band].mean() < 0.67:
            doubt_below = float(threshold)
    return Thresholds(temperature, reject_below, doubt_below)


def decide(margins: Array, intents: list[str], thresholds: Thresholds) -> tuple[Decision, Array]:
    """Decide for one message from its margins (one per intent); return the decision and the probabilities."""
    row = np.asarray(margins, dtype=float).reshape(1, -1)
    chances = probabilities(row, thresholds.temperature)[0]
    order = np.argsort(-row[0])
    subjects = [intents[position] for position in order if intents[position] != OUT_OF_SCOPE]
    candidates = (subjects[0], subjects[1])
    best = intents[order[0]]
    refuses = OUT_OF_SCOPE in intents  # a set of subjects only has no way to say that a message is none of them
    if refuses and (best == OUT_OF_SCOPE or in_scope_scores(row, intents)[0] < thresholds.reject_below):
        out = intents.index(OUT_OF_SCOPE)
        return Decision(
            "out_of_scope", OUT_OF_SCOPE, float(max(chances[out], 1 - chances[order[0]])), candidates
        ), chances
    confidence = float(chances[order[0]])
    kind: Literal["answer", "doubt"] = "doubt" if confidence < thresholds.doubt_below else "answer"
    return Decision(kind, best, confidence, candidates), chances
