"""Tests for bot.watching.inner_logs, beside Rasa's own ways of logging: one form, one id, and no word of anybody."""

import json
import subprocess
import sys

import pytest

from bot.paths import ROOT

WORDS = "zorglubine"
#: What a Rasa that serves does, in its order: colours, structlog, loggers used before our channel is made; then lines of each kind.
PROGRAM = """
import logging, sys
import rasa.utils.io, structlog
from rasa.utils.log_utils import configure_structlog
rasa.utils.io.configure_colored_logging(None)
configure_structlog(None)
early = structlog.get_logger("rasa.early")
early.info("used.before")
from bot.watching import inner_logs, request_id
sys.stderr.flush()
print(request_id.begin(), flush=True)
sys.stderr.write("---\\n")
inner_logs.configure("rasa", sys.argv[1])
words = "zorglubine"
early.warning("event.key", event_info="a sentence", text=words, tracker_states={"said": words})
logging.getLogger("bot.brain.channel").info("turn: %d ms", 12)
logging.getLogger("sanic.error").error("of sanic")
logging.getLogger("rasa.core.tracker_store").error(
    f"Error happened when trying to save conversation tracker to 'X'. Falling back. The error: INSERT {words}")
logging.getLogger("rasa.core.tracker_store").error(f"Could not create tables: {words}")
logging.getLogger("rasa.core.processor").warning(f"Circuit breaker tripped. Stopped for sender '{words}'.")
try:
    raise ValueError(words)
except ValueError:
    logging.getLogger("rasa.core.agent").exception("Failed to update model.")
    early.error("event.failed", exc_info=True)
"""


def lines(form: str) -> tuple[str, list[str]]:
    """Return the id of the request, and what was written since our channel was made."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", PROGRAM, form], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.count("\n") == 1, done.stdout
    return done.stdout.strip(), done.stderr.split("---\n")[1].splitlines()


def test_json() -> None:
    """Both of Rasa's ways, Sanic's and ours: one object a line, all with the same keys as the gateway's, and the id."""
    id_, written = lines("json")
    found = [json.loads(line) for line in written]
    assert [one["message"] for one in found] == [
        "a sentence",
        "turn: 12 ms",
        "of sanic",
        "Error happened when trying to save conversation tracker to 'X'",
        "Could not create tables",
        "Circuit breaker tripped",
        "Failed to update model.",
        "event.failed",
    ]
    for one in found:
        assert set(one) - {"exception"} == {"time", "level", "logger", "message", "process", "request_id"}
        assert one["request_id"] == id_
        assert one["process"] == "rasa"
        assert one["time"].endswith("+00:00")
    assert [one["exception"].splitlines()[-1] for one in found[-2:]] == ["builtins.ValueError"] * 2
    assert [one["level"] for one in found[:3]] == ["WARNING", "INFO", "ERROR"]


@pytest.mark.parametrize("form", ["text", "json"])
def test_nothing_is_quoted(form: str) -> None:
    """Neither an exception's words, nor its frames' variables, nor a failed statement, nor what Rasa adds to an event."""
    _, written = lines(form)
    said = "\n".join(line for line in written if "raise ValueError(words)" not in line)
    assert WORDS not in said


def test_text_has_the_id_too() -> None:
    """The default form: time, level, logger, id, words."""
    id_, written = lines("text")
    assert f" INFO bot.brain.channel [{id_}] turn: 12 ms" in written[1]
