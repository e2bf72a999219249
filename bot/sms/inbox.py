"""What comes in: kept once, claimed in the order of its arrival, ended together with the answer that it gets."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.database import insert_new
from bot.sms.outbox import Answer, Outbox
from bot.sms.queue import LEASE, exists, lost, next_in_turn
from bot.sms.sealed import Sealer
from bot.sms.tables import ANSWERED, ANSWERING, DEAD, DUPLICATE, IGNORED, INBOX, OUTBOX, PEOPLE, WAITING
from bot.store import Store

#: The same text again from the same person is the same message while no answer can have been read: until this many
#: seconds after its answer left, and never longer than the second figure after it came.
READ_AFTER, SAME_WITHIN = 7.0, 45.0
#: Seconds over which alike texts are counted, to notice a machine.
LOOP_WITHIN = 600.0


class Accepted(Enum):
    """What became of a message that came in."""

    KEPT = "kept"
    REPEATED_ID = "id"
    REPEATED_TEXT = "content"
    IGNORED = "ignored"


@dataclass(frozen=True)
class Arrival:
    """A message that came in, read: `number` is E.164, `key` the digest of the provider's id (None when it gave none)."""

    number: str
    text: str
    person: str
    key: str | None
    content: str
    shape: str
    priority: int


@dataclass(frozen=True)
class Claim:
    """A message taken up for an answer, with what must be known of the person.

    `alike` counts the person's texts of the same shape in LOOP_WITHIN seconds, this one included; `echo` tells that it
    is a text of ours come back.
    """

    id: int
    person: str
    sealed: str
    priority: int
    received_at: float
    attempts: int
    alike: int
    echo: bool
    stopped: bool = False
    welcomed: bool = False
    later: str | None = None
    hour: tuple[float, int] = (0.0, 0)
    day: tuple[float, int] = (0.0, 0)
    capped_until: float = 0.0


class LeaseLost(Exception):
    """Another worker took the message up meanwhile: what was done for it must not count."""


