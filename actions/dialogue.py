"""How a conversation goes on: again, simpler, yes, no, the second one, and more about the same."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions import lookup, subjects
from actions.memory import asked_where, book, earlier_ranking, last_answer, last_offer, last_subject, said
from actions.say import Events, say, say_of, say_part, say_subject
from bot.answers import render
from bot.answers.aspects import aspects, extract
from bot.text import normalise

#: Ids about the conversation that are questions in themselves.
_ASKED_FOR = frozenset({"demander_aide", "identite_assistant", "donnees_personnelles", "effacer_donnees"})
#: A follow-up that asks for a place or its number: "et c'est où ?", "t'as le numéro ?".
_WHERE = re.compile(
    r"\b(?:c est ou|ca se trouve|ou (?:ca|exactement|est|sont|se|aller|je|on|il|elle)|(?:l|une|leur|quelle) adresse|numero|telephone|horaires?|ouverte?s?|proche|pres|coordonnees|joindre|appeler|contact\w*)\b"
)

#: "Non, l'autre": the other choice.
_OTHER_ONE = re.compile(
    r"\b(?:l|c est l|plutot l) ?autre\b(?! (?:jour|fois|mois|annee|personne|service|caf|departement))"
)
#: Answers that are said whole whatever is asked about them: somebody is in danger.
_ALWAYS_WHOLE = frozenset({"enfance_danger", "enfance_prostitution", "enfant_victime"})
#: The number of a service that an answer may give → the answer that sends there, by theme, nearest first.
_CAF, _FRANCE_TRAVAIL = ("3230", "precision_caf"), ("3949", "precision_france_travail")
_DOORS = {
    "rsa": (_CAF,),
    "emploi": (_FRANCE_TRAVAIL,),
    "droits": (("04 67 67 69 30", "precision_mda"), ("3646", "precision_sante")),
}
#: What people usually want to know of a theme that they name and no more.
_USUAL = {
    "rsa": ("rsa_demande", "rsa_montant", "rsa_conditions"),
    "pmi": ("pmi_consultation", "pmi_presentation", "pmi_vaccination"),
}
#: From how many words on a correction tells enough for its nearest subjects to be offered.
_TELLING = 5
#: From what chance the subject that came next is worth offering.
_WORTH_OFFERING = 0.02
#: A place is a few words at most: "j'habite du côté de Saint-Machin".
_LONGEST_PLACE = 7
#: What follows an answer in so few words is about it.
_LONGEST_ASIDE = 5
_ASIDE = re.compile(r"^(?:et|e|mais|pour|si|avec|sans|meme) (?!combien|ou|quand|comment)")
_LIVES = re.compile(r"\b(?:habit\w*|abit\w*|vis|reside|loge|suis (?:a|de|sur|au|aux)|commune|ville|village)\b")
#: From what chance on a message is its subject (or off our subjects), and no place.
_SURE = 0.5
#: The same when the message could be two of our subjects: a place only when neither is likely.
_DOUBTED = 0.25


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
        if offer and not offer.choices and offer.custom.get("choices"):
            say(dispatcher, offer.answer, **offer.custom)  # which commune: yes is no answer
        elif offer is None or not offer.choices:
            say(dispatcher, "affirmer")
        elif list(offer.choices) == ["suite"]:
            return lookup.Suite().run(dispatcher, tracker, domain)
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
        listed = offer if offer and offer.choices else lookup.last_list(tracker)
        if listed and lookup.say_details(dispatcher, listed, rank):
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
    """More about the same subject: what its answer says on that point, or whom to ask for what it does not say."""

    def name(self) -> str:
        """Name the action."""
        return "action_preciser"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> Events:
        """Say what is known of the point, where to go, or the subject's own door."""
        subject = last_subject(tracker.events)
        text = str(tracker.latest_message.get("text") or "")
        names_commune = next(iter(tracker.get_latest_entity_values("commune")), None) is not None
        where = bool(_WHERE.search(normalise(text)))
        if (names_commune or where) and (subject or lookup.kinds_under_way(tracker)):
            lookup.find(dispatcher, tracker)
        elif subject is None:
            say(dispatcher, "preciser")
        elif subject in _ALWAYS_WHOLE or book().answers[subject].theme == "urgence":
            say(dispatcher, subject)
        elif about := told(subject, text):
            say_part(dispatcher, subject, about, "precision")
        else:
            say_door(dispatcher, subject)
        return []


