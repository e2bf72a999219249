"""What nginx does for the public, before gateways that a test can break: the deployed files, a real nginx."""

import asyncio
import io
import json
import socket
import struct
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from yarl import URL

from bot.gateway import MAX_BODY
from bot.web.errors import ApiError
from bot.web.server import HEADER_SECONDS, PER_ADDRESS
from tests.scale import compose, nginx

pytestmark = pytest.mark.skipif(not nginx.is_here(), reason="nginx is not here (make system-deps)")

SECRETS = {name: f"{name.lower()}-of-the-tests" for name in ("SECRET_KEY", "BRAIN_SECRET", "POSTGRES_PASSWORD",
           "GATEWAY_DB_PASSWORD", "TRACKER_DB_PASSWORD", "REDIS_PASSWORD")}  # fmt: skip

Ask = Callable[..., Awaitable[tuple[int, str, Mapping[str, str]]]]


async def until(condition: Callable[[], bool], seconds: float = 30) -> None:
    """Wait for `condition`; raise TimeoutError."""
    for _ in range(int(seconds / 0.1)):
        if condition():
            return
        await asyncio.sleep(0.1)
    raise TimeoutError


class FakeGateway:
    """Answers on the address of a gateway, or fails as one does."""

    def __init__(self, name: str, host: str) -> None:
        self.name, self.host = name, host
        self.seen: list[web.Request] = []
        self.bodies: list[bytes] = []
        #: "" answers; "dies" closes the connection once it has read the request, "hangs" never answers.
        self.fault = ""
        self._runner: web.AppRunner | None = None
        self._silent: socket.socket | None = None

    async def _answer(self, request: web.Request) -> web.Response:
        self.seen.append(request)
        self.bodies.append(await request.read())
        if self.fault == "dies":
            assert request.transport is not None
            linger = struct.pack("ii", 1, 0)  # reset, as the kernel does for a process that is killed
            request.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            request.transport.abort()
            await asyncio.sleep(1)
        if self.fault == "hangs":
            await asyncio.sleep(60)
        if self.fault == "503":
            return web.Response(status=503, text="kept by nobody")
        return web.Response(text=self.name)

    async def start(self) -> None:
        app = web.Application(client_max_size=10**7)
        app.router.add_route("*", "/{tail:.*}", self._answer)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, self.host, 8080).start()

    async def stop(self) -> None:
        if self._runner:
            await self._runner.cleanup()
            self._runner = None


class Front:
    """nginx and its two gateways."""

    def __init__(self, folder: Path) -> None:
        found = compose.services(SECRETS)
        loopback = compose.Loopback(list(found), folder)
        self.gateways = [FakeGateway(name, loopback.address[name]) for name in ("gateway-1", "gateway-2")]
        self.nginx = nginx.Nginx(found["nginx"], folder, loopback)

    def log(self) -> list[dict[str, str]]:
        """Return the lines of the access log."""
        return [json.loads(line) for line in self.nginx.log.read_text(encoding="utf-8").splitlines() if line[:1] == "{"]


@pytest.fixture
async def front(tmp_path: Path) -> AsyncIterator[Front]:
    """Two gateways behind nginx, that answer their name."""
    front = Front(tmp_path)
    for gateway in front.gateways:
        await gateway.start()
    await asyncio.to_thread(front.nginx.start)
    yield front
    await asyncio.to_thread(front.nginx.stop)
    for gateway in front.gateways:
        await gateway.stop()


@pytest.fixture
async def ask(front: Front) -> AsyncIterator[Ask]:
    """Ask the site; return the status, the text and the headers."""
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=60)) as session:

        async def asked(method: str, path: str, **more: Any) -> tuple[int, str, Mapping[str, str]]:
            async with session.request(method, URL(front.nginx.url + path, encoded=True), **more) as response:
                return response.status, await response.text(), response.headers

        yield asked


@pytest.mark.parametrize("name", ["nginx", "actions"])
def test_configuration(tmp_path: Path, name: str) -> None:
    """`nginx -t` takes the deployed files of each nginx, without a warning of their making."""
    found = compose.services(SECRETS)
    said = nginx.Nginx(found[name], tmp_path, compose.Loopback(list(found), tmp_path)).check()
    assert "test is successful" in said
    assert [line for line in said.splitlines() if "[warn]" in line and "worker_connections" not in line] == []


