"""A published file → the records that we keep of it, one a line, by id; and what that changes.

Everything goes through a file on disk: memory stays the same for fifty places and for two hundred thousand.
"""

import contextlib
import re
import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from itertools import chain
from pathlib import Path

from bot.directory import records, stored
from bot.directory.importers.base import Entry, Format
from bot.directory.importers.report import MOST_LISTED, Report
from bot.directory.model import Structure

#: More than this share of places gone, or of lines unread, and nothing is replaced unless it is forced.
TOO_MANY = 1 / 3
_FIELD = re.compile(r"^« (\w+) »")


class Refused(Exception):
    """An import that would do more harm than good; the message, in French, says why and how to force it."""


def stage(entries: Iterable[Entry], format_: Format, target: Path, report: Report) -> None:
    """Write the good records at `target`, sorted by id, and note in `report` what became of the others.

    Raise FormatError when the file is not what was announced.
    """
    scratch = target.with_suffix(".sqlite")
    scratch.unlink(missing_ok=True)
    try:
        with contextlib.closing(sqlite3.connect(scratch)) as connection:
            connection.executescript(
                "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -16000;"
                "CREATE TABLE records (id TEXT PRIMARY KEY, content TEXT NOT NULL) WITHOUT ROWID;"
            )
            for entry in entries:
                structure = _checked(entry, format_, report)
                if structure is None:
                    continue
                try:
                    connection.execute("INSERT INTO records VALUES (?, ?)", (structure.id, stored.to_json(structure)))
                except sqlite3.IntegrityError:
                    report.reject(entry.where, f"identifiant en double : {structure.id} (première fiche gardée)")
                else:
                    report.kept += 1
            with target.open("w", encoding="utf-8") as file:
                for (content,) in connection.execute("SELECT content FROM records ORDER BY id"):
                    file.write(content + "\n")
    finally:
        scratch.unlink(missing_ok=True)


def _checked(entry: Entry, format_: Format, report: Report) -> Structure | None:
    report.read += 1
    if entry.outside:
        report.outside += 1
    elif entry.unknown is not None:
        if len(report.unknown) < MOST_LISTED or entry.unknown in report.unknown:
            report.unknown[entry.unknown] += 1
        else:
            report.unknown["(autres)"] += 1
    elif entry.rejected is not None or entry.record is None:
        report.reject(entry.where, entry.rejected or "fiche vide")
    else:
        raw = {
            "source": format_.source,
            "confiance": format_.confiance,
            **({"licence": format_.licence} if format_.licence else {}),
            **({"lien_source": format_.lien_source} if format_.lien_source else {}),
            **entry.record,
        }
        structure, faults = records.parse(raw, entry.where)
        for fault in faults:
            if fault.lost:
                report.reject(entry.where, fault.what)
            else:
                named = _FIELD.match(fault.what)
                report.fault(entry.where, fault.what, named[1] if named else fault.what.split()[0])
        return structure
    return None


def _lines(path: Path | None) -> Iterator[Structure | None]:
    return chain(stored.read(path), [None]) if path is not None and path.exists() else iter([None])


def compare(old: Path | None, new: Path, report: Report) -> None:
    """Note what `new` adds to, changes in and takes from `old` (None: nothing was known), both sorted by id."""
    before, after = _lines(old), _lines(new)
    was, is_ = next(before), next(after)
    while was is not None or is_ is not None:
        if is_ is None or (was is not None and was.id < is_.id):
            assert was is not None  # noqa: S101 - one of the two is there
            report.before, report.gone = report.before + 1, report.gone + 1
            _note(report.departures, was)
            was = next(before)
        elif was is None or is_.id < was.id:
            report.added += 1
            _note(report.additions, is_)
            is_ = next(after)
        else:
            report.before += 1
            if was != is_:
                report.changed += 1
                fields = [key for key, value in asdict(is_).items() if value != asdict(was)[key]]
                _note(report.changes, is_, champs=fields)
            was, is_ = next(before), next(after)


def _note(where: list[dict[str, object]], one: Structure, **more: object) -> None:
    if len(where) < MOST_LISTED:
        where.append({"id": one.id, "nom": one.nom, "commune": one.commune or "", **more})


def judge(report: Report, expected: int = 0) -> None:
    """Raise Refused when the import would empty the source, lose a third of it, or could not read a third of it.

    `expected`: how many places the embedded list of the same source holds, when nothing was imported before.
    """
    tried = report.kept + report.rejected
    if report.kept == 0:
        if report.before or tried:
            raise Refused(f"aucun lieu utilisable ({report.before} avant). La source s'est-elle vidée ?")
        raise Refused("aucun lieu de l'Hérault dans ce fichier")
    if report.before and report.gone > TOO_MANY * report.before:
        raise Refused(f"{report.gone} lieux sur {report.before} disparaîtraient, plus d'un tiers")
    if not report.before and expected and report.kept < (1 - TOO_MANY) * expected:
        raise Refused(
            f"{report.kept} lieux seulement, quand la liste embarquée en a {expected} : plus d'un tiers disparaîtrait"
        )
    if report.rejected > TOO_MANY * tried:
        raise Refused(f"{report.rejected} fiches sur {tried} ne se lisent pas, plus d'un tiers")
    field_, worst = next(iter(report.faults_by_field.most_common(1)), ("", 0))
    if worst > TOO_MANY * report.kept:
        raise Refused(
            f"« {field_} » ne se lit pas dans {worst} fiches sur {report.kept} : des colonnes ont-elles été échangées ?"
        )
