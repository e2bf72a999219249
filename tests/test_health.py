"""Tests for bot.watching.health and bot.watching.probes: the truth of each part, asked no more than once a second."""

import asyncio
import json
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bot.answers import LiveBook
from bot.directory import assemble
from bot.shared import Shared
from bot.store import StoreError
from bot.watching import probes
from bot.watching.content_age import ContentCollector
from bot.watching.health import OK, Health, State, degraded, failing
from bot.web.keys import HEALTH
from tests.clock import Clock
from tests.conftest import MakeClient
from tests.live import free_port


class Part:
    """A part whose state a test decides; counts how often it was asked."""

    def __init__(self, state: State = OK) -> None:
        self.state: State | Exception = state
        self.asked = 0
        self.slow = 0.0

    async def __call__(self) -> State:
        self.asked += 1
        await asyncio.sleep(self.slow)
        if isinstance(self.state, Exception):
            raise self.state
        return self.state


@pytest.mark.parametrize(
    ("parts", "level"),
    [
        ({"brain": OK, "actions": OK, "store": OK, "disk": OK}, "ok"),
        ({"brain": degraded("1 of 2 Rasas down"), "actions": OK, "store": OK}, "degraded"),
        ({"brain": OK, "actions": OK, "store": OK, "redis": degraded("away")}, "degraded"),
        ({"brain": OK, "actions": OK, "store": OK, "sms": failing("broken")}, "degraded"),
        ({"brain": failing("down"), "actions": OK, "store": OK, "redis": degraded("away")}, "failing"),
        ({"brain": OK, "actions": failing("down"), "store": OK}, "failing"),
        ({"brain": OK, "actions": OK, "store": failing("down")}, "failing"),
    ],
)
async def test_what_the_whole_is(parts: dict[str, State], level: str) -> None:
    """It fails when a part without which no turn is answered fails; anything else only degrades it."""
    report = await Health({name: Part(state) for name, state in parts.items()}).report()
    assert report.level == level
    assert report.public()["status"] == level
    said: Any = report.public()["parts"]
    assert {name for name, word in said.items() if word != "ok"} == {name for name, one in parts.items() if one != OK}


async def test_it_is_no_amplifier() -> None:
    """A thousand who ask at once, and again at once, are told what one asking found."""
    part = Part()
    part.slow = 0.05
    health = Health({"brain": part})
    await asyncio.gather(*(health.report() for _ in range(1000)))
    await health.report()
    assert part.asked == 1
    await asyncio.sleep(1.1)
    await health.report()
    assert part.asked == 2


async def test_who_gives_up_stops_nobody() -> None:
    """A client that leaves does not end the asking that others wait for."""
    part = Part()
    part.slow = 0.2
    health = Health({"brain": part})
    first = asyncio.create_task(health.report())
    await asyncio.sleep(0.05)
    second = asyncio.create_task(health.report())
    first.cancel()
    assert (await second).level == "ok"
    assert part.asked == 1


async def test_metrics_do_not_wait_for_a_part_that_hangs() -> None:
    """What was last seen is told at once; what the asking finds, the next time."""
    part = Part()
    health = Health({"brain": part})
    assert (await health.seen()) == (await health.report())
    part.slow, part.state = 0.5, failing("hangs")
    health._asked_at = float("-inf")
    seen = await health.seen(0.1)
    assert seen is not None
    assert seen.level == "ok"
    await asyncio.sleep(0.6)
    seen = await health.seen(0.1)
    assert seen is not None
    assert seen.level == "failing"


async def test_since_when() -> None:
    """The time is that of the change of level, not of the words; it goes on while nothing changes."""
    now = [datetime(2026, 11, 23, 10, 0, tzinfo=timezone.utc)]
    part = Part()
    health = Health({"brain": part}, lambda: now[0])

    async def details() -> Any:
        health._asked_at = float("-inf")
        told: Any = (await health.report()).public()["details"]
        return told["brain"]

    assert await details() == {"state": "ok", "reason": "", "since": "2026-11-23T10:00:00+00:00"}
    now[0] += timedelta(minutes=5)
    part.state = failing("down")
    assert (await details())["since"] == "2026-11-23T10:05:00+00:00"
    now[0] += timedelta(minutes=5)
    part.state = failing("still down")
    assert await details() == {"state": "failing", "reason": "still down", "since": "2026-11-23T10:05:00+00:00"}


