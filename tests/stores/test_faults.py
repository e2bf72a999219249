"""The database goes away, hangs, is locked or full: people are answered, what they said is kept when it comes back."""

import asyncio
import contextlib
import inspect
import sqlite3
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from bot.conversations import Conversations, UnknownConversation
from bot.database import LONGEST, REST
from bot.paths import ROOT
from bot.sms.inbox import Accepted
from bot.sms.tables import INBOX
from bot.standby import Standby
from bot.store import State, Store, StoreError, Turn
from bot.web.keys import CONVERSATIONS
from tests.clock import NOW
from tests.conftest import MakeClient
from tests.live import free_port
from tests.postgres import Postgres
from tests.sms.harness import MARIE, PAUL, Bench

#: Real databases stopped, frozen, filled: seconds of waiting in each.
pytestmark = pytest.mark.long

Talking = Callable[[Store], Conversations]
#: Seconds for what takes LONGEST at most on an idle machine; this one may be busy.
PATIENCE = LONGEST * 5
URGENT = "mon mari me frappe"
TURN = Turn("bonjour", {"messages": []}, 1.0, "c")

#: Every public method of Store that asks something of the database.
CALLS: dict[str, Callable[[Store], Awaitable[Any]]] = {
    "open": lambda store: store.open(),
    "ping": lambda store: store.ping(),
    "state": lambda store: store.state("s"),
    "start": lambda store: store.start("s", 1.0),
    "add": lambda store: store.add("s", TURN, State()),
    "turns": lambda store: store.turns("s"),
    "repeat": lambda store: store.repeat("s", "c"),
    "opened": lambda store: store.opened("o"),
    "was_erased": lambda store: store.was_erased("o"),
    "touch": lambda store: store.touch("s", 1.0),
    "idle": lambda store: store.idle(1.0),
    "is_idle": lambda store: store.is_idle("s", 1.0),
    "erase": lambda store: store.erase("s", 1.0),
    "count_feedback": lambda store: store.count_feedback("a", date(2026, 11, 1), True),
    "feedback": lambda store: store.feedback(),
    "newest": lambda store: store.newest(),
    "purge": lambda store: store.purge(1.0),
}


async def until(condition: Callable[[], bool], seconds: float = 60.0) -> None:
    """Wait until something is true."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "too long"
        await asyncio.sleep(0.05)


async def quickly(store: Store) -> None:
    """Check that every method raises StoreError, and none hangs."""
    for name, call in CALLS.items():
        began = time.monotonic()
        with pytest.raises(StoreError):
            await call(store)
        assert time.monotonic() - began < PATIENCE, name


def test_no_method_is_forgotten() -> None:
    """The list above is all that asks something of the database."""
    public = {name for name, _ in inspect.getmembers(Store, inspect.iscoroutinefunction) if not name.startswith("_")}
    assert public == {*CALLS, "close", "forget_log"}


async def test_nothing_listens() -> None:
    """A PostgreSQL that is not there: each method says so in one way, without a word of what was to be kept."""
    store = Store(f"postgresql+asyncpg://nobody@127.0.0.1:{free_port()}/none")
    await quickly(store)
    with pytest.raises(StoreError) as told:
        await store.start("Zanzibar", 1.0)
    assert "Zanzibar" not in str(told.value)
    await store.close()


async def test_frozen(mortal: Postgres) -> None:
    """A PostgreSQL that neither answers nor refuses: nothing hangs; once it goes on, so do we, with the same store."""
    store = Store(mortal.database())
    await store.open()
    await store.start("s", 1.0)
    mortal.freeze()
    try:
        await quickly(store)
        began = time.monotonic()
        failed = await asyncio.gather(*(store.state("s") for _ in range(100)), return_exceptions=True)
        assert all(isinstance(error, StoreError) for error in failed)
        assert time.monotonic() - began < PATIENCE  # a hundred at once wait no longer than one
    finally:
        mortal.thaw()
    await recovered(store)
    assert await store.state("s") == State()
    await store.close()


async def recovered(store: Store) -> None:
    """Wait until the database answers."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        with contextlib.suppress(StoreError):
            await store.ping()
            return
        await asyncio.sleep(0.2)
    raise AssertionError("it does not come back")


