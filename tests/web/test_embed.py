"""Tests for the assistant on other sites, without a browser: who may ask what, what is cached, and what `/integration` says."""

import gzip
import re
from html import unescape
from typing import Any

import pytest

from bot import identity
from bot.web import embed
from tests.conftest import Client, MakeClient
from tests.web.test_pages import hidden

SITE = "https://www.exemple.fr"
CROSS = {"Origin": SITE, "Sec-Fetch-Site": "cross-site"}
#: What a browser would never send for SITE, or another site altogether.
FOREIGN = [
    "https://ailleurs.example", "http://www.exemple.fr", "https://www.exemple.fr:8443", "https://exemple.fr", "https://www.exemple.fr.",
    "https://www.exemple.fr.ailleurs.example", "https://xwww.exemple.fr", "https://www.exemple.fr@ailleurs.example", "https://moi@www.exemple.fr",
    "HTTPS://WWW.EXEMPLE.FR", "https://www.exemple.fr/", "https://www.exemple.fr, https://ailleurs.example", "null", "*", "", "file://", "www.exemple.fr",
]  # fmt: skip


@pytest.fixture
async def open_to(make_client: MakeClient) -> Client:
    """A gateway that allows one other site, with no Rasa behind: a turn is then answered by the sentence for a failure."""
    return await make_client(allowed_origins=SITE, rasa_port=1, actions_port=1)


async def fields_of(client: Client) -> dict[str, str]:
    return hidden(await (await client.get("/widget.html")).text())


class TestFiles:
    """What any page may load: there is nothing of anyone in it."""

    @pytest.mark.parametrize("path", ["/widget.js", "/widget.css", "/theme.css", "/static/panel.js", "/static/chat.js", "/static/style.css"])  # fmt: skip
    async def test_any_page_may_load_them(self, open_to: Client, path: str) -> None:
        """Scripts and styles load from anywhere, as modules and under Cross-Origin-Embedder-Policy, and are kept for a while."""
        response = await open_to.get(
            path, headers={"Origin": "https://ailleurs.example", "Sec-Fetch-Site": "cross-site"}
        )
        assert response.status == 200
        assert response.headers["Access-Control-Allow-Origin"] == "*"
        assert response.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
        assert "Access-Control-Allow-Credentials" not in response.headers
        assert "no-store" not in response.headers.get("Cache-Control", "")
        assert "Set-Cookie" not in response.headers

    async def test_launcher_is_small_and_whole(self, open_to: Client) -> None:
        """The launcher with its style is under 3 KB gzipped, says the name of this assistant, and has no comment left."""
        response = await open_to.get("/widget.js")
        text = await response.text()
        assert response.content_type == "text/javascript"
        assert len(gzip.compress(text.encode(), 9)) <= 3000
        assert identity.load().name in text
        assert "SITE" not in text
        assert not re.search(r"^\s*//", text, re.MULTILINE)

    async def test_asked_again(self, open_to: Client) -> None:
        """A launcher that has not changed is not sent again."""
        response = await open_to.get("/widget.js")
        again = await open_to.get("/widget.js", headers={"If-None-Match": response.headers["ETag"]})
        assert again.status == 304
        assert again.headers["Access-Control-Allow-Origin"] == "*"
        assert (await open_to.get("/widget.js", headers={"If-None-Match": '"autre"'})).status == 200

    async def test_the_pages_themselves_are_not_for_others(self, open_to: Client) -> None:
        """No page of the site is offered to other pages."""
        for path in ("/", "/integration", "/health"):
            response = await open_to.get(path, headers={"Origin": "https://ailleurs.example"})
            assert "Access-Control-Allow-Origin" not in response.headers
            assert response.headers["Cross-Origin-Resource-Policy"] == "same-origin"


class TestFragment:
    """`/widget.html`, the chat for the panel."""

    async def test_allowed(self, open_to: Client) -> None:
        """An allowed site gets the chat, with no second main landmark or page title for its page."""
        response = await open_to.get("/widget.html", headers=CROSS)
        html = await response.text()
        assert response.status == 200
        assert response.headers["Cache-Control"] == "no-store"
        assert 'data-mode="widget"' in html
        for tag in ("<main", "<h1", "<html", "<script", "<link"):
            assert tag not in html

    @pytest.mark.parametrize("origin", FOREIGN)
    async def test_refused_and_told_so(self, open_to: Client, origin: str) -> None:
        """Another site can read that it is not allowed, in French, and nothing more."""
        response = await open_to.get("/widget.html", headers={"Origin": origin, "Sec-Fetch-Site": "cross-site"})
        html = await response.text()
        assert response.status == 403
        assert response.headers["Access-Control-Allow-Origin"] == "*"
        assert "pas autorisé" in html
        assert "form_token" not in html


