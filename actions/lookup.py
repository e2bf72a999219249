"""Where to go: the places nearest to the person's commune, or an honest way to find them."""

from __future__ import annotations

from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.executor import CollectingDispatcher

from actions.memory import book, last_subject, said
from actions.say import Events, say
from bot.directory import communes, kinds, places

#: The place that helps with everything, when no nearer service is known.
FALLBACK = "france_services"
#: Answers after which a commune alone asks for the nearest France services.
_PROMISED_FALLBACK = frozenset({"hors_sujet", "incompris_encore", "autre_langue", "incompris", "chercher_structure"})


def say_places(dispatcher: CollectingDispatcher, wanted: list[str], commune: communes.Commune) -> None:
    """Say the three nearest places of the first kind `wanted`, or that none is known and where else to go.

    The kinds that come after the first help in another way: a France services does not weigh a baby.
    """
    answer, found = "lieux_proches", places.nearest(wanted[:1], commune)
    if not found:
        answer, found = "lieux_inconnus", places.nearest([FALLBACK], commune)
    say(dispatcher, answer, places=[one.public() for one in found])


def ask_commune(dispatcher: CollectingDispatcher, tracker: Tracker) -> None:
    """Ask for the commune; offer the candidates when the message named several."""
    codes = next(iter(tracker.get_latest_entity_values("commune_possible")), None)
    if codes:
        names = [communes.load().by_insee[code].name for code in codes[:3]]
        say(dispatcher, "quelle_commune_parmi", [{"text": name} for name in names])
    else:
        say(dispatcher, "quelle_commune")


def held_commune(tracker: Tracker) -> communes.Commune | None:
    """Return the commune that the conversation holds, unless this message names several that it could be."""
    if next(iter(tracker.get_latest_entity_values("commune_possible")), None):
        return None
    return communes.load().by_insee.get(str(tracker.get_slot("commune")))


def wanted_kinds(tracker: Tracker) -> list[str]:
    """Return the kinds of place that this message names, or that the subject under way leads to."""
    text = str(tracker.latest_message.get("text") or "")
    if kind := kinds.named(text):
        return [kind]
    return subject_kinds(tracker)


def subject_kinds(tracker: Tracker) -> list[str]:
    """Return the kinds of place of what was said last: the one being looked for, or those of the last subject."""
    for event in reversed(tracker.events):
        if event.get("event") == "user":
            intent = event["parse_data"]["intent"]["name"]
            kind = kinds.named(str(event.get("text") or ""))
            if intent == "chercher_structure" and kind:
                return [kind]
            if intent not in {"donner_commune", "chercher_structure", "preciser", "incompris", "hors_sujet", "doute"}:
                break
    subject = last_subject(tracker.events)
    if subject is None or subject in {"chercher_structure", "lieux_proches", "lieux_inconnus"}:
        return []
    return [kind for kind in book().answers[subject].lookup if kind != "any"]


def find(dispatcher: CollectingDispatcher, tracker: Tracker) -> None:
    """Say the places that the message or the subject leads to, or ask what is missing."""
    wanted, commune = wanted_kinds(tracker), held_commune(tracker)
    if not wanted:
        say(dispatcher, "chercher_structure")
    elif commune is None:
        ask_commune(dispatcher, tracker)
    else:
        say_places(dispatcher, wanted, commune)


class Chercher(Action):
    """A place is looked for: of which kind, near which commune?"""

    def name(self) -> str:
        """Name the action."""
        return "action_chercher"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> Events:
        """Say the places, or ask what is missing."""
        find(dispatcher, tracker)
        return []


class DonnerCommune(Action):
    """A commune alone: noted, and used for what was being looked for."""

    def name(self) -> str:
        """Name the action."""
        return "action_donner_commune"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> Events:
        """Say where to go, ask which commune, or ask what is looked for."""
        commune = held_commune(tracker)
        last = next(said(tracker.events), None)
        wanted = [FALLBACK] if last and last.answer in _PROMISED_FALLBACK else subject_kinds(tracker)
        if commune is None and next(iter(tracker.get_latest_entity_values("commune_possible")), None) is None:
            say(dispatcher, "commune_inconnue")
        elif commune is None:
            ask_commune(dispatcher, tracker)
        elif not wanted:
            say(dispatcher, "donner_commune")
        else:
            say_places(dispatcher, wanted, commune)
        return []
