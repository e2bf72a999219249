"""How an action says an answer: by its id, which the gateway words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rasa_sdk.executor import CollectingDispatcher

Events = list[dict[str, Any]]


def say(
    dispatcher: CollectingDispatcher, answer: str, choices: Sequence[Any] | None = None, places: Sequence[Any] = ()
) -> None:
    """Say the answer of that id; `choices`, when given, replace those that it offers by itself (ids, or `{"text": …}` typed back)."""
    more: dict[str, Any] = {} if choices is None else {"choices": list(choices)}
    if places:
        more["places"] = list(places)
    dispatcher.utter_message(response=f"utter_{answer}", json_message=more or None)


def say_subject(dispatcher: CollectingDispatcher, subject: str) -> None:
    """Say the answer to the subject that a correction named."""
    dispatcher.utter_message(response=f"utter_{subject}", json_message={"lead": "correction"})


def say_part(dispatcher: CollectingDispatcher, subject: str, about: str, lead: str) -> None:
    """Say what the answer to `subject` holds on the aspect `about` (see bot/answers/aspects.py), after `lead`."""
    dispatcher.utter_message(response=f"utter_{subject}", json_message={"about": about, "lead": lead})


def say_of(dispatcher: CollectingDispatcher, answer: str, subject: str, choices: Sequence[Any]) -> None:
    """Say `answer`, which is still about `subject`."""
    dispatcher.utter_message(response=f"utter_{answer}", json_message={"of": subject, "choices": list(choices)})
