"""Fuzzing: whatever is sent is answered or refused: never a fault of ours, never a hang, never sent back as it came.

`make test` tries some inputs of each kind, `make proof` (marked long) many; what is counted is in docs/security.md.
"""

import http.client
import json
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote_from_bytes, urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from multidict import CIMultiDict, CIMultiDictProxy, MultiDict, MultiDictProxy

from bot.directory.importers import FORMATS, FormatError
from bot.privacy import redact
from bot.sms import manners, text
from bot.sms.providers.base import Incoming, Receipt, Refused, Request, Unreadable
from bot.text import clean, is_readable, looks_foreign, loose_key, normalise, rank, sound_key
from bot.urgent import assess
from tests.imports import samples as imports
from tests.security.door import Door, gateway
from tests.sms.providers.samples import DIALECTS, SECRET

#: Inputs of each kind.
SOME, MANY = 60, 2000
SIZES = [
    pytest.param(SOME, id="some"),
    pytest.param(MANY, id="many", marks=[pytest.mark.long, pytest.mark.timeout(1800)]),
]
#: Seconds after which an answer is a hang, on a machine that does ten other things.
HANG = 20.0

#: What people type, and what attackers do: letters, marks that combine, look-alikes, controls, direction marks, tags, digits, emoji.
WORDS = st.text(max_size=300) | st.text(
    alphabet=st.sampled_from(list("aeéstrl 0612345678+.,;:'\"<>/\\{}[]()@#&=%_-\n\t\r\0") + list("\u0301\u200b\u202e\ufeff／①ﷺ🙂\u1160\ud800")), max_size=2000
) | st.lists(st.sampled_from(["mon mari me frappe", "STOP", "rsa", "/restart", "06 12 34 56 78", "1 85 05 78 006 084 91", "Béziers", "je m'appelle", "né le", "rue de la", "34000", "FR76", "12/12/1985", "@", "aaaaaaaa", "' OR 1=1", "<b>"]), max_size=60).map(" ".join)  # fmt: skip
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | WORDS, lambda inner: st.lists(inner, max_size=5) | st.dictionaries(WORDS, inner, max_size=5), max_leaves=15
)  # fmt: skip
HEADER = st.text(
    alphabet=st.characters(min_codepoint=32, max_codepoint=255, exclude_characters="\x7f"), max_size=200
).map(str.strip)
NAMES = st.sampled_from("Authorization Content-Type Accept Accept-Encoding Origin Sec-Fetch-Site X-Forwarded-For X-Fragment If-None-Match Range Cookie Referer Expect Access-Control-Request-Method Accept-Language Content-Encoding X-A".split())  # fmt: skip
FIELDS = st.sampled_from(
    "text choice conversation id form_token avis variant taille affichage coche garder refaire mes_mots oui police x".split()
)


def many(size: int, strategy: "st.SearchStrategy[Any]", check: Callable[[Any], None]) -> None:
    """Try `size` inputs; the same ones each time, so that a fault that is found stays found."""
    run = settings(
        max_examples=size, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck)
    )(given(strategy)(check))
    run()


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    """A gateway with an SMS provider, as it runs."""
    sms = {"SMS_PROVIDER": "kannel", "SMS_SENDER": "34034", "SMS_WEBHOOK_SECRET": SECRET, "KANNEL_USERNAME": "u", "KANNEL_PASSWORD": "p", "KANNEL_SENDSMS_URL": "http://127.0.0.1:1/"}  # fmt: skip
    with gateway(tmp_path_factory.mktemp("fuzz"), {"RATE_LIMIT": "off", **sms}) as door:
        yield door
        assert door.process.poll() is None
        assert " ERROR " not in door.log(), door.log()[-3000:]


def ask(door: Door, method: str, path: str, body: bytes = b"", headers: dict[str, str] | None = None) -> bytes:
    """Send a request, which must be answered without a fault of ours; return its answer."""
    line = http.client.HTTPConnection("127.0.0.1", door.port, timeout=HANG)
    try:
        line.request(method, path, body, headers or {})
        response = line.getresponse()
        answer = response.read()
    finally:
        line.close()
    assert response.status < 500, (method, path, response.status)
    assert "Set-Cookie" not in response.headers
    return answer


