"""What a text message is answered: a keyword, silence, or a turn of the conversation. Decides; keeps and sends nothing."""

import dataclasses
import logging
from collections import defaultdict, deque
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from bot import urgent
from bot.answers import render
from bot.conversations import Conversations
from bot.rasa import BrainError
from bot.sms import retry
from bot.sms.inbox import Claim
from bot.sms.manners import Keyword, keyword, looks_automatic
from bot.sms.reply import compose, continued
from bot.sms.sealed import Sealer
from bot.sms.text import split
from bot.store import State, StoreError
from bot.text import clean, is_readable
from bot.watching.metrics import TurnMetrics

log = logging.getLogger(__name__)

HOUR, DAY = 3600.0, 86400.0
#: Texts alike within ten minutes after which nobody but a machine writes: long ones, short ones ("oui", "1"), cries for help.
LOOP_LONG, LOOP_SHORT, LOOP_URGENT = 3, 9, 12
#: From how many letters on a text is long.
LONG = 15
#: Wishes to be forgotten that are confirmed to one person within an hour; all are granted.
FORGOTTEN_PER_HOUR = 3


@dataclass(frozen=True)
class Caps:
    """Messages of one number that are answered, in an hour and in a day."""

    hour: int
    day: int


@dataclass(frozen=True)
class Said:
    """An answer: its text messages in order, and what is new of the person (columns of sms_people)."""

    texts: tuple[str, ...]
    person: dict[str, Any] = field(default_factory=dict)
    urgent: bool = False


@dataclass(frozen=True)
class Silence:
    """No answer, and why."""

    reason: str
    person: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Again:
    """No answer yet: try again after `seconds`."""

    seconds: float


@dataclass(frozen=True)
class Forgotten:
    """The conversation is erased; the rest of what is kept must follow, with these last words."""

    texts: tuple[str, ...]


Outcome = Said | Silence | Again | Forgotten


