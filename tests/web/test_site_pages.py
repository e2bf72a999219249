"""Tests for the pages that are not the chat, and for what a browser is shown when something fails."""

import re
from html import unescape
from typing import Any
from urllib.parse import quote

import aiohttp
import pytest
from yarl import URL

from bot.identity import Identity, load
from bot.privacy.redaction import Kind
from bot.web import pages, statement
from bot.web.errors import ERRORS
from bot.web.keys import CONVERSATIONS, PAGES
from bot.web.render import Pages
from tests.conftest import Client, MakeClient

BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


@pytest.fixture
async def site(make_client: MakeClient) -> Client:
    """A gateway without Rasa: these pages do not need it."""
    return await make_client()


async def text_of(site: Client, path: str, **options: Any) -> str:
    """Return the page at `path`, entities read."""
    return unescape(await (await site.get(path, headers=BROWSER, **options)).text())


@pytest.mark.parametrize("path", ["/accessibilite", "/donnees-personnelles", "/nulle-part"])
async def test_shape_of_a_page(site: Client, path: str) -> None:
    """In French, one heading of the first level, a title of its own, landmarks, a way to skip to the content, and the way back."""
    html = await text_of(site, path)
    assert '<html lang="fr">' in html
    assert len(re.findall("<h1", html)) == 1
    assert re.search(r"<title>[^<]+ – Assistant de l'Hérault</title>", html)
    for tag in ("<header>", "<main ", "<footer>", "<nav "):
        assert html.count(tag) == 1
    assert '<a class="skip" href="#contenu">' in html
    assert '<main id="contenu"' in html
    assert 'href="/"' in html
    assert not re.findall(r'(?:src|href)="(?:https?:)?//(?!www\.cnil|www\.defenseurdesdroits)', html)


async def test_the_statement_says_what_it_does_not_know(site: Client) -> None:
    """No audit, no panel, no real screen reader: said in so many words; the title says it too."""
    html = await text_of(site, "/accessibilite")
    assert "Non établi par un audit" in html
    assert "non établie par un audit" in re.findall("<title>(.*?)</title>", html)[0]
    for words in (
        "Aucun essai par des personnes handicapées",
        "NVDA",
        "VoiceOver",
        "contact non renseigné par l'éditeur",
    ):
        assert words in html
    assert "09\u00a069\u00a039\u00a000\u00a000" in html


async def test_the_statement_names_the_tools_in_use() -> None:
    """The versions that the page names are those of the tools that run here."""
    from pathlib import Path

    import axe_playwright_python

    axe = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text(encoding="utf-8")[:200]
    assert f"axe v{statement.load().tools.axe}" in axe


async def test_retention_comes_from_the_settings(make_client: MakeClient) -> None:
    """How long a conversation is kept is what the service really does."""
    for days in (7, 90):
        site = await make_client(retention_days=days)
        assert f"{days}\u00a0jours après votre dernier message" in await text_of(site, "/donnees-personnelles")


@pytest.mark.parametrize(
    ("rate", "words"), [("300/minute", "pendant une minute"), ("9/5 seconds", "5 secondes"), ("9/2 hours", "2 heures")]
)
async def test_how_long_an_address_is_counted(make_client: MakeClient, rate: str, words: str) -> None:
    """The page says how long an address is counted; not at all when it is not."""
    counting = await make_client(rate_limit="on", rate_per_address=rate)
    assert words in await text_of(counting, "/donnees-personnelles")
    assert "comptée en mémoire" not in await text_of(await make_client(rate_limit="off"), "/donnees-personnelles")


async def test_what_is_taken_out_of_a_message(site: Client) -> None:
    """The page names every kind of personal data that the programme takes out before anything is kept."""
    html = await text_of(site, "/donnees-personnelles")
    for kind in Kind:
        assert kind.value in html