class TestConversations:
    """What holds a conversation is for the allowed sites, and never with credentials."""

    @pytest.mark.parametrize(
        ("path", "method", "headers"),
        [("/", "POST", "x-fragment"), ("/historique", "GET", "authorization"), ("/avis", "POST", "x-fragment"), ("/api/messages", "POST", "content-type"), ("/api/conversation", "DELETE", "Authorization, Content-Type")],
    )  # fmt: skip
    async def test_preflight(self, open_to: Client, path: str, method: str, headers: str) -> None:
        """A preflight of an allowed site passes, names its origin and no other; any other site's is refused."""
        asked = {"Access-Control-Request-Method": method, "Access-Control-Request-Headers": headers}
        response = await open_to.options(path, headers={**asked, **CROSS})
        assert response.status == 204
        assert response.headers["Access-Control-Allow-Origin"] == SITE
        assert method in response.headers["Access-Control-Allow-Methods"]
        assert {one.strip().lower() for one in headers.split(",")} <= set(response.headers["Access-Control-Allow-Headers"].split(", "))  # fmt: skip
        assert "Origin" in response.headers["Vary"]
        assert "Access-Control-Allow-Credentials" not in response.headers
        for origin in FOREIGN:
            response = await open_to.options(path, headers={**asked, "Origin": origin})
            assert response.status == 403, origin
            assert "Access-Control-Allow-Origin" not in response.headers
            assert "Origin" in response.headers["Vary"]

    @pytest.mark.parametrize(("method", "headers"), [("PUT", ""), ("PATCH", ""), ("POST", "x-autre"), ("post", "")])
    async def test_preflight_of_more_than_we_do(self, open_to: Client, method: str, headers: str) -> None:
        """Other methods and headers are refused to everyone."""
        asked = {"Access-Control-Request-Method": method, "Access-Control-Request-Headers": headers}
        assert (await open_to.options("/api/messages", headers={**asked, **CROSS})).status == 403

    async def test_the_form(self, open_to: Client) -> None:
        """The form of an allowed site is answered, and its page may read the answer."""
        data = {**await fields_of(open_to), "text": "bonjour"}
        response = await open_to.post("/", data=data, headers={**CROSS, "X-Fragment": "turn"})
        assert response.status == 200
        assert response.headers["Access-Control-Allow-Origin"] == SITE
        assert "Origin" in response.headers["Vary"]

    @pytest.mark.parametrize("site", ["cross-site", "same-site", None])
    @pytest.mark.parametrize("origin", FOREIGN)
    async def test_the_form_of_another_site(self, open_to: Client, origin: str, site: str | None) -> None:
        """The form of any other site is refused, a sister domain's included, even with a token taken from ours."""
        headers = {"Origin": origin, "X-Fragment": "turn"} | ({"Sec-Fetch-Site": site} if site else {})
        response = await open_to.post("/", data={**await fields_of(open_to), "text": "bonjour"}, headers=headers)
        assert response.status == 403
        assert "Access-Control-Allow-Origin" not in response.headers

    @pytest.mark.parametrize("site", ["cross-site", "same-site"])
    async def test_a_foreign_form_without_an_origin(self, open_to: Client, site: str) -> None:
        """A browser that says that the form comes from elsewhere is believed, whatever it leaves out."""
        data = {**await fields_of(open_to), "text": "bonjour"}
        assert (await open_to.post("/", data=data, headers={"Sec-Fetch-Site": site})).status == 403

    async def test_the_api(self, open_to: Client) -> None:
        """The API answers allowed sites and programs; another site's request is refused before anything is done."""
        body = {"text": "bonjour"}
        assert (await open_to.post("/api/messages", json=body)).status == 200
        response = await open_to.post("/api/messages", json=body, headers=CROSS)
        assert response.headers["Access-Control-Allow-Origin"] == SITE
        assert response.status == 200
        for origin in FOREIGN:
            refused = await open_to.post("/api/messages", json=body, headers={"Origin": origin})
            error = (await refused.json())["error"]
            assert (refused.status, error["code"]) == (403, "site")
            assert "ALLOWED_ORIGINS" in error["message"]

    async def test_errors_can_be_read(self, open_to: Client) -> None:
        """An allowed site can read an error, and when to come back."""
        response = await open_to.post("/api/messages", json={"text": ""}, headers=CROSS)
        assert response.status == 400
        assert response.headers["Access-Control-Allow-Origin"] == SITE
        assert response.headers["Access-Control-Expose-Headers"] == "Retry-After"

    async def test_two_origins_are_none(self, open_to: Client) -> None:
        """A request that names two origins is of neither."""
        headers = [("Origin", SITE), ("Origin", "https://ailleurs.example")]
        assert (await open_to.post("/api/messages", json={"text": "bonjour"}, headers=headers)).status == 403

    async def test_nobody_by_default(self, make_client: MakeClient) -> None:
        """With no setting, no other site is allowed."""
        client = await make_client(rasa_port=1, actions_port=1)
        for origin in (SITE, "null", ""):
            assert (await client.post("/api/messages", json={"text": "a"}, headers={"Origin": origin})).status == 403
            assert (await client.get("/widget.html", headers={"Origin": origin})).status == 403

    @pytest.mark.parametrize(
        ("changes", "host", "origin", "status"),
        [
            ({}, "assistant.exemple.fr", "https://assistant.exemple.fr", 200),
            ({}, "Assistant.Exemple.FR:443", "https://assistant.exemple.fr", 200),
            ({}, "assistant.exemple.fr:8080", "http://assistant.exemple.fr:8080", 200),
            ({}, "assistant.exemple.fr:8080", "http://assistant.exemple.fr", 403),
            ({}, "interne:8080", "https://assistant.exemple.fr", 403),
            ({"public_url": "https://assistant.exemple.fr/"}, "interne:8080", "https://assistant.exemple.fr", 200),
            ({"public_url": "https://assistant.exemple.fr/"}, "interne:8080", "https://assistant.exemple.fr.ailleurs.example", 403),
            ({}, "null", "null", 403),
            ({}, "", "https://", 403),
        ],
    )  # fmt: skip
    async def test_our_own_pages(
        self, make_client: MakeClient, changes: dict[str, Any], host: str, origin: str, status: int
    ) -> None:
        """An old browser, which sends the origin alone, posts from our own pages, behind a proxy too."""
        client = await make_client(rasa_port=1, actions_port=1, **changes)
        headers = {"Host": host, "Origin": origin, "X-Fragment": "turn"}
        response = await client.post("/", data={**await fields_of(client), "text": "bonjour"}, headers=headers)
        assert response.status == status