async def test_what_a_probe_raises_is_told_by_its_kind(monkeypatch: pytest.MonkeyPatch) -> None:
    """Never by what it says, which may hold an address or a secret; one that hangs is cut."""
    monkeypatch.setattr("bot.watching.health.PATIENCE", 0.1)
    broken, hanging = Part(), Part()
    broken.state, hanging.slow = ValueError("redis://:secret@10.0.0.3"), 30
    states = (await Health({"store": broken, "brain": hanging}).report()).states
    assert states["store"] == failing("ValueError")
    assert states["brain"].level == "failing"
    assert "no answer" in states["brain"].reason


class Rasas:
    """What the client of the Rasas says of them."""

    def __init__(self, found: dict[str, str], lacks: str = "") -> None:
        self._found, self._lacks = found, lacks

    async def states(self) -> dict[str, str]:
        return self._found

    def lacks(self) -> str:
        return self._lacks

    def models(self) -> list[str]:
        return ["herault-a"]


@pytest.mark.parametrize(
    ("found", "level", "says"),
    [
        ({"a": "ok"}, "ok", ""),
        ({"a": "ok", "b": "ok"}, "ok", ""),
        ({"a": "ok", "b": "TimeoutError"}, "degraded", "1 of 2 Rasas down: TimeoutError"),
        ({"a": "status 503"}, "failing", "Rasa does not answer: status 503"),
        ({"a": "TimeoutError", "b": "TimeoutError"}, "failing", "none of 2 Rasas answers: TimeoutError"),
        ({}, "failing", "no address"),
    ],
)
async def test_several_rasas(found: dict[str, str], level: str, says: str) -> None:
    """One of two down degrades, both down fail; how many are up is told to the metrics; none of their addresses is told."""
    counted: list[tuple[int, int, list[str]]] = []
    rasas: Any = Rasas(found)
    state = await probes.brain(rasas, lambda *told: counted.append(told))()
    assert state.level == level
    assert says in state.reason
    up = list(found.values()).count("ok")
    assert counted == [(up, len(found) - up, ["herault-a"])]


async def test_a_rasa_without_its_memory() -> None:
    """Its database away, Rasa answers turns without what was said before: degraded, and why."""
    rasas: Any = Rasas({"a": "ok"}, lacks="tracker store")
    assert await probes.brain(rasas, lambda *told: None)() == degraded("Rasa answers without its memory: tracker store")


async def test_the_directory(tmp_path: Path) -> None:
    """Missing, it degrades, unless the actions have it elsewhere; as do a broken one and an old one that no import has read again."""
    file, imports = tmp_path / "directory.sqlite", tmp_path / "imports"
    imports.mkdir()
    here, elsewhere = (probes.directory(file, imports, elsewhere=where) for where in (False, True))
    assert (await here()).level == "degraded"
    assert await elsewhere() == OK
    file.write_bytes(b"not a database" * 100)
    assert (await here()).level == "degraded"
    file.unlink()
    assemble.ensure(file, imports)
    assert await here() == OK
    _set_built(file, datetime.now(timezone.utc) - timedelta(days=200))
    assert "200 days" in (await here()).reason
    checked = datetime.now(timezone.utc) - timedelta(days=2)
    (imports / "broken.state.json").write_text("{", encoding="utf-8")
    (imports / "dila.state.json").write_text(json.dumps({"checked_at": checked.isoformat()}), encoding="utf-8")
    assert await here() == OK


def _set_built(file: Path, moment: datetime) -> None:
    import sqlite3
    from contextlib import closing

    with closing(sqlite3.connect(file)) as base, base:
        assert base.execute("update meta set value = ? where key = 'built_at'", (moment.isoformat(),)).rowcount == 1


