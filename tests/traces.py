"""What the whole run said to the assistant, and where it must not be found: logs, and stores once purged."""

import asyncio
import contextlib
import json
import logging
import re
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

import pytest

from bot import retention
from bot.assistant import Assistant
from bot.privacy import logs
from bot.settings import Settings
from bot.sms.providers.base import Incoming
from bot.sms.service import Sms
from bot.store import StoreError

#: From how many characters on a text is its author's and nobody else's: "rsa" is in our own files.
DISTINCT = 25
#: Public places, asked about by their names: nothing that people say is written there.
PUBLIC = frozenset({"directory.sqlite"})
_PRINTABLE = re.compile(rb"[\x20-\x7e\x80-\xff]{10,}")


def forms(text: str) -> Iterator[bytes]:
    """Yield the bytes that `text` may be written as: as it is, in JSON, in an address."""
    yield from {
        text.encode(errors="surrogatepass"),
        json.dumps(text)[1:-1].encode(),
        quote(text, errors="replace").encode(),
        quote_plus(text, errors="replace").encode(),
    }


def found(paths: Iterable[Path], texts: Iterable[str]) -> list[str]:
    """Return "file: text" for each text that the bytes of a file hold, whatever the file is."""
    needles = [(text, form) for text in texts for form in forms(text)]
    hits = set()
    for path in paths:
        if not path.is_file() or path.name in PUBLIC:
            continue
        held = b"\n".join(_PRINTABLE.findall(path.read_bytes()))
        hits |= {f"{path}: {text[:80]}" for text, form in needles if form in held}
    return sorted(hits)


def files(*folders: Path) -> list[Path]:
    """Return every file under the folders: databases with their write-ahead logs, logs, all else."""
    return [path for folder in folders for path in folder.rglob("*") if path.is_file()]


class _OursOnly(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        return record.name != "aiohttp.access"  # off in a running gateway


@contextmanager
def gateway_log(path: Path) -> Iterator[Path]:
    """Write to `path` what a running gateway would log."""
    handler = logging.FileHandler(path)
    handler.setFormatter(logs.Discreet("%(asctime)s %(levelname)s %(name)s %(message)s"))
    handler.setLevel(logging.INFO)
    handler.addFilter(_OursOnly())
    root = logging.getLogger()
    before = root.level
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    logging.getLogger("aiosqlite").setLevel(logging.WARNING)
    try:
        yield path
    finally:
        root.setLevel(before)
        root.removeHandler(handler)
        handler.close()


class Run:
    """What was said during the run, and the folders in which it may have been written."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.said: set[str] = set()

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Note whatever reaches the assistant in this process, by any channel, answered or not."""
        patch = pytest.MonkeyPatch()
        turn, accept = Assistant.turn, Sms.accept

        async def noted_turn(self_: Assistant, sender: str, text: str, *more: Any, **named: Any) -> Any:
            self.said.add(text)
            return await turn(self_, sender, text, *more, **named)

        async def noted_accept(self_: Sms, incoming: Incoming) -> Any:
            self.said |= {incoming.text, incoming.sender}
            return await accept(self_, incoming)

        patch.setattr(Assistant, "turn", noted_turn)
        patch.setattr(Sms, "accept", noted_accept)
        try:
            yield
        finally:
            patch.undo()

    def _kept(self, path: Path) -> set[str]:
        """Return the texts of people that a database holds."""
        kept: set[str] = set()
        try:
            with closing(sqlite3.connect(path)) as base:
                tables = {name for (name,) in base.execute("select name from sqlite_master where type = 'table'")}
                if "turns" in tables:
                    kept |= {asked for (asked,) in base.execute("select asked from turns")}
                if "events" in tables:
                    events = base.execute("select data from events where type_name = 'user'")
                    kept |= {str(json.loads(data).get("text") or "") for (data,) in events}
        except (sqlite3.Error, ValueError):  # a test broke it on purpose
            pass
        return kept

    def check(self) -> None:
        """Purge every store of the run with the clock moved on, then fail if a text is left anywhere, or in a log."""
        stores = {path.resolve() for path in self.folder.rglob("*.sqlite")}
        stores = {path for path in stores if path.name not in PUBLIC}
        for path in stores:
            self.said |= self._kept(path)
        asyncio.run(self._purge(stores))
        left = [near for path in stores for near in (path, path.with_name(f"{path.name}-wal"))]
        written = {path.resolve() for path in self.folder.rglob("*.log")}
        distinct = {text for text in self.said if len(text) >= DISTINCT or re.fullmatch(r"\+33\d{9}", text)}
        traces = found([*left, *written], distinct)
        assert not traces, f"{len(traces)} of the texts said during the run are still written:\n" + "\n".join(traces)

    async def _purge(self, stores: Iterable[Path]) -> None:
        later = datetime.now(timezone.utc) + timedelta(days=400)
        for path in stores:
            if path.name == "tracker.sqlite":
                await retention.purge_tracker(f"sqlite:///{path}", later.timestamp())
            else:
                url = f"sqlite+aiosqlite:///{path}"
                with contextlib.suppress(StoreError):  # a test took a table away, or made no database of it
                    await retention.purge_gateway(
                        Settings(database_url=url, secret_key="of-the-tests-only"), later, force=True
                    )
