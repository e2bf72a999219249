"""Every form and every page: who may post it, what a page of another site can do with it, what errors say."""

import re
from html import unescape
from typing import Any

import pytest

from tests.conftest import Client, MakeClient

SITE = "https://ailleurs.example"
#: What a browser sends with the form of another site: recent, older, and from a sandboxed frame.
FOREIGN: list[dict[str, str]] = [
    {"Origin": SITE, "Sec-Fetch-Site": "cross-site"},
    {"Origin": SITE},
    {"Origin": "null"},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
]
#: Forms that look at who posts them.
CHECKED = ("/", "/avis", "/atelier", "/atelier/fiche", "/conversation.txt", "/donnees-personnelles")
#: Forms that do not, each because it does nothing but what its conversation's token lets it do, and must work on a page left open for
#: long: to erase, to say that one is there.
BY_TOKEN = ("/atelier/effacer", "/atelier/present")
PROGRAMS = ("/api/messages", "/sms/{provider}")
PAGES = ("/", "/atelier", "/atelier/suivant", "/integration", "/accessibilite", "/donnees-personnelles", "/widget.html", "/rien", "/api/rien",
         "/widget.js", "/theme.css", "/static/style.css", "/robots.txt", "/health", "/api/conversation", "/historique", "/favicon.ico")  # fmt: skip


@pytest.fixture
async def alone(make_client: MakeClient) -> Client:
    """A gateway with no Rasa behind."""
    return await make_client(rasa_port=1, actions_port=1)


async def form(client: Client) -> dict[str, str]:
    page = await (await client.get("/")).text()
    return {name: unescape(value) for name, value in re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page)}


async def begun(client: Client) -> str:
    return str(
        (await (await client.post("/api/messages", json={"text": "bonjour zygomatique"})).json())["conversation"]
    )


async def test_every_post_is_known_here(alone: Client) -> None:
    """No form was added without its place in these tests."""
    posts = {
        route.resource.canonical for route in alone.app.router.routes() if route.method == "POST" and route.resource
    }
    assert posts == {*CHECKED, *BY_TOKEN, *PROGRAMS}


@pytest.mark.parametrize("headers", FOREIGN)
@pytest.mark.parametrize("path", CHECKED)
async def test_the_form_of_another_site_does_nothing(alone: Client, path: str, headers: dict[str, str]) -> None:
    """A page elsewhere that knows a token of ours and of the person, even, cannot post any form in their name."""
    token = await begun(alone)
    data = {**await form(alone), "conversation": token, "text": "encore", "avis": "rsa_montant:oui"}
    response = await alone.post(path, data=data, headers=headers, allow_redirects=False)
    assert response.status == 403
    assert "Access-Control-Allow-Origin" not in response.headers
    read = await alone.get("/api/conversation", headers={"Authorization": f"Bearer {token}"})
    assert [turn["text"] for turn in (await read.json())["turns"]] == ["bonjour zygomatique"]


@pytest.mark.parametrize("token", [None, "", "faux", "a.b.c"])
@pytest.mark.parametrize("path", CHECKED)
async def test_a_form_without_its_token_does_nothing(alone: Client, path: str, token: str | None) -> None:
    """Where the browser says nothing of where a form comes from, its token must be ours."""
    data = {**await form(alone), "text": "encore", "avis": "rsa_montant:oui"}
    data.pop("form_token")
    response = await alone.post(path, data={**data, **({} if token is None else {"form_token": token})})
    assert response.status == 403


@pytest.mark.parametrize("path", BY_TOKEN)
async def test_a_form_by_token_does_nothing_without_it(alone: Client, path: str) -> None:
    """A page elsewhere, which has no conversation's token, erases and touches nothing."""
    token = await begun(alone)
    for guess in ("", "faux", token[:-1], token.upper()):
        await alone.post(path, data={"conversation": guess, "oui": ""}, headers=FOREIGN[0], allow_redirects=False)
    assert (await alone.get("/api/conversation", headers={"Authorization": f"Bearer {token}"})).status == 200


@pytest.mark.parametrize("accept", ["text/html", "application/json"])
@pytest.mark.parametrize("path", PAGES)
async def test_headers_of_every_response(alone: Client, path: str, accept: str) -> None:
    """Each response, errors included, cannot be framed, guessed or scripted, sets no cookie and names no software."""
    response = await alone.get(path, headers={"Accept": accept}, allow_redirects=False)
    policy = response.headers["Content-Security-Policy"]
    for rule in (
        "default-src 'none'",
        "script-src 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
        "form-action 'self'",
    ):
        assert rule in policy
    assert "unsafe" not in policy
    assert "http" not in policy
    assert response.headers["X-Frame-Options"] == "DENY"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Referrer-Policy"] == "same-origin"
    assert response.headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert "Set-Cookie" not in response.headers
    assert "aiohttp" not in response.headers.get("Server", "")


