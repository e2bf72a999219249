"""OVH: its API sends, and calls our address with replies and receipts. From its documentation; never run live.

Nothing that OVH sends is signed: the address carries our secret. The API signs with the time of OVH's servers, which its
own library keeps; that library is synchronous, so each call runs in a thread.
"""

import asyncio
import hashlib
from dataclasses import dataclass, field, replace
from typing import Any

import aiohttp
import ovh
import requests

from bot.sms.providers.base import Failure, Incoming, NotSent, Outgoing, Receipt, Request, Status, Unreadable
from bot.sms.providers.wire import check_secret, fields, text_of

#: Seconds to reach OVH, and to have its answer.
TIMEOUT = (5, 15)
#: Minutes during which the operator tries to reach the phone: two days, OVH's own.
VALIDITY = 2880
#: "PTT" codes, of GET /sms/ptts: 1, 2 tried again; 3 taken by the operator; 4 delivered; 6 unknown for ever. Others are failures.
STATUSES = {"1": Status.ACCEPTED, "2": Status.ACCEPTED, "3": Status.ACCEPTED, "4": Status.DELIVERED, "6": None}
#: What the library raises when keys, rights or names are wrong.
OURS_TO_MEND = (
    ovh.exceptions.InvalidKey,
    ovh.exceptions.InvalidCredential,
    ovh.exceptions.NotCredential,
    ovh.exceptions.NotGrantedCall,
    ovh.exceptions.Forbidden,
    ovh.exceptions.ResourceNotFoundError,
    ovh.exceptions.ResourceExpiredError,
    ovh.exceptions.InvalidConfiguration,
)


@dataclass
class Ovh:
    """OVH's SMS account `service`; `sender` is a virtual number, or "" for its short numbers, which take replies only."""

    secret: str = field(repr=False)
    sender: str
    application_key: str
    application_secret: str = field(repr=False)
    consumer_key: str = field(repr=False)
    service: str
    name: str = "ovh"
    _client: Any = field(default=None, repr=False)

    def read(self, request: Request) -> Incoming | Receipt | None:
        """Read a reply (POST: id, senderid, shortcode, message) or a receipt (query: id, ptt)."""
        # OVH adds its own to an address that already has a query, in a manner that it does not document.
        given = fields(replace(request, url=request.url.replace("?", "&").replace("&", "?", 1)))
        check_secret(given.get("secret", b""), self.secret)
        value = {name: text_of(raw).strip() for name, raw in given.items() if name != "message"}
        if "ptt" in value:
            status = STATUSES.get(value["ptt"], Status.FAILED)
            if not value.get("id") or not value["ptt"].isdecimal():
                raise Unreadable("receipt without an id or a status")
            return Receipt(status, provider_id=value["id"], detail=f"ptt {value['ptt'][:6]}") if status else None
        if not value.get("senderid"):
            raise Unreadable("no sender")
        if "message" not in given:
            raise Unreadable("no text")
        text = text_of(given["message"])
        # The documentation does not say whether this id is of the reply or of the message replied to: two replies to one
        # message must not be taken for one.
        digest = hashlib.sha256(f"{value['senderid']}\n{text}".encode()).hexdigest()[:16]
        own = f"{value['id']}:{digest}" if value.get("id") else ""
        return Incoming(own, value["senderid"], value.get("shortcode", ""), text)

    def acknowledgement(self) -> tuple[str, str]:
        """OVH reads the status only."""
        return "OK", "text/plain"

    async def send(self, session: aiohttp.ClientSession, message: Outgoing) -> str:
        """Create a job of one message; return the id that its receipts carry."""
        return await asyncio.to_thread(self._send, message)

    def _send(self, message: Outgoing) -> str:
        job = {
            "message": message.text,
            "receivers": [message.recipient],
            "charset": "UTF-8",
            "coding": "7bit",
            "class": "phoneDisplay",
            # Without it OVH adds "STOP 36111", and keeps our answers at night and on Sundays.
            "noStopClause": True,
            "priority": "high",
            "validityPeriod": VALIDITY,
            "senderForResponse": not self.sender,
            **({"sender": self.sender} if self.sender else {}),
        }
        sure = True
        try:
            client = self._reach()
            sure = False
            answer = client.call("POST", f"/sms/{self.service}/jobs", job)
        except OURS_TO_MEND as error:
            self._client = None  # the next try asks OVH its time again
            raise NotSent(Failure.CONFIGURATION, type(error).__name__) from None
        except ovh.exceptions.BadParametersError as error:
            # Its words may quote the number; that credits are missing is all that we need of them.
            poor = "credit" in str(error).lower()
            raise NotSent(
                Failure.CONFIGURATION if poor else Failure.PERMANENT, "credits" if poor else "HTTP 400"
            ) from None
        except ovh.exceptions.HTTPError as error:
            reached = not sure and not _unreached(error.args[-1])
            raise NotSent(Failure.TEMPORARY, type(error.args[-1]).__name__, maybe=reached) from None
        except ovh.exceptions.APIError as error:
            raise _refused(error, maybe=not sure) from None
        return _accepted(answer)

    def _reach(self) -> Any:
        """Return a client that knows OVH's time."""
        if self._client is None:
            self._client = ovh.Client(
                endpoint="ovh-eu",
                application_key=self.application_key,
                application_secret=self.application_secret,
                consumer_key=self.consumer_key,
                timeout=TIMEOUT,
            )
        _ = self._client.time_delta
        return self._client


def _unreached(error: Any) -> bool:
    """Tell whether a call surely never reached OVH."""
    return (
        isinstance(error, requests.ConnectTimeout)
        or "NewConnectionError" in repr(error)
        or "NameResolution" in repr(error)
    )


def _refused(error: Any, maybe: bool) -> NotSent:
    """Return what an answer that is neither accepted nor named by the library says."""
    status = getattr(error.response, "status_code", None)
    if status == 429:
        return NotSent(Failure.THROTTLED, "HTTP 429")
    if status is not None and 400 <= status < 500:
        return NotSent(Failure.CONFIGURATION if status in {401, 402, 403} else Failure.PERMANENT, f"HTTP {status}")
    # 502 and 504 come from a proxy, and an answer that is not JSON from anywhere: the message may have been taken.
    return NotSent(Failure.TEMPORARY, f"HTTP {status or 'unreadable'}", maybe=maybe and status in {None, 502, 504})


def _accepted(answer: Any) -> str:
    """Return the id of the message, of the answer to a job; raise NotSent when it was accepted for nobody."""
    if not isinstance(answer, dict):
        raise NotSent(Failure.TEMPORARY, "unexpected answer", maybe=True)
    if answer.get("ids"):
        return str(answer["ids"][0])
    if answer.get("invalidReceivers"):
        raise NotSent(Failure.PERMANENT, "invalid receiver")
    raise NotSent(Failure.TEMPORARY, "accepted for nobody")
