"""Tests for the chat page in a real Chromium: with the script, without it, from the keyboard, and as axe-core sees it."""

from typing import Any

import pytest
from playwright.async_api import Browser, expect

from tests.browser.conftest import ask, assert_accessible, heard, listen, visit
from tests.conftest import Client

pytestmark = [pytest.mark.live, pytest.mark.browser]


@pytest.mark.parametrize("width", [320, 1100])
@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_accessible_in_every_state(browser: Browser, client: Client, width: int, scheme: Any) -> None:
    """No violation on the empty page, with choices, places and an urgent answer; nothing overflows at 320 px."""
    page = await visit(browser, client, width, color_scheme=scheme)
    await assert_accessible(page)
    await ask(page, "combien de rsa pour un couple")
    await ask(page, "une france services à Olargues")
    await expect(page.locator(".places li")).to_have_count(3)
    await ask(page, "mon mari me frappe")
    await assert_accessible(page)
    assert await page.evaluate("document.documentElement.scrollWidth") <= width


async def test_answer_is_announced_and_focus_stays(browser: Browser, client: Client) -> None:
    """A new answer is put in the live region, which is not the transcript, and the focus does not move."""
    page = await visit(browser, client)
    await listen(page)
    await ask(page, "combien de rsa pour un couple")
    said = await heard(page)
    assert any("977,54" in words for words in said)
    assert any("3 choix" in words for words in said)
    assert await page.evaluate("document.activeElement.id") == "text"
    assert await page.locator("#log[aria-live], #log[role=log]").count() == 0


async def test_choice_from_the_keyboard(browser: Browser, client: Client) -> None:
    """Choices are reached and pressed from the keyboard, then stay readable but off."""
    page = await visit(browser, client)
    await ask(page, "combien de rsa pour un couple")
    choice = page.get_by_role("button", name="Demander le RSA")
    await choice.focus()
    await page.keyboard.press("Enter")
    await expect(page.locator("#log > .you")).to_have_count(2)
    assert await page.locator(".choices button.chosen").first.get_attribute("aria-disabled") == "true"
    await page.locator(".choices button.chosen").first.press("Enter")
    await page.wait_for_timeout(300)
    await expect(page.locator("#log > .you")).to_have_count(2)


async def test_history_stays_in_its_tab(browser: Browser, client: Client) -> None:
    """Reloaded, the tab shows the conversation again; another tab does not; erased, nothing comes back."""
    page = await visit(browser, client)
    await ask(page, "combien de rsa pour un couple")
    await page.reload()
    await expect(page.locator("#log > .you")).to_have_count(1)
    other = await page.context.new_page()
    await other.goto(str(client.make_url("/")))
    await expect(other.locator("#log > .you")).to_have_count(0)
    await page.get_by_role("button", name="Effacer la conversation").click()
    await expect(page.locator("#log > .you")).to_have_count(2)
    await page.reload()
    await expect(page.locator("#log > .you")).to_have_count(0)


async def test_network_failure_keeps_the_message(browser: Browser, client: Client) -> None:
    """When the line is cut, it is said, the message stays, and sending again answers it once."""
    page = await visit(browser, client)
    await page.context.set_offline(True)
    await page.get_by_label("Votre question").fill("combien de rsa pour un couple")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("alert")).to_contain_text("Il est toujours là")
    assert await page.get_by_label("Votre question").input_value() == "combien de rsa pour un couple"
    await page.context.set_offline(False)
    await page.keyboard.press("Enter")
    await expect(page.locator("#log > .you")).to_have_count(1)


async def test_without_javascript(browser: Browser, client: Client) -> None:
    """Without the script, the form does the whole conversation, choices included."""
    page = await visit(browser, client, 320, java_script_enabled=False)
    await page.get_by_label("Votre question").fill("combien de rsa pour un couple")
    await page.get_by_role("button", name="Envoyer").click()
    await expect(page.locator("#log > .you")).to_have_count(1)
    await page.get_by_role("button", name="Demander le RSA").click()
    await expect(page.locator("#log > .you")).to_have_count(2)
    await expect(page.locator("#log > .assistant").last).to_contain_text("caf.fr")
