"""A conversation longer than the page shows, in a real Chromium: the last turns, and all of it in the file."""

import json

import pytest
import sqlalchemy as sa
from playwright.async_api import Browser, expect

from bot.store import TURNS
from bot.web.chatform import SHOWN
from bot.web.keys import CONVERSATIONS
from tests.browser.conftest import ask, assert_accessible, visit
from tests.conftest import MakeClient

pytestmark = pytest.mark.browser


async def test_a_long_conversation(browser: Browser, make_client: MakeClient) -> None:
    """Reopened in its tab: the last turns, a sentence for the others, and both buttons give the whole file."""
    client = await make_client(rasa_port=1, actions_port=1)
    page = await visit(browser, client)
    await ask(page, "bonjour")
    token = await page.evaluate("sessionStorage.getItem('assistant-conversation')")
    conversations = client.app[CONVERSATIONS]
    reply = json.dumps({"intent": "rsa_montant", "messages": [{"text": "Voici une réponse."}]})
    rows = [
        {"sender": conversations.tokens.sender(token), "asked": f"message {n}.", "reply": reply, "at": float(n)}
        for n in range(SHOWN * 2)
    ]
    async with conversations.store.engine.begin() as connection:
        await connection.execute(sa.insert(TURNS), rows)
    await page.reload()
    await expect(page.locator("#log > .you")).to_have_count(SHOWN)
    await expect(page.locator("#log > .earlier")).to_contain_text(f"Seuls vos {SHOWN} derniers messages")
    await assert_accessible(page)
    for name in ("Télécharger toute la conversation", "Télécharger la conversation"):
        async with page.expect_download() as download:
            await page.get_by_role("button", name=name, exact=True).click()
        path = await (await download.value).path()
        assert path.read_text(encoding="utf-8").count("Vous : ") == SHOWN * 2 + 1
    await expect(page.locator("#log > .you")).to_have_count(SHOWN)