async def test_a_lock_that_another_holds(mortal: Postgres) -> None:
    """A row locked by another session for ever: the turn is told so in seconds, and reading goes on."""
    store = Store(mortal.database())
    await store.open()
    await store.start("s", 1.0)
    async with store.engine.connect() as other:
        await other.execute(sa.text("SET idle_in_transaction_session_timeout = 0"))
        await other.execute(sa.text("SELECT * FROM conversations FOR UPDATE"))
        began = time.monotonic()
        with pytest.raises(StoreError):
            await store.add("s", TURN, State())
        assert time.monotonic() - began < PATIENCE
        assert await store.turns("s") == []
    await store.close()


@pytest.mark.parametrize("how", ["immediate", "fast"])
async def test_stopped_in_mid_conversation(mortal: Postgres, talking: Talking, how: str) -> None:
    """PostgreSQL stops between two messages and comes back: each is answered, each is kept, in order, once."""
    store = Standby(mortal.database())
    await store.open()
    conversations = talking(store)
    token = (await conversations.say("bonjour", client_id="un"))["conversation"]
    mortal.halt(how)
    try:
        during = await conversations.say(URGENT, token, client_id="deux")
        assert during["messages"][0]["text"]
        assert during["conversation"] == token
        again = await conversations.say(URGENT, token, client_id="deux")
        assert again["messages"] == during["messages"]
        new = await conversations.say("je cherche de l'aide", client_id="a-client-id-that-is-long-enough")
        assert await conversations.say("encore", new["conversation"])
        same = await conversations.say("je cherche de l'aide", client_id="a-client-id-that-is-long-enough")
        assert same["conversation"] == new["conversation"]
        assert store.waiting == 3
        with pytest.raises(StoreError):  # neither shown as empty, nor said to be erased
            await conversations.read(token)
        with pytest.raises(StoreError):
            await conversations.erase(token)
    finally:
        mortal.start()
    await until(lambda: not store.waiting)
    assert [turn.asked for turn in await conversations.read(new["conversation"])] == ["je cherche de l'aide", "encore"]
    # The wish to erase came while it was away: said to have failed, so what was kept before is there, what waited is not.
    assert [turn.asked for turn in await conversations.read(token)] == ["bonjour"]
    await conversations.say("merci", new["conversation"])
    assert await conversations.erase(new["conversation"])
    with pytest.raises(UnknownConversation):
        await conversations.read(new["conversation"])
    await store.close()


async def test_a_workshop_does_not_begin_again(mortal: Postgres, talking: Talking) -> None:
    """While the database is away it cannot be told whether a first message of a workshop was erased: it is not shown again."""
    store = Standby(mortal.database())
    await store.open()
    mortal.halt()
    try:
        with pytest.raises(StoreError):
            await talking(store).say("bonjour", client_id="a-client-id-that-is-long-enough", workshop=True)
    finally:
        mortal.start()
    await store.close()


async def test_a_gateway_starts_without_its_database(mortal: Postgres, make_client: MakeClient) -> None:
    """Started while PostgreSQL is away, the gateway answers; /health says it; once it is there, what was said is kept."""
    url = mortal.database()
    mortal.halt()
    try:
        client = await make_client(database_url=url, rasa_port=1, actions_port=1)
        said = await client.post("/api/messages", json={"text": URGENT})
        assert said.status == 200
        reply = await said.json()
        assert reply["messages"][0]["urgent"]
        headers = {"Authorization": f"Bearer {reply['conversation']}"}
        read = await client.get("/api/conversation", headers=headers)
        assert (read.status, (await read.json())["error"]["code"]) == (503, "panne")
        assert (await client.delete("/api/conversation", headers=headers)).status == 503
    finally:
        mortal.start()
    said = await client.post("/api/messages", json={"text": "bonjour", "conversation": reply["conversation"]})
    store = client.app[CONVERSATIONS].store
    assert isinstance(store, Standby)
    await until(lambda: not store.waiting)
    assert said.status == 200


