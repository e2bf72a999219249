"""The three peers and us, on the same sentences in one run: MTOP French, CLINC150, and a sample of our own data.

Each pipeline is trained and asked by Rasa in processes of its own (`peer.py`). Accuracy is of the likeliest intent
of the ranking, whatever a fallback would then do: so no threshold of ours or theirs favours anyone. Refusal is measured apart, on one
score: how sure of the best subject, less how sure of `hors_sujet`.
"""

import json
import os
import random
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

from benchmarks.evaluate import alone, machine, metrics, sets
from benchmarks.noise import spoil
from bot.paths import ROOT

RESULTS = ROOT / "benchmarks" / "peers.json"
OURS = "ours"
#: Those that need minutes to hours on our own data.
SLOW = ("buerokratt", "rasa_diet")
#: The quick ones first: what is wrong shows early.
ORDER = (OURS, "logistic", *SLOW)
#: How much of in-scope messages may be refused, when out-of-scope recall is read.
REFUSED = 0.05
#: Test sentences that are spoilt (each kind of noise): a seeded part of the test, to keep the slow peers affordable.
SPOILT = 300
#: The kinds of noise that every rival is asked under.
NOISES = ("accents", "two_typos", "apostrophes", "sms", "mild", "heavy")
#: Sentences an id of our own data, so that DIET is affordable; the rest of the data gives the validation sentences.
EACH = 25
VALIDATION = 800

Pipeline = list[dict[str, Any]]
_COUNTS: Pipeline = [
    {"name": "CountVectorsFeaturizer"},
    {"name": "CountVectorsFeaturizer", "analyzer": "char_wb", "min_ngram": 1, "max_ngram": 4},
]


def pipelines(penalty: float, diet_epochs: int | None = None) -> dict[str, Pipeline]:
    """Return the pipeline of each rival by name, ours last; `diet_epochs` shortens DIET (to try the harness)."""
    spacy: Pipeline = [
        {"name": "SpacyNLP", "model": "fr_core_news_sm"},
        {"name": "SpacyTokenizer"},
        {"name": "SpacyFeaturizer"},
    ]
    surface: Pipeline = [{"name": "RegexFeaturizer"}, {"name": "LexicalSyntacticFeaturizer"}]
    return {
        "rasa_diet": [
            *spacy,
            *surface,
            *_COUNTS,
            {
                "name": "DIETClassifier",
                "epochs": diet_epochs or 100,
                "entity_recognition": False,
                "constrain_similarities": True,
                "random_seed": 0,
            },
            {"name": "FallbackClassifier", "threshold": 0.3, "ambiguity_threshold": 0.1},
        ],
        # The configuration of Bürokratt's bot: loba/config.yml of the public repository.
        "buerokratt": [
            {"name": "WhitespaceTokenizer"},
            *surface,
            *_COUNTS,
            {
                "name": "DIETClassifier",
                "epochs": diet_epochs or 40,
                "entity_recognition": False,
                "random_seed": 50,
            },
            {"name": "FallbackClassifier", "threshold": 0.8},
        ],
        "logistic": [*spacy, *_COUNTS, {"name": "LogisticRegressionClassifier"}],
        OURS: [
            {"name": "bot.brain.reader.FrenchReader"},
            {"name": "bot.brain.classifier.FrenchClassifier", "penalty": penalty, "ranking_length": 10},
        ],
    }


