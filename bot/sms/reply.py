"""The reply to one turn as text messages: words, places and choices of all its bubbles, two messages at most, then SUITE."""

from collections.abc import Mapping, Sequence
from typing import Any

from bot.sms.places import listed
from bot.sms.text import CALL, Parts, cut, fits, split, to_gsm

Message = Mapping[str, Any]
#: What is said of choices that all wait.
_OTHERS = "SUITE : autres sujets"


def _labels(messages: Sequence[Message]) -> list[str]:
    """Return what can be chosen, in the order in which a number chooses it."""
    return list(dict.fromkeys(to_gsm(choice["label"]) for message in messages for choice in message["choices"]))


def _offered(labels: Sequence[str], first: int = 1, more: bool = False) -> str:
    """Return choices as they are answered: "Répondez 1 ou 2 : 1 …  2 …", from the number `first` on.

    `more` tells that SUITE gives others.
    """
    last = first + len(labels) - 1
    ways = [*map(str, range(first, last + 1))] if len(labels) < 3 else [f"{first} à {last}"]
    ways += ["SUITE"] if more else []
    asked = " ou ".join(filter(None, (", ".join(ways[:-1]), ways[-1])))
    if len(labels) == 1:
        return f"Répondez {asked} : {labels[0]}" if not more else f"Répondez {asked} : {first} {labels[0]}"
    return f"Répondez {asked} : " + "  ".join(f"{number} {label}" for number, label in enumerate(labels, start=first))


def _ended(text: str) -> str:
    """Return `text` with a full stop, unless it ends with a sign already."""
    return f"{text}." if text and text[-1] not in ".!?:;" else text


def compose(messages: Sequence[Message]) -> Parts:
    """Return the text messages for the `messages` of one chat reply, the urgent ones first.

    Choices carry the numbers that answer them; those that find no room beside the words wait for SUITE, with their
    numbers. Where places are listed, the numbers are the places'.
    """
    ordered = sorted(messages, key=lambda message: not message["urgent"])
    texts = [to_gsm(listed(message) if message["places"] else message["text"]) for message in ordered]
    texts = [text for text in texts if text]
    text = " ".join([*map(_ended, texts[:-1]), *texts[-1:]])
    labels = [] if any(message["places"] or message["urgent"] for message in messages) else _labels(messages)
    if len(labels) == 1 and labels[0] in text:
        labels = []  # "Parlez-vous bien de Lunel ? Répondez OUI": said already
    said = split(text)
    if not labels:
        return said
    if said.later:
        return Parts(said.now, f"{_ended(said.later)} {_offered(labels)}")
    for kept in range(len(labels), 0, -1):
        rest = _offered(labels[kept:], kept + 1) if kept < len(labels) else ""
        for more in (True, False) if rest else (False,):
            offered = f"{_ended(text)} {_offered(labels[:kept], more=more)}"
            if fits(offered):
                return Parts(split(offered).now, rest)
    called = (f"{_ended(text)} {call}" for call in (_OTHERS, CALL))
    return Parts(next((split(one).now for one in called if fits(one)), said.now), _offered(labels))


def continued(later: str) -> Parts:
    """Return the text messages for what waited (`Parts.later`)."""
    return cut(later)
