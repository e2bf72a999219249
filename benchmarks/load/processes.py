"""What the processes of a system cost: seconds of processor, memory at its highest; Linux only."""

import contextlib
import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

Group = Mapping[str, Sequence[psutil.Process]]


def kind(process: psutil.Process) -> str:
    """Return which part of the assistant a process is."""
    words = process.cmdline()
    line = " ".join(words)
    if any(word.endswith("/rasa") for word in words) and "run" in words:
        return "rasa"
    if "-m actions" in line:
        return "actions"
    return "gateway" if "bot gateway" in line else "supervisor"


def of_tree(pid: int) -> dict[str, list[psutil.Process]]:
    """Return the process `pid` and its descendants, by part."""
    found: dict[str, list[psutil.Process]] = {}
    root = psutil.Process(pid)
    for process in sorted([root, *root.children(recursive=True)], key=lambda one: one.pid):
        with contextlib.suppress(psutil.NoSuchProcess):
            found.setdefault(kind(process), []).append(process)
    return found


def resident(process: psutil.Process, field: str = "VmRSS") -> float:
    """Return the memory of a process in megabytes, now (VmRSS) or at its highest (VmHWM)."""
    for line in Path(f"/proc/{process.pid}/status").read_text(encoding="utf-8").splitlines():
        if line.startswith(field + ":"):
            return round(int(line.split()[1]) * 1024 / 1e6, 1)
    raise ValueError(field)


def _processor(processes: Sequence[psutil.Process]) -> float:
    return sum(one.cpu_times().user + one.cpu_times().system for one in processes)


def _busy() -> float:
    held = psutil.cpu_times()
    return float(sum(held) - held.idle - held.iowait - getattr(held, "guest", 0.0) - getattr(held, "guest_nice", 0.0))


@dataclass
class Meter:
    """Reads the processes of `group`, from the moment it is made."""

    group: Group

    def __post_init__(self) -> None:
        for process in self._all():
            with contextlib.suppress(OSError):  # the highest is then that of the whole life of the process
                Path(f"/proc/{process.pid}/clear_refs").write_text("5", encoding="ascii")
        self._before = {name: _processor(held) for name, held in self.group.items()}
        self._mine, self._machine, self._at = time.process_time(), _busy(), time.perf_counter()

    def _all(self) -> list[psutil.Process]:
        return [process for held in self.group.values() for process in held]

    def read(self) -> dict[str, Any]:
        """Return seconds of processor since the start by part (`load`: this very process), and megabytes at the highest.

        `others` is what the rest of the machine took.
        """
        seconds = {name: _processor(held) - self._before[name] for name, held in self.group.items()}
        seconds["load"] = time.process_time() - self._mine
        others = _busy() - self._machine - sum(seconds.values())
        return {
            "cpu_s": seconds,
            "peak_mb": {name: [resident(one, "VmHWM") for one in held] for name, held in self.group.items()},
            "others_s": max(0.0, others),
            "wall_s": time.perf_counter() - self._at,
        }


def memory(group: Group) -> dict[str, float]:
    """Return the megabytes of each process now, by part (numbered when there are several)."""
    return {
        name if len(held) == 1 else f"{name} {number}": resident(process)
        for name, held in group.items()
        for number, process in enumerate(held, 1)
    }


def cores() -> int:
    """Return the cores that this process may use."""
    return len(os.sched_getaffinity(0))
