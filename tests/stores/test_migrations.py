"""Tests of bot.migrations: every age of database is brought to today's with its conversations, and a later one is served."""

import asyncio
import json
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

import bot.sms.tables
from bot import migrations
from bot.paths import ROOT
from bot.store import METADATA, State, Store, StoreUnusable, Turn

assert bot.sms.tables.INBOX.metadata is METADATA

SCHEMAS = ROOT / "tests" / "data" / "schemas"
#: As made by the code before versions, from the first one on (git archive, then CreateTable): who was there, in order.
AGES = sorted({path.name.split(".")[0] for path in SCHEMAS.glob("*.sql")})


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an empty database of each kind."""
    if request.param == "postgresql":
        return str(request.getfixturevalue("postgres").database())
    return f"sqlite+aiosqlite:///{tmp_path / 'gateway.sqlite'}"


#: A conversation as the first version wrote it: fewer keys in its state and in its reply.
OLD_STATE = {"variant": "simple", "choices": {"Oui": "affirmer"}, "missed": 1}
OLD_REPLY = {"intent": "rsa_montant", "messages": [{"text": "Bonjour.", "choices": []}]}


async def run(url: str, *statements: str, **values: Any) -> None:
    """Execute statements on a database as it is."""
    engine = Store(url).engine
    async with engine.begin() as connection:
        for statement in statements:
            await connection.execute(sa.text(statement), values)
    await engine.dispose()


async def make(url: str, age: str) -> None:
    """Make a database of an age, with a conversation of two turns in it, and an SMS where there is a table for it."""
    kind = "sqlite" if url.startswith("sqlite") else "postgresql"
    schema = (SCHEMAS / f"{age}.{kind}.sql").read_text(encoding="utf-8")
    await run(url, *schema.split(";\n")[:-1])
    await run(
        url,
        "INSERT INTO conversations VALUES ('marie', 1000.0, 1002.0, :state)",
        "INSERT INTO turns (sender, client_id, opening, asked, reply, at) VALUES ('marie', 'c1', 'o1', 'bonjour', :reply, 1001.0)",
        "INSERT INTO turns (sender, client_id, opening, asked, reply, at) VALUES ('marie', NULL, NULL, 'rsa', :reply, 1002.0)",
        state=json.dumps(OLD_STATE),
        reply=json.dumps(OLD_REPLY),
    )
    if "sms_inbox" in schema:
        await run(
            url,
            "INSERT INTO sms_inbox (person, message_key, sealed, priority, state, received_at, next_at, attempts) "
            "VALUES ('p', 'k', 's', 0, 'waiting', 1000.0, 1000.0, 0)",
        )
    if "feedback" in schema:
        await run(url, "INSERT INTO feedback VALUES ('rsa_montant', '2026-11-01', 3, 1)")


@pytest.mark.parametrize("age", AGES)
async def test_an_older_database(url: str, age: str) -> None:
    """A database of any age is brought to today's: its conversation is read, goes on and is erased, its SMS still waits."""
    await make(url, age)
    store = Store(url)
    await store.open()
    state = await store.state("marie")
    assert state == State("simple", {"Oui": "affirmer"}, 1)
    assert [turn.asked for turn in await store.turns("marie")] == ["bonjour", "rsa"]
    assert await store.add("marie", Turn("merci", {"messages": []}, 1003.0, "c2"), State()) is None
    assert len(await store.turns("marie")) == 3
    async with store.reading() as connection:
        waiting = (await connection.execute(sa.text("SELECT count(*) FROM sms_inbox"))).scalar()
        assert waiting == (1 if age in {"3_sms", "4_last"} else 0)
        assert await connection.run_sync(migrations.current) == migrations.HEAD
        assert (
            await connection.run_sync(lambda plain: compare_metadata(MigrationContext.configure(plain), METADATA)) == []
        )
    assert len(await store.feedback()) == (1 if age in {"2_opinions", "4_last"} else 0)
    assert await store.erase("marie", 2000.0)
    await store.close()


