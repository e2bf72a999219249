"""Communes and départements of France outside the Hérault: enough to say that we do not cover them.

`data/places/elsewhere.csv` and `departements.csv`, built by `scripts/build_places.py` (INSEE COG, Licence Ouverte).
"""

import csv
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from bot.paths import DATA

HERE = "34"
FILE = DATA / "places" / "elsewhere.csv"
DEPARTMENTS = DATA / "places" / "departements.csv"


@dataclass(frozen=True)
class Elsewhere:
    """A place outside the Hérault: its name as people say it, and that of its département."""

    name: str
    department: str


@dataclass(frozen=True)
class Town:
    """A commune elsewhere: the codes of the départements that have one of this name, the largest first; its usage."""

    name: str
    departments: tuple[str, ...]
    usage: str


def rows(path: Path) -> list[dict[str, str]]:
    """Read a table whose first lines, after "#", say where it comes from."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader((line for line in file if not line.startswith("#")), delimiter=";"))


@lru_cache(maxsize=1)
def departments(path: Path = DEPARTMENTS) -> dict[str, str]:
    """Return the names of the départements by their INSEE code ("2A", "971"), the Hérault's too."""
    return {row["code"]: row["nom"] for row in rows(path)}


@lru_cache(maxsize=1)
def towns(path: Path = FILE) -> tuple[Town, ...]:
    """Return the communes elsewhere, the largest first."""
    return tuple(Town(row["nom"], tuple(row["departements"].split("|")), row["usage"]) for row in rows(path))


def of_postcode(postcode: str) -> str | None:
    """Return the code of the département that a postcode of five digits begins with, or None when there is none."""
    if postcode.startswith("20"):
        return "2A" if postcode < "20200" else "2B"
    code = postcode[:3] if postcode.startswith("97") else postcode[:2]
    return code if code in departments() and postcode[2:] != "999" else None
