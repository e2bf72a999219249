"""Hands Rasa the texts of `data/answers`, and one rule for each id that only has to be answered.

A new subject is examples in `data/nlu`, an answer in `data/answers` and its id in `domain.yml`: no rule to write.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import yaml
from rasa.shared.core.domain import Domain
from rasa.shared.core.training_data.story_reader.yaml_story_reader import YAMLStoryReader
from rasa.shared.core.training_data.structures import StoryGraph
from rasa.shared.importers.importer import TrainingDataImporter
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot import urgent
from bot.answers import Book, load, render
from bot.paths import ROOT


def responses(book: Book) -> dict[str, list[dict[str, Any]]]:
    """Return Rasa's responses: the standard text as of today, and the id that the gateway words.

    No `{figure}` is left in them: Rasa would take it for a slot, and log that there is none at every turn.
    """
    today = date.today()
    return {
        f"utter_{id_}": [{"text": render(book, id_, "standard", today).text, "metadata": {"answer": id_}}]
        for id_ in book.answers
    }


def ruled_intents(folder: Path) -> set[str]:
    """Return the intents that have a rule of their own under `folder`."""
    found = set()
    for path in folder.glob("*.yml"):
        for rule in yaml.safe_load(path.read_text(encoding="utf-8")).get("rules", []):
            found |= {step["intent"] for step in rule["steps"] if "intent" in step}
    return found


class AnswersImporter(TrainingDataImporter):
    """Adds responses and rules to what Rasa reads from its own files."""

    def __init__(
        self,
        config_file: str | None = None,
        domain_path: str | None = None,
        training_data_paths: Any = None,
        **kwargs: Any,
    ) -> None:
        self._book = load()
        domain = yaml.safe_load((ROOT / "domain.yml").read_text(encoding="utf-8"))
        self._intents = [next(iter(intent)) if isinstance(intent, dict) else intent for intent in domain["intents"]]

    def get_domain(self) -> Domain:
        """Return the responses."""
        return Domain.from_dict({"responses": responses(self._book)})

    def get_stories(self, exclusion_percentage: int | None = None) -> StoryGraph:
        """Return a rule "intent → its answer" for each intent that has no rule of its own.

        An answer that leads to a place is followed by the action that says the nearest, when a commune is named.
        """
        own = ruled_intents(ROOT / "data" / "rules")
        dangers = set(urgent.load().kinds.values())
        rules = []
        for intent in self._intents:
            if intent in own or intent not in self._book.answers:
                continue
            steps = [{"intent": intent}, {"action": f"utter_{intent}"}]
            if self._book.answers[intent].lookup and intent not in dangers:
                steps.append({"action": "action_autour"})
            rules.append({"rule": f"{intent}: its answer", "steps": steps})
        steps = YAMLStoryReader().read_from_string(yaml.safe_dump({"version": "3.1", "rules": rules}))
        return StoryGraph(steps)

    def get_conversation_tests(self) -> StoryGraph:
        """Return nothing: `rasa test` runs the project's test stories only."""
        return StoryGraph([])

    def get_config(self) -> dict[str, Any]:
        """Return nothing: the configuration is `config.yml`."""
        return {}

    def get_config_file_for_auto_config(self) -> str | None:
        """Return nothing."""
        return None

    def get_nlu_data(self, language: str | None = "fr") -> TrainingData:
        """Return nothing: the examples are in `data/nlu`."""
        return TrainingData()
