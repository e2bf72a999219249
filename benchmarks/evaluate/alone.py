"""Our classifier with its decision rule alone, free of Rasa: cross-validation on our data, MTOP French, CLINC150."""

import random
import time
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import yaml

from benchmarks.evaluate import metrics, sets
from benchmarks.noise import KINDS, spoil
from bot.answers import Book
from bot.answers import load as load_book
from bot.brain.classifier import FrenchClassifier, IntentModel
from bot.brain.decision import in_scope_scores
from bot.brain.reader import read
from bot.paths import ROOT
from bot.text import words

#: Penalties of the linear model that a validation split chooses from.
PENALTIES = (0.1, 0.3, 1.0, 3.0)
#: How much of the margin of the out-of-scope class counts against the best subject: what validation chooses from.
OUT_WEIGHTS = (0.0, 0.3, 0.5, 0.7, 0.9, 1.1)

#: In-scope accuracy of Rasa trained with out-of-scope examples on CLINC150 (Larson 2019, table 2), in percent.
RASA_IN_SCOPE = 91.5


@lru_cache(maxsize=1)
def book() -> Book:
    """Return the answers, loaded once."""
    return load_book()


def public(intent: str) -> str:
    """Return the catalogue id that the chat API names for an intent of the model."""
    answers = book().answers
    return answers[intent].reports_as if intent in answers else intent


def theme(intent: str) -> str:
    """Return the theme of an id, `hors_sujet` for itself, `dialogue` for what has no answer of its own."""
    if intent == sets.OUT:
        return sets.OUT
    answers = book().answers
    return answers[intent].theme if intent in answers else "dialogue"


def normal(texts: Sequence[str]) -> list[str]:
    """Return French texts as the classifier reads them."""
    return [read(text)[0] for text in texts]


def cross_validate(pairs: sets.Pairs, penalty: float, count: int = 5) -> dict[str, Any]:
    """Return the figures of `count` models, each judged on the fold that it had not learnt; near duplicates together.

    `truth`, `given` (what the person would be told; a doubt counts as its first subject) and `confidence` are lists, one
    a sentence, for the plots.
    """
    texts, truth = normal([text for text, _ in pairs]), [intent for _, intent in pairs]
    fold = sets.folds(texts, truth, count)
    given, confidence, kinds = [""] * len(texts), [0.0] * len(texts), [""] * len(texts)
    for held in range(count):
        learnt = [position for position in range(len(texts)) if fold[position] != held]
        model = IntentModel.fit([texts[p] for p in learnt], [truth[p] for p in learnt], penalty)
        for position in (p for p in range(len(texts)) if fold[p] == held):
            decision, _ = model.decide(texts[position])
            given[position] = decision.candidates[0] if decision.kind == "doubt" else decision.intent
            confidence[position], kinds[position] = decision.confidence, decision.kind
        print(f"  fold {held + 1} of {count}", flush=True)
    wanted, said = [public(one) for one in truth], [public(one) for one in given]
    pairs_said = list(zip(wanted, said, strict=True))
    inside = [(a, b) for a, b in pairs_said if a != sets.OUT]
    outside = [(a, b) for a, b in pairs_said if a == sets.OUT]
    right = [a == b for a, b in pairs_said]
    return {
        "figures": {
            "sentences": len(texts),
            "folds": count,
            "accuracy": metrics.share(right),
            "macro_f1": metrics.macro_f1(wanted, said),
            "in_scope_accuracy": metrics.share([a == b for a, b in inside]),
            "in_scope_refused": metrics.share([b == sets.OUT for _, b in inside]),
            "out_of_scope_recall": metrics.share([a == b for a, b in outside]),
            "doubts": metrics.share([kind == "doubt" for kind in kinds]),
            "calibration_error": metrics.calibration_error(confidence, right),
            "worst_confusions": [list(one) for one in metrics.confusions(wanted, said)],
        },
        "truth": wanted,
        "given": said,
        "confidence": confidence,
    }


