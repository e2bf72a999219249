"""Tests for the workshop without JavaScript: subjects, papers, sheet, erasing, and what the server forgets by itself."""

import re
import sqlite3
from contextlib import closing
from html import unescape
from typing import Any

import pytest
from yarl import URL

from bot import checklists, subjects
from bot.conversations import UnknownConversation
from bot.rasa import Member
from bot.web.keys import CONVERSATIONS
from tests.clock import Clock
from tests.conftest import Client, MakeClient
from tests.live import LiveBrain

pytestmark = pytest.mark.live


def fields(html: str) -> dict[str, str]:
    """What the form of the page holds: hidden fields and checked buttons."""
    found = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', html))
    found |= dict(re.findall(r'<input type="radio" name="(\w+)" value="([^"]*)"[^>]* checked>', html))
    return {name: unescape(value) for name, value in found.items()}


async def opened(client: Client) -> str:
    """The workshop, empty."""
    response = await client.get("/atelier")
    assert response.status == 200
    return await response.text()


async def post(client: Client, html: str, path: str = "/atelier", status: int = 200, **more: Any) -> str:
    """Post the form of the page `html`; return the next page."""
    response = await client.post(path, data={**fields(html), **more})
    text = await response.text()
    assert response.status == status, text
    return text


async def test_empty_workshop(client: Client) -> None:
    """The page is in French, simple and large by default, all subjects and lists in it, nothing asked of anyone else."""
    html = await opened(client)
    assert '<html lang="fr">' in html
    assert fields(html)["variant"] == "simple"
    assert fields(html)["taille"] == "2"
    text = unescape(html)
    for path in subjects.load().paths:
        assert f'value="{path[-1].words}"' in text
    for one in checklists.load().lists:
        assert f'id="papiers-{one.id}"' in html
    assert not re.findall(r'(?:src|action)="https?:', html)
    assert html.index('id="danger"') < html.index('id="argent"')


async def test_every_subject_answers(client: Client) -> None:
    """Each picture gets its own answer, in simple words, in the conversation; danger ones are urgent."""
    book = client.app[CONVERSATIONS].assistant.book.book
    html = await opened(client)
    for path in subjects.load().paths:
        last = path[-1]
        data = {**fields(html), "choice": last.words}
        response = await client.post("/atelier", data=data, headers={"X-Fragment": "turn"})
        turn = unescape(await response.text())
        assert response.status == 200
        assert last.words in turn
        if last.answer == "chercher_structure":
            assert "commune" in turn
            continue
        first = book.answers[str(last.answer)].simple.splitlines()[0]
        assert re.sub(r"\{.*|\d.*", "", first)[:25] in re.sub(r"<[^>]+>", "", turn), last.answer
        assert ('class="bubble urgent"' in turn) == path[0].urgent or last.answer == "hebergement_urgence", last.answer


async def test_choosing_goes_on_as_a_conversation(client: Client) -> None:
    """A subject chosen is in the history, and the next message follows it: the commune asked, its follow-ups."""
    html = await post(client, await opened(client), choice="Être aidé sur internet")
    assert html.count('<li class="you">') == 1
    html = await post(client, html, text="à Olargues")
    assert html.count('<li class="you">') == 2
    assert "France services" in html
    token = fields(html)["conversation"]
    turns = (await (await client.get("/api/conversation", headers={"Authorization": f"Bearer {token}"})).json())[
        "turns"
    ]
    assert [one["intent"] for one in turns] == ["numerique_aide", "chercher_structure"] or turns[0][
        "intent"
    ] == "numerique_aide"


async def test_words_that_are_typed_are_understood(client: Client) -> None:
    """Words of a picture that are typed, and not pressed, are a message like another; unknown ones too."""
    html = await post(client, await opened(client), text="Je pense à mourir")
    assert 'class="bubble urgent"' in html
    html = await post(client, html, choice="saluer")
    assert html.count('<li class="you">') == 2


async def test_ticks_stay_without_script(client: Client) -> None:
    """Boxes ticked come back with the next page, are on the sheet, and are no more for the next person."""
    html = await post(client, await opened(client), choice="Faire la demande", coche=["rsa.1", "rsa.3", "faux.1"])
    assert re.findall(r'name="coche" value="([\w.-]+)" checked', html) == ["rsa.1", "rsa.3"]
    sheet = await post(client, html, "/atelier/fiche", coche=["rsa.1", "rsa.3"])
    assert sheet.count('class="have"') == 2
    assert sheet.count('class="miss"') == 3
    next_one = await post(client, html, "/atelier/effacer", oui="1")
    assert "checked" not in next_one
    assert not re.findall(r'name="coche"[^>]* checked', await opened(client))