async def test_empty_contacts_are_said_to_be_so(site: Client) -> None:
    """What the publisher has not filled in is said so; what it has is shown, addresses as links."""
    assert "Non renseigné par l'éditeur" in await text_of(site, "/donnees-personnelles")
    known = load().model_copy(
        update={
            "publisher": "Département de l'Essai",
            "data_protection_contact": "dpo@essai.example",
            "host": "Hébergeur",
        }
    )
    html = _page_with(site, known)
    assert "Département de l'Essai" in html
    assert 'href="mailto:dpo@essai.example"' in html
    assert "Hébergeur" in html
    assert "3 jours de plus" in html


def _page_with(site: Client, identity: Identity) -> str:
    pages_ = site.app[PAGES]
    other = Pages(pages_._book, lambda: None, identity)  # type: ignore[arg-type, return-value]
    return unescape(
        other.render(
            "donnees-personnelles.html",
            conservation="30 jours",
            window="",
            sms=True,
            dead_days=3.0,
            taken_out=["IBAN"],
            workshop_minutes="60",
            form_token="x",
            done="",
            error="",
        )
    )


@pytest.mark.parametrize("code", sorted(ERRORS))
def test_every_error_has_a_page(code: str) -> None:
    """Each error that a person can meet has a title of its own; those of programs, and of the widget's panel, share one."""
    assert code in pages.TITLES or code in {"json", "champ", "vide", "site"}


@pytest.mark.parametrize(
    ("method", "path", "status", "words"),
    [
        ("GET", "/nulle-part", 404, "Cette page n'existe pas"),
        ("GET", "/static/nulle-part.css", 404, "Cette page n'existe pas"),
        ("GET", "/static/../gateway.py", 404, "Cette page n'existe pas"),
        ("POST", "/accessibilite", 405, "Cette adresse ne s'ouvre pas ainsi"),
        ("DELETE", "/", 405, "Cette adresse ne s'ouvre pas ainsi"),
    ],
)
async def test_a_browser_gets_a_page(site: Client, method: str, path: str, status: int, words: str) -> None:
    """A person who goes astray gets a page with the way back and the numbers of danger; a program gets JSON."""
    response = await site.request(method, path, headers=BROWSER)
    html = unescape(await response.text())
    assert response.status == status
    assert f"<h1>{words}</h1>" in html
    assert 'href="tel:112"' in html
    assert response.headers["Cache-Control"] == "no-store"
    program = await site.request(method, path, headers={"Accept": "application/json"})
    assert program.status == status
    assert (await program.json())["error"]["message"]


@pytest.mark.parametrize(
    "written", ["/accessibilite/", "/Accessibilité", "/DONNÉES-PERSONNELLES", "//atelier", "/integration."]
)
async def test_an_address_written_by_hand(site: Client, written: str) -> None:
    """Capitals, accents, a slash or a full stop too many lead to the page that is meant, on this site."""
    address = URL(str(site.make_url("/")).rstrip("/") + quote(written), encoded=True)
    async with aiohttp.request("GET", address, headers=BROWSER) as response:
        assert response.status == 200
        assert response.url.path in {"/accessibilite", "/donnees-personnelles", "/atelier", "/integration"}
        assert response.url.host == address.host


async def test_the_api_speaks_json_to_everyone(site: Client) -> None:
    """A browser that opens an address of the API is answered as any program."""
    for path in ("/api/nulle-part", "/api/conversation"):
        response = await site.get(path, headers=BROWSER)
        assert response.content_type == "application/json"


async def test_a_broken_form(site: Client) -> None:
    """A form cut in its middle is the sender's fault, not a fault of ours."""
    headers = {**BROWSER, "Content-Type": "multipart/form-data; boundary=x"}
    assert (await site.post("/", data=b"--x\r\nbroken", headers=headers)).status == 400


async def test_too_large_a_form(site: Client) -> None:
    """A form over the limit gets a page, and the script its fragment."""
    body = {"text": "a" * 600_000}
    response = await site.post("/", data=body, headers=BROWSER)
    assert response.status == 413
    assert "<h1>Votre message est trop long</h1>" in unescape(await response.text())
    fragment = await (await site.post("/", data=body, headers={"X-Fragment": "turn"})).text()
    assert "<html" not in fragment
    assert "trop long" in unescape(fragment)


