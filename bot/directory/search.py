"""The nearest places of a kind, those reached from afar, and a place by its name."""

import json
import sqlite3
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from math import cos, radians
from pathlib import Path
from typing import Any

from bot.directory.communes import Commune
from bot.directory.database import LiveDatabase, kind_code
from bot.directory.fields import Point, distance_km
from bot.directory.model import Closure
from bot.text import normalise

#: Beyond this a place is no help to someone without a car (data·inclusion's radius too), in kilometres.
WITHIN_KM = 50.0
#: Half-sides of the boxes searched, in turn, until enough is found inside one.
_RADII = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0, WITHIN_KM)
_KM_PER_DEGREE = 111.0  # a little less than the least: boxes are never too small
_EVERYWHERE = frozenset({"france", "34"})
#: Words that name no place in particular.
_SMALL = frozenset(
    """
    a au aux c ce cette comment d dans de des du elle en est et il je l la le les mon ma on ou par pour pres qu que
    quel quelle qui s sont sur trouve trouver un une vers y adresse telephone numero horaires horaire ouvert ouverte
    cherche chercher voudrais veux savoir aller centre maison service services association zcommune bonjour merci svp
    plait appelle appeler joindre contact contacter france departement herault social sociale jeunes aide emploi
    plus proche ville mairie poste bureau place rue site ici quartier sud nord est ouest hotel grand grande
    """.split()
)
_COLUMNS = """
    services.id, structures.id, services.kind, structures.nom, adresse, complement_adresse, code_postal,
    structures.commune, coalesce(services.telephone, structures.telephone),
    coalesce(services.courriel, structures.courriel), site_web,
    coalesce(services.horaires_accueil, structures.horaires_accueil), fermetures, latitude, longitude, environ,
    a_distance, coalesce(services.description, structures.description), conditions_acces, frais, publics, accessibilite_lieu,
    source, date_maj, lien_source, licence, zone_eligibilite, services.nom, provenance
"""
_JOIN = "FROM services JOIN structures ON structures.id = services.structure_id"


@dataclass(frozen=True)
class Place:
    """A service of a structure, as people are shown it; coordinates in degrees, None when it is reached from afar."""

    id: int
    structure: str
    kind: str
    name: str
    address: str | None
    more_address: str | None
    postcode: str | None
    city: str | None
    phone: str | None
    email: str | None
    url: str | None
    opening_hours: str | None
    closures: tuple[Closure, ...]
    point: Point | None
    approximate: bool
    remote: bool
    description: str | None
    access: str | None
    fees: str | None
    publics: tuple[str, ...]
    accessibility: str | None
    source: str
    source_date: str | None
    hours_date: str | None
    source_url: str | None
    licence: str | None
    area: tuple[str, ...]


@dataclass(frozen=True)
class Found:
    """A place and how far it is, in kilometres as the crow flies; None when it is reached from afar."""

    place: Place
    distance_km: float | None

    def public(self, details: bool = False) -> dict[str, Any]:
        """Return what the chat API shows of it; `details` adds what somebody who has chosen it wants to know."""
        place = self.place
        shown: dict[str, Any] = {
            "name": place.name,
            "kind": place.kind,
            "address": ", ".join(filter(None, (place.address, place.more_address if details else None))),
            "postcode": place.postcode or "",
            "city": place.city or "",
            "phone": place.phone,
            "opening_hours": place.opening_hours,
            "closures": [
                {"from": one.debut.isoformat(), "until": one.fin.isoformat(), "reason": one.motif}
                for one in place.closures
            ],
            "access": place.access,
            "distance_km": None if self.distance_km is None else round(self.distance_km, 1),
            "approximate": place.approximate,
            "latitude": place.point[0] if place.point else None,
            "longitude": place.point[1] if place.point else None,
            "url": place.url,
            "source": place.source,
            "source_date": place.source_date,
            "hours_date": place.hours_date,
        }
        if details:
            shown["details"] = {
                "email": place.email,
                "description": place.description,
                "fees": place.fees,
                "publics": list(place.publics),
                "accessibility": place.accessibility,
                "source_url": place.source_url,
                "licence": place.licence,
            }
        return shown


def _place(row: tuple[Any, ...]) -> Place:
    closures = tuple(
        Closure(date.fromisoformat(one["debut"]), date.fromisoformat(one["fin"]), one["motif"])
        for one in json.loads(row[12])
    )
    remote = bool(row[16])
    dates = {one["champ"]: one["date"] for one in json.loads(row[28])}
    return Place(
        id=row[0], structure=row[1], kind=row[2], name=row[3], address=row[4], more_address=row[5], postcode=row[6],
        city=row[7], phone=row[8], email=row[9], url=row[10], opening_hours=row[11], closures=closures,
        point=None if remote or row[13] is None else (row[13], row[14]), approximate=bool(row[15]), remote=remote,
        description=row[17] or row[27], access=row[18], fees=row[19], publics=tuple(json.loads(row[20])),
        accessibility=row[21], source=row[22], source_date=row[23],
        hours_date=dates.get("horaires_accueil", row[23]), source_url=row[24], licence=row[25],
        area=tuple(json.loads(row[26])),
    )  # fmt: skip


