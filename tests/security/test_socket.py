"""Attacks on the socket of a gateway that runs in its own process: malformed, oversized, slow, too many."""

import json
import re
import stat
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.security.door import Door, gateway, status

#: A word that no log may hold.
WORD = b"zygomatique"
HOST = b"Host: assistant.exemple.fr\r\n"
POST = b"POST /api/messages HTTP/1.1\r\n" + HOST


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    """A gateway whose delays are of two seconds."""
    with gateway(tmp_path_factory.mktemp("door"), short=2) as door:
        yield door


def healthy(door: Door) -> bool:
    return status(door.send(b"GET /robots.txt HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n")) == 200


SMUGGLED = b"GET /donnees-personnelles HTTP/1.1\r\n" + HOST + b"\r\n"
MALFORMED = {
    "length and chunks": POST + b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + SMUGGLED,
    "chunks and length": POST + b"Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n" + SMUGGLED,
    "two lengths": POST + b"Content-Length: 4\r\nContent-Length: 5\r\n\r\naaaaa" + SMUGGLED,
    "two lengths in one": POST + b"Content-Length: 4, 4\r\n\r\naaaa" + SMUGGLED,
    "negative length": POST + b"Content-Length: -4\r\n\r\n" + SMUGGLED,
    "signed length": POST + b"Content-Length: +4\r\n\r\naaaa" + SMUGGLED,
    "length with a space": POST + b"Content-Length: 4 4\r\n\r\naaaa" + SMUGGLED,
    "hexadecimal length": POST + b"Content-Length: 0x4\r\n\r\naaaa" + SMUGGLED,
    "encoding unknown": POST + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n" + SMUGGLED,
    "chunks not last": POST + b"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n" + SMUGGLED,
    "encoding after a tab": POST + b"Transfer-Encoding:\tchunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n" + SMUGGLED,
    "space before the colon": POST + b"Content-Length : 4\r\n\r\naaaa" + SMUGGLED,
    "folded header": POST + b"A: b\r\n c\r\nContent-Length: 0\r\n\r\n" + SMUGGLED,
    "header without a name": POST + b": b\r\n\r\n",
    "bare line feeds": b"GET /robots.txt HTTP/1.1\nHost: x\n\n",
    "no host": b"GET /integration HTTP/1.1\r\n\r\n",
    "two hosts": b"GET /integration HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
    "NUL in the path": b"GET /st\0atic/app.js HTTP/1.1\r\n" + HOST + b"\r\n",
    "NUL in a header": b"GET / HTTP/1.1\r\n" + HOST + b"A: \0\r\n\r\n",
    "not HTTP": b"bonjour, zygomatique\r\n\r\n",
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    "words after their length": POST + b'Content-Length: 4\r\n\r\n{"te{"text": "zygomatique"}\r\n\r\n',
    "words in a header": POST + b"Authorization: Bearer zygomatique\0\r\n\r\n",
    "words in a long address": b"GET /sms/kannel?text=zygomatique" + b"a" * 9000 + b" HTTP/1.1\r\n" + HOST + b"\r\n",
    "a thousand headers": b"GET / HTTP/1.1\r\n" + HOST + b"".join(b"X-%d: zygomatique\r\n" % i for i in range(1000)) + b"\r\n",
    "a header without end": b"GET / HTTP/1.1\r\n" + HOST + b"A: " + b"zygomatique" * 10_000,
    "an address without end": b"GET /" + b"zygomatique" * 10_000,
}  # fmt: skip


@pytest.mark.parametrize("name", MALFORMED)
def test_malformed_requests_are_refused_and_never_quoted(door: Door, name: str) -> None:
    """What is not HTTP, or could be read in two ways, is refused once, closed, without its words, our versions or a trace."""
    answer = door.send(MALFORMED[name])
    statuses = re.findall(rb"HTTP/1\.[01] (\d{3})", answer)
    assert statuses[-1:] == [b"400"]
    assert b"200" not in statuses, "the second request of the two was answered"
    last = answer[answer.rindex(b"HTTP/1.") :]
    assert WORD not in answer
    assert b"aiohttp" not in answer
    assert b"Traceback" not in answer
    assert b"X-Content-Type-Options: nosniff" in last
    assert b"default-src 'none'" in last
    assert healthy(door)


def test_nothing_of_a_malformed_request_is_logged(door: Door) -> None:
    """Neither the words, nor the address, nor the secret of a request that could not be read reaches the log."""
    for data in MALFORMED.values():
        door.send(data, 2)
    assert WORD.decode() not in door.log()
    assert "127.0.0.1" not in door.log()
    assert "Traceback" not in door.log()


def test_pipelined_junk_after_a_good_request(door: Door) -> None:
    """The junk behind a good request is refused, once, and the connection closed."""
    answer = door.send(b"GET /robots.txt HTTP/1.1\r\n" + HOST + b"\r\n" + b"\0\xff" * 5000)
    assert re.findall(rb"HTTP/1\.[01] (\d{3})", answer) in ([b"200", b"400"], [b"400"])


