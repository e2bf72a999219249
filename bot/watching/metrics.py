"""What is counted, for Prometheus: never a word of a conversation, never who. docs/runbook.md says what to do of it."""

import platform
from collections.abc import Callable, Container, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    GCCollector,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.registry import Collector

from bot.watching import timing
from bot.watching.directory_age import DirectoryCollector
from bot.watching.version import VERSION

Channel = Literal["web", "workshop", "sms"]
CHANNELS: tuple[Channel, ...] = ("web", "workshop", "sms")
#: Answers that tell that the message was not understood, or not enough.
NOT_UNDERSTOOD = ("incompris", "incompris_encore", "doute", "hors_sujet", "autre_langue")
#: What stands for a value that is none of ours: labels must not grow with what is sent to us.
OTHER = "other"
SECONDS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 1.5, 2.0, 4.0, 8.0, 15.0)
STAGE_SECONDS = (0.001, 0.005, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 4.0, 8.0)
#: Figures of the states of /health.
LEVELS = {"ok": 0, "degraded": 1, "failing": 2}


disable_created_metrics()  # type: ignore[no-untyped-call]  # when each series began: as many series again, and nobody asks


class Metrics:
    """The counters of one gateway.

    `directory` and `imports`: where the places are, to tell their age. `answers` returns the ids of the answers there
    are: intents are among them. `more` are other collectors, asked when the counters are read.
    """

    def __init__(
        self,
        directory: Path | None = None,
        imports: Path | None = None,
        answers: Callable[[], Container[str]] = frozenset,
        more: tuple[Collector, ...] = (),
    ) -> None:
        self.registry = CollectorRegistry()
        if directory is not None and imports is not None:
            self.registry.register(DirectoryCollector(directory, imports))
        for one in more:
            self.registry.register(one)
        PlatformCollector(registry=self.registry)
        ProcessCollector(registry=self.registry)
        GCCollector(registry=self.registry)
        self.turns = TurnMetrics(self.registry, answers)
        self.refused = Counter("assistant_refused", "Requests refused, by error code", ["code"], registry=self.registry)
        self.feedback = Counter(
            "assistant_feedback",
            "Opinions of the answers: did it help?",
            ["answer", "helped"],
            registry=self.registry,
        )
        self.parts = Gauge(
            "assistant_part_state", "State of a part: 0 ok, 1 degraded, 2 failing", ["part"], registry=self.registry
        )
        self.rasas = Gauge(
            "assistant_rasa_members",
            "Rasa processes that answer (up), and that do not",
            ["state"],
            registry=self.registry,
        )
        self.queue = Gauge(
            "assistant_brain_waiting",
            "Turns that wait for a place at Rasa, those in danger first",
            registry=self.registry,
        )
        self.kept_later = Gauge(
            "assistant_store_turns",
            "Turns answered while the database was away: waiting in memory to be kept, or lost since the start",
            ["state"],
            registry=self.registry,
        )
        self.clock = Gauge(
            "assistant_clock_jump_seconds",
            "Seconds by which the machine's clock jumped and is not followed yet (0: it is)",
            registry=self.registry,
        )
        self.disk_free = Gauge(
            "assistant_disk_free_bytes", "Room left to us on the disk of VAR_DIR", registry=self.registry
        )
        self.disk_size = Gauge("assistant_disk_size_bytes", "Size of the disk of VAR_DIR", registry=self.registry)
        self.purged = Gauge(
            "assistant_purge_last_success_timestamp_seconds",
            "When what had passed its time was last erased (0: not since the start)",
            registry=self.registry,
        )
        self._build = Gauge(
            "assistant_build_info",
            "Always 1: version of the project, model in use, Python",
            ["version", "model", "python"],
            registry=self.registry,
        )
        self._models: list[str] | None = None
        self._built([])
        self.sms = SmsMetrics(self.registry, self.turns)

    def _built(self, models: list[str]) -> None:
        if models == self._models:
            return
        self._models = models
        self._build.clear()
        for model in models or [""]:
            self._build.labels(VERSION, model[:80], platform.python_version()).set(1)

    def told(self, states: Mapping[str, str]) -> None:
        """Note the states of the parts, as /health names them."""
        for part, state in states.items():
            self.parts.labels(part).set(LEVELS[state])

    def members(self, up: int, down: int, models: list[str]) -> None:
        """Note how many Rasas answer, how many do not, and the models that they have loaded."""
        self.rasas.labels("up").set(up)
        self.rasas.labels("down").set(down)
        self._built(models)

    def room(self, free: int, size: int) -> None:
        """Note the bytes free on the disk of VAR_DIR, and its size."""
        self.disk_free.set(free)
        self.disk_size.set(size)

    def keeping(self, waiting: int, lost: int) -> None:
        """Note how many turns wait in memory to be kept, and how many never will be."""
        self.kept_later.labels("waiting").set(waiting)
        self.kept_later.labels("lost").set(lost)

    def text(self) -> bytes:
        """Return the counters as Prometheus reads them."""
        return generate_latest(self.registry)


class Turn:
    """One turn under way."""

    def __init__(self) -> None:
        self.reply: Mapping[str, Any] | None = None

    def answered(self, reply: Mapping[str, Any]) -> None:
        """Note the reply that the person gets: what the chat API gives."""
        self.reply = reply


