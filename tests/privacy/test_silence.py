"""Tests that no word and no number reaches a log or a metric, whatever goes wrong: web, SMS, Rasa, actions, with the real ones."""

import asyncio
import json
import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bot.assistant import Assistant
from bot.gateway import create_app
from bot.settings import Settings
from bot.store import Store
from bot.web.keys import METRICS
from tests.clock import Clock
from tests.live import SECRET, LiveBrain
from tests.privacy.marks import Marks, say, talk
from tests.privacy.test_erase import settled
from tests.sms.harness import MARIE, FakeProvider
from tests.traces import found, gateway_log

pytestmark = pytest.mark.live


@pytest.fixture
def written(brain: LiveBrain, tmp_path: Path, marks: Marks) -> Iterator[Callable[..., list[str]]]:
    """What the logs of the three processes, and the metrics of a gateway, hold of the marks."""
    with gateway_log(tmp_path / "passerelle.log") as log:

        def look(*gateways: Any) -> list[str]:
            metrics = tmp_path / "metrics.txt"
            metrics.write_bytes(b"".join(one.app[METRICS].text() for one in gateways))
            words = {form for mark in marks for form in (mark, mark.upper())} | {MARIE, MARIE[3:], "127.0.0.1 "}
            logged = [log, brain.folder / "rasa.log", brain.folder / "actions.log"]
            assert all(path.exists() for path in logged)
            return found([*logged, metrics], words)

        yield look


async def test_when_all_goes_well(site: Any, written: Callable[..., list[str]], marks: Marks) -> None:
    """Questions, danger, places, an erasing, an opinion: counted, and not quoted."""
    token = await talk(site, marks)
    await say(site, f"{marks.normal} " * 5, token)
    await say(site, "effacez mes données", token)
    assert b"assistant_urgent_total{" in site.app[METRICS].text()
    assert written(site) == []


async def test_what_is_refused(site: Any, written: Callable[..., list[str]], marks: Marks) -> None:
    """Malformed, too long, unknown, forged: the refusal does not quote."""
    for body in (
        f'{{"text": "{marks.normal}',
        f'{{"text": {{"{marks.normal}": 1}}}}',
        f'["{marks.normal}"]',
        f'{{"{marks.normal}": "x"}}',
    ):
        response = await site.post("/api/messages", data=body, headers={"Content-Type": "application/json"})
        assert response.status == 400
    for text in (f"{marks.long} " * 500, marks.long * 60000):
        assert (await site.post("/api/messages", json={"text": text})).status in {400, 413}
    assert (await site.post("/api/messages", json={"text": marks.normal, "conversation": marks.normal})).status == 401
    assert (await site.post("/", data={"text": marks.normal, "form_token": marks.urgent})).status == 403
    assert (await site.get(f"/{marks.normal}?q={marks.urgent}")).status == 404
    assert (
        await site.get("/sms/fake", params={"secret": marks.normal, "from": MARIE, "text": marks.urgent})
    ).status == 403
    assert (await site.get("/sms/fake", params={"secret": "s3cret", "text": marks.urgent})).status == 400
    assert written(site) == []


