"""What the gateway remembers of conversations: enough to read one back, never answer twice, and forget.

The words are here and in Rasa's tracker store, nowhere else. A change of a table goes with a version in `bot.migrations`.
"""

import json
from dataclasses import dataclass, field, fields
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.database import METADATA, Database, StoreError, StoreUnusable, insert_new

CONVERSATIONS = sa.Table(
    "conversations",
    METADATA,
    sa.Column("sender", sa.String(64), primary_key=True),
    sa.Column("started_at", sa.Float, nullable=False),
    sa.Column("last_at", sa.Float, nullable=False, index=True),
    sa.Column("state", sa.Text, nullable=False),
)
TURNS = sa.Table(
    "turns",
    METADATA,
    sa.Column("number", sa.Integer, primary_key=True),
    sa.Column(
        "sender", sa.String(64), sa.ForeignKey("conversations.sender", ondelete="CASCADE"), nullable=False, index=True
    ),
    sa.Column("client_id", sa.String(200)),
    sa.Column("opening", sa.String(64), unique=True),
    sa.Column("asked", sa.Text, nullable=False),
    sa.Column("reply", sa.Text, nullable=False),
    sa.Column("at", sa.Float, nullable=False, index=True),
    sa.UniqueConstraint("sender", "client_id"),
)
#: The conversations held in a workshop, on a computer that others use next: forgotten sooner than the others.
WORKSHOP = sa.Table(
    "workshop",
    METADATA,
    sa.Column("sender", sa.String(64), sa.ForeignKey("conversations.sender", ondelete="CASCADE"), primary_key=True),
)
#: First messages of a workshop whose conversation was erased, as keyed digests: sent again by the back button, they stay erased.
ERASED = sa.Table(
    "erased",
    METADATA,
    sa.Column("opening", sa.String(64), primary_key=True),
    sa.Column("at", sa.Float, nullable=False, index=True),
)
#: What people said of the answers: how many, of which answer, on which day; nothing of who or of what was written.
FEEDBACK = sa.Table(
    "feedback",
    METADATA,
    sa.Column("answer", sa.String(100), primary_key=True),
    sa.Column("day", sa.Date, primary_key=True),
    sa.Column("yes", sa.Integer, nullable=False),
    sa.Column("no", sa.Integer, nullable=False),
)


@dataclass
class State:
    """What the next turn needs to know of the last ones.

    `choices` maps the label of each choice offered last to the intent behind it, "" when the label is simply typed
    back (a commune); `missed` counts the turns in a row that were not understood; `listed` tells that places were shown:
    a number is then the rank of one; `loss` that the person told of a lost pregnancy or baby.
    """

    variant: str | None = None
    choices: dict[str, str] = field(default_factory=dict)
    missed: int = 0
    listed: bool = False
    loss: bool = False

    @classmethod
    def read(cls, kept: str) -> "State":
        """Return the state written as JSON, by another version perhaps: what is unknown is left, what is missing or odd takes its default."""
        read = json.loads(kept)
        defaults = cls()
        known = {
            one.name: read[one.name]
            for one in fields(cls)
            if isinstance(read, dict) and one.name in read and type(read[one.name]) is type(getattr(defaults, one.name))
        }
        if isinstance(read, dict) and read.get("variant") in ("standard", "simple"):
            known["variant"] = read["variant"]
        return cls(**known)


@dataclass(frozen=True)
class Turn:
    """One message and its reply; `at` in seconds since 1970."""

    asked: str
    reply: dict[str, Any]
    at: float
    client_id: str | None = None
    sender: str = ""


#: What a reply and a message of it hold, for those that an older version kept with less.
_REPLY: dict[str, Any] = {"intent": "hors_sujet", "commune": None, "messages": []}
_MESSAGE: dict[str, Any] = {
    "id": "", "text": "", "choices": [], "places": [], "links": [], "sources": [], "verified_on": None, "urgent": False,
}  # fmt: skip
_PLACE: dict[str, Any] = dict.fromkeys(
    "name kind address postcode city phone opening_hours distance_km url source source_date".split()
)


def whole(reply: dict[str, Any]) -> dict[str, Any]:
    """Return a kept reply with what an older version did not write; what a newer one added stays, and is not read."""
    kept = {**_REPLY, **reply}
    messages = [{**_MESSAGE, **one} for one in kept["messages"]]
    return {
        **kept,
        "messages": [{**one, "places": [{**_PLACE, **place} for place in one["places"]]} for one in messages],
    }


