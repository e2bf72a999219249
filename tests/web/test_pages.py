"""Tests for the chat page without JavaScript: a plain form is enough."""

import re
from html import unescape
from typing import Any

import pytest

from tests.conftest import Client

pytestmark = pytest.mark.live


def hidden(html: str) -> dict[str, str]:
    """Return the hidden fields of the page's form."""
    return {
        name: unescape(value) for name, value in re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', html)
    }


def log_of(html: str) -> str:
    """Return the transcript of the page, tags included."""
    return unescape(html).split('<ol id="log"')[1].split("</section>")[0]


async def ask(client: Client, html: str, **fields: str) -> str:
    """Post the form of the page `html`, which must be accepted; return the next page."""
    response = await client.post("/", data={**hidden(html), **fields})
    text = await response.text()
    assert response.status == 200, text
    return text


async def test_first_page(client: Client) -> None:
    """The first page says at once that it is a machine, what not to write, and is in French."""
    response = await client.get("/")
    html = await response.text()
    assert response.status == 200
    assert '<html lang="fr">' in html
    assert "assistant automatique, pas une personne" in html
    assert "N'écrivez pas votre numéro de sécurité sociale ou d'allocataire" in unescape(html)
    assert "http://" not in html.replace("http://www.w3.org", "")
    assert response.headers["Cache-Control"] == "no-store"


async def test_conversation_by_form(client: Client) -> None:
    """A conversation goes on from page to page, choices and danger included."""
    html = await ask(client, await (await client.get("/")).text(), text="combien de rsa pour un couple")
    assert "977,54" in html
    html = await ask(client, html, text="", choice="Demander le RSA")
    assert html.count('<li class="you">') == 2
    assert 'class="chosen">Demander le RSA (choisi)</button>' in html
    assert html.count('id="reponse"') == 1
    html = await ask(client, html, text="mon mari me frappe")
    assert 'class="bubble urgent"' in html
    assert 'href="tel:17"' in html
    assert 'href="sms:114"' in html


async def test_reload_does_not_repeat(client: Client) -> None:
    """The same form posted twice (a reload, a double click) is answered once."""
    html = await ask(client, await (await client.get("/")).text(), text="bonjour")
    data = {**hidden(html), "text": "combien de rsa"}
    await client.post("/", data=data)
    again = await (await client.post("/", data=data)).text()
    assert again.count("combien de rsa") == 1


async def test_erase_by_form(client: Client) -> None:
    """The erase button erases: the confirmation is all that is left."""
    html = await ask(client, await (await client.get("/")).text(), text="où faire peser mon bébé")
    html = await ask(client, html, text="", choice="Effacez mes données")
    assert "j'efface" in unescape(html)
    assert "peser" not in log_of(html)
    assert hidden(html)["conversation"] == ""


@pytest.mark.parametrize(
    ("fields", "headers", "status"),
    [
        ({"form_token": "faux"}, {}, 403),
        ({"form_token": ""}, {}, 403),
        ({}, {"Origin": "https://ailleurs.example"}, 403),
        ({}, {"Sec-Fetch-Site": "cross-site"}, 403),
        ({"text": ""}, {}, 400),
        ({"text": "a" * 5000}, {}, 413),
        ({"conversation": "x" * 600}, {}, 400),
    ],
)
async def test_refused_form(client: Client, fields: dict[str, str], headers: dict[str, str], status: int) -> None:
    """A forged, empty or oversized form is refused with a French sentence on the page, and the draft is kept."""
    data = {**hidden(await (await client.get("/")).text()), "text": "mon brouillon", **fields}
    response = await client.post("/", data=data, headers=headers)
    html = await response.text()
    assert response.status == status
    assert 'role="alert"' in html
    assert data["text"] in html


async def test_expired_conversation_goes_on(client: Client) -> None:
    """A form left open with a dead conversation still gets its answer, in a new one."""
    html = await ask(client, await (await client.get("/")).text(), text="bonjour", conversation="jeton.mort")
    assert "assistant automatique" in html
    assert hidden(html)["conversation"] not in {"", "jeton.mort"}


@pytest.mark.parametrize(
    "text", ["<img src=x onerror=alert(1)>", "{{ 7*7 }}", '"><script>alert(1)</script>', "</textarea><b>"]
)
async def test_nothing_is_injected(client: Client, text: str) -> None:
    """What a person types is shown as text."""
    html = await ask(client, await (await client.get("/")).text(), text=text)
    assert "<" not in text or text not in html
    assert "49" not in re.sub(r'value="[^"]*"', "", html).split('<li class="you">')[1].split("</li>")[0]


async def test_fragment(client: Client) -> None:
    """The script gets the new turn alone, and the history of a token."""
    data: dict[str, Any] = {**hidden(await (await client.get("/")).text()), "text": "combien de rsa pour un couple"}
    html = await (await client.post("/", data=data, headers={"X-Fragment": "turn"})).text()
    assert "<html" not in html
    token = re.findall(r'data-conversation="([^"]+)"', html)[0]
    history = await client.get("/historique", headers={"Authorization": f"Bearer {token}"})
    assert "977,54" in await history.text()
    assert (await client.get("/historique", headers={"Authorization": "Bearer faux"})).status == 401


