"""Rasa, as the gateway asks it: one or several processes that share the turns, each replaced by another when it dies or hangs.

A turn may be asked twice, of a Rasa that died and of the next: it carries an id, and our channel in Rasa (`bot.brain.channel`)
answers the second as the first, without taking the message twice.
"""

import asyncio
import contextlib
import errno
import ipaddress
import json
import logging
import socket
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from pydantic import ConfigDict, TypeAdapter, ValidationError
from typing_extensions import NotRequired, TypedDict
from yarl import URL

from bot import urgent
from bot.admission import Admission
from bot.watching import request_id

log = logging.getLogger(__name__)

PATH = "/webhooks/assistant"
#: Bytes of an answer at most: three places with all that is known of them are 10 kB.
MAX_REPLY = 2_000_000
#: Seconds in which a Rasa at work gives no answer to anyone before it is asked whether it lives, and seconds that it has to say
#: so: longer for the only one left, that a crowd may have made slow, and that nobody would replace.
SILENCE, PROBE, LAST_PROBE = 2.5, 1.0, 3.0
#: Seconds between two looks at one that is down.
REVIVE_EVERY = 0.5
#: Seconds that the addresses of a name are believed.
RESOLVE_EVERY = 10.0
#: Turns that one Rasa has in hand at once: it works on one, and waits for the actions and the database of the others.
AT_ONCE = 8
#: What is wrong with a Rasa where nothing listens any more.
STOPPING = "refused"
#: Seconds kept from Rasa's share of the time, for the answer to come back.
MARGIN = 0.3


class BrainError(Exception):
    """Rasa did not answer, in time or at all; the message says how, never what was written to it."""


class _Passing(Exception):
    """A failure of one Rasa, that another may not have."""


class Place(TypedDict):
    """A place, as the chat API gives it, with more that only the pages use."""

    __pydantic_config__ = ConfigDict(extra="allow")  # type: ignore[misc]
    name: str
    kind: NotRequired[str | None]
    address: NotRequired[str | None]
    postcode: NotRequired[str | None]
    city: NotRequired[str | None]
    phone: NotRequired[str | None]
    opening_hours: NotRequired[str | None]
    distance_km: NotRequired[float | None]
    url: NotRequired[str | None]
    source: NotRequired[str | None]
    source_date: NotRequired[str | None]


class Said(TypedDict):
    """One message that Rasa says: the id of an answer, and what an action adds to it."""

    __pydantic_config__ = ConfigDict(extra="allow")  # type: ignore[misc]
    answer: str | None
    of: NotRequired[str | None]
    lead: NotRequired[str | None]
    about: NotRequired[str | None]
    choices: NotRequired[list[str | dict[str, Any]] | None]
    places: NotRequired[list[Place] | None]
    values: NotRequired[dict[str, Any] | None]


class RasaTurn(TypedDict):
    """A turn as our channel in Rasa gives it."""

    __pydantic_config__ = ConfigDict(extra="allow")  # type: ignore[misc]
    intent: str | None
    messages: list[Said]
    candidates: NotRequired[list[str] | None]
    second: NotRequired[str | None]
    entities: NotRequired[list[dict[str, Any]] | None]
    urgent: NotRequired[bool]
    slots: NotRequired[dict[str, Any] | None]


_TURN = TypeAdapter(RasaTurn)


@dataclass
class Member:
    """One Rasa. `why` is what is wrong with it, "" when nothing is known to be."""

    url: URL
    in_flight: int = 0
    answered_at: float = 0.0
    why: str = ""
    #: What it says of itself when it is there: the model that it has loaded, what it does without.
    model: str = ""
    lacks: str = ""
    asking: asyncio.Lock = field(default_factory=asyncio.Lock, repr=False)
    looking: "asyncio.Task[None] | None" = field(default=None, repr=False)

    @property
    def name(self) -> str:
        """Its host and port."""
        return f"{self.url.host}:{self.url.port}"


