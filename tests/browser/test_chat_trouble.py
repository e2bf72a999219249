"""Tests for the chat page when something goes wrong: nothing is lost, nothing is answered twice, and it is said."""

import re
from typing import Any

import pytest
import sqlalchemy as sa
from playwright.async_api import Browser, Page, Route, expect

from bot.store import TURNS
from bot.web.keys import CONVERSATIONS
from tests.browser.conftest import ask, heard, listen, visit
from tests.conftest import Client

pytestmark = [pytest.mark.live, pytest.mark.browser]

_NO_STORAGE = "Object.defineProperty(window, 'sessionStorage', { get() { throw new DOMException('refused', 'SecurityError'); } });"


async def stored(client: Client) -> list[str]:
    """Return what was asked, as the gateway keeps it."""
    assert client.app is not None
    async with client.app[CONVERSATIONS].store.engine.connect() as connection:
        return [row.asked for row in await connection.execute(sa.select(TURNS.c.asked).order_by(TURNS.c.number))]


async def fill(page: Page, text: str) -> None:
    """Type a message and press Enter."""
    await page.get_by_label("Votre question").fill(text)
    await page.keyboard.press("Enter")


async def test_line_cut(browser: Browser, client: Client) -> None:
    """When the line is cut, a banner and an alert say so, the title too, the message stays, and it is answered once."""
    page = await visit(browser, client)
    await listen(page)
    await page.context.set_offline(True)
    await expect(page.locator("#offline[role=status]")).to_contain_text("hors ligne")
    assert (await page.title()).startswith("Hors ligne")
    await fill(page, "combien de rsa pour un couple")
    await expect(page.get_by_role("alert")).to_contain_text("toujours là")
    assert (await page.title()).startswith("Erreur")
    assert await page.get_by_label("Votre question").input_value() == "combien de rsa pour un couple"
    await expect(page.locator(".pending, .waiting")).to_have_count(0)
    await page.context.set_offline(False)
    await expect(page.locator("#offline")).to_be_empty()
    assert "La connexion est revenue." in await heard(page)
    await page.get_by_role("button", name="Réessayer").click()
    await expect(page.locator("#log > .you:not(.pending)")).to_have_count(1)
    assert not (await page.title()).startswith("Erreur")
    assert await page.get_by_label("Votre question").input_value() == ""


@pytest.mark.parametrize("first", [True, False])
async def test_server_gone_in_the_middle(browser: Browser, client: Client, first: bool) -> None:
    """An answer lost on its way comes back on retry, and the message is kept once, first of a conversation or not."""
    page = await visit(browser, client)
    if not first:
        await ask(page, "bonjour")

    async def lose(route: Route) -> None:
        await route.fetch()
        await route.abort("connectionreset")

    await page.route(lambda url: url.endswith("/"), lose, times=1)
    await fill(page, "combien de rsa pour un couple")
    await page.get_by_role("button", name="Réessayer").click()
    await expect(page.locator("#log > .assistant").last).to_contain_text("977,54")
    assert (await stored(client)).count("combien de rsa pour un couple") == 1


async def test_other_text_after_a_loss(browser: Browser, client: Client) -> None:
    """A message changed after its answer was lost is answered for what it says now."""
    page = await visit(browser, client)

    async def lose(route: Route) -> None:
        await route.fetch()
        await route.abort("connectionreset")

    await page.route(lambda url: url.endswith("/"), lose, times=1)
    await fill(page, "combien de rsa pour un couple")
    await expect(page.get_by_role("alert")).to_contain_text("n'est pas parti")
    await fill(page, "où faire peser mon bébé")
    await expect(page.locator("#log > .assistant").last).to_contain_text("PMI")


@pytest.mark.parametrize("body", ["<html><body><h1>Portail Wi-Fi</h1></body></html>", "", '{"error": {}}'])
@pytest.mark.parametrize("status", [200, 502])
async def test_answer_that_is_not_ours(browser: Browser, client: Client, body: str, status: int) -> None:
    """A captive portal's page or a proxy's error is not shown as an answer: the message stays, to be sent again."""
    page = await visit(browser, client)
    await page.route(
        lambda url: url.endswith("/"), lambda route: route.fulfill(status=status, body=body, content_type="text/html"), times=1
    )  # fmt: skip
    await fill(page, "bonjour")
    await expect(page.get_by_role("alert")).to_contain_text("toujours là")
    assert await page.get_by_label("Votre question").input_value() == "bonjour"


async def test_empty_send_is_said(browser: Browser, client: Client) -> None:
    """Sending nothing is an alert, marks the field, keeps the focus there, and posts nothing."""
    page = await visit(browser, client)
    await page.get_by_role("button", name="Envoyer").click()
    await expect(page.get_by_role("alert")).to_contain_text("vide")
    assert await page.evaluate("document.activeElement.id") == "text"
    assert await page.locator("#text").get_attribute("aria-invalid") == "true"
    await page.get_by_label("Votre question").fill("bonjour")
    assert await page.locator("#text").get_attribute("aria-invalid") is None
    assert await stored(client) == []


async def test_fifty_thousand_characters_pasted(browser: Browser, client: Client) -> None:
    """What is left is counted near the limit, said once a step; a text too long is refused, and kept whole."""
    page = await visit(browser, client)
    await listen(page)
    box = page.get_by_label("Votre question")
    await box.fill("a" * 1900)
    await expect(page.locator("#count")).to_have_text("Il reste 100 caractères.")
    await box.fill("a" * 1901)
    await box.fill("é" * 50_000)
    await expect(page.locator("#count")).to_contain_text("48000 caractères de trop")
    assert len(await heard(page)) == 2
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("alert")).to_contain_text("50000 caractères, j'en lis 2000")
    assert len(await box.input_value()) == 50_000


