"""Tests for bot.privacy.logs: no word of anybody in a log, and no log for ever."""

import asyncio
import contextlib
import json
import logging
import os
import subprocess
import sys
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from bot.paths import ROOT
from bot.privacy import logs
from tests.conftest import MakeClient

WORDS = "zorglubine 0639981234"


def written(raiser: BaseException | None = None, message: str = "fault", name: str = "bot.test") -> str:
    """Return the line that a record becomes, its exception raised inside another."""
    try:
        try:
            raise raiser or ValueError(WORDS)
        except BaseException as inner:
            raise RuntimeError(f"about {WORDS}") from inner
    except RuntimeError as error:
        info = (type(error), error, error.__traceback__)
        return logs.Discreet("%(message)s").format(
            logging.LogRecord(name, logging.ERROR, __file__, 1, message, (), info)
        )


def test_an_exception_is_told_without_its_words() -> None:
    """Where it happened and the kinds of the exceptions, causes first; never what they say."""
    line = written()
    assert "zorglubine" not in line
    assert "0639981234" not in line
    assert "builtins.ValueError" in line
    assert line.index("ValueError") < line.index("RuntimeError")
    assert "test_logs.py" in line


def test_what_another_handler_wrote_is_not_taken_over() -> None:
    """A handler before ours may have left the exception's words on the record."""
    record = logging.LogRecord("bot", logging.ERROR, __file__, 1, "fault", (), (ValueError, ValueError(WORDS), None))
    assert "zorglubine" in logging.Formatter("%(message)s").format(record)
    assert "zorglubine" not in logs.Discreet("%(message)s").format(record)


async def test_a_request_that_cannot_be_read(make_client: MakeClient, caplog: pytest.LogCaptureFixture) -> None:
    """Aiohttp would log the address of who sent a malformed request, and the line itself."""
    client = await make_client(rasa_port=1)
    for first in ("GET / HTTP/1.1\r\nHost: x\r\n\r\n", ""):
        reader, writer = await asyncio.open_connection("127.0.0.1", client.port)
        for bytes_ in (first, f"GET /{WORDS} HTTP/1.1\r\nHost: x\r\nZorglubine Bad: {WORDS}\r\n\r\n"):
            writer.write(bytes_.encode())
            await writer.drain()
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(reader.read(65536), 0.5)
        writer.close()
    caught = [record for record in caplog.records if record.name.startswith("aiohttp.server")]
    assert caught
    for record in caught:
        line = logs.Discreet("%(name)s %(message)s").format(record)
        assert "orglubine" not in line
        assert "127.0.0.1" not in line


async def test_a_lost_task(caplog: pytest.LogCaptureFixture) -> None:
    """Asyncio would show the exception of a task that nobody waits for."""

    async def fail() -> None:
        raise ValueError(WORDS)

    task = asyncio.create_task(fail())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    asyncio.get_running_loop().call_exception_handler(
        {"message": "Task exception was never retrieved", "future": task, "exception": task.exception()}
    )
    record = caplog.records[-1]
    assert "zorglubine" in record.getMessage()
    line = logs.Discreet("%(message)s").format(record)
    assert "zorglubine" not in line
    assert "never retrieved" in line
    assert "ValueError" in line


def in_json(record: logging.LogRecord) -> dict[str, str]:
    """Return the object that a record becomes; it must be alone on one line."""
    line = logs.formatter("json", "gateway").format(record)
    assert "\n" not in line
    found: dict[str, str] = json.loads(line)
    return found


def test_json_is_one_object_a_line() -> None:
    """Time in UTC, level, logger, message with its accents, process; nothing else when there is nothing else."""
    record = logging.LogRecord("bot.test", logging.WARNING, __file__, 1, "annuaire %s\nà revoir", ("écrit",), None)
    line = in_json(record)
    assert datetime.fromisoformat(line.pop("time")).utcoffset() == timedelta(0)
    assert line == {
        "level": "WARNING",
        "logger": "bot.test",
        "message": "annuaire écrit\nà revoir",
        "process": "gateway",
    }


def test_json_is_as_discreet() -> None:
    """An exception is told by its kinds and places, aiohttp and asyncio are cut, in JSON as in text."""
    try:
        try:
            raise ValueError(WORDS)
        except ValueError as inner:
            raise RuntimeError(f"about {WORDS}") from inner
    except RuntimeError as error:
        info = (type(error), error, error.__traceback__)
    line = in_json(logging.LogRecord("bot.test", logging.ERROR, __file__, 1, "fault", (), info))
    assert "zorglubine" not in json.dumps(line)
    assert line["exception"].index("builtins.ValueError") < line["exception"].index("builtins.RuntimeError")
    for name, said in (("aiohttp.server", "Error from %s"), ("asyncio", "never retrieved\n%s")):
        cut = in_json(logging.LogRecord(name, logging.ERROR, __file__, 1, said, (WORDS,), info))
        assert "zorglubine" not in json.dumps(cut)


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_line_has_the_id_of_its_request(form: str) -> None:
    """In a process of its own, as `python -m bot gateway` sets it: every line, of every library, once there is a request."""
    program = f"""
import logging, warnings
from bot.watching import request_id
from bot.privacy import logs
logs.configure({form!r})
logging.getLogger("bot.a").info("before")
print(request_id.begin(), flush=True)
logging.getLogger("aiohttp.server").warning("during")
try:
    raise ValueError("zorg" + "lubine")
except ValueError:
    logging.getLogger("bot.b").exception("fault")
"""
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    id_ = done.stdout.strip()
    assert "zorglubine" not in done.stderr
    if form == "json":
        lines = [json.loads(line) for line in done.stderr.splitlines()]
        assert [line.get("request_id") for line in lines] == [None, id_, id_]
        assert [line["message"] for line in lines] == ["before", "during", "fault"]
    else:
        before, during, fault = done.stderr.splitlines()[:3]
        assert id_ not in before
        assert f"[{id_}] during" in during
        assert f"[{id_}] fault" in fault


def test_a_log_is_set_aside_while_it_is_written(tmp_path: Path) -> None:
    """What was written goes to a file named by its time; the process writes on, from the beginning."""
    path = tmp_path / "rasa.log"
    now = datetime(2026, 11, 24, 12, 0, tzinfo=timezone.utc)
    with path.open("ab", buffering=0) as log:
        log.write(b"first\n")
        kept = logs.set_aside(path, now)
        log.write(b"second\n")
    assert kept == tmp_path / "rasa.20261124T120000.log"
    assert kept.read_bytes() == b"first\n"
    assert path.read_bytes() == b"second\n"
    assert logs.set_aside(tmp_path / "none.log", now) is None


def test_old_logs_go(tmp_path: Path) -> None:
    """Those set aside are deleted at their time, one that a process may hold is emptied, the others stay."""
    old, live, recent = (tmp_path / name for name in ("rasa.20260901T000000.log", "rasa.log", "actions.log"))
    for path in (old, live, recent):
        path.write_text("line\n", encoding="utf-8")
    for path in (old, live):
        os.utime(path, (1000, 1000))
    assert logs.purge(tmp_path, before=2000) == 2
    assert not old.exists()
    assert live.read_bytes() == b""
    assert recent.exists()
    assert logs.purge(tmp_path, before=2000) == 0
    assert logs.purge(tmp_path / "nowhere", before=2000) == 0
