"""Opening a published file and reading it bit by bit: packed or not, CSV or JSON, in whatever encoding it declares by its bytes.

Nothing here holds a whole file in memory. What cannot be read is refused with a sentence; a bad line is handed on alone.
"""

import bz2
import codecs
import csv
import gzip
import io
import json
import lzma
import re
import tarfile
import zipfile
from collections.abc import Iterator
from typing import IO, Any, cast

import ijson

from bot.directory.importers.base import FormatError, Input

_HEAD = 1 << 16
_SAMPLE = 1 << 20
#: A longer cell is a quote that nobody closed.
_LONGEST_CELL = 100_000
_HTML = re.compile(rb"^\s*(?:<!doctype html|<html|<head|<body)", re.IGNORECASE)
_BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
#: What UTF-8 looks like when it was read as Latin-1 and written again: "Ã©", "Ã¨", "Ã\xa0", "â€™".
_TWICE = re.compile("Ã[\x80-\xbf©¨ªª´®§¹»‰]|â€[™œ“]")
#: Fifty openings in a row: made to break a reader, whose work grows with the square of the depth.
_TOO_DEEP = re.compile(rb'(?:[\[{]\s*(?:"[^"\\]{0,60}"\s*:\s*)?){50}')
#: Lists in which the published JSON files put their records.
_LISTS = ("service", "results", "items", "structures", "services", "data", "records")

Row = tuple[str, dict[str, str] | None, str | None]
Object = tuple[str, Any, str | None]


class _Limited(io.RawIOBase):
    """The bytes of a file, counted: too many are refused, whatever the size on disk was."""

    def __init__(self, inner: IO[bytes], limit: int) -> None:
        self._inner, self._left, self._limit = inner, limit, limit
        self.is_json = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        try:
            data = self._inner.read(len(buffer))
        except (EOFError, OSError, lzma.LZMAError, tarfile.TarError, zipfile.BadZipFile) as error:
            raise FormatError(f"fichier tronqué ou abîmé ({type(error).__name__})") from error
        self._left -= len(data)
        if self._left < 0:
            raise FormatError(f"fichier trop gros : plus de {self._limit / 1e6:.0f} Mo une fois ouvert (IMPORT_MAX_MB)")
        if self.is_json and _TOO_DEEP.search(data):
            raise FormatError("JSON imbriqué sans fin, refusé")
        buffer[: len(data)] = data
        return len(data)


class _Counted(io.RawIOBase):
    """A file on disk that tells how far it is read, for the progress bar."""

    def __init__(self, source: Input) -> None:
        self._file = source.path.open("rb")
        self._progress = source.progress

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = 0) -> int:
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()

    def readinto(self, buffer: Any) -> int:
        count = self._file.readinto(buffer)
        self._progress(self._file.tell())
        return count

    def close(self) -> None:
        self._file.close()
        super().close()


def _unpacked(raw: IO[bytes], name: str) -> IO[bytes]:
    """Return what a packed file holds (gz, bz2, xz, zip, tar.*): one data file; the file itself when it is not packed."""
    head = raw.read(6)
    raw.seek(0)
    if head.startswith(b"PK\x03\x04"):
        archive = zipfile.ZipFile(raw)
        return archive.open(_only_data([one.filename for one in archive.infolist() if not one.is_dir()], name))
    if head.startswith((b"\x1f\x8b", b"BZh", b"\xfd7zXZ")):
        if re.search(r"\.(?:tar\.\w+|tgz|tbz2?|txz)$", name, re.IGNORECASE):
            return _in_tar(raw, name)
        opener = gzip.open if head[:1] == b"\x1f" else bz2.open if head[:1] == b"B" else lzma.open
        return cast("IO[bytes]", opener(raw, "rb"))
    return raw


def _in_tar(raw: IO[bytes], name: str) -> IO[bytes]:
    archive = tarfile.open(fileobj=raw, mode="r|*")  # noqa: SIM115 - read as a stream, closed with the file
    for member in archive:
        if member.isfile() and _is_data(member.name):
            found = archive.extractfile(member)
            if found is not None:
                return found
    raise FormatError(f"{name} : l'archive ne contient ni .json ni .csv")


def _is_data(name: str) -> bool:
    return name.lower().endswith((".json", ".jsonl", ".csv")) and not name.rpartition("/")[2].startswith(".")


def _only_data(names: list[str], name: str) -> str:
    found = [one for one in names if _is_data(one)]
    if len(found) != 1:
        raise FormatError(f"{name} : l'archive contient {len(found)} fichiers de données, on en attend un seul")
    return found[0]


