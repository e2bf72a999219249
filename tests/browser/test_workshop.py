"""Tests for the workshop in a real Chromium: pictures, papers, warning, erasing, sheet on one page, sessions side by side."""

import re
from typing import Any

import pytest
from playwright.async_api import Browser, Error, Locator, Page, expect

from bot import subjects
from tests.browser.conftest import ask, assert_accessible, heard, listen, visit
from tests.conftest import Client, MakeClient

pytestmark = [pytest.mark.live, pytest.mark.browser]

#: Minutes of the default setting, and how long the warning stays, in milliseconds.
IDLE, WARNING = 10 * 60_000, 60_000


async def choose(page: Page, *words: str) -> None:
    """Press the pictures one after the other, from all the subjects, and wait for the answer."""
    count = await page.locator("#log > .you").count()
    await page.locator(".bar").get_by_role("link", name="Sujets").click()
    for one in words:
        await tile(page, one).click()
    await expect(page.locator("#log > .you:not(.pending)")).to_have_count(count + 1)


def tile(page: Page, words: str) -> Locator:
    """The picture shown with these words."""
    return page.locator(".panel:visible .tile").filter(has=page.get_by_text(words, exact=True))


async def leave(page: Page) -> None:
    """Press the button that erases, be sure, and wait for the words that say it is done."""
    await page.get_by_role("button", name="Effacer et passer").click()
    await page.get_by_role("button", name="Oui, effacer").click()
    await expect(page.get_by_role("heading", name="C'est effacé")).to_be_visible()


async def sheet_of(page: Page) -> bytes:
    """Open the sheet and print it; return the PDF."""
    await page.get_by_role("button", name="Fiche").click()
    await expect(page.locator(".sheet")).to_be_visible()
    return await page.pdf(prefer_css_page_size=True, print_background=True)


def pages_of(pdf: bytes) -> int:
    """How many pages a PDF of Chromium has."""
    return len(re.findall(rb"/Type\s*/Page\b(?!s)", pdf))


@pytest.mark.parametrize(
    ("width", "options"),
    [
        (320, {"color_scheme": "light"}),
        (1280, {"color_scheme": "light"}),
        (320, {"color_scheme": "dark"}),
        (1280, {"color_scheme": "dark"}),
        (768, {"forced_colors": "active"}),
    ],
)
async def test_accessible_in_every_state(browser: Browser, client: Client, width: int, options: Any) -> None:
    """No violation on each state, and nothing overflows: subjects, danger, papers, answers, both questions, sheet, erased."""
    page = await visit(browser, client, width, "/atelier", clock=True, **options)

    async def check() -> None:
        await assert_accessible(page)
        assert await page.evaluate("document.documentElement.scrollWidth") <= width

    await check()
    for place in ("danger", "argent-demander", "papiers", "papiers-ame"):
        await page.evaluate(f"location.hash = '{place}'")
        await expect(page.locator(f"#{place}")).to_be_visible()
        await check()
    await choose(page, "Danger", "Je dors dehors ce soir")
    await choose(page, "Logement, adresse", "Loyer, électricité, HLM")
    await check()
    await page.get_by_role("button", name="Effacer et passer").click()
    await expect(page.get_by_role("dialog", name="Tout effacer ?")).to_be_visible()
    await check()
    await page.get_by_role("button", name="Non, revenir").click()
    await page.clock.run_for(IDLE + 2_000)
    await expect(page.get_by_role("alertdialog")).to_be_visible()
    await check()
    await page.get_by_role("button", name="Oui, continuer").click()
    await page.get_by_role("button", name="Fiche").click()
    await expect(page.locator(".sheet")).to_be_visible()
    await check()
    await leave(page)
    await check()


async def test_large_targets(browser: Browser, make_client: MakeClient) -> None:
    """On a phone, everything that is pressed in the workshop is at least 56 pixels high and wide."""
    page = await visit(browser, await make_client(rasa_port=9), 320, "/atelier")
    for place in ("sujets", "danger", "papiers", "papiers-rsa", "parole"):
        await page.evaluate(f"location.hash = '{place}'")
        small = await page.evaluate(
            """() => [...document.querySelectorAll('.bar a, .bar button, .panel .tile, .panel .back a, .boxes label, .print button, #send')]
              .filter(one => one.offsetParent).map(one => [one.textContent.trim(), one.getBoundingClientRect()])
              .filter(([, box]) => box.width < 56 || box.height < 56).map(([words, box]) => [words, box.width, box.height])"""
        )
        assert small == []


