"""Tests for what one may do with an answer: listen, copy, download, print, in plainer words, larger, say whether it helped."""

from typing import Any

import pytest
from playwright.async_api import Browser, Page, expect

from bot.web.keys import CONVERSATIONS
from tests.browser.conftest import ask, heard, listen, visit, watch
from tests.conftest import Client

pytestmark = [pytest.mark.live, pytest.mark.browser]

#: A speech synthesis that writes down what it is told to say, with the voices given.
_SPEECH = """
window.said = [];
const speech = Object.assign(new EventTarget(), {
  voices: VOICES, getVoices() { return this.voices; }, speak(one) { said.push(one.voice.name + ': ' + one.text); this.last = one; }, cancel() { said.push('stop'); },
});
Object.defineProperty(window, 'speechSynthesis', { value: speech });
window.SpeechSynthesisUtterance = class { constructor(text) { this.text = text; } };
"""
_LOCAL = "[{name: 'far', lang: 'fr-FR', localService: false}, {name: 'here', lang: 'fr_FR', localService: true}]"


async def visit_with_voices(browser: Browser, client: Client, voices: str, width: int = 1100) -> Page:
    """Open the chat page where the browser has these voices."""
    context = await browser.new_context(viewport={"width": width, "height": 800}, locale="fr-FR")
    await context.add_init_script(_SPEECH.replace("VOICES", voices))
    page = await context.new_page()
    watch(page, str(client.make_url("/")))
    await page.goto(str(client.make_url("/")))
    return page


async def test_listen(browser: Browser, client: Client) -> None:
    """A voice of this machine reads the answer and its places, numbers pair by pair, no address; the button stops it."""
    page = await visit_with_voices(browser, client, _LOCAL)
    await ask(page, "une france services à Olargues")
    button = page.locator(".tools").last.get_by_role("button")
    await button.first.click()
    said = await page.evaluate("said")
    assert any("here: Téléphone : 04, 67, 97, 88, 02" in words for words in said)
    assert any("Olargues" in words for words in said)
    assert not [words for words in said if "far:" in words or "http" in words or "OpenStreetMap" in words]
    assert await button.first.inner_text() == "Arrêter"
    await button.first.click()
    assert (await page.evaluate("said"))[-1] == "stop"
    assert await button.first.inner_text() == "Écouter"
    await button.first.click()
    await page.evaluate("speechSynthesis.last.onend()")
    assert await button.first.inner_text() == "Écouter"


@pytest.mark.parametrize("voices", ["[]", "[{name: 'far', lang: 'fr-FR', localService: false}]", "[{name: 'en', lang: 'en-GB', localService: true}]"])  # fmt: skip
async def test_no_voice_of_ours(browser: Browser, client: Client, voices: str) -> None:
    """Without a French voice of this machine there is no button: no word leaves it."""
    page = await visit_with_voices(browser, client, voices)
    await ask(page, "bonjour")
    await expect(page.get_by_role("button", name="Copier").first).to_be_visible()
    await expect(page.get_by_role("button", name="Écouter")).to_have_count(0)


async def test_voice_that_comes_late(browser: Browser, client: Client) -> None:
    """The button appears when the browser has found its voices."""
    page = await visit_with_voices(browser, client, "[]")
    await ask(page, "bonjour")
    await page.evaluate(f"speechSynthesis.voices = {_LOCAL}; speechSynthesis.dispatchEvent(new Event('voiceschanged'))")
    await expect(page.get_by_role("button", name="Écouter")).not_to_have_count(0)


async def test_copy(browser: Browser, client: Client) -> None:
    """An answer is copied whole, with its links and its numbers, and that is said."""
    page = await visit(browser, client, permissions=["clipboard-read", "clipboard-write"])
    await ask(page, "combien de rsa pour un couple")
    await listen(page)
    await page.get_by_role("button", name="Copier").last.click()
    await expect(page.get_by_role("button", name="Copié")).to_be_visible()
    copied = await page.evaluate("navigator.clipboard.readText()")
    assert "- personne seule : 651,69 €" in copied
    assert "3230" in copied
    assert "https://" in copied
    assert "vous a aidé" not in copied
    assert await heard(page) == ["Réponse copiée."]


async def test_download(browser: Browser, client: Client) -> None:
    """The conversation is saved as a text file made in the page, even offline."""
    page = await visit(browser, client)
    await ask(page, "combien de rsa pour un couple")
    await page.context.set_offline(True)
    async with page.expect_download() as waited:
        await page.get_by_role("button", name="Télécharger la conversation").click()
    saved = await waited.value
    assert saved.suggested_filename == "conversation.txt"
    text = (await saved.path()).read_text(encoding="utf-8-sig")
    for words in ("Vous : combien de rsa pour un couple", "Assistant :", "977,54", "https://"):
        assert words in text


