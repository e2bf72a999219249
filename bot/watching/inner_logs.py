"""The logs of Rasa and of the actions, written as the gateway's are: text, or one JSON object a line (`LOG_FORMAT`), and discreet.

Rasa 3.6 logs in two ways (structlog's for some modules, the standard one for the others), as JSON inside a line of text, with
the local variables of each frame of an exception, and quotes what a database answered: people's words, at the worst time.
Both ways end in one formatter here. structlog is in Rasa's environment only: the gateway does not import this module.
"""

from __future__ import annotations

import json
import logging
import os
import re
import sys
from collections.abc import MutableMapping
from datetime import datetime, timezone
from typing import Any

import structlog

from bot.watching import request_id
from bot.watching.discreet import told

_Event = MutableMapping[str, Any]

#: Modules of Rasa whose warnings quote: a failed statement with its parameters, the conversation's id.
_QUOTING = frozenset({"rasa.core.tracker_store", "rasa.core.processor", "rasa.core.lock_store", "rasa.core.lock"})
#: Where the quotation begins: after the first sentence, or a colon.
_FIRST = re.compile(r"\A(.+?)(?:[.:](?:\s|$)| for (?:sender|conversation) ).*", re.DOTALL)
#: Loggers that Sanic keeps to itself.
_APART = ("sanic.root", "sanic.error")


def _as_exception(given: Any) -> BaseException | None:
    """Return the exception behind an `exc_info`, however it was given."""
    if isinstance(given, BaseException):
        return given
    if isinstance(given, tuple):
        return given[1] if isinstance(given[1], BaseException) else None
    if not given:
        return None
    return sys.exc_info()[1]


def _line(process: str) -> Any:
    """Return the processor that keeps what may be said of an event, and nothing else of it: the rest is Rasa's data."""

    def processor(logger: Any, method: str, event: _Event) -> _Event:
        record: logging.LogRecord = event["_record"]
        said = str(event.get("event_info") or event.get("event"))
        if record.levelno >= logging.WARNING and record.name in _QUOTING and (cut := _FIRST.match(said)):
            said = cut[1]
        line = {
            "time": datetime.fromtimestamp(record.created, timezone.utc).isoformat(),
            "level": record.levelname,
            "logger": record.name,
            "message": said,
            "process": process,
        }
        if id_ := request_id.current():
            line["request_id"] = id_
        if error := _as_exception(event.get("exc_info")):
            line["exception"] = told(error)
        return line

    return processor


def _as_json(logger: Any, method: str, line: _Event) -> str:
    return json.dumps(line, ensure_ascii=False)


def _as_text(logger: Any, method: str, line: _Event) -> str:
    traced = f" [{line['request_id']}]" if "request_id" in line else ""
    fault = f"\n{line['exception']}" if "exception" in line else ""
    return f"{line['time']} {line['level']} {line['logger']}{traced} {line['message']}{fault}"


def configure(process: str, form: str | None = None) -> None:
    """Send what this process logs to standard error as `form` ("text", "json"; None: as LOG_FORMAT says)."""
    form = form or os.environ.get("LOG_FORMAT", "text").strip().lower()
    handler = logging.StreamHandler()
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(processors=[_line(process), _as_json if form == "json" else _as_text])
    )
    root = logging.getLogger()
    level = root.level if root.handlers else logging.INFO
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for name in _APART:
        apart = logging.getLogger(name)
        apart.handlers, apart.propagate = [handler], False
    # In place: a logger of structlog's that has been used holds on to this very list.
    chain = structlog.get_config()["processors"]
    chain[:] = [structlog.stdlib.filter_by_level, structlog.stdlib.ProcessorFormatter.wrap_for_formatter]
    if not isinstance(structlog.get_config()["logger_factory"], structlog.stdlib.LoggerFactory):
        structlog.configure(logger_factory=structlog.stdlib.LoggerFactory())  # not configured by Rasa: the actions