async def test_forms_on_plain_http_say_where_they_come_from(client_without_rasa: Client) -> None:
    """Chromium on plain http sends no Sec-Fetch-Site, and under "no-referrer" posts a form with "Origin: null", refused as anyone's: ours says it."""
    response = await client_without_rasa.get("/")
    assert response.headers["Referrer-Policy"] == "same-origin"


class TestIntegration:
    """`/integration`, for the person in charge of another site."""

    async def test_lines_to_copy(self, make_client: MakeClient) -> None:
        """The lines hold our public address, a link for when there is no script, and the directives that a strict site needs."""
        client = await make_client(public_url="https://assistant.exemple.fr/", allowed_origins=SITE)
        page = await (await client.get("/integration")).text()
        text = unescape(page)
        assert '<script src="https://assistant.exemple.fr/widget.js" defer></script>\n<noscript><a href="https://assistant.exemple.fr/">' in text  # fmt: skip
        assert "script-src https://assistant.exemple.fr; connect-src https://assistant.exemple.fr" in text
        assert SITE in text
        assert page.count("<script") == 1  # what is to copy is shown, not run

    async def test_address_behind_our_proxy(self, make_client: MakeClient) -> None:
        """Behind our proxy, the lines are in https when the visitor is."""
        client = await make_client(behind_proxy=True)
        headers = {"Host": "assistant.exemple.fr", "X-Forwarded-Proto": "https"}
        assert "https://assistant.exemple.fr/widget.js" in await (await client.get("/integration", headers=headers)).text()  # fmt: skip

    async def test_every_option_is_told(self, client_without_rasa: Client) -> None:
        """Each data- attribute that the script reads is in the table, and the other way round."""
        script = (embed._WEB / "widget" / "widget.js").read_text(encoding="utf-8")
        read = {f"data-{name}" for name in re.findall(r'option\("(\w+)"\)', script)} | set(re.findall(r'Attribute\("(data-\w+)"\)', script))  # fmt: skip
        page = await (await client_without_rasa.get("/integration")).text()
        assert set(re.findall(r'<th scope="row"><code>(data-\w+)</code>', page)) == read

    async def test_weights_are_those_of_the_files(self, client_without_rasa: Client) -> None:
        """The weights on the page are measured, not written."""
        script = await (await client_without_rasa.get("/widget.js")).read()
        kilobytes = f"{len(gzip.compress(script, 9)) / 1000:.1f}".replace(".", ",")
        assert f"{kilobytes} ko pour le bouton" in await (await client_without_rasa.get("/integration")).text()


@pytest.fixture
async def client_without_rasa(make_client: MakeClient) -> Client:
    """A gateway alone."""
    return await make_client()
