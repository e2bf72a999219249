"""What the gateway remembers of conversations: enough to read one back, never answer twice, and forget.

SQLite by default, PostgreSQL by setting; the words are here and in Rasa's tracker store, nowhere else.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, fields
from datetime import date
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

#: Every table of the gateway's database; `bot.sms.tables` adds its own.
METADATA = sa.MetaData()

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
    sa.Column("at", sa.Float, nullable=False),
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


#: Names the lock of PostgreSQL under which tables are created.
_OPENING = 0x48343334


class Store:
    """Conversations at a SQLAlchemy address."""

    def __init__(self, url: str) -> None:
        self.engine: AsyncEngine = create_async_engine(url)
        if self.engine.dialect.name == "sqlite":
            sa.event.listen(self.engine.sync_engine, "connect", _tune_sqlite)
            sa.event.listen(self.engine.sync_engine, "begin", _begin_sqlite)
        self._durable = self.engine.execution_options(durable=True)
        # SQLite has one writer, and makes the others ask again and again: here they queue, first come first served.
        self._turn = asyncio.Semaphore(1 if self.engine.dialect.name == "sqlite" else 1000)

    async def open(self) -> None:
        """Create what is missing."""
        if self.engine.dialect.name == "sqlite" and self.engine.url.database:
            Path(self.engine.url.database).parent.mkdir(parents=True, exist_ok=True)
        async with self.engine.begin() as connection:
            if self.engine.dialect.name == "postgresql":  # several gateways may start at once
                await connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_OPENING)))
            await connection.run_sync(METADATA.create_all)

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[AsyncConnection]:
        """Open a transaction that may read, decide, then write; once committed, it survives a power cut.

        On SQLite the writer's lock is taken before the first read, so that what was read still holds.
        """
        async with self._turn, self._durable.begin() as connection:
            yield connection

    @asynccontextmanager
    async def _changing(self) -> AsyncIterator[AsyncConnection]:
        """Open a transaction that only writes; a power cut may undo the last ones."""
        async with self._turn, self.engine.begin() as connection:
            yield connection

    async def close(self) -> None:
        """Let go of the database."""
        await self.engine.dispose()

    async def ping(self) -> None:
        """Raise when the database does not answer."""
        async with self.engine.connect() as connection:
            await connection.execute(sa.select(sa.literal(1)))

    async def state(self, sender: str) -> State | None:
        """Return the state of a conversation, or None when there is none of that id."""
        async with self.engine.connect() as connection:
            row = (
                await connection.execute(sa.select(CONVERSATIONS.c.state).where(CONVERSATIONS.c.sender == sender))
            ).first()
        return State.read(row.state) if row else None

    async def start(self, sender: str, now: float, workshop: bool = False) -> None:
        """Begin a conversation, in a workshop or not."""
        async with self._changing() as connection:
            await connection.execute(
                sa.insert(CONVERSATIONS).values(
                    sender=sender, started_at=now, last_at=now, state=json.dumps(State().__dict__)
                )
            )
            if workshop:
                await connection.execute(sa.insert(WORKSHOP).values(sender=sender))

    async def add(self, sender: str, turn: Turn, state: State, opening: str | None = None) -> None:
        """Keep a turn and the new state together. `opening` marks a first message, so that its repeat finds it."""
        async with self._changing() as connection:
            await connection.execute(
                sa.update(CONVERSATIONS)
                .where(CONVERSATIONS.c.sender == sender)
                .values(last_at=turn.at, state=json.dumps(state.__dict__, ensure_ascii=False))
            )
            await connection.execute(
                sa.insert(TURNS).values(
                    sender=sender,
                    client_id=turn.client_id,
                    opening=opening,
                    asked=turn.asked,
                    reply=json.dumps(turn.reply, ensure_ascii=False),
                    at=turn.at,
                )
            )

    async def _turns(self, condition: Any) -> list[Turn]:
        columns = (TURNS.c.asked, TURNS.c.reply, TURNS.c.at, TURNS.c.client_id, TURNS.c.sender)
        async with self.engine.connect() as connection:
            rows = (await connection.execute(sa.select(*columns).where(condition).order_by(TURNS.c.number))).all()
        return [Turn(row.asked, whole(json.loads(row.reply)), row.at, row.client_id, row.sender) for row in rows]

    async def turns(self, sender: str) -> list[Turn]:
        """Return a conversation, oldest turn first."""
        return await self._turns(TURNS.c.sender == sender)

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
        async with self.engine.connect() as connection:
            return (
                await connection.execute(sa.select(ERASED.c.at).where(ERASED.c.opening == opening))
            ).first() is not None

    async def touch(self, sender: str, now: float) -> bool:
        """Note that a conversation is still in use; return whether there is one."""
        async with self._changing() as connection:
            result = await connection.execute(
                sa.update(CONVERSATIONS).where(CONVERSATIONS.c.sender == sender).values(last_at=now)
            )
        return bool(result.rowcount)

    async def idle(self, before: float) -> list[str]:
        """Return the conversations of a workshop whose last sign of life is older than `before`."""
        query = sa.select(WORKSHOP.c.sender).join(CONVERSATIONS).where(CONVERSATIONS.c.last_at < before)
        async with self.engine.connect() as connection:
            return [row.sender for row in await connection.execute(query)]

    async def is_idle(self, sender: str, before: float) -> bool:
        """Tell whether a conversation has given no sign of life since `before`."""
        query = sa.select(CONVERSATIONS.c.last_at).where(CONVERSATIONS.c.sender == sender)
        async with self.engine.connect() as connection:
            row = (await connection.execute(query)).first()
        return row is not None and row.last_at < before

    async def erase(self, sender: str, now: float) -> bool:
        """Delete a conversation at `now`; return whether there was one."""
        of_it = sa.select(TURNS.c.opening, sa.literal(now)).where(
            TURNS.c.sender == sender,
            TURNS.c.opening.is_not(None),
            sa.exists().where(WORKSHOP.c.sender == sender),
        )
        async with self._changing() as connection:
            await connection.execute(sa.insert(ERASED).from_select(["opening", "at"], of_it))
            await connection.execute(sa.delete(TURNS).where(TURNS.c.sender == sender))
            await connection.execute(sa.delete(WORKSHOP).where(WORKSHOP.c.sender == sender))
            result = await connection.execute(sa.delete(CONVERSATIONS).where(CONVERSATIONS.c.sender == sender))
        await self.forget_log()
        return bool(result.rowcount)

    async def forget_log(self) -> None:
        """Empty SQLite's write-ahead log: what was deleted must not stay readable in it."""
        if self.engine.dialect.name == "sqlite":
            async with self.engine.connect() as connection:
                await connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")

    async def count_feedback(self, answer: str, day: date, helped: bool) -> None:
        """Count one opinion of an answer."""
        column = FEEDBACK.c.yes if helped else FEEDBACK.c.no
        one_more = (
            sa.update(FEEDBACK)
            .where(FEEDBACK.c.answer == answer, FEEDBACK.c.day == day)
            .values({column.name: column + 1})
        )
        first = sa.insert(FEEDBACK).values(answer=answer, day=day, yes=int(helped), no=int(not helped))
        async with self._changing() as connection:
            if (await connection.execute(one_more)).rowcount:
                return
        try:
            async with self._changing() as connection:
                await connection.execute(first)
        except sa.exc.IntegrityError:  # somebody else was the first of the day, meanwhile
            async with self._changing() as connection:
                await connection.execute(one_more)

    async def feedback(self) -> list[tuple[str, date, int, int]]:
        """Return (answer, day, yes, no), oldest day first."""
        query = sa.select(FEEDBACK).order_by(FEEDBACK.c.day, FEEDBACK.c.answer)
        async with self.engine.connect() as connection:
            return [(row.answer, row.day, row.yes, row.no) for row in await connection.execute(query)]

    async def purge(self, before: float) -> int:
        """Delete the conversations whose last turn is older than `before`, and what is older of the others; return how many."""
        old = sa.select(CONVERSATIONS.c.sender).where(CONVERSATIONS.c.last_at < before)
        async with self._changing() as connection:
            await connection.execute(sa.delete(TURNS).where(sa.or_(TURNS.c.at < before, TURNS.c.sender.in_(old))))
            await connection.execute(sa.delete(WORKSHOP).where(WORKSHOP.c.sender.in_(old)))
            await connection.execute(sa.delete(ERASED).where(ERASED.c.at < before))
            result = await connection.execute(sa.delete(CONVERSATIONS).where(CONVERSATIONS.c.last_at < before))
        await self.forget_log()
        return int(result.rowcount)


def _tune_sqlite(connection: Any, record: Any) -> None:
    """Let readers and the writer work at once, and what is deleted be overwritten."""
    cursor = connection.cursor()
    for pragma in (
        "journal_mode=WAL",
        "synchronous=NORMAL",
        "busy_timeout=5000",
        "secure_delete=ON",
        "foreign_keys=ON",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: sa.Connection) -> None:
    """Start a durable transaction with the writer's lock, and its commit on the disk; leave the others as they are."""
    durable = bool(connection.get_execution_options().get("durable"))
    if connection.info.get("durable", False) != durable:
        connection.exec_driver_sql(f"PRAGMA synchronous={'FULL' if durable else 'NORMAL'}")
        connection.info["durable"] = durable
    if durable:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
