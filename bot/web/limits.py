"""How much one person or one address may ask, so that the assistant stays quick for everyone."""

from collections.abc import Callable
from dataclasses import dataclass

from limits import RateLimitItem, parse
from limits.aio.storage import MemoryStorage, RedisStorage
from limits.aio.strategies import MovingWindowRateLimiter

from bot.shared import Missing, Shared


class TooMany(Exception):
    """Over the limit; `retry_after` in seconds."""

    def __init__(self, retry_after: int) -> None:
        self.retry_after = retry_after
        super().__init__(f"retry after {retry_after} s")


@dataclass(frozen=True)
class Rates:
    """How many messages a conversation and an address may send."""

    conversation: RateLimitItem
    address: RateLimitItem

    @classmethod
    def parse(cls, conversation: str, address: str) -> "Rates":
        """Read rates written as "30/minute"; raise ValueError."""
        return cls(parse(conversation), parse(address))


class Limits:
    """Counts messages; lets everything through when `rates` is None.

    With a `shared` Redis the gateways count together, under digests (`hide`): an address is a person's. While it is away each
    counts for itself. `jumps` counts those of the machine's clock: a message noted in the future would count until then.
    """

    def __init__(
        self,
        rates: Rates | None,
        shared: Shared | None = None,
        hide: Callable[[str], str] = str,
        jumps: Callable[[], int] = int,
    ) -> None:
        self._rates = rates
        self._jumps, self._seen = jumps, jumps()
        self._hide = hide
        self._here = MovingWindowRateLimiter(MemoryStorage())
        self._shared = shared
        self._everywhere = None
        if shared is not None:
            # The address is not read: the connections are those of the locks.
            storage = RedisStorage(
                "async+redis://",
                implementation="redispy",
                key_prefix="assistant:limits",
                connection_pool=shared.client.connection_pool,
            )
            self._everywhere = MovingWindowRateLimiter(storage)

    async def count(self, address: str, conversation: str | None) -> None:
        """Count one message from `address` in `conversation`; raise TooMany."""
        if self._rates is None:
            return
        for item, key in ((self._rates.address, f"a:{address}"), (self._rates.conversation, f"c:{conversation}")):
            if conversation is None and key.startswith("c:"):
                continue
            if not await self._hit(item, self._hide(key)):
                raise TooMany(max(1, item.get_expiry() // max(1, item.amount)))

    async def _hit(self, item: RateLimitItem, key: str) -> bool:
        if self._shared is not None and (limiter := self._everywhere) is not None:
            try:
                return await self._shared.ask(lambda _: limiter.hit(item, key))
            except Missing:
                pass
        if (jumps := self._jumps()) != self._seen:
            self._seen = jumps
            await self._here.storage.reset()
        return await self._here.hit(item, key)
