"""Tests for bot.retention: every store forgets at its time, with the clock moved on; the texts say the same time."""

import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from bot import retention
from bot.answers import LiveBook, Variant, render
from bot.answers.model import VARIANTS
from bot.gateway import BOX
from bot.paths import ROOT
from bot.settings import Settings
from bot.store import State, Store, Turn
from bot.web.keys import CONVERSATIONS
from tests.clock import TODAY, Clock
from tests.conftest import MakeClient
from tests.live import LiveBrain
from tests.privacy.marks import Marks, left, talk
from tests.privacy.test_erase import fields, settled
from tests.sms.harness import MARIE, FakeProvider

DAY = 86400.0


@pytest.mark.live
async def test_everything_goes_while_the_service_runs(
    site: Any, provider: FakeProvider, everywhere: tuple[Path, ...], clock: Clock, marks: Marks
) -> None:
    """The hourly purge, a day after the last day: chat, workshop and SMS have left no byte, in our store or in Rasa's."""
    clock.now = datetime.now(clock.now.tzinfo)  # Rasa's own clock cannot be moved
    token = await talk(site, marks)
    html = await (await site.get("/atelier")).text()
    await site.post("/atelier", data={**fields(html), "text": f"comment demander le rsa {marks.after}"})
    params = {"secret": "s3cret", "from": MARIE, "text": f"comment demander le rsa {marks.normal}", "id": "1"}
    assert (await site.get("/sms/fake", params=params)).status == 200
    await settled(site)
    senders = (site.app[CONVERSATIONS].tokens.sender(token), site.app[BOX].sealer.person(MARIE))
    month = site.app[BOX]._retention
    for moved, expected in ((month - 3600, True), (month + 3600, False)):
        before = clock.now
        clock.now = before + timedelta(seconds=moved)
        await site.app[CONVERSATIONS].purge(month)
        await site.app[BOX].purge()
        clock.now = before
        assert bool(left(everywhere, (*marks, *senders, MARIE))) == expected


@pytest.mark.live
async def test_the_command_reaches_rasas_store_too(
    site: Any,
    brain: LiveBrain,
    everywhere: tuple[Path, ...],
    tmp_path: Path,
    settings_for: Callable[..., Settings],
    marks: Marks,
) -> None:
    """`python -m bot purge`, while Rasa runs or not: the same, and the logs that are as old."""
    await talk(site, marks)
    log = tmp_path / "var" / "log" / "rasa.20260101T000000.log"
    log.parent.mkdir(parents=True)
    log.write_text("old\n", encoding="utf-8")
    tracker = f"sqlite:///{brain.folder / 'tracker.sqlite'}"
    settings = settings_for(
        var_dir=tmp_path / "var", database_url=f"sqlite+aiosqlite:///{tmp_path / 'gateway.sqlite'}", tracker_url=tracker
    )
    now = datetime.now(timezone.utc)
    assert (await retention.purge(settings, now)).conversations == 0
    assert left(everywhere, marks)
    gone = await retention.purge(settings, now + timedelta(days=settings.retention_days, hours=1), force=True)
    assert gone.conversations == 1
    assert gone.events
    assert gone.logs == 1
    assert not log.exists()
    assert left(everywhere, marks) == []
    assert await talk(site, marks)  # Rasa goes on with the store that was purged under it


async def test_a_conversation_that_goes_on_loses_what_is_old(tmp_path: Path, marks: Marks) -> None:
    """Thirty days at most, for each message: who writes every week keeps the last month only."""
    store = Store(f"sqlite+aiosqlite:///{tmp_path / 'gateway.sqlite'}")
    await store.open()
    await store.start("x", 0.0)
    for day in (0, 20, 40):
        await store.add("x", Turn(f"{marks.normal} {day}", {}, day * DAY, str(day)), State())
    assert await store.purge(10 * DAY) == 0
    assert [turn.asked for turn in await store.turns("x")] == [f"{marks.normal} 20", f"{marks.normal} 40"]
    assert await store.purge(41 * DAY) == 1
    assert await store.turns("x") == []
    await store.close()
    assert left([tmp_path], marks) == []


def test_on_the_command_line(tmp_path: Path, marks: Marks) -> None:
    """It says what it erased; without a store of Rasa too, and in one line when a base does not answer."""

    def run(**more: str) -> "subprocess.CompletedProcess[str]":
        environment = {**os.environ, "VAR_DIR": str(tmp_path), "RETENTION_DAYS": "1", **more}
        return subprocess.run(
            [sys.executable, "-m", "bot", "purge"],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )

    assert "aucune base de Rasa ici" in run().stdout
    assert not (tmp_path / "tracker.sqlite").exists()
    with closing(sqlite3.connect(tmp_path / "tracker.sqlite")) as base:
        base.execute("create table events (id integer primary key, sender_id text, timestamp float, data text)")
        base.execute("insert into events (sender_id, timestamp, data) values ('x', 1000, ?)", (marks.normal * 20,))
        base.execute("insert into events (sender_id, timestamp, data) values ('x', 99999999999, 'y')")
        base.commit()
    done = run()
    assert done.returncode == 0, done.stderr
    assert "après 1\u00a0jour : 0 conversation(s)" in done.stdout
    assert "1 événement(s) de Rasa" in done.stdout
    assert left([tmp_path], marks) == []
    broken = run(DATABASE_URL="postgresql+asyncpg://nobody@127.0.0.1:1/none")
    assert broken.returncode == 1
    assert "ne répond pas" in broken.stderr
    assert "Traceback" not in broken.stderr


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("sqlite:////nowhere/tracker.sqlite", None),
        ("postgresql://u:p%40ss@h:5432/rasa", "postgresql+asyncpg://u:p%40ss@h:5432/rasa"),
        ("postgresql+psycopg2://h/rasa", "postgresql+asyncpg://h/rasa"),
    ],
)
def test_rasas_address(url: str, expected: str | None) -> None:
    """Rasa's address is read as ours; a file that is not there is not created."""
    assert retention.tracker_address(url) == expected


@pytest.mark.parametrize(("days", "written"), [(30, "30 jours"), (7, "7 jours"), (1, "1 jour")])
async def test_the_answers_and_the_page_say_the_setting(make_client: MakeClient, days: int, written: str) -> None:
    """The answer on personal data, in each wording, the first text message and the page say what the service does."""
    client = await make_client(retention_days=days, rasa_port=1)
    book = client.app[CONVERSATIONS].assistant.book.book
    said: list[tuple[str, Variant]] = [("sms_bienvenue", "sms")]
    said += [("donnees_personnelles", variant) for variant in VARIANTS]
    for id_, variant in said:
        text = render(book, id_, variant, TODAY).text.replace("\u00a0", " ")
        assert f"gardés {written}" in text or f"gardons {written}" in text, text
    page = (await (await client.get("/donnees-personnelles")).text()).replace("\u00a0", " ")
    assert f"{written} après votre dernier message" in page


def test_no_answer_writes_the_time_by_hand() -> None:
    """No text that speaks of keeping messages gives a figure of its own."""
    book = LiveBook().book
    for id_ in ("donnees_personnelles", "sms_bienvenue", "effacer_donnees", "sms_oubli"):
        answer = book.answers[id_]
        for text in (answer.standard, answer.simple, answer.sms, answer.general or ""):
            assert "jours" not in text, id_