def open_bytes(source: Input, json_: bool = False) -> io.BufferedReader:
    """Return the bytes of a file, unpacked, counted and limited (in depth too for JSON). Raise FormatError, or OSError when it cannot be opened."""
    counted = io.BufferedReader(_Counted(source), _HEAD)
    try:
        inner = _unpacked(cast("IO[bytes]", counted), source.name)
    except (OSError, EOFError, lzma.LZMAError, tarfile.TarError, zipfile.BadZipFile) as error:
        raise FormatError(f"{source.name} : archive tronquée ou abîmée ({type(error).__name__})") from error
    limited = _Limited(inner, source.limit)
    limited.is_json = json_
    return io.BufferedReader(limited, _HEAD)


def first_bytes(source: Input) -> bytes:
    """Return the beginning of a file; raise FormatError when it is empty or a web page."""
    with open_bytes(source) as file:
        head = file.read(_HEAD)
    if not head.strip():
        raise FormatError(f"{source.name} : le fichier est vide")
    if _HTML.match(head.removeprefix(codecs.BOM_UTF8)):
        raise FormatError(f"{source.name} : c'est une page web (HTML), pas des données ; l'adresse a-t-elle changé ?")
    return head


def is_json(source: Input) -> bool:
    """Tell whether a file is JSON, or lines of JSON, by its first character."""
    head = first_bytes(source)
    if head[:2] in {codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE}:
        head = head[: len(head) // 2 * 2].decode("utf-16", "replace").encode()
    return head.removeprefix(codecs.BOM_UTF8).lstrip()[:1] in {b"{", b"["}


def encoding(source: Input) -> str:
    """Return the encoding of a text file: by its mark, else UTF-8 when all of it is, else cp1252 when it reads as French.

    Raise FormatError for anything else: a wrong guess would put damaged names in front of people.
    """
    head = first_bytes(source)
    for mark, name in _BOMS:
        if head.startswith(mark):
            return name
    if b"\x00" in head:
        raise FormatError(f"{source.name} : fichier binaire, ou encodage inconnu ; enregistrez-le en UTF-8")
    decoder = codecs.getincrementaldecoder("utf-8")("strict")
    sample = b""
    with open_bytes(source) as file:
        try:
            while block := file.read(_SAMPLE):
                text = decoder.decode(block)
                sample = sample or block
                if len(_TWICE.findall(text)) >= 3:
                    raise FormatError(
                        f"{source.name} : accents abîmés (« Ã© » pour « é ») : texte encodé deux fois ; reprenez le fichier d'origine"
                    )
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            sample = block or sample
        else:
            return "utf-8"
    try:
        others = [char for char in sample.decode("cp1252") if ord(char) > 127]
    except UnicodeDecodeError:
        others = []
    letters = sum(char in "éèêëàâäçîïôöùûüœæÉÈÊËÀÂÄÇÎÏÔÖÙÛÜŒÆ’«»°€–\xa0²" for char in others)
    if not others or letters < 0.9 * len(others):
        raise FormatError(f"{source.name} : encodage inconnu (ni UTF-8, ni ISO-8859-1) ; enregistrez-le en UTF-8")
    return "cp1252"


def text_lines(source: Input) -> Iterator[str]:
    """Yield the lines of a text file, each with its end of line."""
    name = encoding(source)
    with io.TextIOWrapper(open_bytes(source), encoding=name, newline="") as file:
        yield from file


def _delimiter(header: str) -> str:
    return max(";,\t|", key=header.count)


def _alone(line: str, delimiter: str) -> list[str]:
    try:
        return next(csv.reader([line.replace("\x00", "")], delimiter=delimiter), [])
    except csv.Error:
        return []


def csv_cells(lines: Iterator[str], delimiter: str, widths: frozenset[int]) -> Iterator[tuple[int, list[str], bool]]:
    """Yield (line, cells, sound) for each row; a row of another width is not sound.

    A quote that nobody closes would swallow the lines after it: these are read again one by one.
    """
    csv.field_size_limit(_LONGEST_CELL)
    taken: list[str] = []
    count = 0

    def feeding() -> Iterator[str]:
        for line in lines:
            taken.append(line)
            yield line

    reader = csv.reader(feeding(), delimiter=delimiter)
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            break
        except csv.Error:
            cells = []
        start, count = count + 1, count + len(taken)
        swallowed = len(taken) > 1 and any(len(_alone(line, delimiter)) in widths for line in taken)
        if len(cells) in widths and not swallowed:
            yield start, cells, True
        elif len(taken) == 1:
            if cells or taken[0].strip():
                yield start, cells, False
        else:
            for offset, line in enumerate(taken):
                again = _alone(line, delimiter)
                if again or line.strip():
                    yield start + offset, again, len(again) in widths
        taken.clear()


def csv_rows(source: Input, required: frozenset[str]) -> Iterator[Row]:
    """Yield (where, row by column, fault) for each line of a CSV file with a header; row is None when there is a fault.

    Raise FormatError when a column of `required` is missing, or when the last line is cut.
    """
    lines = text_lines(source)
    header = next(lines, "")
    delimiter = _delimiter(header)
    names = [name.strip().lower() for name in _alone(header, delimiter)]
    missing = sorted(required - set(names))
    if missing:
        found = ", ".join(names[:12])
        raise FormatError(
            f"{source.name} : ce n'est pas le format annoncé : il manque {', '.join(missing)} (colonnes lues : {found})"
        )
    last = [""]

    def watched() -> Iterator[str]:
        for line in lines:
            last[0] = line
            yield line

    for number, cells, sound in csv_cells(watched(), delimiter, frozenset({len(names)})):
        where = f"{source.name}, ligne {number + 1}"
        if sound:
            yield where, {name: cell.strip() for name, cell in zip(names, cells, strict=True)}, None
        elif not last[0].endswith(("\n", "\r")) and cells == _alone(last[0], delimiter):
            raise FormatError(f"{source.name} : fichier tronqué (ligne {number + 1} coupée)")
        else:
            yield where, None, f"{len(cells)} colonnes au lieu de {len(names)}"


def _list_of(source: Input) -> tuple[str | None, int | None]:
    """Return where the records of a JSON file are (an ijson prefix; None: one object a line), and how many it announces."""
    announced = listed = None
    with open_bytes(source, json_=True) as file:
        _skip_mark(file)
        try:
            for prefix, event, value in ijson.parse(file, multiple_values=True, use_float=True):
                if prefix == "" and event == "start_array":
                    return "item", None
                if listed and event in {"start_map", "end_array"}:
                    return f"{listed}.item", announced
                listed = prefix if event == "start_array" and prefix in _LISTS else None
                if prefix == "total_count" and event == "number":
                    announced = int(value)
                if prefix == "" and event == "end_map":
                    return None, None
        except ijson.JSONError:
            return None, None
    raise FormatError(
        f"{source.name} : aucune liste de fiches dans ce JSON (on attend un tableau, ou {', '.join(_LISTS[:3])})"
    )


def _skip_mark(file: io.BufferedReader) -> None:
    if file.peek(3)[:3] == codecs.BOM_UTF8:
        file.read(3)


def json_objects(source: Input) -> Iterator[Object]:
    """Yield (where, object, fault) for each record of a JSON file (a list, a list in an object, or one object a line).

    Raise FormatError when the file is cut, or is one page of several: what it lacks would be taken for gone.
    """
    if first_bytes(source)[:2] in {codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE}:
        raise FormatError(f"{source.name} : JSON en UTF-16 ; enregistrez-le en UTF-8")
    prefix, announced = _list_of(source)
    if prefix is None:
        yield from _json_lines(source)
        return
    count = 0
    with open_bytes(source, json_=True) as file:
        _skip_mark(file)
        try:
            for count, value in enumerate(ijson.items(file, prefix, use_float=True), start=1):
                yield f"{source.name}, fiche {count}", value, None
        except (ijson.JSONError, UnicodeDecodeError) as error:
            raise FormatError(f"{source.name} : fichier tronqué ou abîmé après la fiche {count}") from error
    if announced is not None and announced > count:
        raise FormatError(
            f"{source.name} : une page de {count} fiches sur {announced} ; prenez l'export complet (…/exports/json)"
        )


def _json_lines(source: Input) -> Iterator[Object]:
    for number, line in enumerate(text_lines(source), start=1):
        if not line.strip():
            continue
        where = f"{source.name}, ligne {number}"
        try:
            value = json.loads(line)
        except (ValueError, RecursionError) as error:
            if number == 1:
                raise FormatError(f"{source.name} : JSON illisible dès la première ligne") from error
            if not line.endswith("\n"):
                raise FormatError(f"{source.name} : fichier tronqué (ligne {number} coupée)") from error
            yield where, None, "ligne illisible (JSON)"
        else:
            yield where, value, None