@pytest.fixture
async def sqlite(tmp_path: Path) -> AsyncIterator[Standby]:
    """A store in a SQLite file."""
    store = Standby(f"sqlite+aiosqlite:///{tmp_path / 'gateway.sqlite'}")
    await store.open()
    yield store
    await store.close()


async def test_sqlite_locked(sqlite: Standby, tmp_path: Path, talking: Talking) -> None:
    """Another process holds the file: twenty people are answered all the same, and kept once it lets go."""
    conversations = talking(sqlite)
    token = (await conversations.say("bonjour"))["conversation"]
    with closing(sqlite3.connect(tmp_path / "gateway.sqlite", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        began = time.monotonic()
        replies = await asyncio.gather(*(conversations.say(URGENT, token if not n else None) for n in range(20)))
        assert time.monotonic() - began < 2 * PATIENCE
        assert all(reply["messages"][0]["text"] for reply in replies)
        assert [turn.asked for turn in await conversations.read(token)] == ["bonjour", URGENT]
        other.execute("COMMIT")
    await until(lambda: not sqlite.waiting)
    for reply in replies:
        assert [turn.asked for turn in await conversations.read(reply["conversation"])][-1] == URGENT


async def test_disk_full(sqlite: Standby, talking: Talking) -> None:
    """A full disk: the person is answered, what was kept is read, and once there is room the rest is kept."""
    conversations = talking(sqlite)
    token = (await conversations.say("bonjour"))["conversation"]
    async with sqlite.engine.connect() as connection:
        pages = (await connection.exec_driver_sql("PRAGMA page_count")).scalar_one()
    room = [pages]

    def limit(connection: Any, record: Any, proxy: Any) -> None:
        connection.execute(f"PRAGMA max_page_count={room[0]}")

    sa.event.listen(sqlite.engine.sync_engine, "checkout", limit)
    long = "mot " * 400
    for _ in range(40):
        assert (await conversations.say(long, token))["messages"]
    assert sqlite.waiting
    with pytest.raises(StoreError, match="SQLITE_FULL"):
        await Store.add(sqlite, conversations.tokens.sender(token), Turn(long * 9, {"messages": []}, 2.0), State())
    room[0] = 1_000_000
    await until(lambda: not sqlite.waiting)
    assert len(await conversations.read(token)) == 41


async def test_what_waits_is_kept_when_the_process_stops(tmp_path: Path, talking: Talking) -> None:
    """Stopped while turns wait, with the database back an instant before: they are kept on the way out."""
    url = f"sqlite+aiosqlite:///{tmp_path / 'gateway.sqlite'}"
    store = Standby(url)
    await store.open()
    with closing(sqlite3.connect(tmp_path / "gateway.sqlite", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        token = (await talking(store).say("bonjour"))["conversation"]
        assert store.waiting == 1
        other.execute("COMMIT")
    await asyncio.sleep(REST + 0.1)
    await store.close()
    after = Standby(url)
    await after.open()
    assert [turn.asked for turn in await talking(after).read(token)] == ["bonjour"]
    await after.close()


async def test_memory_is_not_without_end(sqlite: Standby, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What waits is bounded: beyond, people are answered and what they say is counted as lost."""
    monkeypatch.setattr("bot.standby.MOST", 3)
    await sqlite.start("s", 1.0)
    with closing(sqlite3.connect(tmp_path / "gateway.sqlite", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        for number in range(5):
            await sqlite.add("s", Turn("mot", {"messages": []}, float(number)), State())
        assert (sqlite.waiting, sqlite.lost) == (3, 2)
        other.execute("COMMIT")
    await until(lambda: not sqlite.waiting)
    assert len(await sqlite.turns("s")) == 3


async def test_a_turn_kept_without_our_knowing(sqlite: Standby) -> None:
    """The database kept a turn and went away before it said so: it is not kept twice."""
    await sqlite.start("s", 1.0)
    await Store.add(sqlite, "s", Turn("bonjour", {"messages": []}, 5.0), State())
    sqlite._keep_later("s", StoreError("lost")).turns.append((Turn("bonjour", {"messages": []}, 5.0), State(), None))
    sqlite._count += 1
    await until(lambda: not sqlite.waiting)
    assert len(await sqlite.turns("s")) == 1


def test_a_gateway_with_a_file_that_is_no_database(tmp_path: Path) -> None:
    """`python -m bot gateway` on a file that is none: one sentence, a code of exit, no traceback."""
    (tmp_path / "gateway.sqlite").write_text("not a database at all " * 90, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "bot", "gateway"],
        cwd=ROOT,
        env={"VAR_DIR": str(tmp_path), "PORT": str(free_port()), "METRICS_PORT": "0", "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 1
    assert "n'est pas une base de données SQLite" in done.stderr
    assert "Traceback" not in done.stderr


# --- SMS


async def nothing_waits(sms: Any, seconds: float = 90.0) -> None:
    """Wait until every message is answered and every text message left."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            depths = await sms.box.depths()
        except StoreError:
            depths = None
        if depths and not depths.inbox and not depths.outbox:
            return
        assert time.monotonic() < deadline, depths
        await asyncio.sleep(0.1)


async def test_a_text_message_that_cannot_be_kept(mortal: Postgres, tmp_path: Path) -> None:
    """While PostgreSQL is away the provider is told to try again (the webhook's 503); then the message is kept, once."""
    bench = Bench(tmp_path, database_url=mortal.database())
    sms = await bench.start()
    mortal.halt()
    for _ in range(2):
        with pytest.raises(StoreError):
            await bench.receive(sms, "bonjour", id_="1")
    mortal.start()
    await recovered(sms.box.store)
    assert await bench.receive(sms, "bonjour", id_="1") is Accepted.KEPT
    assert await bench.receive(sms, "bonjour", id_="1") is Accepted.REPEATED_ID
    await bench.close()


@pytest.mark.parametrize("instant", ["while the brain answers", "once the provider has it", "twice"])
async def test_stopped_while_a_text_message_is_answered(mortal: Postgres, tmp_path: Path, instant: str) -> None:
    """PostgreSQL stops for some seconds at the worst instants: each message is answered, none twice, without hands."""
    bench = Bench(tmp_path, database_url=mortal.database())
    bench.clock = lambda: NOW + timedelta(seconds=time.monotonic() - began)  # type: ignore[method-assign]
    bench.seconds = lambda: bench.clock().timestamp()  # type: ignore[method-assign]
    began = time.monotonic()
    stops = [2 if instant == "twice" else 1]
    back: list[asyncio.Task[None]] = []

    async def restart() -> None:
        await asyncio.sleep(3)
        await asyncio.to_thread(mortal.start)

    def stop() -> None:
        if stops[0]:
            stops[0] -= 1
            mortal.halt()
            back.append(asyncio.create_task(restart()))

    async def hook(text: str) -> None:
        if instant != "once the provider has it":
            stop()

    bench.brain.hook = hook
    if instant != "while the brain answers":
        bench.provider.script = [None, stop]
    sms = await bench.start()
    await sms.worker.start()
    try:
        await bench.receive(sms, "bonjour", MARIE, "1")
        await bench.receive(sms, URGENT, PAUL, "2")
        await until(lambda: bool(back))
        await nothing_waits(sms)
    finally:
        await asyncio.gather(*back)
        await sms.worker.stop()
        await bench.close()
    assert bench.provider.doubles() == {}
    assert bench.provider.texts(MARIE)
    assert bench.provider.texts(PAUL)
    assert len(bench.provider.accepted) == len({message.reference for message in bench.provider.accepted})


async def test_a_claim_that_nobody_knew_of(any_bench: Bench) -> None:
    """The commit of a claim came through, its answer did not: the message is in nobody's hand, and is taken up again."""
    sms = await any_bench.start()
    await any_bench.receive(sms, "bonjour")
    assert await sms.box.inbox.claim(any_bench.seconds())  # lost on the way
    await any_bench.work(sms)
    assert any_bench.provider.texts(MARIE)
    async with sms.box.store.reading() as connection:
        assert (await connection.execute(sa.select(INBOX.c.attempts))).scalar_one() == 2
