"""Tests for bot.fetch: a download arrives whole from a public address, or nothing is left of it and the reason is a sentence.

A real server on this machine, allowed by `loopback`, that is slow, cuts, sends elsewhere, or gives something else.
"""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.fetch import Fetched, FetchError, Policy, fetch, is_public, shown

POLICY = Policy(loopback=True, silence=0.4, connect=2.0, total=20.0, pause=0.01, max_bytes=1_000_000)
DATA = b'[{"a": 1}]' * 1000
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Server:
    """What each address does, and how often it was asked, with which headers."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.url: Callable[[str], str] = str

    def times(self, path: str) -> int:
        return sum(one == path for one, _ in self.asked)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.asked.append((request.path, dict(request.headers)))
        path = request.path
        if path == "/good":
            return web.Response(body=DATA, headers={"Last-Modified": "Tue, 13 Jan 2026 10:00:00 GMT"})
        if path == "/slow":
            response = web.StreamResponse()
            await response.prepare(request)
            await response.write(DATA)
            await asyncio.sleep(3)
            return response
        if path == "/cut" or (path == "/cut-once" and self.times(path) == 1):
            response = web.StreamResponse(headers={"Content-Length": str(len(DATA))})
            await response.prepare(request)
            await response.write(DATA[:5000])
            assert request.transport
            request.transport.close()
            return response
        if path in {"/circle", "/circle2"}:
            raise web.HTTPFound("/circle2" if path == "/circle" else "/circle")
        if path == "/private":
            raise web.HTTPFound(request.query["to"])
        if path == "/busy" and self.times(path) < 3:
            return web.Response(status=429, headers={"Retry-After": "7"})
        if path == "/html":
            return web.Response(text="<html>maintenance</html>", content_type="text/html")
        if path == "/token":
            return web.Response(status=401 if request.headers.get("Authorization") != "Bearer bon" else 200, body=DATA)
        if path == "/big":
            response = web.StreamResponse()
            await response.prepare(request)
            for _ in range(40):
                await response.write(b"x" * 50_000)
            return response
        if path in {"/busy", "/cut-once"}:
            return web.Response(body=DATA)
        return web.Response(status={"/gone": 410, "/down": 503}.get(path, 404))


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    """A server of ours on the loopback."""
    made = Server()
    app = web.Application()
    app.router.add_get("/{path:.*}", made.handle)
    real = TestServer(app)
    await real.start_server()
    made.url = lambda path: str(real.make_url(path))
    yield made
    await real.close()


class Naps:
    """Sleeps that take no time and are counted."""

    def __init__(self) -> None:
        self.taken: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.taken.append(seconds)


async def get(server: Server, path: str, tmp_path: Path, policy: Policy = POLICY, **more: Any) -> Fetched:
    return await fetch(server.url(path), tmp_path / "file", policy, sleep=more.pop("sleep", Naps()), **more)


def left_in(folder: Path) -> list[Path]:
    return list(folder.iterdir())


async def refused(server: Server, path: str, tmp_path: Path, why: str, policy: Policy = POLICY, **more: Any) -> None:
    with pytest.raises(FetchError, match=why):
        await get(server, path, tmp_path, policy, **more)
    assert left_in(tmp_path) == []


async def test_a_file_arrives_whole(server: Server, tmp_path: Path) -> None:
    """The bytes, their digest, the day that the server gives, and the progress."""
    seen: list[tuple[int, int | None]] = []
    fetched = await get(server, "/good", tmp_path, progress=lambda done, total: seen.append((done, total)))
    assert fetched.path.read_bytes() == DATA
    assert (fetched.size, fetched.day) == (len(DATA), "2026-01-13")
    assert seen[-1] == (len(DATA), len(DATA))


async def test_a_slow_server_is_left(server: Server, tmp_path: Path) -> None:
    """A server that stops sending is left after the silence allowed, tried again, and named."""
    await refused(server, "/slow", tmp_path, "trop lent", Policy(loopback=True, silence=0.2, pause=0.01, tries=2))
    assert server.times("/slow") == 2


async def test_a_cut_line(server: Server, tmp_path: Path) -> None:
    """A transfer cut half-way leaves nothing, is tried again, and succeeds when the line holds."""
    await refused(server, "/cut", tmp_path, "coupé en route")
    assert server.times("/cut") == POLICY.tries
    assert (await get(server, "/cut-once", tmp_path)).size == len(DATA)
    assert server.times("/cut-once") == 2


async def test_redirects_in_circles(server: Server, tmp_path: Path) -> None:
    """Redirects end after a few, without another try."""
    await refused(server, "/circle", tmp_path, "plus de 5 renvois")
    assert len(server.asked) == 6


@pytest.mark.parametrize(
    "to",
    [
        "http://10.0.0.1/",
        "http://192.168.1.1/x",
        "http://169.254.169.254/latest/meta-data/",
        "http://[::ffff:10.0.0.1]/",
        "http://[fd00::1]/",
        "http://0.0.0.0/",
    ],
)
async def test_a_redirect_to_a_private_address(server: Server, tmp_path: Path, to: str) -> None:
    """A redirect to a private address is refused before anything is sent there, and not tried again."""
    await refused(server, f"/private?to={to}", tmp_path, "privée ou locale")
    assert len(server.asked) == 1


@pytest.mark.parametrize("to", ["file:///etc/passwd", "ftp://example.org/x", "gopher://example.org", "http://u:p@example.org/"])  # fmt: skip
async def test_a_redirect_to_something_else(server: Server, tmp_path: Path, to: str) -> None:
    """Nothing but http and https is followed, and no address with a password."""
    await refused(server, f"/private?to={to}", tmp_path, "adresse refusée|adresse mal écrite")


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:{port}/good",
        "http://localhost:{port}/good",
        "http://[::1]:{port}/good",
        "http://2130706433:{port}/good",
        "http://127.1:{port}/good",
    ],
)
async def test_this_machine_is_refused(server: Server, tmp_path: Path, url: str) -> None:
    """Without the setting for tests, no way of writing the loopback reaches a server here."""
    port = server.url("/").split(":")[2].split("/")[0]
    with pytest.raises(FetchError, match=r"privée ou locale|injoignable|mal écrite"):
        await fetch(url.format(port=port), tmp_path / "x", Policy(tries=1))
    assert server.asked == []


async def test_a_name_that_changes_its_mind(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that resolved to a public address and now to a private one is refused: what counts is where the socket goes."""
    answers = iter(["93.184.215.14", "10.0.0.7"])

    async def resolve(*_: Any, **__: Any) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (next(answers, "10.0.0.7"), 80))]

    loop = asyncio.get_running_loop()
    monkeypatch.setattr(loop, "getaddrinfo", resolve)
    next(answers)  # somebody checked the name before
    with pytest.raises(FetchError, match=r"privée ou locale refusée \(10\.0\.0\.7\)"):
        await fetch("http://rebind.example/x", tmp_path / "x", Policy(tries=1))


