"""Jasmin 0.10: its HTTP connector (webhooks, to be set to POST) and its /send. From its documentation; never run live.

The connector's base address is `/sms/jasmin?secret=…`: with POST, Jasmin leaves it whole. It repeats, three times by
default, whatever is not answered 200 with `ACK/Jasmin`.
"""

import re
from dataclasses import dataclass, field
from urllib.parse import urlencode

import aiohttp
import smsutil

from bot.sms.providers.base import Failure, Incoming, NotSent, Outgoing, Receipt, Request, Status, Unreadable
from bot.sms.providers.wire import Answer, call, check_secret, fields, masked, printable, refusal, text_of

#: SMPP's data coding: 3 Latin 1, 8 UTF-16; 2 and 4 eight bits. Others are the operator's alphabet, most often GSM's.
LATIN_1, UTF_16, EIGHT_BITS = "3", "8", {"2", "4"}
#: Of a receipt: states of SMPP 3.4 (level 2), or the answer of the operator to our submission (level 1: ESME_…).
STATUSES = {
    "DELIVRD": Status.DELIVERED,
    "ACCEPTD": Status.ACCEPTED,
    "ENROUTE": Status.ACCEPTED,
    "ESME_ROK": Status.ACCEPTED,
    "UNDELIV": Status.FAILED,
    "EXPIRED": Status.FAILED,
    "DELETED": Status.FAILED,
    "REJECTD": Status.FAILED,
}


def _text(raw: bytes, coding: str) -> str:
    """Return the text of a short message; "" for binary data. Bytes in GSM's alphabet are told by their control characters."""
    if coding == UTF_16:
        return raw.decode("utf-16-be", errors="replace").replace("\0", "")
    if coding == LATIN_1:
        return raw.decode("latin-1")
    if coding in EIGHT_BITS:
        text = text_of(raw)
        return text if printable(text) else ""
    if raw.isascii() and not printable(raw.decode("ascii")):
        try:
            return str(smsutil.decode(raw))
        except (KeyError, ValueError):
            return ""
    return text_of(raw)


@dataclass(frozen=True)
class Jasmin:
    """Jasmin, reached at `url` (…:1401/send); `delivery` is the address of our webhook, for its receipts."""

    secret: str = field(repr=False)
    sender: str
    url: str
    username: str
    password: str = field(repr=False)
    delivery: str
    name: str = "jasmin"

    def read(self, request: Request) -> Incoming | Receipt | None:
        """Read a message or a receipt."""
        given = fields(request)
        check_secret(given.get("secret", b""), self.secret)
        value = {name: text_of(raw).strip() for name, raw in given.items() if name not in {"content", "text"}}
        if "message_status" in value:
            said = value["message_status"]
            status = STATUSES.get(said, Status.FAILED if said.startswith("ESME_") else None)
            reference, theirs = value.get("reference", ""), value.get("id", "")
            return Receipt(status, reference, theirs, detail=masked(said)) if status else None
        if not value.get("from"):
            raise Unreadable("no sender")
        if "content" not in given and "binary" not in given:
            raise Unreadable("no text")
        raw = given.get("content", b"")
        if value.get("binary"):
            try:
                raw = bytes.fromhex(value["binary"])
            except ValueError:
                raise Unreadable("not hexadecimal") from None
        return Incoming(value.get("id", ""), value["from"], value.get("to", ""), _text(raw, value.get("coding", "0")))

    def acknowledgement(self) -> tuple[str, str]:
        """The very words that Jasmin waits for."""
        return "ACK/Jasmin", "text/plain"

    async def send(self, session: aiohttp.ClientSession, message: Outgoing) -> str:
        """Hand a message to /send; return Jasmin's id."""
        receipts = urlencode({"secret": self.secret, "reference": message.reference})
        answer = await call(
            session,
            "POST",
            self.url,
            data={
                "username": self.username,
                "password": self.password,
                "from": self.sender,
                "to": message.recipient,
                "content": message.text,
                "coding": "0",
                "dlr": "yes",
                "dlr-level": "3",
                "dlr-method": "POST",
                "dlr-url": f"{self.delivery}?{receipts}",
            },
        )
        if answer.status == 200 and (accepted := re.match(r'\s*Success "([^"]+)"', answer.body)):
            return accepted[1]
        raise _refused(answer)


def _refused(answer: Answer) -> NotSent:
    """Return what Jasmin's words say; `Error "…"` whatever the status."""
    said = masked(answer.body.removeprefix("Error ").strip('" \n'))
    body = answer.body.lower()
    if "throughput" in body:
        return NotSent(Failure.THROTTLED, said, answer.retry_after)
    if "no bound connector" in body or answer.status == 200:
        return NotSent(Failure.TEMPORARY, said or "empty")
    if "no route" in body:
        return NotSent(Failure.CONFIGURATION, said)
    return refusal(answer, said)
