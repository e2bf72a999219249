"""The answer to a choice: "1", "le deuxième", "la dernière"."""

from __future__ import annotations

import re
from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.classifiers.classifier import IntentClassifier
from rasa.shared.nlu.constants import ENTITIES, INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message

from bot.text import fold

CHOOSE = "choisir"

_RANKS = {
    1: "1|1er|1ere|un|une|premier|premiere|prems",
    2: "2|2e|2eme|2nd|2nde|deux|deuxieme|second|seconde|deuzieme",
    3: "3|3e|3eme|trois|troisieme|troizieme",
    4: "4|4e|4eme|quatre|quatrieme|katre",
    5: "5|5e|5eme|cinq|cinquieme",
    6: "6|6e|6eme|six|sixieme",
    7: "7|7e|7eme|sept|septieme",
    8: "8|8e|8eme|huit|huitieme",
    9: "9|9e|9eme|neuf|neuvieme",
    -1: "dernier|derniere",
}
_POLITE = r"(?:svp|stp|merci|s'il (?:vous|te) plait)"
_ASKED = re.compile(
    r"^(?:(?:oui|ok|d'accord|alors|bon|euh|et|je (?:veux|prends|choisis)|plutot) )*"
    r"(?:(?:le|la|l'|les|pour|numero|n°|no|num|choix|option|reponse|la reponse|le choix|le numero) ?)*"
    r"(?P<rank>" + "|".join(f"(?P<r{i}>{words})" for i, words in enumerate(_RANKS.values())) + r")"
    r"(?: (?:choix|option|reponse|proposition|lien|lieu|adresse|sujet))?(?: " + _POLITE + r")?$"
)


def rank(text: str) -> int | None:
    """Return the rank that `text` asks for (1 for the first, -1 for the last), or None when it is something else."""
    match = _ASKED.match(re.sub(r"[\s.,;:!?)(]+", " ", fold(text)).strip())
    if match is None:
        return None
    for position, number in enumerate(_RANKS):
        if match[f"r{position}"]:
            return number
    return None


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=False)
class RankReader(IntentClassifier, GraphComponent):
    """Sets the intent `choisir` and the entity `rang` when a message is nothing but a rank."""

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> RankReader:
        """Create the component: it has no state."""
        return cls()

    def process(self, messages: list[Message]) -> list[Message]:
        """Set the intent of the messages that are a rank."""
        for message in messages:
            text = message.get(TEXT) or ""
            wanted = rank(text)
            if wanted is not None:
                message.set(INTENT, {"name": CHOOSE, "confidence": 1.0}, add_to_output=True)
                entity = {"entity": "rang", "value": wanted, "start": 0, "end": len(text), "extractor": "RankReader"}
                message.set(ENTITIES, [*message.get(ENTITIES, []), entity], add_to_output=True)
        return messages
