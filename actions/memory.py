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