async def test_busy_then_good(server: Server, tmp_path: Path) -> None:
    """429 waits as long as it is told, then tries again."""
    naps = Naps()
    assert (await get(server, "/busy", tmp_path, sleep=naps)).size == len(DATA)
    assert naps.taken == [7.0, 7.0]


async def test_down_is_tried_again_and_gone_is_not(server: Server, tmp_path: Path) -> None:
    """503 is tried again with growing pauses; 404 and 410 are not."""
    naps = Naps()
    await refused(server, "/down", tmp_path, "503", sleep=naps)
    assert naps.taken == [0.01, 0.02, 0.04]
    await refused(server, "/gone", tmp_path, "410, l'adresse a changé")
    assert server.times("/gone") == 1


async def test_html_in_the_place_of_data(server: Server, tmp_path: Path) -> None:
    """A web page is no data file."""
    await refused(server, "/html", tmp_path, "page web")


async def test_too_big(server: Server, tmp_path: Path) -> None:
    """What is announced too big is not begun; what turns out too big is stopped."""
    await refused(server, "/good", tmp_path, "trop gros", Policy(loopback=True, max_bytes=100))
    await refused(server, "/big", tmp_path, "trop gros", Policy(loopback=True, max_bytes=200_000))


async def test_an_expired_token(server: Server, tmp_path: Path) -> None:
    """A refused token is said with the name of its variable, never with the token."""
    with pytest.raises(FetchError, match="le jeton de MON_JETON est refusé ou expiré") as raised:
        await get(server, "/token", tmp_path, headers={"Authorization": "Bearer secret"}, token_from="MON_JETON")
    assert "secret" not in str(raised.value)
    assert (await get(server, "/token", tmp_path, headers={"Authorization": "Bearer bon"})).size == len(DATA)


async def test_the_token_stays_with_its_server(server: Server, tmp_path: Path) -> None:
    """A redirect to another host is followed without the token."""
    other = server.url("/good").replace("127.0.0.1", "localhost")
    await get(server, f"/private?to={other}", tmp_path, headers={"Authorization": "Bearer secret"})
    assert "Authorization" in server.asked[0][1]
    assert "Authorization" not in server.asked[1][1]


async def test_nobody_there(tmp_path: Path) -> None:
    """A server that does not answer is said to be out of reach."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(FetchError, match="injoignable"):
        await fetch(f"http://127.0.0.1:{port}/", tmp_path / "x", Policy(loopback=True, tries=1))


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("8.8.8.8", True), ("2001:4860:4860::8888", True), ("127.0.0.1", False), ("10.1.2.3", False), ("172.16.0.1", False), ("192.168.0.1", False),
        ("169.254.169.254", False), ("100.64.0.1", False), ("0.0.0.0", False), ("224.0.0.1", False), ("255.255.255.255", False), ("::1", False), ("::", False),
        ("fe80::1%eth0", False), ("fc00::1", False), ("::ffff:127.0.0.1", False), ("64:ff9b::7f00:1", False), ("2002:7f00:1::", False),
    ],
)  # fmt: skip
def test_is_public(address: str, public: bool) -> None:
    """Loopback, private, link-local, shared and reserved blocks are not public, nor hidden inside an IPv6 address."""
    assert is_public(address) is public


def test_shown() -> None:
    """An address is printed without its query and its password."""
    assert shown("https://u:p@example.org:8443/a/b?apikey=secret#x") == "https://example.org:8443/a/b"