async def test_paper(browser: Browser, client: Client) -> None:
    """On paper: what was said, with the addresses of the links, and neither buttons nor form."""
    page = await visit(browser, client)
    await ask(page, "combien de rsa pour un couple")
    await page.evaluate(
        "window.print = () => { window.open_then = document.querySelectorAll('#log details[open]').length; }"
    )
    await page.get_by_role("button", name="Imprimer").click()
    assert await page.evaluate("open_then") == 1
    await expect(page.locator("#log details[open]")).to_have_count(0)
    await page.emulate_media(media="print")
    for hidden in ("#compose", ".choices", ".tools", ".display"):
        await expect(page.locator(hidden).last).to_be_hidden()
    await expect(page.locator("#log > .assistant").last).to_contain_text("977,54")
    after = await page.locator(".links a").first.evaluate("one => getComputedStyle(one, '::after').content")
    assert "http" in after


@pytest.mark.parametrize(("said", "counts"), [("Oui", (1, 0)), ("Non", (0, 1))])
async def test_opinion(browser: Browser, client: Client, said: str, counts: tuple[int, int]) -> None:
    """An opinion is counted once, thanks are announced, the focus stays, and neither text nor conversation is sent."""
    page = await visit(browser, client)
    await ask(page, "combien de rsa pour un couple")
    await listen(page)
    posted: list[str] = []
    page.on("request", lambda request: posted.append(request.post_data or ""))
    button = page.locator(".helped").get_by_role("button", name=said)
    await button.click()
    await expect(page.locator(".thanks")).to_contain_text("Merci, c'est noté.")
    await button.click(force=True)
    assert await page.evaluate("document.activeElement.textContent") == f"{said} (choisi)"
    assert len(posted) == 1
    assert "conversation=" not in posted[0]
    assert "text=" not in posted[0]
    assert client.app is not None
    assert [row[2:] for row in await client.app[CONVERSATIONS].store.feedback()] == [counts]
    assert any("Merci" in words for words in await heard(page))


async def test_opinion_that_fails(browser: Browser, client: Client) -> None:
    """An opinion that did not go through can be given again."""
    page = await visit(browser, client)
    await ask(page, "combien de rsa pour un couple")
    await page.context.set_offline(True)
    await page.locator(".helped").get_by_role("button", name="Oui").click()
    await expect(page.locator(".thanks")).to_contain_text("n'a pas été envoyé")
    await page.context.set_offline(False)
    await page.locator(".helped").get_by_role("button", name="Oui").click()
    await expect(page.locator(".thanks")).to_contain_text("Merci")


async def test_plainer_words(browser: Browser, client: Client) -> None:
    """« En plus simple » says the answer again in plain words, and the next answers are plain too."""
    page = await visit(browser, client)
    await ask(page, "combien de rsa pour un couple")
    await page.get_by_role("button", name="En plus simple").click()
    await expect(page.locator("#log > .assistant").last).to_contain_text("Le RSA est une aide")
    assert await page.locator("[name=variant]:checked").get_attribute("value") == "simple"
    await ask(page, "comment demander le rsa")
    await expect(page.locator("#log > .assistant").last).to_contain_text("Le RSA est une aide")
    await expect(page.locator(".simpler:visible")).to_have_count(0)


async def test_display_stays_for_the_session(browser: Browser, client: Client) -> None:
    """Size, contrast and plain words apply at once, are said where they are not seen, and stay in the tab alone."""
    page = await visit(browser, client)
    await listen(page)
    size: Any = "parseFloat(getComputedStyle(document.querySelector('.app')).fontSize)"
    before = await page.evaluate(size)
    await page.get_by_text("Affichage").click()
    await page.get_by_label("Très grande").check()
    await page.get_by_label("Fort").check()
    await page.get_by_label("Langage simple").check()
    assert await page.evaluate(size) > 1.5 * before
    assert await page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert await heard(page) == ["Les prochaines réponses seront en langage simple."]
    await page.reload()
    assert await page.evaluate(size) > 1.5 * before
    await ask(page, "combien de rsa pour un couple")
    await expect(page.locator("#log > .assistant").last).to_contain_text("Le RSA est une aide")
    other = await page.context.new_page()
    await other.goto(str(client.make_url("/")))
    assert await other.evaluate(size) == before


async def test_display_without_javascript(browser: Browser, client: Client) -> None:
    """Without the script, « Appliquer » brings the page back as asked, with the draft."""
    page = await visit(browser, client, 320, java_script_enabled=False)
    await page.get_by_label("Votre question").fill("mon brouillon")
    await page.get_by_text("Affichage").click()
    await page.get_by_label("Très grande").check()
    await page.get_by_role("button", name="Appliquer").click()
    await expect(page.locator(".app")).to_have_attribute("data-taille", "3")
    assert await page.get_by_label("Votre question").input_value() == "mon brouillon"


async def test_urgent_number_to_press(browser: Browser, client: Client) -> None:
    """In danger: a word, a sign, and the first number as a big button, before the text."""
    page = await visit(browser, client, 320)
    await ask(page, "mon mari me frappe")
    calls = page.locator(".urgent .call")
    assert [await calls.nth(i).get_attribute("href") for i in range(2)] == ["tel:17", "sms:114"]
    assert (await calls.first.inner_text()).startswith("Appeler le 17")
    box = await calls.first.bounding_box()
    assert box is not None
    assert box["height"] >= 56
    await expect(page.locator(".urgent-label")).to_contain_text("Urgence", ignore_case=True)
    await expect(page.locator("#log > .assistant").last.locator(".helped, .simpler")).to_have_count(0)