class TurnMetrics:
    """What is counted of turns, on every channel."""

    def __init__(self, registry: CollectorRegistry, answers: Callable[[], Container[str]]) -> None:
        self._answers = answers
        self.turns = Counter(
            "assistant_turns", "Turns answered, by what was understood", ["intent", "channel"], registry=registry
        )
        self.missed = Counter(
            "assistant_not_understood",
            "Turns answered by a sentence that says so, or asks what was meant",
            ["kind", "channel"],
            registry=registry,
        )
        self.urgent = Counter("assistant_urgent", "Turns taken as danger, by kind", ["kind"], registry=registry)
        self.degraded = Counter(
            "assistant_degraded",
            "Turns that the brain did not answer, by reason (by SMS: tries)",
            ["reason", "channel"],
            registry=registry,
        )
        self.failed = Counter(
            "assistant_failed",
            "Turns that ended in a fault of ours: no answer was given",
            ["channel"],
            registry=registry,
        )
        self.in_progress = Gauge("assistant_turns_in_progress", "Turns under way", ["channel"], registry=registry)
        self.seconds = Histogram(
            "assistant_turn_seconds", "Time to answer a turn", ["channel"], buckets=SECONDS, registry=registry
        )
        self.stages = Histogram(
            "assistant_stage_seconds",
            "Time that a turn spends in a stage (wait, redact, brain, words, store)",
            ["stage"],
            buckets=STAGE_SECONDS,
            registry=registry,
        )
        # A series that is there from the start, at 0, can be alerted upon when it first moves.
        for channel in CHANNELS:
            self.in_progress.labels(channel)
            self.failed.labels(channel)
            self.seconds.labels(channel)
            for reason in timing.REASONS:
                self.degraded.labels(reason, channel)
            for kind in NOT_UNDERSTOOD:
                self.missed.labels(kind, channel)
        for stage in timing.STAGES:
            self.stages.labels(stage)

    @contextmanager
    def turn(self, channel: Channel, refusals: tuple[type[Exception], ...] = ()) -> Iterator[Turn]:
        """Count and time what is done in here as one turn; `refusals` are exceptions that are no fault of ours."""
        turn = Turn()
        self.in_progress.labels(channel).inc()
        try:
            with timing.turn() as timed:
                yield turn
        except refusals:
            raise
        except Exception:
            self.failed.labels(channel).inc()
            raise
        finally:
            self.in_progress.labels(channel).dec()
        if timed.without_brain:
            self.degraded.labels(timed.without_brain, channel).inc()
        if turn.reply is not None:
            self._answered(turn.reply, timed, channel)

    def _answered(self, reply: Mapping[str, Any], timed: timing.Timing, channel: Channel) -> None:
        self.seconds.labels(channel).observe(timed.whole())
        for stage, seconds in timed.seconds.items():
            self.stages.labels(stage).observe(seconds)
        intent = self._known(str(reply["intent"]))
        self.turns.labels(intent, channel).inc()
        if any(one["urgent"] for one in reply["messages"]):
            self.urgent.labels(intent).inc()
        for id_ in {one["id"] for one in reply["messages"]} & {*NOT_UNDERSTOOD}:
            self.missed.labels(id_, channel).inc()

    def _known(self, intent: str) -> str:
        return intent if intent in self._answers() else OTHER


class SmsMetrics:
    """What is counted of text messages."""

    def __init__(self, registry: CollectorRegistry, turns: TurnMetrics) -> None:
        #: Turns by text message are counted with those of the other channels.
        self.turns = turns

        def counter(name: str, what: str, *labels: str) -> Counter:
            return Counter(f"assistant_sms_{name}", what, labels, registry=registry)

        self.received = counter("received", "Text messages received, by provider", "provider")
        self.webhooks = counter("webhooks", "Webhooks not taken in, by what was answered", "status")
        self.duplicates = counter("duplicates", "Messages that we had, by what tells (id, content)", "by")
        self.ignored = counter("ignored", "Messages not answered, by reason", "reason")
        self.answered = counter("answered", "Messages answered")
        self.sent = counter("sent_parts", "Text messages accepted by the provider")
        self.receipts = counter("receipts", "Delivery receipts, by status", "status")
        self.retries = counter("retries", "Sendings put off, by kind of failure", "kind")
        self.put_off = counter("put_off", "Answers put off (brain down, fault)")
        self.dead = counter("dead", "Messages put among the dead letters, by reason", "reason")
        self.doubles = counter(
            "possible_doubles", "Text messages sent again although the first try may have gone through"
        )
        self.faults = counter("faults", "Unexpected errors of the worker, by loop", "loop")
        self.waiting = Gauge("assistant_sms_waiting", "Messages that wait, by queue", ["queue"], registry=registry)
        self.oldest = Gauge(
            "assistant_sms_oldest_seconds", "Age of the oldest that waits, by queue", ["queue"], registry=registry
        )
        self.seconds = Histogram(
            "assistant_sms_answer_seconds",
            "From a message that came in to its first answer accepted by the provider",
            buckets=(0.2, 0.5, 1, 2, 5, 10, 30, 60, 180, 600, 3600),
            registry=registry,
        )
