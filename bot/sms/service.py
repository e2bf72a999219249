"""SMS put together: what a webhook hands in, the worker, and what the gateway and the command line ask of them."""

import asyncio
import contextlib
import logging
import re
import secrets
from collections.abc import Callable, Sequence
from datetime import datetime

import aiohttp

from bot import urgent
from bot.conversations import Conversations
from bot.settings import Settings
from bot.sms.answering import LONG, Answering, Caps
from bot.sms.desk import Depths, Desk, Letter
from bot.sms.inbox import Accepted, Arrival, Inbox
from bot.sms.loop import tell
from bot.sms.manners import Keyword, answerable, keyword
from bot.sms.outbox import Outbox
from bot.sms.providers.base import Incoming, Provider, Receipt
from bot.sms.sealed import Sealer
from bot.sms.worker import Worker
from bot.store import Store
from bot.text import clean, fold
from bot.tokens import Tokens
from bot.watching.metrics import SmsMetrics

log = logging.getLogger(__name__)

#: Seconds left to the store to keep a message, before the provider is told to try again.
KEEP_TIMEOUT = 8.0
#: Seconds between two measures of what waits.
MEASURE_EVERY = 5.0
#: Age in seconds of the oldest message that waits from which SMS is said to be behind.
BEHIND = 900.0
_DIGITS = re.compile(r"\d+")
#: Orders that pass before what waits for another try.
_AT_ONCE = frozenset({Keyword.STOP, Keyword.FORGET})


class Box:
    """The tables of SMS with their keys, without a provider: what the command line needs."""

    def __init__(self, settings: Settings, store: Store, now: Callable[[], float]) -> None:
        keys = settings.keys()
        self.sealer = Sealer(keys, Tokens(keys, settings.retention_days).derive)
        self.store = store
        self.now = now
        self._retention = settings.retention_days * 86400.0
        worker = secrets.token_hex(16)
        expiry = settings.sms_expiry_hours * 3600.0
        self.outbox = Outbox(store, self.sealer, worker, expiry)
        self.inbox = Inbox(store, self.outbox, self.sealer, worker)
        self.desk = Desk(store, self.sealer, settings.sms_dead_days * 86400.0, expiry)

    async def purge(self) -> int:
        """Erase what has passed its time; return how many rows."""
        now = self.now()
        return await self.desk.purge(now, now - self._retention)

    async def dead(self, with_text: bool = False) -> list[Letter]:
        """Return the dead letters."""
        return await self.desk.dead(with_text)

    async def depths(self) -> Depths:
        """Return how much waits."""
        return await self.desk.depths(self.now())

    async def resend(self, ids: Sequence[str] | None) -> int:
        """Take dead letters up again (all of them when None); return how many. Raise ValueError on an id that is none."""
        now = self.now()
        if ids is None:
            return await self.inbox.again(None, now) + await self.outbox.again(None, now)
        numbers: dict[str, list[int]] = {"m": [], "r": []}
        for id_ in ids:
            if id_[:1] not in numbers or not id_[1:].isdecimal():
                raise ValueError(id_)
            numbers[id_[0]].append(int(id_[1:]))
        return await self.inbox.again(numbers["m"], now) + await self.outbox.again(numbers["r"], now)


class Sms:
    """SMS of a running gateway."""

    def __init__(
        self,
        settings: Settings,
        provider: Provider,
        box: Box,
        conversations: Conversations,
        session: aiohttp.ClientSession,
        metrics: SmsMetrics,
        now: Callable[[], datetime],
    ) -> None:
        self.provider = provider
        self.box = box
        self._ours = settings.sms_sender
        self._longest = settings.max_length
        self._metrics = metrics
        self._measuring: asyncio.Task[None] | None = None
        self._depths: Depths | None = None
        answering = Answering(
            conversations, Caps(settings.sms_per_hour, settings.sms_per_day), now, box.sealer, metrics.turns
        )
        self.worker = Worker(
            box.inbox, box.outbox, answering, provider, session, box.sealer, metrics, box.now, settings.sms_pace
        )

    async def start(self) -> None:
        """Begin to answer and to send."""
        await self.worker.start()
        self._measuring = asyncio.create_task(self._measure(), name="sms measures")

    async def stop(self) -> None:
        """Let what is in hand end, and stop."""
        if self._measuring:
            self._measuring.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._measuring
        await self.worker.stop()

    async def accept(self, incoming: Incoming) -> Accepted:
        """Keep a message, once; committed when this returns. Raise what the store raises, TimeoutError."""
        sealer, now = self.box.sealer, self.box.now()
        key = sealer.digest("id", self.provider.name, incoming.id) if incoming.id else None
        self._metrics.received.labels(self.provider.name).inc()
        number = answerable(incoming.sender, ours=self._ours)
        if number is None:
            accepted = await asyncio.wait_for(
                self.box.inbox.ignore(sealer.digest("sender", incoming.sender), key, "sender", now), KEEP_TIMEOUT
            )
            self._metrics.ignored.labels("sender").inc()
            return accepted
        text = incoming.text.replace("\0", "")[: self._longest]
        person = sealer.person(number)
        said = clean(text)
        folded = fold(said)
        arrival = Arrival(
            number=number,
            text=text,
            person=person,
            key=key,
            content=sealer.digest(person, said),
            shape=sealer.digest(person, "shape", _DIGITS.sub("0", folded) if len(folded) > LONG else folded),
            priority=int(keyword(said) in _AT_ONCE or urgent.assess(said) is not None),
        )
        accepted = await asyncio.wait_for(self.box.inbox.accept(arrival, now), KEEP_TIMEOUT)
        if accepted is Accepted.KEPT:
            self.worker.wake()
        else:
            self._metrics.duplicates.labels(accepted.value).inc()
        return accepted

    async def receipt(self, receipt: Receipt) -> bool:
        """Note a delivery receipt; return whether it is of a message of ours."""
        known = await asyncio.wait_for(self.box.outbox.receipt(receipt, self.box.now()), KEEP_TIMEOUT)
        self._metrics.receipts.labels(receipt.status.value if known else "unknown").inc()
        return known

    def state(self) -> str:
        """Return "ok", or what is wrong, for /health."""
        if self.worker.refused_for is not None:
            return "refused by the provider (settings, credit)"
        oldest = max(self._depths.inbox_oldest, self._depths.outbox_oldest) if self._depths else 0.0
        return f"late: {oldest / 60:.0f} min" if oldest > BEHIND else "ok"

    async def _measure(self) -> None:
        while True:
            try:
                self._depths = depths = await self.box.depths()
                for queue, count, oldest in (
                    ("inbox", depths.inbox, depths.inbox_oldest),
                    ("outbox", depths.outbox, depths.outbox_oldest),
                    ("dead", depths.dead, 0.0),
                ):
                    self._metrics.waiting.labels(queue).set(count)
                    self._metrics.oldest.labels(queue).set(oldest)
            except Exception as error:
                tell("sms measures", error)
            await asyncio.sleep(MEASURE_EVERY)
