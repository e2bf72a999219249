"""How one speaks to each system under load, and what its replies say; pure.

Nothing is read of a reply while the load lasts but what the next message needs: they are judged afterwards.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

#: The answer that says that the brain is away.
DEGRADED = "panne"


@dataclass(frozen=True)
class Heard:
    """What a reply says: the ids that it stands for, whether it says nothing, whether it says that the brain is away."""

    ids: frozenset[str] = frozenset()
    empty: bool = False
    degraded: bool = False


class Door(Protocol):
    """A way in."""

    @property
    def url(self) -> str:
        """The address that messages are posted to."""

    @property
    def headers(self) -> Mapping[str, str]:
        """What goes along with each."""

    def body(self, person: str, text: str) -> dict[str, Any]:
        """Return what is posted when `person` says `text`."""

    def learn(self, person: str, reply: bytes) -> None:
        """Keep what the next message of `person` needs."""

    def heard(self, reply: bytes) -> Heard:
        """Judge a reply with status 200."""


@dataclass
class Gateway:
    """Our chat API: each reply gives the token of the conversation."""

    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)

    def body(self, person: str, text: str) -> dict[str, Any]:
        """Return the message, with the token once there is one."""
        token = self.tokens.get(person)
        return {"text": text, "conversation": token} if token else {"text": text}

    def learn(self, person: str, reply: bytes) -> None:
        """Keep the token: it changes when she has her conversation erased ("1" after the answer on personal data)."""
        self.tokens[person] = json.loads(reply)["conversation"]

    def heard(self, reply: bytes) -> Heard:
        """Judge by the intent and by the ids of the answers."""
        said = json.loads(reply)
        ids = [one["id"] for one in said["messages"]]
        empty = not any(one["text"].strip() for one in said["messages"])
        return Heard(frozenset([said["intent"], *ids]), empty, DEGRADED in ids)


@dataclass(frozen=True)
class Channel:
    """Rasa, straight, through our own channel."""

    url: str
    headers: Mapping[str, str]

    def body(self, person: str, text: str) -> dict[str, Any]:
        """Return the turn, as the gateway asks for it."""
        return {"sender": person, "text": text, "intent": None}

    def learn(self, person: str, reply: bytes) -> None:
        """Keep nothing: the sender is enough."""

    def heard(self, reply: bytes) -> Heard:
        """Judge by the intent and by the answers."""
        said = json.loads(reply)
        ids = [one.get("answer") for one in said["messages"]]
        return Heard(frozenset(str(one) for one in (said["intent"], *ids) if one), not any(ids))


@dataclass(frozen=True)
class Rest:
    """Rasa, straight, through its stock REST channel; `texts` tells the answer by its words, all that is there."""

    url: str
    texts: Mapping[str, str]
    headers: Mapping[str, str] = field(default_factory=dict)

    def body(self, person: str, text: str) -> dict[str, Any]:
        """Return the message in Rasa's documented shape."""
        return {"sender": person, "message": text}

    def learn(self, person: str, reply: bytes) -> None:
        """Keep nothing: the sender is enough."""

    def heard(self, reply: bytes) -> Heard:
        """Judge by the words: this channel gives neither intent nor id, and splits a text on its blank lines."""
        said = [one.get("text") or "" for one in json.loads(reply)]
        ids = {self.texts[key(text)] for text in said if key(text) in self.texts}
        return Heard(frozenset(ids), not any(text.strip() for text in said))


def key(text: str) -> str:
    """Return what tells a text from the others: its first paragraph, however it is spaced."""
    return " ".join(text.strip().split("\n\n")[0].split())
