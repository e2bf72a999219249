"""What Rasa 3.6.21 does again at each turn and need not: the same results, sooner.

It is the last open-source Rasa, so what is replaced here will not move; `tests/brain/test_quicker.py` holds each to the original.
Measured in docs/scale.md.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import rasa.core.actions.action as actions
from jsonschema.validators import validator_for
from rasa.shared.core.events import Event
from rasa.shared.utils import common


@lru_cache(maxsize=1)
def _result_validator() -> Any:
    schema = actions.RemoteAction.action_response_format_spec()
    kind = validator_for(schema)
    kind.check_schema(schema)  # Rasa checks the schema itself at each call of an action: 25 ms
    return kind(schema)


def _validate_action_result(self: Any, result: dict[str, Any]) -> bool:
    """Raise a ValidationError when the answer of the action server has not the shape that Rasa expects."""
    if _result_validator().is_valid(result):
        return True
    return bool(_ORIGINAL_VALIDATE(self, result))


@lru_cache(maxsize=1)
def _kinds() -> dict[str, type[Event]]:
    # The first of that name, as in the original.
    return {kind.type_name: kind for kind in reversed(common.all_subclasses(Event))}


def _resolve_by_type(type_name: str, default: type[Event] | None = None) -> type[Event] | None:
    """Return the class of events of that name."""
    # Rasa walks through all classes of events for each event of a conversation.
    found = _kinds().get(type_name)
    return found if found is not None else _ORIGINAL_RESOLVE(type_name, default)


_ORIGINAL_VALIDATE = actions.RemoteAction._validate_action_result
_ORIGINAL_RESOLVE = Event.resolve_by_type


def install() -> None:
    """Put them in the place of Rasa's."""
    actions.RemoteAction._validate_action_result = _validate_action_result
    Event.resolve_by_type = staticmethod(_resolve_by_type)
