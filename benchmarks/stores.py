"""How quick the stores stay: 10,000 idle conversations, 200,000 turns, one conversation of 2,000 turns; both engines.

`python -m benchmarks.stores` writes benchmarks/stores.json. Rasa's events are measured with and without the indexes that its
purge and its reading of a session could use.
"""

import asyncio
import json
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import sqlalchemy as sa

import bot.sms.tables  # noqa: F401 - opened as a gateway does
from bot import retention
from bot.paths import ROOT
from bot.store import CONVERSATIONS, TURNS, WORKSHOP, State, Store, Turn
from tests.postgres import Postgres, binaries

CONVERSATIONS_KEPT, TURNS_EACH = 10_000, 20
LONG = 2_000
DAY = 86400.0
NOW = 1_795_000_000.0
REPLY = {
    "intent": "rsa_montant",
    "commune": {"insee": "34032", "name": "Béziers"},
    "messages": [{"id": "rsa_montant", "text": "Le RSA dépend de votre situation. " * 20, "choices": []}],
}
#: Rasa's table, as its SQL tracker store makes it.
EVENTS = sa.Table(
    "events",
    sa.MetaData(),
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("sender_id", sa.String(255), nullable=False, index=True),
    sa.Column("type_name", sa.String(255), nullable=False),
    sa.Column("timestamp", sa.Float),
    sa.Column("intent_name", sa.String(255)),
    sa.Column("action_name", sa.String(255)),
    sa.Column("data", sa.Text),
)
EVENTS_EACH = 120  # ten turns of some twelve events


async def timed(call: Callable[[], Awaitable[Any]], times: int = 1) -> float:
    """Return the median of the milliseconds that a call takes."""
    taken = []
    for _ in range(times):
        began = time.perf_counter()
        await call()
        taken.append((time.perf_counter() - began) * 1000)
    return round(statistics.median(taken), 1)


def batches(rows: Iterator[dict[str, Any]], size: int = 5000) -> Iterator[list[dict[str, Any]]]:
    """Cut rows into lists."""
    batch: list[dict[str, Any]] = []
    for row in rows:
        batch.append(row)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch


def last_at(number: int) -> float:
    """Return when a conversation was last heard of: they are spread over 40 days, a quarter has passed its time."""
    return NOW - 40 * DAY * (1 - number / CONVERSATIONS_KEPT)


async def fill(store: Store) -> None:
    """Write the conversations."""
    reply = json.dumps(REPLY, ensure_ascii=False)
    state = json.dumps(State().__dict__)
    plain = store.engine
    async with plain.begin() as connection:
        for rows in batches(
            {"sender": f"s{n}", "started_at": last_at(n) - 600, "last_at": last_at(n), "state": state}
            for n in range(CONVERSATIONS_KEPT)
        ):
            await connection.execute(sa.insert(CONVERSATIONS), rows)
        for rows in batches(
            {"sender": f"s{n}", "client_id": f"c{t}", "asked": "comment demander le rsa", "reply": reply, "at": last_at(n) - 600 + t}
            for n in range(CONVERSATIONS_KEPT)
            for t in range(TURNS_EACH)
        ):  # fmt: skip
            await connection.execute(sa.insert(TURNS), rows)
        await connection.execute(sa.insert(WORKSHOP), [{"sender": f"s{n}"} for n in range(0, CONVERSATIONS_KEPT, 50)])
        await connection.execute(
            sa.insert(CONVERSATIONS), {"sender": "long", "started_at": NOW, "last_at": NOW, "state": state}
        )
        await connection.execute(
            sa.insert(TURNS),
            [{"sender": "long", "client_id": f"c{t}", "asked": "et ensuite", "reply": reply, "at": NOW} for t in range(LONG)],
        )  # fmt: skip
        if not store.is_sqlite:
            await connection.exec_driver_sql("ANALYZE")


