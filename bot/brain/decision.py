"""From margins to what the assistant does: answer, ask which of two, or say that it is not its subject.

Pure: plain arrays in, plain values out; every threshold is chosen on cross-validated margins of the training data.
"""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

OUT_OF_SCOPE = "hors_sujet"
#: How much of the margin of `hors_sujet` counts against the best subject: best on held-out examples (docs/understanding.md).
OUT_WEIGHT = 0.9
#: An answer that is right less often than this is better asked about; less often than that, better not given.
ASK_UNDER, GIVE_UP_UNDER = 0.67, 0.2
#: How often "vouliez-vous dire" must hold what was meant, to be asked at all.
ASKED_HOLDS = 0.9
#: Fewer examples than this prove no share.
_ENOUGH = 20

Array = Any  # numpy's arrays, seen as Any by the type checker of the other environment


@dataclass(frozen=True)
class Thresholds:
    """What held-out examples decided: how margins become probabilities, and where doubt and refusal begin.

    `reject_below` is a score of `in_scope_scores`; the others are probabilities: of the best subject, and of the best
    two together (`pair_from`: only from there on does asking which of the two help).
    """

    temperature: float
    reject_below: float
    doubt_below: float
    pair_from: float = 0.0
    lost_below: float = 0.0


@dataclass(frozen=True)
class Decision:
    """What to do with one message; `candidates` are the two best subjects, best first.

    `lost` is about our subjects, but which one is anybody's guess. `unsure`: the answer is the likeliest, and the second
    candidate is worth offering beside it.
    """

    kind: Literal["answer", "doubt", "out_of_scope", "lost"]
    intent: str
    confidence: float
    candidates: tuple[str, str]
    unsure: bool = False


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


def fit_thresholds(margins: Array, truth: list[str], intents: list[str], rejected_in_scope: float = 0.1) -> Thresholds:
    """Choose the thresholds on margins predicted for examples that the model had not learnt.

    The temperature minimises the log loss; the rejection lets `rejected_in_scope` of the in-scope examples go. Of the
    examples kept, doubt begins where an answer is right less often than ASK_UNDER, and asks only where the two best
    subjects hold the right one ASKED_HOLDS of the time; below GIVE_UP_UNDER, nothing is guessed.
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
    reject_below = float("-inf")
    if OUT_OF_SCOPE in index and in_scope.any():
        reject_below = float(np.quantile(scores[in_scope], rejected_in_scope))
    kept = scores >= reject_below
    if OUT_OF_SCOPE in index:
        kept &= margins.argmax(axis=1) != index[OUT_OF_SCOPE]
    order = np.argsort(-_subjects(margins, intents)[kept], axis=1)
    chances = probabilities(margins, temperature)[kept]
    first, second = chances[rows[: len(order)], order[:, 0]], chances[rows[: len(order)], order[:, 1]]
    right = order[:, 0] == target[kept]
    held = right | (order[:, 1] == target[kept])
    doubt_below = lost_below = 0.0
    for threshold in np.linspace(0.05, 0.8, 76):
        band = (first >= threshold - 0.05) & (first < threshold)
        if band.sum() >= _ENOUGH and right[band].mean() < ASK_UNDER:
            doubt_below = float(threshold)
        below = first < threshold
        if below.sum() >= _ENOUGH and right[below].mean() < GIVE_UP_UNDER:
            lost_below = float(threshold)
    doubtful = (first >= lost_below) & (first < doubt_below)
    pair_from = 1.0  # the two are never that sure together: doubt is never asked
    for threshold in np.linspace(1.0, 0.3, 71):
        asked = doubtful & (first + second >= threshold)
        if asked.sum() >= _ENOUGH and held[asked].mean() >= ASKED_HOLDS:
            pair_from = float(threshold)
    return Thresholds(temperature, reject_below, doubt_below, pair_from, lost_below)


def _subjects(margins: Array, intents: list[str]) -> Array:
    """Return the margins with that of `hors_sujet` below all others."""
    if OUT_OF_SCOPE not in intents:
        return margins
    return np.where(np.arange(len(intents)) == intents.index(OUT_OF_SCOPE), -np.inf, margins)


def decide(margins: Array, intents: list[str], thresholds: Thresholds) -> tuple[Decision, Array]:
    """Decide for one message from its margins (one per intent); return the decision and the probabilities."""
    row = np.asarray(margins, dtype=float).reshape(1, -1)
    chances = probabilities(row, thresholds.temperature)[0]
    best = intents[int(np.argmax(row[0]))]
    first, second = (int(position) for position in np.argsort(-_subjects(row, intents)[0])[:2])
    candidates = (intents[first], intents[second])
    refuses = OUT_OF_SCOPE in intents  # a set of subjects only has no way to say that a message is none of them
    if refuses and (best == OUT_OF_SCOPE or in_scope_scores(row, intents)[0] < thresholds.reject_below):
        sure = float(chances[intents.index(OUT_OF_SCOPE)])
        return Decision("out_of_scope", OUT_OF_SCOPE, sure, candidates), chances
    confidence = float(chances[first])
    if confidence < thresholds.lost_below:
        return Decision("lost", best, confidence, candidates), chances
    if confidence < thresholds.doubt_below:
        if confidence + chances[second] >= thresholds.pair_from:
            return Decision("doubt", best, confidence, candidates), chances
        return Decision("answer", best, confidence, candidates, unsure=True), chances
    return Decision("answer", best, confidence, candidates), chances
