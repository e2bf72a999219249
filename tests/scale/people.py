"""People who talk to the site, each from an address of her own, and what became of what they said."""

import asyncio
import time
import uuid
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any

import aiohttp

#: Communes with several France services around, so that a list goes on.
COMMUNES = ("Béziers", "Sète", "Lodève", "Lunel", "Montpellier", "Agde")
#: Seconds that somebody waits before she counts it as no answer.
PATIENCE = 60.0


@dataclass
class Seen:
    """What was seen of all: turns answered, and how many failed, by how."""

    turns: int = 0
    failures: Counter[str] = field(default_factory=Counter)


class Person:
    """Somebody at `address` (a loopback one), in one conversation."""

    def __init__(self, url: str, address: str = "127.0.0.1", seen: Seen | None = None) -> None:
        self.url, self.seen = url, seen or Seen()
        self.token: str | None = None
        #: Seconds of her longest wait.
        self.slowest = 0.0
        self._connector = aiohttp.TCPConnector(local_addr=(address, 0))
        self._session = aiohttp.ClientSession(connector=self._connector, timeout=aiohttp.ClientTimeout(total=PATIENCE))

    async def __aenter__(self) -> "Person":
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._session.close()

    async def ask(self, text: str, url: str = "", message_id: str | None = None) -> tuple[int, dict[str, Any]]:
        """Say `text` at `url` (the site's unless told); return the status and the reply."""
        body = {"text": text, "id": message_id or str(uuid.uuid4())}
        if self.token:
            body["conversation"] = self.token
        async with self._session.post(f"{url or self.url}/api/messages", json=body) as response:
            return response.status, await response.json()

    async def say(self, text: str, url: str = "") -> dict[str, Any]:
        """Say `text`, count what comes of it, and return the reply; {} when there is none."""
        self.seen.turns += 1
        asked_at = time.monotonic()
        try:
            status, reply = await self.ask(text, url)
        except (aiohttp.ClientError, asyncio.TimeoutError, ValueError) as error:
            self.seen.failures[type(error).__name__] += 1
            return {}
        finally:
            self.slowest = max(self.slowest, time.monotonic() - asked_at)
        if status != 200:
            self.seen.failures[f"status {status}"] += 1
            return {}
        self.token = reply["conversation"]
        if not reply["messages"]:
            self.seen.failures["empty"] += 1
        elif any(message["id"] == "panne" for message in reply["messages"]):
            self.seen.failures["degraded"] += 1
        return reply

    async def read(self, url: str = "") -> tuple[int, list[dict[str, Any]]]:
        """Read the conversation back: the status, its turns."""
        headers = {"Authorization": f"Bearer {self.token}"}
        async with self._session.get(f"{url or self.url}/api/conversation", headers=headers) as response:
            return response.status, (await response.json()).get("turns", [])

    async def erase(self, url: str = "") -> int:
        """Erase the conversation; return the status."""
        headers = {"Authorization": f"Bearer {self.token}"}
        async with self._session.delete(f"{url or self.url}/api/conversation", headers=headers) as response:
            return response.status


def places(reply: dict[str, Any]) -> list[str]:
    """Return the places of a reply, by name and town."""
    return [f"{place['name']}, {place['city']}" for one in reply.get("messages", []) for place in one["places"]]


#: One step of a conversation: what is said, and whether the reply, given those before, shows that it is remembered.
Step = tuple[str, Callable[[list[dict[str, Any]], str], bool]]

SCRIPT: tuple[Step, ...] = (
    ("je cherche une france services à {}", lambda said, _: len(places(said[0])) > 1),
    ("suite", lambda said, _: bool(places(said[1])) and not set(places(said[0])) & set(places(said[1]))),
    ("répète", lambda said, _: places(said[2]) == places(said[1])),
    ("je voudrais faire peser mon petit", lambda said, town: (said[3].get("commune") or {}).get("name") == town),
    ("répète", lambda said, town: said[4].get("intent") == "repeter" and said[4]["commune"]["name"] == town),
)


async def converse(
    person: Person, town: str, gate: asyncio.Semaphore, step: Callable[[], None] = lambda: None
) -> list[str]:
    """Hold the whole conversation of SCRIPT; return what was forgotten, as the words that should have shown it."""
    said: list[dict[str, Any]] = []
    forgotten = []
    for words, remembers in SCRIPT:
        async with gate:
            said.append(await person.say(words.format(town)))
        if said[-1] and not remembers(said, town):
            forgotten.append(words.format(town))
        step()
    return forgotten
