"""Rasa answers nonsense: whatever it sends, the person gets a sentence, the right number in danger, and goes on after."""

import asyncio
import json
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import psutil
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.answers import LiveBook
from bot.assistant import Assistant
from bot.rasa import Brain
from bot.store import State
from tests.clock import Clock
from tests.faults.impostor import Impostor, Script, drips, hangs, http, pours, says
from tests.faults.people import DANGER, DANGER_NUMBER, Heard, Person, numbers
from tests.faults.record import Fault, Report

#: Seconds left to Rasa in these tests, and to a sentence.
TIMEOUT, SENTENCE = 1.5, 4.0

GOOD: dict[str, Any] = {
    "intent": "rsa_montant", "confidence": 0.9, "candidates": ["rsa_montant"], "second": None, "urgent": False,
    "entities": [], "slots": {"commune": "34032"}, "messages": [{"answer": "rsa_montant", "text": "…"}],
}  # fmt: skip


def reply(**changes: Any) -> bytes:
    """Return an answer of Rasa, with what a test puts in the place of something."""
    return http(json.dumps({**GOOD, **changes}).encode())


def said(**changes: Any) -> bytes:
    """Return an answer of Rasa whose only message is `changes` over a good one."""
    return reply(messages=[{"answer": "rsa_montant", **changes}])


