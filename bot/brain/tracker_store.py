"""Rasa's SQL tracker store, able to forget."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from rasa.core.brokers.broker import EventBroker
from rasa.core.tracker_store import SQLTrackerStore
from rasa.shared.core.domain import Domain

DEFAULT_URL = "sqlite:///var/tracker.sqlite"


class ForgetfulTrackerStore(SQLTrackerStore):
    """Keeps conversations at the SQLAlchemy address of `TRACKER_URL`; deletes one, or the old ones, when asked."""

    def __init__(
        self, domain: Domain | None = None, host: Any = None, event_broker: EventBroker | None = None, **kwargs: Any
    ) -> None:
        url = os.environ.get("TRACKER_URL") or DEFAULT_URL
        if url.startswith("sqlite:///"):
            Path(url.removeprefix("sqlite:///")).parent.mkdir(parents=True, exist_ok=True)
        self._url = url
        super().__init__(domain=domain, event_broker=event_broker)
        if self.engine.dialect.name == "sqlite":
            sa.event.listen(self.engine, "connect", _tune_sqlite)
            self.engine.dispose()

    def get_db_url(self, *args: Any, **kwargs: Any) -> str:
        """Return the address of the database."""
        return self._url

    async def delete(self, sender_id: str) -> int:
        """Delete all the events of a conversation; return how many there were."""
        with self.session_scope() as session:
            deleted: int = session.query(self.SQLEvent).filter(self.SQLEvent.sender_id == sender_id).delete()
            session.commit()
        self._forget_log()
        return deleted

    def _forget_log(self) -> None:
        """Empty SQLite's write-ahead log: what was deleted must not stay readable in it."""
        if self.engine.dialect.name == "sqlite":
            with self.engine.connect() as connection:
                connection.execute(sa.text("PRAGMA wal_checkpoint(TRUNCATE)"))

    async def purge(self, before: float) -> int:
        """Delete the events older than `before` (seconds since 1970), in conversations that go on too; return how many.

        Nothing is lost that a turn needs: a session ends after an hour, and the next one begins with its slots.
        """
        with self.session_scope() as session:
            deleted: int = (
                session.query(self.SQLEvent).filter(self.SQLEvent.timestamp < before).delete(synchronize_session=False)
            )
            session.commit()
        self._forget_log()
        return deleted

    async def ping(self) -> None:
        """Raise when the database does not answer."""
        with self.session_scope() as session:
            session.execute(sa.text("SELECT 1"))


def _tune_sqlite(connection: Any, record: Any) -> None:
    """Let readers and the writer work at once, and what is deleted be overwritten."""
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "busy_timeout=5000", "secure_delete=ON"):
        connection.execute(f"PRAGMA {pragma}")
