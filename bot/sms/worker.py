"""Two loops and a look round: answering what came in, sending what goes out, taking up what dead workers left."""

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass

import aiohttp

from bot.sms import retry
from bot.sms.answering import Again, Answering, Forgotten, Outcome, Said, Silence
from bot.sms.inbox import Claim, Inbox, LeaseLost
from bot.sms.loop import LOOK, Loop, insist, tell
from bot.sms.outbox import GRACE, Answer, Outbox, Parcel
from bot.sms.providers.base import Failure, NotSent, Outgoing, Provider
from bot.sms.sealed import Sealer, Unsealable
from bot.watching import request_id
from bot.watching.metrics import SmsMetrics

log = logging.getLogger(__name__)

#: Turns asked of the brain at once, and calls to the provider at once.
ANSWERING, SENDING = 8, 4
#: Seconds after which a call to the provider is cut: it may have gone through.
CALL = 20.0
#: Seconds between two looks round: leases renewed, dead workers' messages taken up, what is stale put aside.
ROUND = 2.0
#: Seconds between two complaints about the configuration in the log.
COMPLAIN = 300.0


@dataclass
class Pace:
    """How fast parts may leave: `per_second` at most, slower after the provider said that it was too fast."""

    per_second: float
    clock: Callable[[], float] = time.monotonic
    slowed: float = 1.0
    _free_at: float = 0.0
    _closed_until: float = 0.0

    def delay(self) -> float:
        """Return the seconds before the next part may leave."""
        return max(0.0, max(self._free_at, self._closed_until) - self.clock())

    def left(self, place: float | None = None) -> None:
        """Note that a part leaves; `place` is when its turn came, before the time that claiming it took."""
        self._free_at = (self.clock() if place is None else place) + self.slowed / self.per_second

    def throttle(self, seconds: float) -> None:
        """Stop all sending for `seconds`, then go half as fast as before."""
        self.slowed = min(self.slowed * 2, 64.0)
        self.close(seconds)

    def close(self, seconds: float) -> None:
        """Stop all sending for `seconds`."""
        self._closed_until = max(self._closed_until, self.clock() + seconds)

    def accepted(self) -> None:
        """Go a little faster again."""
        self.slowed = max(1.0, self.slowed * 0.9)


