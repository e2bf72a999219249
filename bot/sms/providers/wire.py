"""What the providers share: the fields of a webhook as bytes, the secret of an address, one HTTP call and what its failures mean."""

import contextlib
import hmac
import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import aiohttp

from bot.sms.providers.base import Failure, NotSent, Refused, Request

#: Seconds to reach a provider, and to have its answer: a text message is small, and the next one waits.
TIMEOUT = aiohttp.ClientTimeout(total=20, connect=5)
FORM = "application/x-www-form-urlencoded"
#: The names by which charsets come, apart from those that Python knows.
CHARSETS = {"gsm": "ascii", "utf16-be": "utf-16-be", "utf16be": "utf-16-be", "ucs-2": "utf-16-be", "ucs2": "utf-16-be"}


def fields(request: Request) -> dict[str, bytes]:
    """Return the fields of the query and of a form's body, percent-decoded but not yet text: their charset may be one of them.

    The query is read from the address as it came: a framework has already taken its bytes for UTF-8. The first of two
    fields of the same name wins, so that nothing appended to the address can replace its secret.
    """
    read: dict[str, bytes] = {}
    sources = [urlsplit(request.url).query]
    if request.method == "POST" and request.headers.get("Content-Type", "").partition(";")[0].strip().lower() == FORM:
        sources.append(request.body.decode("latin-1"))
    for source in sources:
        for name, value in parse_qsl(source, keep_blank_values=True, encoding="latin-1"):
            read.setdefault(name, value.encode("latin-1"))
    return read


def check_secret(given: bytes, expected: str) -> None:
    """Raise Refused unless the secret is the one we expect; takes as long either way, and no secret at all never passes."""
    if not expected or not hmac.compare_digest(given, expected.encode()):
        raise Refused


def text_of(raw: bytes, charset: str = "") -> str:
    """Return the text of bytes: in the charset given when it fits, otherwise UTF-8, otherwise Windows' Latin 1, which always fits.

    A charset that lies costs an accent, never the message. NUL, which PostgreSQL refuses, is nothing that a person writes.
    """
    return _decoded(raw, charset).replace("\0", "")


def _decoded(raw: bytes, charset: str) -> str:
    name = CHARSETS.get(charset.strip().lower(), charset.strip())
    for attempt in filter(None, (name, "utf-8")):
        with contextlib.suppress(LookupError, UnicodeDecodeError):
            return raw.decode(attempt)
    return raw.decode("cp1252", errors="replace")


def printable(text: str) -> bool:
    """Tell whether these are words rather than binary data read as text."""
    return all(character.isprintable() or character in "\r\n\t" for character in text)


def masked(detail: str) -> str:
    """Return the start of a provider's sentence without what it may quote of ours: a text, or a number of a person."""
    return re.sub(r"\+?\d{5,}", "…", re.split(r"[:<\"\n]", detail.strip())[0])[:80].strip()


@dataclass(frozen=True)
class Answer:
    """What a provider answered; `retry_after` is in seconds, when it said so."""

    status: int
    body: str
    retry_after: float | None


def _seconds(header: str | None) -> float | None:
    try:
        return max(0.0, float(header)) if header else None
    except ValueError:
        return None


def _once() -> aiohttp.ClientMiddlewareType:
    """Return a middleware that lets one try through: aiohttp repeats by itself a GET whose answer is lost, and that is a double."""
    tried = False

    async def once(request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
        nonlocal tried
        if tried:
            raise aiohttp.ServerDisconnectedError
        tried = True
        return await handler(request)

    return once


async def call(session: aiohttp.ClientSession, method: str, url: str, **options: Any) -> Answer:
    """Call a provider once; return its answer, or raise NotSent, which says whether the message may have left all the same.

    Each call has a connection of its own: one kept open that the provider closed meanwhile would leave a doubt for nothing.
    """
    headers = {"Connection": "close", **options.pop("headers", {})}
    options = {"timeout": TIMEOUT, "allow_redirects": False, "middlewares": (_once(),), **options}
    try:
        async with session.request(method, url, headers=headers, **options) as response:
            body = (await response.content.read(64 * 1024)).decode(errors="replace")
            return Answer(response.status, body, _seconds(response.headers.get("Retry-After")))
    except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
        raise NotSent(Failure.TEMPORARY, type(error).__name__) from None
    except (aiohttp.InvalidURL, aiohttp.NonHttpUrlClientError):
        raise NotSent(Failure.CONFIGURATION, "address") from None
    except (aiohttp.ClientError, TimeoutError) as error:
        raise NotSent(Failure.TEMPORARY, type(error).__name__, maybe=True) from None


def refusal(answer: Answer, detail: str = "") -> NotSent:
    """Return what an HTTP status alone says of a message that was not accepted."""
    said = f"HTTP {answer.status}" + (f" {detail}" if detail else "")
    if answer.status == 429:
        return NotSent(Failure.THROTTLED, said, answer.retry_after)
    if answer.status in {401, 402, 403, 404, 405, 407} or 300 <= answer.status < 400:
        return NotSent(Failure.CONFIGURATION, said)
    if 400 <= answer.status < 500 and answer.status not in {408, 425}:
        return NotSent(Failure.PERMANENT, said)
    # 502 and 504 come from a proxy between us: what was behind it may have taken the message.
    return NotSent(Failure.TEMPORARY, said, answer.retry_after, maybe=answer.status in {408, 502, 504})