async def test_one_panel_at_a_time(browser: Browser, client: Client) -> None:
    """Each choice shows the next one and moves the focus to its title; the back button goes back one choice."""
    page = await visit(browser, client, 1280, "/atelier")
    await expect(page.locator(".panel:visible")).to_have_count(1)
    await tile(page, "Argent, RSA").click()
    await expect(page.get_by_role("heading", name="Argent, RSA")).to_be_focused()
    await tile(page, "Demander le RSA").click()
    await expect(page.get_by_role("heading", name="Demander le RSA")).to_be_focused()
    await expect(page.locator(".panel:visible")).to_have_count(1)
    await page.go_back()
    await expect(page.get_by_role("heading", name="Argent, RSA")).to_be_visible()
    await page.get_by_role("link", name="Tous les sujets").click()
    await tile(page, "Écrire ma question").click()
    await expect(page.get_by_label("Votre question")).to_be_focused()


async def test_subject_from_the_keyboard(browser: Browser, client: Client) -> None:
    """Three choices from the keyboard give the answer: in the conversation, announced, in simple words."""
    page = await visit(browser, client, 1280, "/atelier")
    await listen(page)
    for words in ("Argent, RSA", "Demander le RSA", "Faire la demande"):
        await tile(page, words).focus()
        await page.keyboard.press("Enter")
    await expect(page.locator("#log > .you:not(.pending)")).to_have_count(1)
    await expect(page.locator("#log > .assistant").last).to_contain_text("Demandez-le vite, c'est gratuit.")
    assert any("Demandez-le vite" in words for words in await heard(page))
    await expect(page.get_by_role("heading", name="Questions et réponses")).to_be_focused()
    await page.get_by_role("link", name="Papiers à apporter : demander le RSA").click()
    await expect(page.get_by_role("heading", name="Demander le RSA")).to_be_focused()


async def test_erase_leaves_nothing(browser: Browser, client: Client) -> None:
    """Erased: said in words, gone from the server, the tab, the boxes, the display; the back button shows nothing of it."""
    page = await visit(browser, client, 1280, "/atelier")
    await page.get_by_text("Affichage").evaluate("one => one.click()")
    await tile(page, "Écrire ma question").click()
    await page.get_by_label("Très grande").check()
    await ask(page, "pour ma libellule, comment demander le rsa")
    await page.get_by_role("link", name="Papiers à apporter : demander le RSA").click()
    await page.get_by_label("Pièce d'identité ou titre de séjour").locator("visible=true").check()
    await page.get_by_role("link", name="Réponses").click()
    await page.get_by_label("Votre question").fill("un brouillon de libellule")
    token = await page.locator("[name=conversation]").input_value()
    await leave(page)
    response = await client.get("/api/conversation", headers={"Authorization": f"Bearer {token}"})
    assert response.status == 401
    assert await page.evaluate("sessionStorage.length") == 0
    for _ in range(6):
        await page.go_back()
        await page.wait_for_load_state()
        assert "libellule" not in await page.content()
        if page.url == "about:blank":
            break
    await page.goto(str(client.make_url("/atelier")))
    await expect(page.locator("#log > .you")).to_have_count(0)
    assert await page.get_by_label("Votre question").input_value() == ""
    assert await page.locator("[name=coche]:checked").count() == 0
    assert await page.locator("body").get_attribute("data-taille") == "2"


async def test_back_from_the_sheet_after_erasing(browser: Browser, client: Client) -> None:
    """Erased from the sheet, neither the sheet nor the conversation comes back by the back button."""
    page = await visit(browser, client, 1280, "/atelier")
    await ask_in(page, "pour ma libellule, comment demander le rsa")
    await page.get_by_role("button", name="Fiche").click()
    await page.get_by_text("Choisir ce qui est imprimé").click()
    await page.get_by_label("Imprimer aussi mes questions").check()
    await page.get_by_role("button", name="Refaire la fiche").click()
    await expect(page.locator(".sheet")).to_contain_text("libellule")
    await leave(page)
    for _ in range(3):
        await page.evaluate("history.back()")
        await page.wait_for_timeout(500)
        assert "libellule" not in await page.evaluate("document.documentElement.textContent")


async def ask_in(page: Page, text: str) -> None:
    """Go to the conversation and ask."""
    await page.get_by_role("link", name="Réponses").click()
    await ask(page, text)


