"""What of the answers, the figures and the lists of papers has expired or is about to, for Prometheus and for /health."""

from collections.abc import Callable, Iterator
from datetime import date, datetime, time

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from bot import checklists
from bot.answers import LiveBook
from bot.answers.expiry import NEARNESS, Due, count, due

KINDS = ("answer", "figure", "checklist")


class ContentCollector(Collector):
    """Reckoned when it is asked, from the book in use: an edit shows at once."""

    def __init__(self, book: LiveBook, now: Callable[[], datetime]) -> None:
        self._book, self._now = book, now

    def dues(self, today: date) -> list[Due]:
        """Return all that we say, with its end."""
        self._book.refresh()
        lists = [Due("checklist", one.id, one.expires_on, one.expires_on >= today) for one in checklists.load().lists]
        return [*due(self._book.book, today), *lists]

    def expired(self) -> int:
        """Return how many have expired as of now: the general sentence is said in their place."""
        today = self._now().date()
        return sum(not one.valid for one in self.dues(today))

    def refused(self) -> bool:
        """Tell whether the files hold an edit that could not be taken: what was there before is still said."""
        self._book.refresh()
        return bool(self._book.problems)

    def describe(self) -> Iterator[Metric]:
        """Name nothing beforehand: the registry would read everything to know."""
        return iter(())

    def collect(self) -> Iterator[Metric]:
        """Yield the counts by kind and nearness, the nearest end to come of each kind, and whether an edit was refused."""
        now = self._now()
        today = now.date()
        dues = self.dues(today)
        counted = count(dues, today)
        expiring = GaugeMetricFamily(
            "assistant_content_expiring",
            "What has expired, or has at most 14 or 60 days left (each counted once), by kind",
            labels=["kind", "within"],
        )
        nearest = GaugeMetricFamily(
            "assistant_content_next_expiry_timestamp_seconds", "When the next one of a kind expires", labels=["kind"]
        )
        for kind in KINDS:
            for within in NEARNESS:
                expiring.add_metric([kind, within], counted[kind, within])  # type: ignore[index]
            ends = [one.last for one in dues if one.kind == kind and one.valid and one.last]
            if ends:
                nearest.add_metric([kind], datetime.combine(min(ends), time.max, now.tzinfo).timestamp())
        faulty = GaugeMetricFamily(
            "assistant_content_refused", "1 when an edit of the texts was refused: the texts before it are said"
        )
        faulty.add_metric([], float(bool(self._book.problems)))
        yield from (expiring, nearest, faulty)
