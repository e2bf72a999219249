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


Name = tuple[str, ...]


@dataclass(frozen=True)
class Kind:
    """A kind of place; `names` and `ways` are sequences of normalised words (see the file)."""

    id: str
    label: str
    names: tuple[Name, ...]
    ways: tuple[Name, ...]

    def called(self, places_only: bool) -> tuple[Name, ...]:
        """Return what the kind is recognised by."""
        return self.names if places_only else (*self.names, *self.ways)


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
        names, ways = (
            tuple(tuple(normalise(str(name)).split()) for name in one.get(key) or ()) for key in ("names", "ways")
        )
        kinds[id_] = Kind(id_, str(one["label"]), names, ways)
    return kinds


def label(id_: str) -> str:
    """Return the name that we give a kind."""
    return load()[id_].label


@lru_cache(maxsize=2)
def _sounds(places_only: bool) -> dict[Name, tuple[str, Name]]:
    """Return (kind, name) by the sound of its names, those that are long enough."""
    return {
        tuple(map(sound_key, name)): (kind.id, name)
        for kind in load().values()
        for name in kind.called(places_only)
        if len("".join(name)) >= _LONG_ENOUGH
    }


def find(words: list[str], places_only: bool = False) -> tuple[str, int, int] | None:
    """Return the kind that normalised `words` name, and from which word to which, or None.

    `places_only`: by the name of a place, not by who is met or what is done there.
    """
    return _as_written(words, places_only) or _as_heard(words, places_only) or _misspelt(words, places_only)


def named(text: str) -> str | None:
    """Return the kind of place that `text` names, or None."""
    found = find(normalise(text).split())
    return found[0] if found else None


def _as_written(words: list[str], places_only: bool) -> tuple[str, int, int] | None:
    best: tuple[str, int, int] | None = None
    for kind in load().values():
        for name in kind.called(places_only):
            size = len(name)
            if best is not None and size <= best[2] - best[1]:
                continue
            for start in range(len(words) - size + 1):
                if tuple(words[start : start + size]) == name:
                    best = (kind.id, start, start + size)
                    break
    return best


def _as_heard(words: list[str], places_only: bool) -> tuple[str, int, int] | None:
    keys = [sound_key(word) for word in words]
    sounds = _sounds(places_only)
    for size in (4, 3, 2, 1):
        for start in range(len(keys) - size + 1):
            if found := sounds.get(tuple(keys[start : start + size])):
                return found[0], start, start + size
    return None


def _misspelt(words: list[str], places_only: bool) -> tuple[str, int, int] | None:
    best, found = float(_ALIKE), None
    for kind in load().values():
        for name in kind.called(places_only):
            wanted = " ".join(name)
            if len(wanted) < _LONG_ENOUGH:
                continue
            for start in range(len(words) - len(name) + 1):
                alike = fuzz.ratio(wanted, " ".join(words[start : start + len(name)]), score_cutoff=best)
                if alike > best:
                    best, found = alike, (kind.id, start, start + len(name))
    return found