class Corriger(Action):
    """Another subject than the one understood: "je parlais du RSA", "non, l'autre"."""

    def name(self) -> str:
        """Name the action."""
        return "action_corriger"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> Events:
        """Answer the subject that is named, offer the nearest ones, or ask for other words."""
        text = str(tracker.latest_message.get("text") or "")
        rejected = last_subject(tracker.events)
        before = [id_ for id_, _ in earlier_ranking(tracker.events) if _is_subject(id_) and id_ != rejected]
        now = [id_ for id_, _ in _ranking(tracker.latest_message) if _is_subject(id_) and id_ != rejected]
        meant = subjects.named(text)
        if meant is not None and meant in book().answers:
            say_subject(dispatcher, meant)
        elif meant is not None:
            self._theme(dispatcher, meant, before, now, rejected)
        elif _OTHER_ONE.search(normalise(text)):
            self._other(dispatcher, tracker, rejected)
        elif now and len(text.split()) >= _TELLING:
            say(dispatcher, "doute", [*now[:2], "demander_aide"])
        else:
            say_missed(dispatcher, before)
        return []

    def _theme(
        self, dispatcher: CollectingDispatcher, theme: str, before: list[str], now: list[str], rejected: str | None
    ) -> None:
        """Say what the question before could have been in that theme, or ask which of its subjects."""
        fits = [id_ for id_ in before if book().answers[id_].theme == theme]
        answered_it = rejected is not None and book().answers[rejected].theme == theme
        if fits and not answered_it:
            say_subject(dispatcher, fits[0])
            return
        likely = [id_ for id_ in now if book().answers[id_].theme == theme]
        usual = [id_ for id_ in _USUAL[theme] if id_ not in {rejected, *likely}]
        say(dispatcher, "doute", [*[*likely, *usual][:3], "demander_aide"])

    def _other(self, dispatcher: CollectingDispatcher, tracker: Tracker, rejected: str | None) -> None:
        """Say the other of the two choices last offered, or offer again those that remain."""
        for offer in said(tracker.events):
            if offer.answer == rejected:
                continue
            left = [id_ for id_ in offer.choices if id_ != rejected and _is_subject(id_)]
            if offer.answer == "doute" and rejected not in offer.choices:
                left = left[1:]
            if left:
                if len(left) == 1:
                    say_subject(dispatcher, left[0])
                else:
                    say(dispatcher, "lequel", left)
                return
        say_missed(dispatcher, [])


class Insatisfaction(Action):
    """What was said was not what was asked: other words, what else it could have been, and a person."""

    def name(self) -> str:
        """Name the action."""
        return "action_insatisfaction"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> Events:
        """Say so, with the subjects that came next."""
        rejected = last_subject(tracker.events)
        say_missed(
            dispatcher,
            [
                id_
                for id_, chance in earlier_ranking(tracker.events)
                if chance >= _WORTH_OFFERING and id_ != rejected and _is_subject(id_)
            ],
        )
        return []


class HorsSujet(Action):
    """Not ours; but what answers "dans quelle commune ?" and is no subject at all is a place that we do not know."""

    def name(self) -> str:
        """Name the action."""
        return "action_hors_sujet"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> Events:
        """Say who deals with it, or ask for the postcode."""
        text = str(tracker.latest_message.get("text") or "")
        offer, subject = last_offer(tracker.events), last_subject(tracker.events)
        if _unknown_place(tracker):
            say(dispatcher, "commune_inconnue")
        elif (
            offer
            and offer.answer == subject
            and len(text.split()) <= _LONGEST_ASIDE
            and _ASIDE.search(normalise(text))
            and (about := told(subject, text))
            and book().answers[subject].theme != "urgence"
        ):
            say_part(dispatcher, subject, about, "precision")  # "é pr 1 couple": too short to be a subject of its own
        else:
            say(dispatcher, "hors_sujet")
        return []


