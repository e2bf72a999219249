"""How a conversation goes on: again, simpler, yes, no, the second one, and more about the same."""

from __future__ import annotations

import re
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions import lookup
from actions.memory import book, last_answer, last_offer, last_subject
from actions.say import Events, say
from bot.text import normalise

#: Ids about the conversation that are questions in themselves.
_ASKED_FOR = frozenset({"demander_aide", "identite_assistant", "donnees_personnelles", "effacer_donnees"})
#: A follow-up that asks for a place or its number: "et c'est où ?", "t'as le numéro ?".
_WHERE = re.compile(
    r"\b(?:c est ou|ca se trouve|ou (?:ca|exactement|est|sont|se|aller|je|on|il|elle)|(?:l|une|leur|quelle) adresse|numero|telephone|horaires?|ouverte?s?|proche|pres|coordonnees|joindre|appeler|contact\w*)\b"
)


class Reformuler(Action):
    """The last answer again, which the gateway words plainly from now on; a person to call when that was not enough."""

    def name(self) -> str:
        """Name the action."""
        return "action_reformuler"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> Events:
        """Say the last answer."""
        subject = last_answer(tracker.events)
        if subject is None:
            say(dispatcher, "reformuler")
        elif _asked_twice(tracker):
            say(dispatcher, "incompris_encore")
        else:
            say(dispatcher, subject)
        return []


def _asked_twice(tracker: Tracker) -> bool:
    """Tell whether the person asked for plainer words the time before too."""
    intents = [event["parse_data"]["intent"]["name"] for event in tracker.events if event.get("event") == "user"]
    return intents[-2:] == ["reformuler", "reformuler"]


class Repeter(Action):
    """The last answer again."""

    def name(self) -> str:
        """Name the action."""
        return "action_repeter"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> Events:
        """Say the last answer."""
        offer = last_offer(tracker.events)
        answer = last_answer(tracker.events)
        if answer is None:
            say(dispatcher, "repeter")
        else:
            say(dispatcher, answer, **(offer.custom if offer and offer.answer == answer else {}))
        return []


class Recommencer(Action):
    """A fresh start: the subject and the commune are forgotten (the gateway forgets the plain words)."""

    def name(self) -> str:
        """Name the action."""
        return "action_recommencer"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> Events:
        """Say so, and forget."""
        say(dispatcher, "recommencer")
        return [SlotSet("commune", None)]


class Affirmer(Action):
    """Yes: to the only choice, to the likelier of two, or which one?"""

    def name(self) -> str:
        """Name the action."""
        return "action_affirmer"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> Events:
        """Answer what the yes is for."""
        offer = last_offer(tracker.events)
        if offer is None or not offer.choices:
            say(dispatcher, "affirmer")
        elif offer.answer == "doute" or len(offer.choices) == 1:
            say(dispatcher, offer.choices[0])
        else:
            say(dispatcher, "lequel", list(offer.choices))
        return []


class Nier(Action):
    """No: what else, then?"""

    def name(self) -> str:
        """Name the action."""
        return "action_nier"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> Events:
        """Ask for other words, or say goodbye to the subject."""
        offer = last_offer(tracker.events)
        say(dispatcher, "incompris" if offer and offer.answer == "doute" else "nier")
        return []


class Choisir(Action):
    """The first, the second… of the places shown, or of the choices offered."""

    def name(self) -> str:
        """Name the action."""
        return "action_choisir"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> Events:
        """Say more of the place, answer the choice, or offer the same ones again."""
        offer = last_offer(tracker.events)
        rank = next((int(value) for value in tracker.get_latest_entity_values("rang")), 0)
        if offer and lookup.say_details(dispatcher, offer, rank):
            return []
        if offer is None or not offer.choices:
            say(dispatcher, "rien_a_choisir")
            return []
        position = len(offer.choices) - 1 if rank == -1 else rank - 1
        if 0 <= position < len(offer.choices):
            say(dispatcher, offer.choices[position])
        else:
            say(dispatcher, "choix_inconnu", list(offer.choices))
        return []


class Preciser(Action):
    """More about the same subject: its answer again, with where to ask for what it does not say."""

    def name(self) -> str:
        """Name the action."""
        return "action_preciser"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> Events:
        """Say what is known of the subject."""
        subject = last_subject(tracker.events)
        if subject is None:
            say(dispatcher, "preciser")
        elif _WHERE.search(normalise(str(tracker.latest_message.get("text") or ""))):
            lookup.find(dispatcher, tracker)
        else:
            say(dispatcher, subject)
        return []


def _can_be_meant(id_: str) -> bool:
    """Tell whether somebody may have meant this subject: not "yes", "thank you" or "say it again"."""
    answer = book().answers.get(id_)
    return answer is not None and (answer.theme != "dialogue" or id_ in _ASKED_FOR)


class Doute(Action):
    """Two subjects are close: which one?"""

    def name(self) -> str:
        """Name the action."""
        return "action_doute"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> Events:
        """Offer the two best subjects under their human names."""
        candidates = [id_ for id_ in tracker.latest_message.get("candidates", []) if _can_be_meant(id_)]
        if candidates:
            say(dispatcher, "doute", [*candidates, *(["demander_aide"] if "demander_aide" not in candidates else [])])
        else:
            say(dispatcher, "incompris")
        return []
