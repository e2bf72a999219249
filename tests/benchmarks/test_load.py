"""Tests for benchmarks.load: who says what, how replies are judged, what is counted; the load itself is no test."""

import asyncio
import json
import os
from pathlib import Path

import aiohttp
import psutil
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from benchmarks.evaluate import sets
from benchmarks.load import client, people, processes, runs, table
from benchmarks.load.doors import Channel, Gateway, Rest, key
from benchmarks.load.figures import Answered, Tally, growth, ratio, slope
from benchmarks.load.people import Said
from bot.answers import load
from bot.examples import read as read_examples
from bot.paths import ROOT
from bot.text import normalise


class TestPeople:
    """Everybody says ten things of her own, that nobody trained on."""

    def test_seeded_and_unlike(self) -> None:
        """The same seed gives the same people, and no two of them say the same."""
        crowd = people.crowd(200)
        assert crowd == people.crowd(200)
        assert {len(one) for one in crowd} == {10}
        assert len({tuple(said.text for said in one) for one in crowd}) == 200
        assert people.crowd(1, first=7)[0] == crowd[7]
        assert people.person(0, seed=1) != crowd[0]

    def test_varied(self) -> None:
        """In a crowd, every subject, place, danger and stray question is asked; most messages have a right answer."""
        said = [one for person in people.crowd(400) for one in person]
        wanted = {right for kind in people.messages().values() for one in kind for right in one.right}
        assert {right for one in said for right in one.right} == wanted
        assert sum(bool(one.right) for one in said) > len(said) / 2
        assert not any("{" in one.text for one in said)
        assert len({one.text for one in said}) > len(said) / 4

    def test_right_answers_exist(self) -> None:
        """Every id that is called right is an answer of ours, or an intent."""
        known = set(load().answers) | {example.intent for example in read_examples(ROOT / "data" / "nlu")[0]}
        for kind, held in people.messages().items():
            for one in held:
                assert one.right <= known, (kind, one.text)

    def test_not_trained_on(self) -> None:
        """No message with a right answer is a training sentence, nor one of the real questions."""
        trained = {normalise(text) for text, _ in sets.ours()}
        asked = {normalise(one.text) for path in (sets.SAMPLE, sets.HELD_OUT) for one in sets.questions(path) or []}
        for held in people.messages().values():
            for one in held:
                if one.right:
                    assert normalise(one.text) not in trained | asked, one.text


class TestDoors:
    """Each system is spoken to as it wants, and its replies are judged alike."""

    def test_gateway(self) -> None:
        """The token of the first reply comes with the next message of the same person, and of nobody else."""
        door = Gateway("http://x")
        reply = {"conversation": "t1", "intent": "rsa_montant", "messages": [{"id": "rsa_montant", "text": "…"}]}
        assert door.body("a", "bonjour") == {"text": "bonjour"}
        door.learn("a", json.dumps(reply).encode())
        assert door.body("a", "oui") == {"text": "oui", "conversation": "t1"}
        assert door.body("b", "oui") == {"text": "oui"}
        heard = door.heard(json.dumps(reply).encode())
        assert (heard.ids, heard.empty, heard.degraded) == (frozenset({"rsa_montant"}), False, False)

    @pytest.mark.parametrize(
        ("messages", "empty", "degraded"),
        [([], True, False), ([{"id": "x", "text": " "}], True, False), ([{"id": "panne", "text": "Je…"}], False, True)],
    )
    def test_empty_and_degraded(self, messages: list[dict[str, str]], empty: bool, degraded: bool) -> None:
        """Nothing to say is empty; our honest sentence without the brain is told apart."""
        heard = Gateway("x").heard(json.dumps({"intent": "hors_sujet", "messages": messages}).encode())
        assert (heard.empty, heard.degraded) == (empty, degraded)

    def test_channel(self) -> None:
        """Our channel gives the intent and the ids; a turn without an answer is empty."""
        door = Channel("x", {})
        full = {"intent": "chercher_structure", "messages": [{"answer": "lieux_proches"}]}
        assert door.heard(json.dumps(full).encode()).ids == {"chercher_structure", "lieux_proches"}
        assert door.heard(json.dumps({"intent": "x", "messages": []}).encode()).empty

    def test_rest(self) -> None:
        """The stock channel gives words only, cut on blank lines: the first paragraph tells the answer."""
        door = Rest("x", {key("Un texte.\n\nSa suite."): "rsa_montant"})
        cut = [{"recipient_id": "a", "text": "Un  texte."}, {"recipient_id": "a", "text": "Sa suite."}]
        assert door.heard(json.dumps(cut).encode()).ids == {"rsa_montant"}
        assert door.heard(b"[]").empty
        assert door.body("a", "oui") == {"sender": "a", "message": "oui"}


