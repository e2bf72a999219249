"""Tests for bot.metrics: what the gateway counts of danger, and that it keeps nothing of the words."""

import logging

import pytest

from bot.web.keys import METRICS
from tests.conftest import MakeClient
from tests.live import free_port


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
