"""The id of the request (or of the job) under way: every line of log carries it, so that one id greps through three logs.

Drawn at random, it says nothing of anybody. Shared by the gateway, Rasa and the actions: the standard library only.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

HEADER = "X-Request-ID"
#: What a proxy draws (nginx's `$request_id`, a UUID): too long to be a number of somebody, too few letters for a word.
_DRAWN = re.compile(r"[0-9a-f]{32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")

_current: ContextVar[str] = ContextVar("request_id", default="")


def new() -> str:
    """Return an id of our own."""
    return secrets.token_hex(16)


def current() -> str:
    """Return the id of what is under way here; "" when nothing is."""
    return _current.get()


def begin(given: str | None = None) -> str:
    """Take `given`, when it is an id such as a proxy of ours draws, or a new one, for what this task does from now on; return it."""
    id_ = given if given and _DRAWN.fullmatch(given) else new()
    _current.set(id_)
    return id_


@contextmanager
def job() -> Iterator[str]:
    """Give an id of its own to what is done in here; what surrounded it gets its own back."""
    token = _current.set(new())
    try:
        yield _current.get()
    finally:
        _current.reset(token)


def follow(given: object) -> None:
    """Take the id that one of our processes gives to another, or none: never that of the request before."""
    _current.set(given if isinstance(given, str) and _DRAWN.fullmatch(given) else "")
