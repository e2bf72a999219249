"""What each provider sends us and answers us, side by side: the tables that every provider goes through."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import ovh.client
import pytest
from multidict import CIMultiDict, CIMultiDictProxy, MultiDict, MultiDictProxy
from twilio.request_validator import RequestValidator

from bot.sms.providers.base import Provider, Request
from bot.sms.providers.jasmin import Jasmin
from bot.sms.providers.kannel import Kannel
from bot.sms.providers.ovh import Ovh
from bot.sms.providers.twilio import Twilio

SECRET = "un-secret-d-essai"
TOKEN = "un-jeton-d-essai"
PUBLIC = "https://assistant.example"
OURS = "34034"
PERSON = "+33600000001"


def request(
    path: str,
    form: Mapping[str, str | bytes] | None = None,
    headers: Mapping[str, str] | None = None,
    base: str = PUBLIC,
) -> Request:
    """Return a webhook: a GET, or a POST of a form."""
    from yarl import URL

    url = base + path
    body = urlencode(form or {}).encode() if form is not None else b""
    kind = {"Content-Type": "application/x-www-form-urlencoded; charset=UTF-8"} if form is not None else {}
    return Request(
        "GET" if form is None else "POST",
        url,
        MultiDictProxy(MultiDict(URL(url, encoded=True).query)),
        CIMultiDictProxy(CIMultiDict({**kind, **(headers or {})})),
        body,
    )


def signed(
    path: str, form: Mapping[str, str], token: str = TOKEN, signed_url: str | None = None, base: str = PUBLIC
) -> Request:
    """Return a webhook of Twilio's, signed by its own library for the address that it called."""
    signature = RequestValidator(token).compute_signature(signed_url or base + path, MultiDict(form))
    return request(path, form, {"X-Twilio-Signature": signature}, base)


@dataclass(frozen=True)
class Dialect:
    """A provider under test: how it is made against a server of ours, and how it calls us."""

    make: Callable[[str], Provider]
    #: A webhook with a message: (id, sender, recipient, text).
    message: Callable[[str, str, str, str], Request]
    #: The same with a wrong secret or signature, and with none.
    forged: tuple[Request, ...]
    #: Receipts: what is sent, then the status expected (None: nothing to note).
    receipts: tuple[tuple[Request, str | None], ...]
    #: Webhooks of the provider in which something needed is missing.
    unreadable: tuple[Request, ...]
    acknowledgement: tuple[str, str]
    #: What the provider answers to a message that it accepts, and the id that we keep.
    accepted: tuple[int, str, str]
    #: Other answers, and what they mean: (status, body, kind, maybe).
    refusals: tuple[tuple[int, str, str, bool], ...]
    #: What the request that sends must carry.
    sent: Callable[[Any], dict[str, str]] = field(default=dict)


def _kannel_url(extra: str, secret: str = SECRET) -> str:
    return f"/sms/kannel?secret={secret}&{extra}"


def _jasmin(form: Mapping[str, str | bytes], secret: str = SECRET) -> Request:
    return request(f"/sms/jasmin?secret={secret}", form)


def _ovh(form: Mapping[str, str] | None, extra: str = "", secret: str = SECRET) -> Request:
    return request(f"/sms/ovh?secret={secret}{extra}", form)


def _ovh_made(server: str) -> Provider:
    ovh.client.ENDPOINTS["ovh-eu"] = server  # undone by the fixture `server`
    return Ovh(SECRET, "", "clef", "secret", "consommateur", "sms-xx00000-1")


def error(code: int, message: str = "words that quote +33600000001") -> str:
    """Return an error of Twilio's."""
    return json.dumps({"code": code, "message": message, "status": 400})


JOB = {"ids": [26929925], "validReceivers": [PERSON], "invalidReceivers": [], "totalCreditsRemoved": 1}