async def test_erase_when_the_server_cannot(browser: Browser, client: Client) -> None:
    """The screen is emptied at once; that the server has not erased yet is said, tried again, and said when done."""
    page = await visit(browser, client, 1280, "/atelier")
    await ask_in(page, "pour ma libellule, comment demander le rsa")
    tries = []

    async def refuse(route: Any) -> None:
        tries.append(route.request.method)
        await (route.fulfill(status=503, json={"error": {}}) if len(tries) < 2 else route.continue_())

    await page.route("**/api/conversation", refuse)
    await page.get_by_role("button", name="Effacer et passer").click()
    await page.get_by_role("button", name="Oui, effacer").click()
    await expect(page.get_by_role("alert")).to_contain_text("le serveur n'a pas encore effacé")
    assert "libellule" not in await page.content()
    assert await page.evaluate("sessionStorage.length") == 0
    await assert_accessible(page)
    await page.get_by_role("button", name="Essayer encore").click()
    await expect(page.get_by_role("heading", name="C'est effacé")).to_be_visible()
    assert tries == ["DELETE", "DELETE"]


async def test_erase_in_the_middle_of_an_answer(browser: Browser, client: Client) -> None:
    """Erased while the first answer is on its way, the conversation that it begins is erased too."""
    page = await visit(browser, client, 1280, "/atelier")
    deleted = []
    page.on("request", lambda request: deleted.append(request.url) if request.method == "DELETE" else None)

    async def slowly(route: Any) -> None:
        response = await route.fetch()
        await page.wait_for_timeout(800)
        await route.fulfill(response=response)

    await page.route("**/atelier", slowly)
    await page.get_by_role("link", name="Réponses").click()
    await page.get_by_label("Votre question").fill("pour ma libellule, comment demander le rsa")
    await page.keyboard.press("Enter")
    await page.get_by_role("button", name="Effacer et passer").click()
    await page.get_by_role("button", name="Oui, effacer").click()
    await expect(page.get_by_role("heading", name="C'est effacé")).to_be_visible()
    assert len(deleted) == 1
    assert await page.evaluate("sessionStorage.length") == 0


async def test_warning_then_cleared(browser: Browser, client: Client) -> None:
    """After ten minutes untouched, a warning is read out and can be put off ten times; unanswered, everything is erased."""
    page = await visit(browser, client, 1280, "/atelier", clock=True)
    await ask_in(page, "pour ma libellule, comment demander le rsa")
    token = await page.locator("[name=conversation]").input_value()
    warning = page.get_by_role("alertdialog", name="Êtes-vous toujours là ?")
    await page.clock.run_for(IDLE - 5_000)
    await expect(warning).to_be_hidden()
    for press in range(11):
        await page.clock.run_for(IDLE + 2_000 if press else 8_000)
        await expect(warning).to_be_visible()
        await expect(page.get_by_role("button", name="Oui, continuer")).to_be_focused()
        await page.clock.run_for(WARNING - 15_000)
        await page.keyboard.press("Escape" if press % 2 else "Enter")
        await expect(warning).to_be_hidden()
    await expect(page.get_by_label("Votre question")).to_be_focused()
    assert "libellule" in await page.content()
    await page.clock.run_for(IDLE + 2_000)
    await expect(warning).to_contain_text(re.compile("5\\d secondes"))
    await page.clock.run_for(WARNING - 28_000)
    await expect(page.locator("#still-heard")).to_have_text("Encore 30 secondes.")
    await page.clock.run_for(35_000)
    await expect(page.get_by_role("heading", name="C'est effacé")).to_be_visible()
    response = await client.get("/api/conversation", headers={"Authorization": f"Bearer {token}"})
    assert response.status == 401


async def test_no_warning_for_nothing(browser: Browser, client: Client) -> None:
    """With nothing on the screen, nobody is asked anything; a subject left open goes back to all of them."""
    page = await visit(browser, client, 1280, "/atelier", clock=True)
    await page.clock.run_for(IDLE * 2)
    await expect(page.get_by_role("alertdialog")).to_be_hidden()
    await tile(page, "Argent, RSA").click()
    await page.clock.run_for(IDLE + 3_000)
    await expect(page.get_by_role("heading", name="De quoi avez-vous besoin ?")).to_be_visible()


