"""Can a turn be answered? Asks each part, and says which one cannot."""

import asyncio
import time
from collections.abc import Callable

import aiohttp

from bot.rasa import Brain, BrainError
from bot.store import Store

#: Parts without which no turn can be answered. When text messages do not leave, the pages still answer.
NEEDED = ("brain", "actions", "store")


class Health:
    """The state of the parts, asked at most once a second however often it is read."""

    def __init__(self, brain: Brain, session: aiohttp.ClientSession, actions_url: str, store: Store) -> None:
        self._brain = brain
        self._session = session
        self._actions_url = actions_url
        self._store = store
        self._asked_at = 0.0
        self._last: dict[str, str] = {}
        self._lock = asyncio.Lock()
        #: The state of SMS, when a provider carries them.
        self.sms: Callable[[], str] | None = None

    async def parts(self) -> dict[str, str]:
        """Return "ok" or what is wrong for `brain`, `actions`, `store`, and `sms` when there is a provider."""
        async with self._lock:
            if time.monotonic() - self._asked_at > 1.0:
                brain, actions, store = await asyncio.gather(self._ask_brain(), self._ask_actions(), self._ask_store())
                self._last = {"brain": brain, "actions": actions, "store": store}
                if self.sms is not None:
                    self._last["sms"] = self.sms()
                self._asked_at = time.monotonic()
        return self._last

    async def _ask_brain(self) -> str:
        try:
            await asyncio.wait_for(self._brain.ready(), 3)
        except (BrainError, asyncio.TimeoutError) as error:
            return str(error) or "timeout"
        return "ok"

    async def _ask_actions(self) -> str:
        try:
            async with self._session.get(self._actions_url, timeout=aiohttp.ClientTimeout(total=3)) as response:
                return "ok" if response.status == 200 else f"status {response.status}"
        except (aiohttp.ClientError, asyncio.TimeoutError) as error:
            return type(error).__name__

    async def _ask_store(self) -> str:
        try:
            await asyncio.wait_for(self._store.ping(), 3)
        except Exception as error:
            return type(error).__name__
        return "ok"
