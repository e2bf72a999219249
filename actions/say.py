"""How an action says an answer: by its id, which the gateway words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rasa_sdk.executor import CollectingDispatcher

Events = list[dict[str, Any]]


def say(dispatcher: CollectingDispatcher, answer: str, choices: Sequence[Any] | None = None, **more: Any) -> None:
    """Say the answer of that id.

    `choices`, when given, replace those that it offers by itself (ids, or `{"text": …}` typed back). `more` goes along:
    `places` to show, `values` that the text names (`{ici.commune}`), `search` to go on from; what is empty is left out.
    """
    custom = {key: value for key, value in more.items() if value}
    if choices is not None:
        custom["choices"] = list(choices)
    dispatcher.utter_message(response=f"utter_{answer}", json_message=custom or None)


def say_subject(dispatcher: CollectingDispatcher, subject: str) -> None:
    """Say the answer to the subject that a correction named."""
    say(dispatcher, subject, lead="correction")


def say_part(dispatcher: CollectingDispatcher, subject: str, about: str, lead: str) -> None:
    """Say what the answer to `subject` holds on the aspect `about` (see bot/answers/aspects.py), after `lead`."""
    say(dispatcher, subject, about=about, lead=lead)


def say_of(dispatcher: CollectingDispatcher, answer: str, subject: str, choices: Sequence[Any]) -> None:
    """Say `answer`, which is still about `subject`."""
    say(dispatcher, answer, choices, of=subject)
