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
    assert "peser" not in html.split('<ol id="log">')[1].split("</ol>")[0].replace("« où faire peser mon bébé »", "")
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
