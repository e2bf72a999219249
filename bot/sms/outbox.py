"""What goes out: one row for each text message, sent in order, tried again by kind of failure, its number erased at its end."""

import secrets
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.sms.providers.base import Receipt, Status
from bot.sms.queue import LEASE, lost, next_in_turn
from bot.sms.sealed import Sealer, without_numbers
from bot.sms.tables import CANCELLED, DEAD, OUTBOX, SENDING, SENT, WAITING
from bot.store import Store

#: Seconds left to a receipt to tell what became of a message that a dead process was sending, or whose call hung.
GRACE = 10.0

_ENDED = (SENT, DEAD, CANCELLED)


@dataclass(frozen=True)
class Answer:
    """An answer to write to the outbox: its text messages, in order, for `number` (E.164)."""

    number: str
    texts: tuple[str, ...]
    priority: int = 0


@dataclass(frozen=True)
class Parcel:
    """A text message taken up to be sent. `risky`: it may have been sent before, for all we know."""

    id: int
    reference: str
    sealed: str
    attempts: int
    risky: bool
    priority: int
    received_at: float


class Outbox:
    """The messages that go out, in the store of the gateway. `expiry` in seconds: what is older is not sent any more."""

    def __init__(self, store: Store, sealer: Sealer, worker: str, expiry: float) -> None:
        self._store = store
        self._sealer = sealer
        self._worker = worker
        self._expiry = expiry

    async def add(
        self,
        connection: AsyncConnection,
        answers: int,
        person: str,
        answer: Answer,
        now: float,
        last_word: bool = False,
    ) -> None:
        """Write an answer, within the transaction that ends the message that it answers."""
        for part, text in enumerate(answer.texts, start=1):
            await connection.execute(
                sa.insert(OUTBOX).values(
                    reference=secrets.token_hex(16),
                    person=person,
                    answers=answers,
                    part=part,
                    parts=len(answer.texts),
                    content=None if last_word else self._sealer.digest(person, text),
                    sealed=self._sealer.seal(answer.number, text),
                    priority=answer.priority,
                    last_word=last_word,
                    state=WAITING,
                    created_at=now,
                    expires_at=now + self._expiry,
                    next_at=now,
                )
            )

    async def cancel(self, connection: AsyncConnection, person: str, now: float) -> None:
        """Drop what waits for a person who said STOP, but what answers danger."""
        await connection.execute(
            sa.update(OUTBOX)
            .where(OUTBOX.c.person == person, OUTBOX.c.state == WAITING, OUTBOX.c.priority == 0)
            .values(state=CANCELLED, sealed=None, ended_at=now)
        )

    async def claim(self, now: float) -> Parcel | None:
        """Take up the next text message to send, marked as being sent before it is; None when there is none."""
        next_one = next_in_turn(OUTBOX, SENDING, now)
        async with self._store.reading() as connection:
            if (await connection.execute(next_one)).first() is None:
                return None
        async with self._store.writing() as connection:
            number = (await connection.execute(next_one.with_for_update(skip_locked=True))).scalar()
            if number is None:
                return None
            risky = bool(
                (await connection.execute(sa.select(OUTBOX.c.uncertain).where(OUTBOX.c.number == number))).scalar()
            )
            row = (
                await connection.execute(
                    sa.update(OUTBOX)
                    .where(OUTBOX.c.number == number)
                    .values(
                        state=SENDING,
                        lease=self._worker,
                        lease_until=now + LEASE,
                        attempts=OUTBOX.c.attempts + 1,
                        uncertain=False,
                        doubles=OUTBOX.c.doubles + int(risky),
                    )
                    .returning(OUTBOX)
                )
            ).one()
        return Parcel(row.number, row.reference, row.sealed, row.attempts, risky, row.priority, row.created_at)

    async def sent(self, parcel: Parcel, provider_id: str, now: float) -> None:
        """Note that the provider accepted a text message. Its number is kept, sealed, until a receipt or its expiry."""
        async with self._ending() as connection:
            await connection.execute(
                sa.update(OUTBOX)
                .where(OUTBOX.c.number == parcel.id, OUTBOX.c.state.in_((SENDING, WAITING)))
                .values(
                    state=SENT,
                    lease=None,
                    lease_until=None,
                    uncertain=False,
                    error=None,
                    provider_id=self._key(provider_id),
                    sent_at=now,
                    ended_at=now,
                    sealed=sa.case((OUTBOX.c.receipt == Status.DELIVERED.value, None), else_=OUTBOX.c.sealed),
                )
            )
            refused = sa.select(OUTBOX.c.number).where(
                OUTBOX.c.number == parcel.id, OUTBOX.c.receipt == Status.FAILED.value
            )
            if (await connection.execute(refused)).first():  # the receipt was quicker than the answer to our call
                await self._bury(connection, [parcel.id], "receipt: failed", now)

    def _key(self, provider_id: str) -> str | None:
        return self._sealer.digest("provider", provider_id) if provider_id else None

    async def put_off(self, parcel: Parcel, seconds: float, error: str, uncertain: bool, now: float) -> None:
        """Give a text message back for another try after `seconds`, with what went wrong."""
        async with self._store.writing() as connection:
            await connection.execute(
                sa.update(OUTBOX)
                .where(OUTBOX.c.number == parcel.id, OUTBOX.c.state == SENDING, OUTBOX.c.lease == self._worker)
                .values(
                    state=WAITING,
                    lease=None,
                    lease_until=None,
                    next_at=now + seconds,
                    uncertain=uncertain,
                    error=without_numbers(error),
                )
            )
            # A receipt may have come while the call hung: then it is sent.
            await connection.execute(_accepted_meanwhile(now).where(OUTBOX.c.number == parcel.id))

    async def dead(self, parcel: Parcel, error: str, now: float) -> int:
        """Put a text message among the dead letters, and the parts after it, which say nothing alone; return how many."""
        async with self._ending() as connection:
            return await self._bury(connection, [parcel.id], error, now)

    async def _bury(self, connection: AsyncConnection, numbers: Sequence[int], error: str, now: float) -> int:
        head = OUTBOX.alias("head")
        after = sa.exists().where(
            head.c.number.in_(numbers), head.c.answers == OUTBOX.c.answers, head.c.number < OUTBOX.c.number
        )
        gone = {"state": DEAD, "lease": None, "lease_until": None, "ended_at": now}
        followers = await connection.execute(
            sa.update(OUTBOX).where(after, OUTBOX.c.state == WAITING).values(**gone, error="previous part not sent")
        )
        result = await connection.execute(
            sa.update(OUTBOX).where(OUTBOX.c.number.in_(numbers)).values(**gone, error=without_numbers(error))
        )
        return int(result.rowcount + followers.rowcount)

    @asynccontextmanager
    async def _ending(self) -> AsyncIterator[AsyncConnection]:
        """Open a transaction that may end a text message; last words that end are deleted whole: those people are forgotten."""
        async with self._store.writing() as connection:
            yield connection
            gone = await connection.execute(sa.delete(OUTBOX).where(OUTBOX.c.last_word, OUTBOX.c.state.in_(_ENDED)))
        if gone.rowcount:
            await self._store.forget_log()

    async def receipt(self, receipt: Receipt, now: float) -> bool:
        """Note what became of a text message; return whether it was one of ours. Late, repeated, unknown: harmless."""
        which = (
            OUTBOX.c.reference == receipt.reference
            if receipt.reference
            else OUTBOX.c.provider_id == self._key(receipt.provider_id)
        )
        if not receipt.reference and not receipt.provider_id:
            return False
        async with self._ending() as connection:
            row = (await connection.execute(sa.select(OUTBOX).where(which).limit(1).with_for_update())).first()
            if row is None:
                return False
            this = sa.update(OUTBOX).where(OUTBOX.c.number == row.number)
            if row.receipt == Status.DELIVERED.value:
                return True
            if receipt.status is Status.FAILED:
                # Still to be tried: the network refused a try that we were not sure of, so another one doubles nothing.
                await connection.execute(this.values(receipt=receipt.status.value, uncertain=False))
                if row.state == SENT:
                    await self._bury(connection, [row.number], f"receipt: {receipt.detail or 'failed'}", now)
                return True
            await connection.execute(this.values(receipt=receipt.status.value))
            if row.state == WAITING and row.uncertain:
                await connection.execute(_accepted_meanwhile(now).where(OUTBOX.c.number == row.number))
            if receipt.status is Status.DELIVERED and row.state in (*_ENDED, WAITING):
                await connection.execute(this.where(OUTBOX.c.state == SENT).values(sealed=None))
        return True

    async def recover(self, now: float, held: Collection[int] = ()) -> int:
        """Look after what is being sent by nobody: `held` are the text messages that we have in hand; return how many.

        What a receipt tells of is sent. The rest waits GRACE seconds for a receipt, then is sent again: a possible double.
        """
        async with self._store.writing() as connection:
            result = await connection.execute(
                sa.update(OUTBOX)
                .where(lost(OUTBOX, SENDING, now, self._worker, held))
                .values(state=WAITING, lease=None, lease_until=None, uncertain=True, next_at=now + GRACE)
            )
            if result.rowcount:
                await connection.execute(_accepted_meanwhile(now))
        return int(result.rowcount)

    async def renew(self, now: float, held: Collection[int]) -> None:
        """Hold what we have in hand for LEASE seconds more."""
        async with self._store.writing() as connection:
            await connection.execute(
                sa.update(OUTBOX)
                .where(OUTBOX.c.state == SENDING, OUTBOX.c.lease == self._worker, OUTBOX.c.number.in_(held))
                .values(lease_until=now + LEASE)
            )

    async def hasten(self, now: float) -> None:
        """Try at once what waits because the provider failed; what is uncertain keeps its time for a receipt."""
        async with self._store.writing() as connection:
            await connection.execute(
                sa.update(OUTBOX)
                .where(OUTBOX.c.state == WAITING, OUTBOX.c.next_at > now, ~OUTBOX.c.uncertain)
                .values(next_at=now)
            )

    async def expire(self, now: float) -> int:
        """Put what has waited too long among the dead letters; return how many text messages."""
        stale = sa.select(OUTBOX.c.number).where(OUTBOX.c.state == WAITING, OUTBOX.c.expires_at <= now)
        async with self._store.reading() as connection:
            if (await connection.execute(stale.limit(1))).first() is None:
                return 0
        async with self._ending() as connection:
            result = await connection.execute(
                sa.update(OUTBOX)
                .where(OUTBOX.c.state == WAITING, OUTBOX.c.expires_at <= now)
                .values(
                    state=DEAD,
                    ended_at=now,
                    error=sa.literal("expired: ") + sa.func.coalesce(OUTBOX.c.error, "not tried"),
                )
            )
        return int(result.rowcount)

    async def again(self, numbers: Sequence[int] | None, now: float) -> int:
        """Send dead letters again (all of them when None) that still have their text; return how many."""
        which = sa.true() if numbers is None else OUTBOX.c.number.in_(numbers)
        async with self._store.writing() as connection:
            result = await connection.execute(
                sa.update(OUTBOX)
                .where(which, OUTBOX.c.state == DEAD, OUTBOX.c.sealed.is_not(None))
                .values(
                    state=WAITING,
                    attempts=0,
                    next_at=now,
                    expires_at=now + self._expiry,
                    error=None,
                    receipt=None,
                    ended_at=None,
                    # The network refused the old reference: a late receipt for it must not end this try.
                    uncertain=False,
                )
            )
        return int(result.rowcount)


def _accepted_meanwhile(now: float) -> Any:
    """Return the update that ends what waits, uncertain, although a receipt says that the network has it."""
    delivered = OUTBOX.c.receipt == Status.DELIVERED.value
    return (
        sa.update(OUTBOX)
        .where(
            OUTBOX.c.state == WAITING,
            OUTBOX.c.uncertain,
            OUTBOX.c.receipt.in_((Status.ACCEPTED.value, Status.DELIVERED.value)),
        )
        .values(
            state=SENT,
            uncertain=False,
            error=None,
            sent_at=now,
            ended_at=now,
            sealed=sa.case((delivered, None), else_=OUTBOX.c.sealed),
        )
    )