KANNEL = Dialect(
    make=lambda server: Kannel(SECRET, OURS, f"{server}/cgi-bin/sendsms", "assistant", "passe", f"{PUBLIC}/sms/kannel"),
    message=lambda key, sender, to, text: request(
        _kannel_url(urlencode({"from": sender, "to": to, "text": text, "id": key, "coding": "0", "charset": "UTF-8"}))
    ),
    forged=(
        request(_kannel_url("from=33600000001&to=34034&text=a&id=1", "autre")),
        request(_kannel_url("from=33600000001&to=34034&text=a&id=1", "")),
        request("/sms/kannel?from=33600000001&to=34034&text=a&id=1"),
        request("/sms/kannel?receipt=1&reference=r1"),
        # Appended to an address, a second secret does not count.
        request(_kannel_url(f"from=33600000001&text=a&secret={SECRET}", "autre")),
        request(_kannel_url("from=33600000001&text=a", "%C3%A9")),
    ),
    receipts=(
        (request(_kannel_url("receipt=1&reference=r1")), "delivered"),
        (request(_kannel_url("receipt=2&reference=r1")), "failed"),
        (request(_kannel_url("receipt=4&reference=r1")), "accepted"),
        (request(_kannel_url("receipt=8&reference=r1")), "accepted"),
        (request(_kannel_url("receipt=16&reference=r1")), "failed"),
        (request(_kannel_url("receipt=34&reference=r1")), "failed"),
        (request(_kannel_url("receipt=0&reference=r1")), None),
    ),
    unreadable=(
        request(_kannel_url("to=34034&text=a&id=1")),
        request(_kannel_url("from=&to=34034&text=a&id=1")),
        request(_kannel_url("from=33600000001&to=34034")),
        request(_kannel_url("receipt=&reference=r1")),
        request(_kannel_url("receipt=%25d&reference=r1")),
    ),
    acknowledgement=("OK", "text/plain"),
    accepted=(202, "0: Accepted for delivery", ""),
    refusals=(
        (202, "", "temporary", False),
        (200, "Authorization failed for sendsms", "configuration", False),
        (200, "Garbage 'to' field, rejected.", "permanent", False),
        (200, "Sending failed.", "temporary", False),
        (400, "Empty receiver number not allowed, rejected", "permanent", False),
        (400, "Sender missing and no global set, rejected", "configuration", False),
        (400, "Number(s) has/have been denied by white- and/or black-lists.", "permanent", False),
        (403, "Authorization failed for sendsms", "configuration", False),
        (403, "Not routable. Do not try again.", "permanent", False),
        (404, "Not found", "configuration", False),
        (429, "", "throttled", False),
        (500, "", "temporary", False),
        (502, "Bad gateway", "temporary", True),
        (503, "Temporal failure, try again later.", "temporary", False),
    ),
    sent=lambda seen: {
        **seen.query,
        "dlr-url": seen.query["dlr-url"].replace(f"{PUBLIC}/sms/kannel?receipt=%d&secret={SECRET}&reference=", ""),
    },
)

