"""What is counted, for Prometheus: never a word of a conversation, never who."""

from pathlib import Path

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from bot.directory_age import DirectoryCollector


class Metrics:
    """The counters of one gateway; `directory` and `imports`: where the places are, to tell their age."""

    def __init__(self, directory: Path | None = None, imports: Path | None = None) -> None:
        self.registry = CollectorRegistry()
        if directory is not None and imports is not None:
            self.registry.register(DirectoryCollector(directory, imports))
        self.turns = Counter(
            "assistant_turns", "Turns answered, by what was understood", ["intent"], registry=self.registry
        )
        self.urgent = Counter("assistant_urgent", "Turns taken as danger, by kind", ["kind"], registry=self.registry)
        self.refused = Counter("assistant_refused", "Requests refused, by error code", ["code"], registry=self.registry)
        self.feedback = Counter(
            "assistant_feedback",
            "Opinions of the answers: did it help?",
            ["answer", "helped"],
            registry=self.registry,
        )
        self.seconds = Histogram(
            "assistant_turn_seconds",
            "Time to answer a turn",
            buckets=(0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 4, 8),
            registry=self.registry,
        )

        self.sms = SmsMetrics(self.registry)

    def text(self) -> bytes:
        """Return the counters as Prometheus reads them."""
        return generate_latest(self.registry)


class SmsMetrics:
    """What is counted of text messages."""

    def __init__(self, registry: CollectorRegistry) -> None:
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
