"""Tests for what goes out: compressed, kept by browsers as long as it does not change, and no secret beside a cookie."""

import gzip
import os
from pathlib import Path

import pytest
from aiohttp.test_utils import make_mocked_request

from bot.web.assets import FOLDER, Assets
from bot.web.compression import takes_gzip
from bot.web.keys import PAGES
from tests.conftest import Client, MakeClient

GZIP = {"Accept-Encoding": "gzip", "Accept": "text/html"}


@pytest.fixture
async def site(make_client: MakeClient) -> Client:
    """A gateway without Rasa; its answers are left as they come."""
    return await make_client()


@pytest.mark.parametrize(
    ("offer", "taken"),
    [
        ("", False), ("gzip", True), ("gzip, deflate, br", True), ("br;q=1.0, GZIP;q=0.5", True), ("gzip;q=0", False),
        ("deflate", False), ("x-gzipped", False), ("gzip; q=0.0", False),
    ],
)  # fmt: skip
def test_who_takes_gzip(offer: str, taken: bool) -> None:
    """Gzip is for those who say that they read it."""
    assert takes_gzip(make_mocked_request("GET", "/", headers={"Accept-Encoding": offer})) is taken


@pytest.mark.parametrize("path", ["/", "/accessibilite", "/donnees-personnelles", "/static/style.css", "/nulle-part"])
async def test_text_is_compressed_once(site: Client, path: str) -> None:
    """Text is sent as gzip to who takes it, plain to who does not, and caches are told that it depends on that."""
    async with (
        site.get(path, headers=GZIP) as packed,
        site.get(path, headers={**GZIP, "Accept-Encoding": "identity"}) as plain,
    ):
        assert packed.headers["Content-Encoding"] == "gzip"
        assert "Content-Encoding" not in plain.headers
        assert "Accept-Encoding" in packed.headers["Vary"]
        assert "Accept-Encoding" in plain.headers["Vary"]
        assert int(packed.headers["Content-Length"]) < 0.7 * int(plain.headers["Content-Length"])
        await packed.read()


async def test_no_cookie_ever(site: Client) -> None:
    """No page sets a cookie: what makes compression beside a token safe (see bot/web/compression.py)."""
    for path in ("/", "/accessibilite", "/donnees-personnelles", "/nulle-part", "/static/style.css"):
        for method in ("GET", "POST"):
            assert "Set-Cookie" not in (await site.request(method, path)).headers


async def test_a_versioned_file_is_kept_for_good(site: Client) -> None:
    """A page names its files under a version that may be kept for ever; the plain address is asked for again by its ETag."""
    address = site.app[PAGES].assets.address("pages.css")
    assert address in await (await site.get("/accessibilite")).text()
    kept = await site.get(address)
    assert "immutable" in kept.headers["Cache-Control"]
    assert (await kept.read()) == (FOLDER / "pages.css").read_bytes()
    plain = await site.get("/static/pages.css")
    assert plain.headers["Cache-Control"] == "public, max-age=600"
    for tag in (plain.headers["ETag"], "W/" + plain.headers["ETag"], "*"):
        again = await site.get("/static/pages.css", headers={"If-None-Match": tag})
        assert again.status == 304
        assert await again.read() == b""
    assert (await site.get("/static/pages.css", headers={"If-None-Match": '"autre"'})).status == 200


async def test_a_page_of_before_an_update(site: Client) -> None:
    """The version of an older page gives the present file, which is not kept under that name."""
    response = await site.get("/static/v0123456789/pages.css")
    assert response.status == 200
    assert response.headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize(
    "path",
    ["/static/", "/static/../chat.html", "/static/%2e%2e/gateway.py", "/static/v0123456789/", "/static/v0123456789/x"],
)
async def test_nothing_but_the_files(site: Client, path: str) -> None:
    """Only the files of the folder are given."""
    assert (await site.get(path)).status == 404


def test_an_edit_is_seen(tmp_path: Path) -> None:
    """A file that changes gives another version and its new content; the same content gives the same version."""
    file = tmp_path / "a.css"
    file.write_text("a{}" * 400, encoding="utf-8")
    assets = Assets(tmp_path)
    first = assets.address("a.css")
    assert Assets(tmp_path).address("a.css") == first
    file.write_text("b{}" * 400, encoding="utf-8")
    os.utime(file, ns=(1, 1))
    assert assets.address("a.css") != first
    request = make_mocked_request("GET", "/", headers={"Accept-Encoding": "gzip"}, match_info={"name": "a.css"})
    body = assets.respond(request).body
    assert isinstance(body, bytes)
    assert gzip.decompress(body) == b"b{}" * 400
    with pytest.raises(KeyError):
        assets.address("b.css")
