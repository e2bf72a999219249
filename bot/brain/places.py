"""A place called by its name near a commune is looked for; a commune alone answers where the person is."""

from __future__ import annotations

from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.classifiers.classifier import IntentClassifier
from rasa.shared.nlu.constants import INTENT
from rasa.shared.nlu.training_data.message import Message

from bot.brain.reader import COMMUNE_TOKEN, NORMAL
from bot.directory.asked import asked

_INTENTS = {"place": "chercher_structure", "commune": "donner_commune", "detail": "preciser"}


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=False)
class PlaceReader(IntentClassifier, GraphComponent):
    """Sets the intent of the messages that a rule reads for sure: "la caf à Sète", "Lunel", "et les horaires ?"."""

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> PlaceReader:
        """Create the component: it has no state."""
        return cls()

    def process(self, messages: list[Message]) -> list[Message]:
        """Set the intent of the messages that ask for a place, or only say a commune."""
        for message in messages:
            intent = _INTENTS.get(asked(message.get(NORMAL) or "", COMMUNE_TOKEN) or "")
            if intent:
                message.set(INTENT, {"name": intent, "confidence": 1.0}, add_to_output=True)
        return messages