NONSENSE: dict[str, Script] = {
    "not HTTP": says(b"\x00\xff garbage\r\n\r\n"),
    "hangs up": says(b""),
    "headers and no end": says(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"),
    "headers of 100 kB": says(b"HTTP/1.1 200 OK\r\nX: " + b"x" * 100_000 + b"\r\n\r\n{}"),
    "empty": says(http(b"")),
    "half a JSON": says(http(b'{"intent": "rsa_montant", "messages": [{"ans')),
    "shorter than it claims": says(http(json.dumps(GOOD).encode(), length=100_000)),
    "not UTF-8": says(http(b'{"intent": "\xff\xfe"}')),
    "an HTML page": says(http(b"<h1>Bad gateway</h1>", kind="text/html")),
    "an empty list": says(http(b"[]")),
    "null": says(http(b"null")),
    "a number": says(http(b"1e999")),
    "NaN": says(http(b'{"confidence": NaN}')),
    "nested 100,000 deep": says(http(b"[" * 100_000 + b"]" * 100_000)),
    "compressed nonsense": says(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nabcd"),
    "a redirection": says(b"HTTP/1.1 302 Found\r\nLocation: /webhooks/assistant/turn\r\nContent-Length: 0\r\n\r\n"),
    "status 500": says(http(b'{"error": "turn failed"}', "500 Internal Server Error")),
    "status 204": says(b"HTTP/1.1 204 No Content\r\n\r\n"),
    "no message": says(reply(messages=[])),
    "an unknown answer": says(said(answer="une_reponse_de_demain")),
    "drop by drop": drips(reply(), 0.05),
    "spaces for ever": drips(http(b"", length=10**9), 0.01),
    "nothing at all": hangs,
}

#: Something of another type, or odd, at each place of the turn: an answer is still found in it.
ODD: dict[str, bytes] = {
    "JSON that claims to be HTML": http(json.dumps(GOOD).encode(), kind="text/html"),
    "intent a list": reply(intent=["rsa_montant"]),
    "intent unknown": reply(intent="une_intention_de_demain"),
    "intent a dictionary": reply(intent={"name": "rsa_montant"}),
    "slots a list": reply(slots=["34032"]),
    "slots a word": reply(slots="34032"),
    "commune a dictionary": reply(slots={"commune": {"insee": "34032"}}),
    "commune unknown": reply(slots={"commune": "99999"}),
    "entities None": reply(entities=None),
    "entities words": reply(entities=["Béziers", 3, None]),
    "entities a dictionary": reply(entities={"entity": "ailleurs"}),
    "elsewhere without a name": reply(entities=[{"entity": "ailleurs", "value": None}]),
    "candidates a word": reply(intent="doute", candidates="rsa_montant"),
    "candidates numbers": reply(intent="doute", candidates=[{"a": 1}]),
    "second a list": reply(second=["caf_contact"]),
    "urgent a word": reply(urgent="non"),
    "messages with nonsense among them": reply(messages=[None, 3, "a", [], {"answer": "rsa_montant"}]),
    "messages unknown among them": reply(messages=[{"answer": "de_demain"}, {"answer": "rsa_montant"}]),
    "an answer that is a list": reply(messages=[{"answer": ["rsa_montant"]}, {"answer": "rsa_montant"}]),
    "choices None": said(choices=None),
    "choices a word": said(choices="rsa_demande"),
    "choices nonsense": said(choices=[None, 3, [], {}, {"text": None}, {"label": "a"}, "rsa_demande"]),
    "places None": said(places=None),
    "places a word": said(places="PMI"),
    "places nonsense": said(places=[None, 3, "PMI", []]),
    "a place without a name": said(places=[{"kind": "pmi", "city": "Béziers"}]),
    "a place of wrong types": said(
        places=[{"name": 3, "kind": [], "phone": 467676767, "opening_hours": 5, "url": {}, "distance_km": "x",
                 "source_date": 1, "closures": "août", "city": None}]
    ),
    "hours that are none": said(places=[{"name": "PMI", "opening_hours": "toujours, ou presque"}]),
    "values a list": said(values=["a"]),
    "values of wrong types": said(values={"lieu": {"a": 1}, "retire": None}),
    "about unknown": said(about="la couleur"),
    "about a list": said(about=["couple"]),
    "lead unknown": said(lead="de_demain"),
    "lead a dictionary": said(lead={"a": 1}, about="couple"),
    "of unknown": said(of="de_demain"),
    "of a list": said(of=["rsa_montant"]),
}  # fmt: skip


@pytest.fixture
async def rasa() -> AsyncIterator[Impostor]:
    async with Impostor().running() as impostor:
        yield impostor


@pytest.fixture
async def talk(rasa: Impostor, make_client: Callable[..., Awaitable[Any]]) -> Person:
    """Somebody who writes to a gateway whose Rasa is the impostor."""
    client = await make_client(rasa_port=rasa.port, turn_timeout=TIMEOUT)
    return Person(str(client.make_url("")).rstrip("/"), client.session)


async def ask_both(person: Person) -> list[Heard]:
    """Ask an ordinary question and say that one is in danger, each in a conversation of its own."""
    other = Person(person.url, person.session)
    return list(await asyncio.gather(person.says("combien de rsa"), other.says(DANGER)))


async def goes_on(person: Person, rasa: Impostor) -> None:
    """Check that the same conversation is answered, once Rasa answers."""
    rasa.script = says(reply())
    after = await person.insists("combien de rsa", secrets.token_urlsafe(24), 10)
    assert after.commune == "34032", after


async def test_nonsense(rasa: Impostor, talk: Person, report: Report) -> None:
    """An honest sentence, the right number first in danger, in time; then the same conversation goes on."""
    fault = report.add(Fault("Rasa answers nonsense", note=f"{len(NONSENSE)} kinds"))
    wrong = {}
    for what, script in NONSENSE.items():
        rasa.script = script
        ordinary, danger = await ask_both(talk)
        fault.watched([ordinary], [danger])
        if (ordinary.kind, danger.kind) != ("honest", "danger") or max(ordinary.seconds, danger.seconds) > SENTENCE:
            wrong[what] = ordinary, danger
        await goes_on(talk, rasa)
    assert not wrong, f"{list(wrong)}: {wrong}"


async def test_odd_parts(rasa: Impostor, talk: Person, report: Report) -> None:
    """What is odd is left, or the whole reply is, honestly; what is given breaks no contract, and can be read again.

    To the impostor nobody is in danger: its answer is given, or it is not believed and she gets her number.
    """
    fault = report.add(Fault("Rasa answers with parts of wrong types", note=f"{len(ODD)} kinds"))
    wrong = {}
    for what, answer in ODD.items():
        rasa.script = says(answer)
        ordinary, danger = await ask_both(talk)
        fault.watched([ordinary], [danger] if danger.kind == "danger" else [])
        kept = await talk.session.get(f"{talk.url}/historique", headers={"Authorization": f"Bearer {talk.token}"})
        if not (
            ordinary.status == danger.status == kept.status == 200
            and ordinary.kind in {"answer", "honest"}
            and danger.kind in {"answer", "danger"}
            and all(isinstance(label, str) and label for label in ordinary.choices)
            and all(isinstance(place.get("name"), str) for one in ordinary.messages for place in one["places"])
        ):
            wrong[what] = ordinary, danger
        await goes_on(talk, rasa)
    assert not wrong, f"{list(wrong)}: {wrong}"


async def test_a_huge_reply_is_not_read_whole(rasa: Impostor, talk: Person, report: Report) -> None:
    """Two hundred megabytes are not taken into memory: a bounded part of them is read, and the person is told."""
    process = psutil.Process()
    rasa.script = pours(200)
    await talk.says("bonjour")  # imports, caches
    before = process.memory_info().rss
    watched = asyncio.create_task(_peak(process))
    heard = await talk.says("combien de rsa")
    watched.cancel()
    peak = await asyncio.gather(watched, return_exceptions=True)
    assert peak
    grown = (max(_PEAKS) - before) / 1e6
    fault = report.add(Fault("Rasa answers 200 MB", note=f"memory grown by {grown:.0f} MB")).watched([heard])
    assert heard.kind == "honest", heard
    assert grown < 60, fault
    await goes_on(talk, rasa)


_PEAKS: list[int] = []


async def _peak(process: psutil.Process) -> None:
    _PEAKS.clear()
    while True:
        _PEAKS.append(process.memory_info().rss)
        await asyncio.sleep(0.005)


async def test_a_hanging_rasa_does_not_hold_the_others(rasa: Impostor, talk: Person) -> None:
    """Thirty people wait for a Rasa that hangs: each has her sentence in the same delay, and nobody queues."""
    rasa.script = hangs
    people = [Person(talk.url, talk.session) for _ in range(30)]
    started = time.monotonic()
    heard = await asyncio.gather(
        *(one.says(DANGER if n % 3 == 0 else "combien de rsa") for n, one in enumerate(people))
    )
    assert time.monotonic() - started < SENTENCE
    assert [one.kind for one in heard] == ["danger" if n % 3 == 0 else "honest" for n in range(30)]


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.floats() | st.sampled_from(["", "a", "rsa_montant", "34032", "doute", "suite", "ailleurs"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["a", "text", "entity", "value", "name", "answer"]), inner, max_size=3),
    max_leaves=6,
)  # fmt: skip
_SAID = st.fixed_dictionaries(
    {"answer": st.sampled_from(["rsa_montant", "lieux_proches", "incompris", "suite", "de_demain"]) | _JSON},
    optional=dict.fromkeys(("choices", "places", "values", "about", "lead", "of", "text"), _JSON),
)
_TURN = st.fixed_dictionaries(
    {"messages": st.lists(_SAID, min_size=1, max_size=3)},
    optional=dict.fromkeys(("intent", "candidates", "second", "entities", "urgent", "slots", "confidence"), _JSON),
)
_BOOK = LiveBook(context={"conservation": "30 jours"})


class _Scripted(Brain):
    """Reads what it is given as if Rasa had sent it."""

    def __init__(self, turn: dict[str, Any]) -> None:
        super().__init__(None, "http://127.0.0.1:1", "", TIMEOUT)  # type: ignore[arg-type]
        self._sent = turn

    async def _ask(self, *request: Any) -> Any:
        return self._sent


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(_TURN, st.sampled_from(["web", "sms"]))
def test_any_turn_is_worded(turn: dict[str, Any], channel: str) -> None:
    """Whatever JSON is in a turn, a reply comes of it that the API can write: words, and a state that is kept."""
    assistant = Assistant(_Scripted(turn), _BOOK, Clock())
    reply = asyncio.run(assistant.turn("a", "combien de rsa", State(), channel))
    assert reply.messages
    assert all(one.text for one in reply.messages)
    json.dumps(reply.public(), allow_nan=False)
    assert State.read(json.dumps(reply.state.__dict__)) == reply.state
    alarmed = asyncio.run(assistant.turn("a", DANGER, State(), channel))
    if not alarmed.ok:
        assert numbers(alarmed.messages[0].text)[0] == (DANGER_NUMBER if channel == "web" else "114")