async def test_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nearly full, it degrades: under a twentieth, and never for more than a gigabyte left; a folder not made yet counts as its parent."""
    room = [(10_000_000, 100_000_000)]
    monkeypatch.setattr("bot.watching.probes.room", lambda folder: room[0])
    probe = probes.disk(tmp_path)
    assert await probe() == OK
    room[0] = (4_000_000, 100_000_000)
    assert await probe() == degraded("disk nearly full: 4 MB left")
    room[0] = (2_000_000_000, 10**12)
    assert await probe() == OK
    monkeypatch.undo()
    assert probes.room(tmp_path / "not" / "yet") == probes.room(tmp_path)


async def test_what_we_say(tmp_path: Path) -> None:
    """A refused edit and expired content degrade: people get the old texts, or the general sentence."""
    import shutil

    from bot.paths import DATA

    for name in ("answers", "figures"):
        shutil.copytree(DATA / name, tmp_path / name)
    shutil.copy(DATA / "numbers.yml", tmp_path)
    clock = Clock()
    content = ContentCollector(LiveBook(tmp_path), clock)
    probe = probes.texts(content)
    assert await probe() == OK
    faulty = tmp_path / "answers" / "rsa.yml"
    whole = faulty.read_text(encoding="utf-8")
    faulty.write_text(whole + "\nrsa_montant: {}\n", encoding="utf-8")
    assert "refused" in (await probe()).reason
    faulty.write_text(whole + "\n", encoding="utf-8")
    assert await probe() == OK
    clock.now = clock.now.replace(year=2028)
    assert "expired" in (await probe()).reason


@pytest.mark.parametrize(("fault", "why"), [(StoreError("busy"), "busy"), (asyncio.TimeoutError(), "TimeoutError")])
async def test_a_database_away(fault: Exception, why: str) -> None:
    """Answers go on, hence degraded: why, and how many turns wait to be kept; the metrics are told, of those lost too."""

    class Away:
        waiting, lost = 7, 2

        async def ping(self) -> None:
            raise fault

    away: Any = Away()
    counted: list[tuple[int, int]] = []
    state = await probes.store(away, lambda *told: counted.append(told))()
    assert state.level == "degraded"
    assert f"({why})" in state.reason
    assert "7 turns" in state.reason
    assert counted == [(7, 2)]


async def test_redis_away() -> None:
    """Without Redis turns are answered: limits and locks are in memory, and /health says so without its address."""
    shared = Shared(f"redis://:hush@127.0.0.1:{free_port()}/0")
    state = await probes.redis(shared)()
    await shared.aclose()
    assert state.level == "degraded"
    assert "Redis" in state.reason
    assert "hush" not in state.reason
    assert "127.0.0.1" not in state.reason


async def test_actions_away() -> None:
    """A port that nothing listens on fails, by the kind of the fault."""
    async with aiohttp.ClientSession() as session:
        port = free_port()
        report = await Health({"actions": probes.actions(session, f"http://127.0.0.1:{port}")}).report()
    assert report.states["actions"] == failing("ClientConnectorError")
    assert str(port) not in json.dumps(report.public())


async def test_living_is_not_being_able_to_answer(make_client: MakeClient) -> None:
    """With no Rasa, /health is 503 and names what fails, and /live is 200: restarting the gateway would mend nothing."""
    client = await make_client(rasa_port=free_port(), actions_port=free_port())
    response = await client.get("/health")
    assert response.status == 503
    said = await response.json()
    assert said["status"] == "failing"
    assert said["parts"]["store"] == "ok"
    assert {part for part, one in said["details"].items() if one["state"] == "failing"} == {"brain", "actions"}
    assert "Rasa" in said["parts"]["brain"]
    alive = await client.get("/live")
    assert alive.status == 200
    assert await alive.json() == {"status": "ok"}


async def test_a_store_that_breaks(make_client: MakeClient) -> None:
    """The gateway's own database away: 503, and /health names it."""
    client = await make_client(rasa_port=free_port(), actions_port=free_port())
    assert client.app is not None

    async def fine() -> State:
        return OK

    health = client.app[HEALTH]
    health.probes |= dict.fromkeys(("brain", "actions", "directory", "texts"), fine)
    assert (await client.get("/health")).status == 200

    async def away() -> State:
        raise OSError("disk gone")

    health.probes["store"] = away
    health._asked_at = float("-inf")
    response = await client.get("/health")
    assert response.status == 503
    assert (await response.json())["parts"] | {"disk": "ok"} == {
        "brain": "ok",
        "actions": "ok",
        "store": "OSError",
        "directory": "ok",
        "disk": "ok",
        "texts": "ok",
    }