def test_an_upgrade_hides_no_request(door: Door) -> None:
    """The body of a request that asks for another protocol is not read as a second request (CVE-2026-69243)."""
    upgrade = b"GET /robots.txt HTTP/1.1\r\n" + HOST + b"Connection: Upgrade\r\nUpgrade: websocket\r\n"
    answer = door.send(upgrade + b"Content-Length: %d\r\n\r\n" % len(SMUGGLED) + SMUGGLED, 3)
    assert len(re.findall(rb"HTTP/1\.[01] \d{3}", answer)) == 1
    assert b"<title>" not in answer


def test_a_thousand_pipelined_requests(door: Door) -> None:
    """A flood on one connection is answered in order, or cut; the others are answered all the same."""
    flood = (b"GET /robots.txt HTTP/1.1\r\n" + HOST + b"\r\n") * 1000
    with door.connect() as line:
        line.sendall(flood)
        assert healthy(door)


@pytest.mark.parametrize(
    "path",
    [
        "/static/../settings.py", "/static/..%2f..%2fsettings.py", "/static/%2e%2e/%2e%2e/settings.py", "/static/..\\..\\settings.py", "/static//etc/passwd",
        "/static/%2fetc%2fpasswd", "/static/%00style.css", "/static/style.css%00", "/static/....//....//settings.py", "/static/v0000000000/../../settings.py",
        "/static/%c0%ae%c0%ae/settings.py", "/static/．．/settings.py", "/static/", "/var/secret.key", "/../var/secret.key", "/secret.key", "/.git/config",
        "//evil.example/", "/%0d%0aSet-Cookie:%20a=b", "/sms/../api/messages", "/atelier/..%2f..%2fsettings.py",
    ],
)  # fmt: skip
def test_no_path_leads_out(door: Door, path: str) -> None:
    """No path reaches a file that is not one of ours to give, and none is quoted in a header."""
    answer = door.send(f"GET {path} HTTP/1.1\r\n".encode() + HOST + b"Connection: close\r\n\r\n")
    assert status(answer) in {400, 404}
    head, _, body = answer.partition(b"\r\n\r\n")
    assert b"root:" not in body
    assert b"BaseSettings" not in body
    assert b"Set-Cookie" not in head
    assert b"evil" not in answer


@pytest.mark.parametrize(
    "host", ["evil.example", '"><script>alert(1)</script>', "evil.example\t", "[::1", "a" * 5000, "é"]
)
@pytest.mark.parametrize("path", ["/", "/integration", "/atelier", "/donnees-personnelles", "/rien", "/favicon.ico"])
def test_a_foreign_host_name_changes_nothing(door: Door, host: str, path: str) -> None:
    """The name that a client calls us by leads nowhere: no redirect to it, no tag of it, nothing of it in a cache."""
    answer = door.send(
        f"GET {path} HTTP/1.1\r\nHost: {host}\r\nAccept: text/html\r\nConnection: close\r\n\r\n".encode()
    )
    head, _, body = answer.partition(b"\r\n\r\n")
    assert status(answer) in {200, 301, 400, 404}
    assert b"evil" not in head
    assert b"<script>alert" not in body
    if path != "/favicon.ico":
        assert b"Cache-Control: no-store" in head


@pytest.mark.parametrize("method", ["TRACE", "CONNECT", "PUT", "PATCH", "PROPFIND", "get"])
def test_methods_that_we_do_not_have(door: Door, method: str) -> None:
    """No method but ours is answered, and nothing of the request is sent back."""
    answer = door.send(f"{method} / HTTP/1.1\r\nX-Word: zygomatique\r\n".encode() + HOST + b"Connection: close\r\n\r\n")
    assert status(answer) in {400, 404, 405}
    assert WORD not in answer


def test_oversized_body_is_not_read(door: Door) -> None:
    """A body said to be of a gigabyte is refused before it comes."""
    with door.connect() as line:
        line.settimeout(10)
        line.sendall(POST + b"Content-Length: 1000000000\r\n\r\n" + b"a" * 600_000)
        assert status(line.recv(4096)) == 413


@pytest.mark.parametrize("path", ["/api/messages", "/", "/atelier", "/avis", "/donnees-personnelles"])
def test_compressed_bodies_are_not_opened(door: Door, path: str) -> None:
    """A compressed body, which could be a bomb, is refused as it is; a gigabyte of zeros takes no memory."""
    import gzip

    bomb = gzip.compress(gzip.compress(b"\0" * 100_000_000))
    before = psutil.Process(door.process.pid).memory_info().rss
    head = f"POST {path} HTTP/1.1\r\nContent-Encoding: gzip\r\nConnection: close\r\nContent-Length: {len(bomb)}\r\n"
    kind = b"Content-Type: application/x-www-form-urlencoded\r\n\r\n"
    assert status(door.send(head.encode() + HOST + kind + bomb)) in {400, 403}
    assert psutil.Process(door.process.pid).memory_info().rss - before < 50_000_000