class Worker:
    """One process's share of the work; several may share a database."""

    def __init__(
        self,
        inbox: Inbox,
        outbox: Outbox,
        answering: Answering,
        provider: Provider,
        session: aiohttp.ClientSession,
        sealer: Sealer,
        metrics: SmsMetrics,
        now: Callable[[], float],
        pace: float = 10.0,
        call_timeout: float = CALL,
    ) -> None:
        self._inbox = inbox
        self._outbox = outbox
        self._answering = answering
        self._provider = provider
        self._session = session
        self._sealer = sealer
        self._metrics = metrics
        self._now = now
        self._call_timeout = call_timeout
        self.pace = Pace(pace)
        self._complained = 0.0
        self._failing = False
        #: What the provider refuses us for, as long as it does.
        self.refused_for: str | None = None
        self._answers: Loop[Claim] = Loop("answering", self._claim, self._answer, ANSWERING, self._fault)
        self._sends: Loop[Parcel] = Loop("sending", self._take, self._send, SENDING, self._fault)
        self._rounds: asyncio.Task[None] | None = None

    def _fault(self, loop: str) -> None:
        self._metrics.faults.labels(loop).inc()

    async def start(self) -> None:
        """Begin, with what a dead process left."""
        await self._round_safely()
        self._answers.start()
        self._sends.start()
        self._rounds = asyncio.create_task(self._rounding(), name="sms rounds")

    async def stop(self, patience: float = 8.0) -> None:
        """Take up nothing more, and let what is in hand end."""
        await self._answers.stop(patience)
        await self._sends.stop(patience)
        if self._rounds:
            self._rounds.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._rounds

    def wake(self) -> None:
        """Look at what came in now."""
        self._answers.wake()

    async def _rounding(self) -> None:
        while True:
            await asyncio.sleep(ROUND)
            await self._round_safely()

    async def _round_safely(self) -> None:
        try:
            await self.round()
        except Exception as error:
            tell("sms round", error)
            self._fault("round")

    async def round(self) -> None:
        """Renew what we hold, take up what dead workers held, put aside what is stale."""
        now = self._now()
        answering = [claim.id for claim in self._answers.in_hand]
        sending = [parcel.id for parcel in self._sends.in_hand]
        if answering:
            await self._inbox.renew(now, answering)
        if sending:
            await self._outbox.renew(now, sending)
        if await self._inbox.recover(now, answering):
            self._answers.wake()
        if found := await self._outbox.recover(now, sending):
            log.warning("sms: %d text messages were being sent by a process that died", found)
            self._sends.wake()
        if gone := await self._outbox.expire(now):
            self._metrics.dead.labels("expired").inc(gone)
            log.error("sms: %d text messages too old to be sent (python -m bot sms dead)", gone)

    # --- answering

    async def _claim(self) -> Claim | None:
        return await self._inbox.claim(self._now())

    async def _answer(self, claim: Claim) -> None:
        try:
            with request_id.job():
                await self.answer(claim)
        except LeaseLost:
            log.warning("sms: a message was taken up by another worker meanwhile")
        except asyncio.CancelledError:
            await self._give_back(claim)
            raise

    async def _give_back(self, claim: Claim) -> None:
        """Stopped in the middle: another process may take the message up at once."""
        with contextlib.suppress(Exception):
            await asyncio.shield(self._inbox.put_off(claim, 0, self._now(), counts=False))

    async def answer(self, claim: Claim) -> None:
        """Answer one message; raise LeaseLost."""
        try:
            number, text = self._sealer.open(claim.sealed)
        except Unsealable:
            log.error("sms: a message was sealed with a key that SECRET_KEY no longer holds")
            self._metrics.dead.labels("key").inc()
            await insist(lambda: self._inbox.give_up(claim, "key", self._now()), self._fault)
            return
        outcome: Outcome | None
        try:
            outcome = await self._answering.outcome(claim, text)
        except Exception as error:
            tell("sms answering", error)
            self._fault("answering")
            outcome = self._after_fault(claim, text)
        await insist(lambda: self._end(claim, number, outcome, self._now()), self._fault)
        self._sends.wake()

    async def _end(self, claim: Claim, number: str, outcome: Outcome | None, now: float) -> None:
        """Keep what came of a message; raise LeaseLost, StoreError."""
        if outcome is None:
            await self._inbox.give_up(claim, "fault", now)
            self._metrics.dead.labels("fault").inc()
        elif isinstance(outcome, Again):
            await self._inbox.put_off(claim, outcome.seconds, now)
            self._metrics.put_off.inc()
        elif isinstance(outcome, Silence):
            await self._inbox.silenced(claim, outcome.reason, outcome.person, now)
            self._metrics.ignored.labels(outcome.reason).inc()
        elif isinstance(outcome, Forgotten):
            await self._inbox.forgotten(claim, Answer(number, outcome.texts), now)
            self._metrics.answered.inc()
        else:
            answer = Answer(number, outcome.texts, int(outcome.urgent))
            await self._inbox.answered(claim, answer, outcome.person, now)
            self._metrics.answered.inc()

    def _after_fault(self, claim: Claim, text: str) -> Said | Again | None:
        """Return what to do of a message on which the answering failed: again, then honestly, then a dead letter."""
        waited = self._now() - claim.received_at
        if not claim.priority and (seconds := retry.brain_wait(claim.attempts, waited)) is not None:
            return Again(seconds)
        try:
            return self._answering.without_brain(claim, text)
        except Exception as error:
            tell("sms answering without the brain", error)
            return None

    # --- sending

    async def _take(self) -> Parcel | None:
        # The pace is kept before anything is claimed: what is marked as being sent is.
        if (delay := self.pace.delay()) > LOOK:
            return None
        await asyncio.sleep(delay)
        place = self.pace.clock()
        parcel = await self._outbox.claim(self._now())
        if parcel:
            self.pace.left(place)
        return parcel

    async def _send(self, parcel: Parcel) -> None:
        try:
            with request_id.job():
                await self.send(parcel)
        except asyncio.CancelledError:
            # Stopped in the middle of a call: for all we know it went through. The next process looks for a receipt.
            with contextlib.suppress(Exception):
                await asyncio.shield(self._outbox.put_off(parcel, GRACE, "stopped", True, self._now()))
            raise

    async def send(self, parcel: Parcel) -> None:
        """Send one text message, and note what came of it."""
        try:
            number, text = self._sealer.open(parcel.sealed)
        except Unsealable:
            await self._bury(parcel, "key", "sealed with a key that SECRET_KEY no longer holds")
            return
        if parcel.risky:
            self._metrics.doubles.inc()
        try:
            provider_id = await asyncio.wait_for(
                self._provider.send(self._session, Outgoing(parcel.reference, number, text)), self._call_timeout
            )
        except NotSent as error:
            await self._failed(parcel, error)
        except asyncio.TimeoutError:
            await self._failed(parcel, NotSent(Failure.TEMPORARY, "hanging", maybe=True))
        except Exception as error:
            tell("sms sending", error)
            self._fault("sending")
            await self._failed(parcel, NotSent(Failure.TEMPORARY, type(error).__name__, maybe=True))
        else:
            await self._accepted(parcel, provider_id)

    async def _accepted(self, parcel: Parcel, provider_id: str) -> None:
        self.pace.accepted()
        self.refused_for = None
        failing, self._failing = self._failing, False
        # It left: a store that fails now must not make it leave twice.
        await insist(lambda: self._outbox.sent(parcel, provider_id, self._now()), self._fault)
        self._metrics.sent.inc()
        self._metrics.seconds.observe(max(0.0, self._now() - parcel.received_at))
        if failing:  # it works again: what waits for another try need not wait any longer
            await insist(lambda: self._outbox.hasten(self._now()), self._fault)
            self._sends.wake()

    async def _failed(self, parcel: Parcel, error: NotSent) -> None:
        seconds = retry.wait(error.kind, parcel.attempts, error.retry_after)
        if seconds is None:
            await self._bury(parcel, error.kind.value, str(error))
            return
        if error.kind is Failure.THROTTLED:
            self.pace.throttle(seconds)
        else:
            self._failing = True
        if error.kind is Failure.CONFIGURATION:
            self.pace.close(seconds)
            self.refused_for = error.detail
            if time.monotonic() - self._complained > COMPLAIN or not self._complained:
                self._complained = time.monotonic()
                log.error("sms: the provider refuses us (settings, credit): messages wait")
        if error.maybe:
            seconds = max(seconds, GRACE)
        self._metrics.retries.labels(error.kind.value).inc()
        told, maybe, wait = str(error), error.maybe, seconds
        await insist(lambda: self._outbox.put_off(parcel, wait, told, maybe, self._now()), self._fault)

    async def _bury(self, parcel: Parcel, reason: str, error: str) -> None:
        count = await insist(lambda: self._outbox.dead(parcel, error, self._now()), self._fault)
        self._metrics.dead.labels(reason).inc(count)
        log.error("sms: %d text messages will not be sent (python -m bot sms dead)", count)
