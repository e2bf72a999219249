"""Tests of erasing, with the real Rasa: after each way to ask for it, no byte of any store or log tells of the person."""

import asyncio
import re
import time
from collections.abc import Callable
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from bot.gateway import BOX
from bot.web.keys import CONVERSATIONS
from tests.clock import Clock
from tests.privacy.marks import Marks, left, say, talk
from tests.sms.harness import MARIE, FakeProvider

pytestmark = pytest.mark.live


def fields(html: str) -> dict[str, str]:
    found = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', html))
    return {name: unescape(value) for name, value in found.items()}


async def by_words(site: Any, token: str) -> None:
    assert (await say(site, "effacez mes données", token))["intent"] == "effacer_donnees"


async def by_the_api(site: Any, token: str) -> None:
    response = await site.delete("/api/conversation", headers={"Authorization": f"Bearer {token}"})
    assert response.status == 204


async def by_the_button(site: Any, token: str) -> None:
    form = fields(await (await site.get("/donnees-personnelles")).text())
    response = await site.post("/donnees-personnelles", data={**form, "conversation": token})
    assert 'data-erased="erased"' in await response.text()


async def by_the_workshop(site: Any, token: str) -> None:
    response = await site.post("/atelier/effacer", data={"conversation": token, "oui": "1"})
    assert "C'est effacé" in unescape(await response.text())


@pytest.mark.parametrize("erase", [by_words, by_the_api, by_the_button, by_the_workshop])
async def test_on_the_web(site: Any, everywhere: tuple[Path, ...], marks: Marks, erase: Callable[..., Any]) -> None:
    """Words, API, button, workshop: what was said, and whose it was, is in no file any more."""
    token = await talk(site, marks)
    sender = site.app[CONVERSATIONS].tokens.sender(token)
    before = "\n".join(left(everywhere, (*marks, sender)))
    assert all(
        f"{store}: {marks.normal}" in before.replace("-wal", "") for store in ("tracker.sqlite", "gateway.sqlite")
    )
    assert sender in before
    await erase(site, token)
    assert left(everywhere, (*marks, sender, token)) == []


async def test_the_workshop_forgets_by_itself(
    site: Any, everywhere: tuple[Path, ...], clock: Clock, marks: Marks
) -> None:
    """A conversation begun in the workshop, which nobody came back to: erased at its time, whole."""
    html = await (await site.get("/atelier")).text()
    response = await site.post("/atelier", data={**fields(html), "text": f"comment demander le rsa {marks.normal}"})
    token = fields(await response.text())["conversation"]
    sender = site.app[CONVERSATIONS].tokens.sender(token)
    assert left(everywhere, (*marks, sender))
    clock.now = clock.now.replace(hour=12)
    assert await site.app[CONVERSATIONS].clear_workshop(3600) == 1
    assert left(everywhere, (*marks, sender, token)) == []


async def settled(site: Any) -> None:
    """Wait until no text message waits."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        depths = await site.app[BOX].depths()
        if not depths.inbox and not depths.outbox:
            return
        await asyncio.sleep(0.05)
    raise AssertionError("messages still wait")


@pytest.mark.parametrize("words", ["OUBLI", "effacez mes données"])
async def test_by_text_message(
    site: Any, provider: FakeProvider, everywhere: tuple[Path, ...], clock: Clock, marks: Marks, words: str
) -> None:
    """OUBLI, or the words: nothing said, no number and nothing that leads to it is left, once the last word is sent."""
    for number, text in enumerate((*(f"comment demander le rsa {mark}" for mark in marks), words)):
        if text == words:
            assert any("tracker" in one for one in left(everywhere, marks))
        params = {"secret": "s3cret", "from": MARIE, "text": text, "id": f"x{number}"}
        assert (await site.get("/sms/fake", params=params)).status == 200
        await settled(site)
        clock.now = clock.now.replace(minute=number + 1)
    assert "effac" in provider.texts(MARIE)[-1]
    person = site.app[BOX].sealer.person(MARIE)
    assert left(everywhere, (*marks, person, MARIE, MARIE.removeprefix("+33"))) == []
