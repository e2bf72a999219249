"""Reads the answer to a list: a message that is nothing but a rank, or a wish for the rest of it."""

from __future__ import annotations

from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.classifiers.classifier import IntentClassifier
from rasa.shared.nlu.constants import ENTITIES, INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message

from bot.text import rank
from bot.text.more import asks_more

CHOOSE = "choisir"
MORE = "suite"


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=False)
class RankReader(IntentClassifier, GraphComponent):
    """Sets the intent `choisir` and the entity `rang` when a message is nothing but a rank; `suite` when it wants more."""

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
        """Set the intent of the messages that are a rank, or ask for more."""
        for message in messages:
            text = message.get(TEXT) or ""
            wanted = rank(text)
            if wanted is not None:
                message.set(INTENT, {"name": CHOOSE, "confidence": 1.0}, add_to_output=True)
                entity = {"entity": "rang", "value": wanted, "start": 0, "end": len(text), "extractor": "RankReader"}
                message.set(ENTITIES, [*message.get(ENTITIES, []), entity], add_to_output=True)
            elif asks_more(text):
                message.set(INTENT, {"name": MORE, "confidence": 1.0}, add_to_output=True)
        return messages
