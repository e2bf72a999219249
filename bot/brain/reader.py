"""First component of the pipeline: reads a message as French text and finds the communes in it."""

from __future__ import annotations

from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.constants import ENTITIES, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot.brain.addon import fingerprint
from bot.directory.communes import Mention, load
from bot.text import clean, normalise

#: The attribute of a message that holds the text as the classifiers read it.
NORMAL = "normal"
#: What stands for a commune there, so that nothing is learnt from which commune it is.
COMMUNE_TOKEN = "zcommune"  # noqa: S105 - not a password


def read(text: str) -> tuple[str, list[Mention]]:
    """Return the normalised form of `text`, each commune replaced by one token, and the communes found."""
    tokens = normalise(clean(text)).split()
    mentions = load().mentions(tokens)
    for mention in reversed(mentions):
        tokens[mention.start : mention.end] = [COMMUNE_TOKEN]
    return " ".join(tokens), mentions


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR, is_trainable=False)
class FrenchReader(GraphComponent):
    """Sets `normal` on each message, and the entity `commune` (an INSEE code) or `commune_possible` (several)."""

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> FrenchReader:
        """Create the component: it has no state."""
        return cls()

    @classmethod
    def fingerprint_addon(cls, config: dict[str, Any]) -> str:
        """Tell the cache what else decides the result."""
        return fingerprint("bot/text", "bot/directory/communes.py", "data/places/communes.csv", "bot/brain/reader.py")

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """Read the training examples: their text only, no entity is learnt."""
        for example in training_data.training_examples:
            if text := example.get(TEXT):
                example.set(NORMAL, read(text)[0])
        return training_data

    def process(self, messages: list[Message]) -> list[Message]:
        """Read messages as they come."""
        for message in messages:
            text = message.get(TEXT) or ""
            normal, mentions = read(text)
            message.set(NORMAL, normal)
            entities = message.get(ENTITIES, [])
            for mention in mentions:
                sure = mention.commune
                entities.append(
                    {
                        "entity": "commune" if sure else "commune_possible",
                        "value": sure.insee if sure else [commune.insee for commune in mention.candidates],
                        "start": 0,
                        "end": len(text),
                        "extractor": "FrenchReader",
                    }
                )
            message.set(ENTITIES, entities, add_to_output=True)
        return messages
