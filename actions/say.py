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
