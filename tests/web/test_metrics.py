"""Tests for bot.watching.metrics: what the gateway counts, that it keeps nothing of the words, and that it does not grow with what is sent."""

import logging
import random
import re
import urllib.request
from collections.abc import AsyncIterator, Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from prometheus_client.parser import text_string_to_metric_families

from bot import check
from bot.answers import LiveBook
from bot.answers.expiry import Due
from bot.gateway import create_app
from bot.paths import ROOT
from bot.rasa import BrainError
from bot.settings import Settings
from bot.watching import timing
from bot.watching.content_age import ContentCollector
from bot.watching.metrics import Metrics
from bot.watching.version import VERSION
from bot.web.keys import CONVERSATIONS, METRICS
from bot.web.server import Runner
from tests.clock import Clock
from tests.conftest import Client, MakeClient
from tests.live import free_port
from tests.sms.harness import PAUL, Bench


def samples(written: bytes) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    """Return what Prometheus reads: value by name and labels."""
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(written.decode())
        for sample in family.samples
    }


def value(written: bytes, name: str, **labels: str) -> float:
    """Return the sum of the samples of that name that have these labels."""
    return sum(
        number
        for (found, held), number in samples(written).items()
        if found == name and labels.items() <= dict(held).items()
    )


def metrics_of(client: Client) -> Metrics:
    assert client.app is not None
    return client.app[METRICS]


class Said:
    """A brain that says what a test wants."""

    def __init__(self, turn: Callable[[], dict[str, Any]]) -> None:
        self._turn = turn

    async def turn(self, sender: str, text: str, intent: str | None, *more: Any) -> dict[str, Any]:
        return self._turn()


def decided(answer: str, **more: Any) -> dict[str, Any]:
    """Return a turn of Rasa that says one answer."""
    return {"intent": answer, "slots": {}, "entities": [], "messages": [{"answer": answer}], **more}


@pytest.fixture
async def client(make_client: MakeClient) -> AsyncIterator[Client]:
    """A gateway whose Rasa a test replaces."""
    yield await make_client(rasa_port=free_port(), actions_port=free_port())


def with_brain(client: Client, turn: Callable[[], dict[str, Any]]) -> None:
    assert client.app is not None
    client.app[CONVERSATIONS].assistant.brain = Said(turn)  # type: ignore[assignment]


async def test_danger_is_counted_by_kind_and_never_quoted(
    make_client: MakeClient, caplog: pytest.LogCaptureFixture
) -> None:
    """A turn taken as danger adds one to its kind, even without Rasa; neither counters nor logs hold a word of it."""
    caplog.set_level(logging.DEBUG)
    client = await make_client(rasa_port=free_port())
    for text in ("mon mari me frappe à Capestang", "combien de rsa"):
        response = await client.post("/api/messages", json={"text": text})
        assert response.status == 200
    assert client.app is not None
    counted = client.app[METRICS].text().decode()
    assert 'assistant_urgent_total{kind="violences_conjugales"} 1.0' in counted
    assert counted.count("assistant_urgent_total{") == 1
    ours = [record.getMessage() for record in caplog.records if record.name.startswith(("bot", "aiohttp"))]
    assert not [line for line in [*ours, counted] if "Capestang" in line or "frappe" in line]


async def test_turns_by_intent_and_channel(client: Client) -> None:
    """Each turn is counted where it was held, with its time; what was not understood is counted by the sentence that says so."""
    with_brain(client, lambda: decided("rsa_montant"))
    for _ in range(3):
        await client.post("/api/messages", json={"text": "combien de rsa"})
    with_brain(client, lambda: decided("incompris"))
    await client.post("/api/messages", json={"text": "blabla"})
    written = metrics_of(client).text()
    assert value(written, "assistant_turns_total", intent="rsa_montant", channel="web") == 3
    assert value(written, "assistant_turns_total") == 4
    assert value(written, "assistant_not_understood_total", kind="incompris", channel="web") == 1
    assert value(written, "assistant_not_understood_total") == 1
    assert value(written, "assistant_turn_seconds_count", channel="web") == 4
    assert value(written, "assistant_turns_in_progress") == 0


