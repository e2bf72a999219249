"""What each fault did: written to the file named by FAULTS_REPORT when the tests end (see benchmarks/faults.py)."""

import json
import os
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from tests.faults.people import MARGIN, PATIENCE, Heard


@dataclass
class Fault:
    """One fault: what people saw while it lasted, counted by kind (see Heard.kind); apart, those who wrote of a danger."""

    fault: str
    saw: dict[str, int] = field(default_factory=dict)
    saw_in_danger: dict[str, int] = field(default_factory=dict)
    #: The longest that somebody waited for a sentence.
    slowest_seconds: float = 0.0
    #: From the fault (or from its end, when it lasts as long as somebody makes it last) to an ordinary answer.
    recovery_seconds: float | None = None
    lost: int = 0
    #: Of three text messages handed in while it lasted: without an answer, and parts sent twice.
    sms_lost: int = 0
    sms_doubles: int = 0
    note: str = ""
    #: What else the machine had to do, when it began: processes that want a processor.
    load: float | None = field(default_factory=lambda: round(os.getloadavg()[0], 1))

    def watched(self, heard: Iterable[Heard], in_danger: Iterable[Heard] = ()) -> "Fault":
        """Add what people saw."""
        heard, in_danger = list(heard), list(in_danger)
        self.saw = dict(Counter(self.saw) + Counter(one.kind for one in heard))
        self.saw_in_danger = dict(Counter(self.saw_in_danger) + Counter(one.kind for one in in_danger))
        heard += in_danger
        self.slowest_seconds = round(max([self.slowest_seconds, *(one.seconds for one in heard)]), 1)
        return self

    def check(self, within: float = PATIENCE + MARGIN) -> None:
        """Nobody waited too long; an answer or an honest sentence, in danger the right number; nothing was lost.

        "absent" is when the gateway itself is away: the page says that the message did not leave, and keeps it.
        """
        assert set(self.saw) <= {"answer", "honest", "absent"}, self
        assert set(self.saw_in_danger) <= {"danger", "absent"}, self
        assert self.slowest_seconds < within, self
        assert self.lost == self.sms_lost == 0, self


class Report:
    """The faults of a run."""

    def __init__(self) -> None:
        self.faults: list[Fault] = []

    def add(self, fault: Fault) -> Fault:
        """Note a fault; it is filled in as the test goes."""
        self.faults.append(fault)
        return fault

    def write(self) -> None:
        """Put this run's faults in the place of the last ones of the same names."""
        if not (name := os.environ.get("FAULTS_REPORT")) or not self.faults:
            return
        path = Path(name)
        kept: dict[str, Any] = {}
        if path.exists():
            kept = {one["fault"]: one for one in json.loads(path.read_text(encoding="utf-8"))["faults"]}
        kept |= {one.fault: asdict(one) for one in self.faults}
        written = {"machine": {"processors": os.cpu_count()}, "faults": list(kept.values())}
        path.write_text(json.dumps(written, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
