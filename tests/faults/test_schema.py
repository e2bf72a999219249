"""A database that an older version made: the gateway of today opens it, and its conversations go on."""

import json
import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import closing
from pathlib import Path
from typing import Any

from bot.paths import ROOT
from bot.tokens import Tokens
from tests.clock import NOW
from tests.faults.impostor import Impostor, http, says
from tests.faults.people import Person
from tests.faults.record import Fault, Report
from tests.faults.test_malformed import GOOD

#: Every age of our tables, as the code of the time created them.
AGES = sorted((ROOT / "tests" / "data" / "schemas").glob("*.sqlite.sql"))
KEY = "une-clef-de-signature-d-essai"


def columns(base: sqlite3.Connection) -> dict[str, set[str]]:
    """Return the columns of each table."""
    tables = [name for (name,) in base.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    return {table: {row[1] for row in base.execute(f"PRAGMA table_info({table})")} for table in tables}


async def test_every_age_goes_on(tmp_path: Path, make_client: Callable[..., Awaitable[Any]], report: Report) -> None:
    """A conversation kept by each older version is read back and goes on, in the tables of today."""
    assert AGES
    new = await make_client(var_dir=tmp_path / "new", secret_key=KEY)
    await new.close()
    with closing(sqlite3.connect(tmp_path / "new" / "gateway.sqlite")) as base:
        today = columns(base)
    fault = report.add(Fault("database of an older version", note=f"{len(AGES)} ages"))
    async with Impostor().running() as rasa:
        rasa.script = says(http(json.dumps(GOOD).encode()))
        for age in AGES:
            folder = tmp_path / age.name
            folder.mkdir()
            tokens = Tokens([KEY], 30)
            token = tokens.new()
            with closing(sqlite3.connect(folder / "gateway.sqlite")) as base:
                base.executescript(age.read_text(encoding="utf-8"))
                sender, now = tokens.sender(token), NOW.timestamp() - 60
                state = {"variant": "simple", "choices": {}, "missed": 1}
                said = {
                    "conversation": token,
                    "intent": "rsa_montant",
                    "messages": [{"text": "Bonjour.", "choices": []}],
                }
                base.execute("INSERT INTO conversations VALUES (?, ?, ?, ?)", (sender, now, now, json.dumps(state)))
                base.execute(
                    "INSERT INTO turns (sender, client_id, asked, reply, at) VALUES (?, 'c1', 'bonjour', ?, ?)",
                    (sender, json.dumps(said), now),
                )
                base.commit()
            client = await make_client(var_dir=folder, secret_key=KEY, rasa_port=rasa.port)
            anna = Person(str(client.make_url("")).rstrip("/"), client.session, token)
            again = await anna.says("bonjour", "c1")
            assert again.words == "Bonjour.", (age.name, again)
            heard = await anna.says("combien de rsa", "c2")
            fault.watched([again, heard])
            assert heard.kind == "answer", (age.name, heard)
            fault.lost += 2 - len(await anna.history())
            await client.close()
            with closing(sqlite3.connect(folder / "gateway.sqlite")) as base:
                assert {name: held for name, held in columns(base).items() if name in today} == today, age.name
    fault.check()
