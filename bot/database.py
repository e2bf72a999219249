"""The gateway's database: brought to today's schema, never waited for longer than LONGEST, its faults told in one way.

SQLite by default, PostgreSQL by setting.
"""

import asyncio
import logging
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from bot import migrations

if sys.version_info >= (3, 11):
    from asyncio import timeout
else:  # as aiohttp does
    from async_timeout import timeout

log = logging.getLogger(__name__)

#: Every table of the gateway's database: `bot.store` and `bot.sms.tables` add theirs.
METADATA = sa.MetaData()

#: Seconds that one transaction may take, the wait for a connection included: what asks has a person waiting. One that only
#: reads comes first in a turn, and leaves its time to the rest.
LONGEST, READING = 4.0, 3.0
#: Seconds that a transaction may take to bring an old database to today's schema.
MIGRATING = 600.0
#: Seconds for which SQLite asks again when another process holds it, and PostgreSQL waits for a lock. Under LONGEST.
LOCKED = 3.0
#: A fault that took this many seconds to come closes the door for REST seconds: who comes next is told at once, and a turn
#: that could not read does not wait again to write.
SLOW, REST = 1.0, 5.0
#: Connections of one gateway. PostgreSQL has 100 by default, for two gateways and the Rasas.
CONNECTIONS = 20
#: Names the lock of PostgreSQL under which the schema is changed.
_OPENING = 0x48343334
#: Codes of SQLite for a file that no waiting mends.
_NOT_OURS = {"SQLITE_NOTADB": "n'est pas une base de données SQLite", "SQLITE_CORRUPT": "est abîmé"}


class StoreError(Exception):
    """The database did not do what was asked: away, locked, full. Its words are the kind of fault, never what was kept."""


class StoreRefused(StoreError):
    """The database is there, and what was asked of it is wrong: asked again it would be refused again."""


class StoreUnusable(StoreRefused):
    """No waiting mends it: not a database, damaged, a schema of another version. The message, in French, says what to do."""


def kind(error: BaseException) -> str:
    """Return what kind of fault a driver tells: its code when there is one, never its words, which quote what was kept."""
    cause = getattr(error, "orig", None) or error
    code = getattr(cause, "sqlite_errorname", None) or getattr(cause, "sqlstate", None)
    return f"{type(error).__name__} {code}" if code else type(error).__name__


def _is_of_a_driver(error: Exception) -> bool:
    return isinstance(error, sa.exc.SQLAlchemyError | OSError | asyncio.TimeoutError) or type(
        error
    ).__module__.startswith(("asyncpg", "sqlite3"))


def _is_refused(error: Exception) -> bool:
    """Tell whether a fault is of what was asked (data, names, SQL), and not of the database."""
    state = getattr(getattr(error, "orig", None), "sqlstate", None) or ""
    return state[:2] in {"22", "23", "42"} or isinstance(error, sa.exc.DataError | sa.exc.ProgrammingError)


def insert_new(connection: AsyncConnection, table: sa.Table) -> Any:
    """Return an insert of `table` that passes over what is there already."""
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    return dialect.insert(table).on_conflict_do_nothing()