async def test_conversation_expired(browser: Browser, client: Client) -> None:
    """A conversation gone meanwhile does not lose the message: it is answered in a new one."""
    page = await visit(browser, client)
    await ask(page, "bonjour")
    token = await page.evaluate("sessionStorage.getItem('assistant-conversation')")
    await client.delete("/api/conversation", headers={"Authorization": f"Bearer {token}"})
    await ask(page, "combien de rsa pour un couple")
    await expect(page.locator("#log > .assistant").last).to_contain_text("977,54")
    assert await page.evaluate("sessionStorage.getItem('assistant-conversation')") != token


async def test_form_expired(browser: Browser, client: Client) -> None:
    """A page left open all night sends its message all the same, without a word."""
    page = await visit(browser, client)
    await page.locator("[name=form_token]").evaluate("one => { one.value = 'vieux' }")
    await ask(page, "bonjour")
    assert await page.get_by_role("alert").inner_text() == ""


async def test_tab_with_an_expired_conversation(browser: Browser, client: Client) -> None:
    """A tab that comes back to an expired conversation starts afresh, without an error."""
    page = await visit(browser, client)
    await page.evaluate("sessionStorage.setItem('assistant-conversation', 'jeton.mort')")
    await page.reload()
    await ask(page, "bonjour")
    assert await page.evaluate("sessionStorage.getItem('assistant-conversation')") != "jeton.mort"
    await expect(page.locator("#log > .you")).to_have_count(1)


async def test_storage_refused(browser: Browser, client: Client) -> None:
    """With cookies and storage refused, the conversation goes on all the same."""
    context = await browser.new_context(locale="fr-FR")
    await context.add_init_script(_NO_STORAGE)
    page = await context.new_page()
    await page.goto(str(client.make_url("/")))
    await ask(page, "combien de rsa pour un couple")
    await page.get_by_role("button", name="Demander le RSA").click()
    await expect(page.locator("#log > .you:not(.pending)")).to_have_count(2)
    assert await context.cookies() == []


async def test_back_button(browser: Browser, client: Client) -> None:
    """Gone to another page and back, the conversation is there again, and goes on."""
    page = await visit(browser, client)
    await ask(page, "combien de rsa pour un couple")
    await page.goto(str(client.make_url("/health")))
    await page.go_back()
    await expect(page.locator("#log > .you")).to_have_count(1)
    await ask(page, "et pour une personne seule")
    await expect(page.locator("#log > .you:not(.pending)")).to_have_count(2)
    assert len(await stored(client)) == 2


async def test_erased_elsewhere_is_not_shown_again(browser: Browser, client: Client) -> None:
    """A page brought back whole by the browser does not show a conversation erased meanwhile."""
    page = await visit(browser, client)
    await ask(page, "combien de rsa pour un couple")
    await page.evaluate("sessionStorage.clear(); dispatchEvent(new PageTransitionEvent('pageshow', {persisted: true}))")
    await expect(page.locator("#log > .you")).to_have_count(0)
    await expect(page.locator("#erase")).to_be_hidden()


@pytest.mark.parametrize(
    ("module", "broken"),
    [("page", "missing"), ("chat", "missing"), ("speech", "missing"), ("page", "throwing"), ("speech", "throwing")],
)
async def test_script_blocked_half_way(browser: Browser, client: Client, module: str, broken: str) -> None:
    """When a part of the script is missing or throws, the form works by itself."""
    context = await browser.new_context(locale="fr-FR")
    page = await context.new_page()

    spoilt = []

    async def spoil(route: Route) -> None:
        spoilt.append(route.request.url)
        if broken == "missing":
            await route.fulfill(status=404)
        else:
            await route.fulfill(body="throw new Error('cut')", content_type="text/javascript")

    await page.route(re.compile(rf"/{module}\.js"), spoil)
    await page.goto(str(client.make_url("/")))
    await page.get_by_label("Votre question").fill("combien de rsa pour un couple")
    await page.get_by_role("button", name="Envoyer").click()
    await expect(page.locator("#log > .assistant").last).to_contain_text("977,54")
    await expect(page.locator("#reponse")).to_be_focused()
    assert spoilt


async def test_mount_that_fails(browser: Browser, client: Client) -> None:
    """When the script fails while it starts, the form still works by itself."""
    context = await browser.new_context(locale="fr-FR")
    page = await context.new_page()
    await page.add_init_script(
        "Object.defineProperty(Navigator.prototype, 'onLine', { get() { throw new Error('cut'); } });"
    )
    await page.goto(str(client.make_url("/")))
    await page.get_by_label("Votre question").fill("combien de rsa pour un couple")
    await page.get_by_role("button", name="Envoyer").click()
    await expect(page.locator("#log > .assistant").last).to_contain_text("977,54")


async def test_right_to_left_script(browser: Browser, client: Client) -> None:
    """Arabic is shown from right to left, where it is typed and where it was said."""
    page = await visit(browser, client)
    box: Any = page.get_by_label("Votre question")
    await box.fill("أين يمكنني وزن طفلي")
    assert await box.evaluate("one => getComputedStyle(one).direction") == "rtl"
    await page.keyboard.press("Enter")
    said = page.locator("#log > .you:not(.pending) p")
    await expect(said).to_contain_text("أين")
    assert await said.evaluate("one => one.dir") == "auto"
