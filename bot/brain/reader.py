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
from bot.directory.communes import Mention, Where, find, hints, settle
from bot.text import clean, normalise

#: The attribute of a message that holds the text as the classifiers read it.
NORMAL = "normal"
#: The same with its misspelt words brought back; the classifier sets it.
SPELT = "spelt"
#: What stands for a commune there, so that nothing is learnt from which commune it is.
COMMUNE_TOKEN = "zcommune"  # noqa: S105 - not a password
#: The data that places are read with.
PLACES = tuple(f"data/places/{name}" for name in ("communes.csv", "elsewhere.csv", "departements.csv", "ordinary.txt"))


def read(text: str) -> tuple[str, list[Mention]]:
    """Return the normalised form of `text`, each commune replaced by one token, and the places found."""
    normal, mentions, _ = _read(text)
    return normal, mentions


def where(text: str) -> Where:
    """Return what `text` says of where: a commune, several to be asked, or a place elsewhere."""
    return _read(text)[2]


def _read(text: str) -> tuple[str, list[Mention], Where]:
    text = clean(text)
    tokens = normalise(text).split()
    mentions = find(tokens, hints(text))
    found = settle(mentions, tokens)
    for mention in reversed(mentions):
        tokens[mention.start : mention.end] = [COMMUNE_TOKEN]
    return " ".join(tokens), mentions, found


def _entity(found: Where) -> tuple[str, Any] | None:
    """Return the entity that says where, and its value."""
    if found.commune:
        return "commune", found.commune.insee
    if found.possible:
        return "commune_possible", [commune.insee for commune in found.possible]
    if found.elsewhere:
        return "ailleurs", {"name": found.elsewhere.name, "departement": found.elsewhere.department}
    return None


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR, is_trainable=False)
class FrenchReader(GraphComponent):
    """Sets `normal` on each message, and at most one entity that says where.

    `commune`: an INSEE code; `commune_possible`: several, to be asked; `ailleurs`: a place outside the Hérault.
    """

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
        return fingerprint("bot/text", "bot/directory/communes", *PLACES, "bot/brain/reader.py")

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
            normal, _, found = _read(text)
            message.set(NORMAL, normal)
            entities = message.get(ENTITIES, [])
            if entity := _entity(found):
                name, value = entity
                entities.append(
                    {"entity": name, "value": value, "start": 0, "end": len(text), "extractor": "FrenchReader"}
                )
            message.set(ENTITIES, entities, add_to_output=True)
        return messages
