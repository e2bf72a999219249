"""What an importer is: files in, entries out, each with where it was and what became of it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from bot.paths import DATA

TYPES = DATA / "places" / "import_types.yml"
#: Bytes read of a file, unpacked, when nobody says otherwise.
DEFAULT_LIMIT = 2_000_000_000


class FormatError(Exception):
    """A file that is not what was announced; the message, in French, says what it is and what to do."""


@dataclass(frozen=True)
class Input:
    """A file to import: where it is, what to call it in the report, and the day that it dates from (AAAA-MM-JJ).

    `progress` is told how many bytes of the file on disk are read (again from nothing when it is read twice); `limit` is in bytes, once unpacked.
    """

    path: Path
    name: str
    day: str | None = None
    limit: int = DEFAULT_LIMIT
    progress: Callable[[int], None] = field(default=lambda _: None)


@dataclass(frozen=True)
class Entry:
    """One line or record of a file: a place in our format (see records.parse), or why it is none.

    `rejected`: a reason; `outside`: not the Hérault; `unknown`: its type, which none of our kinds stands for.
    """

    where: str
    record: dict[str, Any] | None = None
    rejected: str | None = None
    outside: bool = False
    unknown: str | None = None


@dataclass(frozen=True)
class Format:
    """A published format. `source` is shown to people; `confiance` is what its places are worth (high, medium).

    `files`: what each file of one import is.
    """

    name: str
    title: str
    source: str
    confiance: str
    read: Callable[[Sequence[Input]], Iterator[Entry]]
    licence: str | None = None
    lien_source: str | None = None
    files: tuple[str, ...] = ("fichier",)


@lru_cache(maxsize=1)
def types() -> Mapping[str, Any]:
    """Return which of our kinds each published type stands for, by format."""
    raw: dict[str, Any] = yaml.safe_load(TYPES.read_text(encoding="utf-8"))
    return raw