class Brain:
    """Rasa, through our own channel. `aclose` ends what looks after those that are down."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        urls: str | Iterable[str],
        secret: str,
        timeout: float,
        silence: float = SILENCE,
    ) -> None:
        self._session = session
        self._urls = [URL(url) for url in ([urls] if isinstance(urls, str) else urls)]
        self._headers = {"Authorization": f"Bearer {secret}"}
        self._timeout = timeout
        self._silence = silence
        self.members = [Member(url) for url in self._urls]
        self._resolved_at = float("-inf")
        self.admission = Admission(lambda: AT_ONCE * max(1, sum(not member.why for member in self.members)))

    async def turn(self, sender: str, text: str, intent: str | None) -> dict[str, Any]:
        """Give Rasa one message (or the intent of a choice); return its turn, whole. Raise BrainError.

        When many wait, a message of danger goes before the others.
        """
        body = {"sender": sender, "text": text, "intent": intent, "id": request_id.current() or request_id.new()}
        deadline = time.monotonic() + self._timeout

        async def admitted() -> Any:
            async with self.admission.place(lambda: _in_danger(text, intent)):
                return await self._ask("POST", "/turn", body, deadline)

        try:
            reply = await asyncio.wait_for(admitted(), self._timeout)
        except asyncio.TimeoutError:
            raise BrainError("late") from None
        try:
            turn = _TURN.validate_python(reply)
        except ValidationError as error:
            raise BrainError("malformed reply") from error
        if not any(one["answer"] for one in turn["messages"]):
            raise BrainError("empty turn")
        return dict(turn)

    async def forget(self, sender: str) -> None:
        """Delete a conversation from Rasa's tracker store. Raise BrainError."""
        await self._ask("POST", "/forget", {"sender": sender})

    async def purge(self, before: float) -> None:
        """Delete the conversations older than `before` (seconds since 1970). Raise BrainError."""
        await self._ask("POST", "/purge", {"before": before})

    async def ready(self) -> None:
        """Raise BrainError unless a Rasa has a model and its tracker store answers."""
        states = await self.states()
        if "ok" not in states.values():
            raise BrainError(next(iter(states.values()), "no address"))

    async def states(self) -> dict[str, str]:
        """Ask every Rasa; return "ok" or what is wrong, by its host and port."""
        await self._resolve()
        members = list(self.members)
        found = await asyncio.gather(*(self._look(member, 3.0) for member in members))
        return {member.name: why or "ok" for member, why in zip(members, found, strict=True)}

    def lacks(self) -> str:
        """Return what a Rasa that answers does without, as it was last seen; "" when nothing."""
        return next((member.lacks for member in self.members if member.lacks and not member.why), "")

    def models(self) -> list[str]:
        """Return the models that the Rasas have loaded, as they were last seen."""
        return sorted({member.model for member in self.members if member.model})

    async def aclose(self) -> None:
        """Stop looking after those that are down."""
        tasks = [member.looking for member in self.members if member.looking]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _ask(self, method: str, path: str, body: dict[str, Any], deadline: float | None = None) -> Any:
        """Ask the Rasa that has least to do, and another one when it dies or hangs; return what it says. Raise BrainError."""
        await self._resolve()
        deadline = deadline or time.monotonic() + self._timeout
        tried: list[Member] = []
        why = next((member.why for member in self.members), "no address")
        while (left := deadline - time.monotonic()) > MARGIN and (member := await self._pick(tried)):
            if tried:
                body = {**body, "again": True}
            tried.append(member)
            try:
                return await self._one(member, method, path, {**body, "seconds": left - MARGIN}, left)
            except _Passing as error:
                why = str(error)
                log.warning("rasa %s: %s", member.name, why)
        raise BrainError(why)

    async def _pick(self, tried: list[Member]) -> Member | None:
        """Return the Rasa to ask next; None when all that live were tried. The only one is tried twice, if it is there."""
        able = [member for member in self.members if not member.why and member not in tried]
        if not able and len(tried) == 1 and not await self._look(tried[0], PROBE):
            able = [tried[0]]
            tried[0].why = ""
        return min(able, key=lambda member: member.in_flight, default=None)

    async def _one(self, member: Member, method: str, path: str, body: dict[str, Any], seconds: float) -> Any:
        """Ask one Rasa. Raise _Passing when another may do better, BrainError when none would."""
        request = asyncio.ensure_future(self._fetch(member, method, path, body, seconds))
        started = time.monotonic()
        member.in_flight += 1
        try:
            while not request.done():
                await asyncio.wait([request], timeout=self._silence)
                if not request.done() and (why := await self._hangs(member, started)):
                    raise _Passing(why)
            return request.result()
        finally:
            member.in_flight -= 1
            request.cancel()

    async def _hangs(self, member: Member, since: float) -> str:
        """Return what is wrong with a Rasa that has answered nobody for a while, "" when it is only busy."""
        async with member.asking:  # one asks for all who wait
            if not member.why and time.monotonic() - max(since, member.answered_at) >= self._silence:
                others = any(not one.why for one in self.members if one is not member)
                if why := await self._look(member, PROBE if others else LAST_PROBE):
                    self._down(member, why)
                else:
                    member.answered_at = time.monotonic()
            # One that takes no new connection and keeps ours is stopping: what it has in hand, it ends.
            return "" if member.why == STOPPING else member.why

    async def _fetch(self, member: Member, method: str, path: str, body: dict[str, Any] | None, seconds: float) -> Any:
        try:
            async with self._session.request(
                method,
                str(member.url).rstrip("/") + PATH + path,
                json=body,
                headers={**self._headers, request_id.HEADER: request_id.current()},
                timeout=aiohttp.ClientTimeout(total=seconds),
                allow_redirects=False,
            ) as response:
                written = await _bounded(response)
                status = response.status
        except asyncio.TimeoutError:
            raise BrainError("late") from None
        except (aiohttp.ClientConnectionError, aiohttp.ClientPayloadError) as error:
            why = _kind(error)
            self._down(member, why)
            raise _Passing(why) from error
        except aiohttp.ClientError as error:  # not HTTP
            raise _Passing(type(error).__name__) from error
        member.answered_at = time.monotonic()
        if status == 503:
            self._down(member, "status 503")
        if status in {500, 502, 503}:
            raise _Passing(f"status {status}")
        if status != 200:
            raise BrainError(f"status {status}")
        try:
            reply = json.loads(written)
        except (ValueError, RecursionError) as error:
            raise _Passing("malformed reply") from error
        return reply

    async def _look(self, member: Member, seconds: float) -> str:
        """Return what is wrong with a Rasa, "" when it is ready."""
        try:
            async with self._session.get(
                str(member.url).rstrip("/") + PATH + "/",
                headers=self._headers,
                timeout=aiohttp.ClientTimeout(total=seconds),
                allow_redirects=False,
            ) as response:
                written = await _bounded(response)
                member.model, member.lacks = _of_itself(written)
                return "" if response.status == 200 else f"status {response.status}"
        except (aiohttp.ClientError, asyncio.TimeoutError, _Passing) as error:
            return _kind(error)

    def _down(self, member: Member, why: str) -> None:
        """Ask nothing more of a Rasa until it is seen to be ready."""
        member.why = why
        if member.looking is None or member.looking.done():
            log.warning("rasa %s is down: %s", member.name, why)
            member.looking = asyncio.create_task(self._revive(member))

    async def _revive(self, member: Member) -> None:
        started = time.monotonic()
        while member.why and member in self.members:
            await asyncio.sleep(REVIVE_EVERY)
            member.why = await self._look(member, 3.0)
        log.warning("rasa %s is back after %.1f s", member.name, time.monotonic() - started)

    async def _resolve(self) -> None:
        """Find the addresses behind each name again: replicas come and go."""
        now = time.monotonic()
        if now - self._resolved_at < RESOLVE_EVERY:
            return
        self._resolved_at = now
        try:
            found = [address for url in self._urls for address in await _addresses(url)]
        except OSError:  # a name that is not known now: those that were may well be there
            return
        if {member.url for member in self.members} != set(found):
            known = {member.url: member for member in self.members}
            self.members = [known.get(url) or Member(url) for url in found]