async def test_asleep_is_gone(browser: Browser, client: Client) -> None:
    """A computer that slept for an hour wakes up on an empty screen: the time to answer has passed too."""
    page = await visit(browser, client, 1280, "/atelier", clock=True)
    await ask_in(page, "pour ma libellule, comment demander le rsa")
    await page.clock.fast_forward("01:00:00")
    await expect(page.get_by_role("heading", name="C'est effacé")).to_be_visible()
    assert "libellule" not in await page.content()


async def test_warning_on_the_sheet(browser: Browser, client: Client) -> None:
    """The sheet left on the screen is erased like the rest."""
    page = await visit(browser, client, 1280, "/atelier", clock=True)
    await choose(page, "Argent, RSA", "Demander le RSA", "Faire la demande")
    await page.get_by_role("button", name="Fiche").click()
    await expect(page.locator(".sheet")).to_be_visible()
    await page.clock.run_for(IDLE + 2_000)
    await page.get_by_role("button", name="Effacer maintenant").click()
    await expect(page.get_by_role("heading", name="C'est effacé")).to_be_visible()


async def test_reading_keeps_the_conversation(browser: Browser, client: Client) -> None:
    """Somebody who reads and scrolls for a long time is asked nothing, and the server is told that they are there."""
    page = await visit(browser, client, 1280, "/atelier", clock=True)
    await choose(page, "Argent, RSA", "Demander le RSA", "Faire la demande")
    signs = []
    page.on("request", lambda request: signs.append(request.url) if request.url.endswith("/present") else None)
    for _ in range(8):
        await page.clock.run_for(180_000)
        await page.mouse.wheel(0, 40)
        await page.clock.run_for(2_000)
    await expect(page.get_by_role("alertdialog")).to_be_hidden()
    assert len(signs) >= 3


async def test_two_people_side_by_side(browser: Browser, client: Client) -> None:
    """Two tabs of one browser and another window: each its conversation; erasing one leaves the others."""
    page = await visit(browser, client, 1280, "/atelier")
    other = await page.context.new_page()
    await other.goto(str(client.make_url("/atelier")))
    third = await visit(browser, client, 1280, "/atelier")
    for one, name in ((page, "libellule"), (other, "coccinelle"), (third, "sauterelle")):
        await ask_in(one, f"pour ma {name}, comment demander le rsa")
    for one, name in ((page, "libellule"), (other, "coccinelle"), (third, "sauterelle")):
        await one.reload()
        await one.get_by_role("link", name="Réponses").click()
        await expect(one.locator("#log > .you")).to_have_count(1)
        await expect(one.locator("#log > .you")).to_contain_text(name)
    await leave(page)
    await ask_in(other, "et combien")
    await expect(other.locator("#log > .you")).to_have_count(2)
    await expect(third.locator("#log > .you")).to_have_count(1)