async def test_requests_that_cannot_be_read(site: Any, written: Callable[..., list[str]], marks: Marks) -> None:
    """Bytes that are no HTTP, after a good request: neither they nor who sent them are written."""
    _, writer = await asyncio.open_connection("127.0.0.1", site.port)
    writer.write(b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n")
    await writer.drain()
    await asyncio.sleep(0.3)
    writer.write(f"GET /{marks.normal} HTTP/1.1\r\n{marks.urgent} {marks.urgent}: é\r\n\r\n".encode())
    await writer.drain()
    await asyncio.sleep(0.3)
    writer.close()
    assert written(site) == []


async def test_faults_of_ours(
    site: Any,
    written: Callable[..., list[str]],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    marks: Marks,
) -> None:
    """Exceptions that quote the message, in the assistant and in the store: logged by their kind and place."""

    async def quoting(*args: Any, **named: Any) -> Any:
        raise RuntimeError(f"cannot do {args} {named}")

    for target, name in ((Assistant, "turn"), (Store, "add")):
        with monkeypatch.context() as patched:
            patched.setattr(target, name, quoting)
            response = await site.post("/api/messages", json={"text": f"comment demander le rsa {marks.normal}"})
            assert response.status == 503
            assert marks.normal not in await response.text()
            await site.get("/sms/fake", params={"secret": "s3cret", "from": MARIE, "text": marks.urgent, "id": name})
            await asyncio.sleep(0.3)
    assert any("RuntimeError" in record.getMessage() for record in caplog.records)
    assert (
        await site.get("/sms/fake", params={"secret": "s3cret", "from": MARIE, "text": marks.urgent, "bug": "1"})
    ).status == 503
    assert written(site) == []


async def test_a_brain_that_is_away(
    aiohttp_client: Any,
    settings_for: Callable[..., Settings],
    clock: Clock,
    written: Callable[..., list[str]],
    marks: Marks,
) -> None:
    """Rasa down: the danger is told and counted, the message of nobody is in the log."""
    client = await aiohttp_client(create_app(settings_for(rasa_port=1, actions_port=1), clock, FakeProvider()))
    assert (await say(client, f"mon mari me frappe {marks.urgent}"))["messages"][0]["urgent"]
    token = (await say(client, f"comment demander le rsa {marks.normal}"))["conversation"]
    response = await client.delete("/api/conversation", headers={"Authorization": f"Bearer {token}"})
    assert response.status == 503
    await client.get("/sms/fake", params={"secret": "s3cret", "from": MARIE, "text": marks.normal})
    await asyncio.sleep(0.3)
    assert written(client) == []


async def test_a_provider_that_fails(
    site: Any, provider: FakeProvider, written: Callable[..., list[str]], caplog: pytest.LogCaptureFixture, marks: Marks
) -> None:
    """What a provider says of a failure may quote the number and the text."""
    caplog.set_level(logging.INFO)
    provider.script = [RuntimeError(f"{MARIE} {marks.normal}")]
    await site.get(
        "/sms/fake", params={"secret": "s3cret", "from": MARIE, "text": f"comment demander le rsa {marks.normal}"}
    )
    await asyncio.sleep(1.0)
    assert provider.calls
    assert written(site) == []


async def test_rasa_and_the_actions_asked_directly(
    brain: LiveBrain, written: Callable[..., list[str]], marks: Marks
) -> None:
    """Requests that make Rasa or the actions fail: their logs tell the fault, not the words, nor do their answers."""
    rasa, actions = f"http://127.0.0.1:{brain.rasa_port}/webhooks/assistant", f"http://127.0.0.1:{brain.actions_port}"
    secret = {"Authorization": f"Bearer {SECRET}"}
    bodies = (
        f'{{"text": "{marks.normal}',
        json.dumps({"sender": marks.urgent, "text": marks.normal, "intent": marks.long}),
        json.dumps({"sender": [marks.normal], "text": marks.normal}),
        json.dumps([marks.normal]),
        json.dumps({"sender": marks.normal, "text": marks.normal * 50000}),
    )
    async with aiohttp.ClientSession() as session:
        for headers in (secret, {}):
            for path in ("/turn", "/forget", "/purge", f"/{marks.normal}"):
                for body in bodies:
                    async with session.post(rasa + path, data=body, headers=headers) as response:
                        assert marks.normal not in await response.text() or path == f"/{marks.normal}"
        for tracker in (
            {},
            {"events": marks.normal},
            {"sender_id": marks.normal, "latest_message": marks.normal, "events": [marks.normal]},
        ):
            call = {
                "next_action": "action_suite",
                "tracker": tracker,
                "domain": marks.normal,
                "text": marks.urgent,
            }
            async with session.post(f"{actions}/webhook", json=call, headers=secret) as response:
                assert response.status >= 400
                told = await response.text()
                assert marks.normal not in told
                assert marks.urgent not in told
        async with session.post(f"{actions}/webhook", data=f'{{"{marks.normal}', headers=secret) as response:
            assert marks.normal not in await response.text()
    assert "action: " in (brain.folder / "actions.log").read_text(encoding="utf-8")
    assert written() == []
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{rasa}/forget", json={"sender": marks.normal}, headers=secret),
    ):
        pass


async def test_text_messages(
    site: Any, provider: FakeProvider, written: Callable[..., list[str]], clock: Clock, marks: Marks
) -> None:
    """A conversation by text message, danger and orders among it: no number and no word."""
    for number, text in enumerate(
        (f"rsa {marks.normal}", f"mon mari me frappe {marks.urgent}", "SUITE", "STOP", "REPRENDRE", "OUBLI")
    ):
        params = {"secret": "s3cret", "from": MARIE, "text": text, "id": str(number)}
        assert (await site.get("/sms/fake", params=params)).status == 200
        await settled(site)
        clock.now = clock.now.replace(minute=number + 1)
    assert len(provider.accepted) >= 5
    assert written(site) == []
