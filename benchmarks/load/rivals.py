"""The peers' configurations as whole assistants that Rasa can serve: `rivals.py NAME MODEL`, in Rasa's environment.

Each is trained on one seeded sample of our sentences, with few epochs: what a message costs depends on the layers and on
the words, hardly on how long they were trained, so a short training serves the same. How well they understand is
measured elsewhere (docs/evaluation.md). Each subject is a rule, its answer our standard text: one message, no action.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from itertools import pairwise
from pathlib import Path
from typing import Any

import yaml

from benchmarks.evaluate import sets
from benchmarks.evaluate.alone import penalty_in_use
from benchmarks.evaluate.peers import OURS, Pipeline, pipelines
from bot.answers import load
from bot.brain.importer import responses
from bot.paths import ROOT

#: Sentences an id, and passes of DIET and TED over them.
EACH, EPOCHS = 6, 30
FALLBACK = "incompris"
#: What our classifier says besides, when it is not sure; the others have FallbackClassifier for that, or nothing.
UNSURE = {"doute": "doute", "incompris": FALLBACK, "nlu_fallback": FALLBACK}

_RULES: Pipeline = [{"name": "RulePolicy", "core_fallback_threshold": 0.3, "enable_fallback_prediction": True,
                     "core_fallback_action_name": f"utter_{FALLBACK}"}]  # fmt: skip
#: What `rasa init` gives for policies in 3.6; the others say rules only (Bürokratt's `loba/config.yml`; ours).
_DEFAULT: Pipeline = [{"name": "MemoizationPolicy"}, *_RULES,
                      {"name": "TEDPolicy", "max_history": 5, "epochs": EPOCHS, "constrain_similarities": True}]  # fmt: skip
POLICIES: dict[str, Pipeline] = {"rasa_diet": _DEFAULT, "buerokratt": _RULES, "logistic": _RULES, OURS: _RULES}


def project(name: str) -> dict[str, dict[str, Any]]:
    """Return the files of a Rasa project for the peer `name`, by their name."""
    book = load()
    taken, _ = sets.sample([(text, id_) for text, id_ in sets.ours() if id_ in book.answers], EACH)
    intents = sorted({id_ for _, id_ in taken})
    steps = {id_: [{"intent": id_}, {"action": f"utter_{id_}"}] for id_ in intents}
    unsure = {intent: [{"intent": intent}, {"action": f"utter_{id_}"}] for intent, id_ in UNSURE.items()}
    return {
        "config.yml": {
            "recipe": "default.v1",
            "language": "fr",
            "assistant_id": name,
            "pipeline": pipelines(penalty_in_use(), EPOCHS)[name],
            "policies": POLICIES[name],
        },
        "domain.yml": {
            "version": "3.1",
            "intents": [*intents, *(one for one in UNSURE if one != "nlu_fallback")],
            "responses": responses(book),
            "session_config": {"session_expiration_time": 60, "carry_over_slots_to_new_session": True},
        },
        "data/nlu.yml": {
            "version": "3.1",
            "nlu": [
                {"intent": id_, "examples": [{"text": text} for text, one in taken if one == id_]} for id_ in intents
            ],
        },
        "data/rules.yml": {
            "version": "3.1",
            "rules": [{"rule": intent, "steps": held} for intent, held in {**steps, **unsure}.items()],
        },
        # TED learns from stories, and has nothing to learn without one.
        "data/stories.yml": {
            "version": "3.1",
            "stories": [
                {"story": f"{one}, {other}", "steps": steps[one] + steps[other]} for one, other in pairwise(intents)
            ],
        },
    }


def train(name: str, model: Path) -> None:
    """Train the peer `name` in a folder that does not last, and leave the model at `model`."""
    with tempfile.TemporaryDirectory() as held:  # Rasa reads nothing in a folder whose name begins with a dot
        folder = Path(held)
        for file, content in project(name).items():
            path = folder / file
            path.parent.mkdir(exist_ok=True)
            path.write_text(yaml.safe_dump(content, allow_unicode=True, sort_keys=False), encoding="utf-8")
        command = [
            str(Path(sys.executable).with_name("rasa")), "train", "--config", str(folder / "config.yml"), "--domain", str(folder / "domain.yml"),
            "--data", str(folder / "data"), "--out", str(folder), "--fixed-model-name", name, "--skip-validation",
        ]  # fmt: skip
        environment = {**os.environ, "RASA_CACHE_DIRECTORY": str(folder / "cache"), "PYTHONPATH": str(ROOT)}
        subprocess.run(command, cwd=ROOT, env=environment, check=True, stdout=sys.stderr)
        model.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(folder / f"{name}.tar.gz", model)


def main() -> None:
    """Train the peer named on the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name", choices=sorted(POLICIES))
    parser.add_argument("model", type=Path)
    given = parser.parse_args()
    train(given.name, given.model)


if __name__ == "__main__":
    main()