async def test_the_versions_and_the_tables_agree(url: str) -> None:
    """A new database is what the tables of the code say, to the last index; a table changed without a version fails here."""
    store = Store(url)
    await store.open()
    async with store.reading() as connection:
        differences = await connection.run_sync(
            lambda plain: compare_metadata(MigrationContext.configure(plain, opts={"compare_type": True}), METADATA)
        )
    assert differences == []
    await store.close()


def test_the_versions_follow_each_other() -> None:
    """One line of versions, numbered without a hole."""
    names = sorted(path.name[1:5] for path in (migrations.HERE / "versions").glob("v*.py"))
    assert names == [f"{number:04}" for number in range(1, len(names) + 1)]
    assert names[-1] == migrations.HEAD


async def test_opened_by_many_at_once(url: str) -> None:
    """Six gateways that start together on an old database bring it to today's once; none fails."""
    await make(url, AGES[0])
    stores = [Store(url) for _ in range(6)]
    await asyncio.gather(*(store.open() for store in stores))
    assert [len(await store.turns("marie")) for store in stores] == [2] * 6
    for store in stores:
        await store.close()


def test_opened_by_many_processes_at_once(tmp_path: Path) -> None:
    """Four processes that start together on one SQLite file that does not exist yet: each opens it."""
    code = (
        "import asyncio, sys; from bot.store import Store; import bot.sms.tables\n"
        "async def main():\n"
        "    store = Store(sys.argv[1]); await store.open(); await store.start(sys.argv[2], 1.0); await store.close()\n"
        "asyncio.run(main())"
    )
    url = f"sqlite+aiosqlite:///{tmp_path / 'deep' / 'gateway.sqlite'}"
    processes = [
        subprocess.Popen([sys.executable, "-c", code, url, f"sender{n}"], cwd=ROOT, stderr=subprocess.PIPE)
        for n in range(4)
    ]
    told = [process.communicate(timeout=120)[1].decode() for process in processes]
    assert [process.returncode for process in processes] == [0] * 4, told
    with closing(sqlite3.connect(tmp_path / "deep" / "gateway.sqlite")) as base:
        assert base.execute("SELECT count(*) FROM conversations").fetchone() == (4,)


async def test_opened_again_changes_nothing(tmp_path: Path) -> None:
    """Opening a database that is as it should be writes nothing, and does not load Alembic."""
    url = f"sqlite+aiosqlite:///{tmp_path / 'gateway.sqlite'}"
    store = Store(url)
    await store.open()
    await store.forget_log()
    await store.close()
    before = (tmp_path / "gateway.sqlite").read_bytes()
    code = (
        "import asyncio, sys; from bot.store import Store; store = Store(sys.argv[1])\n"
        "asyncio.run(store.open()); assert 'alembic' not in sys.modules"
    )
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", code, url, cwd=ROOT)
    assert await asyncio.wait_for(process.wait(), 60) == 0
    assert (tmp_path / "gateway.sqlite").read_bytes() == before


LATER = [
    ("ALTER TABLE turns ADD COLUMN mood VARCHAR(20)", True),
    ("ALTER TABLE turns ADD COLUMN mood VARCHAR(20) NOT NULL DEFAULT 'calme'", True),
    ("CREATE TABLE moods (sender VARCHAR(64) NOT NULL)", True),
    ("CREATE INDEX turns_asked ON turns (client_id, at)", True),
    ("ALTER TABLE turns RENAME COLUMN asked TO text", False),
    ("DROP TABLE workshop", False),
]


@pytest.mark.parametrize(("change", "served"), LATER)
async def test_a_later_database(url: str, change: str, served: bool) -> None:
    """After a rollback: a database that a later version only added to is served and left so; another is refused in French."""
    store = Store(url)
    await store.open()
    await store.start("marie", 1.0)
    await store.close()
    await run(url, change, "UPDATE alembic_version SET version_num = '9999'")
    store = Store(url)
    if served:
        await store.open()
        await store.add("marie", Turn("bonjour", {"messages": []}, 2.0), State())
        assert [turn.asked for turn in await store.turns("marie")] == ["bonjour"]
        async with store.reading() as connection:
            assert await connection.run_sync(migrations.current) == "9999"
    else:
        with pytest.raises(StoreUnusable, match="version plus récente"):
            await store.open()
    await store.close()


