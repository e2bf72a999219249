"""People who write while something is wrong: what each of them sees, and how long they wait."""

import asyncio
import re
import secrets
import time
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from bot import identity
from bot.answers import LiveBook
from bot.answers.render import render
from tests.clock import TODAY

#: Seconds that a person waits at most for a sentence: eight are left to Rasa, the rest to a busy machine.
PATIENCE = 8.0
MARGIN = 6.0
#: The same when a crowd, played on the same processors, asks at once.
CROWDED = PATIENCE + 2 * MARGIN
#: Someone in danger, and the answer that she must get.
DANGER, DANGER_ANSWER = "mon mari me frappe", "violences_conjugales"
_NUMBERS = re.compile(r"(?<![\d,])(?:1[5-8]|11[2-9]|3[0-9]{3}|0\d(?: \d\d){4})(?![\d,])")

SWITCHBOARD = identity.load().switchboard.phone
_BOOK = LiveBook(context={"conservation": "30 jours"})


def numbers(words: str) -> list[str]:
    """Return the telephone numbers of a text, in its order."""
    return _NUMBERS.findall(words)


#: The number that comes first for her when all is well.
DANGER_NUMBER = numbers(render(_BOOK.book, DANGER_ANSWER, "standard", TODAY).text)[0]


@dataclass(frozen=True)
class Heard:
    """What came back of one message; `status` is 0 when nobody was there."""

    seconds: float
    status: int
    body: dict[str, Any]
    #: When it came (time.monotonic).
    at: float = 0.0

    @property
    def messages(self) -> list[dict[str, Any]]:
        """The bubbles."""
        messages: list[dict[str, Any]] = self.body.get("messages") or []
        return messages

    @property
    def words(self) -> str:
        """All that the person reads."""
        error = self.body.get("error") or {}
        return "\n".join([*(one["text"] for one in self.messages), str(error.get("message", ""))]).strip()

    @property
    def ids(self) -> list[str]:
        """The answers that she got."""
        return [one["id"] for one in self.messages]

    @property
    def kind(self) -> str:
        """What she saw.

        "answer": what was asked; "danger": the right number, without the brain or with it; "honest": that it does not
        work, and whom to call; "absent": nobody was there, and the page says that the message did not leave; "wrong".
        """
        if self.status == 0:
            return "absent"
        if self.status == 200 and self.messages and all(one["urgent"] for one in self.messages):
            return "danger" if numbers(self.words)[:1] == [DANGER_NUMBER] else "wrong"
        if self.status == 200 and self.messages and self.words and "panne" not in self.ids:
            return "answer"
        if self.status in {200, 503} and SWITCHBOARD in self.words and "112" in self.words:
            return "honest"
        return "wrong"

    @property
    def commune(self) -> str | None:
        """The commune that the conversation holds."""
        return (self.body.get("commune") or {}).get("insee")

    @property
    def choices(self) -> list[str]:
        """The labels offered last."""
        return [choice["label"] for one in self.messages for choice in one["choices"]]


@dataclass
class Person:
    """One conversation; `heard` is all that she saw."""

    url: str
    session: aiohttp.ClientSession
    token: str | None = None
    heard: list[Heard] = field(default_factory=list)

    async def says(self, text: str, id_: str | None = None, patience: float = 60) -> Heard:
        """Send a message, as the page does; wait longer than it would, to know how long."""
        body = {"text": text, "id": id_ or secrets.token_urlsafe(24)}
        if self.token:
            body["conversation"] = self.token
        started = time.monotonic()
        try:
            async with self.session.post(
                f"{self.url}/api/messages", json=body, timeout=aiohttp.ClientTimeout(total=patience)
            ) as response:
                status, reply = response.status, await response.json()
        except asyncio.TimeoutError:
            status, reply = 599, {}
        except aiohttp.ClientError:
            status, reply = 0, {}
        now = time.monotonic()
        heard = Heard(now - started, status, reply, now)
        self.heard.append(heard)
        self.token = reply.get("conversation", self.token)
        return heard

    async def insists(
        self, text: str, id_: str, seconds: float, wanted: tuple[str, ...] = ("answer",), pause: float = 0.5
    ) -> Heard:
        """Send the same message under the same id until it is answered, as somebody who presses « Réessayer »."""
        deadline = time.monotonic() + seconds
        while (heard := await self.says(text, id_)).kind not in wanted:
            if time.monotonic() > deadline:
                raise TimeoutError(f"{text!r} not answered in {seconds} s: {heard.status} {heard.words[:200]}")
            await asyncio.sleep(pause)
        return heard

    async def history(self, seconds: float = 30) -> list[dict[str, Any]]:
        """Return the turns that the assistant kept; look again for a while, as one reloads a page."""
        deadline = time.monotonic() + seconds
        while True:
            async with self.session.get(
                f"{self.url}/api/conversation", headers={"Authorization": f"Bearer {self.token}"}
            ) as response:
                body = await response.json()
                if response.status == 200:
                    turns: list[dict[str, Any]] = body["turns"]
                    return turns
            assert response.status == 503, body
            assert time.monotonic() < deadline, body
            await asyncio.sleep(1)
