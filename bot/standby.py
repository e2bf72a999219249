"""Answers go on while the database is away: what was said waits in memory, and is kept when the database comes back.

A person in danger needs the right number then too. What is not known then is not made up: a conversation to read back or
to erase, and a first message of a workshop (which may be one that was erased), raise StoreError.
"""

import asyncio
import contextlib
import logging
from collections import OrderedDict
from dataclasses import dataclass, field

from bot.database import StoreError, StoreRefused, StoreUnusable
from bot.store import State, Store, Turn

log = logging.getLogger(__name__)

#: Turns that wait in memory at most: what a busy hour holds, some megabytes. What is said after them is answered, not kept.
MOST = 5000
#: Conversations whose last state stays at hand, for the time when it cannot be read.
KNOWN = 5000
#: Seconds between two tries to keep what waits, and left to the last one, when the process stops.
RETRY, LAST_TRY = 2.0, 5.0


@dataclass
class Waiting:
    """What waits of a conversation: its turns, and its beginning when it began without the database."""

    started: tuple[float, bool] | None = None
    turns: list[tuple[Turn, State, str | None]] = field(default_factory=list)


class Standby(Store):
    """The store of a gateway that serves people: a Store that goes on by itself while the database is away."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self._waiting: OrderedDict[str, Waiting] = OrderedDict()
        self._known: OrderedDict[str, State] = OrderedDict()
        self._keeping = asyncio.Lock()
        self._count = 0
        self._lost = 0
        self._keeper: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Open the database, later when it is away. Raise StoreUnusable."""
        try:
            await super().open()
        except StoreUnusable:
            raise
        except StoreError as error:
            log.error("store: away (%s) at the start: it is opened when it comes", error)

    @property
    def waiting(self) -> int:
        """Turns that are answered and not kept yet."""
        return self._count

    @property
    def lost(self) -> int:
        """Turns that were answered and never will be kept."""
        return self._lost

    async def state(self, sender: str) -> State | None:
        """Return the state of a conversation; the last one known, or a new one, while the database is away."""
        if (waiting := self._waiting.get(sender)) and waiting.turns:
            return waiting.turns[-1][1]
        try:
            state = await super().state(sender)
        except StoreError:
            return self._known.get(sender, State())
        if state is None:
            return State() if sender in self._waiting else None
        self._know(sender, state)
        return state

    def _know(self, sender: str, state: State) -> None:
        self._known[sender] = state
        self._known.move_to_end(sender)
        if len(self._known) > KNOWN:
            self._known.popitem(last=False)

    async def start(self, sender: str, now: float, workshop: bool = False) -> None:
        """Begin a conversation, in memory while the database is away."""
        try:
            await super().start(sender, now, workshop)
        except StoreError as error:
            self._keep_later(sender, error).started = (now, workshop)

    async def add(self, sender: str, turn: Turn, state: State, opening: str | None = None) -> Turn | None:
        """Keep a turn, later when it cannot be now; return the one that was kept before for the same message."""
        self._know(sender, state)
        if sender not in self._waiting:
            try:
                return await super().add(sender, turn, state, opening)
            except StoreError as error:
                self._keep_later(sender, error)
        if self._count >= MOST:
            self._lost += 1
            return None
        self._waiting[sender].turns.append((turn, state, opening))
        self._count += 1
        return None

    def _keep_later(self, sender: str, error: StoreError) -> Waiting:
        if self._keeper is None:
            log.error("store: away (%s): answers go on, what is said waits in memory", error)
            self._keeper = asyncio.create_task(self._keep(), name="store keeper")
        return self._waiting.setdefault(sender, Waiting())

    async def turns(self, sender: str, last: int | None = None) -> list[Turn]:
        """Return a conversation, or its `last` turns, oldest turn first, with what waits of it."""
        kept = await super().turns(sender, last)
        at = {turn.at for turn in kept}
        whole = kept + [turn for turn, _, _ in self._waiting.get(sender, Waiting()).turns if turn.at not in at]
        return whole if last is None else whole[-last:]

    async def repeat(self, sender: str, client_id: str) -> Turn | None:
        """Return the turn that already answered this client message, as far as is known while the database is away."""
        for turn, _, _ in self._waiting.get(sender, Waiting()).turns:
            if turn.client_id == client_id:
                return turn
        with contextlib.suppress(StoreError):
            return await super().repeat(sender, client_id)
        return None

    async def opened(self, opening: str) -> Turn | None:
        """Return the first turn of the conversation that this message began, as far as is known while the database is away."""
        for waiting in self._waiting.values():
            for turn, _, first in waiting.turns:
                if first == opening:
                    return turn
        with contextlib.suppress(StoreError):
            return await super().opened(opening)
        return None

    async def erase(self, sender: str, now: float) -> bool:
        """Delete a conversation, what waits of it first; return whether there was one. Raise StoreError: it is to be asked again."""
        async with self._keeping:  # what is being kept would come after what erases it
            waited = self._waiting.pop(sender, None)
            self._count -= len(waited.turns) if waited else 0
            self._known.pop(sender, None)
            return await super().erase(sender, now) or waited is not None

    async def close(self) -> None:
        """Keep what can be, and let go of the database."""
        if self._keeper:
            self._keeper.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._keeper
        if self._waiting:
            with contextlib.suppress(StoreError, asyncio.TimeoutError):
                await asyncio.wait_for(self._keep_all(), LAST_TRY)
        if self._count or self._lost:
            log.error("store: %d turns were answered and not kept", self._count + self._lost)
        await super().close()

    async def _keep(self) -> None:
        while self._waiting:
            await asyncio.sleep(RETRY)
            with contextlib.suppress(StoreError):
                await self._keep_all()
        log.warning("store: back; what was said meanwhile is kept")
        self._keeper = None

    async def _keep_all(self) -> None:
        while self._waiting:
            sender = next(iter(self._waiting))
            async with self._keeping:
                if waiting := self._waiting.get(sender):
                    await self._keep_one(sender, waiting)
                    if not waiting.turns:  # none came meanwhile
                        self._waiting.pop(sender, None)

    async def _keep_one(self, sender: str, waiting: Waiting) -> None:
        """Keep what waits of a conversation, in order; raise StoreError with what is left still there."""
        if waiting.started:
            await super().start(sender, *waiting.started)
        # The database may have kept a turn and gone before it said so.
        kept = {turn.at for turn in await super().turns(sender)}
        while waiting.turns:
            turn, state, opening = waiting.turns[0]
            if turn.at not in kept:
                try:
                    await super().add(sender, turn, state, opening)
                except StoreRefused as error:  # later would be no better, and others wait behind it
                    log.error("store: a turn cannot be kept: %s", error)
                    self._lost += 1
            waiting.turns.pop(0)
            self._count -= 1
