"""The whole directory out of its parts: the embedded places, the last good records of each source, our corrections.

Made again from the beginning each time: what is in it can be told from what went in. Pairs are looked for in a SQLite file on
disk, so that memory does not grow with the sources.
"""

import contextlib
import hashlib
import json
import logging
import sqlite3
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from bot.directory import corrections as corrections_module
from bot.directory import database, merge, records, stored
from bot.directory.communes import gazetteer
from bot.directory.corrections import Corrections
from bot.directory.merge import PRIORITY, Member
from bot.directory.model import Structure

log = logging.getLogger(__name__)

#: Records that share a key with a new one and are compared with it, at most.
_MOST_COMPARED = 60
#: By source, the `source` of the embedded places that its fresh list stands for: those that it no longer holds are gone.
REPLACED = {"france-services": "ANCT, liste des France services"}


@dataclass
class Assembly:
    """What an assembly came to: places by main source, pairs merged, embedded places gone, corrections met or not."""

    counts: Counter[str] = field(default_factory=Counter)
    merged: int = 0
    superseded: list[str] = field(default_factory=list)
    applied: set[str] = field(default_factory=set)
    orphans: list[str] = field(default_factory=list)


def sources(folder: Path) -> dict[str, Path]:
    """Return the files of last good records, by source."""
    return {path.stem: path for path in sorted(folder.glob("*.jsonl")) if path.stem in PRIORITY}


def _read(found: Mapping[str, Path], known: Corrections) -> Iterator[Member]:
    """Yield every record, the embedded ones last: whether a list stands for them is known then."""
    for structure in known.added:
        yield Member("corrections", structure)
    for source in PRIORITY:
        if source in found:
            for structure in stored.read(found[source]):
                yield Member(source, structure)
    for structure in records.read()[0]:
        yield Member("embedded", structure)


def _put(pairs: sqlite3.Connection, member: Member) -> bool:
    """Put a record with those of its place, or alone; return whether it met one."""
    wanted = list(merge.keys(member.structure))
    marks = ", ".join("?" * len(wanted))
    rows = pairs.execute(
        f"SELECT DISTINCT place FROM keys WHERE key IN ({marks}) LIMIT {_MOST_COMPARED}",  # noqa: S608 - marks only
        wanted,
    ).fetchall()
    content = json.dumps([member.source, stored.to_json(member.structure)], ensure_ascii=False)
    for (place,) in rows:
        (raw,) = pairs.execute("SELECT members FROM places WHERE id = ?", (place,)).fetchone()
        if any(merge.same_place(one, member) for one in _members(raw)):
            pairs.execute("UPDATE places SET members = ? WHERE id = ?", (f"{raw}\n{content}", place))
            pairs.executemany("INSERT OR IGNORE INTO keys VALUES (?, ?)", [(key, place) for key in wanted])
            return True
    place = pairs.execute("INSERT INTO places (members) VALUES (?)", (content,)).lastrowid
    pairs.executemany("INSERT OR IGNORE INTO keys VALUES (?, ?)", [(key, place) for key in wanted])
    return False


def _members(raw: str) -> list[Member]:
    return [Member(source, stored.from_json(line)) for source, line in map(json.loads, raw.split("\n"))]


def structures(found: Mapping[str, Path], assembly: Assembly) -> Iterator[Structure]:
    """Yield the places, merged and corrected, and tell `assembly` what came of them.

    `found`: files of records by source. Raise CorrectionsError, StoredError, OSError.
    """
    known = corrections_module.load()
    stale = {label for source, label in REPLACED.items() if source in found}
    # Without a name: a file on disk that is gone with the process, however that ends.
    with contextlib.closing(sqlite3.connect("")) as pairs:
        pairs.executescript(
            "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -32000;"
            "CREATE TABLE places (id INTEGER PRIMARY KEY, members TEXT NOT NULL);"
            "CREATE TABLE keys (key TEXT, place INTEGER, PRIMARY KEY (key, place)) WITHOUT ROWID;"
        )
        for member in _read(found, known):
            assembly.merged += _put(pairs, member)
        yield from corrections_module.on_top(_merged(pairs, stale, assembly), known, assembly.applied)
    assembly.orphans = sorted(known.ids() - assembly.applied)


def _merged(pairs: sqlite3.Connection, stale: set[str], assembly: Assembly) -> Iterator[Structure]:
    taken: set[str] = set()
    for (raw,) in pairs.execute("SELECT members FROM places ORDER BY id"):
        members = _members(raw)
        if all(one.source == "embedded" and one.structure.source in stale for one in members):
            assembly.superseded.append(members[0].structure.nom)
            continue
        structure = merge.merged(members)
        if structure.id in taken:  # an added place that took the id of an embedded one
            log.warning("identifiant en double : %s", structure.id)
            continue
        taken.add(structure.id)
        assembly.counts[members[0].source if len(members) == 1 else _main(members, structure)] += 1
        yield structure


def _main(members: list[Member], structure: Structure) -> str:
    return next(one.source for one in members if one.structure.source == structure.source)


def origin(found: Mapping[str, Path]) -> str:
    """Return what tells a directory made of these parts from any other."""
    digest = hashlib.sha256()
    ours = {"embedded": records.EMBEDDED, "communes": gazetteer.FILE, "corrections": corrections_module.FILE}
    for name, path in {**ours, **found}.items():
        digest.update(name.encode())
        if path.exists():
            with path.open("rb") as file:
                while block := file.read(1 << 20):
                    digest.update(block)
    kind = "assembled" if found else "embedded"
    return f"{kind} {database.SCHEMA_VERSION} {digest.hexdigest()[:16]}"


def build(path: Path, found: Mapping[str, Path]) -> Assembly:
    """Write the directory at `path` from these parts, at once; raise as `structures` and `database.build` do."""
    assembly = Assembly()
    database.build(path, structures(found, assembly), origin(found), assembly.counts)
    return assembly


def is_current(path: Path, found: Mapping[str, Path]) -> bool:
    """Tell whether the directory at `path` is made of these very parts, or comes from elsewhere and is to be left alone."""
    try:
        known = database.meta(path)["origin"]
    except database.DirectoryError as error:
        log.info("%s : l'annuaire est écrit", error)
        return False
    if known == origin(found):
        return True
    ours = known.startswith("embedded ") or (known.startswith("assembled ") and bool(found))
    return not ours


def ensure(path: Path, folder: Path | None = None) -> bool:
    """Write the directory at `path` unless it is there, made of today's parts; return whether it was written.

    `folder` holds the last good records of each source. When one of them is damaged, or a correction is faulty, the
    old directory stays, or the embedded places are written when there is none.
    """
    found = sources(folder) if folder else {}
    if is_current(path, found):
        return False
    try:
        build(path, found)
    except (stored.StoredError, corrections_module.CorrectionsError) as error:
        log.error("annuaire non refait : %s", error)
        with contextlib.suppress(database.DirectoryError):
            database.meta(path)
            return False
        database.build(path, records.read()[0], "embedded 0 sans corrections")
    return True
