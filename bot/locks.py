"""One turn at a time in a conversation: in this gateway always, in all of them when they share a Redis."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from weakref import WeakValueDictionary

from redis.asyncio.lock import Lock
from redis.exceptions import LockError, RedisError

from bot.shared import Missing, Shared
from bot.watching.timing import stage

log = logging.getLogger(__name__)

#: Seconds after which a gateway that died lets go of a conversation; one that lives says so every RENEW seconds.
HELD, RENEW = 3.0, 1.0
#: Seconds between two looks at a conversation that another gateway holds, and that they are waited for at most.
LOOK, WAIT = 0.05, 30.0


class Locks:
    """Who holds which conversation."""

    def __init__(self, shared: Shared | None = None) -> None:
        self._shared = shared
        self._here: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    @asynccontextmanager
    async def hold(self, key: str) -> AsyncIterator[None]:
        """Hold `key`; the next message of the same person waits here, not in Rasa. Without Redis, only those of this gateway do."""
        lock = self._here.get(key)
        if lock is None:
            lock = self._here[key] = asyncio.Lock()
        async with contextlib.AsyncExitStack() as held:
            with stage("wait"):
                await held.enter_async_context(lock)
                await held.enter_async_context(self._everywhere(key))
            yield

    @asynccontextmanager
    async def _everywhere(self, key: str) -> AsyncIterator[None]:
        held = await self._acquire(key)
        if held is None:
            yield
            return
        renewing = asyncio.create_task(_renew(held))
        try:
            yield
        finally:
            renewing.cancel()
            await asyncio.shield(self._release(held))

    async def _acquire(self, key: str) -> Any:
        if self._shared is None:
            return None
        lock = Lock(
            self._shared.client,
            f"assistant:turn:{key}",
            timeout=HELD,
            sleep=LOOK,
            blocking_timeout=WAIT,
            thread_local=False,
        )
        with contextlib.suppress(Missing):
            if await self._shared.ask(lambda _: lock.acquire()):
                return lock
            log.warning("a conversation was held for %d s by another gateway", WAIT)
        return None

    async def _release(self, lock: Any) -> None:
        # Not ours any more when Redis or this process slept too long: it has gone by itself.
        with contextlib.suppress(Missing, LockError):
            if self._shared is not None:
                await self._shared.ask(lambda _: lock.release())


async def _renew(lock: Any) -> None:
    with contextlib.suppress(RedisError, OSError):
        while True:
            await asyncio.sleep(RENEW)
            await lock.reacquire()