def cut_after(door: Door, first: bytes, then: bytes, every: float = 0.5, at_most: float = 30.0) -> tuple[float, bytes]:
    """Send `first`, then `then` again and again; return the seconds until we are cut, and what was answered."""
    with door.connect() as line:
        line.settimeout(every)
        started, answer = time.monotonic(), b""
        line.sendall(first)
        while (spent := time.monotonic() - started) < at_most:
            try:
                line.sendall(then)
                piece = line.recv(4096)
            except TimeoutError:
                continue
            except OSError:
                return spent, answer
            if not piece:
                return spent, answer
            answer += piece
        raise AssertionError(f"still open after {spent:.0f} s")


SLOW = {
    "headers": (b"GET / HTTP/1.1\r\n" + HOST + b"X-Slow: ", b"a"),
    "header lines": (b"GET / HTTP/1.1\r\n" + HOST, b"A: b\r\n"),
    "JSON": (POST + b"Content-Length: 5000\r\n\r\n", b"a"),
    "chunks": (POST + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\na\r\n"),
    "form": (b"POST / HTTP/1.1\r\n" + HOST + b"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 5000\r\n\r\n", b"a"),
    "parts": (b"POST /atelier HTTP/1.1\r\n" + HOST + b"Content-Type: multipart/form-data; boundary=b\r\nContent-Length: 5000\r\n\r\n--b\r\n", b"a"),
    "nothing": (b"", b""),
}  # fmt: skip


@pytest.mark.parametrize("name", SLOW)
def test_a_slow_client_is_cut(door: Door, name: str) -> None:
    """A client that sends a byte at a time is cut, with a sentence when it had come to its body; others never wait for it."""
    first, then = SLOW[name]
    spent, answer = cut_after(door, first, then)
    assert spent < 12
    if b"POST" in first:
        assert status(answer) == 408
        assert "trop lente" in answer.decode()
    assert healthy(door)


def test_a_client_that_does_not_read_is_cut(door: Door) -> None:
    """A client that asks for pages and takes none is cut, and what waited for it is let go."""
    import socket

    with socket.socket() as line:
        line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        line.connect(("127.0.0.1", door.port))
        line.settimeout(1)
        cut = False
        started = time.monotonic()
        while not cut and time.monotonic() - started < 25:
            try:
                line.sendall((b"GET /integration HTTP/1.1\r\n" + HOST + b"\r\n") * 50)
            except TimeoutError:  # noqa: PERF203
                time.sleep(0.5)
            except OSError:
                cut = True
        assert cut
    assert healthy(door)


@pytest.mark.long
@pytest.mark.parametrize("name", ["headers", "JSON", "nothing"])
def test_two_hundred_slow_clients(tmp_path: Path, name: str) -> None:
    """With the real delays, 150 slow clients keep nobody waiting, and all are cut within a minute."""
    with gateway(tmp_path) as door:
        first, then = SLOW[name]
        lines = [door.connect() for _ in range(150)]
        for line in lines:
            line.sendall(first)
            line.settimeout(0.01)
        started = time.monotonic()
        while lines and time.monotonic() - started < 60:
            for line in list(lines):
                try:
                    line.sendall(then)
                    if not line.recv(4096):
                        raise ConnectionError
                except TimeoutError:  # noqa: PERF203
                    continue
                except OSError:
                    line.close()
                    lines.remove(line)
            assert healthy(door)
            time.sleep(1)
        assert not lines


def test_one_address_cannot_take_every_connection(door: Door) -> None:
    """Past 200 open connections of one address the next are closed at once; those given back may be used again."""
    lines = [door.connect() for _ in range(230)]
    time.sleep(0.5)
    closed = 0
    for line in lines:
        line.settimeout(0.05)
        try:
            closed += line.recv(1) == b""
        except TimeoutError:
            pass
        except OSError:
            closed += 1
    for line in lines:
        line.close()
    assert closed >= 30
    time.sleep(0.5)
    assert healthy(door)


def test_metrics_are_not_public(door: Door) -> None:
    """The measures are on a port of the loopback, and nowhere on the public one."""
    assert status(door.send(b"GET /metrics HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n")) == 404
    with urllib.request.urlopen(f"http://127.0.0.1:{door.metrics}/metrics", timeout=5) as response:
        assert response.status == 200
    listening = {
        (one.laddr.ip, one.laddr.port) for one in psutil.Process(door.process.pid).net_connections() if one.status == psutil.CONN_LISTEN
    }  # fmt: skip
    assert listening == {("127.0.0.1", door.port), ("127.0.0.1", door.metrics)}


def test_what_is_kept_is_for_us_alone(tmp_path: Path) -> None:
    """Another user of the machine can read neither the conversations nor the key; a key left open is closed."""
    (tmp_path / "secret.key").write_text("k" * 40)
    (tmp_path / "secret.key").chmod(0o644)
    before = {path.name for path in tmp_path.iterdir()}
    with gateway(tmp_path) as door:
        body = json.dumps({"text": "bonjour"}).encode()
        request = urllib.request.Request(f"http://127.0.0.1:{door.port}/api/messages", body)
        with urllib.request.urlopen(request, timeout=20) as response:
            assert response.status == 200
        assert stat.S_IMODE((tmp_path / "secret.key").stat().st_mode) == 0o600
        for path in tmp_path.iterdir():
            if path.name not in before | {"log"}:
                assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path
