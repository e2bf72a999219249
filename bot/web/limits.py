"""How much one person or one address may ask, so that the assistant stays quick for everyone."""

from dataclasses import dataclass

from limits import RateLimitItem, parse
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import MovingWindowRateLimiter


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
    """Counts messages; lets everything through when `rates` is None."""

    def __init__(self, rates: Rates | None) -> None:
        self._rates = rates
        self._limiter = MovingWindowRateLimiter(MemoryStorage())

    async def count(self, address: str, conversation: str | None) -> None:
        """Count one message from `address` in `conversation`; raise TooMany."""
        if self._rates is None:
            return
        for item, key in ((self._rates.address, f"a:{address}"), (self._rates.conversation, f"c:{conversation}")):
            if conversation is None and key.startswith("c:"):
                continue
            if not await self._limiter.hit(item, key):
                raise TooMany(max(1, item.get_expiry() // max(1, item.amount)))
