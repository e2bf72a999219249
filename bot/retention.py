"""What has passed its time goes, from every store that is here: `python -m bot purge`, whether the service runs or not.

The gateway does the same each hour while it runs (its own tables, and Rasa's through Rasa), and `make run` its logs.
"""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import sqlalchemy as sa

from bot.database import Database
from bot.privacy import logs
from bot.settings import Settings
from bot.sms.service import Box
from bot.store import Store, StoreUnusable

DAY = 86400.0
#: Rasa's table, as its documentation of the SQL tracker store gives it.
EVENTS = sa.table("events", sa.column("id", sa.Integer), sa.column("timestamp", sa.Float))
#: Events deleted at once: Rasa, if it runs, writes in between.
AT_ONCE = 5000


@dataclass(frozen=True)
class Purged:
    """What a purge deleted: conversations of the gateway, rows of SMS, events of Rasa (None: no store of Rasa), log files."""

    conversations: int
    sms: int
    events: int | None
    logs: int


def tracker_address(url: str) -> str | None:
    """Return the asynchronous address of Rasa's store; None when it is a SQLite file that does not exist."""
    address = sa.make_url(url)
    name = address.get_backend_name()
    if name == "sqlite" and not (address.database and Path(address.database).exists()):
        return None
    driver = {"sqlite": "sqlite+aiosqlite", "postgresql": "postgresql+asyncpg"}.get(name, address.drivername)
    return address.set(drivername=driver).render_as_string(hide_password=False)


async def purge_tracker(url: str, before: float) -> int | None:
    """Delete Rasa's events older than `before` (seconds since 1970); return how many, None when there is no such store."""
    address = tracker_address(url)
    if address is None:
        return None
    database = Database(address, versioned=False)
    gone = 0
    try:
        async with database.reading() as connection:
            if not await connection.run_sync(lambda plain: sa.inspect(plain).has_table(EVENTS.name)):
                return None
        some = sa.select(EVENTS.c.id).where(EVENTS.c.timestamp < before).limit(AT_ONCE).scalar_subquery()
        while True:
            async with database.writing() as connection:
                deleted = (await connection.execute(sa.delete(EVENTS).where(EVENTS.c.id.in_(some)))).rowcount
            gone += deleted
            if deleted < AT_ONCE:
                break
        await database.forget_log()
    finally:
        await database.close()
    return gone


async def purge_gateway(settings: Settings, now: datetime, force: bool = False) -> tuple[int, int]:
    """Delete what has passed its time as of `now` from our tables; return how many conversations, and rows of SMS.

    Raise StoreUnusable when nothing would be left, unless forced: a date in the future looks the same.
    """
    store = Store(settings.database)
    await store.open()
    try:
        newest = await store.newest()
        if not force and newest is not None and newest < now.timestamp() - settings.retention_days * DAY:
            raise StoreUnusable(
                f"Au {now:%d/%m/%Y}, toutes les conversations ont plus de {settings.conservation} : rien n'a été effacé. "
                "Si la date de cette machine est juste, relancez avec --force."
            )
        conversations = await store.purge(now.timestamp() - settings.retention_days * DAY)
        return conversations, await Box(settings, store, now.timestamp).purge()
    finally:
        await store.close()


async def purge(settings: Settings, now: datetime, force: bool = False) -> Purged:
    """Delete what has passed its time as of `now`, from every store. Raise StoreError."""
    before = now.timestamp() - settings.retention_days * DAY
    conversations, sms = await purge_gateway(settings, now, force)
    return Purged(
        conversations,
        sms,
        await purge_tracker(settings.tracker, before),
        logs.purge(settings.var_dir / "log", before),
    )
