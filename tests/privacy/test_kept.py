"""Tests for redaction in the whole: what a person tells of herself reaches neither Rasa, nor a store, nor the page again."""

from typing import Any

import pytest

from tests.conftest import Client
from tests.live import LiveBrain

pytestmark = pytest.mark.live


async def say(client: Client, text: str, **fields: Any) -> dict[str, Any]:
    """Post one message, which must be answered."""
    response = await client.post("/api/messages", json={"text": text, **fields})
    body: dict[str, Any] = await response.json()
    assert response.status == 200, body
    return body


async def test_kept_without_personal_data(client: Client, brain: LiveBrain) -> None:
    """The question is answered, the rest is taken out before it is kept, and the person is told."""
    reply = await say(client, "mon num secu 2 85 05 34 172 123 45, combien de rsa pour un couple")
    assert reply["intent"] == "rsa_montant"
    assert "numéro de sécurité sociale" in reply["messages"][-1]["text"]
    token = {"Authorization": f"Bearer {reply['conversation']}"}
    kept = await (await client.get("/api/conversation", headers=token)).json()
    assert kept["turns"][0]["text"] == "mon num secu [numéro de sécurité sociale], combien de rsa pour un couple"
    stored = b"".join(path.read_bytes() for path in brain.folder.glob("tracker.sqlite*"))
    assert b"172 123 45" not in stored


async def test_disguised_digits_are_read(client: Client) -> None:
    """Full-width digits and invisible signs hide nothing."""
    reply = await say(client, "rappelez moi au ０６ ３９ ９８ １２\u200b ３４ pour le rsa")
    token = {"Authorization": f"Bearer {reply['conversation']}"}
    kept = await (await client.get("/api/conversation", headers=token)).json()
    assert kept["turns"][0]["text"] == "rappelez moi au [téléphone] pour le rsa"


async def test_nothing_else_was_said(client: Client) -> None:
    """A number alone gets an explanation, not "I cannot read that"."""
    reply = await say(client, "06 39 98 12 34")
    (message,) = reply["messages"]
    assert message["text"].startswith("J'ai retiré de votre message : téléphone")


async def test_danger_is_answered_alone(client: Client) -> None:
    """In danger, the number to call is all that is said; the name that was given is not kept."""
    reply = await say(client, "mon mari Enzo Lopez me frappe, mon tel 06 39 98 12 34")
    assert [message["urgent"] for message in reply["messages"]] == [True]


async def test_a_commune_and_a_service_number_stay(client: Client) -> None:
    """What the answer needs is still read."""
    reply = await say(client, "j'habite 12 rue des Lilas 34500 Béziers, où faire peser mon bébé")
    assert reply["commune"] == {"insee": "34032", "name": "Béziers"}