class TestFigures:
    """What is counted."""

    def test_tally(self) -> None:
        """A failure is an error and no right answer; a message without a right answer is not judged."""
        door = Gateway("x")
        good = json.dumps({"intent": "saluer", "messages": [{"id": "saluer", "text": "Bonjour"}]}).encode()
        wanted = Said("bonjour", frozenset({"saluer"}))
        tally = Tally()
        tally.count([Answered(wanted, 0.1, "", good), Answered(wanted, 9.0, "timeout", b"")], door)
        tally.count([Answered(Said("oui"), 0.3, "", good)], door)
        figures = tally.figures(2.0)
        assert (figures["turns"], figures["turns_per_s"], figures["p50_ms"]) == (3, 1.5, 300.0)
        assert (figures["errors"], figures["judged"], figures["right_percent"]) == ({"timeout": 1}, 2, 50.0)

    def test_slope(self) -> None:
        """A line has its slope; a point has none."""
        assert slope([(0, 1), (1, 3), (2, 5)]) == pytest.approx(2)
        assert slope([(1, 4)]) == slope([]) == 0

    def test_growth(self) -> None:
        """What fills at the start and then stays is flat after the warm-up; what leaks is not."""
        samples = [(turns, {"full": 100.0 if turns else 50.0, "leaks": turns / 1000}) for turns in range(0, 8001, 1000)]
        found = growth(samples)
        assert found["full"]["whole"] > 1
        assert found["full"]["after_warm_up"] == 0
        assert found["leaks"]["after_warm_up"] == pytest.approx(1)

    def test_ratio(self) -> None:
        """There is no ratio to nothing."""
        assert (ratio(3, 2), ratio(3, 0), ratio(None, 2)) == (1.5, None, None)

    def test_rows_measured_again(self) -> None:
        """A row measured again takes the place of the old one; the others stay."""
        same = {"people": 1, "think": False, "turns_per_s": 10.0, "p95_ms": 3.0}
        old = [{"system": name, "p50_ms": 1.0, **same} for name in "ab"]
        rows = runs.merged(old, [{"system": "b", "p50_ms": 2.0, **same}])
        assert [(row["system"], row["p50_ms"]) for row in rows] == [("a", 1.0), ("b", 2.0)]
        runs.compare(rows, "a")
        assert rows[1]["ratio"] == {"turns_per_s": 1.0, "p50_ms": 2.0, "p95_ms": 1.0}


class TestClient:
    """A closed loop: nobody writes before she is answered."""

    async def test_closed_loop(self) -> None:
        """As many wait at once as there are people, and each script is said once, in order."""
        waiting, highest = 0, 0
        heard: dict[str, list[str]] = {}

        async def answer(request: web.Request) -> web.Response:
            nonlocal waiting, highest
            waiting += 1
            highest = max(highest, waiting)
            body = await request.json()
            await asyncio.sleep(0.02)
            heard.setdefault(body["sender"], []).append(body["text"])
            waiting -= 1
            return web.json_response({}, status=500 if body["text"] == "8" else 200)

        app = web.Application()
        app.router.add_post("/", answer)
        async with TestServer(app) as server:
            scripts = [[Said(str(number)) for number in range(start, start + 3)] for start in range(0, 12, 3)]
            answered, wall = await client.talk(Channel(str(server.make_url("/")), {}), scripts, 2, "x")
        assert highest == 2
        assert sorted(heard.values()) == sorted([said.text for said in script] for script in scripts)
        assert [one.failure for one in answered if one.failure] == ["HTTP 500"]
        assert wall >= 0.02 * 12 / 2 * 0.9

    async def test_nobody_there(self) -> None:
        """A closed door is an error that is counted, never an exception."""
        async with aiohttp.ClientSession() as session:
            failed = await client.say(session, Channel("http://127.0.0.1:9/", {}), "a", Said("oui"))
        assert failed.failure == "ClientConnectorError"


class TestProcesses:
    """What a process costs, read from Linux."""

    def test_meter(self) -> None:
        """The processor time of a process that works is seen, and its memory."""
        here = {"here": [psutil.Process(os.getpid())]}
        meter = processes.Meter(here)
        sum(range(3_000_000))
        read = meter.read()
        assert read["cpu_s"]["here"] > 0
        assert read["peak_mb"]["here"][0] >= processes.memory(here)["here"] * 0.9


def test_the_document_holds_the_figures() -> None:
    """docs/load.md shows the tables of benchmarks/load.json."""
    kept = json.loads((ROOT / "benchmarks" / "load.json").read_text(encoding="utf-8"))
    document = Path(table.DOCUMENT).read_text(encoding="utf-8")
    for name, made in table.tables(kept).items():
        assert made in document, name