@pytest.mark.parametrize("size", SIZES)
def test_api(door: Door, size: int) -> None:
    """JSON of any shape, any bytes, in the API's fields and outside them."""
    shaped = st.fixed_dictionaries({}, optional={"text": WORDS | JSON, "conversation": WORDS | JSON, "id": WORDS | JSON, "variant": WORDS | JSON, "x": JSON})  # fmt: skip
    bodies = (shaped | JSON).map(lambda body: json.dumps(body).encode()) | st.binary(max_size=2000)

    def check(body: bytes) -> None:
        json.loads(ask(door, "POST", "/api/messages", body, {"Content-Type": "application/json"}))

    many(size, bodies, check)


@pytest.mark.parametrize("size", SIZES)
def test_forms(door: Door, size: int) -> None:
    """Fields of any name and text, sent to each form, shown back as text or not at all."""
    paths = st.sampled_from(["/", "/atelier", "/atelier/fiche", "/atelier/effacer", "/atelier/present", "/avis", "/conversation.txt", "/donnees-personnelles"])  # fmt: skip
    fields = st.lists(st.tuples(FIELDS | WORDS, WORDS), max_size=6)

    def check(given: tuple[str, list[tuple[str, str]], bool]) -> None:
        path, values, fragment = given
        marked = [(name, value + "<i>zyg") for name, value in values]
        headers = {"Content-Type": "application/x-www-form-urlencoded"} | ({"X-Fragment": "turn"} if fragment else {})
        assert b"<i>zyg" not in ask(door, "POST", path, urlencode(marked, errors="surrogatepass").encode(), headers)

    many(size, st.tuples(paths, fields, st.booleans()), check)


@pytest.mark.parametrize("size", SIZES)
def test_bytes_as_forms(door: Door, size: int) -> None:
    """Any bytes, said to be a form of any encoding, cut or not."""
    kinds = st.sampled_from(
        [f"{kind}{more}" for kind in ("application/x-www-form-urlencoded", "multipart/form-data; boundary=b", "multipart/form-data", "text/plain", "")
         for more in ("", "; charset=utf-16", "; charset=zlib", "; charset=idna", "; charset=utf-7", "; charset=x\x7f", "; charset=unicode_escape", "; boundary=\"")]
    )  # fmt: skip
    parts = st.lists(st.sampled_from([b"--b\r\n", b"--b--", b"Content-Disposition: form-data; name=text\r\n", b"Content-Disposition: form-data; name=a; filename=b\r\n", b"Content-Type: multipart/mixed; boundary=c\r\n", b"Content-Transfer-Encoding: base64\r\n", b"Content-Transfer-Encoding: x\r\n", b"Content-Encoding: deflate\r\n", b"_charset_", b"\r\n", b"a=b&", b"%zz", b"\xff"]), max_size=20).map(b"".join)  # fmt: skip

    def check(given: tuple[str, str, bytes]) -> None:
        path, kind, body = given
        ask(door, "POST", path, body, {"Content-Type": kind})

    many(size, st.tuples(st.sampled_from(["/", "/atelier", "/avis", "/donnees-personnelles", "/api/messages"]), kinds, st.binary(max_size=500) | parts), check)  # fmt: skip


@pytest.mark.parametrize("size", SIZES)
def test_addresses_and_headers(door: Door, size: int) -> None:
    """Any path and query, any value of each header that we read, every method."""
    paths = st.sampled_from(
        [
            "/",
            "/static/",
            "/sms/",
            "/sms/kannel",
            "/api/conversation",
            "/historique",
            "/widget.html",
            "/integration",
            "/health",
        ]
    )

    def check(given: tuple[str, str, bytes, dict[str, str]]) -> None:
        method, path, more, headers = given
        line = http.client.HTTPConnection("127.0.0.1", door.port, timeout=HANG)
        try:
            line.putrequest(method, path + quote_from_bytes(more, safe="/?&=%.~"), skip_accept_encoding=True)
            for name, value in headers.items():
                line.putheader(name, value.encode("latin-1"))
            line.endheaders()
            response = line.getresponse()
            response.read()
        finally:
            line.close()
        # Health says 503 without Rasa: that is its word, and no fault.
        assert response.status < 500 or path == "/health", given

    many(size, st.tuples(st.sampled_from("GET POST HEAD DELETE OPTIONS PUT".split()), paths, st.binary(max_size=60), st.dictionaries(NAMES, HEADER, max_size=5)), check)  # fmt: skip


