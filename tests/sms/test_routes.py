"""Tests for the webhooks: what is kept, refused, put off; through the gateway itself."""

import asyncio
import contextlib
import logging
import re
import socket
import sqlite3
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from aiohttp.test_utils import TestClient

from bot.gateway import BOX, create_app
from bot.settings import Settings
from bot.sms.routes import MAX_BODY, SMS
from bot.sms.tables import INBOX
from bot.sms.text import septets
from bot.store import Store
from bot.watching.health import OK, State
from bot.web.keys import HEALTH, METRICS
from tests.clock import Clock
from tests.live import LiveBrain
from tests.sms.harness import MARIE, FakeProvider

GOOD = {"secret": "s3cret", "from": MARIE, "text": "bonjour", "id": "1"}


@pytest.fixture
def provider() -> FakeProvider:
    return FakeProvider()


@pytest.fixture
async def gateway(
    aiohttp_client: Any, settings_for: Callable[..., Settings], clock: Clock, provider: FakeProvider
) -> AsyncIterator[Any]:
    """A gateway with a provider, and no Rasa: what comes in waits."""
    yield await aiohttp_client(create_app(settings_for(rasa_port=1, actions_port=1, sms_pace=1000), clock, provider))


def logged(caplog: pytest.LogCaptureFixture) -> str:
    """Return what we log; aiohttp's own access log, off in a running gateway, apart."""
    return "\n".join(record.getMessage() for record in caplog.records if record.name.startswith("bot"))


async def kept(client: TestClient[Any, Any]) -> int:
    async with client.app[BOX].store.engine.connect() as connection:
        return int((await connection.execute(sa.select(sa.func.count()).select_from(INBOX))).scalar_one())


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_kept_then_acknowledged(gateway: Any, method: str) -> None:
    """A message is in the database by the time that the provider reads its acknowledgement."""
    response = await gateway.request(method, "/sms/fake", params=GOOD)
    assert (response.status, await response.text()) == (200, "ACK")
    assert await kept(gateway) == 1
    assert (await gateway.request(method, "/sms/fake", params=GOOD)).status == 200  # repeated: acknowledged, not kept
    assert await kept(gateway) == 1


@pytest.mark.parametrize(
    ("params", "status"),
    [
        ({**GOOD, "secret": "wrong"}, 403),
        ({**GOOD, "secret": ""}, 403),
        ({"secret": "s3cret", "text": "bonjour"}, 400),
        ({"secret": "s3cret", "receipt": "delivered", "reference": "unknown"}, 200),
        ({**GOOD, "from": "CAF"}, 200),
        ({**GOOD, "text": ""}, 200),
        ({**GOOD, "bug": "1", "text": "Zanzibar"}, 503),
    ],
)
async def test_what_is_not_an_ordinary_message(
    gateway: Any, params: dict[str, str], status: int, caplog: pytest.LogCaptureFixture
) -> None:
    """Forged: 403. Of no use: 400. A late receipt, a machine, an empty message: acknowledged. Our own fault: 503."""
    with caplog.at_level(logging.INFO):
        assert (await gateway.get("/sms/fake", params=params)).status == status
    assert "Zanzibar" not in logged(caplog)
    if status != 200:
        assert f'status="{status}"' in gateway.app[METRICS].text().decode()
        assert await kept(gateway) == 0


@pytest.mark.parametrize("path", ["/sms/kannel", "/sms/twilio", "/sms/autre", "/sms/FAKE", "/sms/"])
async def test_another_provider(gateway: Any, path: str) -> None:
    """A provider that is not ours is not found, whatever its secret."""
    assert (await gateway.get(path, params=GOOD)).status == 404


async def test_no_provider(aiohttp_client: Any, settings_for: Callable[..., Settings], clock: Clock) -> None:
    """Without a provider no webhook answers, /health does not speak of SMS, and nothing else changes."""
    client = await aiohttp_client(create_app(settings_for(rasa_port=1, actions_port=1), clock))
    assert (await client.get("/sms/kannel", params=GOOD)).status == 404
    assert "sms" not in (await (await client.get("/health")).json())["parts"]


async def test_health_tells_of_sms(gateway: Any) -> None:
    """With a provider, /health has a part for it; when text messages do not leave, the pages are still said to answer."""

    async def fine() -> State:
        return OK

    gateway.app[HEALTH].probes |= dict.fromkeys(("brain", "actions", "directory"), fine)
    assert (await (await gateway.get("/health")).json())["parts"]["sms"] == "ok"
    gateway.app[SMS].worker.refused_for = "no credit"
    await asyncio.sleep(1.1)
    response = await gateway.get("/health")
    assert response.status == 200
    said = await response.json()
    assert said["status"] == "degraded"
    assert "credit" in said["parts"]["sms"]


async def test_too_long(gateway: Any) -> None:
    """A body over the limit is refused without being read whole."""
    response = await gateway.post("/sms/fake", params=GOOD, data=b"x" * (MAX_BODY + 1))
    assert response.status == 413
    assert await kept(gateway) == 0


