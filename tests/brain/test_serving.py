"""Tests for what serves the model: the tracker store's window and its faults, the locks, and what is done sooner than Rasa does it."""

import asyncio
import json
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
import rasa.core.actions.action as actions
import redis as redis_client
from jsonschema import ValidationError
from rasa.core.lock_store import LockError
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import ActionExecuted, BotUttered, Event, SessionStarted, SlotSet, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker

from bot.brain import lock_store, quicker, tracker_store
from bot.brain.lock_store import ConversationLockStore
from bot.brain.tracker_store import WINDOW, ForgetfulTrackerStore
from tests import redis

DOMAIN = Domain.from_dict(
    {
        "slots": {
            "commune": {"type": "text", "mappings": [{"type": "custom"}]},
            "other": {"type": "any", "mappings": [{"type": "custom"}]},
        }
    }
)


def turn(number: int, *more: Event) -> list[Event]:
    """Return the events of a turn as Rasa keeps them."""
    said = UserUttered(f"message {number}", {"name": "saluer", "confidence": 1.0}, message_id=f"id{number}")
    return [
        said,
        *more,
        ActionExecuted("utter_saluer"),
        BotUttered(f"réponse {number}"),
        ActionExecuted("action_listen"),
    ]


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the store keeps conversations."""
    monkeypatch.setenv("TRACKER_URL", f"sqlite:///{tmp_path / 'tracker.sqlite'}")
    return tmp_path / "tracker.sqlite"


@pytest.fixture
def store(path: Path) -> ForgetfulTrackerStore:
    """A store of our domain."""
    return ForgetfulTrackerStore(DOMAIN)


async def talk(store: ForgetfulTrackerStore, turns: int, *, first: int = 0) -> None:
    """Keep `turns` turns, one by one as a conversation does."""
    for number in range(first, first + turns):
        tracker = await store.get_or_create_tracker("marie")
        more = [SlotSet("commune", "34032")] if number == 0 else []
        tracker.update_with_events(turn(number, *more), DOMAIN)
        await store.save(tracker)


def said(tracker: DialogueStateTracker | None) -> list[str | None]:
    """Return the messages of a conversation."""
    return [event.text for event in tracker.events if isinstance(event, UserUttered)] if tracker else []


class TestWindow:
    """Tests for bot.brain.tracker_store: what a turn reads of a conversation."""

    async def test_short_conversation_is_whole(self, store: ForgetfulTrackerStore) -> None:
        """A conversation shorter than the window is read whole, in order, and nothing is kept twice."""
        await talk(store, 5)
        tracker = await store.retrieve("marie")
        assert tracker is not None
        said = [event.text for event in tracker.events if isinstance(event, UserUttered)]
        assert said == [f"message {number}" for number in range(5)]
        whole = await store.retrieve_full_tracker("marie")
        assert whole is not None
        assert len(whole.events) == len(tracker.events) == 5 * 4 + 2  # Rasa's first listening, and the commune

    async def test_long_conversation_is_bounded(self, store: ForgetfulTrackerStore) -> None:
        """However long, a turn reads the window, from a message on; all is kept, once; the commune told at first is still known."""
        await talk(store, 120)
        tracker = await store.retrieve("marie")
        assert tracker is not None
        assert len(tracker.events) <= WINDOW + 1
        assert isinstance(next(event for event in tracker.events if not isinstance(event, SlotSet)), UserUttered)
        assert tracker.get_slot("commune") == "34032"
        assert tracker.latest_message.text == "message 119"
        whole = await store.retrieve_full_tracker("marie")
        assert whole is not None
        assert [e.text for e in whole.events if isinstance(e, UserUttered)] == [f"message {n}" for n in range(120)]

    async def test_a_slot_told_again(self, store: ForgetfulTrackerStore) -> None:
        """The last commune told is the one that counts, behind the window too, and one that was taken back stays so."""
        await talk(store, 1)
        for commune in ("34172", None):
            tracker = await store.get_or_create_tracker("marie")
            tracker.update_with_events(turn(1, SlotSet("commune", commune)), DOMAIN)
            await store.save(tracker)
            await talk(store, 60, first=2)
            tracker = await store.get_or_create_tracker("marie")
            assert tracker.get_slot("commune") == commune

    async def test_only_the_last_session(self, store: ForgetfulTrackerStore) -> None:
        """A session that began later hides what came before."""
        await talk(store, 3)
        tracker = await store.get_or_create_tracker("marie")
        tracker.update_with_events([ActionExecuted("action_session_start"), SessionStarted(), *turn(9)], DOMAIN)
        await store.save(tracker)
        tracker = await store.get_or_create_tracker("marie")
        assert [event.text for event in tracker.events if isinstance(event, UserUttered)] == ["message 9"]

    async def test_as_rasa_reads_it(self, store: ForgetfulTrackerStore) -> None:
        """Within the window, the tracker is the one that Rasa's own store makes."""
        await talk(store, 4)
        ours = await store.retrieve("marie")
        theirs = await store._retrieve("marie", fetch_events_from_all_sessions=False)
        assert ours is not None
        assert theirs is not None
        assert [event.as_dict() for event in ours.events] == [event.as_dict() for event in theirs.events]
        assert ours.current_state() == theirs.current_state()


