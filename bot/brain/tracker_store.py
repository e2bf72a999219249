"""Rasa's SQL tracker store, able to forget, quick however long the conversation, and no reason not to answer when its database is away."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar
from pathlib import Path
from typing import Any, TypeVar

import sqlalchemy as sa
from rasa.core.brokers.broker import EventBroker
from rasa.core.tracker_store import SQLTrackerStore
from rasa.shared.core.domain import Domain
from rasa.shared.core.trackers import DialogueStateTracker

log = logging.getLogger(__name__)

DEFAULT_URL = "sqlite:///var/tracker.sqlite"
#: Events of a conversation that a turn reads: some thirty turns, further back than any answer looks. The slots are read from further back.
WINDOW = 200
#: Seconds that a turn waits for the database, to connect and for a lock.
PATIENCE = 3
#: Seconds for which a database that failed is not tried again by a turn: those that wait behind one another have a person waiting.
AWAY = 2.0
#: Events that wait in memory for the database to take them, at most: some thousand turns.
WAITING = 10_000
#: Seconds between two lines of log that say the same.
SAY_EVERY = 10.0

_Result = TypeVar("_Result")
#: Where a turn under way finds its tracker once it is kept: reading it back would double the work.
SAVED: ContextVar[list[DialogueStateTracker] | None] = ContextVar("saved", default=None)


class ForgetfulTrackerStore(SQLTrackerStore):
    """Keeps conversations at the SQLAlchemy address of `TRACKER_URL`; deletes one, or the old ones, when asked.

    When the database cannot be read, a turn is answered without memory, and not kept: what is there already is found again
    when it is back. When it cannot be written (locked, full), what is said waits in memory, and is written once it can. `delete`, `purge` and `ping` raise.
    """

    def __init__(
        self, domain: Domain | None = None, host: Any = None, event_broker: EventBroker | None = None, **kwargs: Any
    ) -> None:
        url = os.environ.get("TRACKER_URL") or DEFAULT_URL
        if url.startswith("sqlite:///"):
            Path(url.removeprefix("sqlite:///")).parent.mkdir(parents=True, exist_ok=True)
        self._url = url
        super().__init__(domain=domain, event_broker=event_broker)
        self.engine.dispose()
        self.engine: Any = _engine(url)
        self.sessionmaker = sa.orm.sessionmaker(bind=self.engine)
        # The purge looks for what is old: 220 ms among 1.2 million events, under a millisecond with this.
        with contextlib.suppress(sa.exc.SQLAlchemyError), self.engine.begin() as connection:
            connection.execute(sa.text("CREATE INDEX IF NOT EXISTS ix_events_timestamp ON events (timestamp)"))
        # Not in Rasa's event loop: a lock would hold everybody's turn, not only this one. SQLite has one writer anyway, and
        # whoever locks it lets others read.
        self._is_sqlite = self.engine.dialect.name == "sqlite"
        self._reading = ThreadPoolExecutor(2 if self._is_sqlite else 4, "tracker")
        self._writing = ThreadPoolExecutor(1, "tracker-writing") if self._is_sqlite else self._reading
        self._away_until = self._locked_until = self._said_at = float("-inf")
        #: What could not be written, by conversation: read with what was, and written before what comes next.
        self._waiting: dict[str, list[dict[str, Any]]] = {}
        self._catching_up = asyncio.Lock()

    def get_db_url(self, *args: Any, **kwargs: Any) -> str:
        """Return the address of the database."""
        return self._url

    async def _read_with(self, what: Callable[[], _Result]) -> _Result:
        return await asyncio.get_running_loop().run_in_executor(self._reading, what)

    async def _write_with(self, what: Callable[[], _Result]) -> _Result:
        return await asyncio.get_running_loop().run_in_executor(self._writing, what)

    async def retrieve(self, sender_id: str) -> DialogueStateTracker | None:
        """Return the end of the latest session of a conversation; None when there is none, or it cannot be read now."""
        if time.monotonic() < self._away_until:
            return self._without_memory(sender_id)
        started = time.monotonic()
        try:
            events = await self._read_with(lambda: self._read(sender_id))
        except sa.exc.SQLAlchemyError as error:
            self._failed("read", error, started)
            return self._without_memory(sender_id)
        events += [json.loads(row["data"]) for row in self._waiting.get(sender_id, ())]
        if not events or self.domain is None:
            return None
        tracker = DialogueStateTracker.from_dict(sender_id, events, self.domain.slots)
        tracker.kept = len(tracker.events)
        return tracker

    def _without_memory(self, sender_id: str) -> DialogueStateTracker:
        tracker = DialogueStateTracker(sender_id, self.domain.slots if self.domain else None)
        tracker.kept = None
        return tracker

    def _read(self, sender_id: str) -> list[dict[str, Any]]:
        events = self.SQLEvent.__table__
        of_it = sa.select(events.c.id, events.c.type_name, events.c.data).where(events.c.sender_id == sender_id)
        with self.engine.connect() as connection:
            rows = connection.execute(of_it.order_by(events.c.id.desc()).limit(WINDOW)).all()[::-1]
            slots: list[Any] = []
            started = max((index for index, row in enumerate(rows) if row.type_name == "session_started"), default=None)
            if started is not None:
                rows = rows[started:]
            elif len(rows) == WINDOW:
                before = of_it.where(events.c.type_name == "slot", events.c.id < rows[0].id)
                slots = connection.execute(before.order_by(events.c.id.desc()).limit(WINDOW)).all()[::-1]
                # From a message on: half a turn would be none.
                first = next((index for index, row in enumerate(rows) if row.type_name == "user"), 0)
                rows = rows[first:]
        last = {one["name"]: one for one in (json.loads(row.data) for row in slots)}
        return [*last.values(), *(json.loads(row.data) for row in rows)]

    async def save(self, tracker: DialogueStateTracker) -> None:
        """Keep what is new of a conversation."""
        if (box := SAVED.get()) is not None:
            box[:] = [tracker]
        kept = getattr(tracker, "kept", 0)
        if kept is None:
            return
        await self.stream_events(tracker)
        rows = [_row(tracker.sender_id, event.as_dict()) for event in list(tracker.events)[kept:]]
        if not rows:
            return
        tracker.kept = len(tracker.events)
        if not self._waiting and await self._written(rows):
            return
        waiting = self._waiting.setdefault(tracker.sender_id, [])
        waiting += rows
        if sum(map(len, self._waiting.values())) > WAITING:  # the database has been away for long: the oldest go
            self._waiting.pop(next(iter(self._waiting)))
        await self._catch_up()

    async def _written(self, rows: list[dict[str, Any]]) -> bool:
        """Return False when they must be written later."""
        if time.monotonic() < max(self._locked_until, self._away_until):
            return False
        started = time.monotonic()
        try:
            await self._write_with(lambda: self._write(rows))
        except (sa.exc.OperationalError, sa.exc.InterfaceError, sa.exc.TimeoutError) as error:
            self._failed("write", error, started)
            return False
        except sa.exc.SQLAlchemyError as error:  # refused for what they are: they would be again
            self._failed("write", error, started)
        return True

    async def _catch_up(self) -> None:
        """Write what waits, in its order, once the database lets us."""
        async with self._catching_up:
            for sender, rows in list(self._waiting.items()):
                count = len(rows)
                if not await self._written(rows[:count]):
                    return
                del rows[:count]  # a turn under way may have added to them
                if not rows:
                    self._waiting.pop(sender, None)

    def _write(self, rows: list[dict[str, Any]]) -> None:
        if time.monotonic() < self._locked_until:  # the one before has waited for all those behind it
            raise sa.exc.TimeoutError
        try:
            with self.engine.begin() as connection:
                connection.execute(sa.insert(self.SQLEvent.__table__), rows)
        except sa.exc.OperationalError:
            if self._is_sqlite:
                self._locked_until = time.monotonic() + AWAY
            raise

    def _failed(self, what: str, error: Exception, started: float) -> None:
        now = time.monotonic()
        if (
            not self._is_sqlite
        ):  # left alone for as long as it was waited for: one that refuses at once may be back at once
            self._away_until = now + min(AWAY, now - started)
        if now - self._said_at > SAY_EVERY:
            self._said_at = now
            log.error("tracker store: cannot %s (%s); turns are answered without it", what, type(error).__name__)

    async def delete(self, sender_id: str) -> int:
        """Delete all the events of a conversation; return how many there were."""
        events = self.SQLEvent.__table__
        async with self._catching_up:
            self._waiting.pop(sender_id, None)
            return await self._write_with(lambda: self._delete(events.c.sender_id == sender_id))

    async def purge(self, before: float) -> int:
        """Delete the events older than `before` (seconds since 1970), in conversations that go on too; return how many.

        Nothing is lost that a turn needs: a session ends after an hour, and the next one begins with its slots.
        """
        events = self.SQLEvent.__table__
        return await self._write_with(lambda: self._delete(events.c.timestamp < before))

    def _delete(self, condition: Any) -> int:
        with self.engine.begin() as connection:
            if self.engine.dialect.name == "postgresql":  # nobody waits for a purge: it may take its time
                connection.execute(sa.text("SET LOCAL statement_timeout = '10min'"))
            deleted = connection.execute(sa.delete(self.SQLEvent.__table__).where(condition)).rowcount
        if self._is_sqlite:
            with self.engine.connect() as connection:  # what was deleted must not stay readable in the write-ahead log
                connection.execute(sa.text("PRAGMA wal_checkpoint(TRUNCATE)"))
        return int(deleted)

    async def ping(self) -> None:
        """Raise when the database does not answer."""
        await self._read_with(self._ask)
        if self._waiting:
            await self._catch_up()

    def _ask(self) -> None:
        with self.engine.connect() as connection:
            connection.execute(sa.text("SELECT 1"))


def _row(sender_id: str, event: dict[str, Any]) -> dict[str, Any]:
    return {
        "sender_id": sender_id,
        "type_name": event["event"],
        "timestamp": event.get("timestamp"),
        "intent_name": event.get("parse_data", {}).get("intent", {}).get("name"),
        "action_name": event.get("name"),
        "data": json.dumps(event),
    }


def _engine(url: str) -> Any:
    """Return an engine whose connections are kept from one turn to the next, and wait PATIENCE seconds for anything."""
    if sa.engine.make_url(url).get_backend_name() == "postgresql":
        options = f"-c statement_timeout={1000 * PATIENCE} -c lock_timeout={1000 * PATIENCE}"
        patient = {"connect_timeout": PATIENCE, "tcp_user_timeout": 1000 * PATIENCE, "options": options}
        return sa.create_engine(url, pool_size=4, max_overflow=0, pool_pre_ping=True, connect_args=patient)
    engine = sa.create_engine(
        url,
        poolclass=sa.pool.QueuePool,
        pool_size=3,
        connect_args={"check_same_thread": False, "timeout": PATIENCE},
    )
    if engine.dialect.name == "sqlite":
        sa.event.listen(engine, "connect", _tune_sqlite)
    return engine


def _tune_sqlite(connection: Any, record: Any) -> None:
    """Let readers and the writer work at once, and what is deleted be overwritten."""
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", f"busy_timeout={1000 * PATIENCE}", "secure_delete=ON"):
        connection.execute(f"PRAGMA {pragma}")
