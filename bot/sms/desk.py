"""What an operator looks at and mends: how much waits, the dead letters, and what has passed its time."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from bot.sms.sealed import Sealer, Unsealable
from bot.sms.tables import ANSWERED, ANSWERING, DEAD, DUPLICATE, IGNORED, INBOX, OUTBOX, PEOPLE, SENDING, SENT, WAITING
from bot.store import Store

HOUR, DAY = 3600.0, 86400.0
#: What is ended stays so long, without number or text, so that a message repeated by the provider is known.
KNOWN_FOR = 72 * HOUR
#: What tells that two texts are alike is kept so long.
ALIKE_FOR = 2 * HOUR
#: What did not fit in an answer waits so long for SUITE.
LATER_FOR = DAY


@dataclass(frozen=True)
class Letter:
    """A dead letter. `id` is "m12" (a message not answered) or "r34" (a text message of ours not sent)."""

    id: str
    at: float
    why: str
    attempts: int
    part: str
    text: str | None


@dataclass(frozen=True)
class Depths:
    """How much waits: numbers of messages, and the age in seconds of the oldest."""

    inbox: int
    inbox_oldest: float
    outbox: int
    outbox_oldest: float
    dead: int
    last_hour: Mapping[str, int]
    last_day: Mapping[str, int]
    doubles: int


class Desk:
    """Looks at the tables of SMS; `dead_for` in seconds is how long a dead letter keeps its text."""

    def __init__(self, store: Store, sealer: Sealer, dead_for: float, expiry: float) -> None:
        self._store = store
        self._sealer = sealer
        self._dead_for = dead_for
        self._expiry = expiry

    async def depths(self, now: float) -> Depths:
        """Return how much waits, and what was done lately."""
        async with self._store.reading() as connection:

            async def one(what: Any, *where: Any) -> Any:
                return (await connection.execute(sa.select(what).where(*where))).scalar_one()

            async def age(at: Any, where: Any) -> float:
                oldest = await one(sa.func.min(at), where)
                return max(0.0, now - oldest) if oldest is not None else 0.0

            async def done(span: float) -> dict[str, int]:
                ended = INBOX.c.ended_at > now - span
                return {
                    "received": await one(count, INBOX.c.received_at > now - span, INBOX.c.state != DUPLICATE),
                    "answered": await one(count, ended, INBOX.c.state == ANSWERED),
                    "ignored": await one(count, ended, INBOX.c.state == IGNORED),
                    "sent": await one(count, OUTBOX.c.sent_at > now - span),
                }

            count = sa.func.count()
            coming, going = INBOX.c.state.in_((WAITING, ANSWERING)), OUTBOX.c.state.in_((WAITING, SENDING))
            return Depths(
                inbox=await one(count, coming),
                inbox_oldest=await age(INBOX.c.received_at, coming),
                outbox=await one(count, going),
                outbox_oldest=await age(OUTBOX.c.created_at, going),
                dead=await one(count, INBOX.c.state == DEAD) + await one(count, OUTBOX.c.state == DEAD),
                last_hour=await done(HOUR),
                last_day=await done(DAY),
                doubles=int(
                    await one(sa.func.coalesce(sa.func.sum(OUTBOX.c.doubles), 0), OUTBOX.c.created_at > now - DAY)
                ),
            )

    async def dead(self, with_text: bool = False) -> list[Letter]:
        """Return the dead letters, oldest first; never a number, and the text only when asked."""
        async with self._store.reading() as connection:
            messages = (
                await connection.execute(sa.select(INBOX).where(INBOX.c.state == DEAD).order_by(INBOX.c.number))
            ).all()
            parts = (
                await connection.execute(sa.select(OUTBOX).where(OUTBOX.c.state == DEAD).order_by(OUTBOX.c.number))
            ).all()
        letters = [
            Letter(
                f"m{row.number}", row.ended_at, row.reason or "", row.attempts, "", self._text(row.sealed, with_text)
            )
            for row in messages
        ]
        letters += [
            Letter(
                f"r{row.number}",
                row.ended_at,
                row.error or "",
                row.attempts,
                f"{row.part}/{row.parts}",
                self._text(row.sealed, with_text),
            )
            for row in parts
        ]
        return sorted(letters, key=lambda letter: letter.at)

    def _text(self, sealed: str | None, wanted: bool) -> str | None:
        if not wanted or sealed is None:
            return None
        try:
            return self._sealer.open(sealed)[1]
        except Unsealable:
            return None

    async def purge(self, now: float, before: float) -> int:
        """Erase what has passed its time; return how many rows.

        Numbers and texts of dead letters, what is kept for receipts, for SUITE, to know a repeat; and the people whose
        last message is older than `before`, of whom a wish for silence remains, tied to a digest.
        """
        old_inbox = sa.and_(INBOX.c.ended_at < now - KNOWN_FOR, INBOX.c.state != DEAD)
        old_outbox = sa.and_(OUTBOX.c.ended_at < now - KNOWN_FOR, OUTBOX.c.state != DEAD)
        statements: list[Any] = [
            sa.update(INBOX)
            .where(INBOX.c.received_at < now - ALIKE_FOR, INBOX.c.ended_at.is_not(None), INBOX.c.content.is_not(None))
            .values(content=None, shape=None),
            sa.update(OUTBOX)
            .where(OUTBOX.c.created_at < now - ALIKE_FOR, OUTBOX.c.content.is_not(None))
            .values(content=None),
            sa.update(OUTBOX)
            .where(OUTBOX.c.state == SENT, OUTBOX.c.sealed.is_not(None), OUTBOX.c.sent_at < now - self._expiry)
            .values(sealed=None),
            sa.update(PEOPLE).where(PEOPLE.c.later_at < now - LATER_FOR).values(later=None, later_at=None),
            sa.delete(INBOX).where(old_inbox),
            sa.delete(OUTBOX).where(old_outbox),
            sa.delete(INBOX).where(INBOX.c.state == DEAD, INBOX.c.ended_at < now - self._dead_for),
            sa.delete(OUTBOX).where(OUTBOX.c.state == DEAD, OUTBOX.c.ended_at < now - self._dead_for),
            sa.delete(PEOPLE).where(PEOPLE.c.last_at < before, PEOPLE.c.stopped_at.is_(None)),
            sa.update(PEOPLE)
            .where(PEOPLE.c.last_at < before, PEOPLE.c.later.is_not(None))
            .values(later=None, later_at=None),
        ]
        gone = 0
        async with self._store.writing() as connection:
            for statement in statements:
                result = await connection.execute(statement)
                if isinstance(statement, sa.Delete):
                    gone += int(result.rowcount)
        await self._store.forget_log()
        return gone