class DemanderAide(Action):
    """What the assistant can do; but "j'habite à Zgrougnac", when the commune was asked, is a place that we do not know."""

    def name(self) -> str:
        """Name the action."""
        return "action_demander_aide"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> Events:
        """Say the menu, or ask for the postcode."""
        text = normalise(str(tracker.latest_message.get("text") or ""))
        is_place = asked_where(tracker.events) and len(text.split()) <= _LONGEST_PLACE and _LIVES.search(text)
        say(dispatcher, "commune_inconnue" if is_place else "demander_aide")
        return []


class Incompris(Action):
    """No known word; after "dans quelle commune ?", a place that we do not know."""

    def name(self) -> str:
        """Name the action."""
        return "action_incompris"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> Events:
        """Ask for other words, or for the postcode."""
        say(dispatcher, "commune_inconnue" if asked_where(tracker.events) else "incompris")
        return []


def told(subject: str, question: str) -> str | None:
    """Return the aspect that a short `question` is about and that the answer to `subject` speaks of, or None."""
    text = render(book(), subject, "standard", date.today()).text
    return next((aspect for aspect in aspects(question) if extract(text, aspect)), None)


def say_door(dispatcher: CollectingDispatcher, subject: str) -> None:
    """Say that the answer to `subject` does not go that far, and the number that it gives itself; offer it again."""
    text = book().answers[subject].standard
    theme = book().answers[subject].theme
    door = next((id_ for number, id_ in _DOORS.get(theme, ()) if number in text), "precision_departement")
    offered = [subject, *(id_ for id_ in book().answers[door].choices if id_ != subject)]
    say_of(dispatcher, door, subject, offered)


def say_missed(dispatcher: CollectingDispatcher, others: list[str]) -> None:
    """Say that it was not understood, with `others`: what else it could have been, likeliest first."""
    own = book().answers["insatisfaction"].choices
    say(dispatcher, "insatisfaction", [*others[:2], *(id_ for id_ in own if id_ not in others[:2])])


def _ranking(parsed: dict[str, Any]) -> list[tuple[str, float]]:
    return [(str(one["name"]), float(one["confidence"])) for one in parsed.get("intent_ranking") or []]


def _is_subject(id_: str) -> bool:
    answer = book().answers.get(id_)
    return answer is not None and answer.theme != "dialogue"


def _unknown_place(tracker: Tracker, sure: float = _SURE) -> bool:
    """Tell whether a message that is no subject of ours answers "dans quelle commune ?": short, and not surely off our subjects."""
    text = str(tracker.latest_message.get("text") or "")
    if not asked_where(tracker.events) or len(text.split()) > _LONGEST_PLACE:
        return False
    ranking = _ranking(tracker.latest_message)
    return not ranking or ranking[0][1] < sure


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
        best = next(iter(tracker.latest_message.get("candidates", [])), None)
        candidates = [id_ for id_ in tracker.latest_message.get("candidates", []) if _can_be_meant(id_)]
        if best in _ABOUT_THE_SUBJECT and last_subject(tracker.events) is not None:
            return _ABOUT_THE_SUBJECT[best]().run(dispatcher, tracker, domain)
        if _unknown_place(tracker, sure=_DOUBTED):
            say(dispatcher, "commune_inconnue")
        elif candidates:
            say(dispatcher, "doute", [*candidates, *(["demander_aide"] if "demander_aide" not in candidates else [])])
        else:
            say(dispatcher, "incompris")
        return []


#: Messages that say something of the subject under way: with one, they are that rather than another subject.
_ABOUT_THE_SUBJECT: dict[Any, type[Preciser | Corriger]] = {"preciser": Preciser, "corriger": Corriger}
