"""Tests of docs/fr/registre-rgpd.md: what it says that each store holds is what the code has, no more and no less."""

import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from prometheus_client.metrics import MetricWrapperBase

import bot.sms.tables
from bot.answers import LiveBook
from bot.directory import assemble
from bot.paths import ROOT
from bot.running.parts import parts, plan
from bot.settings import Settings
from bot.store import METADATA
from bot.watching.content_age import ContentCollector
from bot.watching.metrics import Metrics
from tests.clock import Clock
from tests.live import LiveBrain

NOTE = (ROOT / "docs" / "fr" / "registre-rgpd.md").read_text(encoding="utf-8")
assert bot.sms.tables.INBOX.metadata is METADATA


def rows(title: str) -> list[list[str]]:
    """Return the cells of the table under a title, its head left out."""
    section = re.split(r"^#{2,3} ", NOTE.split(f"### {title}", 1)[1], maxsplit=1, flags=re.MULTILINE)[0]
    lines = [line.strip("| ").split(" | ") for line in section.splitlines() if line.startswith("| ")]
    return lines[1:]


def told() -> dict[str, dict[str, list[str]]]:
    """Return, by table and column, what the note says: the content, the duration."""
    tables = re.findall(r"^### `(\w+)`", NOTE, re.MULTILINE)
    return {name: {cells[0].strip("`"): cells[1:] for cells in rows(f"`{name}`")} for name in tables}


def test_every_table_and_column_of_ours() -> None:
    """Each is there with what it holds and how long; a new column makes this fail until someone says both."""
    ours = {name: set(table.columns.keys()) for name, table in METADATA.tables.items()}
    said = told()
    said.pop("events")
    assert {name: set(columns) for name, columns in said.items()} == ours
    for name, columns in said.items():
        for column, cells in columns.items():
            assert len(cells) == 2, (name, column)
            assert all(cell.strip() for cell in cells), (name, column)


@pytest.mark.live
def test_every_column_of_rasa(brain: LiveBrain) -> None:
    """Rasa's own store, as a real one has it: its tables and columns."""
    with closing(sqlite3.connect(brain.folder / "tracker.sqlite")) as base:
        tables = [
            name
            for (name,) in base.execute(
                "select name from sqlite_master where type = 'table' and name not like 'sqlite_%'"
            )
        ]
        assert tables == ["events"]
        columns = {row[1] for row in base.execute("pragma table_info(events)")}
    assert set(told()["events"]) == columns


def test_durations_are_those_of_the_settings() -> None:
    """The figures of the note are the defaults of the settings that it names."""
    settings = Settings(_env_file=None)
    assert f"**{settings.retention_days} jours** après le message (réglage `RETENTION_DAYS`)" in NOTE
    assert set(re.findall(r"(\d+) jours", NOTE)) == {str(settings.retention_days), f"{settings.sms_dead_days:g}"}
    assert f"{settings.workshop_forget_minutes:g} minutes sans activité" in NOTE
    assert f"{settings.sms_expiry_hours:g} heures au plus (`SMS_EXPIRY_HOURS`)" in NOTE
    for name in re.findall(r"`([A-Z][A-Z_]{5,})[`=]", NOTE):
        assert name.lower() in Settings.model_fields or name in {"DELETE", "VACUUM"}, name


def test_durations_are_those_of_the_code() -> None:
    """So are those that no setting changes."""
    from bot.privacy.logs import MAX_LOG
    from bot.sms import desk

    hours = {"72": desk.KNOWN_FOR, "2": desk.ALIKE_FOR, "24": desk.LATER_FOR}
    assert {written: seconds / 3600 for written, seconds in hours.items()} == {"72": 72, "2": 2, "24": 24}
    assert told()["sms_inbox"]["content"][1] == "2 heures"
    assert told()["sms_people"]["later"][1] == "24 heures"
    assert told()["sms_inbox"]["number"][1].startswith("72 heures")
    assert f"{MAX_LOG // 1024**2} Mo" in NOTE


def test_every_metric_and_label(tmp_path: Path) -> None:
    """Each measure with its labels: nobody can be one of them."""
    directory, imports = tmp_path / "directory.sqlite", tmp_path / "imports"
    imports.mkdir()
    assemble.ensure(directory, imports)
    (imports / "dila.state.json").write_text('{"checked_at": "2026-11-23T10:00:00+00:00"}', encoding="utf-8")
    registry = Metrics(directory, imports, more=(ContentCollector(LiveBook(), Clock()),)).registry
    ours = {
        one._name: set(one._labelnames) for one in {*registry._collector_to_names} if isinstance(one, MetricWrapperBase)
    }
    for family in registry.collect():  # those that are reckoned when they are asked
        if family.name not in ours and not family.name.startswith(("process_", "python_")):
            ours[family.name] = {label for sample in family.samples for label in sample.labels}
    said = {cells[0].strip("`"): set(re.findall(r"`(\w+)`", cells[1])) for cells in rows("Mesures")}
    assert said == ours


def test_every_key_of_the_browser() -> None:
    """Each key that our pages keep, and no other place to keep one."""
    scripts = [
        path.read_text(encoding="utf-8")
        for folder in ("static", "widget")
        for path in (ROOT / "bot" / "web" / folder).glob("*.js")
    ]
    kept = {key for script in scripts for key in re.findall(r"\bKEY = [\"'`](assistant-[a-z]+[-@]?)", script)}
    assert {cells[0].strip("`") for cells in rows("Dans le navigateur")} == kept
    for script in scripts:
        for used in re.findall(r"(?:setItem|memory\.set)\((\w+)", script):
            assert used in {"KEY", "key"}
        assert not re.search(r"localStorage|indexedDB|document\.cookie|caches\.", script)


def test_every_log(tmp_path: Path) -> None:
    """Each log that `make run` writes: of its parts, of each Rasa beside the first, and of the training."""
    settings = Settings(_env_file=None, var_dir=tmp_path, rasa_processes=3)

    async def model() -> Path:
        return tmp_path

    written = {part.log.name for part in parts(settings, plan(settings), model)} - {"rasa-2.log", "rasa-3.log"}
    supervisor = (ROOT / "bot" / "running" / "supervisor.py").read_text(encoding="utf-8")
    written |= set(re.findall(r'"log" / "(\w+\.log)"', supervisor))
    assert {cells[0].split("`")[1] for cells in rows("Journaux")} == written
    assert "`rasa-2.log`" in NOTE
