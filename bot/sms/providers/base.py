"""What every SMS provider does, in one shape: check and read a webhook, acknowledge it, send a text message."""

from dataclasses import dataclass
from enum import Enum
from typing import Protocol

import aiohttp
from multidict import CIMultiDictProxy, MultiDictProxy


class Refused(Exception):
    """A webhook that is not from the provider: no secret, a wrong one, a bad signature. Answered 403."""


class Unreadable(Exception):
    """A webhook from the provider that carries nothing we can use; the message says what, never the text. Answered 400."""


@dataclass(frozen=True)
class Request:
    """A webhook as it came, apart from any framework; `url` is the public one, query included."""

    method: str
    url: str
    query: "MultiDictProxy[str]"
    headers: "CIMultiDictProxy[str]"
    body: bytes


@dataclass(frozen=True)
class Incoming:
    """A text message from a person. `id` is the provider's, "" when it gives none; `sender` is as the provider writes it."""

    id: str
    sender: str
    recipient: str
    text: str


class Status(Enum):
    """What a delivery receipt says."""

    ACCEPTED = "accepted"  # the network has it
    DELIVERED = "delivered"  # the phone has it
    FAILED = "failed"  # it will not be delivered


@dataclass(frozen=True)
class Receipt:
    """What became of a message of ours; `reference` is the one we gave to `send`, or `provider_id` the one it returned."""

    status: Status
    reference: str = ""
    provider_id: str = ""
    detail: str = ""


@dataclass(frozen=True)
class Outgoing:
    """One text message to send, at most one SMS long, in the GSM alphabet. `reference` is ours, the same at each try."""

    reference: str
    recipient: str
    text: str


class Failure(Enum):
    """Why a message was not accepted, by what to do about it."""

    PERMANENT = "permanent"  # never try again: unknown number, blocked
    TEMPORARY = "temporary"  # try again later: 5xx, hanging, refused connection
    THROTTLED = "throttled"  # too fast: 429
    CONFIGURATION = "configuration"  # ours to mend: bad credentials, no credit; the message waits


class NotSent(Exception):
    """The provider did not accept a message. `maybe` tells that it may have, for all we know (the answer was lost)."""

    def __init__(self, kind: Failure, detail: str, retry_after: float | None = None, maybe: bool = False) -> None:
        super().__init__(f"{kind.value}: {detail}")
        self.kind = kind
        self.detail = detail
        self.retry_after = retry_after
        self.maybe = maybe


class Provider(Protocol):
    """An SMS provider."""

    @property
    def name(self) -> str:
        """Its name, in SMS_PROVIDER and in the address of its webhook."""
        ...

    def read(self, request: Request) -> Incoming | Receipt | None:
        """Check a webhook and read it; None when there is nothing to do. Raise Refused, Unreadable."""
        ...

    def acknowledgement(self) -> tuple[str, str]:
        """Return the body and the content type that tell the provider that its message is kept."""
        ...

    async def send(self, session: aiohttp.ClientSession, message: Outgoing) -> str:
        """Send; return the provider's id, "" when it gives none. Raise NotSent."""
        ...
