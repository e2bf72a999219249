"""One conversation of 2,000 turns: read, shown, downloaded and erased like another."""

import json
import re
from html import unescape
from typing import Any

import pytest
import sqlalchemy as sa

from bot.store import TURNS, StoreError
from bot.web.chatform import SHOWN
from bot.web.keys import CONVERSATIONS
from tests.conftest import Client, MakeClient

TURNS_KEPT = 2000


@pytest.fixture
async def client(make_client: MakeClient) -> Client:
    return await make_client(rasa_port=1, actions_port=1)


async def begun(client: Client, more: int) -> str:
    """Return the token of a conversation with one turn, and `more` of them written beside it."""
    token = str((await (await client.post("/api/messages", json={"text": "bonjour"})).json())["conversation"])
    conversations = client.app[CONVERSATIONS]
    reply = json.dumps({"intent": "rsa_montant", "messages": [{"text": "Voici une réponse. " * 20}]})
    rows = [
        {"sender": conversations.tokens.sender(token), "asked": f"message {n}.", "reply": reply, "at": float(n)}
        for n in range(more)
    ]
    if rows:
        async with conversations.store.engine.begin() as connection:
            await connection.execute(sa.insert(TURNS), rows)
    return token


async def form(client: Client, path: str = "/") -> dict[str, str]:
    page = await (await client.get(path)).text()
    return {name: unescape(value) for name, value in re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page)}


async def test_two_thousand_turns(client: Client) -> None:
    """The page shows the last ones and says where the others are; the API and the file give them all; erasing takes all."""
    token = await begun(client, TURNS_KEPT - 1)
    headers = {"Authorization": f"Bearer {token}"}
    data = {**await form(client), "conversation": token}
    for response in (
        await client.get("/historique", headers=headers),
        await client.post("/", data={**data, "affichage": "1"}),
        await client.post("/atelier", data={**await form(client, "/atelier"), "conversation": token, "affichage": "1"}),
    ):
        assert response.status == 200
        page = await response.text()
        assert page.count('<li class="you">') == SHOWN
        assert f"Seuls vos {SHOWN} derniers messages" in page
        assert 'formaction="/conversation.txt"' in page
        assert "message 1998." in page
        assert "message 1000." not in page
    assert len((await (await client.get("/api/conversation", headers=headers)).json())["turns"]) == TURNS_KEPT
    written = await (await client.post("/conversation.txt", data=data)).text()
    assert written.count("Vous : ") == TURNS_KEPT
    assert (await client.post("/api/messages", json={"text": "encore", "conversation": token})).status == 200
    store = client.app[CONVERSATIONS].store
    assert await store.erase(client.app[CONVERSATIONS].tokens.sender(token), 1.0)
    assert (await client.get("/api/conversation", headers=headers)).status == 401


@pytest.mark.parametrize(("more", "cut"), [(0, False), (SHOWN - 1, False), (SHOWN, True)])
async def test_where_the_page_begins_to_cut(client: Client, more: int, cut: bool) -> None:
    """Up to the limit everything is there and nothing is said; the first turn beyond it is told."""
    token = await begun(client, more)
    page = await (await client.get("/historique", headers={"Authorization": f"Bearer {token}"})).text()
    assert page.count('<li class="you">') == min(more + 1, SHOWN)
    assert ('class="earlier"' in page) == cut


@pytest.mark.parametrize("path", ["/", "/atelier"])
async def test_an_answer_is_shown_when_the_rest_cannot_be_read(
    client: Client, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    """Without JavaScript, the database gone between the answer and the page: the answer is on the page, with its token."""
    data = {**await form(client, path), "text": "mon mari me frappe"}

    async def away(*args: Any) -> None:
        raise StoreError("away")

    monkeypatch.setattr("bot.store.Store.turns", away)
    response = await client.post(path, data=data)
    page = await response.text()
    assert response.status == 200
    assert "mon mari me frappe" in page
    assert "tel:17" in page
    assert re.search(r'name="conversation" value="[^"]{20,}"', page)
