"""The places that can help, and the nearest ones to a commune.

The embedded directory, `data/places/places.jsonl`, holds what could be sourced (one place a line, with its source and
date). Distances are from the centre of the person's commune; a place without coordinates counts from its own commune's.
"""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from functools import lru_cache
from math import asin, cos, radians, sin, sqrt
from pathlib import Path
from typing import Any

from bot.directory import communes
from bot.directory.communes import Commune
from bot.paths import DATA

FILE = DATA / "places" / "places.jsonl"
#: Beyond this a place is no help to someone without a car (data·inclusion's radius too).
WITHIN_KM = 50.0
_EARTH_KM = 6371.0


@dataclass(frozen=True)
class Place:
    """A place; `opening_hours` in OpenStreetMap's syntax, coordinates in degrees (WGS 84), None where unknown."""

    kind: str
    name: str
    address: str
    postcode: str
    city: str
    insee: str
    phone: str | None
    opening_hours: str | None
    url: str | None
    latitude: float | None
    longitude: float | None
    source: str
    source_date: str | None
    confidence: str


@dataclass(frozen=True)
class Found:
    """A place and how far it is, in kilometres as the crow flies."""

    place: Place
    distance_km: float

    def public(self) -> dict[str, Any]:
        """Return what the chat API shows of it."""
        shown = asdict(self.place)
        for hidden in ("insee", "latitude", "longitude", "confidence"):
            del shown[hidden]
        return {**shown, "distance_km": round(self.distance_km, 1)}


def distance_km(a: tuple[float, float], b: tuple[float, float]) -> float:
    """Return the great-circle distance between two points (latitude, longitude in degrees), in kilometres."""
    (lat_a, lon_a), (lat_b, lon_b) = ((radians(lat), radians(lon)) for lat, lon in (a, b))
    half = sin((lat_b - lat_a) / 2) ** 2 + cos(lat_a) * cos(lat_b) * sin((lon_b - lon_a) / 2) ** 2
    return 2 * _EARTH_KM * asin(sqrt(half))


def _point(place: Place) -> tuple[float, float] | None:
    if place.latitude is not None and place.longitude is not None:
        return place.latitude, place.longitude
    commune = communes.load().by_insee.get(place.insee)
    return (commune.latitude, commune.longitude) if commune else None


def _parse(line: str, where: str) -> Place:
    try:
        return Place(**json.loads(line))
    except (ValueError, TypeError) as error:
        raise ValueError(f"{where}: {error}") from error


@lru_cache(maxsize=1)
def load(path: Path = FILE) -> tuple[Place, ...]:
    """Read the directory; raise ValueError with the line at fault."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return tuple(_parse(line, f"{path.name}:{number}") for number, line in enumerate(lines, start=1))


def nearest(kinds: Iterable[str], commune: Commune, limit: int = 3) -> list[Found]:
    """Return the `limit` places of these kinds nearest to the centre of `commune`, within WITHIN_KM, nearest first."""
    wanted = set(kinds)
    here = (commune.latitude, commune.longitude)
    found = [
        Found(place, distance_km(here, point))
        for place in load()
        if place.kind in wanted and (point := _point(place)) is not None
    ]
    found.sort(key=lambda one: (one.distance_km, one.place.name))
    return [one for one in found if one.distance_km <= WITHIN_KM][:limit]
