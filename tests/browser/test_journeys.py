"""Whole journeys, as people make them: from the keyboard alone, without JavaScript, at 400 %, in two tabs; and what is heard on the way."""

import re

import pytest
from playwright.async_api import Browser, Page, expect

from benchmarks import heard
from tests.browser.conftest import ask, assert_accessible, visit
from tests.conftest import Client

pytestmark = [pytest.mark.live, pytest.mark.browser]

#: The element that has the focus: its outline, whether it is in the window, and whether something lies over it.
_FOCUS = """
() => { const one = document.activeElement, style = getComputedStyle(one), box = one.getBoundingClientRect();
  const x = Math.min(Math.max(box.left + Math.min(box.width / 2, 20), 1), innerWidth - 1);
  const y = Math.min(Math.max(box.top + Math.min(box.height / 2, 12), 1), innerHeight - 1);
  const over = document.elementFromPoint(x, y);
  return { what: one.tagName + '#' + one.id + ' ' + (one.getAttribute('aria-label') || one.textContent || '').trim().slice(0, 60),
    outlined: style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2,
    inside: box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth,
    covered: !(over && (one.contains(over) || over.contains(one))), text: (one.textContent || '').trim() }; }
"""


async def tab_to(page: Page, wanted: str, back: bool = False, most: int = 80) -> list[str]:
    """Press Tab until the focus is on what matches the CSS selector `wanted`; every focus on the way must be seen, and not covered."""
    passed = []
    for _ in range(most):
        await page.keyboard.press("Shift+Tab" if back else "Tab")
        focus = await page.evaluate(_FOCUS)
        passed.append(focus["what"])
        if not focus["what"].startswith("BODY"):
            assert focus["outlined"], f"no outline: {focus}"
            assert focus["inside"], f"out of the window: {focus}"
            assert not focus["covered"], f"covered: {focus}"
        if await page.evaluate("selector => document.activeElement.matches(selector)", wanted):
            return passed
    raise AssertionError(f"{wanted} is not reached; passed by {passed}")


async def type_and_send(page: Page, words: str) -> None:
    """Write where the focus is, and send with Enter; the focus stays."""
    turns = await page.locator("#log > .you").count()
    await page.keyboard.type(words)
    await page.keyboard.press("Enter")
    await expect(page.locator("#log > .you:not(.pending)")).to_have_count(turns + 1)
    await expect(page.locator("#text")).to_be_focused()


@pytest.mark.parametrize("width", [1280, 390])
async def test_keyboard_alone(browser: Browser, client: Client, width: int) -> None:
    """From the address bar, without a mouse: five turns, a choice, a place's number and map, danger, erasing; the focus is always seen."""
    page = await visit(browser, client, width)
    await tab_to(page, "a.skip", most=1)
    await page.keyboard.press("Enter")
    await expect(page.locator("#text")).to_be_focused()
    await type_and_send(page, "combien de rsa pour un couple")

    await tab_to(page, ".choices button:not([aria-disabled])", back=True)
    await page.keyboard.press("Enter")
    await expect(page.locator("#log > .you:not(.pending)")).to_have_count(2)
    assert await page.evaluate("document.activeElement !== document.body")
    await tab_to(page, "#text")
    await type_and_send(page, "une france services à Olargues")

    await tab_to(page, ".places a[href^='tel:']", back=True)
    await tab_to(page, ".places a[href^='https://www.openstreetmap.org/']")
    await tab_to(page, "#text")
    await type_and_send(page, "mon mari me frappe")
    await tab_to(page, ".urgent a[href^='tel:'], .urgent a[href^='sms:']", back=True)
    await tab_to(page, "#text")
    await type_and_send(page, "merci")

    await tab_to(page, "#erase")
    await page.keyboard.press("Enter")
    await expect(page.locator("#log")).to_contain_text("j'efface cette conversation")
    await expect(page.locator("#log")).not_to_contain_text("Olargues")
    assert await page.evaluate("document.activeElement !== document.body")
    await tab_to(page, "footer a[href='/donnees-personnelles']")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Données personnelles")