class Answering:
    """Turns what came in into what goes out."""

    def __init__(
        self,
        conversations: Conversations,
        caps: Caps,
        now: Callable[[], datetime],
        sealer: Sealer,
        turns: TurnMetrics | None = None,
    ) -> None:
        self._conversations = conversations
        self._caps = caps
        self._now = now
        self._sealer = sealer
        self._turns = turns
        self._forgotten: defaultdict[str, deque[float]] = defaultdict(deque)

    def _system(self, id_: str, **values: str) -> tuple[str, ...]:
        """Return a system message of data/answers/sms.yml as text messages."""
        book = self._conversations.assistant.book
        book.refresh()
        return split(render(book.book, id_, "sms", self._now().date(), values).text).now

    async def outcome(self, claim: Claim, text: str) -> Outcome:
        """Decide what `text`, taken up as `claim`, is answered."""
        said = clean(text)
        order = keyword(said)
        danger = urgent.assess(said) is not None
        if order in {Keyword.STOP, Keyword.RESUME, Keyword.FORGET}:
            return await self._ordered(claim, order)
        if quiet := self._quiet(claim, said, danger):
            return quiet
        counted, over = self._count(claim)
        if over and not danger:
            return over
        if not is_readable(said) or order is Keyword.HELP:
            words = self._system("sms_aide" if order else "sms_illisible")
            return self._welcomed(claim, Said(words, counted))
        if order is Keyword.MORE and claim.later:
            parts = continued(self._sealer.open(claim.later)[1])
            return Said(parts.now, {**counted, **self._kept(parts.later)})
        return await self._turn(claim, said, danger, counted)

    async def _ordered(self, claim: Claim, order: Keyword) -> Outcome:
        counted, over = self._count(claim)
        if order is Keyword.STOP:
            if claim.stopped:
                return Silence("stopped")
            stopped = {**counted, "stopped_at": self._now().timestamp(), "welcomed": True, **self._kept("")}
            # Confirmed over the caps too, but not to a machine that says STOP and START in turn.
            if counted["day_count"] > 2 * self._caps.day:
                return Silence("capped", stopped)
            return Said(self._system("sms_stop"), stopped)
        if order is Keyword.RESUME:
            if over:
                return dataclasses.replace(over, person={**counted, **over.person, "stopped_at": None})
            return Said(self._system("sms_reprendre"), {**counted, "stopped_at": None, "welcomed": True})
        return await self._forget(claim)

    async def _forget(self, claim: Claim) -> Outcome:
        try:
            await self._conversations.forget(claim.person)
        except (BrainError, StoreError) as error:
            # Never said to be erased before it is: the wish waits for Rasa and for the store, as long as it takes.
            log.warning("sms: erase put off: %s", error)
            return Again(retry.BRAIN[min(claim.attempts, len(retry.BRAIN)) - 1])
        return Forgotten(self._last_words(claim))

    def _last_words(self, claim: Claim) -> tuple[str, ...]:
        """Return the confirmation, unless it was given too often to be for a person (after STOP: none)."""
        now = self._now().timestamp()
        for person in [person for person, times in self._forgotten.items() if times[-1] < now - HOUR]:
            del self._forgotten[person]
        times = self._forgotten[claim.person]
        times.append(now)
        while len(times) > FORGOTTEN_PER_HOUR + 1 or times[0] < now - HOUR:
            times.popleft()
        return self._system("sms_oubli") if len(times) <= FORGOTTEN_PER_HOUR else ()

    def _quiet(self, claim: Claim, said: str, danger: bool) -> Silence | None:
        """Return why `said` gets no answer: a person who said STOP, a machine."""
        if danger:
            return Silence("loop") if claim.alike > LOOP_URGENT else None
        if claim.stopped:
            return Silence("stopped")
        if looks_automatic(said):
            return Silence("automatic")
        if claim.echo and len(said) >= LONG:
            return Silence("echo")
        if claim.alike > (LOOP_LONG if len(said) >= LONG else LOOP_SHORT):
            return Silence("loop")
        return None

    def _count(self, claim: Claim) -> tuple[dict[str, Any], Said | Silence | None]:
        """Return the counts with this message, and what is said instead of an answer when it is over a cap."""
        now = self._now().timestamp()
        counts: dict[str, Any] = {}
        until = 0.0
        for name, length, (began, count), cap in (
            ("hour", HOUR, claim.hour, self._caps.hour),
            ("day", DAY, claim.day, self._caps.day),
        ):
            under_way = 0 <= now - began < length
            counts |= {f"{name}_at": began if under_way else now, f"{name}_count": (count if under_way else 0) + 1}
            if under_way and count >= cap:
                until = max(until, began + length)
        if not until:
            return counts, None
        if claim.capped_until >= until:
            return counts, Silence("capped")
        return counts, Said(self._system("sms_trop", quand=self._when(until)), {"capped_until": until})

    def _when(self, until: float) -> str:
        """Write an hour of today or tomorrow, rounded up to five minutes: "à 14h05", "demain à 9h"."""
        now = self._now()
        at = datetime.fromtimestamp(until, now.tzinfo) + timedelta(seconds=299)
        at -= timedelta(minutes=at.minute % 5, seconds=at.second, microseconds=at.microsecond)
        minutes = f"{at.minute:02d}" if at.minute else ""
        return f"{'demain ' if at.date() != now.date() else ''}à {at.hour}h{minutes}"

    def _kept(self, later: str) -> dict[str, Any]:
        """Return what to note of the rest of an answer, for SUITE."""
        if not later:
            return {"later": None, "later_at": None}
        return {"later": self._sealer.seal("", later), "later_at": self._now().timestamp()}

    def _welcomed(self, claim: Claim, answer: Said) -> Said:
        """Return `answer`, followed by who we are when it is the first one.

        After a danger it is never said by itself: whoever hurts may be the one who reads the phone next.
        """
        if claim.welcomed:
            return answer
        if answer.urgent:
            return dataclasses.replace(answer, person={**answer.person, "welcomed": True})
        return dataclasses.replace(
            answer, texts=answer.texts + self._system("sms_bienvenue"), person={**answer.person, "welcomed": True}
        )

    async def _turn(self, claim: Claim, said: str, danger: bool, counted: dict[str, Any]) -> Outcome:
        now = self._now().timestamp()
        if claim.attempts > retry.POISON:
            return self.without_brain(claim, said)
        # A clock set back must not make the person wait for ever.
        waited = now - claim.received_at if now >= claim.received_at else retry.PATIENCE
        with self._turns.turn("sms") if self._turns else nullcontext() as turn:
            answered = await self._conversations.say_as(claim.person, said, f"sms-{claim.id}")
            if not answered.ok and not danger and (seconds := retry.brain_wait(claim.attempts, waited)) is not None:
                # On a phone, a true answer in two minutes is better than "panne" at once. Danger does not wait.
                return Again(seconds)
            if turn:
                turn.answered(answered.reply)
        if answered.erased:
            return Forgotten(self._last_words(claim))
        messages = answered.reply["messages"]
        parts = compose(messages)
        if not parts.now:
            raise ValueError("an answer without words")
        is_urgent = danger or any(message["urgent"] for message in messages)
        lookup = answered.reply["commune"] is not None or any(message["places"] for message in messages)
        if keyword(said) is Keyword.MORE and not lookup and not is_urgent:
            return self._welcomed(claim, Said(self._system("sms_rien_de_plus"), counted))
        return self._welcomed(claim, Said(parts.now, {**counted, **self._kept(parts.later)}, is_urgent))

    def without_brain(self, claim: Claim, text: str) -> Said:
        """Return the honest sentence (in danger, the right number), for a message that makes the answering itself fail."""
        reply = self._conversations.assistant.degraded(clean(text), "sms", State())
        parts = compose(reply.public()["messages"])
        return Said(parts.now, self._count(claim)[0], any(one.urgent for one in reply.messages))