async def test_papers_are_linked(client: Client) -> None:
    """An answer leads to its papers, in the workshop and in the chat."""
    html = await post(client, await opened(client), choice="Faire la demande")
    assert 'href="/atelier#papiers-rsa"' in html
    chat = await (await client.get("/")).text()
    html = await post(client, chat, "/", text="comment demander le rsa")
    assert 'href="/atelier#papiers-rsa"' in html


async def test_sheet(client: Client) -> None:
    """The sheet holds answers, places, papers, a code to the official page, dates and sources; and no word of the person."""
    html = await post(client, await opened(client), text="comment demander le rsa pour libellule")
    html = await post(client, html, text="une france services à Olargues")
    html = await post(client, html, choice="Combien d'argent ?")
    sheet = await post(client, html, "/atelier/fiche")
    assert "Demander le RSA" in sheet
    assert "France services Olargues" in sheet
    assert "Papiers : Demander le RSA" in sheet
    assert sheet.count('class="qr"') == 2
    assert "Vérifié le 23 novembre 2026" in sheet
    assert "libellule" not in sheet
    assert "libellule" in await post(client, html, "/atelier/fiche", mes_mots="1")
    chosen = await post(client, sheet, "/atelier/fiche", refaire="1", garder="rsa_montant")
    assert chosen.count('class="qr"') == 1
    back = await post(client, sheet, affichage="1")
    assert back.count('<li class="you">') == 3


async def test_sheet_of_nothing(client: Client) -> None:
    """With no conversation, the sheet says so; asked for by its address, it leads to the workshop; forged, it is refused."""
    assert "Rien à imprimer" in await post(client, await opened(client), "/atelier/fiche")
    response = await client.get("/atelier/fiche", allow_redirects=False)
    assert response.headers["Location"] == "/atelier"
    await post(client, "", "/atelier/fiche", status=403)


async def test_erase_without_script(client: Client, brain: LiveBrain, tmp_path: Any) -> None:
    """Erasing is asked to be sure of, then said in words, and nothing is left: not here, not in Rasa."""
    html = await post(client, await opened(client), text="pour ma salamandre, comment demander le rsa")
    sure = await post(client, html, "/atelier/effacer")
    assert "Tout effacer ?" in sure
    assert "salamandre" not in sure
    assert "salamandre" in await post(client, sure, affichage="1")
    gone = await post(client, sure, "/atelier/effacer", oui="1")
    assert "C'est effacé" in unescape(gone)
    token = fields(html)["conversation"]
    response = await client.get("/api/conversation", headers={"Authorization": f"Bearer {token}"})
    assert response.status == 401
    for path in (tmp_path / "gateway.sqlite", brain.folder / "tracker.sqlite"):
        sender = client.app[CONVERSATIONS].tokens.sender(token)
        with closing(sqlite3.connect(path)) as base:
            for (table,) in base.execute("select name from sqlite_master where type = 'table'").fetchall():
                for row in base.execute(f"select * from {table}"):
                    assert sender not in row
                    assert not any("salamandre" in str(value) for value in row)


async def test_back_button_shows_nothing(client: Client) -> None:
    """Forms that the back button sends again after the erasing, the first one included, get nothing back."""
    first = await opened(client)
    second = await post(client, first, text="pour ma libellule, comment demander le rsa")
    third = await post(client, second, text="et combien pour libellule")
    await post(client, third, "/atelier/effacer", oui="1")
    for html, text in ((first, "pour ma libellule, comment demander le rsa"), (second, "et combien pour libellule")):
        page = await post(client, html, status=401, text=text)
        assert "libellule" not in page
        assert "RSA est une aide" not in page
        assert fields(page)["conversation"] == ""
    sheet = await post(client, third, "/atelier/fiche", status=401)
    assert "RSA est une aide" not in sheet


async def test_erase_when_the_server_cannot(make_client: MakeClient, client: Client, brain: LiveBrain) -> None:
    """When Rasa is away, it is said that nothing is erased yet, with a button to try again, and when it will be anyway."""
    html = await post(client, await opened(client), text="comment demander le rsa")
    token = fields(html)["conversation"]
    assistant = client.app[CONVERSATIONS].assistant
    working, assistant.brain.members = assistant.brain.members, [Member(URL("http://127.0.0.1:9"))]
    page = await post(client, html, "/atelier/effacer", status=503, oui="1")
    assert "Pas encore effacé" in page
    assert "60 minutes" in page
    assert "RSA" not in page
    assistant.brain.members = working
    assert "C'est effacé" in unescape(await post(client, page, "/atelier/effacer", oui="1"))
    response = await client.get("/api/conversation", headers={"Authorization": f"Bearer {token}"})
    assert response.status == 401