async def test_where_the_time_goes(client: Client) -> None:
    """Every stage of a turn is timed, and together they are no longer than the whole."""
    with_brain(client, lambda: decided("rsa_montant"))
    await client.post("/api/messages", json={"text": "combien de rsa"})
    written = metrics_of(client).text()
    for stage in timing.STAGES:
        assert value(written, "assistant_stage_seconds_count", stage=stage) == 1, stage
    assert 0 < value(written, "assistant_stage_seconds_sum") <= value(written, "assistant_turn_seconds_sum")


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ("TimeoutError", "timeout"),
        ("late", "timeout"),
        ("ServerTimeoutError", "timeout"),
        ("ClientConnectorError", "unreachable"),
        ("ServerDisconnectedError", "unreachable"),
        ("no address", "unreachable"),
        ("status 503", "error"),
        ("malformed reply", "malformed"),
        ("reply too large", "malformed"),
        ("JSONDecodeError", "malformed"),
        ("empty turn", "empty"),
        ("TooManyRedirects", "other"),
        ("", "other"),
    ],
)
async def test_turns_without_the_brain(client: Client, said: str, reason: str) -> None:
    """An honest sentence in the place of an answer is counted by why, in a fixed list of reasons."""

    def fail() -> dict[str, Any]:
        raise BrainError(said)

    with_brain(client, fail)
    assert (await client.post("/api/messages", json={"text": "combien de rsa"})).status == 200
    written = metrics_of(client).text()
    assert value(written, "assistant_degraded_total", reason=reason, channel="web") == 1
    assert value(written, "assistant_degraded_total") == 1


async def test_a_fault_of_ours(client: Client) -> None:
    """A turn that ends in an exception is counted as such, and is no longer under way; a forged token is no fault."""

    def fail() -> dict[str, Any]:
        raise RuntimeError("ours")

    with_brain(client, fail)
    assert (await client.post("/api/messages", json={"text": "combien de rsa"})).status == 503
    assert (await client.post("/api/messages", json={"text": "rsa", "conversation": "forged"})).status == 401
    written = metrics_of(client).text()
    assert value(written, "assistant_failed_total") == value(written, "assistant_failed_total", channel="web") == 1
    assert value(written, "assistant_turns_in_progress") == 0
    assert value(written, "assistant_turns_total") == 0
    assert value(written, "assistant_refused_total", code="panne") == 1
    assert value(written, "assistant_refused_total", code="jeton") == 1


async def test_turns_by_text_message(tmp_path: Path) -> None:
    """They are counted with the others; a try that Rasa fails is counted as one, and its turn once it is answered."""
    metrics = Metrics(answers=lambda: LiveBook().book.answers)
    bench = Bench(tmp_path)
    bench.metrics = metrics.sms
    sms = await bench.start()
    try:
        assert await bench.says(sms, "combien de rsa")
        bench.brain.down = True
        await bench.receive(sms, "combien de rsa pour un couple")
        await bench.turn(sms)
        bench.brain.down = False
        await bench.work(sms)
        bench.brain.down = True
        assert await bench.says(sms, "mon mari me frappe", sender=PAUL)
    finally:
        await bench.close()
    written = metrics.text()
    assert value(written, "assistant_turns_total", channel="sms") == value(written, "assistant_turns_total") == 3
    assert value(written, "assistant_degraded_total", reason="error", channel="sms") == 2
    assert value(written, "assistant_urgent_total", kind="violences_conjugales") == 1
    assert value(written, "assistant_turn_seconds_count", channel="sms") == 3


async def test_labels_do_not_grow_with_what_is_sent(client: Client) -> None:
    """A thousand hostile requests, and a Rasa gone mad, add no more series than a dozen; none holds a word of theirs."""
    drawn = random.Random(7)
    words = [f"zorg{number}" for number in range(300)]

    def mad() -> dict[str, Any]:
        word = drawn.choice(words)
        entities = [{"entity": word, "value": word}]
        return decided("incompris", intent=word, candidates=[word], second=word, entities=entities, slots={word: word})

    with_brain(client, mad)
    await client.post("/api/messages", json={"text": "bonjour"})
    await client.get("/health")
    before = samples(metrics_of(client).text())
    for number, word in enumerate(words):
        await client.post("/api/messages", json={"text": f"{word} {number}", "id": word * 5, "variant": "simple"})
        await client.post("/api/messages", json={"text": word, "conversation": word})
        await client.post("/api/messages", data=f'{{"{word}"', headers={"X-Request-ID": word, word: word})
        await client.request(drawn.choice(["GET", "PUT", "PATCH", "DELETE"]), f"/{word}/{number}?{word}={word}")
        await client.post("/avis", data={"answer": word, "helped": word, "aide": word})
    after = metrics_of(client).text()
    assert len(samples(after)) - len(before) <= 12
    assert "zorg" not in after.decode()
    assert value(after, "assistant_turns_total", intent="other") > 250