class Directory:
    """What the actions ask: cheap to keep, safe to use from several threads."""

    def __init__(self, path: Path) -> None:
        self._database = LiveDatabase(path)

    def nearest(
        self, kinds: Iterable[str], here: Point, limit: int = 3, keep: Callable[[Place], bool] | None = None
    ) -> list[Found]:
        """Return the `limit` places of these kinds nearest to `here`, within WITHIN_KM, nearest first.

        A structure counts once, however many of the kinds it offers. `keep` leaves out what it refuses.
        """
        connection = self._database.connection()
        codes = sorted({kind_code(kind) for kind in kinds})
        found: list[Found] = []
        for radius in _RADII:
            keys = self._within(connection, codes, here, radius)
            if len(keys) < limit and radius < WITHIN_KM:
                continue
            found = self._ranked(connection, keys, limit, keep)
            if len(found) >= limit:
                break
        return found

    def _within(
        self, connection: sqlite3.Connection, codes: list[int], here: Point, radius: float
    ) -> list[tuple[float, int]]:
        """Return (distance in km, service) for the services of these kinds within `radius` of `here`."""
        latitude, longitude = here
        north = radius / _KM_PER_DEGREE
        east = north / max(0.01, cos(radians(min(89.0, abs(latitude) + north))))
        box = (latitude - north, latitude + north, longitude - east, longitude + east)
        keys = []
        for code in codes:
            rows = connection.execute(
                "SELECT id, latitude, longitude FROM services_area "
                "WHERE south >= ? AND north <= ? AND west >= ? AND east <= ? AND kind_from = ? AND kind_to = ?",
                (*box, code, code),
            )
            keys += [(distance_km(here, (lat, lon)), key) for key, lat, lon in rows]
        return sorted(one for one in keys if one[0] <= radius)

    def _ranked(
        self,
        connection: sqlite3.Connection,
        keys: list[tuple[float, int]],
        limit: int,
        keep: Callable[[Place], bool] | None,
    ) -> list[Found]:
        found: list[Found] = []
        seen: set[str] = set()
        for distance, key in keys:
            place = self._read(connection, key)
            if place.structure in seen or (keep and not keep(place)):
                continue
            seen.add(place.structure)
            found.append(Found(place, distance))
            if len(found) == limit:
                break
        return found

    def _read(self, connection: sqlite3.Connection, key: int) -> Place:
        return _place(connection.execute(f"SELECT {_COLUMNS} {_JOIN} WHERE services.id = ?", (key,)).fetchone())

    def from_afar(self, kinds: Iterable[str], commune: Commune | None, limit: int = 2) -> list[Found]:
        """Return the services of these kinds that are reached by telephone or on the web, for people of `commune`.

        The surest numbers come first, those chosen by hand before those of data·inclusion, and of these the easiest to
        remember: 119, 3919, 3230.
        """
        connection = self._database.connection()
        found = []
        for kind in kinds:
            rows = connection.execute(
                f"SELECT {_COLUMNS} {_JOIN} WHERE kind = ? AND a_distance "
                "ORDER BY structures.telephone IS NULL, confiance != 'high', structures.id GLOB 'di-*', length(structures.telephone), structures.id",
                (kind,),
            )
            for place in map(_place, rows):
                area = set(place.area)
                if not area or area & _EVERYWHERE or (commune and commune.insee in area):
                    found.append(Found(place, None))
        return found[:limit]

    def named(self, text: str, commune: Commune | None = None, limit: int = 3) -> list[Found]:
        """Return the structures whose name holds every telling word of `text`, best match first.

        `text` is raw; distances are from the centre of `commune`, when it is given.
        """
        words = [
            word for word in normalise(text).split() if word not in _SMALL and len(word) > 2 and not word.isdigit()
        ]
        if not words or len(words) > 8:
            return []
        query = " AND ".join(f'"{word}"' for word in words)
        rows = self._database.connection().execute(
            f"WITH hits AS (SELECT id, bm25(structures_words, 0, 4.0, 1.0, 0.5) AS score FROM structures_words "  # noqa: S608
            f"WHERE structures_words MATCH ? ORDER BY score LIMIT ?) SELECT {_COLUMNS}, min(services.id) {_JOIN} "
            "JOIN hits ON hits.id = structures.id GROUP BY structures.id ORDER BY hits.score",
            (f"nom : ({query})", limit),
        )
        here = (commune.latitude, commune.longitude) if commune else None
        return [
            Found(place, distance_km(here, place.point) if here and place.point else None)
            for place in map(_place, rows)
        ]

    def structure(self, id_: str, kind: str, near: Point | None = None) -> Found | None:
        """Return what structure `id_` offers of `kind`, and how far it is, or None when the directory no longer holds it."""
        row = (
            self._database.connection()
            .execute(f"SELECT {_COLUMNS} {_JOIN} WHERE structures.id = ? AND kind = ?", (id_, kind))
            .fetchone()
        )
        if row is None:
            return None
        place = _place(row)
        return Found(place, distance_km(near, place.point) if near and place.point else None)


@lru_cache(maxsize=4)
def load(path: Path) -> Directory:
    """Return the directory at `path`, the same object each time."""
    return Directory(path)