class Database:
    """The database at a SQLAlchemy address. Everything raises StoreError when it cannot be done."""

    def __init__(self, url: str, longest: float = LONGEST, versioned: bool = True) -> None:
        """`versioned` is False for a database whose tables are another's (Rasa's)."""
        address = sa.make_url(url)
        self._longest = longest
        self.is_sqlite = address.get_backend_name() == "sqlite"
        options: dict[str, Any] = {"hide_parameters": True}
        if not self.is_sqlite:
            options |= {"pool_size": CONNECTIONS, "max_overflow": 0, "pool_pre_ping": True, "pool_recycle": 1800}
            options["connect_args"] = {
                "timeout": longest,
                "server_settings": {
                    "application_name": "assistant",
                    "statement_timeout": f"{longest:g}s",
                    "lock_timeout": f"{LOCKED:g}s",
                    "idle_in_transaction_session_timeout": f"{4 * longest:g}s",
                },
            }
        self.engine: AsyncEngine = create_async_engine(address, **options)
        if self.is_sqlite:
            sa.event.listen(self.engine.sync_engine, "connect", _tune_sqlite)
            sa.event.listen(self.engine.sync_engine, "begin", _begin_sqlite)
        self._durable = self.engine.execution_options(durable=True)
        # SQLite has one writer, and makes the others ask again and again: here they queue, first come first served.
        self._turn = asyncio.Semaphore(1 if self.is_sqlite else 1000)
        self._opened = not versioned
        self._closed_until = {"reading": 0.0, "writing": 0.0}

    async def open(self) -> None:
        """Bring the schema to today's. Raise StoreUnusable when nothing but an operator can, StoreError when later may do."""
        try:
            await self._open()
        except StoreUnusable:
            await self.close()
            raise

    async def _open(self) -> None:
        async with self._told():
            self._make_folder()
            async with timeout(self._longest), self.engine.connect() as connection:
                version = await connection.run_sync(migrations.current)
            if version != migrations.HEAD:
                await self._upgrade()
            self._opened = True

    async def _upgrade(self) -> None:
        async with timeout(MIGRATING), self._turn, self._durable.begin() as connection:
            if not self.is_sqlite:  # several gateways may start at once, and a large table takes its time
                await connection.exec_driver_sql(f"SET LOCAL statement_timeout = '{MIGRATING:g}s'")
                await connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{MIGRATING:g}s'")
                await connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_OPENING)))
            try:
                await connection.run_sync(migrations.upgrade, METADATA)
            except migrations.TooNew as error:
                raise StoreUnusable(
                    f"La base de la passerelle est d'une version plus récente ({error}), que ce logiciel ne sait pas "
                    "lire. Remettez la version du logiciel qui l'a écrite, ou une copie de la base d'avant."
                ) from None

    def _make_folder(self) -> None:
        if not self.is_sqlite or not self.engine.url.database:
            return
        folder = Path(self.engine.url.database).parent
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreUnusable(f"Le dossier {folder} ne peut pas être créé ({type(error).__name__}).") from None

    @asynccontextmanager
    async def _told(self) -> AsyncIterator[None]:
        """Turn what a driver raises into StoreError."""
        try:
            yield
        except sa.exc.IntegrityError:  # those who expect one decide
            raise
        except Exception as error:
            if not _is_of_a_driver(error):
                raise
            code = getattr(getattr(error, "orig", None) or error, "sqlite_errorname", "")
            if what := _NOT_OURS.get(code):
                raise StoreUnusable(
                    f"Le fichier {self.engine.url.database} {what}. Il n'a pas été touché : remettez une copie saine, ou "
                    "déplacez-le, et une base neuve sera créée."
                ) from None
            raise (StoreRefused if _is_refused(error) else StoreError)(kind(error)) from None

    @asynccontextmanager
    async def _bounded(self, door: str) -> AsyncIterator[None]:
        """Give LONGEST seconds to what follows, and none while the door rests."""
        began = time.monotonic()
        if began < self._closed_until[door]:
            raise StoreError("resting")
        try:
            if not self._opened:
                await self._open()
            async with self._told(), timeout(min(READING, self._longest) if door == "reading" else self._longest):
                yield
        except StoreError:
            if (now := time.monotonic()) - began > SLOW:
                # Where nothing is read nothing is written; the reverse is not so: SQLite locked by another is still read.
                for one in ("reading", "writing") if door == "reading" else ("writing",):
                    self._closed_until[one] = now + REST
            raise

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncConnection]:
        """Open a connection that only reads."""
        async with self._bounded("reading"), self.engine.connect() as connection:
            yield connection

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[AsyncConnection]:
        """Open a transaction that may read, decide, then write; once committed, it survives a power cut.

        On SQLite the writer's lock is taken before the first read, so that what was read still holds.
        """
        async with self._bounded("writing"), self._turn, self._durable.begin() as connection:
            yield connection

    @asynccontextmanager
    async def changing(self) -> AsyncIterator[AsyncConnection]:
        """Open a transaction that only writes; a power cut may undo the last ones."""
        async with self._bounded("writing"), self._turn, self.engine.begin() as connection:
            yield connection

    async def close(self) -> None:
        """Let go of the database."""
        await self.engine.dispose()

    async def ping(self) -> None:
        """Raise StoreError when the database does not answer."""
        async with self.reading() as connection:
            await connection.execute(sa.select(sa.literal(1)))

    async def forget_log(self) -> None:
        """Empty SQLite's write-ahead log: what was deleted must not stay readable in it.

        When somebody reads at this moment, the next purge does it.
        """
        if self.is_sqlite:
            try:
                async with self.reading() as connection:
                    await connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
            except StoreError as error:
                log.warning("store: the write-ahead log is emptied later: %s", error)


def _tune_sqlite(connection: Any, record: Any) -> None:
    """Let readers and the writer work at once, and what is deleted be overwritten."""
    cursor = connection.cursor()
    try:
        for pragma in (
            f"busy_timeout={LOCKED * 1000:.0f}",
            "journal_mode=WAL",
            "synchronous=NORMAL",
            "secure_delete=ON",
            "foreign_keys=ON",
        ):
            cursor.execute(f"PRAGMA {pragma}")
    except Exception:
        connection.close()  # nobody else knows it yet
        raise
    cursor.close()


def _begin_sqlite(connection: sa.Connection) -> None:
    """Start a durable transaction with the writer's lock, and its commit on the disk; leave the others as they are."""
    durable = bool(connection.get_execution_options().get("durable"))
    if connection.info.get("durable", False) != durable:
        connection.exec_driver_sql(f"PRAGMA synchronous={'FULL' if durable else 'NORMAL'}")
        connection.info["durable"] = durable
    if durable:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