async def test_a_version_that_adds_what_cannot_be_left_out(tmp_path: Path) -> None:
    """A later column that must be filled, and that this code does not know, is refused rather than met at each message."""
    url = f"sqlite+aiosqlite:///{tmp_path / 'gateway.sqlite'}"
    store = Store(url)
    await store.open()
    await store.close()
    with closing(sqlite3.connect(tmp_path / "gateway.sqlite")) as base:
        base.executescript(
            "DROP TABLE erased; CREATE TABLE erased (opening VARCHAR(64) PRIMARY KEY, at FLOAT NOT NULL, who TEXT NOT NULL);"
            "UPDATE alembic_version SET version_num = '9999'"
        )
    with pytest.raises(StoreUnusable, match=r"erased\.who"):
        await store.open()
    await store.close()


async def test_a_version_that_fails_changes_nothing(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A version that fails half-way leaves the database of before, whole; the next start does it all."""
    await make(url, "1_first")
    store = Store(url)

    def upgrade(connection: sa.Connection, metadata: sa.MetaData) -> None:
        real(connection, metadata)
        raise sa.exc.OperationalError("ALTER", None, Exception("disk full"))

    real = migrations.upgrade
    with monkeypatch.context() as patch:
        patch.setattr(migrations, "upgrade", upgrade)
        with pytest.raises(bot.store.StoreError):
            await store.open()
    async with store.engine.connect() as connection:
        assert await connection.run_sync(lambda plain: sorted(sa.inspect(plain).get_table_names())) == [
            "conversations",
            "turns",
        ]
    await store.open()
    assert len(await store.turns("marie")) == 2
    await store.close()


@pytest.mark.parametrize("kept", ["not a database, a letter" * 100, ""])
def test_a_file_that_is_no_database(tmp_path: Path, kept: str) -> None:
    """A file that is something else is left as it is: one sentence and a code of exit; an empty one is a new database."""
    path = tmp_path / "gateway.sqlite"
    path.write_text(kept, encoding="utf-8")
    done = command(tmp_path)
    if not kept:
        assert done.returncode == 0, done.stderr
        return
    assert path.read_text(encoding="utf-8") == kept
    assert (done.returncode, done.stderr.count("\n")) == (1, 1), done.stderr
    assert done.stderr.startswith("✗ Le fichier ")
    assert "n'est pas une base de données SQLite" in done.stderr


def test_a_damaged_database(tmp_path: Path) -> None:
    """A database with holes in it is told so in a sentence, and left as it is."""
    path = tmp_path / "gateway.sqlite"
    assert command(tmp_path).returncode == 0
    with closing(sqlite3.connect(path)) as base:
        base.execute("PRAGMA journal_mode=DELETE")
    damaged = bytearray(path.read_bytes())
    damaged[100:] = b"\xff" * (len(damaged) - 100)
    path.write_bytes(damaged)
    done = command(tmp_path)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1), done.stderr
    assert "est abîmé" in done.stderr
    assert path.read_bytes() == damaged


def command(folder: Path) -> "subprocess.CompletedProcess[str]":
    """Return what `python -m bot sms status` says of the database in a folder."""
    environment = {"VAR_DIR": str(folder), "PATH": "/usr/bin:/bin"}
    return subprocess.run(
        [sys.executable, "-m", "bot", "sms", "status"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_a_draft_of_the_next_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The developers' command drafts nothing but what the code's tables have more than the last version."""
    import shutil

    from bot.migrations import __main__ as drafting

    folder = tmp_path / "migrations"
    shutil.copytree(migrations.HERE, folder, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(drafting, "HERE", folder)
    drafting.draft("nothing new")
    number = f"{int(migrations.HEAD) + 1:04}"
    text = (folder / "versions" / f"v{number}_nothing_new.py").read_text(encoding="utf-8")
    assert f'revision = "{number}"' in text or f"revision = '{number}'" in text
    assert "pass" in text
