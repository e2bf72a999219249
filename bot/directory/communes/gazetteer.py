"""The 341 communes of the Hérault: `data/places/communes.csv` (INSEE COG 2026, La Poste 2023), read once.

Columns beyond the official ones: `autres_noms`, delegated communes, postal names and hamlets that stand alone;
`quartiers`, districts and spellings that count only where a place is expected; `usage`, for a name that is also a
word: `mot` needs a preposition before it, `courant` needs more ("j'habite à", "la commune de").
"""

import csv
import re
from collections import defaultdict
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from bot.paths import DATA

FILE = DATA / "places" / "communes.csv"


@dataclass(frozen=True)
class Commune:
    """A commune; coordinates in degrees (WGS 84), of the centre of its territory."""

    insee: str
    name: str
    postcodes: tuple[str, ...]
    latitude: float
    longitude: float
    population: int


@dataclass(frozen=True)
class Names:
    """What people call a commune besides its name, and what its name is otherwise (`""`, `mot` or `courant`)."""

    others: tuple[str, ...] = ()
    districts: tuple[str, ...] = ()
    usage: str = ""


@dataclass(frozen=True)
class Communes:
    """The communes, by code and by postcode, and their names by code."""

    by_insee: dict[str, Commune]
    names: dict[str, Names]
    by_postcode: dict[str, tuple[Commune, ...]] = field(init=False)

    def __post_init__(self) -> None:
        by_postcode: dict[str, list[Commune]] = defaultdict(list)
        for commune in sorted(self.by_insee.values(), key=lambda commune: -commune.population):
            for postcode in commune.postcodes:
                by_postcode[postcode].append(commune)
        object.__setattr__(self, "by_postcode", {code: tuple(found) for code, found in by_postcode.items()})


def _listed(cell: str) -> tuple[str, ...]:
    return tuple(name for name in cell.split("|") if name)


@lru_cache(maxsize=1)
def load(path: Path = FILE) -> Communes:
    """Read the communes; raise OSError when the file is missing, ValueError or KeyError when a line is faulty."""
    communes, names = {}, {}
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file, delimiter=";"):
            communes[row["insee"]] = Commune(
                insee=row["insee"],
                name=row["nom"],
                postcodes=tuple(re.findall(r"\d{5}", row["codes_postaux"])),
                latitude=float(row["latitude"]),
                longitude=float(row["longitude"]),
                population=int(row["population"]),
            )
            if row["usage"] not in {"", "mot", "courant"}:
                raise ValueError(f"{path.name}: {row['nom']}: usage {row['usage']}")
            names[row["insee"]] = Names(_listed(row["autres_noms"]), _listed(row["quartiers"]), row["usage"])
    return Communes(communes, names)
