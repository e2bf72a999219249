"""Tests for the chat page in a real Chromium: what is seen and heard, from the keyboard, without a script, as axe-core sees it."""

import asyncio
from typing import Any

import pytest
from playwright.async_api import Browser, Route, expect

from tests.browser.conftest import ask, assert_accessible, heard, listen, visit
from tests.conftest import Client

pytestmark = [pytest.mark.live, pytest.mark.browser]


@pytest.mark.parametrize("width", [320, 1280])
@pytest.mark.parametrize(
    "look", [{"color_scheme": "light"}, {"color_scheme": "dark"}, {"forced_colors": "active"}], ids=lambda one: "-".join(one.values())
)  # fmt: skip
async def test_accessible_in_every_state(browser: Browser, client: Client, width: int, look: dict[str, Any]) -> None:
    """No violation when empty, with choices, places, danger, an error, offline, every control open; nothing overflows."""
    page = await visit(browser, client, width, **look)
    await assert_accessible(page)
    await ask(page, "combien de rsa pour un couple")
    await ask(page, "une france services à Olargues")
    await expect(page.locator(".places > li")).to_have_count(3)
    await page.locator(".helped").last.get_by_role("button", name="Non").click()
    await expect(page.locator(".thanks")).to_contain_text("Merci")
    await ask(page, "mon mari me frappe")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("alert")).to_contain_text("vide")
    await assert_accessible(page)
    await page.context.set_offline(True)
    await page.get_by_text("Affichage").click()
    await page.get_by_label("Fort").check()
    await page.get_by_label("Très grande").check()
    await page.get_by_text("Sources, vérifiées").first.click()
    await expect(page.get_by_text("Vous êtes hors ligne")).to_be_visible()
    await assert_accessible(page)
    assert await page.evaluate("document.documentElement.scrollWidth") <= width


async def test_targets_are_big_enough(browser: Browser, client: Client) -> None:
    """Every button, field and link that stands alone is at least 44 px high and wide, on a phone of 320 px."""
    page = await visit(browser, client, 320)
    await ask(page, "combien de rsa pour un couple")
    await ask(page, "une france services à Olargues")
    await ask(page, "mon mari me frappe")
    await page.get_by_text("Affichage").click()
    small = await page.evaluate(
        """[...document.querySelectorAll('button, summary, .way, .call, .links a, textarea, .display label, footer li a')]
        .filter(one => one.checkVisibility()).map(one => [one.textContent.trim(), one.getBoundingClientRect()])
        .filter(([, box]) => box.height < 43.5 || box.width < 43.5).map(([words, box]) => `${words} ${box.width}×${box.height}`)"""
    )
    assert small == []


async def test_text_at_twice_its_size(browser: Browser, client: Client) -> None:
    """At 400 % zoom of a 1280 px window, in very large text, nothing is cut and the box to write in hides nothing."""
    page = await visit(browser, client, 320)
    await page.set_viewport_size({"width": 320, "height": 256})
    await page.get_by_text("Affichage").click()
    await page.get_by_label("Très grande").check()
    await ask(page, "une france services à Olargues")
    assert await page.evaluate("document.documentElement.scrollWidth") <= 320
    assert await page.locator("#compose").evaluate("one => getComputedStyle(one).position") == "static"


async def test_answer_is_announced_and_focus_stays(browser: Browser, client: Client) -> None:
    """A new answer is put in the live region, which is not the transcript, and the focus does not move."""
    page = await visit(browser, client)
    await listen(page)
    await ask(page, "combien de rsa pour un couple")
    said = await heard(page)
    assert any("977,54" in words for words in said)
    assert any("3 choix" in words and "Maj+Tab" in words for words in said)
    assert not any("https://" in words for words in said)
    assert await page.evaluate("document.activeElement.id") == "text"
    assert await page.locator("#log[aria-live], #log[role=log]").count() == 0


