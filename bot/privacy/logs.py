"""Logs that hold no word of anybody, no address, and not for ever."""

import logging
import shutil
import traceback
from datetime import datetime
from pathlib import Path
from types import TracebackType

#: Bytes from which a log of `make run` is set aside before its day is over.
MAX_LOG = 5 * 1024 * 1024
#: Seconds that a log of `make run` grows before it is set aside.
DAY = 86400.0

_Raised = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]


class Discreet(logging.Formatter):
    """Writes where a fault happened and its kind; never what an exception says, which may quote a message.

    aiohttp tells who sent a request that cannot be read, and shows it; asyncio shows the exception of a lost task. Both
    are cut to what names nobody.
    """

    def formatException(self, ei: _Raised) -> str:  # noqa: N802
        """Return the frames of a traceback and the names of the exceptions, the causes first."""
        parts: list[str] = []
        error, seen = ei[1], set[int]()
        while error is not None and id(error) not in seen:
            seen.add(id(error))
            kind = type(error)
            parts.insert(
                0, "".join(traceback.format_tb(error.__traceback__)) + f"{kind.__module__}.{kind.__qualname__}"
            )
            error = error.__cause__ or error.__context__
        return "\n".join(parts)

    def format(self, record: logging.LogRecord) -> str:
        """Return the line of a record."""
        library = record.name.partition(".")[0]
        if library in {"aiohttp", "asyncio"}:
            said = str(record.msg) if library == "aiohttp" else record.getMessage().partition("\n")[0]
            record = logging.makeLogRecord({**record.__dict__, "msg": said, "args": (), "exc_text": None})
        elif record.exc_text:  # another handler wrote the exception out
            record = logging.makeLogRecord({**record.__dict__, "exc_text": None})
        return super().format(record)


def configure() -> None:
    """Send what the gateway logs to standard error, discreetly."""
    handler = logging.StreamHandler()
    handler.setFormatter(Discreet("%(asctime)s %(levelname)s %(name)s %(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
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
