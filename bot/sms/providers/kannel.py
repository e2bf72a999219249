"""Kannel 1.4: webhooks of its smsbox (get-url), and its sendsms. Run for real by tests/sms/test_kannel.py.

The sms-service calls `/sms/kannel?secret=…&from=%p&to=%P&text=%b&id=%I&coding=%c&charset=%C`, and a receipt
`/sms/kannel?secret=…&receipt=%d&reference=<ours>` (deploy/kannel/). Kannel repeats whatever is not answered 200 or 202.
"""

from dataclasses import dataclass, field
from urllib.parse import urlencode

import aiohttp

from bot.sms.providers.base import Failure, Incoming, NotSent, Outgoing, Receipt, Request, Status, Unreadable
from bot.sms.providers.wire import Answer, call, check_secret, fields, masked, printable, refusal, text_of

#: What we ask receipts for: delivered 1, not delivered 2, kept by the operator 4, accepted 8, refused by the operator 16.
DLR_MASK = 31
#: %c: 0 text, 1 eight bits, 2 UTF-16.
EIGHT_BITS, UTF_16 = "1", "2"


def _status(mask: int) -> Status | None:
    """Return what %d says; its bits are those of DLR_MASK (34: expired, 66: unknown to the operator)."""
    if mask & 1:
        return Status.DELIVERED
    if mask & (2 | 16):
        return Status.FAILED
    return Status.ACCEPTED if mask & (4 | 8) else None


def _text(raw: bytes, coding: str, charset: str) -> str:
    """Return the text of %b; "" for binary data, which the person who sent it is told we could not read."""
    if coding == UTF_16:
        return raw.decode("utf-16-be", errors="replace").replace("\0", "")
    text = text_of(raw, charset)
    return text if coding != EIGHT_BITS or printable(text) else ""


@dataclass(frozen=True)
class Kannel:
    """Kannel, reached at `url`; `delivery` is the address of our webhook, for its receipts."""

    secret: str = field(repr=False)
    sender: str
    url: str
    username: str
    password: str = field(repr=False)
    delivery: str
    name: str = "kannel"

    def read(self, request: Request) -> Incoming | Receipt | None:
        """Read a message or a receipt."""
        given = fields(request)
        check_secret(given.get("secret", b""), self.secret)
        value = {name: text_of(raw).strip() for name, raw in given.items() if name != "text"}
        if "receipt" in value:
            if not value["receipt"].isdecimal():
                raise Unreadable("receipt without a status")
            status = _status(int(value["receipt"]))
            return Receipt(status, reference=value.get("reference", ""), detail=value["receipt"]) if status else None
        if not value.get("from"):
            raise Unreadable("no sender")
        if "text" not in given and not value.get("id"):
            raise Unreadable("no text")
        text = _text(given.get("text", b""), value.get("coding", ""), value.get("charset", ""))
        return Incoming(value.get("id", ""), value["from"], value.get("to", ""), text)

    def acknowledgement(self) -> tuple[str, str]:
        """Kannel reads the status only: max-messages = 0 keeps this from the phone."""
        return "OK", "text/plain"

    async def send(self, session: aiohttp.ClientSession, message: Outgoing) -> str:
        """Hand a message to sendsms; Kannel gives no id, its receipts carry our reference."""
        receipts = urlencode({"secret": self.secret, "reference": message.reference})
        answer = await call(
            session,
            "GET",
            self.url,
            params={
                "username": self.username,
                "password": self.password,
                "from": self.sender,
                "to": message.recipient,
                "text": message.text,
                "charset": "UTF-8",
                "coding": "0",
                "dlr-mask": str(DLR_MASK),
                # %d is Kannel's, and stays as it is.
                "dlr-url": f"{self.delivery}?receipt=%d&{receipts}",
            },
        )
        if answer.status in {200, 202} and answer.body.strip().startswith(("0:", "3:", "Sent.")):
            return ""
        raise _refused(answer)


def _refused(answer: Answer) -> NotSent:
    """Return what Kannel's words say: "Temporal failure", "Not routable. Do not try again.", "Authorization failed…", others."""
    said = masked(answer.body)
    body = answer.body.lower()
    if answer.status in {200, 202}:
        # Old versions answer 200 to everything. What says nothing we know is not taken for an acceptance.
        if "authorization" in body:
            return NotSent(Failure.CONFIGURATION, said)
        return NotSent(
            Failure.PERMANENT if "reject" in body or "denied" in body else Failure.TEMPORARY, said or "empty"
        )
    if answer.status == 403 and "not routable" in body:
        return NotSent(Failure.PERMANENT, said)
    if answer.status == 400 and "sender missing" in body:
        return NotSent(Failure.CONFIGURATION, said)
    return refusal(answer, said)