async def test_sheet_on_one_page(browser: Browser, client: Client) -> None:
    """A usual session, papers ticked and places found, prints on one A4 with its codes, and nothing but the sheet."""
    page = await visit(browser, client, 1280, "/atelier")
    await choose(page, "Argent, RSA", "Demander le RSA", "Faire la demande")
    await ask(page, "une france services à Olargues")
    await expect(page.locator(".places li").first).to_be_visible()
    await choose(page, "Santé, handicap", "Une mutuelle gratuite ou pas chère")
    await page.evaluate("location.hash = 'papiers-rsa'")
    await page.get_by_label("Pièce d'identité ou titre de séjour").locator("visible=true").check()
    pdf = await sheet_of(page)
    assert pages_of(pdf) == 1
    width, height = map(float, re.findall(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", pdf)[0])
    assert (round(width), round(height)) == (595, 842)
    await expect(page.locator(".sheet .qr")).to_have_count(2)
    await expect(page.locator(".sheet li.have")).to_have_count(1)
    await page.emulate_media(media="print")
    assert await page.locator(".bar, .options, dialog").locator("visible=true").count() == 0
    assert await page.locator(".columns").evaluate("one => one.scrollWidth <= one.clientWidth")
    assert (
        await page.locator(".columns").evaluate("one => parseFloat(getComputedStyle(one).fontSize)") >= 15
    )  # 11.25 points


async def test_long_session_says_what_is_left_out(browser: Browser, make_client: MakeClient) -> None:
    """A long session still prints on one page, and names what had no room; choosing makes room."""
    page = await visit(browser, await make_client(rasa_port=9), 1280, "/atelier")
    for words in ("Le handicap", "Voir un médecin, carte Vitale", "Me soigner sans titre de séjour"):
        await choose(page, "Santé, handicap", words)
    await choose(page, "Logement, adresse", "Loyer, électricité, HLM")
    assert pages_of(await sheet_of(page)) == 1
    await expect(page.locator(".options .notice")).to_contain_text("Loyer, énergie, logement social")
    await expect(page.locator(".sheet-foot")).to_contain_text(
        re.compile("Pas la place ici.*Loyer, énergie, logement social")
    )
    await page.get_by_role("checkbox", name="Les aides en cas de handicap").uncheck()
    await page.get_by_role("checkbox", name="Voir un médecin").uncheck()
    await page.get_by_role("button", name="Refaire la fiche").click()
    await expect(page.locator(".sheet h2")).to_have_text(
        ["L'aide médicale d'État (AME)", "Loyer, énergie, logement social"]
    )


@pytest.mark.long
async def test_every_sheet_fits(browser: Browser, make_client: MakeClient) -> None:
    """Sheets of three neighbouring answers, all of them in turn: one page each, nothing cut, letters of 10 points at least."""
    page = await visit(browser, await make_client(rasa_port=9), 1280, "/atelier")
    home = page.url
    words = [path for path in subjects.load().paths if path[-1].answer != "chercher_structure"]
    for start in range(0, len(words), 3):
        for path in words[start : start + 3]:
            await choose(page, *(one.words for one in path))
        pdf = await sheet_of(page)
        assert pages_of(pdf) == 1
        cut = await page.locator(".columns").evaluate("one => one.scrollWidth - one.clientWidth")
        size = await page.locator(".columns").evaluate("one => parseFloat(getComputedStyle(one).fontSize)")
        assert cut <= 1
        assert size >= 10 * 4 / 3
        await page.evaluate("sessionStorage.clear()")  # Rasa is away here: nothing can be erased
        await page.goto(home)


async def test_list_prints_alone(browser: Browser, make_client: MakeClient) -> None:
    """A list of papers prints on one page, alone, its boxes as they are ticked."""
    page = await visit(browser, await make_client(rasa_port=9), 1280, "/atelier")
    await page.evaluate("location.hash = 'papiers-apa'")
    await page.get_by_label("Dernier avis d'imposition").check()
    assert pages_of(await page.pdf(prefer_css_page_size=True)) == 1
    await page.emulate_media(media="print")
    await expect(page.locator(".panel:visible")).to_have_count(1)
    await expect(page.get_by_label("Dernier avis d'imposition")).to_be_checked()
    assert await page.locator(".bar, .back, .print, footer").locator("visible=true").count() == 0


async def test_without_javascript(browser: Browser, client: Client) -> None:
    """Without the script: one panel at a time, a subject in three choices, the sheet, the erasing, and a plain warning."""
    page = await visit(browser, client, 320, "/atelier", java_script_enabled=False)
    await expect(page.locator("noscript p")).to_contain_text("l'écran ne s'efface pas tout seul")
    await expect(page.locator(".panel:visible")).to_have_count(1)
    for words in ("Argent, RSA", "Demander le RSA", "Faire la demande"):
        await tile(page, words).click()
    await expect(page.locator("#log > .assistant").last).to_contain_text("Demandez-le vite")
    await expect(page.locator(".panel:visible")).to_have_count(1)
    await page.get_by_role("button", name="Fiche").click()
    await expect(page.locator(".sheet")).to_contain_text("Demander le RSA")
    await page.get_by_role("button", name="Retour").click()
    await expect(page.locator("#log > .you")).to_have_count(1)
    await leave(page)
    with pytest.raises(
        Error, match="ERR_CACHE_MISS"
    ):  # the browser kept nothing, and asks before it sends a form again
        await page.go_back()
    await page.wait_for_timeout(500)
    assert "Demandez-le vite" not in await page.content()


async def test_no_word_reaches_the_address(browser: Browser, client: Client) -> None:
    """Neither the token nor a word of the person is ever in the address of a page, which the browser's history keeps."""
    page = await visit(browser, client, 1280, "/atelier")
    seen: list[str] = []
    page.on("framenavigated", lambda frame: seen.append(frame.url))
    await ask_in(page, "pour ma libellule, comment demander le rsa")
    token = await page.locator("[name=conversation]").input_value()
    await page.get_by_role("button", name="Fiche").click()
    await expect(page.locator(".sheet")).to_be_visible()
    await leave(page)
    assert not any(token in url or "libellule" in url for url in seen)
