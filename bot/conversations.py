"""Conversations as the channels see them: one turn at a time each, no message answered twice, forgotten when asked."""

import contextlib
import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from bot.assistant import Assistant, Reply
from bot.locks import Locks
from bot.privacy import Kind, redact
from bot.rasa import BrainError
from bot.store import State, Store, StoreError, Turn
from bot.text import clean
from bot.tokens import Tokens
from bot.watching.timing import during, stage

log = logging.getLogger(__name__)

#: A client id this long is unique by itself (a UUID is 36): a first message sent again finds its conversation.
_UNIQUE_ID = 20


class UnknownConversation(Exception):
    """The token is ours, but the conversation was erased or has passed its time."""


@dataclass(frozen=True)
class Answered:
    """What came of a turn: the chat API's reply; `ok` is False when the brain failed, `erased` True after a wish to be forgotten."""

    reply: dict[str, Any]
    ok: bool = True
    erased: bool = False


class Conversations:
    """Everything that a channel may do with conversations."""

    def __init__(
        self, assistant: Assistant, store: Store, tokens: Tokens, now: Callable[[], float], locks: Locks | None = None
    ) -> None:
        self.assistant = assistant
        self.store = store
        self.tokens = tokens
        self._now = now
        self._alone = (locks or Locks()).hold

    async def say(
        self,
        text: str,
        token: str | None = None,
        client_id: str | None = None,
        variant: str | None = None,
        origin: str = "",
        channel: str = "web",
        subject: str | None = None,
        workshop: bool = False,
    ) -> dict[str, Any]:
        """Answer `text` in the conversation of `token` (a new one when None); return the chat API's reply.

        It holds besides what is kept of the text, without personal data (`asked`). The same `client_id` gets the same
        reply, once. `origin` tells one client from another while it has no token (its address): a first message repeated
        by the same client finds the conversation that it began. `channel` ("web", "sms") decides how the answer is
        worded. `subject` is the answer asked for by its id, `text` then being the words that it was chosen by. A
        conversation begun in a `workshop` is forgotten sooner, and once erased it is not begun again by the same message.
        Raise BadToken, UnknownConversation.
        """
        if token is None:
            return await self._open(text, client_id, variant, origin, channel, subject, workshop)
        sender = self.tokens.sender(token)
        async with self._alone(sender):
            state = await during("store", self.store.state(sender))
            if state is None:
                raise UnknownConversation
            return await self._turn(
                token, sender, state, text, client_id, variant, channel, subject=subject, workshop=workshop
            )

    async def _open(
        self,
        text: str,
        client_id: str | None,
        variant: str | None,
        origin: str,
        channel: str,
        subject: str | None,
        workshop: bool,
    ) -> dict[str, Any]:
        opening = None
        if client_id is not None and len(client_id) >= _UNIQUE_ID:
            opening = self.tokens.derive("opening", origin, client_id, text)
        async with self._alone(opening or self.tokens.new()):
            if opening and (turn := await during("store", self.store.opened(opening))):
                return {**turn.reply, "asked": turn.asked}
            if workshop and opening and await during("store", self.store.was_erased(opening)):
                raise UnknownConversation
            token = self.tokens.new()
            sender = self.tokens.sender(token)
            await during("store", self.store.start(sender, self._now(), workshop))
            return await self._turn(
                token, sender, State(), text, client_id, variant, channel, opening, subject, workshop
            )

    async def _turn(
        self,
        token: str,
        sender: str,
        state: State,
        text: str,
        client_id: str | None,
        variant: str | None,
        channel: str,
        opening: str | None = None,
        subject: str | None = None,
        workshop: bool = False,
    ) -> dict[str, Any]:
        if client_id is not None and (turn := await during("store", self.store.repeat(sender, client_id))):
            return {**turn.reply, "asked": turn.asked}
        if variant is not None:
            state = replace(state, variant=variant)
        text, reply = await self._answer(sender, text, state, channel, subject)
        public = {"conversation": token, **reply.public()}
        if reply.erase:
            try:
                await self._erase(sender)
            except (BrainError, StoreError) as error:  # never say that it is erased when it is not
                log.warning("erase put off: %s", error)
                public |= self.assistant.degraded(text, "standard", state).public()
                return {"asked": text, **public}
            public["conversation"] = self.tokens.new()
            await self.store.start(self.tokens.sender(public["conversation"]), self._now(), workshop)
            return {"asked": text, **public}
        # A turn that failed may be sent again under the same id: it has not been answered yet.
        answered_id, opening = (client_id, opening) if reply.ok else (None, None)
        kept = Turn(text, public, self._now(), answered_id)
        before = await during("store", self.store.add(sender, kept, reply.state, opening))
        if before is None:
            return {"asked": text, **public}
        # Another gateway answered the same message meanwhile: the person has one answer, and one conversation.
        if before.sender != sender:
            with contextlib.suppress(BrainError, StoreError):
                await self._erase(sender)
        return {**before.reply, "asked": before.asked}

    async def _answer(
        self, sender: str, text: str, state: State, channel: str, subject: str | None = None
    ) -> tuple[str, Reply]:
        """Take personal data out of `text`, before Rasa or a store sees it, and answer; return what is left, and the reply."""
        if subject:
            return text, await self.assistant.turn(sender, text, state, channel, subject)
        with stage("redact"):
            found = redact("\n".join(map(clean, text.splitlines())), self.assistant.public_numbers())
        reply = await self.assistant.turn(sender, found.bare, state, channel)
        told = tuple(kind.value for kind in found.kinds if kind is not Kind.NAME)
        return found.text, self.assistant.telling_removed(reply, told, channel)

    async def say_as(self, sender: str, text: str, message_id: str, channel: str = "sms") -> Answered:
        """Answer `text` from a person who has no token, known by `sender`: a keyed digest of her number.

        The same `message_id` gets the same reply. A turn that failed leaves no trace: the caller tries again later.
        """
        async with self._alone(sender):
            state = await during("store", self.store.state(sender))
            if state is None:
                state = State()
                await during("store", self.store.start(sender, self._now()))
            elif turn := await during("store", self.store.repeat(sender, message_id)):
                return Answered(turn.reply)
            text, reply = await self._answer(sender, text, state, channel)
            if reply.erase:
                try:
                    await self._erase(sender)
                except (BrainError, StoreError) as error:
                    log.warning("erase put off: %s", error)
                    return Answered(self.assistant.degraded(text, "sms", state).public(), ok=False)
            elif reply.ok:
                kept = Turn(text, reply.public(), self._now(), message_id)
                if before := await during("store", self.store.add(sender, kept, reply.state)):
                    return Answered(before.reply)
            return Answered(reply.public(), reply.ok, reply.erase)

    async def forget(self, sender: str) -> None:
        """Erase the conversation of `sender` everywhere. Raise BrainError."""
        async with self._alone(sender):
            await self._erase(sender)

    async def read(self, token: str, last: int | None = None) -> list[Turn]:
        """Return the turns of a conversation, or its `last` ones. Raise BadToken, UnknownConversation."""
        sender = self.tokens.sender(token)
        if await self.store.state(sender) is None:
            raise UnknownConversation
        return await self.store.turns(sender, last)

    async def erase(self, token: str) -> bool:
        """Erase a conversation everywhere; return whether it was still there. Raise BadToken, BrainError."""
        sender = self.tokens.sender(token)
        async with self._alone(sender):
            return await self._erase(sender)

    async def _erase(self, sender: str) -> bool:
        # Rasa first: if it cannot, the person is told, and asking again finds the conversation still to erase.
        await self.assistant.brain.forget(sender)
        return await self.store.erase(sender, self._now())

    async def stay(self, token: str) -> None:
        """Note that somebody is still there, reading. Raise BadToken, UnknownConversation."""
        if not await self.store.touch(self.tokens.sender(token), self._now()):
            raise UnknownConversation

    async def clear_workshop(self, idle_for: float) -> int:
        """Erase the conversations of a workshop with no sign of life for `idle_for` seconds; return how many.

        What Rasa cannot forget now stays whole, to be erased the next time.
        """
        before = self._now() - idle_for
        erased = 0
        for sender in await self.store.idle(before):
            async with self._alone(sender):
                if not await self.store.is_idle(sender, before):
                    continue
                try:
                    await self._erase(sender)
                except (BrainError, StoreError) as error:
                    log.warning("workshop: erase put off: %s", error)
                    continue
                erased += 1
        return erased

    async def is_all_old(self, older_than: float, started: float) -> bool:
        """Tell whether a purge would leave nothing of what was there at `started`: nobody wrote for long, or the clock is wrong.

        Who writes under a wrong clock must not have the others purged.
        """
        newest = await self.store.newest(started)
        return newest is not None and newest < self._now() - older_than

    async def purge(self, older_than: float) -> tuple[int, bool]:
        """Delete the conversations whose last message is more than `older_than` seconds old; return how many, and whether Rasa's went too."""
        before, everywhere = self._now() - older_than, True
        try:
            await self.assistant.brain.purge(before)
        except BrainError as error:
            log.warning("purge of the tracker store put off: %s", error)
            everywhere = False
        return await self.store.purge(before), everywhere