class Inbox:
    """The messages that came in, in the store of the gateway. `worker` names this process among those at work."""

    def __init__(self, store: Store, outbox: Outbox, sealer: Sealer, worker: str) -> None:
        self._store = store
        self._outbox = outbox
        self._sealer = sealer
        self._worker = worker

    async def accept(self, arrival: Arrival, now: float) -> Accepted:
        """Keep a message, unless it is one that we have. Committed when this returns."""
        async with self._store.writing() as connection:
            await self._meet(connection, arrival.person, now)
            if arrival.key and await exists(connection, INBOX.c.message_key == arrival.key):
                return Accepted.REPEATED_ID
            same = await self._is_same(connection, arrival, now)
            await connection.execute(
                sa.insert(INBOX).values(
                    person=arrival.person,
                    message_key=arrival.key,
                    content=arrival.content,
                    shape=arrival.shape,
                    sealed=None if same else self._sealer.seal(arrival.number, arrival.text),
                    priority=arrival.priority,
                    state=DUPLICATE if same else WAITING,
                    received_at=now,
                    next_at=now,
                    ended_at=now if same else None,
                )
            )
        return Accepted.REPEATED_TEXT if same else Accepted.KEPT

    async def ignore(self, person: str, key: str | None, reason: str, now: float) -> Accepted:
        """Note a message that gets no answer whatever it says: nothing is kept of it but that it came."""
        async with self._store.writing() as connection:
            if key and await exists(connection, INBOX.c.message_key == key):
                return Accepted.REPEATED_ID
            # Another gateway may note the same one at this very moment.
            noted = await connection.execute(
                insert_new(connection, INBOX).values(
                    person=person, message_key=key, priority=0, state=IGNORED, reason=reason, received_at=now, next_at=now, ended_at=now
                )
            )  # fmt: skip
        return Accepted.IGNORED if noted.rowcount else Accepted.REPEATED_ID

    async def _meet(self, connection: AsyncConnection, person: str, now: float) -> None:
        """Make sure that the person has a row, and hold it: two copies that come in together are looked at in turn."""
        await connection.execute(insert_new(connection, PEOPLE).values(person=person, last_at=now))
        await connection.execute(sa.update(PEOPLE).where(PEOPLE.c.person == person).values(last_at=now))

    async def _is_same(self, connection: AsyncConnection, arrival: Arrival, now: float) -> bool:
        """Tell whether the person sent this text just before, and cannot have read an answer to it since."""
        left = (
            sa.select(sa.func.min(OUTBOX.c.sent_at))
            .where(OUTBOX.c.answers == INBOX.c.number)
            .correlate(INBOX)
            .scalar_subquery()
        )
        row = (
            await connection.execute(
                sa.select(INBOX.c.received_at, INBOX.c.state, INBOX.c.ended_at, left.label("left_at"))
                .where(
                    INBOX.c.person == arrival.person,
                    INBOX.c.content == arrival.content,
                    INBOX.c.state != DUPLICATE,
                    INBOX.c.received_at > now - SAME_WITHIN,
                    INBOX.c.received_at <= now,
                )
                .order_by(INBOX.c.number.desc())
                .limit(1)
            )
        ).first()
        if row is None:
            return False
        readable = row.received_at if row.state == IGNORED else row.left_at
        return readable is None or now - readable < READ_AFTER

    async def claim(self, now: float) -> Claim | None:
        """Take up the next message: danger first, then the oldest whose person has none before it; None when there is none."""
        next_one = next_in_turn(INBOX, ANSWERING, now)
        async with self._store.reading() as connection:
            if (await connection.execute(next_one)).first() is None:
                return None
        async with self._store.writing() as connection:
            row = (
                await connection.execute(
                    sa.update(INBOX)
                    .where(INBOX.c.number == next_one.with_for_update(skip_locked=True).scalar_subquery())
                    .values(state=ANSWERING, lease=self._worker, lease_until=now + LEASE, attempts=INBOX.c.attempts + 1)
                    .returning(INBOX)
                )
            ).first()
            return await self._known(connection, row, now) if row else None

    async def _known(self, connection: AsyncConnection, row: Any, now: float) -> Claim:
        alike = (
            await connection.execute(
                sa.select(sa.func.count()).where(
                    INBOX.c.person == row.person,
                    INBOX.c.shape == row.shape,
                    INBOX.c.state != DUPLICATE,
                    INBOX.c.number <= row.number,
                    INBOX.c.received_at > row.received_at - LOOP_WITHIN,
                )
            )
        ).scalar_one()
        echo = await exists(connection, sa.and_(OUTBOX.c.person == row.person, OUTBOX.c.content == row.content))
        person = (await connection.execute(sa.select(PEOPLE).where(PEOPLE.c.person == row.person))).first()
        claim = Claim(row.number, row.person, row.sealed, row.priority, row.received_at, row.attempts, alike, echo)
        if person is None:
            return claim
        return Claim(
            **{
                **claim.__dict__,
                "stopped": person.stopped_at is not None,
                "welcomed": person.welcomed,
                "later": person.later,
                "hour": (person.hour_at, person.hour_count),
                "day": (person.day_at, person.day_count),
                "capped_until": person.capped_until,
            }
        )

    async def _end(self, connection: AsyncConnection, claim: Claim, **values: Any) -> None:
        """Move a message that we hold to another state; raise LeaseLost when we hold it no longer."""
        result = await connection.execute(
            sa.update(INBOX)
            .where(INBOX.c.number == claim.id, INBOX.c.lease == self._worker, INBOX.c.state == ANSWERING)
            .values(lease=None, lease_until=None, **values)
        )
        if result.rowcount != 1:
            raise LeaseLost

    async def answered(self, claim: Claim, answer: Answer, person: dict[str, Any], now: float) -> None:
        """End a message: its answer goes to the outbox, its text is erased, `person` notes what is new of the person.

        One transaction: there is no moment with an answer and no message, or two answers. Raise LeaseLost.
        """
        async with self._store.writing() as connection:
            await self._end(connection, claim, state=ANSWERED, sealed=None, ended_at=now)
            if person.get("stopped_at") is not None:
                await self._outbox.cancel(connection, claim.person, now)
            await self._meet(connection, claim.person, now)
            if person:
                await connection.execute(sa.update(PEOPLE).where(PEOPLE.c.person == claim.person).values(**person))
            await self._outbox.add(connection, claim.id, claim.person, answer, now)

    async def silenced(self, claim: Claim, reason: str, person: dict[str, Any], now: float) -> None:
        """End a message without an answer. Raise LeaseLost."""
        async with self._store.writing() as connection:
            await self._end(connection, claim, state=IGNORED, reason=reason, sealed=None, ended_at=now)
            if person.get("stopped_at") is not None:
                await self._outbox.cancel(connection, claim.person, now)
            if person:
                await connection.execute(sa.update(PEOPLE).where(PEOPLE.c.person == claim.person).values(**person))

    async def put_off(self, claim: Claim, seconds: float, now: float, counts: bool = True) -> None:
        """Give a message back, for another try after `seconds`; a try that does not count was interrupted. Raise LeaseLost."""
        async with self._store.writing() as connection:
            await self._end(
                connection, claim, state=WAITING, next_at=now + seconds, attempts=claim.attempts - (0 if counts else 1)
            )

    async def give_up(self, claim: Claim, reason: str, now: float) -> None:
        """Put a message that cannot be answered among the dead letters. Raise LeaseLost."""
        async with self._store.writing() as connection:
            await self._end(connection, claim, state=DEAD, reason=reason, ended_at=now)

    async def forgotten(self, claim: Claim, answer: Answer, now: float) -> None:
        """Erase all that is known of a person but a wish for silence; leave the last word to the outbox. Raise LeaseLost.

        The ids of the messages stay, tied to nobody: one that the provider repeats must not begin anew.
        """
        async with self._store.writing() as connection:
            await self._end(connection, claim, state=ANSWERED, sealed=None, ended_at=now)
            mine = sa.and_(INBOX.c.person == claim.person, INBOX.c.number <= claim.id)
            await connection.execute(sa.delete(INBOX).where(mine, INBOX.c.message_key.is_(None)))
            await connection.execute(
                sa.update(INBOX)
                .where(mine)
                .values(
                    person="",
                    content=None,
                    shape=None,
                    sealed=None,
                    lease=None,
                    state=sa.case((INBOX.c.state.in_((WAITING, ANSWERING, DEAD)), IGNORED), else_=INBOX.c.state),
                    reason="forgotten",
                    ended_at=sa.func.coalesce(INBOX.c.ended_at, now),
                )
            )
            await connection.execute(sa.delete(OUTBOX).where(OUTBOX.c.person == claim.person))
            await connection.execute(
                sa.delete(PEOPLE).where(PEOPLE.c.person == claim.person, PEOPLE.c.stopped_at.is_(None))
            )
            await connection.execute(
                sa.update(PEOPLE)
                .where(PEOPLE.c.person == claim.person)
                .values(welcomed=False, later=None, later_at=None, hour_count=0, day_count=0, last_at=now)
            )
            await self._outbox.add(connection, claim.id, claim.person, answer, now, last_word=True)
        await self._store.forget_log()

    async def recover(self, now: float, held: Collection[int] = ()) -> int:
        """Take back what nobody has in hand: `held` are the messages that we have; return how many messages."""
        async with self._store.writing() as connection:
            result = await connection.execute(
                sa.update(INBOX)
                .where(lost(INBOX, ANSWERING, now, self._worker, held))
                .values(state=WAITING, lease=None, lease_until=None, next_at=now)
            )
        return int(result.rowcount)

    async def renew(self, now: float, held: Collection[int]) -> None:
        """Hold what we have in hand for LEASE seconds more."""
        async with self._store.writing() as connection:
            await connection.execute(
                sa.update(INBOX)
                .where(INBOX.c.state == ANSWERING, INBOX.c.lease == self._worker, INBOX.c.number.in_(held))
                .values(lease_until=now + LEASE)
            )

    async def again(self, numbers: Sequence[int] | None, now: float) -> int:
        """Take dead messages up again (all of them when None); return how many."""
        which = sa.true() if numbers is None else INBOX.c.number.in_(numbers)
        async with self._store.writing() as connection:
            result = await connection.execute(
                sa.update(INBOX)
                .where(which, INBOX.c.state == DEAD, INBOX.c.sealed.is_not(None))
                .values(state=WAITING, reason=None, attempts=0, next_at=now, received_at=now, ended_at=None)
            )
        return int(result.rowcount)
