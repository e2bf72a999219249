"""SMS without a phone network: a provider that notes what it is given, a brain that answers by rule, one clock."""

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp

from bot.answers import LiveBook
from bot.assistant import Assistant
from bot.conversations import Conversations
from bot.rasa import Brain, BrainError
from bot.settings import Settings
from bot.sms.inbox import Accepted
from bot.sms.providers.base import Incoming, NotSent, Outgoing, Receipt, Refused, Request, Status, Unreadable
from bot.sms.service import Box, Sms
from bot.store import Store
from bot.tokens import Tokens
from bot.watching.metrics import Metrics
from tests.clock import NOW

MARIE, PAUL = "+33612345678", "+33698765432"
OURS = "34034"
#: Read once: a test starts many gateways.
BOOK = LiveBook(context={"conservation": Settings().conservation})


class Crash(BaseException):
    """The process dies here."""


class FakeBrain(Brain):
    """Answers `help` whatever it is asked; `down` fails, `hook` runs before each turn."""

    def __init__(self) -> None:
        self.down = False
        self.turns: list[tuple[str, str]] = []
        self.forgotten: list[str] = []
        self.hook: Callable[[str], Any] | None = None
        self.answer = "demander_aide"
        self.intent = "demander_aide"

    async def turn(self, sender: str, text: str, intent: str | None) -> dict[str, Any]:
        if self.hook:
            await self.hook(text)
        if self.down:
            raise BrainError("status 503")
        self.turns.append((sender, text))
        return {
            "intent": self.intent,
            "messages": [{"answer": self.answer, "choices": []}],
            "slots": {},
            "entities": [],
        }

    async def forget(self, sender: str) -> None:
        if self.down:
            raise BrainError("status 503")
        self.forgotten.append(sender)

    async def purge(self, before: float) -> None:
        return None


@dataclass
class FakeProvider:
    """Notes what it accepts. `script` holds what the next calls meet: an exception, seconds to hang, or None."""

    name: str = "fake"
    accepted: list[Outgoing] = field(default_factory=list)
    calls: int = 0
    script: list[Any] = field(default_factory=list)
    always: Any = None
    delay: float = 0.0

    def read(self, request: Request) -> Incoming | Receipt | None:
        if request.query.get("secret") != "s3cret":
            raise Refused
        if "receipt" in request.query:
            return Receipt(Status(request.query["receipt"]), request.query.get("reference", ""))
        if not request.query.get("from"):
            raise Unreadable("no sender")
        if "bug" in request.query:
            raise RuntimeError(request.query["text"])
        return Incoming(request.query.get("id", ""), request.query["from"], OURS, request.query.get("text", ""))

    def acknowledgement(self) -> tuple[str, str]:
        return "ACK", "text/plain; charset=utf-8"

    async def send(self, session: aiohttp.ClientSession, message: Outgoing) -> str:
        self.calls += 1
        step = self.script.pop(0) if self.script else self.always
        if self.delay:
            await asyncio.sleep(self.delay)
        if isinstance(step, BaseException):
            raise step
        self.accepted.append(message)
        if callable(step):
            step()
        return f"fake-{len(self.accepted)}"

    def texts(self, number: str) -> list[str]:
        return [message.text for message in self.accepted if message.recipient == number]

    def doubles(self) -> dict[str, int]:
        return {ref: n for ref, n in Counter(message.reference for message in self.accepted).items() if n > 1}


class Bench:
    """One database, one phone network, one brain; as many gateways as a test starts."""

    def __init__(self, folder: Path, **settings: Any) -> None:
        values: dict[str, Any] = {
            "var_dir": folder,
            "metrics_port": 0,
            "sms_sender": OURS,
            "sms_pace": 1000,
            **settings,
        }
        self.settings = Settings(**values)
        self.brain = FakeBrain()
        self.provider = FakeProvider()
        self.now: datetime = NOW
        self.stores: list[Store] = []
        self.metrics = Metrics().sms

    def clock(self) -> datetime:
        return self.now

    def seconds(self) -> float:
        return self.now.timestamp()

    def later(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    async def start(self, folder: Path | None = None) -> Sms:
        """Return the SMS of one more gateway, its loops not started."""
        store = Store(self.settings.database)
        self.stores.append(store)
        await store.open()
        return self.over(store)

    def over(self, store: Store) -> Sms:
        tokens = Tokens(self.settings.keys(), self.settings.retention_days)
        conversations = Conversations(Assistant(self.brain, BOOK, self.clock), store, tokens, self.seconds)
        box = Box(self.settings, store, self.seconds)
        session: Any = None
        return Sms(self.settings, self.provider, box, conversations, session, self.metrics, self.clock)

    async def close(self) -> None:
        for store in self.stores:
            await store.close()

    async def receive(self, sms: Sms, text: str, sender: str = MARIE, id_: str = "") -> Accepted:
        return await sms.accept(Incoming(id_, sender, OURS, text))

    async def work(self, sms: Sms, patience: float = 900, step: float = 5) -> None:
        """Answer and send, moving the clock on, until nothing waits (or `patience` seconds have passed)."""
        passed = 0.0
        while True:
            await self.turn(sms)
            depths = await sms.box.depths()
            if not depths.inbox and not depths.outbox:
                return
            if passed >= patience:
                return
            self.later(step)
            passed += step

    async def turn(self, sms: Sms) -> None:
        """Do all that can be done at this moment, one thing after the other."""
        worker = sms.worker
        await worker.round()
        while claim := await worker._claim():
            await worker.answer(claim)
        worker.pace._closed_until = 0.0
        while parcel := await sms.box.outbox.claim(self.now.timestamp()):
            await worker.send(parcel)

    async def says(self, sms: Sms, text: str, sender: str = MARIE, id_: str = "") -> list[str]:
        """Return what the phone of `sender` receives after `text`, all done at once."""
        before = len(self.provider.texts(sender))
        await self.receive(sms, text, sender, id_)
        await self.work(sms)
        self.later(60)
        return self.provider.texts(sender)[before:]


__all__ = ["MARIE", "OURS", "PAUL", "Bench", "Crash", "FakeBrain", "FakeProvider", "NotSent"]
