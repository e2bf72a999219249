"""What does one more sentence bring? Accuracy on the held-out questions as the sentences per id grow.

`python -m benchmarks.learning_curve`, inside Rasa's environment: minutes. Kept in `benchmarks/learning_curve.json`, drawn in the
report of `make evaluate`.
"""

import json
from typing import Any

from benchmarks.evaluate import alone, machine, metrics, sets
from benchmarks.noise import spoil
from bot.brain.classifier import IntentModel
from bot.paths import ROOT

RESULTS = ROOT / "benchmarks" / "learning_curve.json"
#: Sentences an id, and how many seeded samples of that size: small samples vary more.
SIZES = ((10, 3), (25, 3), (50, 2), (100, 1), (150, 1), (10_000, 1))


def answered(model: IntentModel, text: str) -> str:
    """Return the id that the classifier and its decision rule name; a doubt names its first subject."""
    decision, _ = model.decide(text)
    return alone.public(decision.candidates[0] if decision.kind == "doubt" else decision.intent)


def point(pairs: sets.Pairs, each: int, seed: int, questions: list[sets.Question], penalty: float) -> dict[str, Any]:
    """Return the figures of a model trained on `each` sentences an id at most (`hors_sujet` in proportion)."""
    train, _ = sets.sample(pairs, each, seed)
    model = IntentModel.fit([text for text, _ in train], [intent for _, intent in train], penalty)
    figures: dict[str, Any] = {"each": each, "seed": seed, "sentences": len(train)}
    for kind in ("clean", "mild"):
        texts = [one.text for one in questions]
        said = [answered(model, text) for text in alone.normal(spoil(texts, kind) if kind != "clean" else texts)]
        right = [found in one.accepted for found, one in zip(said, questions, strict=True)]
        inside = [one.intent != sets.OUT for one in questions]
        figures[kind] = {
            "in_scope_accuracy": metrics.share([good for good, own in zip(right, inside, strict=True) if own]),
            "out_of_scope_recall": metrics.share([good for good, own in zip(right, inside, strict=True) if not own]),
        }
    return figures


def main() -> None:
    """Measure each size, print, keep."""
    questions = sets.questions(sets.HELD_OUT)
    assert questions is not None
    raw = sets.ours()
    pairs = list(zip(alone.normal([text for text, _ in raw]), [intent for _, intent in raw], strict=True))
    penalty = alone.penalty_in_use()
    points = []
    for each, seeds in SIZES:
        for seed in range(seeds):
            points.append(point(pairs, each, seed, questions, penalty))
            print(json.dumps(points[-1]), flush=True)
    kept = {**machine.stamp(), "questions": len(questions), "points": points}
    RESULTS.write_text(
        json.dumps(metrics.plain(kept), ensure_ascii=False, indent=2, allow_nan=False) + "\n", encoding="utf-8"
    )


if __name__ == "__main__":
    main()