async def test_shares_out(front: Front, ask: Ask) -> None:
    """Both gateways answer."""
    said = {(await ask("GET", "/"))[1] for _ in range(10)}
    assert said == {"gateway-1", "gateway-2"}


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
async def test_gateway_dies_in_a_turn(front: Front, ask: Ask, method: str) -> None:
    """A gateway killed while it answers costs nothing: the other one is given the request whole."""
    front.gateways[0].fault = "dies"
    for number in range(6):
        status, text, _ = await ask(method, "/api/messages", data=f"message {number}" if method == "POST" else None)
        assert (status, text) == (200, "gateway-2")
    if method == "POST":
        assert front.gateways[0].bodies
        assert [body.decode() for body in front.gateways[1].bodies] == [f"message {number}" for number in range(6)]


@pytest.mark.long
async def test_gateway_refuses(front: Front, ask: Ask) -> None:
    """A gateway that is gone is gone round, and found again once it is back."""
    await front.gateways[1].stop()
    assert [(await ask("POST", "/", data="x"))[:2] for _ in range(8)] == [(200, "gateway-1")] * 8
    await front.gateways[1].start()
    deadline = time.monotonic() + 30
    while (await ask("GET", "/"))[1] != "gateway-2":
        assert time.monotonic() < deadline


async def test_rolling_restart(front: Front, ask: Ask) -> None:
    """The second gateway may stop as soon as the first is back, although nginx still holds its failure against it."""
    await front.gateways[0].stop()
    assert [(await ask("GET", "/"))[1] for _ in range(4)] == ["gateway-2"] * 4
    await front.gateways[0].start()
    await front.gateways[1].stop()
    assert [(await ask("POST", "/", data="x"))[:2] for _ in range(8)] == [(200, "gateway-1")] * 8


@pytest.mark.long
async def test_gateway_stands_still(front: Front, ask: Ask) -> None:
    """A gateway that takes requests and never answers holds one back ten seconds; then it is gone round."""
    front.gateways[0].fault = "hangs"
    answered = [await ask("POST", "/api/messages", data="x") for _ in range(6)]
    assert [one[:2] for one in answered] == [(200, "gateway-2")] * 6
    assert len(front.gateways[0].seen) == 1


@pytest.mark.parametrize(
    ("path", "headers", "kind", "sign"),
    [
        ("/", {}, "text/html", "<h1>"),
        ("/chat", {"X-Fragment": "turn"}, "text/html", "<p>"),
        ("/api/messages", {}, "application/json", '"panne"'),
        ("/health", {}, "application/json", '"panne"'),
        ("/sms/kannel?secret=s", {}, "text/plain", "L'assistant"),
    ],
)
async def test_all_gone(front: Front, ask: Ask, path: str, headers: dict[str, str], kind: str, sign: str) -> None:
    """With no gateway left, each client is told so in what it reads, with the numbers of danger: 503, not to be cached."""
    for gateway in front.gateways:
        await gateway.stop()
    for method in ("GET", "POST", "DELETE"):
        status, text, sent = await ask(method, path, headers=headers)
        assert status == 503
        assert sent["Content-Type"] == f"{kind}; charset=utf-8"
        assert sign in text
        assert "112" in text
        assert "114" in text
        assert sent["Cache-Control"] == "no-store"
        assert sent["Retry-After"] == "10"


def test_sorry_says_what_the_gateway_says() -> None:
    """What nginx says of a failure has the words and the numbers of the gateway's own."""
    error = ApiError("panne")
    said = {path.name: path.read_text(encoding="utf-8") for path in (nginx.DEPLOYED / "sorry").iterdir()}
    assert json.loads(said["unavailable.json"]) == {"error": {"code": error.code, "message": error.sentence}}
    assert said["unavailable.txt"].strip() == error.sentence
    assert said["unavailable.fragment.html"].strip() == f"<p>{error.sentence}</p>"
    phone = error.sentence.partition(" : ")[2].partition(".")[0]
    assert f'<a href="tel:+33{phone.replace(" ", "")[1:]}">{phone}</a>' in said["unavailable.html"]


async def test_failure_is_the_gateways_own(front: Front, ask: Ask) -> None:
    """A gateway's own 503 is passed on as it is: it says which part fails, and the other one is not asked."""
    for gateway in front.gateways:
        gateway.fault = "503"
    assert (await ask("GET", "/health"))[:2] == (503, "kept by nobody")
    assert sum(len(gateway.seen) for gateway in front.gateways) == 1


async def test_headers(front: Front, ask: Ask) -> None:
    """The client's address, the scheme and the request's id are written by nginx, whatever a stranger says they are."""
    forged = {
        "X-Forwarded-For": "192.0.2.1",
        "Forwarded": "for=192.0.2.1",
        "X-Request-ID": "1",
        "X-Forwarded-Proto": "https",
    }
    await ask("GET", "/", headers=forged)
    (seen,) = [request.headers for gateway in front.gateways for request in gateway.seen]
    assert seen.getall("X-Forwarded-For") == ["127.0.0.1"]
    assert seen.getall("X-Forwarded-Proto") == ["http"]
    assert "Forwarded" not in seen
    assert len(seen["X-Request-ID"]) == 32
    assert seen["Host"] == front.nginx.url.removeprefix("http://")
    await until(lambda: len(front.log()) == 1)
    assert seen["X-Request-ID"] == front.log()[-1]["request_id"]