JASMIN = Dialect(
    make=lambda server: Jasmin(SECRET, OURS, f"{server}/send", "assistant", "passe", f"{PUBLIC}/sms/jasmin"),
    message=lambda key, sender, to, text: _jasmin(
        {
            "id": key,
            "from": sender,
            "to": to,
            "content": text,
            "coding": "0",
            "origin-connector": "sfr",
            "priority": "1",
        }
    ),
    forged=(
        _jasmin({"id": "1", "from": PERSON, "to": OURS, "content": "a"}, "autre"),
        _jasmin({"id": "1", "from": PERSON, "to": OURS, "content": "a"}, ""),
        request("/sms/jasmin", {"id": "1", "from": PERSON, "to": OURS, "content": "a"}),
        # The body cannot bring the secret that the address has wrong.
        _jasmin({"id": "1", "from": PERSON, "content": "a", "secret": SECRET}, "autre"),
    ),
    receipts=tuple(
        (
            request(f"/sms/jasmin?secret={SECRET}&reference=r1", {"id": "x", "level": "2", "message_status": said}),
            expected,
        )
        for said, expected in [
            ("ESME_ROK", "accepted"),
            ("ESME_RINVDSTADR", "failed"),
            ("DELIVRD", "delivered"),
            ("UNDELIV", "failed"),
            ("EXPIRED", "failed"),
            ("REJECTD", "failed"),
            ("ENROUTE", "accepted"),
            ("UNKNOWN", None),
        ]
    ),
    unreadable=(
        _jasmin({"id": "1", "to": OURS, "content": "a"}),
        _jasmin({"id": "1", "from": PERSON, "to": OURS}),
        _jasmin({"id": "1", "from": PERSON, "to": OURS, "content": "a", "binary": "zz"}),
    ),
    acknowledgement=("ACK/Jasmin", "text/plain"),
    accepted=(200, 'Success "07033084-5cfd-4812-90a4-e4d24ffb6e3d"', "07033084-5cfd-4812-90a4-e4d24ffb6e3d"),
    refusals=(
        (200, 'Error "Something"', "temporary", False),
        (200, "", "temporary", False),
        (400, 'Error "Argument to has an invalid value: +33600000001."', "permanent", False),
        (403, 'Error "Authentication failure for username:assistant"', "configuration", False),
        (403, 'Error "Cannot charge submit_sm, check RouterPB log file for details"', "configuration", False),
        (403, 'Error "User throughput exceeded"', "throttled", False),
        (412, 'Error "No route found"', "configuration", False),
        (412, 'Error "Failover route has no bound connectors"', "temporary", False),
        (500, 'Error "Cannot send submit_sm, check SMPPClientManagerPB log file for details"', "temporary", False),
        (503, "", "temporary", False),
    ),
    sent=lambda seen: {
        **{name: value for name, value in seen.form.items() if name != "content"},
        "text": seen.form["content"],
        "dlr-url": seen.form["dlr-url"].replace(f"{PUBLIC}/sms/jasmin?secret={SECRET}&reference=", ""),
    },
)

_TWILIO = {"MessageSid": "SM1", "SmsStatus": "received", "From": PERSON, "To": OURS, "Body": "a", "NumMedia": "0"}
TWILIO = Dialect(
    make=lambda server: Twilio("AC1", TOKEN, OURS, PUBLIC, api=server),
    message=lambda key, sender, to, text: signed(
        "/sms/twilio",
        {"MessageSid": key, "SmsStatus": "received", "From": sender, "To": to, "Body": text, "NumMedia": "0"},
    ),
    forged=(
        signed("/sms/twilio", _TWILIO, token="un-autre-jeton"),
        request("/sms/twilio", _TWILIO),
        request("/sms/twilio", _TWILIO, {"X-Twilio-Signature": ""}),
        request("/sms/twilio", _TWILIO, {"X-Twilio-Signature": "é"}),
        # Signed for another address, and for another text.
        signed("/sms/twilio", _TWILIO, signed_url="https://ailleurs.example/sms/twilio"),
        request(
            "/sms/twilio",
            {**_TWILIO, "Body": "b"},
            {"X-Twilio-Signature": signed("/sms/twilio", _TWILIO).headers["X-Twilio-Signature"]},
        ),
    ),
    receipts=tuple(
        (
            signed("/sms/twilio?reference=r1", {"MessageSid": "SM2", "MessageStatus": said, "ErrorCode": "30003"}),
            expected,
        )
        for said, expected in [
            ("sent", "accepted"),
            ("delivered", "delivered"),
            ("undelivered", "failed"),
            ("failed", "failed"),
            ("partially_delivered", None),
        ]
    ),
    unreadable=(
        signed("/sms/twilio", {"MessageSid": "SM1", "To": OURS, "Body": "a"}),
        signed("/sms/twilio", {"From": PERSON, "To": OURS}),
    ),
    acknowledgement=("<Response/>", "text/xml"),
    accepted=(201, json.dumps({"sid": "SM9", "status": "queued", "error_code": None}), "SM9"),
    refusals=(
        (200, error(21211), "permanent", False),
        (201, json.dumps({"sid": "SM9", "status": "failed", "error_code": 30002}), "configuration", False),
        (201, json.dumps({"sid": "SM9", "status": "failed", "error_code": None}), "temporary", False),
        (201, "<html>", "temporary", True),
        (201, "{}", "temporary", False),
        (400, error(21610), "permanent", False),
        (400, error(21211), "permanent", False),
        (400, error(21614), "permanent", False),
        (400, error(21608), "configuration", False),
        (400, error(21660), "configuration", False),
        (401, error(20003), "configuration", False),
        (404, error(20404), "configuration", False),
        (429, error(20429), "throttled", False),
        (429, error(21611), "throttled", False),
        (400, error(30001), "throttled", False),
        (400, error(99999), "permanent", False),
        (500, error(20500), "temporary", False),
        (503, "", "temporary", False),
        (504, "", "temporary", True),
    ),
    sent=lambda seen: {
        "from": seen.form["From"],
        "to": seen.form["To"],
        "text": seen.form["Body"],
        "dlr-url": seen.form["StatusCallback"].replace(f"{PUBLIC}/sms/twilio?reference=", ""),
    },
)