#: Conversations, and turns, that the purge deletes at once: others write in between.
PURGED_AT_ONCE = 500
#: Names the lock of PostgreSQL under which one gateway purges.
_PURGING = 0x48343335


class _Repeated(Exception):
    """The turn that is being kept is there already."""


class Store(Database):
    """Conversations, in the gateway's database. Every method raises StoreError."""

    async def state(self, sender: str) -> State | None:
        """Return the state of a conversation, or None when there is none of that id."""
        async with self.reading() as connection:
            row = (
                await connection.execute(sa.select(CONVERSATIONS.c.state).where(CONVERSATIONS.c.sender == sender))
            ).first()
        return State.read(row.state) if row else None

    async def start(self, sender: str, now: float, workshop: bool = False) -> None:
        """Begin a conversation, in a workshop or not; one that has begun goes on."""
        async with self.changing() as connection:
            await connection.execute(
                insert_new(connection, CONVERSATIONS).values(
                    sender=sender, started_at=now, last_at=now, state=json.dumps(State().__dict__)
                )
            )
            if workshop:
                await connection.execute(insert_new(connection, WORKSHOP).values(sender=sender))

    async def add(self, sender: str, turn: Turn, state: State, opening: str | None = None) -> Turn | None:
        """Keep a turn and the new state together. `opening` marks a first message, so that its repeat finds it.

        A conversation erased meanwhile stays erased. Return the turn that was kept before, by another gateway, for the same
        client message or the same opening: that one was answered.
        """
        try:
            async with self.changing() as connection:
                there = await connection.execute(
                    sa.update(CONVERSATIONS)
                    .where(CONVERSATIONS.c.sender == sender)
                    .values(last_at=turn.at, state=json.dumps(state.__dict__, ensure_ascii=False))
                )
                if not there.rowcount:
                    return None
                added = await connection.execute(
                    insert_new(connection, TURNS).values(
                        sender=sender,
                        client_id=turn.client_id,
                        opening=opening,
                        asked=turn.asked,
                        reply=json.dumps(turn.reply, ensure_ascii=False),
                        at=turn.at,
                    )
                )
                if not added.rowcount:
                    raise _Repeated
        except _Repeated:
            if turn.client_id is not None and (found := await self.repeat(sender, turn.client_id)):
                return found
            return await self.opened(opening) if opening is not None else None
        return None

    async def _turns(self, condition: Any, last: int | None = None) -> list[Turn]:
        columns = (TURNS.c.asked, TURNS.c.reply, TURNS.c.at, TURNS.c.client_id, TURNS.c.sender)
        newest_first = sa.select(*columns).where(condition).order_by(TURNS.c.number.desc()).limit(last)
        async with self.reading() as connection:
            rows = (await connection.execute(newest_first)).all()[::-1]
        return [Turn(row.asked, whole(json.loads(row.reply)), row.at, row.client_id, row.sender) for row in rows]

    async def turns(self, sender: str, last: int | None = None) -> list[Turn]:
        """Return a conversation, or its `last` turns, oldest turn first."""
        return await self._turns(TURNS.c.sender == sender, last)

    async def repeat(self, sender: str, client_id: str) -> Turn | None:
        """Return the turn that already answered this client message, or None."""
        found = await self._turns(sa.and_(TURNS.c.sender == sender, TURNS.c.client_id == client_id))
        return found[0] if found else None

    async def opened(self, opening: str) -> Turn | None:
        """Return the first turn of the conversation that this opening message began, or None."""
        found = await self._turns(TURNS.c.opening == opening)
        return found[0] if found else None

    async def was_erased(self, opening: str) -> bool:
        """Tell whether this opening message began a conversation of a workshop that was erased."""
        async with self.reading() as connection:
            return (
                await connection.execute(sa.select(ERASED.c.at).where(ERASED.c.opening == opening))
            ).first() is not None

    async def touch(self, sender: str, now: float) -> bool:
        """Note that a conversation is still in use; return whether there is one."""
        async with self.changing() as connection:
            result = await connection.execute(
                sa.update(CONVERSATIONS).where(CONVERSATIONS.c.sender == sender).values(last_at=now)
            )
        return bool(result.rowcount)

    async def idle(self, before: float) -> list[str]:
        """Return the conversations of a workshop whose last sign of life is older than `before`."""
        query = sa.select(WORKSHOP.c.sender).join(CONVERSATIONS).where(CONVERSATIONS.c.last_at < before)
        async with self.reading() as connection:
            return [row.sender for row in await connection.execute(query)]

    async def is_idle(self, sender: str, before: float) -> bool:
        """Tell whether a conversation has given no sign of life since `before`."""
        query = sa.select(CONVERSATIONS.c.last_at).where(CONVERSATIONS.c.sender == sender)
        async with self.reading() as connection:
            row = (await connection.execute(query)).first()
        return row is not None and row.last_at < before

    async def erase(self, sender: str, now: float) -> bool:
        """Delete a conversation at `now`; return whether there was one."""
        of_it = sa.select(TURNS.c.opening, sa.literal(now)).where(
            TURNS.c.sender == sender,
            TURNS.c.opening.is_not(None),
            sa.exists().where(WORKSHOP.c.sender == sender),
        )
        async with self.changing() as connection:
            await connection.execute(insert_new(connection, ERASED).from_select(["opening", "at"], of_it))
            await connection.execute(sa.delete(TURNS).where(TURNS.c.sender == sender))
            await connection.execute(sa.delete(WORKSHOP).where(WORKSHOP.c.sender == sender))
            result = await connection.execute(sa.delete(CONVERSATIONS).where(CONVERSATIONS.c.sender == sender))
        await self.forget_log()
        return bool(result.rowcount)

    async def count_feedback(self, answer: str, day: date, helped: bool) -> None:
        """Count one opinion of an answer."""
        column = FEEDBACK.c.yes if helped else FEEDBACK.c.no
        dialect = sqlite if self.is_sqlite else postgresql
        first: Any = dialect.insert(FEEDBACK).values(answer=answer, day=day, yes=int(helped), no=int(not helped))
        one_more = first.on_conflict_do_update(
            index_elements=[FEEDBACK.c.answer, FEEDBACK.c.day], set_={column.name: column + 1}
        )
        async with self.changing() as connection:
            await connection.execute(one_more)

    async def feedback(self) -> list[tuple[str, date, int, int]]:
        """Return (answer, day, yes, no), oldest day first."""
        query = sa.select(FEEDBACK).order_by(FEEDBACK.c.day, FEEDBACK.c.answer)
        async with self.reading() as connection:
            return [(row.answer, row.day, row.yes, row.no) for row in await connection.execute(query)]

    async def newest(self, before: float | None = None) -> float | None:
        """Return when the last message came, in seconds since 1970 (`before` that); None when no conversation is kept."""
        query = sa.select(sa.func.max(CONVERSATIONS.c.last_at))
        if before is not None:
            query = query.where(CONVERSATIONS.c.last_at < before)
        async with self.reading() as connection:
            at: float | None = (await connection.execute(query)).scalar()
        return at

    async def purge(self, before: float) -> int:
        """Delete the conversations whose last turn is older than `before`, and what is older of the others; return how many.

        Some at a time, so that a message never waits long behind it. While another gateway purges, nothing.
        """
        gone = 0
        while (some := await self._purge_conversations(before)) is not None:
            gone += some
            if some < PURGED_AT_ONCE:
                break
        while await self._purge_turns(before) == PURGED_AT_ONCE:
            pass
        await self.forget_log()
        return gone

    async def _may_purge(self, connection: AsyncConnection) -> bool:
        if self.is_sqlite:
            return True
        return bool((await connection.execute(sa.select(sa.func.pg_try_advisory_xact_lock(_PURGING)))).scalar())

    async def _purge_conversations(self, before: float) -> int | None:
        old = (
            sa.select(CONVERSATIONS.c.sender)
            .where(CONVERSATIONS.c.last_at < before)
            .limit(PURGED_AT_ONCE)
            .with_for_update(skip_locked=True)  # one that a message is bringing back to life
        )
        async with self.writing() as connection:
            if not await self._may_purge(connection):
                return None
            senders = [row.sender for row in await connection.execute(old)]
            for table in (TURNS, WORKSHOP, CONVERSATIONS):
                await connection.execute(sa.delete(table).where(table.c.sender.in_(senders)))
        return len(senders)

    async def _purge_turns(self, before: float) -> int:
        old = sa.select(TURNS.c.number).where(TURNS.c.at < before).limit(PURGED_AT_ONCE)
        async with self.writing() as connection:
            if not await self._may_purge(connection):
                return 0
            await connection.execute(sa.delete(ERASED).where(ERASED.c.at < before))
            gone = await connection.execute(sa.delete(TURNS).where(TURNS.c.number.in_(old.scalar_subquery())))
        return int(gone.rowcount)


__all__ = ["METADATA", "State", "Store", "StoreError", "StoreUnusable", "Turn", "whole"]
