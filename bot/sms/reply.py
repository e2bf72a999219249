"""The reply to one turn as text messages: words, places and choices of all its bubbles, two messages at most, then SUITE."""

from collections.abc import Mapping, Sequence
from typing import Any

from bot.sms.places import listed
from bot.sms.text import Parts, cut, fits, split, to_gsm

Message = Mapping[str, Any]

_ASKED = "Répondez par un numéro :"


def _labels(messages: Sequence[Message]) -> list[str]:
    """Return what can be chosen, in the order in which a number chooses it."""
    return list(dict.fromkeys(to_gsm(choice["label"]) for message in messages for choice in message["choices"]))


def _numbered(labels: Sequence[str], first: int = 1) -> str:
    return "  ".join(f"{number} {label}" for number, label in enumerate(labels, start=first))


def compose(messages: Sequence[Message]) -> Parts:
    """Return the text messages for the `messages` of one chat reply, the urgent ones first.

    Choices carry the numbers that answer them; those that find no room beside the words wait for SUITE, with their
    numbers. Where places are listed, the numbers are the places'.
    """
    ordered = sorted(messages, key=lambda message: not message["urgent"])
    texts = [to_gsm(listed(message) if message["places"] else message["text"]) for message in ordered]
    text = " ".join(filter(None, texts))
    labels = [] if any(message["places"] or message["urgent"] for message in messages) else _labels(messages)
    if not labels:
        return split(text)
    whole = f"{text} {_ASKED} {_numbered(labels)}"
    if fits(whole):
        return split(whole)
    said = split(text)
    if said.later:
        return Parts(said.now, f"{said.later} {_ASKED} {_numbered(labels)}")
    for kept in range(len(labels) - 1, 0, -1):
        offered = f"{text} {_ASKED} {_numbered(labels[:kept])}"
        if fits(offered):
            return Parts(split(offered).now, f"{_ASKED} {_numbered(labels[kept:], kept + 1)}")
    return Parts(said.now, f"{_ASKED} {_numbered(labels)}")


def continued(later: str) -> Parts:
    """Return the text messages for what waited (`Parts.later`)."""
    return cut(later)