OVH = Dialect(
    make=_ovh_made,
    message=lambda key, sender, to, text: _ovh(
        {"id": key, "senderid": sender, "shortcode": to, "message": text, "keyword": "ovh", "tag": ""}
    ),
    forged=(
        _ovh({"id": "1", "senderid": PERSON, "message": "a"}, secret="autre"),
        _ovh({"id": "1", "senderid": PERSON, "message": "a"}, secret=""),
        request("/sms/ovh", {"id": "1", "senderid": PERSON, "message": "a"}),
        request("/sms/ovh?id=1&ptt=4"),
    ),
    receipts=tuple(
        (_ovh(None, f"{mark}id=26929925&ptt={ptt}&date=20261124&description={ptt}&descriptionDlr=1"), expected)
        for mark in "&?"
        for ptt, expected in [
            ("1", "accepted"),
            ("3", "accepted"),
            ("4", "delivered"),
            ("5", "failed"),
            ("6", None),
            ("23", "failed"),
            ("202", "failed"),
        ]
    ),
    unreadable=(
        _ovh({"id": "1", "message": "a"}),
        _ovh({"id": "1", "senderid": PERSON}),
        _ovh(None, "&ptt=4"),
        _ovh(None, "&id=1&ptt=delivered"),
    ),
    acknowledgement=("OK", "text/plain"),
    accepted=(200, json.dumps(JOB), "26929925"),
    refusals=(
        (200, json.dumps({**JOB, "ids": [], "validReceivers": [], "invalidReceivers": [PERSON]}), "permanent", False),
        (200, json.dumps({**JOB, "ids": []}), "temporary", False),
        (200, "[]", "temporary", True),
        (200, "<html>", "temporary", True),
        (400, json.dumps({"message": "Invalid receivers +33600000001"}), "permanent", False),
        (400, json.dumps({"message": "You don't have enough credits"}), "configuration", False),
        (401, json.dumps({"message": "no"}), "configuration", False),
        (403, json.dumps({"message": "no", "errorCode": "INVALID_CREDENTIAL"}), "configuration", False),
        (403, json.dumps({"message": "no", "errorCode": "NOT_GRANTED_CALL"}), "configuration", False),
        (404, json.dumps({"message": "This service does not exist"}), "configuration", False),
        (429, json.dumps({"message": "Too many requests"}), "throttled", False),
        (500, json.dumps({"message": "Internal error"}), "temporary", False),
        (504, json.dumps({"message": "Gateway"}), "temporary", True),
    ),
    sent=lambda seen: {
        "from": OURS if seen.json["senderForResponse"] else "",
        "to": seen.json["receivers"][0],
        "text": seen.json["message"],
        "dlr-url": "r1",  # one address for all, in OVH's own settings: its receipts carry the id
    },
)

DIALECTS = {"kannel": KANNEL, "jasmin": JASMIN, "twilio": TWILIO, "ovh": OVH}


def every(name: str) -> list[Any]:
    """Return one case for each element of a table of each dialect, named after both."""
    return [
        pytest.param(dialect, case, id=f"{provider}-{number}")
        for provider, dialect in DIALECTS.items()
        for number, case in enumerate(getattr(dialect, name), 1)
    ]
