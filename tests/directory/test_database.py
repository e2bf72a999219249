"""Tests for bot.directory.database: the file is whole or not used, and replaced under a running service."""

import contextlib
import json
import logging
import os
import sqlite3
from pathlib import Path

import pytest

from bot.directory import assemble, database, records
from bot.directory.model import Service, Structure
from bot.directory.search import Directory

SETE = (43.4, 3.69)


def structure(name: str, kind: str = "pmi") -> Structure:
    return Structure(
        id=name, nom=name, source="essai", confiance="high", code_insee="34301", services=(Service(kind=kind),)
    )


def names(directory: Directory, kind: str = "pmi") -> list[str]:
    return [one.place.name for one in directory.nearest([kind], SETE)]


def test_build_and_read(tmp_path: Path) -> None:
    """What is written is found; nothing else is left in the folder."""
    path = tmp_path / "directory.sqlite"
    assert database.build(path, [structure("PMI de Sète")], "essai") == 1
    assert names(Directory(path)) == ["PMI de Sète"]
    assert list(tmp_path.iterdir()) == [path]


def test_a_failed_build_leaves_the_old_one(tmp_path: Path) -> None:
    """A structure that cannot be written stops the build; the directory in use is untouched."""
    path = tmp_path / "directory.sqlite"
    database.build(path, [structure("ancien")], "essai")
    with pytest.raises(sqlite3.Error):
        database.build(path, [structure("double"), structure("double")], "essai")
    assert names(Directory(path)) == ["ancien"]
    assert list(tmp_path.iterdir()) == [path]


def test_a_new_file_is_picked_up(tmp_path: Path) -> None:
    """A running service answers from the new directory at the next question."""
    path = tmp_path / "directory.sqlite"
    database.build(path, [structure("ancien")], "essai")
    directory = Directory(path)
    assert names(directory) == ["ancien"]
    database.build(path, [structure("nouveau")], "essai")
    assert names(directory) == ["nouveau"]


@pytest.mark.parametrize(
    "damage", ["absent", "empty", "text", "truncated", "flipped", "version", "other tables", "folder"]
)
def test_a_damaged_file_is_not_used(tmp_path: Path, damage: str, caplog: pytest.LogCaptureFixture) -> None:
    """Missing, cut, garbled or of another version: the embedded places answer, and the log says so."""
    path = tmp_path / "directory.sqlite"
    database.build(path, [structure(f"lieu {number}") for number in range(300)], "essai")
    if damage == "absent":
        path.unlink()
    elif damage == "empty":
        path.write_bytes(b"")
    elif damage == "text":
        path.write_text("<html>", encoding="utf-8")
    elif damage == "truncated":
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    elif damage == "flipped":
        raw = bytearray(path.read_bytes())
        raw[4096 : len(raw) : 7] = b"\xff" * len(raw[4096 : len(raw) : 7])
        path.write_bytes(bytes(raw))
    elif damage == "folder":
        path.unlink()
        path.mkdir()
    else:
        with contextlib.closing(sqlite3.connect(path)) as connection, connection:
            connection.execute(
                "UPDATE meta SET value = '99' WHERE key = 'schema'" if damage == "version" else "DROP TABLE meta"
            )
    with caplog.at_level(logging.WARNING):
        assert names(Directory(path), "france_services")[0] == "France services APIJE - Étang de Thau"
    assert "embarqués" in caplog.text


def test_a_faulty_replacement_is_refused(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A running service keeps the directory that it has when the new file is no directory."""
    path = tmp_path / "directory.sqlite"
    database.build(path, [structure("ancien")], "essai")
    directory = Directory(path)
    assert names(directory) == ["ancien"]
    other = tmp_path / "other"
    other.write_text("rien", encoding="utf-8")
    other.replace(path)
    assert names(directory) == ["ancien"]
    assert "reste en service" in caplog.text


def test_ensure_writes_what_is_missing_or_stale(tmp_path: Path) -> None:
    """The embedded directory is written once; an old one of ours is written again, one imported elsewhere never."""
    path = tmp_path / "var" / "directory.sqlite"
    assert assemble.ensure(path)
    assert not assemble.ensure(path)
    database.build(path, [structure("vieux")], "embedded 1 0000")
    assert assemble.ensure(path)
    for origin in ("assembled 2 elsewhere", "somebody else's"):
        database.build(path, [structure("importé")], origin)
        assert not assemble.ensure(path)
    assert names(Directory(path)) == ["importé"]


def test_embedded_places_that_cannot_be_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Without the file and without the embedded places, the directory is empty and nothing breaks."""
    monkeypatch.setattr(records, "EMBEDDED", tmp_path / "nowhere.jsonl")
    monkeypatch.setattr(records.read, "__defaults__", (tmp_path / "nowhere.jsonl",))
    assert names(Directory(tmp_path / "absent.sqlite"), "france_services") == []


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    """Where no file can be made, `ensure` says so with an OSError: the caller goes on without."""
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(OSError, match=r".+"):
        assemble.ensure(tmp_path / "file" / "directory.sqlite")


def test_every_field_survives(tmp_path: Path) -> None:
    """The embedded records come back from the file as they were written."""
    path = tmp_path / "directory.sqlite"
    structures, _ = records.read()
    database.build(path, structures, "essai")
    with contextlib.closing(database.connect(path)) as connection:
        rows = connection.execute("SELECT id, telephone, horaires_accueil, source, date_maj FROM structures").fetchall()
        themes = connection.execute("SELECT structure_id, thematiques FROM services").fetchall()
    assert {row[0]: row for row in rows} == {
        one.id: (one.id, one.telephone, one.horaires_accueil, one.source, one.date_maj) for one in structures
    }
    assert {id_: json.loads(raw) for id_, raw in themes} == {
        one.id: list(one.services[0].thematiques) for one in structures
    }
    assert os.access(path, os.R_OK)
