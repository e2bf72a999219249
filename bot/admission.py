"""Who goes next, when more people ask than can be answered at once: those in danger, then first come first served.

Who waits costs nothing to Rasa, and who has given up waiting never reaches it: so a crowd makes everyone wait, and makes
nothing fall over.
"""

import asyncio
import heapq
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from itertools import count


class Admission:
    """A place for as many as `places` says at that moment; the others wait."""

    def __init__(self, places: Callable[[], int]) -> None:
        self._places = places
        self._queue: list[tuple[int, int, asyncio.Future[None]]] = []
        self._number = count()
        self.inside = 0

    @property
    def waiting(self) -> int:
        """How many wait."""
        return sum(not future.done() for _, _, future in self._queue)

    @asynccontextmanager
    async def place(self, first: Callable[[], bool]) -> AsyncIterator[None]:
        """Hold a place. `first`, asked only when one has to wait, tells whether to go before the others."""
        if self.inside >= self._places():
            future = asyncio.get_running_loop().create_future()
            heapq.heappush(self._queue, (0 if first() else 1, next(self._number), future))
            try:
                await future
            except asyncio.CancelledError:
                if not future.cancelled():  # called in, and gone meanwhile
                    self._leave()
                raise
        else:
            self.inside += 1
        try:
            yield
        finally:
            self._leave()

    def _leave(self) -> None:
        self.inside -= 1
        while self._queue and self.inside < self._places():
            _, _, future = heapq.heappop(self._queue)
            if not future.done():
                self.inside += 1
                future.set_result(None)
