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
