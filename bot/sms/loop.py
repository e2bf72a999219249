"""A loop that takes up what waits, some at a time: woken at once, with a slow look round as safety."""

import asyncio
import contextlib
import logging
import time
import traceback
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from bot.database import StoreError, StoreRefused

log = logging.getLogger(__name__)

Item = TypeVar("Item")
Result = TypeVar("Result")

#: Seconds between two looks when nothing wakes the loop, and after the store failed.
LOOK, AFTER_FAULT = 1.0, 2.0
#: Seconds between two tries to note in the store what came of something; the last one is for all the tries that follow.
INSIST = (0.2, 0.5, 1.0, 2.0)


#: Seconds between two lines of log on the store that is away, for each of those who ask it.
AGAIN = 60.0
_told: dict[str, float] = {}


def tell(what: str, error: BaseException) -> None:
    """Log an unexpected error without its message, which may quote a person or a number; the store that is away, once a minute."""
    if isinstance(error, StoreError) and not isinstance(error, StoreRefused):
        if (now := time.monotonic()) - _told.get(what, -AGAIN) >= AGAIN:
            _told[what] = now
            log.error("%s: the store is away: %s", what, error)
        return
    log.error("%s: %s\n%s", what, type(error).__name__, "".join(traceback.format_tb(error.__traceback__)))


async def insist(note: Callable[[], Awaitable[Result]], fault: Callable[[str], None]) -> Result:
    """Note in the store what came of something, as often as it takes: what was done must not be done again.

    It holds the place of the item in its loop, which could take up nothing else without the store. Stopped, it is cancelled,
    and the next process finds the item where it was.
    """
    tries = 0
    while True:
        try:
            return await note()
        except StoreRefused:
            raise
        except StoreError as error:
            if not tries:
                tell("sms noting", error)
            fault("noting")
        await asyncio.sleep(INSIST[min(tries, len(INSIST) - 1)])
        tries += 1


class Loop(Generic[Item]):
    """Claims with `claim`, handles with `handle`, at most `slots` at once."""

    def __init__(
        self,
        name: str,
        claim: Callable[[], Awaitable[Item | None]],
        handle: Callable[[Item], Awaitable[None]],
        slots: int,
        fault: Callable[[str], None],
    ) -> None:
        self.name = name
        self._claim = claim
        self._handle = handle
        self._slots = asyncio.Semaphore(slots)
        self._fault = fault
        self._woken = asyncio.Event()
        self._stopping = False
        self._tasks: dict[asyncio.Task[None], Item] = {}
        self._runner: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin."""
        self._runner = asyncio.create_task(self._run(), name=f"sms {self.name}")

    def wake(self) -> None:
        """Look now."""
        self._woken.set()

    @property
    def in_hand(self) -> list[Item]:
        """What is being handled."""
        return list(self._tasks.values())

    async def stop(self, patience: float) -> None:
        """Take up nothing more, and leave `patience` seconds to what is in hand."""
        self._stopping = True
        self.wake()
        if self._runner:
            await asyncio.wait([self._runner], timeout=patience)
            self._runner.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._runner
        if self._tasks:
            _, late = await asyncio.wait(set(self._tasks), timeout=patience)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    async def _run(self) -> None:
        while not self._stopping:
            await self._slots.acquire()
            self._woken.clear()
            item, pause = None, LOOK
            try:
                if not self._stopping:
                    item = await self._claim()
            except Exception as error:
                # The store: locked, full, gone. What it holds is still there when it comes back.
                tell(f"sms {self.name}", error)
                self._fault(self.name)
                pause = AFTER_FAULT
            if item is not None:
                task = asyncio.create_task(self._handled(item))
                self._tasks[task] = item
                task.add_done_callback(self._tasks.__delitem__)
                continue
            self._slots.release()
            if not self._stopping:
                with contextlib.suppress(asyncio.TimeoutError):
                    await asyncio.wait_for(self._woken.wait(), pause)

    async def _handled(self, item: Item) -> None:
        try:
            await self._handle(item)
        except Exception as error:
            tell(f"sms {self.name}", error)
            self._fault(self.name)
        finally:
            self._slots.release()
            self.wake()