def run(pipeline: Pipeline, train: sets.Pairs, texts: dict[str, list[str]], language: str = "fr") -> dict[str, Any]:
    """Train and ask one pipeline, each in a process of its own; return the figures of both (see peer.py)."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        job = {"pipeline": pipeline, "language": language, "train": train, "sets": texts, "folder": name}
        (folder / "job.json").write_text(json.dumps(job), encoding="utf-8")
        environment = {
            **os.environ,
            "RASA_TELEMETRY_ENABLED": "false",
            "RASA_CACHE_DIRECTORY": str(folder / "cache"),
            "TF_CPP_MIN_LOG_LEVEL": "3",
            "CUDA_VISIBLE_DEVICES": "-1",
            "SQLALCHEMY_SILENCE_UBER_WARNING": "1",
            "PYTHONWARNINGS": "ignore",
            "TQDM_DISABLE": "1",
        }
        found: dict[str, Any] = {}
        for phase in ("train", "parse"):
            command = [sys.executable, "-m", "benchmarks.evaluate.peer", phase, str(folder / "job.json")]
            done = subprocess.run(
                command,
                cwd=ROOT,
                env=environment,
                check=False,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                text=True,
            )
            if done.returncode:
                raise RuntimeError(f"{phase}: {done.stderr[-2000:]}")
            found |= json.loads((folder / f"{phase}.json").read_text(encoding="utf-8"))
        return found


def best(ranking: list[list[tuple[str, float]]]) -> list[str]:
    """Return the likeliest intent of each message."""
    return [str(one[0][0]) if one else "" for one in ranking]


def in_scope_score(ranking: list[tuple[str, float]]) -> float:
    """Return how sure a pipeline is of its best subject, less how sure it is of `hors_sujet`."""
    out = next((confidence for name, confidence in ranking if name == sets.OUT), 0.0)
    inside = next((confidence for name, confidence in ranking if name != sets.OUT), 0.0)
    return inside - out


def cost(done: dict[str, Any], name: str) -> dict[str, Any]:
    """Return what a pipeline cost: training, parse of the set `name`, memory, size."""
    held = done["sets"][name]
    kept = ("train_s", "train_cpu_s", "train_peak_mb", "load_s", "parse_peak_mb", "model_mb")
    return {
        **{key: done[key] for key in kept},
        "parse_ms": metrics.milliseconds(held["seconds"]),
        "parse_cpu_ms": metrics.milliseconds(held["cpu_seconds"]),
    }


def refusal(
    validation: list[float], inside: list[float], right: list[bool], outside: list[float], refused: float = REFUSED
) -> dict[str, float]:
    """Return accuracy and out-of-scope recall when a message scored below the threshold is refused.

    The threshold refuses a share `refused` of the in-scope validation messages (`validation`); `recall_same_refusal` is
    read where the same share of the in-scope test messages would be.
    """
    threshold, same = metrics.quantile(validation, refused), metrics.quantile(inside, refused)
    return {
        "in_scope_accuracy": metrics.share([r and s >= threshold for r, s in zip(right, inside, strict=True)]),
        "in_scope_refused": metrics.share([score < threshold for score in inside]),
        "out_of_scope_recall": metrics.share([score < threshold for score in outside]),
        "recall_same_refusal": metrics.share([score < same for score in outside]),
        "area_under_roc": metrics.area_under_roc(inside, outside),
    }


def on_mtop(
    penalty: float,
    names: Sequence[str] = (),
    kinds: Sequence[str] = NOISES,
    before: dict[str, Any] | None = None,
    diet_epochs: int | None = None,
) -> dict[str, Any]:
    """Measure the rivals `names` (all without) on MTOP French, clean and spoilt; keep each at once.

    `before` holds the figures of the others.
    """
    both = sets.mtop()
    if both is None:
        return {}
    train, test = both
    texts, truth = [text for text, _ in test], [intent for _, intent in test]
    chosen = sorted(random.Random(0).sample(range(len(test)), min(SPOILT, len(test))))
    asked = {"test": texts}
    for kind in kinds:
        asked[kind] = spoil([texts[position] for position in chosen], kind)
    found: dict[str, Any] = {
        "train": len(train), "test": len(test), "intents": len({intent for _, intent in train}), "spoilt": len(chosen),
        "our_penalty": penalty, "pipelines": dict(before or {}),
    }  # fmt: skip
    rivals = pipelines(penalty, diet_epochs)
    for name in names or ORDER:
        print(f"  MTOP: {name}", flush=True)
        done = run(rivals[name], train, asked)
        given = best(done["sets"]["test"]["ranking"])
        right = [a == b for a, b in zip(given, truth, strict=True)]
        clean = metrics.share([right[position] for position in chosen])
        noise = {}
        for kind in kinds:
            said = best(done["sets"][kind]["ranking"])
            accuracy = metrics.share([said[row] == truth[position] for row, position in enumerate(chosen)])
            noise[kind] = {"accuracy": accuracy, "drop": round(clean - accuracy, 2)}
        found["pipelines"][name] = {
            "accuracy": metrics.share(right),
            "macro_f1": metrics.macro_f1(truth, given),
            "noise": noise,
            **cost(done, "test"),
        }
        keep("mtop", found)
    return found


def on_ours(
    penalty: float, names: Sequence[str], before: dict[str, Any] | None = None, diet_epochs: int | None = None
) -> dict[str, Any]:
    """Measure the rivals `names` on one seeded sample of our data, against questions they never saw; keep each at once.

    `before` holds the figures of the others, measured on such a sample on another day (each has its date).
    """
    train, rest = sets.sample(sets.ours(), EACH)
    validation = random.Random(0).sample(rest, VALIDATION)
    asked = list(sets.questions(sets.HELD_OUT) or []) + list(sets.questions(sets.SAMPLE) or [])
    inside = [one for one in asked if one.intent != sets.OUT]
    outside = [one for one in asked if one.intent == sets.OUT]
    texts = {
        "inside": [one.text for one in inside],
        "outside": [one.text for one in outside],
        "validation": [text for text, intent in validation if intent != sets.OUT],
        **{kind: spoil([one.text for one in inside], kind) for kind in ("mild", "heavy")},
    }
    found: dict[str, Any] = {
        "train": len(train), "each": EACH, "in_scope": len(inside), "out_of_scope": len(outside),
        "intents": len({intent for _, intent in train}), "pipelines": dict(before or {}),
    }  # fmt: skip
    rivals = pipelines(penalty, diet_epochs)
    for name in names:
        print(f"  our own data: {name}", flush=True)
        done = run(rivals[name], train, texts)
        accuracy = {}
        for kind in ("inside", "mild", "heavy"):
            given = best(done["sets"][kind]["ranking"])
            accuracy[kind] = [alone.public(said) in one.accepted for said, one in zip(given, inside, strict=True)]
        scores = {
            kind: [in_scope_score(ranking) for ranking in done["sets"][kind]["ranking"]]
            for kind in ("validation", "inside", "outside")
        }
        if name == OURS:  # our rule reads margins, which Rasa's ranking does not carry
            scores = alone.refusal_scores(train, penalty, {kind: texts[kind] for kind in scores})
        clean = metrics.share(accuracy["inside"])
        found["pipelines"][name] = {
            "accuracy": clean,
            "noise": {
                kind: {
                    "accuracy": metrics.share(accuracy[kind]),
                    "drop": round(clean - metrics.share(accuracy[kind]), 2),
                }
                for kind in ("mild", "heavy")
            },
            "refusal": refusal(scores["validation"], scores["inside"], accuracy["inside"], scores["outside"]),
            **cost(done, "inside"),
            "sentences": len(train),
            "date": date.today().isoformat(),
        }
        keep("ours", found)
    return found


def logistic_on_clinc() -> dict[str, Any]:
    """Measure plain logistic regression on CLINC150, trained with its out-of-scope sentences, refusing 5 % in scope."""
    data = sets.clinc()
    if data is None:
        return {}
    texts = {
        "validation": [text for text, intent in data["val"] if intent != sets.OUT],
        "inside": [text for text, intent in data["test"] if intent != sets.OUT],
        "outside": [text for text, intent in data["test"] if intent == sets.OUT],
    }
    truth = [intent for _, intent in data["test"] if intent != sets.OUT]
    pipeline: Pipeline = [{"name": "WhitespaceTokenizer"}, *_COUNTS, {"name": "LogisticRegressionClassifier"}]
    print("  CLINC150: logistic", flush=True)
    done = run(pipeline, data["train"], texts, language="en")
    scores = {name: [in_scope_score(one) for one in done["sets"][name]["ranking"]] for name in texts}
    given = best(done["sets"]["inside"]["ranking"])
    top = [next((name for name, _ in one if name != sets.OUT), "") for one in done["sets"]["inside"]["ranking"]]
    right = [said == wanted for said, wanted in zip(top, truth, strict=True)]
    return {
        "trained_with_out_of_scope": {
            "in_scope_accuracy": metrics.share([said == wanted for said, wanted in zip(given, truth, strict=True)]),
            "out_of_scope_recall": metrics.share(
                [said == sets.OUT for said in best(done["sets"]["outside"]["ranking"])]
            ),
        },
        "refusal": refusal(scores["validation"], scores["inside"], right, scores["outside"]),
        **cost(done, "inside"),
    }


def stamped(figures: dict[str, Any]) -> dict[str, Any]:
    """Return figures with the date and the machine, and the threads that they were given."""
    return {**machine.stamp(), "threads": os.environ.get("OMP_NUM_THREADS", "all"), **figures}


def kept() -> dict[str, Any]:
    """Return what was measured and kept, by part."""
    return json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else {}


def keep(part: str, figures: dict[str, Any]) -> None:
    """Keep the figures of a part, with their date and machine."""
    everything = {**kept(), part: stamped(figures)}
    RESULTS.write_text(
        json.dumps(metrics.plain(everything), ensure_ascii=False, indent=2, allow_nan=False) + "\n", encoding="utf-8"
    )


def main() -> None:
    """Measure the parts named on the command line (all by default), and keep them.

    On our own data, DIET needs half an hour on two idle cores: it is measured when `all` is among the arguments; otherwise what
    was kept for it stays, with its date. `only-NAME` measures that rival alone, and keeps the others.
    """
    rivals = [name for name in ORDER if f"only-{name}" in sys.argv]
    asked = [name for name in sys.argv[1:] if name != "all" and not name.startswith("only-")]
    before = kept().get("ours", {})
    slow = {name: one for name, one in before.get("pipelines", {}).items() if name in SLOW and before["each"] == EACH}
    names = ORDER if "all" in sys.argv else ORDER[:2]
    both = sets.mtop()
    parts = {
        "mtop": lambda: (
            on_mtop(alone.mtop_penalty(both[0]), rivals, before=kept().get("mtop", {}).get("pipelines")) if both else {}
        ),
        "ours": lambda: on_ours(alone.penalty_in_use(), rivals or names, before.get("pipelines") if rivals else slow),
        "clinc_logistic": logistic_on_clinc,
    }
    for name in asked or parts:
        print(f"peers: {name}", flush=True)
        if figures := parts[name]():
            keep(name, figures)
        else:
            print(f"  skipped: the set is not in {sets.SHARED}")


if __name__ == "__main__":
    main()
