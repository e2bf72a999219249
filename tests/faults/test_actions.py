"""The action server answers nonsense to a real Rasa, raises, or hangs: a sentence, and the conversation is not held."""

import asyncio
import json
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from tests.faults.impostor import Impostor, Script, drips, hangs, http, says
from tests.faults.people import DANGER, Person
from tests.faults.record import Fault, Report
from tests.faults.scenario import COMMUNE, FIRST, THEN
from tests.live import LiveBrain

pytestmark = [pytest.mark.live, pytest.mark.timeout(300)]

#: Seconds left to Rasa here, and to a sentence on a busy machine.
TIMEOUT, SENTENCE = 4.0, 12.0


def result(events: Any = None, responses: Any = None) -> Script:
    """Return what an action server answers, with a test's own in it."""
    given = {"events": [] if events is None else events, "responses": [] if responses is None else responses}
    return says(http(json.dumps(given).encode()))


SLOT = {"event": "slot", "timestamp": None, "name": "commune", "value": "34032"}
NONSENSE: dict[str, Script] = {
    "hangs up": says(b""),
    "not HTTP": says(b"\x00\xff garbage\r\n\r\n"),
    "half a JSON": says(http(b'{"events": [')),
    "an HTML page": says(http(b"<h1>Bad gateway</h1>", kind="text/html")),
    "null": says(http(b"null")),
    "a list": says(http(b"[]")),
    "an empty dictionary": says(http(b"{}")),
    "an action that raises": says(http(b'{"error": "KeyError"}', "500 Internal Server Error")),
    "an action that is not there": says(http(b'{"error": "no action", "action_name": "x"}', "404 Not Found")),
    "refused": says(http(b'{"error": "forbidden"}', "403 Forbidden")),
    "says nothing": result(),
    "events that are words": result(events=["a", None, 3]),
    "events that are a word": result(events="slot"),
    "an event of tomorrow": result(events=[{"event": "de_demain", "name": "a"}]),
    "an event without its parts": result(events=[{"event": "slot"}]),
    "a slot of tomorrow": result(events=[{"event": "slot", "name": "de_demain", "value": 1}]),
    "ten thousand events": result(events=[SLOT] * 10_000),
    "responses that are words": result(responses=["a", None, 3]),
    "a response of tomorrow": result(responses=[{"response": "utter_de_demain"}]),
    "ten megabytes": result(responses=[{"text": "x" * 10_000_000}]),
    "drop by drop": drips(http(b"", length=10**9), 0.01),
    "hangs": hangs,
}


@pytest.fixture
async def actions(brain: LiveBrain) -> AsyncIterator[Impostor]:
    """What stands between a Rasa and the real action server."""
    async with Impostor(brain.actions_port).running() as impostor:
        yield impostor


@pytest.fixture
async def rasa(
    actions: Impostor, brain: LiveBrain, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[LiveBrain]:
    """A Rasa of its own, whose actions are the impostor."""
    live = LiveBrain(tmp_path_factory.mktemp("rasa"), actions_port=actions.port)
    try:
        await asyncio.to_thread(live.start_rasa)
        yield live
    finally:
        live.stop()


@pytest.mark.long
async def test_nonsense_of_the_actions(
    actions: Impostor,
    rasa: LiveBrain,
    make_client: Callable[..., Awaitable[Any]],
    report: Report,
) -> None:
    """Each kind in the middle of a conversation: a sentence in time, the right number in danger; then it is as before."""
    client = await make_client(rasa_port=rasa.rasa_port, actions_port=actions.port, turn_timeout=TIMEOUT)
    url = str(client.make_url("")).rstrip("/")
    fault = report.add(Fault("actions answer nonsense or hang", note=f"{len(NONSENSE)} kinds"))
    anna = Person(url, client.session)
    for text in (FIRST, THEN):
        assert (await anna.says(text)).kind == "answer"
    wrong, slowest = {}, 0.0
    for what, script in NONSENSE.items():
        bea = Person(url, client.session)
        actions.script = script
        id_ = secrets.token_urlsafe(24)
        ordinary, danger = await asyncio.gather(anna.says("répète", id_), bea.says(DANGER))
        fault.watched([ordinary], [danger])
        actions.script = None
        began = time.monotonic()
        after = await anna.insists("répète", id_, 60)
        slowest = max(slowest, time.monotonic() - began)
        last = await anna.insists(THEN, secrets.token_urlsafe(24), 60)
        if not (
            ordinary.kind in {"answer", "honest"}
            and danger.kind == "danger"
            and max(ordinary.seconds, danger.seconds) < SENTENCE
            and after.commune in {COMMUNE, None}
            and last.commune == COMMUNE
        ):
            wrong[what] = ordinary, danger, after, last
    fault.recovery_seconds = round(slowest, 1)
    assert not wrong, f"{list(wrong)}: {wrong}"
    assert slowest < 30
