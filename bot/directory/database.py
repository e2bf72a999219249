"""The directory as one SQLite file: structures and services, a full-text index and an R*Tree.

Written whole beside the old one, then put in its place at once: a reader sees the old directory or the new one, never
half of one. What cannot be opened is never used: the embedded places answer instead.
"""

import contextlib
import json
import logging
import os
import sqlite3
import threading
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timezone
from pathlib import Path

from bot.directory import communes, corrections, records
from bot.directory.model import Service, Structure, vocabularies
from bot.text import normalise

log = logging.getLogger(__name__)

SCHEMA_VERSION = 2
_SCHEMA = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE structures (
    id TEXT PRIMARY KEY, nom TEXT NOT NULL, commune TEXT, code_insee TEXT, code_postal TEXT, adresse TEXT,
    complement_adresse TEXT, latitude REAL, longitude REAL, environ INTEGER NOT NULL, telephone TEXT, courriel TEXT,
    site_web TEXT, description TEXT, horaires_accueil TEXT, fermetures TEXT NOT NULL, siret TEXT,
    accessibilite_lieu TEXT, source TEXT NOT NULL, date_maj TEXT, lien_source TEXT, licence TEXT, confiance TEXT NOT NULL,
    autres_ids TEXT NOT NULL, provenance TEXT NOT NULL
);
CREATE TABLE services (
    id INTEGER PRIMARY KEY, structure_id TEXT NOT NULL REFERENCES structures (id), kind TEXT NOT NULL, nom TEXT,
    description TEXT, type TEXT, thematiques TEXT NOT NULL, publics TEXT NOT NULL, frais TEXT, frais_precisions TEXT,
    conditions_acces TEXT, modes_accueil TEXT NOT NULL, modes_mobilisation TEXT NOT NULL,
    mobilisable_par TEXT NOT NULL, lien_mobilisation TEXT, zone_eligibilite TEXT NOT NULL, telephone TEXT,
    courriel TEXT, horaires_accueil TEXT, a_distance INTEGER NOT NULL
);
CREATE INDEX services_by_structure ON services (structure_id);
CREATE INDEX services_remote ON services (kind) WHERE a_distance;
-- The kind is a third dimension: a box of the map and one kind are found together. Boxes are rounded outwards, to
-- 32 bits; the exact point comes along.
CREATE VIRTUAL TABLE services_area USING rtree (
    id, south, north, west, east, kind_from, kind_to, +latitude, +longitude
);
CREATE VIRTUAL TABLE structures_words USING fts5 (id UNINDEXED, nom, commune, autres, tokenize = 'unicode61 remove_diacritics 2');
"""


class DirectoryError(Exception):
    """The file is missing, damaged or of another version; the message, in French, says which."""


def kind_code(kind: str) -> int:
    """Return the number that stands for a kind in the R*Tree."""
    return sorted(vocabularies()["kinds"]).index(kind)


def _columns(item: Structure | Service) -> dict[str, object]:
    return {
        key: json.dumps(value, ensure_ascii=False, default=_plain) if isinstance(value, tuple | list) else value
        for key, value in vars(item).items()
        if key != "services"
    }


def _plain(value: object) -> object:
    return value.isoformat() if isinstance(value, date) else vars(value)


def _insert(connection: sqlite3.Connection, table: str, values: dict[str, object]) -> int:
    names = ", ".join(values)
    marks = ", ".join("?" * len(values))
    cursor = connection.execute(f"INSERT INTO {table} ({names}) VALUES ({marks})", list(values.values()))  # noqa: S608 - names are ours
    return int(cursor.lastrowid or 0)


def fill(
    connection: sqlite3.Connection,
    structures: Iterable[Structure],
    origin: str,
    counts: Mapping[str, int] | None = None,
) -> int:
    """Make the tables in an empty database and put the structures in; return how many.

    `counts` (places by source) is read once they are all in: what yields them may fill it. A place without coordinates stands at the centre of its commune, and says so (`environ`).
    """
    centres = communes.load().by_insee
    connection.executescript(_SCHEMA)
    count = 0
    for structure in structures:
        latitude, longitude, about = structure.latitude, structure.longitude, False
        centre = centres.get(structure.code_insee or "")
        if (latitude is None or longitude is None) and centre:
            latitude, longitude, about = centre.latitude, centre.longitude, True
        _insert(
            connection,
            "structures",
            {**_columns(structure), "latitude": latitude, "longitude": longitude, "environ": about},
        )
        words = [normalise(text or "") for text in (structure.nom, structure.commune)]
        others = " ".join(
            filter(None, (structure.adresse, structure.description, *(s.nom for s in structure.services)))
        )
        connection.execute(
            "INSERT INTO structures_words VALUES (?, ?, ?, ?)", (structure.id, *words, normalise(others))
        )
        for service in structure.services:
            key = _insert(
                connection,
                "services",
                {"structure_id": structure.id, **_columns(service), "a_distance": service.remote},
            )
            if not service.remote and latitude is not None and longitude is not None:
                code = kind_code(service.kind)
                connection.execute(
                    "INSERT INTO services_area VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                    (key, latitude, latitude, longitude, longitude, code, code, latitude, longitude),
                )
        count += 1
    now = datetime.now(timezone.utc).isoformat(timespec="seconds")
    meta = {"schema": str(SCHEMA_VERSION), "origin": origin, "built_at": now, "structures": str(count)}
    meta["sources"] = json.dumps(counts or {"embedded": count}, sort_keys=True)
    connection.executemany("INSERT INTO meta VALUES (?, ?)", meta.items())
    return count


def _sweep(path: Path) -> None:
    """Remove what builders that were killed left beside `path`."""
    for left in path.parent.glob(f"{path.name}.*.new*"):
        owner = left.name.removeprefix(f"{path.name}.").partition(".")[0]
        if not owner.isdigit() or int(owner) == os.getpid() or not _is_alive(int(owner)):
            left.unlink(missing_ok=True)


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def build(path: Path, structures: Iterable[Structure], origin: str, counts: Mapping[str, int] | None = None) -> int:
    """Write a directory and put it at `path` at once; return how many structures it holds.

    `origin` tells what it was made from. Raise OSError or sqlite3.Error, the old file untouched, when it cannot be.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f"{path.name}.{os.getpid()}.new")
    _sweep(path)
    try:
        with contextlib.closing(sqlite3.connect(fresh)) as connection:
            with connection:
                connection.execute("PRAGMA journal_mode = MEMORY")
                count = fill(connection, structures, origin, counts)
            connection.execute("INSERT INTO structures_words (structures_words) VALUES ('optimize')")
            connection.commit()
            connection.execute("ANALYZE")
            connection.commit()
        with fresh.open("rb+") as file:
            os.fsync(file.fileno())
        fresh.replace(path)
    finally:
        fresh.unlink(missing_ok=True)
    return count