@pytest.mark.parametrize("ahead", [0, 40, 110, 130, 400, 900])
def test_what_expires_is_what_make_check_finds(ahead: int) -> None:
    """The counts are those of `make check` on the same day: expired, and within 60 days."""
    today = Clock()().date() + timedelta(days=ahead)
    clock = Clock()
    clock.now = clock.now + timedelta(days=ahead)
    metrics = Metrics(more=(ContentCollector(LiveBook(), clock),)).text()
    _, expired, soon = check.problems(today)
    assert value(metrics, "assistant_content_expiring", within="expired") == len(expired)
    ahead_of_end = value(metrics, "assistant_content_expiring", within="60") + value(
        metrics, "assistant_content_expiring", within="14"
    )
    lists = value(metrics, "assistant_content_expiring", kind="checklist") - value(
        metrics, "assistant_content_expiring", kind="checklist", within="expired"
    )
    assert ahead_of_end - lists == len(soon)


@pytest.mark.parametrize(
    ("last", "valid", "near"),
    [
        (date(2026, 11, 22), False, "expired"),
        (date(2026, 11, 23), True, "14"),
        (date(2026, 12, 7), True, "14"),
        (date(2026, 12, 8), True, "60"),
        (date(2027, 1, 22), True, "60"),
        (date(2027, 1, 23), True, None),
        (None, True, None),
        (None, False, "expired"),
    ],
)
def test_how_near_the_end_is(last: date | None, valid: bool, near: str | None) -> None:
    """The last day counts: on it, the thing may still be said."""
    assert Due("figure", "x", last, valid).nearness(date(2026, 11, 23)) == near


def test_the_next_end_is_told() -> None:
    """The date of the next one to expire, by kind, in the future of the clock."""
    clock = Clock()
    written = Metrics(more=(ContentCollector(LiveBook(), clock),)).text()
    for kind in ("answer", "figure", "checklist"):
        assert value(written, "assistant_content_next_expiry_timestamp_seconds", kind=kind) >= clock().timestamp()


def test_the_version_is_that_of_the_project() -> None:
    """What is told is what pyproject.toml says."""
    assert f'version = "{VERSION}"' in (ROOT / "pyproject.toml").read_text(encoding="utf-8")


async def test_the_private_port(
    settings_for: Callable[..., Settings], unused_tcp_port_factory: Callable[[], int]
) -> None:
    """/metrics is given on METRICS_HOST:METRICS_PORT only, with the parts' states, the process and the build, and asks each time."""
    port, private = unused_tcp_port_factory(), unused_tcp_port_factory()
    settings = settings_for(
        rasa_port=free_port(), actions_port=free_port(), metrics_port=private, metrics_host="127.0.0.2"
    )
    runner = Runner(create_app(settings, Clock()))
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", port).start()
        import asyncio

        def get(address: str) -> tuple[bytes, str]:
            with urllib.request.urlopen(address, timeout=10) as response:
                return response.read(), response.headers["Content-Type"]

        written, kind = await asyncio.to_thread(get, f"http://127.0.0.2:{private}/metrics")
        assert kind.startswith("text/plain; version=")
        with pytest.raises(OSError, match=r"refused"):
            await asyncio.to_thread(get, f"http://127.0.0.1:{private}/metrics")
        with pytest.raises(OSError, match=r"404"):
            await asyncio.to_thread(get, f"http://127.0.0.1:{port}/metrics")
    finally:
        await runner.cleanup()
    assert value(written, "assistant_part_state", part="brain") == 2
    assert value(written, "assistant_part_state", part="store") == 0
    assert value(written, "assistant_rasa_members", state="down") == 1
    assert value(written, "assistant_disk_free_bytes") > 0
    assert value(written, "process_resident_memory_bytes") > 1e7
    assert value(written, "process_open_fds") > 3
    assert re.search(r'assistant_build_info\{[^}]*version="\d+\.\d+\.\d+"', written.decode())