class TestFaults:
    """Tests for bot.brain.tracker_store: its database goes away."""

    async def test_locked(self, store: ForgetfulTrackerStore, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Locked by another, turns go on, are remembered, and written after, once and in order; nobody waits for long twice.

        Others do not wait in Rasa's loop meanwhile.
        """
        await talk(store, 2)
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            tracker = await store.get_or_create_tracker("marie")
            tracker.update_with_events(turn(2), DOMAIN)
            beats = 0

            async def beat() -> None:
                nonlocal beats
                while True:
                    await asyncio.sleep(0.02)
                    beats += 1

            beating = asyncio.ensure_future(beat())
            await store.save(tracker)
            beating.cancel()
            assert beats > 20
            store._locked_until = time.monotonic() + 60
            await talk(store, 2, first=3)
            store._locked_until = 0.0
            tracker = await store.get_or_create_tracker("marie")
            assert said(tracker) == [f"message {number}" for number in range(5)]
            other.execute("ROLLBACK")
        await talk(store, 1, first=5)
        whole = await store.retrieve_full_tracker("marie")
        assert said(whole) == [f"message {number}" for number in range(6)]
        assert not store._waiting

    async def test_what_waits_is_written_by_who_looks_after_it(self, store: ForgetfulTrackerStore, path: Path) -> None:
        """Nobody has to write again for what waits to be written; what is forgotten meanwhile stays forgotten."""
        await talk(store, 1)
        store._locked_until = time.monotonic() + 0.5
        await talk(store, 1, first=1)
        assert "marie" in store._waiting
        tracker = await store.get_or_create_tracker("paul")
        tracker.update_with_events(turn(0), DOMAIN)
        await store.save(tracker)
        await store.delete("paul")
        await asyncio.sleep(0.6)
        await store.ping()
        assert said(await store.retrieve_full_tracker("marie")) == ["message 0", "message 1"]
        assert not said(await store.retrieve_full_tracker("paul"))

    async def test_broken(self, store: ForgetfulTrackerStore, path: Path) -> None:
        """A database that cannot be read gives no memory, keeps nothing, and is told by ping and by who asks to forget."""
        await talk(store, 2)
        store.engine.dispose()
        aside = path.parent.rename(path.parent.with_name("aside"))
        tracker = await store.get_or_create_tracker("marie")
        assert not tracker.events or all(not isinstance(event, UserUttered) for event in tracker.events)
        tracker.update_with_events(turn(2), DOMAIN)
        await store.save(tracker)
        for ask in (store.ping(), store.delete("marie"), store.purge(0.0)):
            with pytest.raises(Exception, match="unable to open"):
                await ask
        aside.rename(path.parent)
        await store.ping()

    async def test_saved_tracker_is_told(self, store: ForgetfulTrackerStore) -> None:
        """Who asks for it gets the tracker that was kept, without reading it back; nobody else's turn keeps anything in memory."""
        box: list[DialogueStateTracker] = []
        token = tracker_store.SAVED.set(box)
        await talk(store, 1)
        tracker_store.SAVED.reset(token)
        await talk(store, 1, first=1)
        assert [tracker.latest_message.text for tracker in box] == ["message 0"]


class TestLocks:
    """Tests for bot.brain.lock_store, in memory and in a real Redis."""

    @pytest.fixture
    def real(self, monkeypatch: pytest.MonkeyPatch) -> Iterator[redis.Redis]:
        if redis.program() is None:
            pytest.skip("Redis is not here (make system-deps)")
        one = redis.Redis()
        monkeypatch.setenv("REDIS_URL", one.url)
        yield one
        one.close()

    @pytest.fixture(params=["memory", "redis"])
    def server(self, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> redis.Redis | None:
        monkeypatch.delenv("REDIS_URL", raising=False)
        return request.getfixturevalue("real") if request.param == "redis" else None

    async def test_one_at_a_time(self, server: redis.Redis | None) -> None:
        """Two turns of a conversation follow each other in order, without waiting a second; another conversation does not wait."""
        locks, order = ConversationLockStore(), list[str]()

        async def hold(name: str, conversation: str) -> None:
            async with locks.lock(conversation):
                await asyncio.sleep(0.15)
                order.append(name)

        started = time.monotonic()
        await asyncio.gather(hold("first", "marie"), hold("second", "marie"), hold("third", "paul"))
        assert order.index("first") < order.index("second")
        assert order.index("third") < order.index("second")
        assert time.monotonic() - started < 5

    async def test_a_dead_turn_is_let_go(self, server: redis.Redis | None) -> None:
        """A conversation held by a Rasa that died is free at once when the gateway asks again, and by itself after a while."""
        dead, alive = (ConversationLockStore(), ConversationLockStore()) if server else [ConversationLockStore()] * 2
        held = dead.lock("marie")
        await held.__aenter__()
        with pytest.raises((LockError, asyncio.TimeoutError)):
            await asyncio.wait_for(alive.lock("marie").__aenter__(), 0.5)
        alive.delete_lock("marie")
        async with alive.lock("marie"):
            pass
        if server:
            client = redis_client.Redis.from_url(server.url)
            await dead.lock("paul").__aenter__()
            assert all(0 < client.pttl(key) <= 4000 * lock_store.HELD for key in client.keys("assistant:*"))

    @pytest.mark.parametrize("fault", ["stop", "freeze"])
    async def test_redis_away(self, real: redis.Redis, fault: str) -> None:
        """Without Redis, turns go on with locks in memory, one at a time still, and wait for it once."""
        locks = ConversationLockStore()
        async with locks.lock("marie"):
            getattr(real, fault)()
        started = time.monotonic()
        for _ in range(20):
            async with locks.lock("marie"):
                with pytest.raises(asyncio.TimeoutError):
                    await asyncio.wait_for(locks.lock("marie").__aenter__(), 0.01)
        assert time.monotonic() - started < 6


class TestQuicker:
    """Tests for bot.brain.quicker: what it replaces in Rasa gives what Rasa gives."""

    @pytest.mark.parametrize(
        "result",
        [
            {}, {"events": [], "responses": []}, {"events": [{"event": "slot", "name": "commune", "value": "34032"}]}, {"responses": [{"text": "a"}]},
            {"events": "none"}, {"events": [{"name": "x"}]}, {"events": [{"event": "nothing"}]}, {"responses": [3]}, [], "text", None, {"events": [None]},
        ],
    )  # fmt: skip
    def test_action_results(self, result: object) -> None:
        """What an action answers is taken or refused as Rasa takes or refuses it."""
        action = actions.RemoteAction("action_x", None)

        def verdict(validate: object) -> bool:
            try:
                return bool(validate(action, result))  # type: ignore[operator]
            except ValidationError:
                return False

        assert verdict(quicker._validate_action_result) == verdict(quicker._ORIGINAL_VALIDATE)

    def test_events_by_name(self) -> None:
        """Every kind of event has the class that Rasa gives it; an unknown one is an error or the default, as there."""
        for name in quicker._kinds():
            assert quicker._resolve_by_type(name) is quicker._ORIGINAL_RESOLVE(name)
        assert quicker._resolve_by_type("topic") is None
        assert quicker._resolve_by_type("nothing", UserUttered) is UserUttered
        with pytest.raises(ValueError, match="nothing"):
            quicker._resolve_by_type("nothing")

    def test_what_is_kept_reads_the_same(self) -> None:
        """An event written and read back through both is equal."""
        for event in turn(1, SlotSet("commune", "34032")):
            written = json.loads(json.dumps(event.as_dict()))
            assert quicker._resolve_by_type(written["event"])._from_parameters(written) == event  # type: ignore[union-attr]
