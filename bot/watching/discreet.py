"""A fault told without its words: an exception may quote what somebody wrote. The standard library only: three processes share it."""

from __future__ import annotations

import logging
import traceback
from types import TracebackType

_Raised = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]


def told(error: BaseException | None) -> str:
    """Return the frames of a traceback and the names of the exceptions, the causes first; never what they say."""
    parts: list[str] = []
    seen = set[int]()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        kind = type(error)
        parts.insert(0, "".join(traceback.format_tb(error.__traceback__)) + f"{kind.__module__}.{kind.__qualname__}")
        error = error.__cause__ or error.__context__
    return "\n".join(parts)


class Discreet(logging.Formatter):
    """Writes where a fault happened and its kind; never what an exception says, which may quote a message.

    aiohttp tells who sent a request that cannot be read, and shows it; asyncio shows the exception of a lost task. Both
    are cut to what names nobody.
    """

    def formatException(self, ei: _Raised) -> str:  # noqa: N802
        """Return the frames of a traceback and the names of the exceptions, the causes first."""
        return told(ei[1])

    def format(self, record: logging.LogRecord) -> str:
        """Return the line of a record."""
        library = record.name.partition(".")[0]
        if library in {"aiohttp", "asyncio"}:
            said = str(record.msg) if library == "aiohttp" else record.getMessage().partition("\n")[0]
            record = logging.makeLogRecord({**record.__dict__, "msg": said, "args": (), "exc_text": None})
        elif record.exc_text:  # another handler wrote the exception out
            record = logging.makeLogRecord({**record.__dict__, "exc_text": None})
        return super().format(record)