def meta(path: Path) -> dict[str, str]:
    """Return what a directory says of itself: `origin`, `built_at`, `structures`, `sources`… Raise DirectoryError."""
    with contextlib.closing(connect(path)) as connection:
        return dict(connection.execute("SELECT key, value FROM meta").fetchall())


def connect(path: Path) -> sqlite3.Connection:
    """Open the directory at `path`, read-only. Raise DirectoryError unless it is whole and of this version."""
    if not path.is_file():
        raise DirectoryError(f"annuaire absent ({path.name})")
    connection = None
    try:
        connection = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, check_same_thread=False)
        (version,) = connection.execute("SELECT value FROM meta WHERE key = 'schema'").fetchone() or ("?",)
        (state,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    except (sqlite3.Error, TypeError) as error:
        if connection:
            connection.close()
        raise DirectoryError(f"annuaire abîmé ({path.name}, {error})") from error
    if version != str(SCHEMA_VERSION) or state != "ok":
        connection.close()
        raise DirectoryError(f"annuaire abîmé ou d'une autre version ({path.name})")
    return connection


def in_memory() -> sqlite3.Connection:
    """Return the embedded directory, kept in memory; empty when its file cannot be read (said in the log)."""
    connection = sqlite3.connect(":memory:", check_same_thread=False)
    try:
        structures, _ = records.read()
        structures = corrections.applied(structures)
    except corrections.CorrectionsError as error:
        log.error("corrections illisibles, laissées de côté : %s", error)
    except OSError as error:
        log.error("lieux embarqués illisibles (%s) : l'annuaire est vide", type(error).__name__)
        structures = []
    with connection:
        fill(connection, structures, "embedded, in memory")
    return connection


class LiveDatabase:
    """The connection of a running service: opened again when the file is replaced, kept when the new one is faulty."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._stamp: tuple[int, int, int] | None = None
        self._connection: sqlite3.Connection | None = None
        self._retired: sqlite3.Connection | None = None  # another thread may be reading from it still

    def __del__(self) -> None:
        """Close the file."""
        self.close()

    def close(self) -> None:
        """Close what is open; the next question opens it again."""
        for connection in (self._connection, self._retired):
            if connection is not None:
                connection.close()
        self._connection = self._retired = None

    def _look(self) -> tuple[int, int, int]:
        try:
            stat = self._path.stat()
        except OSError:
            return (0, 0, 0)
        return (stat.st_ino, stat.st_mtime_ns, stat.st_size)

    def connection(self) -> sqlite3.Connection:
        """Return a connection to the newest good directory."""
        with self._lock:
            stamp = self._look()
            if self._connection is not None and stamp == self._stamp:
                return self._connection
            self._stamp = stamp
            try:
                fresh = connect(self._path)
            except DirectoryError as error:
                if self._connection is None:
                    log.warning("%s : les lieux embarqués répondent", error)
                    self._connection = in_memory()
                else:
                    log.error("%s : l'ancien reste en service", error)
            else:
                if self._retired is not None:
                    self._retired.close()
                self._retired, self._connection = self._connection, fresh
            return self._connection