async def test_a_fault_of_ours(site: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """A fault gives a page that says whom to call, without a word of the fault; when that page fails too, JSON."""

    def broken(*_: object) -> str:
        raise ValueError("secret words of a person")

    monkeypatch.setattr(statement, "load", broken)
    response = await site.get("/accessibilite", headers=BROWSER)
    html = unescape(await response.text())
    assert response.status == 503
    assert "<h1>L'assistant ne répond pas pour le moment</h1>" in html
    assert "standard du Département : 04 67 67 67 67" in html
    assert "secret" not in html
    monkeypatch.setattr(Pages, "render", broken)
    response = await site.get("/accessibilite", headers=BROWSER)
    assert response.status == 503
    assert (await response.json())["error"]["code"] == "panne"


async def test_too_many_erasures(make_client: MakeClient) -> None:
    """Over the limit, the page says so and when to come back."""
    site = await make_client(rate_limit="on", rate_per_address="1/minute")
    await site.post("/donnees-personnelles", data={}, headers=BROWSER)
    response = await site.post("/donnees-personnelles", data={}, headers=BROWSER)
    assert response.status == 429
    assert int(response.headers["Retry-After"]) > 0
    assert "Attendez un peu" in unescape(await response.text())


async def test_erasing_needs_our_form(site: Client) -> None:
    """A form from elsewhere, or without its token, erases nothing."""
    form = {"form_token": _form_token(await text_of(site, "/donnees-personnelles")), "conversation": "x"}
    elsewhere = await site.post("/donnees-personnelles", data=form, headers={"Sec-Fetch-Site": "cross-site"})
    assert elsewhere.status == 403
    assert (await site.post("/donnees-personnelles", data={"conversation": "x"})).status == 403


def _form_token(html: str) -> str:
    return str(re.findall(r'name="form_token" value="([^"]+)"', html)[0])


async def test_nothing_to_erase(site: Client) -> None:
    """A token that opens nothing is said to have nothing left to erase."""
    form = {"form_token": _form_token(await text_of(site, "/donnees-personnelles")), "conversation": "perdu"}
    html = unescape(await (await site.post("/donnees-personnelles", data=form)).text())
    assert "Il n'y avait plus rien à effacer." in html


async def test_never_says_erased_when_it_is_not(site: Client) -> None:
    """When Rasa cannot be reached, the page says that nothing was erased."""
    token = site.app[CONVERSATIONS].tokens.new()
    form = {"form_token": _form_token(await text_of(site, "/donnees-personnelles")), "conversation": token}
    response = await site.post("/donnees-personnelles", data=form)
    html = unescape(await response.text())
    assert response.status == 503
    assert "Rien n'a été effacé." in html
    assert "C'est effacé" not in html


@pytest.mark.live
async def test_erase_from_the_page(client: Client) -> None:
    """The page's form erases the conversation everywhere; a second time there is nothing left."""
    reply = await (await client.post("/api/messages", json={"text": "combien de rsa pour un couple"})).json()
    token = reply["conversation"]
    form = {"form_token": _form_token(await text_of(client, "/donnees-personnelles")), "conversation": token}
    html = unescape(await (await client.post("/donnees-personnelles", data=form)).text())
    assert "C'est effacé." in html
    assert 'data-erased="erased"' in html
    gone = await client.get("/api/conversation", headers={"Authorization": f"Bearer {token}"})
    assert gone.status == 401
    again = unescape(await (await client.post("/donnees-personnelles", data=form)).text())
    assert "plus rien à effacer" in again


async def test_robots_and_icon(site: Client) -> None:
    """Search engines may read the pages, not the programs' doors; the old address of the icon leads to it."""
    robots = await (await site.get("/robots.txt")).text()
    assert "Disallow: /api/" in robots
    icon = await site.get("/favicon.ico")
    assert icon.status == 200
    assert icon.content_type == "image/svg+xml"
