"""The kinds of place, under the names that people give them (`data/places/kinds.yml`).

A name is recognised as written, then as it sounds, then with a letter or two wrong; initials only as written.
"""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml
from rapidfuzz import fuzz

from bot.directory.model import vocabularies
from bot.paths import DATA
from bot.text import normalise, sound_key

FILE = DATA / "places" / "kinds.yml"
#: Letters that a name has to have before its sound, or a misspelling of it, counts.
_LONG_ENOUGH = 8
#: How alike a misspelt name is, of 100.
_ALIKE = 88


@dataclass(frozen=True)
class Kind:
    """A kind of place; `names` are sequences of normalised words."""

    id: str
    label: str
    names: tuple[tuple[str, ...], ...]


@lru_cache(maxsize=1)
def load(path: Path = FILE) -> dict[str, Kind]:
    """Read the kinds; raise ValueError when one is not of the catalogue, lacks its label, or is not there."""
    raw: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    wrong = raw.keys() ^ vocabularies()["kinds"]
    if wrong:
        raise ValueError(f"{path.name}: {', '.join(sorted(wrong))}")
    kinds = {}
    for id_, one in raw.items():
        if not isinstance(one, dict) or not one.get("label") or not one.get("names"):
            raise ValueError(f"{path.name}: {id_}: label, names")
        kinds[id_] = Kind(id_, str(one["label"]), tuple(tuple(normalise(str(name)).split()) for name in one["names"]))
    return kinds


def label(id_: str) -> str:
    """Return the name that we give a kind."""
    return load()[id_].label


@lru_cache(maxsize=1)
def _sounds() -> dict[tuple[str, ...], str]:
    """Return kind by the sound of its names, those that are long enough."""
    return {
        tuple(map(sound_key, name)): kind.id
        for kind in load().values()
        for name in kind.names
        if len("".join(name)) >= _LONG_ENOUGH
    }


def named(text: str) -> str | None:
    """Return the kind of place that `text` names, or None."""
    words = normalise(text).split()
    return _as_written(words) or _as_heard(words) or _misspelt(words)


def _as_written(words: list[str]) -> str | None:
    best: tuple[int, str] | None = None
    for kind in load().values():
        for name in kind.names:
            size = len(name)
            if (best is None or size > best[0]) and any(
                tuple(words[start : start + size]) == name for start in range(len(words) - size + 1)
            ):
                best = (size, kind.id)
    return best[1] if best else None


def _as_heard(words: list[str]) -> str | None:
    keys = [sound_key(word) for word in words]
    for size in (4, 3, 2, 1):
        for start in range(len(keys) - size + 1):
            if kind := _sounds().get(tuple(keys[start : start + size])):
                return kind
    return None


def _misspelt(words: list[str]) -> str | None:
    best = (float(_ALIKE), "")
    for kind in load().values():
        for name in kind.names:
            wanted = " ".join(name)
            if len(wanted) < _LONG_ENOUGH:
                continue
            for start in range(len(words) - len(name) + 1):
                alike = fuzz.ratio(wanted, " ".join(words[start : start + len(name)]), score_cutoff=best[0])
                if alike > best[0]:
                    best = (alike, kind.id)
    return best[1] or None