def _in_danger(text: str, intent: str | None) -> bool:
    return intent in urgent.load().kinds.values() or urgent.assess(text) is not None


def _kind(error: Exception) -> str:
    """Return what a failure is, in a word."""
    refused = isinstance(error, aiohttp.ClientConnectorError) and error.os_error.errno == errno.ECONNREFUSED
    return STOPPING if refused else type(error).__name__


async def _addresses(url: URL) -> list[URL]:
    """Return `url` once for each address of its host; as it is when the host has one. Raise OSError."""
    host = url.host or ""
    with contextlib.suppress(ValueError):
        ipaddress.ip_address(host)
        return [url]
    if url.scheme == "https" or host == "localhost":  # a certificate is for the name
        return [url]
    found = await asyncio.get_running_loop().getaddrinfo(host, url.port, proto=socket.IPPROTO_TCP)
    addresses = sorted({str(one[4][0]) for one in found})
    return [url.with_host(address) for address in addresses] if len(addresses) > 1 else [url]


def _of_itself(written: bytes) -> tuple[str, str]:
    """Return the model that a Rasa has loaded, and what it does without ("" when nothing)."""
    try:
        said = json.loads(written)
        return str(said.get("model") or ""), str(said.get("why") or "")
    except (ValueError, AttributeError, RecursionError):
        return "", ""


async def _bounded(response: aiohttp.ClientResponse) -> bytes:
    """Return the body; raise _Passing when it is larger than any of ours."""
    body = bytearray()
    async for chunk in response.content.iter_any():
        body += chunk
        if len(body) > MAX_REPLY:
            response.close()
            raise _Passing("reply too large")
    return bytes(body)
