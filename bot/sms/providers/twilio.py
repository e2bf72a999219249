"""Twilio: signed webhooks, checked by its own library, and its Messages resource. From its documentation; never run live.

Its signature carries no time: a webhook that is played again is told by its MessageSid, kept by the inbox. A message is
sent by one documented POST through our own session: the library's asynchronous client opens a session of its own
without a time limit, and loses Retry-After.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

import aiohttp
from multidict import MultiDict
from twilio.request_validator import (
    SIGNATURE_HEADER,
    SIGNATURE_SETTINGS_HEADER,
    RequestValidator,
    get_signature_algorithm,
)

from bot.sms.providers.base import Failure, Incoming, NotSent, Outgoing, Receipt, Refused, Request, Status, Unreadable
from bot.sms.providers.wire import Answer, call, refusal

API = "https://api.twilio.com/2010-04-01"
#: Of https://www.twilio.com/docs/api/errors. What is not here is judged by its HTTP status.
CODES = {
    20003: Failure.CONFIGURATION,  # wrong account or token
    20404: Failure.CONFIGURATION,  # no such account
    20429: Failure.THROTTLED,
    10001: Failure.CONFIGURATION,  # account not active
    21211: Failure.PERMANENT,  # not a telephone number
    21408: Failure.CONFIGURATION,  # this country is not allowed to the account
    21601: Failure.CONFIGURATION,  # our number is not one of theirs
    21603: Failure.CONFIGURATION,  # no sender
    21606: Failure.CONFIGURATION,  # our number cannot send
    21608: Failure.CONFIGURATION,  # trial account
    21610: Failure.PERMANENT,  # she wrote STOP, and Twilio keeps to it
    21611: Failure.THROTTLED,  # the queue of our number is full
    21612: Failure.PERMANENT,  # no way from our number to this one
    21614: Failure.PERMANENT,  # not a mobile
    21659: Failure.CONFIGURATION,
    21660: Failure.CONFIGURATION,  # our number belongs to another account
    21661: Failure.CONFIGURATION,  # our number cannot send text messages
    30001: Failure.THROTTLED,  # queue overflow
    30002: Failure.CONFIGURATION,  # account suspended
    63038: Failure.THROTTLED,  # more messages than a day allows
}
STATUSES = {
    "accepted": Status.ACCEPTED,
    "queued": Status.ACCEPTED,
    "sending": Status.ACCEPTED,
    "sent": Status.ACCEPTED,
    "delivered": Status.DELIVERED,
    "read": Status.DELIVERED,
    "undelivered": Status.FAILED,
    "failed": Status.FAILED,
    "canceled": Status.FAILED,
}


@dataclass(frozen=True)
class Twilio:
    """Twilio; `public` is the base address by which it reaches us, `sender` our number or a messaging service (MG…)."""

    account: str
    token: str = field(repr=False)
    sender: str
    public: str
    api: str = API
    name: str = "twilio"

    def _addresses(self, request: Request) -> Iterator[str]:
        """Yield the addresses that Twilio may have signed: ours, the public one, the one that a proxy passes on in Host.

        Whichever it is, only who has the token can sign it.
        """
        ours = urlsplit(request.url)
        yield request.url
        public = urlsplit(self.public)
        yield urlunsplit((public.scheme, public.netloc, public.path.rstrip("/") + ours.path, ours.query, ""))
        for scheme in ("https", "http"):
            yield urlunsplit((scheme, request.headers.get("Host", ours.netloc), ours.path, ours.query, ""))

    def _check(self, request: Request, form: "MultiDict[str]") -> None:
        """Raise Refused unless the signature is right, with or without the port in the address."""
        signature = request.headers.get(SIGNATURE_HEADER, "")
        algorithm = get_signature_algorithm(request.headers.get(SIGNATURE_SETTINGS_HEADER))
        validator = RequestValidator(self.token)
        if not signature or not any(
            validator.validate(url, form, signature, algorithm) for url in self._addresses(request)
        ):
            raise Refused

    def read(self, request: Request) -> Incoming | Receipt | None:
        """Read a message or a status callback."""
        body = request.body.decode(errors="replace") if request.method == "POST" else ""
        form = MultiDict(parse_qsl(body, keep_blank_values=True))
        self._check(request, form)
        query = dict(parse_qsl(urlsplit(request.url).query, keep_blank_values=True))
        value = {**query, **{name: form[name] for name in form}}
        said = value.get("MessageStatus") or value.get("SmsStatus", "")
        if said not in {"", "received", "receiving"}:
            status = STATUSES.get(said)
            theirs, detail = value.get("MessageSid", ""), value.get("ErrorCode", "")
            return Receipt(status, query.get("reference", ""), theirs, detail[:10]) if status else None
        if not value.get("From"):
            raise Unreadable("no sender")
        if not value.get("MessageSid") and "Body" not in value:
            raise Unreadable("no text")
        # A picture comes with an empty Body: the person is told that we read text only.
        return Incoming(value.get("MessageSid", ""), value["From"], value.get("To", ""), value.get("Body", ""))

    def acknowledgement(self) -> tuple[str, str]:
        """Say that there is nothing to reply at once, in TwiML."""
        return "<Response/>", "text/xml"

    async def send(self, session: aiohttp.ClientSession, message: Outgoing) -> str:
        """Create a message; return its sid."""
        ours = "MessagingServiceSid" if self.sender.startswith("MG") else "From"
        answer = await call(
            session,
            "POST",
            f"{self.api}/Accounts/{quote(self.account)}/Messages.json",
            data={
                ours: self.sender,
                "To": message.recipient,
                "Body": message.text,
                "StatusCallback": f"{self.public}/sms/twilio?{urlencode({'reference': message.reference})}",
            },
            headers={"Authorization": aiohttp.encode_basic_auth(self.account, self.token)},
        )
        return _accepted(answer)


def _accepted(answer: Answer) -> str:
    """Return the sid of a message that was accepted; raise NotSent. The words of an error quote numbers: only its code is kept."""
    try:
        body = json.loads(answer.body)
    except ValueError:
        body = None
    if not isinstance(body, dict):
        if 200 <= answer.status < 300:
            raise NotSent(Failure.TEMPORARY, "not JSON", maybe=True)
        raise refusal(answer)
    code = body.get("error_code") or body.get("code")
    if isinstance(code, int) and code in CODES:
        raise NotSent(CODES[code], f"Twilio {code}", answer.retry_after)
    if (
        200 <= answer.status < 300
        and isinstance(body.get("sid"), str)
        and body.get("status") not in {"failed", "canceled"}
    ):
        return str(body["sid"])
    if 200 <= answer.status < 300:
        raise NotSent(Failure.TEMPORARY, f"Twilio {code or body.get('status') or 'without a sid'}"[:60])
    raise refusal(answer, f"Twilio {code}" if code else "")