async def test_no_page_has_a_script_in_it(alone: Client) -> None:
    """No script, style or handler is written in a page: the policy would stop ours as it stops a stranger's."""
    for path in PAGES:
        response = await alone.get(path, headers={"Accept": "text/html"}, allow_redirects=False)
        if response.content_type == "text/html":
            html = await response.text()
            assert not re.findall(r"<script(?![^>]*\bsrc=)[^>]*>|<style|\son[a-z]+\s*=\s*[\"']|javascript:", html), path
            assert not re.findall(r'(?:src|action)="(?:https?:)?//', html), path


@pytest.mark.parametrize("path", ["/", "/api/messages", "/rien", "/atelier"])
async def test_a_fault_of_ours_shows_no_trace(
    make_client: MakeClient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, path: str
) -> None:
    """When we break, the person reads a sentence, no trace, and neither they nor the log are quoted."""
    client = await make_client(rasa_port=1, actions_port=1)
    fields = await form(client)

    words = "zygoma" + "tique, mon mari me frappe"

    def broken(*args: Any, **named: Any) -> None:
        raise RuntimeError(words)

    monkeypatch.setattr("bot.conversations.Conversations.say", broken)
    if path == "/api/messages":
        response = await client.post(path, json={"text": "zygomatique"})
    else:
        response = await client.post(path, data={**fields, "text": "zygomatique"})
    text = await response.text()
    assert response.status in {405, 404, 503}
    for word in ("Traceback", "RuntimeError", ".py", "mon mari"):
        assert word not in text
    ours = "\n".join(record.getMessage() for record in caplog.records if record.name.startswith("bot"))
    assert "zygomatique" not in ours


@pytest.mark.parametrize(
    ("proxy", "forwarded", "counted"),
    [
        (False, ["1.2.3.4"], "127.0.0.1"),
        (True, ["1.2.3.4"], "1.2.3.4"),
        (True, ["6.6.6.6, 1.2.3.4"], "1.2.3.4"),
        (True, ["6.6.6.6", "1.2.3.4"], "1.2.3.4"),
        (True, [""], "127.0.0.1"),
        (True, ["2001:db8:1:2:3:4:5:6"], "2001:db8:1:2::/64"),
        (True, ["2001:db8:1:2:ffff::1"], "2001:db8:1:2::/64"),
        (True, ["::ffff:1.2.3.4"], "1.2.3.4"),
        (True, ["x" * 500], "x" * 64),
    ],
)
async def test_who_is_counted(make_client: MakeClient, proxy: bool, forwarded: list[str], counted: str) -> None:
    """Behind our proxy, what it wrote last counts; what a client wrote never does; a subscriber of IPv6 counts as one."""
    from bot.web.keys import LIMITS

    seen: list[str] = []
    client = await make_client(rasa_port=1, actions_port=1, behind_proxy=proxy)
    limits = client.app[LIMITS]

    async def count(address: str, conversation: str | None) -> None:
        seen.append(address)

    limits.count = count  # type: ignore[method-assign]
    await client.post("/api/messages", json={"text": "a"}, headers=[("X-Forwarded-For", one) for one in forwarded])
    assert seen == [counted]


async def test_the_limit_by_address(make_client: MakeClient) -> None:
    """An address that asks without end is told to wait, whatever conversations it opens; the API says how long."""
    client = await make_client(rasa_port=1, actions_port=1, rate_limit="on", rate_per_address="5/minute")
    statuses = [(await client.post("/api/messages", json={"text": "a"})).status for _ in range(7)]
    assert statuses == [200] * 5 + [429] * 2
    fields = await form(client)
    for path in ("/", "/atelier", "/avis", "/donnees-personnelles"):
        response = await client.post(path, data={**fields, "text": "a", "avis": "rsa_montant:oui"})
        assert response.status == 429, path


@pytest.mark.parametrize("path", [*CHECKED, *BY_TOKEN])
async def test_no_field_is_reflected(alone: Client, path: str) -> None:
    """Whatever field is filled with tags, quotes and template marks, no page shows them as such."""
    value = "\"'></textarea><script>alert(1)</script>{{1234*4321}}"
    names = ("text", "choice", "conversation", "id", "avis", "variant", "taille", "affichage", "coche", "garder", "oui", "form_token", value)  # fmt: skip
    fields = await form(alone)
    for name in names:
        response = await alone.post(path, data={**fields, "text": "bonjour", name: value}, allow_redirects=False)
        html = await response.text()
        assert response.status < 500
        assert "<script>alert" not in html
        assert "5332114" not in html