async def test_erase_needs_only_the_token(client: Client) -> None:
    """A form left open for a day still erases; a token that is not ours has nothing to erase; too long is refused."""
    html = await post(client, await opened(client), text="bonjour")
    token = fields(html)["conversation"]
    response = await client.post("/atelier/effacer", data={"conversation": token, "oui": "1"})
    assert "C'est effacé" in unescape(await response.text())
    response = await client.post("/atelier/effacer", data={"conversation": "faux", "oui": "1"})
    assert response.status == 200
    response = await client.post("/atelier/effacer", data={"conversation": "x" * 600, "oui": "1"})
    assert response.status == 400


async def test_nothing_to_erase_needs_no_question(client: Client) -> None:
    """With nothing said and nothing ticked, the next person comes at once."""
    assert "C'est effacé" in unescape(await post(client, await opened(client), "/atelier/effacer"))


async def test_erase_by_words(client: Client) -> None:
    """« Effacez mes données », typed, leads to the same page."""
    html = await post(client, await opened(client), text="comment demander le rsa")
    assert "C'est effacé" in unescape(await post(client, html, text="effacez mes données"))


async def test_display_without_script(client: Client) -> None:
    """Size and words are chosen by the form, kept from page to page, and back to the workshop's for the next person."""
    html = await post(client, await opened(client), affichage="1", taille="3", variant="standard", text="brouillon")
    assert fields(html)["taille"] == "3"
    assert "brouillon" in html
    html = await post(client, html, text="combien de rsa pour un couple", taille="3", variant="standard")
    assert "avant déductions" in html
    assert fields(html)["taille"] == "3"
    await post(client, html, "/atelier/effacer", oui="1")
    assert fields(await opened(client))["taille"] == "2"


async def test_forgotten_when_nobody_comes_back(client: Client, clock: Clock) -> None:
    """An hour after the last sign of life, a conversation of the workshop is erased everywhere; those of the chat stay."""
    conversations = client.app[CONVERSATIONS]
    html = await post(client, await opened(client), text="comment demander le rsa")
    chat = await post(client, await (await client.get("/")).text(), "/", text="comment demander le rsa")
    token = fields(html)["conversation"]
    moved = clock.now
    clock.now = moved.replace(minute=50)
    assert (await client.post("/atelier/present", data={"conversation": token})).status == 204
    clock.now = moved.replace(hour=11, minute=40)
    assert await conversations.clear_workshop(3600) == 0
    clock.now = moved.replace(hour=11, minute=51)
    assert await conversations.clear_workshop(3600) == 1
    with pytest.raises(UnknownConversation):
        await conversations.read(token)
    assert len(await conversations.read(fields(chat)["conversation"])) == 1
    assert (await client.post("/atelier/present", data={"conversation": token})).status == 401


async def test_forgetting_waits_for_rasa(client: Client, clock: Clock) -> None:
    """When Rasa cannot forget, the conversation stays whole, and goes the next time."""
    conversations = client.app[CONVERSATIONS]
    await post(client, await opened(client), text="comment demander le rsa")
    clock.now = clock.now.replace(hour=12)
    brain = conversations.assistant.brain
    working, brain.members = brain.members, [Member(URL("http://127.0.0.1:9"))]
    assert await conversations.clear_workshop(3600) == 0
    brain.members = working
    assert await conversations.clear_workshop(3600) == 1


async def test_fifteen_people_never_mix(client: Client) -> None:
    """Fifteen sessions on one address, each with its own words: none sees another's, in its page, its sheet or its ticks."""
    pages = [await opened(client) for _ in range(15)]
    names = [f"Zeph{chr(97 + n) * 3}" for n in range(15)]
    for step in ("comment demander le rsa", "combien pour un couple"):
        pages = [await post(client, html, text=f"{name} : {step}") for html, name in zip(pages, names, strict=True)]
    assert len({fields(html)["conversation"] for html in pages}) == 15
    for html, name in zip(pages, names, strict=True):
        assert {one for one in names if one in html} == {name}
        sheet = await post(client, html, "/atelier/fiche", mes_mots="1")
        assert {one for one in names if one in sheet} == {name}
    await post(client, pages[0], "/atelier/effacer", oui="1")
    assert names[1] in await post(client, pages[1], affichage="1")


async def test_subjects_answer_without_rasa(make_client: MakeClient) -> None:
    """With Rasa away, a picture still gets its answer: nothing had to be understood. A message gets an honest sentence."""
    client = await make_client(rasa_port=9)
    html = await post(client, await opened(client), choice="On me fait du mal, on me menace")
    assert 'class="bubble urgent"' in html
    html = await post(client, html, choice="Faire la demande")
    assert "caf.fr" in html
