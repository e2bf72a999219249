"""One turn at a time in a conversation, across the Rasas that share a Redis; within this one when there is none, or it is away.

The gateway lets one message of a person through at a time already: this holds when two gateways cannot agree.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import redis
from rasa.core.lock import TicketLock
from rasa.core.lock_store import InMemoryLockStore, LockError, LockStore, RedisLockStore

log = logging.getLogger(__name__)

#: Seconds that a turn holds a conversation at most, and between two looks at one that is held. Rasa's own are 60 and 1.
HELD, WAIT = 15.0, 0.1
#: Seconds that Redis has to answer, and that it is left alone when it has not.
PATIENCE, AWAY = 0.5, 5.0


class _Redis(RedisLockStore):
    """Rasa's, with an address, little patience, and locks that do not outlive a Rasa that was killed."""

    def __init__(self, url: str) -> None:
        self.red = redis.Redis.from_url(url, socket_timeout=PATIENCE, socket_connect_timeout=PATIENCE)
        self.key_prefix = "assistant:rasa:"

    def save_lock(self, lock: TicketLock) -> None:
        self.red.set(self.key_prefix + lock.conversation_id, lock.dumps(), px=int(4000 * HELD))


class ConversationLockStore(LockStore):
    """Locks in the Redis of `REDIS_URL`, and in memory without one."""

    def __init__(self, endpoint_config: Any = None) -> None:
        self._memory = InMemoryLockStore()
        url = os.environ.get("REDIS_URL")
        self._redis = _Redis(url) if url else None
        self._away_until = float("-inf")

    def _store(self) -> LockStore:
        if self._redis is None or time.monotonic() < self._away_until:
            return self._memory
        return self._redis

    def _lost(self, error: Exception) -> None:
        if time.monotonic() >= self._away_until:
            log.warning("redis: %s; locks are held in memory", type(error).__name__)
        self._away_until = time.monotonic() + AWAY

    @asynccontextmanager
    async def lock(
        self, conversation_id: str, lock_lifetime: float = HELD, wait_time_in_seconds: float = WAIT
    ) -> AsyncGenerator[TicketLock, None]:
        """Hold a conversation. Raise LockError when its turn did not come in `lock_lifetime` seconds."""
        store, ticket = self._store(), None
        try:
            try:
                ticket = store.issue_ticket(conversation_id, lock_lifetime)
                held = await store._acquire_lock(conversation_id, ticket, wait_time_in_seconds)
            except (LockError, redis.RedisError) as error:
                if store is self._memory or (ticket is not None and isinstance(error, LockError)):
                    raise
                self._lost(error)
                store = self._memory
                ticket = store.issue_ticket(conversation_id, lock_lifetime)
                held = await store._acquire_lock(conversation_id, ticket, wait_time_in_seconds)
            yield held
        finally:  # who gives up waiting leaves the queue too
            if ticket is not None:
                try:
                    store.cleanup(conversation_id, ticket)
                except redis.RedisError as error:
                    self._lost(error)

    def delete_lock(self, conversation_id: str) -> None:
        """Let go of a conversation whose turn died with its Rasa."""
        self._memory.delete_lock(conversation_id)
        if (store := self._store()) is not self._memory:
            try:
                store.delete_lock(conversation_id)
            except redis.RedisError as error:
                self._lost(error)

    def get_lock(self, conversation_id: str) -> TicketLock | None:
        """Return the lock of a conversation, None when nobody holds it."""
        return self._store().get_lock(conversation_id)

    def save_lock(self, lock: TicketLock) -> None:
        """Keep a lock."""
        self._store().save_lock(lock)
