"""How fast is the nearest place found, and is it the nearest? A made-up national directory against brute force.

`python -m benchmarks.directory`: 200,000 services scattered as people are (thick in towns, thin elsewhere), 1,000
random points: the same answers as by measuring every distance, then the median and the 95th percentile.
"""

import json
import random
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from bot.directory import database
from bot.directory.fields import Point, distance_km
from bot.directory.model import Service, Structure, vocabularies
from bot.directory.search import WITHIN_KM, Directory
from bot.paths import ROOT

RESULTS = ROOT / "benchmarks" / "directory.json"
SERVICES, POINTS, LIMIT, SEED = 200_000, 1_000, 3, 34
_SOUTH, _NORTH, _WEST, _EAST = 42.4, 51.0, -4.7, 8.1


def towns(random_: random.Random, count: int = 400) -> list[tuple[Point, float]]:
    """Return centres with a weight each: a few large towns, many small ones."""
    return [((random_.uniform(_SOUTH, _NORTH), random_.uniform(_WEST, _EAST)), 1 / (rank + 2)) for rank in range(count)]


def somewhere(random_: random.Random, centres: list[tuple[Point, float]]) -> Point:
    """Return a point near a town, or, one time in five, anywhere."""
    if random_.random() < 0.2:
        return random_.uniform(_SOUTH, _NORTH), random_.uniform(_WEST, _EAST)
    ((latitude, longitude), _) = random_.choices(centres, weights=[weight for _, weight in centres])[0]
    return random_.gauss(latitude, 0.08), random_.gauss(longitude, 0.1)


def structures(count: int, seed: int = SEED) -> Iterator[Structure]:
    """Yield `count` structures of one service each, always the same for a seed."""
    random_ = random.Random(seed)
    centres = towns(random_)
    kinds = sorted(vocabularies()["kinds"])
    for number in range(count):
        latitude, longitude = somewhere(random_, centres)
        yield Structure(
            id=f"s{number:06}",
            nom=f"Lieu {number}",
            source="synthetic",
            confiance="high",
            services=(Service(kind=random_.choice(kinds)),),
            latitude=latitude,
            longitude=longitude,
        )


def brute_force(everything: list[tuple[Point, str]], here: Point, limit: int) -> list[tuple[float, str]]:
    """Return the nearest of a kind by measuring every distance."""
    within = [(away, id_) for point, id_ in everything if (away := distance_km(here, point)) <= WITHIN_KM]
    return sorted(within)[:limit]


def measure(services: int = SERVICES, points: int = POINTS) -> dict[str, object]:
    """Build, search, compare; return the figures."""
    made = list(structures(services))
    by_kind: dict[str, list[tuple[Point, str]]] = {}
    for one in made:
        by_kind.setdefault(one.services[0].kind, []).append(((one.latitude or 0, one.longitude or 0), one.id))
    random_ = random.Random(SEED + 1)
    centres = towns(random.Random(SEED))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "directory.sqlite"
        started = time.perf_counter()
        database.build(path, made, "synthetic")
        built = time.perf_counter() - started
        size = path.stat().st_size
        directory = Directory(path)
        directory.nearest(["caf"], (43.6, 3.9))
        times, same, brute = [], 0, []
        for _ in range(points):
            here, kind = somewhere(random_, centres), random_.choice(sorted(by_kind))
            started = time.perf_counter()
            found = directory.nearest([kind], here, LIMIT)
            times.append(time.perf_counter() - started)
            started = time.perf_counter()
            wanted = brute_force(by_kind[kind], here, LIMIT)
            brute.append(time.perf_counter() - started)
            same += [(one.distance_km, one.place.structure) for one in found] == wanted
    return {
        "services": services,
        "points": points,
        "same_as_brute_force": same,
        "build_s": round(built, 1),
        "file_mb": round(size / 1e6, 1),
        "search_ms": {
            "median": round(1000 * statistics.median(times), 2),
            "p95": round(1000 * statistics.quantiles(times, n=20)[-1], 2),
            "max": round(1000 * max(times), 2),
        },
        "brute_force_ms_median": round(1000 * statistics.median(brute), 1),
    }


def main() -> None:
    """Measure, keep, print."""
    figures = measure()
    RESULTS.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(figures, indent=2))


if __name__ == "__main__":
    main()
