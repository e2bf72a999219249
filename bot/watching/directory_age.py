"""How old the directory is, for Prometheus."""

import contextlib
import json
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from bot.directory import database


def _age(moment: Any) -> float | None:
    try:
        return max(0.0, time.time() - datetime.fromisoformat(str(moment)).timestamp())
    except ValueError:
        return None


def _states(imports: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield each source with the state of its last import; what cannot be read is left out."""
    for path in sorted(imports.glob("*.state.json")):
        with contextlib.suppress(OSError, ValueError):
            state = json.loads(path.read_text(encoding="utf-8"))
            if isinstance(state, dict):
                yield path.name.removesuffix(".state.json"), state


def seconds_since_read(directory: Path, imports: Path) -> float:
    """Return the seconds since the directory was written, or a source read whole again, whichever came last.

    An import that finds nothing new does not write it. Raise FileNotFoundError, OSError, DirectoryError.
    """
    directory.stat()
    moments = [database.meta(directory).get("built_at"), *(state.get("checked_at") for _, state in _states(imports))]
    return min((age for moment in moments if (age := _age(moment)) is not None), default=float("inf"))


class DirectoryCollector(Collector):
    """How old the directory is and what it holds, read when it is asked: the file, and the state of each import.

    Ages in seconds: since the directory was written; since each source was last read whole (the import may have changed nothing).
    """

    def __init__(self, directory: Path, imports: Path) -> None:
        self._directory, self._imports = directory, imports
        self._read: tuple[tuple[int, int], dict[str, str]] | None = None

    def _meta(self) -> dict[str, str]:
        """Return what the directory says of itself, read again when the file is another one: it is checked whole each time."""
        stat = self._directory.stat()
        stamp = (stat.st_ino, stat.st_mtime_ns)
        if self._read is None or self._read[0] != stamp:
            self._read = stamp, database.meta(self._directory)
        return self._read[1]

    def describe(self) -> Iterator[Metric]:
        """Name nothing beforehand: the registry would read the files to know."""
        return iter(())

    def collect(self) -> Iterator[Metric]:
        """Yield what is known; nothing when there is no directory here."""
        try:
            meta = self._meta()
        except (database.DirectoryError, OSError):
            return
        built = GaugeMetricFamily("assistant_directory_age_seconds", "Seconds since the directory was written")
        if (age := _age(meta.get("built_at"))) is not None:
            built.add_metric([], age)
        places = GaugeMetricFamily("assistant_directory_places", "Places, by main source", labels=["source"])
        for source, count in json.loads(meta.get("sources", "{}")).items():
            places.add_metric([source], count)
        checked = GaugeMetricFamily(
            "assistant_directory_source_age_seconds", "Seconds since a source was last read whole", labels=["source"]
        )
        failing = GaugeMetricFamily(
            "assistant_directory_source_failing", "1 when the last import of a source failed", labels=["source"]
        )
        for source, state in _states(self._imports):
            if (age := _age(state.get("checked_at"))) is not None:
                checked.add_metric([source], age)
            failing.add_metric([source], float("failed_at" in state))
        yield from (built, places, checked, failing)
