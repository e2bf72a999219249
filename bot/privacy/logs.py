"""Logs that hold no word of anybody, no address, and not for ever."""

import logging
import shutil
from datetime import datetime
from pathlib import Path

from pythonjsonlogger.core import RESERVED_ATTRS
from pythonjsonlogger.json import JsonFormatter

from bot.watching import request_id
from bot.watching.discreet import Discreet

#: Bytes from which a log of `make run` is set aside before its day is over.
MAX_LOG = 5 * 1024 * 1024
#: Seconds that a log of `make run` grows before it is set aside.
DAY = 86400.0
#: A line of text; `request` is the id of the request under way, in brackets.
TEXT = "%(asctime)s %(levelname)s %(name)s%(request)s %(message)s"


class Traced(logging.Filter):
    """Puts the id of the request under way on each record: `request_id` (JSON), `request` (text: " [id]", or nothing)."""

    def filter(self, record: logging.LogRecord) -> bool:
        id_ = request_id.current()
        record.request = f" [{id_}]" if id_ else ""
        if id_:
            record.request_id = id_
        return True


class DiscreetJson(Discreet, JsonFormatter):
    """The same, as one JSON object a line: time (UTC), level, logger, message, process, request_id, exception."""

    def __init__(self, process: str) -> None:
        JsonFormatter.__init__(
            self,
            "%(levelname)s %(name)s %(message)s",
            timestamp="time",
            rename_fields={"levelname": "level", "name": "logger", "exc_info": "exception"},
            static_fields={"process": process},
            reserved_attrs=[*RESERVED_ATTRS, "request"],
            json_ensure_ascii=False,
        )


def formatter(form: str, process: str) -> logging.Formatter:
    """Return what writes records as `form` ("text" or "json") for one of our processes."""
    return DiscreetJson(process) if form == "json" else Discreet(TEXT)


def configure(form: str = "text", process: str = "gateway") -> None:
    """Send what a process logs to standard error, discreetly, as text or as JSON."""
    handler = logging.StreamHandler()
    handler.setFormatter(formatter(form, process))
    handler.addFilter(Traced())
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    logging.captureWarnings(form == "json")  # a bare line among objects is lost to who reads them
    logging.getLogger("aiosqlite").setLevel(logging.WARNING)  # below, it writes what is stored


def set_aside(path: Path, now: datetime) -> Path | None:
    """Move what a log holds to a file of its own, named by `now`, while its process writes on; None when there is nothing.

    The process must have opened it to append. What it writes between the copy and the cut, an instant, is lost.
    """
    if not path.exists() or not path.stat().st_size:
        return None
    kept = path.with_name(f"{path.stem}.{now:%Y%m%dT%H%M%S}.log")
    shutil.copy2(path, kept)
    with path.open("r+b") as log:
        log.truncate()
    return kept


def purge(folder: Path, before: float) -> int:
    """Delete the logs under `folder` not written to since `before` (seconds since 1970); return how many.

    One that a process may still hold open is emptied instead. `make run` begins its own anew.
    """
    gone = 0
    for path in folder.glob("*.log") if folder.is_dir() else ():
        if path.stat().st_mtime >= before or not path.stat().st_size:
            continue
        gone += 1
        if "." in path.stem:
            path.unlink()
        else:
            with path.open("r+b") as log:
                log.truncate()
    return gone


__all__ = ["DAY", "MAX_LOG", "Discreet", "DiscreetJson", "configure", "formatter", "purge", "set_aside"]