async def test_another_text_in_the_same_form(client: Client) -> None:
    """The back button brings back an old form: another text in it is another message, not the old answer again."""
    html = await ask(client, await (await client.get("/")).text(), text="bonjour")
    await ask(client, html, text="combien de rsa pour un couple")
    again = await ask(client, html, text="où faire peser mon bébé")
    assert [line for line in ("combien de rsa", "où faire peser") if line in log_of(again)] == ["combien de rsa", "où faire peser"]  # fmt: skip


async def test_preferences_by_form(client: Client) -> None:
    """Size, contrast and plain words are set without a script, keep the draft and the conversation, and go along."""
    html = await ask(client, await (await client.get("/")).text(), text="combien de rsa pour un couple")
    chosen = {"taille": "3", "contraste": "fort", "variant": "simple"}
    html = await ask(client, html, text="mon brouillon", affichage="1", **chosen)
    assert 'data-taille="3" data-contraste="fort"' in html
    assert "mon brouillon</textarea>" in html
    assert log_of(html).count('class="you"') == 1
    html = await ask(client, html, text="comment demander le rsa", **chosen)
    assert "Le RSA est une aide" in log_of(html)
    assert re.search(r'name="variant" value="simple"[^>]* checked', html)


@pytest.mark.parametrize("value", ["", "4", "falc", "<b>"])
async def test_unknown_preferences(client: Client, value: str) -> None:
    """A preference that does not exist is the usual one."""
    html = await ask(client, await (await client.get("/")).text(), text="bonjour", taille=value, variant=value)
    assert 'data-variant="standard" data-taille="1"' in html


async def test_plainer_words_stay(client: Client) -> None:
    """« En plus simple » says the last answer in plain words, and the next ones too."""
    html = await ask(client, await (await client.get("/")).text(), text="combien de rsa pour un couple")
    assert "En plus simple</button>" in html
    html = await ask(client, html, text="", choice="Plus simple", variant="standard")
    assert "Le RSA est une aide" in log_of(html)
    assert re.search(r'name="variant" value="simple"[^>]* checked', html)


async def test_fifty_thousand_characters(client: Client) -> None:
    """A very long text pasted in the form is refused with both lengths, and comes back whole."""
    pasted = "é" * 50_000
    response = await client.post("/", data={**hidden(await (await client.get("/")).text()), "text": pasted})
    html = unescape(await response.text())
    assert response.status == 413
    assert "50000 caractères" in html
    assert pasted in html


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"text=\xff\xfe", "application/x-www-form-urlencoded"),
        (b"text=a", "application/x-www-form-urlencoded; charset=inconnu"),
        (b"--x\r\nContent-Disposition: form-data", "multipart/form-data; boundary=x"),
        (b"rien", "multipart/form-data"),
    ],
)
async def test_unreadable_form(client: Client, body: bytes, kind: str) -> None:
    """A form that cannot be read is refused, and is no failure of ours."""
    response = await client.post("/", data=body, headers={"Content-Type": kind})
    assert 400 <= response.status < 500


async def test_form_open_too_long(client: Client) -> None:
    """The script gets a new form token with the refusal of an old one, but not when the form comes from elsewhere."""
    data = {**hidden(await (await client.get("/")).text()), "text": "bonjour", "form_token": "vieux"}
    fragment = {"X-Fragment": "turn"}
    token = re.findall(r'data-form-token="([^"]+)"', await (await client.post("/", data=data, headers=fragment)).text())
    assert (await client.post("/", data={**data, "form_token": token[0]}, headers=fragment)).status == 200
    foreign = await client.post("/", data=data, headers={**fragment, "Sec-Fetch-Site": "cross-site"})
    assert "data-form-token" not in await foreign.text()


async def test_right_to_left(client: Client) -> None:
    """What the person says goes in the direction of its script."""
    html = await ask(client, await (await client.get("/")).text(), text="مرحبا")
    assert '<p dir="auto"><span class="who">Vous</span> مرحبا' in html


async def test_download_without_a_script(client: Client) -> None:
    """The conversation downloads as text: what was said, the places and their numbers, the sources."""
    html = await ask(client, await (await client.get("/")).text(), text="combien de rsa pour un couple")
    html = await ask(client, html, text="une france services à Olargues")
    response = await client.post("/conversation.txt", data=hidden(html))
    text = await response.text()
    assert response.headers["Content-Disposition"] == 'attachment; filename="conversation.txt"'
    for words in ("Vous : combien de rsa pour un couple", "977,54", "04 67 97 88 02", "Source : "):
        assert words in text
    assert (await client.post("/conversation.txt", data={**hidden(html), "form_token": "faux"})).status == 403
    assert (await client.post("/conversation.txt", data={**hidden(html), "conversation": "faux"})).status == 401
