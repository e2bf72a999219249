"""The parts that words play when danger is told ("frappe" and "cogne" are one), kept as data; pure but for its file."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import yaml

from bot.paths import DATA
from bot.text import sound_key

CONCEPTS = DATA / "urgent_concepts.yml"
#: Words this short are too often something else when spelt by ear.
_LONG_ENOUGH = 4
_MONTHS = re.compile(r"moi(?:s|is)?$")


@dataclass(frozen=True)
class Concepts:
    """Which words play which parts: whole words, how they sound, their beginnings, two words in a row."""

    words: dict[str, tuple[str, ...]]
    sounds: dict[str, tuple[str, ...]]
    stems: dict[str, tuple[str, ...]]
    pairs: dict[str, tuple[str, ...]]

    def told(self, normal: str) -> str:
        """Return the parts played by the words of a normalised text, in order, apart by one space; others left out."""
        return " ".join(self._told(normal.split()))

    def _told(self, words: list[str]) -> Iterator[str]:
        for place, word in enumerate(words):
            after = words[place + 1] if place + 1 < len(words) else ""
            yield from self.pairs.get(f"{word} {after}", ())
            if word.isdigit():
                yield from _age(int(word), words[max(0, place - 3) : place], after)
            else:
                yield from self._parts(word)

    def _parts(self, word: str) -> tuple[str, ...]:
        if found := self.words.get(word):
            return found
        if len(word) < _LONG_ENOUGH:
            return ()
        for length in range(len(word), 2, -1):
            if found := self.stems.get(word[:length]):
                return found
        return self.sounds.get(sound_key(word), ())


def _age(number: int, before: list[str], after: str) -> Iterator[str]:
    """Say what a number tells: how old somebody is, or how long ago."""
    if after in {"an", "ans"}:
        if "depuis" in before:
            yield "for_years"
        elif before[-1:] == ["a"] and "y" in before:
            yield "long_ago" if number > 1 else "lately"
        else:
            yield "small" if number < 7 else "minor" if number < 18 else "grown" if number < 62 else "elder"
    elif _MONTHS.match(after):
        yield "months"
    elif 1950 < number < 2100:
        yield "long_ago"


def told(normal: str) -> str:
    """Return the parts played by the words of a normalised text (see `Concepts.told`)."""
    return load().told(normal)


@lru_cache(maxsize=4)
def load(path: Path = CONCEPTS) -> Concepts:
    """Read the classes of words of `path`."""
    raw: dict[str, str] = yaml.safe_load(path.read_text(encoding="utf-8"))
    words: dict[str, list[str]] = {}
    stems: dict[str, list[str]] = {}
    pairs: dict[str, list[str]] = {}
    for part, listed in raw.items():
        for entry in re.findall(r"(?:\\ |\S)+", listed):
            word = entry.replace("\\ ", " ")
            kept = pairs if " " in word else stems if word.endswith("*") else words
            parts = kept.setdefault(word.rstrip("*"), [])
            if part not in parts:
                parts.append(part)
    sounds: dict[str, list[str]] = {}
    for word, parts in words.items():
        if len(word) >= _LONG_ENOUGH:
            sounds.setdefault(sound_key(word), []).extend(parts)
    return Concepts(*({word: tuple(parts) for word, parts in kept.items()} for kept in (words, sounds, stems, pairs)))
