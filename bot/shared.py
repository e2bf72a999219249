"""What several gateways share: a Redis. One gateway has none, and goes on by itself when it is away."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

log = logging.getLogger(__name__)

#: Seconds that Redis has to answer, and that it is left alone when it has not: people do not wait for it.
PATIENCE, AWAY = 0.5, 5.0

_Result = TypeVar("_Result")


class Missing(Exception):
    """Redis does not answer now."""


class Shared:
    """A Redis at an address (redis://…)."""

    def __init__(self, url: str) -> None:
        self.client: Any = Redis.from_url(
            url,
            socket_timeout=PATIENCE,
            socket_connect_timeout=PATIENCE,
            # Once more at once: a connection kept from before Redis was started again is no answer.
            retry=Retry(NoBackoff(), 1),
            client_name="assistant",
        )
        self._away_until = float("-inf")
        self.state = "ok"

    async def ask(self, what: Callable[[Any], Awaitable[_Result]]) -> _Result:
        """Return what Redis answers. Raise Missing, at once when it has just failed."""
        if time.monotonic() < self._away_until:
            raise Missing(self.state)
        try:
            result = await what(self.client)
        except (RedisError, OSError, asyncio.TimeoutError) as error:
            if self.state == "ok":
                log.warning("redis: %s; locks and limits are kept in memory meanwhile", type(error).__name__)
            self.state = type(error).__name__
            self._away_until = time.monotonic() + AWAY
            raise Missing(self.state) from error
        if self.state != "ok":
            log.warning("redis is back")
            self.state = "ok"
        return result

    async def look(self) -> str:
        """Return "ok", or what is wrong."""
        try:
            await self.ask(lambda redis: redis.ping())
        except Missing as error:
            return str(error)
        return "ok"

    async def aclose(self) -> None:
        """Let go of Redis."""
        await self.client.aclose()