async def test_no_javascript(browser: Browser, client: Client) -> None:
    """Without JavaScript, on a phone: five turns, choices, places, display, an opinion, danger, erasing."""
    page = await visit(browser, client, 360, java_script_enabled=False)

    async def send(words: str) -> None:
        await page.get_by_label("Votre question").fill(words)
        await page.get_by_role("button", name="Envoyer").click()

    async def turns(count: int) -> None:
        await expect(page.locator("#log > .you")).to_have_count(count)

    await send("combien de rsa pour un couple")
    await turns(1)
    await page.get_by_role("button", name="Demander le RSA").click()
    await turns(2)
    await page.get_by_text("Affichage").click()
    await page.get_by_label("Très grande").check()
    await page.get_by_role("button", name="Appliquer").click()
    await turns(2)
    await expect(page.locator(".app")).to_have_attribute("data-taille", "3")
    await page.get_by_role("button", name="Oui", exact=True).click()
    await expect(page.locator("#log")).to_contain_text("Merci, c'est noté")
    await send("une france services à Olargues")
    await turns(3)
    await expect(page.locator(".places > li")).to_have_count(3)
    await send("mon mari me frappe")
    await turns(4)
    await expect(page.locator(".urgent")).to_contain_text("114")
    await send("merci")
    await turns(5)
    await expect(page.locator("#log > .you").last).to_contain_text("merci")
    await page.get_by_role("button", name="Effacer la conversation").click()
    await expect(page.locator("#log")).to_contain_text("j'efface cette conversation")
    await expect(page.locator("#log")).not_to_contain_text("Olargues")
    assert await page.locator("input[name=conversation]").get_attribute("value") == ""


async def test_at_400_percent(browser: Browser, client: Client) -> None:
    """At 400 % of a 1280 by 1024 screen (320 by 256 points), five turns and every page by scrolling one way, with nothing under the box to write in."""
    page = await visit(browser, client, 320, device_scale_factor=4)
    await page.set_viewport_size({"width": 320, "height": 256})

    async def fits() -> None:
        assert await page.evaluate("document.documentElement.scrollWidth") <= 320

    for words in (
        "j'ai pas reçu mon RSA",
        "combien de rsa pour un couple",
        "une france services à Olargues",
        "mon mari me frappe",
        "merci",
    ):
        await ask(page, words)
        await fits()
    await tab_to(page, ".places a[href^='tel:']", back=True)
    await tab_to(page, "#erase")
    for path in ("/accessibilite", "/donnees-personnelles", "/integration", "/atelier", "/nulle-part"):
        await page.goto(str(client.make_url(path)))
        await fits()


async def test_two_tabs_of_one_conversation(browser: Browser, client: Client) -> None:
    """A tab duplicated by the browser goes on with the same conversation; each gets its own answers, none is lost or said twice."""
    page = await visit(browser, client)
    await ask(page, "combien de rsa pour un couple")
    async with page.expect_popup() as opened:
        await page.evaluate("window.open('/')")
    other = await opened.value
    await expect(other.locator("#log > .you")).to_have_count(1)
    await ask(other, "une france services à Olargues")
    await ask(page, "mon mari me frappe")
    token = await page.evaluate("sessionStorage.getItem('assistant-conversation')")
    kept = await (await client.get("/api/conversation", headers={"Authorization": f"Bearer {token}"})).json()
    assert [turn["text"] for turn in kept["turns"]] == [
        "combien de rsa pour un couple",
        "une france services à Olargues",
        "mon mari me frappe",
    ]


async def test_paper_is_accessible(browser: Browser, client: Client) -> None:
    """On paper, the conversation has no violation."""
    page = await visit(browser, client)
    await ask(page, "combien de rsa pour un couple")
    await ask(page, "une france services à Olargues")
    await page.emulate_media(media="print")
    await assert_accessible(page)


async def test_what_is_heard(browser: Browser, client: Client) -> None:
    """The live region says each answer once, in order, in plain text: no markup, no address of a site, no source; and the number of choices."""
    page = await visit(browser, client)
    log = await heard.talk(
        page, ("combien de rsa pour un couple", "où faire peser mon bébé à Béziers", "mon mari me frappe")
    )
    answers = [words for _, region, words in log if region == "live" and not words.startswith("L'assistant prépare")]
    whole = " ".join(answers)
    for words in ("977,54", "Béziers", "09, 70, 75, 73, 86", "39, 19"):
        assert words in whole, answers
    assert whole.index("977,54") < whole.index("39, 19")
    assert len(answers) == len(set(answers))
    assert not re.search(r"https?:|www\.|openstreetmap|<\w|Sources, vérifiées", whole)
    assert re.search(r"\b3 choix", whole)
    assert "651,69 €. couple" in whole
    assert "Urgence. En danger" in whole
    times = [at for at, _, _ in log]
    assert times == sorted(times)


async def test_tree_names_everything(browser: Browser, client: Client) -> None:
    """Every control that Chromium hands to a screen reader has a name, and the conversation reads in order."""
    page = await visit(browser, client)
    await ask(page, "combien de rsa pour un couple")
    await ask(page, "une france services à Olargues")
    await ask(page, "mon mari me frappe")
    tree = list(heard.lines(await heard.tree(page)))
    nameless = [
        line for line in tree if re.match(r"\s*(button|link|textbox|radio|group|checkbox|navigation)( \[|$)", line)
    ]
    assert [line for line in nameless if not line.strip().startswith("group")] == []
    text = "\n".join(tree)
    assert not re.search("[●○⚠]|URGENCE", text)
    assert text.index("combien de rsa pour un couple") < text.index("977,54") < text.index("Olargues")