async def test_same_answer_is_said_again(browser: Browser, client: Client) -> None:
    """An answer word for word the same is put in the live region again, as another text, and all is taken out at once."""
    page = await visit(browser, client)
    await listen(page)
    await ask(page, "merci beaucoup")
    await ask(page, "merci beaucoup")
    said = [words for words in await heard(page) if "Avec plaisir" in words]
    assert len(said) == 2
    await expect(page.locator("#live > *")).to_have_count(0)
    assert await page.locator("#live").get_attribute("aria-atomic") == "false"


async def test_waiting_is_said_once(browser: Browser, client: Client) -> None:
    """A slow answer is announced as being prepared, once, before it; a second Enter meanwhile sends nothing."""
    page = await visit(browser, client)
    await listen(page)

    async def slowly(route: Route) -> None:
        await asyncio.sleep(2.2)
        await route.continue_()

    await page.route(lambda url: url.endswith("/"), slowly)
    await page.get_by_label("Votre question").fill("combien de rsa pour un couple")
    await page.get_by_role("button", name="Envoyer").dblclick()
    await page.keyboard.press("Enter")
    await expect(page.locator(".waiting")).to_be_visible()
    await expect(page.locator("#log > .you:not(.pending)")).to_have_count(1)
    said = await heard(page)
    assert said.count("L'assistant prépare sa réponse.") == 1
    assert said.index("L'assistant prépare sa réponse.") < next(i for i, words in enumerate(said) if "977,54" in words)
    await page.wait_for_timeout(300)
    await expect(page.locator("#log > .you")).to_have_count(1)


async def test_scrolled_up(browser: Browser, client: Client) -> None:
    """Who scrolled up while waiting stays there, and is offered the answer; pressed, the focus goes to it."""
    page = await visit(browser, client, reduced_motion="reduce")
    await ask(page, "combien de rsa pour un couple")
    await ask(page, "une france services à Olargues")

    async def slowly(route: Route) -> None:
        await asyncio.sleep(0.6)
        await route.continue_()

    await page.route(lambda url: url.endswith("/"), slowly)
    await page.get_by_label("Votre question").fill("comment demander le rsa")
    await page.keyboard.press("Enter")
    await page.mouse.move(600, 200)
    await page.mouse.wheel(0, -5000)
    button = page.get_by_role("button", name="Voir la nouvelle réponse")
    await expect(button).to_be_visible()
    assert await page.evaluate("scrollY") < 50
    await button.click()
    await expect(button).to_be_hidden()
    assert await page.evaluate("document.activeElement === document.querySelector('#log').lastElementChild")
    assert "caf.fr" in await page.evaluate("document.activeElement.textContent")


async def test_choice_from_the_keyboard(browser: Browser, client: Client) -> None:
    """Choices are reached and pressed from the keyboard, then stay readable but off."""
    page = await visit(browser, client)
    await ask(page, "combien de rsa pour un couple")
    choice = page.get_by_role("button", name="Demander le RSA")
    await choice.focus()
    await page.keyboard.press("Enter")
    await expect(page.locator("#log > .you")).to_have_count(2)
    assert await page.locator(".choices button.chosen").first.get_attribute("aria-disabled") == "true"
    assert await page.locator(".choices button.chosen").first.inner_text() == "Demander le RSA (choisi)"
    assert await page.evaluate("document.activeElement.textContent") == "Demander le RSA (choisi)"
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
    await expect(page.locator("#log")).to_contain_text("j'efface")
    await expect(page.locator("#log > .you")).to_have_count(1)
    assert "977" not in await page.locator("#log").inner_text()
    assert await page.evaluate("document.activeElement.id") == "log"
    await page.reload()
    await expect(page.locator("#log > .you")).to_have_count(0)


async def test_without_javascript(browser: Browser, client: Client) -> None:
    """Without the script, the form does the whole conversation, choices included."""
    page = await visit(browser, client, 320, java_script_enabled=False)
    await page.get_by_label("Votre question").fill("combien de rsa pour un couple")
    await page.get_by_role("button", name="Envoyer").click()
    await expect(page.locator("#log > .you")).to_have_count(1)
    await page.get_by_role("button", name="Demander le RSA").click()
    await expect(page.locator("#log > .you")).to_have_count(2)
    await expect(page.locator("#log > .assistant").last).to_contain_text("caf.fr")
