"""What was said before, read from the conversation itself: nothing is stored twice."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from bot.answers import Book, load

#: Answers that end what came before: "répète" does not reach behind them.
_RESET = frozenset({"recommencer"})
#: Answers about the conversation that are worth saying again; the others ("merci", "oui à quoi ?") are not.
_WORTH_REPEATING = frozenset(
    """
    saluer demander_aide identite_assistant donnees_personnelles hors_sujet donner_commune ailleurs lieux_proches
    lieux_ouverts lieux_fermes lieux_trouves lieux_inconnus lieu_detail
    """.split()
)

#: Answers that ask for the person's commune.
_ASKS_WHERE = frozenset({"est_ce_commune", "quelle_commune", "quelle_commune_parmi", "commune_inconnue"})
#: Messages about what was said, not questions.
_NOT_A_QUESTION = frozenset(
    "corriger insatisfaction nier affirmer repeter reformuler remercier saluer preciser choisir".split()
)


@dataclass(frozen=True)
class Said:
    """One thing that the assistant said: the id of the answer, the choices that it offered, and what went along.

    `custom` is what an action gave (`actions/say.py`): places, values, a search to go on from.
    """

    answer: str
    choices: tuple[str, ...]
    custom: Mapping[str, Any]


@lru_cache(maxsize=1)
def book() -> Book:
    """Return the answers; read once: an action needs their ids, themes and choices, not their words."""
    return load()


def said(events: list[dict[str, Any]]) -> Iterator[Said]:
    """Yield what the assistant said, last first, back to the last fresh start (itself included)."""
    for event in reversed(events):
        if event.get("event") != "bot":
            continue
        metadata = event.get("metadata") or {}
        answer = str(metadata.get("utter_action", "")).removeprefix("utter_")
        if answer in book().answers:
            custom = (event.get("data") or {}).get("custom") or {}
            choices = custom.get("choices")
            if choices is None:
                choices = book().answers[answer].choices
            # A choice of words (a commune) is typed back, not an answer of ours.
            typed = tuple(choice for choice in choices if isinstance(choice, str))
            yield Said(answer, typed, custom)
        if answer in _RESET:
            return


def last_offer(events: list[dict[str, Any]]) -> Said | None:
    """Return the last thing said, with the choices that a person may be answering."""
    return next(said(events), None)


def last_subject(events: list[dict[str, Any]]) -> str | None:
    """Return the id of the last answer about a subject (not about the conversation), or None."""
    for one in said(events):
        if book().answers[one.answer].theme != "dialogue":
            return one.answer
    return None


def last_answer(events: list[dict[str, Any]]) -> str | None:
    """Return the id of the last answer that is worth repeating, or None."""
    for one in said(events):
        if book().answers[one.answer].theme != "dialogue" or one.answer in _WORTH_REPEATING:
            return one.answer
    return None


def asked_where(events: list[dict[str, Any]]) -> bool:
    """Tell whether the last thing said was a question about the person's commune."""
    last = next(said(events), None)
    return last is not None and last.answer in _ASKS_WHERE


def earlier_ranking(events: list[dict[str, Any]]) -> list[tuple[str, float]]:
    """Return the intents that the last question before this message could have been, likeliest first, with their chances.

    Messages about the conversation itself ("non", "c'est pas ça") are not questions.
    """
    turns = [event for event in events if event.get("event") == "user"][:-1]
    for event in reversed(turns):
        parsed = event.get("parse_data") or {}
        if parsed.get("intent", {}).get("name") in _NOT_A_QUESTION:
            continue
        return [(str(one["name"]), float(one["confidence"])) for one in parsed.get("intent_ranking") or []]
    return []