def likeliest(model: IntentModel, text: str) -> str:
    """Return the intent with the largest margin, whatever the decision rule."""
    margins = list(model.margins(text))
    return model.intents[max(range(len(margins)), key=margins.__getitem__)]


def choose_penalty(pairs: sets.Pairs, splits: int = 10) -> float:
    """Return the penalty that is right most often on held-back fifths of `pairs` (already normalised)."""
    right = dict.fromkeys(PENALTIES, 0)
    for seed in range(splits):
        order = list(pairs)
        random.Random(seed).shuffle(order)
        held, learnt = order[: len(order) // 5], order[len(order) // 5 :]
        for penalty in PENALTIES:
            model = IntentModel.fit([text for text, _ in learnt], [intent for _, intent in learnt], penalty)
            right[penalty] += sum(likeliest(model, text) == intent for text, intent in held)
    return max(PENALTIES, key=lambda penalty: right[penalty])


def mtop_penalty(train: sets.Pairs) -> float:
    """Return the penalty for MTOP French, chosen on parts of its training half only."""
    return choose_penalty(list(zip(normal([text for text, _ in train]), [intent for _, intent in train], strict=True)))


def on_mtop() -> dict[str, Any]:
    """Return our figures on MTOP French: trained on dev, read on test, clean and under each kind of noise."""
    both = sets.mtop()
    if both is None:
        return {}
    train, test = both
    truth = [intent for _, intent in test]
    penalty = mtop_penalty(train)
    started = time.perf_counter()
    model = IntentModel.fit(normal([text for text, _ in train]), [intent for _, intent in train], penalty)
    seconds = time.perf_counter() - started
    given = [likeliest(model, text) for text in normal([text for text, _ in test])]
    clean = metrics.share([a == b for a, b in zip(given, truth, strict=True)])
    noise = {}
    for kind in KINDS:
        said = [likeliest(model, text) for text in normal(spoil([text for text, _ in test], kind))]
        accuracy = metrics.share([a == b for a, b in zip(said, truth, strict=True)])
        noise[kind] = {"accuracy": accuracy, "drop": round(clean - accuracy, 2)}
    return {
        "train": len(train), "test": len(test), "intents": len(model.intents), "penalty": penalty,
        "accuracy": clean, "macro_f1": metrics.macro_f1(truth, given), "train_s": round(seconds, 1), "noise": noise,
    }  # fmt: skip


def out_of_scope_score(margins: Sequence[float], out: int, weight: float) -> tuple[float, int]:
    """Return the best subject's margin less `weight` of the out-of-scope margin, and which subject it is."""
    best = max((position for position in range(len(margins)) if position != out), key=lambda one: margins[one])
    return margins[best] - weight * margins[out], best


def operating_points(
    validation: list[tuple[list[float], str]],
    test: list[tuple[list[float], str]],
    intents: list[str],
    refused: float = 0.05,
) -> dict[str, Any]:
    """Return in-scope accuracy and out-of-scope recall of the test, weight and threshold chosen on `validation` alone.

    `paper`: the pair that is right most often on the validation set, its out-of-scope sentences counted, as in Larson 2019.
    `refuses_5_percent`: the threshold refuses a share `refused` of the in-scope validation sentences; the weight is the
    one that then refuses most of the out-of-scope ones. `as_right_as_rasa`: the pair that refuses most of them while the
    in-scope validation sentences stay right as often as Rasa's published figure (RASA_IN_SCOPE). `loses_one_point`: the
    pair that refuses most of them while one point of in-scope validation accuracy is lost at most. Accuracy counts a refused
    in-scope sentence as wrong.
    """
    out = intents.index(sets.OUT)

    def scored(rows: list[tuple[list[float], str]], weight: float) -> list[tuple[float, bool, bool]]:
        found = []
        for margins, truth in rows:
            score, best = out_of_scope_score(margins, out, weight)
            found.append((score, truth == sets.OUT, intents[best] == truth))
        return found

    def read_at(rows: list[tuple[float, bool, bool]], threshold: float) -> dict[str, float]:
        return {
            "in_scope_accuracy": metrics.share(
                [right and score >= threshold for score, is_out, right in rows if not is_out]
            ),
            "in_scope_refused": metrics.share([score < threshold for score, is_out, _ in rows if not is_out]),
            "out_of_scope_recall": metrics.share([score < threshold for score, is_out, _ in rows if is_out]),
        }

    by_total: list[tuple[float, float, float]] = []
    by_refusal: list[tuple[float, float, float]] = []
    by_accuracy: list[tuple[float, float, float]] = []
    kept: list[tuple[float, tuple[float, float, float]]] = []
    for weight in OUT_WEIGHTS:
        rows = scored(validation, weight)
        for threshold in sorted({score for score, _, _ in rows})[:: max(1, len(rows) // 400)]:
            good = sum(
                (score < threshold) if is_out else (right and score >= threshold) for score, is_out, right in rows
            )
            by_total.append((good, weight, threshold))
            held = read_at(rows, threshold)
            kept.append((held["in_scope_accuracy"], (held["out_of_scope_recall"], weight, threshold)))
            if held["in_scope_accuracy"] >= RASA_IN_SCOPE:
                by_accuracy.append((held["out_of_scope_recall"], weight, threshold))
        threshold = metrics.quantile([score for score, is_out, _ in rows if not is_out], refused)
        by_refusal.append((read_at(rows, threshold)["out_of_scope_recall"], weight, threshold))
    least = max(accuracy for accuracy, _ in kept) - 1
    by_loss = [choice for accuracy, choice in kept if accuracy >= least]
    found = {}
    for name, choices in (
        ("paper", by_total),
        ("loses_one_point", by_loss),
        ("as_right_as_rasa", by_accuracy),
        ("refuses_5_percent", by_refusal),
    ):
        if not choices:
            continue
        _, weight, threshold = max(choices)
        found[name] = {"weight": weight, "threshold": round(threshold, 4), **read_at(scored(test, weight), threshold)}
    return found


def refusal_scores(train: sets.Pairs, penalty: float, texts: dict[str, list[str]]) -> dict[str, list[float]]:
    """Return, for each named list of texts, the score under which our decision rule refuses: higher is more ours."""
    model = IntentModel.fit(normal([text for text, _ in train]), [intent for _, intent in train], penalty)
    return {
        name: [float(in_scope_scores(np.array([model.margins(text)]), model.intents)[0]) for text in normal(held)]
        for name, held in texts.items()
    }


def english(text: str) -> str:
    """Return an English text in small letters, without its signs: French shorthand would spoil it."""
    return " ".join(words(text))


def on_clinc(penalty: float = 1.0) -> dict[str, Any]:
    """Return our classifier's figures on CLINC150 full, with its rejection rule alone: no French rule helps or harms."""
    data = sets.clinc()
    if data is None:
        return {}
    started = time.perf_counter()
    model = IntentModel.fit(
        [english(text) for text, _ in data["train"]], [intent for _, intent in data["train"]], penalty
    )
    seconds = time.perf_counter() - started
    rows = {
        name: [([float(one) for one in model.margins(english(text))], intent) for text, intent in data[name]]
        for name in ("val", "test")
    }
    return {
        "train": len(data["train"]),
        "penalty": penalty,
        "train_s": round(seconds, 1),
        **operating_points(rows["val"], rows["test"], model.intents),
    }


def penalty_in_use() -> float:
    """Return the penalty that the assistant's own classifier is trained with."""
    config = yaml.safe_load((ROOT / "config.yml").read_text(encoding="utf-8"))
    held: dict[str, Any] = next((one for one in config["pipeline"] if one["name"].endswith(".FrenchClassifier")), {})
    return float(held.get("penalty", FrenchClassifier.get_default_config()["penalty"]))
