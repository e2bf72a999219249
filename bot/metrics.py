"""What is counted, for Prometheus: never a word of a conversation, never who."""

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest


class Metrics:
    """The counters of one gateway."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
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

    def text(self) -> bytes:
        """Return the counters as Prometheus reads them."""
        return generate_latest(self.registry)