@pytest.mark.parametrize("fault", ["", "dies", "gone"])
async def test_logs_hold_nothing(front: Front, ask: Ask, fault: str) -> None:
    """No secret, number, word or address is in what nginx writes, not even when it cannot reach a gateway."""
    for gateway in front.gateways:
        gateway.fault = fault
        if fault == "gone":
            await gateway.stop()
    await ask("GET", "/sms/kannel?secret=s3cr3t&from=%2B33639980001&text=coucou", headers={"User-Agent": "marsouin"})
    await ask("POST", "/api/messages?x=s3cr3t", json={"text": "coucou"}, headers={"Referer": "http://marsouin/"})
    await ask("POST", "/", data=io.BytesIO(b"coucou" * 200_000))
    await until(lambda: len(front.log()) == 3)  # a refused body is read to its end before its line is written
    written = front.nginx.log.read_text(encoding="utf-8")
    assert [line["path"] for line in front.log()] == ["/sms/kannel", "/api/messages", "/"]
    for forbidden in ("s3cr3t", "33639980001", "coucou", "marsouin", "127.0.0.1"):
        assert forbidden not in written


async def test_metrics_stay_inside(front: Front, ask: Ask) -> None:
    """Nobody outside reads the measures, whatever a gateway would answer."""
    for path in ("/metrics", "/metrics/", "//metrics", "/%6detrics", "/x/../metrics"):
        assert (await ask("GET", path))[0] == 404
    assert not any(gateway.seen for gateway in front.gateways)


async def test_too_long(front: Front, ask: Ask) -> None:
    """What is a little too long is the gateway's to refuse, in its words; what is far too long stops here."""
    assert (await ask("POST", "/", data=b"x" * MAX_BODY))[0] == 200
    status, text, _ = await ask("POST", "/", data=io.BytesIO(b"x" * 2_000_000))
    assert status == 413
    assert "112" in text


async def test_no_body_on_disk(front: Front, ask: Ask, tmp_path: Path) -> None:
    """What people write stays in nginx's memory: it does without the folder where it would put it down."""
    (tmp_path / "nginx-body").rmdir()
    assert (await ask("POST", "/", data=b"x" * MAX_BODY))[0] == 200


async def test_greedy_client(front: Front) -> None:
    """One address has 200 connections at most under way; the next is told so, and the others are served."""
    for gateway in front.gateways:
        gateway.fault = "hangs"
    host = front.nginx.url.removeprefix("http://").partition(":")[0]
    held = []
    try:
        for _ in range(PER_ADDRESS):
            reader, writer = await asyncio.open_connection(host, 8080, local_addr=("127.0.0.3", 0))
            writer.write(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            held.append((reader, writer))
        await until(lambda: sum(len(gateway.seen) for gateway in front.gateways) == PER_ADDRESS)
        for gateway in front.gateways:
            gateway.fault = ""
        told = {}
        for address in ("127.0.0.3", "127.0.0.4"):
            reader, writer = await asyncio.open_connection(host, 8080, local_addr=(address, 0))
            writer.write(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            told[address] = (await asyncio.wait_for(reader.read(), 20)).split(b"\r\n")[0].decode()
            writer.close()
        assert told == {"127.0.0.3": "HTTP/1.1 429 Too Many Requests", "127.0.0.4": "HTTP/1.1 200 OK"}
    finally:
        for _, writer in held:
            writer.transport.abort()


def test_times_fit() -> None:
    """An idle connection to a gateway is closed by nginx first, which waits longer than Rasa is given but less than a page does."""
    text = (nginx.DEPLOYED / "nginx.conf").read_text(encoding="utf-8")
    kept = (nginx.DEPLOYED / "upstreams.conf").read_text(encoding="utf-8")
    assert "keepalive_timeout 20s" in kept
    assert HEADER_SECONDS > 20
    assert "proxy_read_timeout 10s" in text
    assert "proxy_next_upstream_timeout 22s" in text


def test_every_gateway_is_in_both_lists() -> None:
    """A gateway added in compose.yml is one that nginx knows."""
    text = (nginx.DEPLOYED / "upstreams.conf").read_text(encoding="utf-8")
    for name in (name for name in compose.services(SECRETS) if name.startswith("gateway")):
        assert text.count(f"server {name}:8080 ") == 2
