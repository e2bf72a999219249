"""The server killed in the middle of an answer, and hasty hands: a real gateway in a process of its own, real signals."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import aiohttp
import pytest
from playwright.async_api import Browser, Page, expect

from bot.paths import ROOT
from tests.live import SECRET, LiveBrain, free_port

pytestmark = [pytest.mark.live, pytest.mark.browser, pytest.mark.long]


class Gateway:
    """A gateway that can be killed and started again on the same port, with the same store."""

    def __init__(self, folder: Path, brain: LiveBrain) -> None:
        self.port = free_port()
        self.address = f"http://127.0.0.1:{self.port}/"
        self._environment = {
            **os.environ, "PORT": str(self.port), "RASA_PORT": str(brain.rasa_port), "ACTIONS_PORT": str(brain.actions_port),
            "METRICS_PORT": "0", "VAR_DIR": str(folder), "BRAIN_SECRET": SECRET, "RATE_LIMIT": "off",
        }  # fmt: skip
        self._process: subprocess.Popen[bytes] | None = None

    def _spawn(self) -> None:
        self._process = subprocess.Popen([sys.executable, "-m", "bot", "gateway"], cwd=ROOT, env=self._environment)

    async def _answers(self) -> bool:
        try:
            async with aiohttp.request("GET", f"{self.address}robots.txt"):
                return True
        except aiohttp.ClientError:
            return False

    async def start(self) -> None:
        """Start, and wait until it answers."""
        self._spawn()
        for _ in range(300):
            if await self._answers():
                return
            await asyncio.sleep(0.1)
        raise TimeoutError

    def kill(self) -> None:
        """End it as a power cut would."""
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()
            self._process = None


@pytest.fixture
def gateway(tmp_path: Path, brain: LiveBrain) -> Iterator[Gateway]:
    """The gateway of one test."""
    made = Gateway(tmp_path, brain)
    yield made
    made.kill()


async def opened(browser: Browser, gateway: Gateway) -> Page:
    """Start the gateway and open its page."""
    await gateway.start()
    context = await browser.new_context(locale="fr-FR")
    page = await context.new_page()
    await page.goto(gateway.address)
    return page


async def kept(page: Page, gateway: Gateway) -> list[str]:
    """Return what the server keeps of the conversation: the questions, in order."""
    token = await page.evaluate("sessionStorage.getItem('assistant-conversation')")
    address, headers = f"{gateway.address}api/conversation", {"Authorization": f"Bearer {token}"}
    async with aiohttp.request("GET", address, headers=headers) as response:
        return [turn["text"] for turn in (await response.json())["turns"]]


async def write(page: Page, words: str) -> None:
    """Type a message and press Enter."""
    await page.get_by_label("Votre question").fill(words)
    await page.keyboard.press("Enter")


@pytest.mark.parametrize("delay", [0.0, 0.02, 0.1])
async def test_killed_in_the_middle_of_an_answer(browser: Browser, gateway: Gateway, delay: float) -> None:
    """Killed while it answers, started again: the message is still there, is sent again by its button, and is kept once."""
    page = await opened(browser, gateway)
    await write(page, "bonjour")
    await expect(page.locator("#log > .you:not(.pending)")).to_have_count(1)
    await write(page, "combien de rsa pour un couple")
    await asyncio.sleep(delay)
    gateway.kill()
    answered = page.locator("#log > .you:not(.pending)").nth(1)
    retry = page.get_by_role("alert").get_by_role("button")
    await expect(answered.or_(retry)).to_be_visible()
    await gateway.start()
    if await retry.is_visible():
        assert await page.get_by_label("Votre question").input_value() == "combien de rsa pour un couple"
        await retry.press("Enter")
    await expect(page.locator("#log > .assistant").last).to_contain_text("977,54")
    await write(page, "merci")
    await expect(page.locator("#log > .you:not(.pending)")).to_have_count(3)
    assert await kept(page, gateway) == ["bonjour", "combien de rsa pour un couple", "merci"]


async def test_hasty_hands(browser: Browser, gateway: Gateway) -> None:
    """Double clicks on a choice, on Envoyer, Enter held down: each message is asked once, and none is lost."""
    page = await opened(browser, gateway)
    await page.get_by_label("Votre question").fill("combien de rsa pour un couple")
    await page.get_by_role("button", name="Envoyer").dblclick()
    await expect(page.locator("#log > .you:not(.pending)")).to_have_count(1)
    await page.get_by_role("button", name="Demander le RSA").dblclick()
    await expect(page.locator("#log > .you:not(.pending)")).to_have_count(2)
    await page.get_by_label("Votre question").fill("merci")
    for _ in range(5):
        await page.keyboard.press("Enter")
    await expect(page.locator("#log > .you:not(.pending)")).to_have_count(3)
    await page.wait_for_timeout(500)
    assert await kept(page, gateway) == ["combien de rsa pour un couple", "Demander le RSA", "merci"]


async def test_hasty_hands_without_javascript(browser: Browser, gateway: Gateway) -> None:
    """Without JavaScript, a double click and a page sent again keep one message."""
    await gateway.start()
    context = await browser.new_context(locale="fr-FR", java_script_enabled=False)
    page = await context.new_page()
    await page.goto(gateway.address)
    await page.get_by_label("Votre question").fill("combien de rsa pour un couple")
    await page.get_by_role("button", name="Envoyer").dblclick(no_wait_after=True)
    await expect(page.locator("#log > .you")).to_have_count(1)
    await page.reload()
    await expect(page.locator("#log > .you")).to_have_count(1)
    await page.get_by_role("button", name="Demander le RSA").dblclick(no_wait_after=True)
    await expect(page.locator("#log > .you")).to_have_count(2)