async def test_too_slow(gateway: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A body that never ends is given up."""
    monkeypatch.setattr("bot.sms.routes.BODY_TIMEOUT", 0.1)
    reader, writer = await asyncio.open_connection("127.0.0.1", gateway.port)
    writer.write(b"POST /sms/fake?secret=s3cret HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nabc")
    assert b" 408 " in await asyncio.wait_for(reader.readline(), 5)
    writer.close()


async def test_database_locked(gateway: Any, monkeypatch: pytest.MonkeyPatch, provider: FakeProvider) -> None:
    """While another process holds the database, 503; the provider tries again, and the message is kept once."""
    monkeypatch.setattr("bot.sms.service.KEEP_TIMEOUT", 0.3)
    other = Store(str(gateway.app[BOX].store.engine.url))
    async with other.writing():
        response = await gateway.get("/sms/fake", params=GOOD)
        assert response.status == 503
        assert response.headers["Retry-After"]
    await other.close()
    assert (await gateway.get("/sms/fake", params=GOOD)).status == 200
    assert await kept(gateway) == 1


async def test_disk_full(gateway: Any) -> None:
    """When the disk is full, 503, and 200 once there is room; what was kept before is still there."""
    store = gateway.app[BOX].store
    assert (await gateway.get("/sms/fake", params=GOOD)).status == 200
    async with store.engine.connect() as connection:
        pages = (await connection.exec_driver_sql("PRAGMA page_count")).scalar_one()

    def limit(connection: Any, record: Any, proxy: Any) -> None:
        connection.execute(f"PRAGMA max_page_count={pages}")

    sa.event.listen(store.engine.sync_engine, "checkout", limit)
    statuses = []
    for number in range(200):
        response = await gateway.get(
            "/sms/fake", params={**GOOD, "id": f"full-{number}", "text": "plein " * 300 + str(number)}
        )
        statuses.append(response.status)
        if response.status == 503:
            break
    assert statuses[-1] == 503
    sa.event.remove(store.engine.sync_engine, "checkout", limit)

    def lift(connection: Any, record: Any, proxy: Any) -> None:
        connection.execute("PRAGMA max_page_count=1000000")

    sa.event.listen(store.engine.sync_engine, "checkout", lift)
    again = await gateway.get("/sms/fake", params={**GOOD, "id": "after", "text": "de la place"})
    assert again.status == 200
    assert await kept(gateway) == len(statuses) + 1


async def test_a_provider_that_hangs_up(gateway: Any, provider: FakeProvider) -> None:
    """A provider that hangs up before our acknowledgement tries again: kept once."""
    with socket.create_connection(("127.0.0.1", gateway.port)) as raw:
        raw.sendall(b"GET /sms/fake?secret=s3cret&from=%2B33612345678&text=bonjour&id=1 HTTP/1.1\r\nHost: x\r\n\r\n")
    for _ in range(50):
        if await kept(gateway):
            break
        await asyncio.sleep(0.05)
    assert (await gateway.get("/sms/fake", params=GOOD)).status == 200
    assert await kept(gateway) <= 1


async def test_nothing_in_the_log(gateway: Any, caplog: pytest.LogCaptureFixture) -> None:
    """Neither a number nor a text is logged, in and out, in failure too."""
    with caplog.at_level(logging.INFO):
        await gateway.get("/sms/fake", params={**GOOD, "text": "mon mari me frappe Zanzibar"})
        for _ in range(50):
            if gateway.app[SMS].provider.accepted:
                break
            await asyncio.sleep(0.05)
    assert gateway.app[SMS].provider.accepted
    assert "Zanzibar" not in logged(caplog)
    assert "612345678" not in logged(caplog)
    metrics = gateway.app[METRICS].text().decode()
    assert "assistant_sms_received_total" in metrics
    assert "612345678" not in metrics


@pytest.mark.live
async def test_a_whole_conversation(
    aiohttp_client: Any, settings_for: Callable[..., Settings], clock: Clock, provider: FakeProvider, brain: LiveBrain
) -> None:
    """Through the webhook and the real Rasa: a question, its follow-up by number, a danger, SUITE, STOP, OUBLI; no trace left."""
    settings = settings_for(rasa_port=brain.rasa_port, actions_port=brain.actions_port, sms_pace=1000)
    client = await aiohttp_client(create_app(settings, clock, provider))
    numbers = iter(range(100))

    async def say(text: str) -> str:
        before = len(provider.accepted)
        params = {**GOOD, "text": text, "id": str(next(numbers))}
        assert (await client.get("/sms/fake", params=params)).status == 200
        for _ in range(200):
            depths = await client.app[BOX].depths()
            if not depths.inbox and not depths.outbox:
                break
            await asyncio.sleep(0.05)
        clock.now += timedelta(seconds=60)
        return " | ".join(message.text for message in provider.accepted[before:])

    first = await say("c combien le rsa pr 1 pers seule")
    assert "651,69 EUR" in first
    assert "STOP" in first
    assert re.search(r"\b1 \w.*\b2 \w", first)  # choices, by number
    assert await say("1") not in {"", first}
    assert "114" in (await say("mon mari me frappe")).split(" | ")[0]
    places = await say("ou trouver une pmi a beziers")
    assert "04" in places
    assert await say("suite") not in {"", places}
    assert "REPRENDRE" in await say("arret")
    assert await say("bonjour") == ""
    assert "3919" in await say("mon mari me frappe encore")
    assert "effacé" in await say("oubli")
    assert await say("bonjour") == ""  # STOP outlives OUBLI
    assert all(septets(message.text) <= 160 for message in provider.accepted)
    assert provider.doubles() == {}
    person = client.app[BOX].sealer.person(MARIE)
    with contextlib.closing(sqlite3.connect(brain.folder / "tracker.sqlite")) as tracker:
        assert tracker.execute("select count(*) from events where sender_id = ?", (person,)).fetchone() == (0,)
    await client.close()
    for name in ("gateway.sqlite", "gateway.sqlite-wal"):
        path = settings.var_dir / name
        assert not path.exists() or b"frappe" not in path.read_bytes()
