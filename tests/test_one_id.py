"""Tests that one id greps through three logs: the gateway's, Rasa's and the actions', with the real ones."""

import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bot.privacy import logs
from tests.conftest import MakeClient
from tests.live import LiveBrain

pytestmark = pytest.mark.live


@pytest.fixture(scope="module")
def json_brain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveBrain]:
    """A real Rasa and real actions that log as JSON."""
    live = LiveBrain(tmp_path_factory.mktemp("brain-json"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LOG_FORMAT", "json")
        try:
            live.start_actions()
            live.start_rasa()
            yield live
        finally:
            live.stop()


@pytest.fixture
def gateway_lines(tmp_path: Path) -> Iterator[Path]:
    """What the gateway logs as JSON."""
    path = tmp_path / "gateway.json.log"
    handler = logging.FileHandler(path)
    handler.setFormatter(logs.formatter("json", "gateway"))
    handler.addFilter(logs.Traced())
    root = logging.getLogger()
    root.addHandler(handler)
    yield path
    root.removeHandler(handler)
    handler.close()


def read(path: Path, id_: str) -> list[dict[str, Any]]:
    """Return the lines of a log that have that id."""
    found = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.startswith("{")]
    return [one for one in found if one.get("request_id") == id_]


async def test_a_turn_is_followed(
    make_client: MakeClient, json_brain: LiveBrain, gateway_lines: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A question whose answer needs an action leaves a line in each log with the id of its answer's header; the next has its own."""
    caplog.set_level(logging.INFO)
    client = await make_client(rasa_port=json_brain.rasa_port, actions_port=json_brain.actions_port)
    ids, token = [], None
    for text in ("où faire peser mon bébé à Béziers", "une maison france services à Olargues"):
        response = await client.post("/api/messages", json={"text": text, **({"conversation": token} if token else {})})
        body = await response.json()
        assert any(message["places"] for message in body["messages"])
        token = body["conversation"]
        ids.append(response.headers["X-Request-ID"])
    assert len(set(ids)) == 2
    for id_ in ids:
        (line,) = [one for one in read(gateway_lines, id_) if one["logger"] == "bot.web.access"]
        assert line["message"].startswith("POST /api/messages 200 ")
        assert [one["message"].split(":")[0] for one in read(json_brain.folder / "rasa.log", id_)] == ["turn"]
        acted = [one for one in read(json_brain.folder / "actions.log", id_) if one["logger"] == "actions"]
        assert acted
        assert all(one["message"].startswith("action_") and one["process"] == "actions" for one in acted)


def test_nothing_but_objects(json_brain: LiveBrain) -> None:
    """Once started, neither log holds a line that is no JSON."""
    for name in ("rasa.log", "actions.log"):
        lines = (json_brain.folder / name).read_text(encoding="utf-8").splitlines()
        first = next(index for index, line in enumerate(lines) if line.startswith("{"))
        assert [line for line in lines[first:] if not line.startswith("{")] == [], name


async def test_the_model_in_use_is_told(make_client: MakeClient, json_brain: LiveBrain) -> None:
    """/health asks Rasa, and the metrics name the model that it has loaded."""
    from bot import training
    from bot.web.keys import METRICS

    client = await make_client(rasa_port=json_brain.rasa_port, actions_port=json_brain.actions_port)
    said = await (await client.get("/health")).json()
    assert said["parts"]["brain"] == said["parts"]["actions"] == said["parts"]["store"] == "ok"
    assert client.app is not None
    written = client.app[METRICS].text().decode()
    assert f'model="{training.model_name()}"' in written
    assert 'assistant_rasa_members{state="up"} 1.0' in written