async def gateway(url: str) -> dict[str, float]:
    """Measure the gateway's tables; milliseconds."""
    store = Store(url)
    figures = {"open, new": await timed(store.open)}
    await fill(store)
    await store.close()
    store = Store(url)
    figures["open"] = await timed(store.open)
    number = 0

    async def turn() -> None:
        nonlocal number
        number += 1
        sender = f"s{CONVERSATIONS_KEPT - number}"
        await store.state(sender)
        await store.repeat(sender, "new")
        await store.add(sender, Turn("merci", REPLY, NOW, f"n{number}"), State())

    figures["a turn's three queries"] = await timed(turn, 200)
    figures["idle workshops"] = await timed(lambda: store.idle(NOW - 3600), 20)
    figures["read 20 turns"] = await timed(lambda: store.turns("s9000"), 20)
    figures["read 2,000 turns"] = await timed(lambda: store.turns("long"), 5)
    figures["erase 20 turns"] = await timed(lambda: store.erase(f"s{CONVERSATIONS_KEPT - 300}", NOW))
    figures["erase 2,000 turns"] = await timed(lambda: store.erase("long", NOW))
    waits: list[float] = []

    async def people() -> None:
        while True:
            waits.append(await timed(turn))
            await asyncio.sleep(0.02)

    writing = asyncio.create_task(people())
    figures["purge of 2,500 conversations, 50,000 turns"] = await timed(lambda: store.purge(NOW - 30 * DAY))
    writing.cancel()
    figures["a turn's queries during the purge, longest"] = max(waits, default=0.0)
    figures["purge of nothing"] = await timed(lambda: store.purge(NOW - 30 * DAY), 5)
    await store.close()
    return figures


def events() -> Iterator[dict[str, Any]]:
    """Yield Rasa's events of 10,000 conversations of ten turns."""
    data = json.dumps({"event": "bot", "text": "Le RSA dépend de votre situation. " * 10})
    for n in range(CONVERSATIONS_KEPT):
        for e in range(EVENTS_EACH):
            kind = "session_started" if e == 1 else "bot"
            yield {"sender_id": f"s{n}", "type_name": kind, "timestamp": last_at(n) - 600 + e * 5, "data": data}


async def rasa(url: str) -> dict[str, Any]:
    """Measure Rasa's table: the reading of a session, the purge, with and without indexes; milliseconds."""
    store = Store(url)
    found: dict[str, Any] = {}
    async with store.engine.begin() as connection:
        await connection.run_sync(EVENTS.metadata.create_all)
        for rows in batches(events()):
            await connection.execute(sa.insert(EVENTS), rows)
        await connection.exec_driver_sql("ANALYZE")
    session = (
        "SELECT data FROM events WHERE sender_id = 's9000' AND timestamp >= (SELECT coalesce(max(timestamp), 0) FROM events "
        "WHERE sender_id = 's9000' AND type_name = 'session_started') ORDER BY timestamp"
    )
    nothing = "DELETE FROM events WHERE timestamp < 1000"
    explain = "EXPLAIN QUERY PLAN " if store.is_sqlite else "EXPLAIN "

    async def ask(statement: str) -> Any:
        async with store.engine.begin() as connection:
            result = await connection.exec_driver_sql(statement)
            return result.all() if result.returns_rows else None

    for name, index in (
        ("as Rasa makes it", ""),
        ("index on timestamp", "CREATE INDEX events_timestamp ON events (timestamp)"),
        ("and on sender_id, timestamp", "CREATE INDEX events_sender_timestamp ON events (sender_id, timestamp)"),
    ):
        built = await timed(lambda index=index: ask(index)) if index else 0.0  # type: ignore[misc]
        plan = " / ".join(str(row[-1]).strip() for row in await ask(explain + nothing))
        found[name] = {
            "build": built,
            "read a session": await timed(lambda: ask(session), 50),
            "purge of nothing": await timed(lambda: ask(nothing), 5),
            "plan of the purge": plan,
        }
    await store.close()
    address = url.replace("+asyncpg", "").replace("+aiosqlite", "")
    found["purge of a quarter, in pieces"] = await timed(lambda: retention.purge_tracker(address, NOW - 30 * DAY))
    return found


async def measure(address: Callable[[str], str]) -> dict[str, Any]:
    """Measure one engine."""
    return {"gateway": await gateway(address("gateway")), "rasa": await rasa(address("tracker"))}


def main() -> None:
    """Measure both engines, print and keep the figures."""
    found: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder:
        found["sqlite"] = asyncio.run(measure(lambda name: f"sqlite+aiosqlite:///{Path(folder) / name}.sqlite"))
    if binaries() is not None:
        server = Postgres()
        try:
            found["postgresql"] = asyncio.run(measure(lambda name: server.database()))
        finally:
            server.stop()
    text = json.dumps(found, ensure_ascii=False, indent=1)
    (ROOT / "benchmarks" / "stores.json").write_text(text + "\n", encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
