"""Tests for the pages that are not the chat, in a real Chromium: as axe-core sees them, how they reflow, and erasing from there."""

import re
from itertools import pairwise
from typing import Any

import pytest
from playwright.async_api import Browser, Page, expect

from benchmarks import weights
from tests.browser.conftest import ask, assert_accessible, visit
from tests.conftest import Client, MakeClient

pytestmark = [pytest.mark.browser]

PAGES = ("/", "/atelier", "/integration", "/accessibilite", "/donnees-personnelles", "/nulle-part")
LOOKS: list[dict[str, Any]] = [{"color_scheme": "light"}, {"color_scheme": "dark"}, {"forced_colors": "active"}]


@pytest.fixture
async def site(make_client: MakeClient) -> Client:
    """A gateway without Rasa: these pages do not need it."""
    return await make_client()


async def open_at(page: Page, site: Client, path: str) -> None:
    """Go to another page of the site, in the same tab."""
    await page.goto(str(site.make_url(path)))


async def overflow(page: Page) -> int:
    """Return by how many pixels the page is wider than the window."""
    return int(await page.evaluate("document.documentElement.scrollWidth - innerWidth"))


@pytest.mark.parametrize("width", [320, 1280])
@pytest.mark.parametrize("look", LOOKS, ids=lambda one: "-".join(one.values()))
async def test_every_page_is_accessible(browser: Browser, site: Client, width: int, look: dict[str, Any]) -> None:
    """No violation on any page, on the screen and on paper, and nothing wider than the window."""
    page = await visit(browser, site, width, **look)
    for path in PAGES:
        await open_at(page, site, path)
        await assert_accessible(page)
        assert await overflow(page) <= 0, path
    await page.emulate_media(media="print")
    for path in ("/accessibilite", "/donnees-personnelles"):
        await open_at(page, site, path)
        await assert_accessible(page)


async def test_one_heading_one_title_each(browser: Browser, site: Client) -> None:
    """Each page has one main heading, one main landmark, headings that skip no level, and a title that no other has."""
    page = await visit(browser, site)
    titles = set()
    for path in PAGES:
        await open_at(page, site, path)
        levels = await page.evaluate(
            "[...document.querySelectorAll('h1,h2,h3,h4')].filter(h => h.checkVisibility()).map(h => +h.tagName[1])"
        )
        assert levels.count(1) == 1, path
        assert levels[0] == 1, path
        assert all(after - before <= 1 for before, after in pairwise(levels)), (path, levels)
        assert await page.locator("main:not([hidden])").count() == 1, path
        titles.add(await page.title())
    assert len(titles) == len(PAGES)


async def test_skip_link(browser: Browser, site: Client) -> None:
    """The first Tab shows a link that skips to the content; Enter puts the reading there."""
    page = await visit(browser, site, path="/accessibilite")
    await page.keyboard.press("Tab")
    await expect(page.get_by_role("link", name="Aller au contenu")).to_be_focused()
    await expect(page.get_by_role("link", name="Aller au contenu")).to_be_in_viewport()
    await page.keyboard.press("Enter")
    await expect(page.locator("main")).to_be_focused()


@pytest.mark.parametrize("path", PAGES)
async def test_text_twice_as_large(browser: Browser, site: Client, path: str) -> None:
    """With the browser's letters at twice their size on a small screen, nothing is cut, nothing scrolls sideways."""
    page = await visit(browser, site, 640, path, bypass_csp=True)
    before = await page.evaluate("parseFloat(getComputedStyle(document.querySelector('main p')).fontSize)")
    await page.add_style_tag(content="html { font-size: 200% }")
    after = await page.evaluate("parseFloat(getComputedStyle(document.querySelector('main p')).fontSize)")
    assert after == pytest.approx(2 * before, rel=0.01)
    assert await overflow(page) <= 0
    cut = await page.evaluate(
        """() => [...document.querySelectorAll('main *, footer *')].filter(one => one.checkVisibility() && one.clientWidth > 1
        && getComputedStyle(one).overflowX === 'hidden' && one.scrollWidth > one.clientWidth + 1).map(one => one.outerHTML.slice(0, 80))"""
    )
    assert cut == []


async def test_nothing_to_erase_without_a_conversation(browser: Browser, site: Client) -> None:
    """Without a conversation, or without storage, the page says how to erase and offers no button that would do nothing."""
    page = await visit(browser, site, path="/donnees-personnelles")
    await expect(page.get_by_role("button", name="Effacer ma conversation")).to_be_hidden()
    await expect(page.get_by_text("effacez mes données", exact=False).first).to_be_visible()
    await page.add_init_script(
        "Object.defineProperty(window, 'sessionStorage', {get() { throw new DOMException('no', 'SecurityError') }})"
    )
    await page.reload()
    await expect(page.get_by_role("button", name="Effacer ma conversation")).to_be_hidden()


@pytest.mark.live
async def test_erase_from_the_page_of_personal_data(browser: Browser, client: Client) -> None:
    """The conversation of the tab is erased from /donnees-personnelles, and does not come back: not by the link, not by the back button."""
    page = await visit(browser, client)
    await ask(page, "combien de rsa pour un couple")
    token = await page.evaluate("sessionStorage.getItem('assistant-conversation')")
    await page.get_by_role("link", name="Données personnelles").click()
    await assert_accessible(page)
    await page.get_by_role("button", name="Effacer ma conversation").press("Enter")
    await expect(page.get_by_role("status").filter(has_text="C'est effacé.")).to_be_visible()
    await assert_accessible(page)
    read = await client.get("/api/conversation", headers={"Authorization": f"Bearer {token}"})
    assert read.status == 401
    await expect(page.get_by_role("button", name="Effacer ma conversation")).to_be_hidden()
    await page.go_back()
    await page.go_back()
    await expect(page.get_by_label("Votre question")).to_be_visible()
    await expect(page.locator("#log > .you")).to_have_count(0)


async def test_error_pages(browser: Browser, site: Client) -> None:
    """Someone who mistypes an address is told so, and is one key away from the assistant."""
    page = await visit(browser, site, path="/acceuil")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Cette page n'existe pas")
    await page.get_by_role("link", name="Poser une question à l'assistant").press("Enter")
    await expect(page).to_have_title(re.compile("vos droits"))


@pytest.mark.parametrize("path", weights.VISITS)
async def test_nothing_is_left_out(browser: Browser, site: Client, path: str) -> None:
    """What Chromium really asks for was counted, and each file is asked for once."""
    base = str(site.make_url("/"))
    counted = {file.path for file in await weights.first_visit(base, path)}
    context = await browser.new_context()
    page = await context.new_page()
    asked: list[str] = []
    page.on("request", lambda one: asked.append("/" + one.url.removeprefix(base)))
    await page.goto(base.rstrip("/") + path)
    await page.wait_for_load_state("networkidle")
    assert set(asked) <= counted
    assert len(asked) == len(set(asked))
