"""Tests for bot.directory.importers.reading: packed, cut, badly encoded and misnamed files are read, or refused with a sentence."""

import bz2
import gzip
import io
import json
import lzma
import tarfile
import zipfile
from pathlib import Path

import pytest

from bot.directory.importers import FORMATS, FormatError, Input, reading
from tests.imports import samples

ROWS = json.dumps([samples.herault(number) for number in range(3)], ensure_ascii=False).encode()


def count(inputs: Input, format_: str = "herault-data") -> int:
    return sum(one.record is not None for one in FORMATS[format_].read([inputs]))


def archive(data: bytes, kind: str) -> bytes:
    out = io.BytesIO()
    if kind == "zip":
        with zipfile.ZipFile(out, "w") as file:
            file.writestr("dossier/sites.json", data)
            file.writestr("LISEZMOI.txt", "rien")
        return out.getvalue()
    with tarfile.open(fileobj=out, mode="w:bz2") as file:
        for name, content in (("LISEZMOI.txt", b"rien"), ("sites.json", data)):
            info = tarfile.TarInfo(name)
            info.size = len(content)
            file.addfile(info, io.BytesIO(content))
    return out.getvalue()


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.json", ROWS),
        ("a.json", b"\xef\xbb\xbf" + ROWS),
        ("a.json.gz", gzip.compress(ROWS)),
        ("a.json.bz2", bz2.compress(ROWS)),
        ("a.json.xz", lzma.compress(ROWS)),
        ("a.zip", archive(ROWS, "zip")),
        ("a.tar.bz2", archive(ROWS, "tar")),
    ],
    ids=["plain", "mark", "gz", "bz2", "xz", "zip", "tar"],
)
def test_packed(tmp_path: Path, name: str, data: bytes) -> None:
    """A file is read packed or not, with or without a mark at its beginning."""
    assert count(samples.source(tmp_path / name, data)) == 3


@pytest.mark.parametrize(
    ("name", "data", "why"),
    [
        ("a.json", b"", "vide"),
        ("a.json", b"  \n ", "vide"),
        ("a.json", b"<!DOCTYPE html><html>", "page web"),
        ("a.json", ROWS[:-200], "tronqué ou abîmé après la fiche 2"),
        ("a.json", b'{"a": 1, "b": {}', "illisible"),
        ("a.json", b"[1, 2", "tronqué"),
        ("a.json", "[]".encode("utf-16"), "UTF-16"),
        ("a.json.gz", gzip.compress(ROWS)[:-40], "tronqué"),
        ("a.json.bz2", bz2.compress(ROWS)[:-40], "tronqué"),
        ("a.zip", archive(ROWS, "zip")[:100], "archive tronquée"),
        ("a.csv", b"nom;ville\na;b\n", "il manque code_service"),
        ("a.csv", b"\x00\x01\x02 binaire", "binaire"),
        ("a.csv", "code_service;x\n\x81\x8d\x8f\x90\x9d;é\n".encode("latin-1"), "encodage inconnu"),
        ("a.csv", "code_service;nom\n1;cafÃ© dÃ©jÃ  rÃ©glÃ©\n".encode(), "encodé deux fois"),
    ],
)
def test_refused(tmp_path: Path, name: str, data: bytes, why: str) -> None:
    """What is no data, is cut, or is in an unknown encoding is refused with a sentence that names the file."""
    with pytest.raises(FormatError, match=why):
        count(samples.source(tmp_path / name, data))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "iso-8859-1", "utf-16"])
def test_encodings_of_csv(tmp_path: Path, encoding: str) -> None:
    """A CSV file keeps its accents in each encoding that is told by its bytes."""
    text = samples.as_csv([samples.france_services(0, lib_fs="France services de l'Écusson à Sète")])
    (entry,) = FORMATS["france-services"].read([samples.source(tmp_path / "a.csv", text.encode(encoding))])
    assert entry.record
    assert entry.record["nom"] == "France services de l'Écusson à Sète"


def test_a_late_accent_in_another_encoding(tmp_path: Path) -> None:
    """Latin-1 whose first accent comes after a megabyte is still found out."""
    rows = [samples.france_services(number) for number in range(9000)]
    rows.append(samples.france_services(1, id_fs="fin", lib_fs="Médiathèque"))
    found = list(
        FORMATS["france-services"].read([samples.source(tmp_path / "a.csv", samples.as_csv(rows).encode("cp1252"))])
    )
    assert found[-1].record
    assert found[-1].record["nom"] == "Médiathèque"


def test_a_quote_left_open_costs_one_line(tmp_path: Path) -> None:
    """Lines after a quote that nobody closed are read one by one, and the broken one is named."""
    lines = samples.as_csv([samples.france_services(number) for number in range(60)]).splitlines()
    lines[10] = lines[10].replace("France", '"France', 1)
    found = list(FORMATS["france-services"].read([samples.source(tmp_path / "a.csv", "\n".join([*lines, ""]))]))
    assert sum(one.record is not None for one in found) == 59
    assert [one.where for one in found if one.rejected] == ["a.csv, ligne 11"]


def test_a_cut_csv_is_refused(tmp_path: Path) -> None:
    """A CSV file whose last line stops in the middle was cut: its missing lines are not gone."""
    text = samples.as_csv([samples.france_services(number) for number in range(5)])
    with pytest.raises(FormatError, match="tronqué"):
        count(samples.source(tmp_path / "a.csv", text[:-90]), "france-services")


def test_cut_lines_of_json(tmp_path: Path) -> None:
    """Of JSON lines, a broken one is rejected alone; a last one that is cut refuses the file."""
    lines = [json.dumps(samples.herault(number)) for number in range(5)]
    broken = samples.source(tmp_path / "a.jsonl", "\n".join([*lines[:2], "{oops", *lines[2:], ""]))
    found = list(FORMATS["herault-data"].read([broken]))
    assert [one.where for one in found if one.rejected] == ["a.jsonl, ligne 3"]
    assert sum(one.record is not None for one in found) == 5
    with pytest.raises(FormatError, match="tronqué"):
        count(samples.source(tmp_path / "b.jsonl", "\n".join(lines)[:-30]))


def test_the_limit_is_on_what_comes_out(tmp_path: Path) -> None:
    """A small archive that swells beyond the limit is stopped."""
    bomb = gzip.compress(b"[" + b" " * 5_000_000 + b"]")
    with pytest.raises(FormatError, match="trop gros"):
        count(samples.source(tmp_path / "a.json.gz", bomb, limit=1_000_000))


def test_progress_tells_bytes_on_disk(tmp_path: Path) -> None:
    """The progress goes up to the size of the file."""
    seen: list[int] = []
    source = samples.source(tmp_path / "a.json", ROWS, progress=seen.append)
    assert count(source) == 3
    assert max(seen) == len(ROWS)


@pytest.mark.parametrize("data", [b"[" * 200_000, b'[{"code_service": ' + b'{"a":' * 100_000])
def test_nested_too_deep(tmp_path: Path, data: bytes) -> None:
    """A file made to break readers, at its beginning or inside a record, is refused at once."""
    with pytest.raises(FormatError, match="imbriqué"):
        count(samples.source(tmp_path / "a.json", data))


def test_first_bytes_of_a_real_file(tmp_path: Path) -> None:
    """JSON and CSV are told apart by the first character."""
    assert reading.is_json(samples.source(tmp_path / "a", b" \n[1]"))
    assert not reading.is_json(samples.source(tmp_path / "b", b"a;b\n"))
