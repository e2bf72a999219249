"""Where a measure was taken: date, processor, library versions; and how much a process weighs."""

import os
from datetime import date
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

_LIBRARIES = ("rasa", "scikit-learn", "numpy", "scipy", "spacy", "tensorflow-cpu")


def processor() -> str:
    """Return the model name of the processor."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return "unknown"
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), "unknown")


def libraries() -> dict[str, str]:
    """Return the versions of the libraries that decide the figures, of those that are here."""
    return {name: found for name in _LIBRARIES if (found := _version(name))}


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def stamp() -> dict[str, object]:
    """Return when and where: kept with every figure."""
    return {
        "date": date.today().isoformat(),
        "cores": os.cpu_count() or 0,
        "processor": processor(),
        "libraries": libraries(),
    }


def resident_mb(field: str = "VmRSS") -> float:
    """Return the resident memory of this process in megabytes, now (VmRSS) or at its highest (VmHWM)."""
    for line in Path("/proc/self/status").read_text(encoding="utf-8").splitlines():
        if line.startswith(field + ":"):
            return round(int(line.split()[1]) * 1024 / 1e6, 1)
    raise ValueError(field)
