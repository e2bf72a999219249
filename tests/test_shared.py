"""Tests for what gateways share through a real Redis, and for what they do when it goes away."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator

import pytest

from bot.locks import Locks
from bot.shared import Shared
from bot.web.limits import Limits, Rates, TooMany
from tests import redis

pytestmark = pytest.mark.skipif(redis.program() is None, reason="Redis is not here (make system-deps)")


@pytest.fixture
def server() -> Iterator[redis.Redis]:
    """A Redis of the test's own."""
    one = redis.Redis()
    yield one
    one.close()


@pytest.fixture
async def two(server: redis.Redis) -> AsyncIterator[tuple[Shared, Shared]]:
    """What two gateways see of it."""
    both = Shared(server.url), Shared(server.url)
    yield both
    for one in both:
        await one.aclose()


async def test_one_turn_at_a_time(two: tuple[Shared, Shared]) -> None:
    """Two gateways never hold the same conversation at once, and other conversations do not wait."""
    here, there = Locks(two[0]), Locks(two[1])
    inside: list[str] = []
    most = 0

    async def turn(locks: Locks, key: str) -> None:
        nonlocal most
        async with locks.hold(key):
            inside.append(key)
            most = max(most, inside.count("marie"))
            await asyncio.sleep(0.02)
            inside.remove(key)

    async with here.hold("paul"):
        await asyncio.gather(*(turn(locks, "marie") for locks in (here, there) for _ in range(5)))
    assert most == 1


async def test_held_as_long_as_it_takes(two: tuple[Shared, Shared], monkeypatch: pytest.MonkeyPatch) -> None:
    """A turn longer than the lock's life keeps it."""
    monkeypatch.setattr("bot.locks.HELD", 0.4)
    monkeypatch.setattr("bot.locks.RENEW", 0.1)
    order: list[str] = []

    async def long() -> None:
        async with Locks(two[0]).hold("marie"):
            await asyncio.sleep(1)
            order.append("long")

    async def next_one() -> None:
        await asyncio.sleep(0.1)
        async with Locks(two[1]).hold("marie"):
            order.append("next")

    await asyncio.gather(long(), next_one())
    assert order == ["long", "next"]


async def test_the_dead_let_go(two: tuple[Shared, Shared], monkeypatch: pytest.MonkeyPatch) -> None:
    """A conversation held by a gateway that died is free again when its time has passed."""
    monkeypatch.setattr("bot.locks.HELD", 0.5)
    monkeypatch.setattr("bot.locks.RENEW", 60.0)
    dead = Locks(two[0]).hold("marie")
    await dead.__aenter__()
    started = time.monotonic()
    async with Locks(two[1]).hold("marie"):
        assert time.monotonic() - started > 0.3
    await dead.__aexit__(None, None, None)


@pytest.mark.parametrize("fault", ["stop", "freeze"])
async def test_redis_away(
    server: redis.Redis, two: tuple[Shared, Shared], fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without Redis a gateway goes on by itself, waiting for it once and not at each turn; back, it is used again."""
    monkeypatch.setattr("bot.shared.AWAY", 1.0)
    locks = Locks(two[0])
    limits = Limits(Rates.parse("100/minute", "100/minute"), two[0])
    async with locks.hold("marie"):
        await limits.count("192.0.2.1", "marie")
    getattr(server, fault)()
    started = time.monotonic()
    for _ in range(20):
        async with locks.hold("marie"):
            await limits.count("192.0.2.1", "marie")
    assert time.monotonic() - started < 8  # not twenty times its patience
    assert two[0].state != "ok"
    server.start() if fault == "stop" else server.thaw()
    await asyncio.sleep(1.2)
    assert await two[0].look() == "ok"


async def test_redis_dies_in_the_middle_of_a_turn(server: redis.Redis, two: tuple[Shared, Shared]) -> None:
    """A turn under way ends as if nothing had happened."""
    async with Locks(two[0]).hold("marie"):
        server.stop()


async def test_counted_together(server: redis.Redis, two: tuple[Shared, Shared]) -> None:
    """Messages sent to two gateways count as one person's, and no address is written in Redis."""
    rates = Rates.parse("3/minute", "100/minute")
    gateways = [Limits(rates, one, lambda key: f"digest{len(key)}") for one in two]
    for turn in range(3):
        await gateways[turn % 2].count("192.0.2.1", "marie")
    with pytest.raises(TooMany):
        await gateways[1].count("192.0.2.1", "marie")
    kept = [key async for key in two[0].client.scan_iter()]
    assert kept
    assert not any(b"192.0.2.1" in key or b"marie" in key for key in kept)