@pytest.mark.parametrize("size", SIZES)
def test_sms_door(door: Door, size: int) -> None:
    """Webhooks of the real gateway with the right secret and anything else: kept or refused, never put off for a fault."""
    names = st.sampled_from(["from", "to", "text", "id", "coding", "charset", "status", "secret", "x"])

    def check(fields: list[tuple[str, bytes]]) -> None:
        query = "&".join(f"{name}={quote_from_bytes(value)}" for name, value in fields)
        ask(door, "GET", f"/sms/kannel?secret={SECRET}&{query}")

    values = st.binary(max_size=100) | st.sampled_from(
        [b"+33600000001", b"2", b"UTF-16BE", b"gsm", b"zlib", b"rot13", b"\0", b"1"]
    )
    many(size, st.lists(st.tuples(names, values), max_size=8), check)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", DIALECTS)
def test_webhooks(name: str, size: int) -> None:
    """Each provider's reader, on its own webhooks with bytes changed and on anything: a message, a receipt, or one of its two refusals."""
    dialect = DIALECTS[name]
    provider = dialect.make("http://127.0.0.1:1")
    good = dialect.message("7", "+33600000001", "34034", "bonjour")
    bodies = st.binary(max_size=300) | st.tuples(st.integers(0, max(1, len(good.body))), st.binary(max_size=20)).map(lambda cut: good.body[: cut[0]] + cut[1] + good.body[cut[0] + 1 :])  # fmt: skip
    headers = st.dictionaries(st.sampled_from(["Content-Type", "X-Twilio-Signature", "X-A"]), HEADER, max_size=3)
    queries = st.lists(st.tuples(st.sampled_from("id from to text coding charset binary message_status senderid receiver message ptt status content level".split()), st.binary(max_size=60)), max_size=6)  # fmt: skip

    def check(given: tuple[str, list[tuple[str, bytes]], dict[str, str], bytes]) -> None:
        method, query, more, body = given
        url = good.url + "".join(f"&{field}={quote_from_bytes(value)}" for field, value in query)
        webhook = Request(method, url, MultiDictProxy(MultiDict(good.query)), CIMultiDictProxy(CIMultiDict({**good.headers, **more})), body)  # fmt: skip
        try:
            read = provider.read(webhook)
        except (Refused, Unreadable):
            return
        assert read is None or isinstance(read, Incoming | Receipt)

    many(size, st.tuples(st.sampled_from(["GET", "POST"]), queries, headers, bodies), check)


@pytest.mark.parametrize("size", SIZES)
def test_texts(size: int) -> None:
    """Everything that reads people's words reads any words, quickly: cleaning, danger, keywords, redaction, cutting into SMS."""

    def check(words: str) -> None:
        for read in (clean, is_readable, looks_foreign, loose_key, normalise, rank, sound_key, assess, manners.keyword, manners.looks_automatic, manners.answerable, text.to_gsm, redact):  # fmt: skip
            started = time.monotonic()
            read(words)
            assert time.monotonic() - started < HANG, read
        once = redact(words)
        assert redact(once.text).text == once.text
        for part in text.split(words).now:
            assert text.septets(part) <= 160

    many(size, WORDS, check)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", FORMATS)
def test_imports(name: str, size: int, tmp_path: Path) -> None:
    """Each importer on any bytes and on JSON or CSV of any shape: entries, or one sentence that says what the file is not."""
    made: dict[str, Callable[[int], dict[str, Any]]] = {"herault-data": imports.herault, "dila": imports.dila, "france-services": imports.france_services, "mednum": imports.mednum}  # fmt: skip
    good = made.get(name, imports.herault)(1)
    changed = st.lists(st.dictionaries(st.sampled_from(sorted(good)), JSON, max_size=5).map(lambda more: {**good, **more}), max_size=3)  # fmt: skip
    table = st.lists(st.lists(WORDS, max_size=6), max_size=6).map(lambda rows: "\n".join(";".join(row) for row in [sorted(good), *rows]))  # fmt: skip
    files = (
        st.binary(max_size=2000)
        | (changed | JSON).map(lambda body: json.dumps(body).encode())
        | changed.map(lambda rows: json.dumps({"service": rows}).encode())
        | table.map(lambda cells: cells.encode("utf-8", "surrogatepass"))
    )
    count = len(FORMATS[name].files)

    def check(content: bytes) -> None:
        inputs = [imports.source(tmp_path / f"{number}.json", content) for number in range(count)]
        with suppress(FormatError):
            for entry in FORMATS[name].read(inputs):
                assert entry.where

    many(max(size // 3, 20), files, check)
