"""Every way to write every place, by its letters: what the recogniser looks words up in.

Keys are names without spaces, so that words glued or cut apart are found by the same lookup.
"""

import re
from collections import defaultdict
from dataclasses import dataclass, replace
from enum import IntEnum
from functools import lru_cache

from rapidfuzz.distance import OSA

from bot.directory.communes import elsewhere, gazetteer, names, ordinary
from bot.directory.communes.elsewhere import Town
from bot.directory.communes.gazetteer import Commune
from bot.text import sound_key


class Usage(IntEnum):
    """How much must show that a place is meant before a name counts."""

    NAME = 0  #: nothing more
    WORD = 1  #: a preposition of place: it is also a word, a first name, a surname
    COMMON = 2  #: "j'habite à", "la commune de": it is a word of every day


#: So many cities elsewhere are known by a short form ("Aix").
_CITIES = 120
USAGES = {"": Usage.NAME, "mot": Usage.WORD, "courant": Usage.COMMON}


@dataclass(frozen=True)
class Entry:
    """What a key stands for: communes of the Hérault, the largest first, or else a town elsewhere."""

    key: str
    words: tuple[str, ...]
    communes: tuple[Commune, ...] = ()
    town: Town | None = None
    usage: Usage = Usage.NAME
    whole: bool = True  #: the name itself, or one that stands alone; not a short form, a district or a spelling
    district: bool = False


class Index:
    """The entries by key, and those close enough to tell a misspelling."""

    def __init__(self, communes: gazetteer.Communes, towns: tuple[Town, ...]) -> None:
        self.entries: dict[str, Entry] = {}
        self._add_communes(communes)
        self._merge_alike()
        self.fuzzy = tuple(key for key, entry in self.entries.items() if len(key) >= 5 and not entry.district)
        #: Names elsewhere that are one letter from one of ours: a typing error, or the place itself.
        self.neighbours = {"".join(names.words_of(town.name)) for town in towns if town.usage == "voisin"}
        for rank, town in enumerate(towns):
            if town.usage != "voisin":
                self._add_town(town, names.words_of(town.name), rank)
        for town in towns[:_CITIES]:
            if (short := names.shortened(names.words_of(town.name))) and not ordinary.is_frequent(short[-1]):
                self._add_town(replace(town, usage="mot"), short, _CITIES)
        #: Names that are also the beginning of another, and short forms: what follows may say more.
        self.beginnings = {
            entry.key
            for entry in self.entries.values()
            if entry.communes and (not entry.whole or entry.words in self._starts)
        }
        self.prefixes = {key[:length] for key in self.entries for length in range(1, len(key) + 1)}
        self.by_sound: dict[str, list[Entry]] = defaultdict(list)
        for key in self.fuzzy:
            entry = self.entries[key]
            if entry.communes and len(key) >= 5:
                for sound in sounds_of(entry.words):
                    self.by_sound[sound].append(entry)
        self.sounds = tuple(self.by_sound)
        by_length: dict[int, list[str]] = defaultdict(list)
        for key in self.fuzzy:
            by_length[len(key)].append(key)
        self._by_length = dict(by_length)
        self._between: dict[tuple[int, int], list[str]] = {}
        self.words = {word for entry in self.entries.values() if entry.communes for word in entry.words}

    def of_length(self, shortest: int, longest: int) -> list[str]:
        """Return the keys between two lengths, for a comparison letter by letter."""
        if (shortest, longest) not in self._between:
            self._between[shortest, longest] = [
                key for length in range(shortest, longest + 1) for key in self._by_length.get(length, ())
            ]
        return self._between[shortest, longest]

    def _add_communes(self, communes: gazetteer.Communes) -> None:
        """Add every name of ours, whole ones first."""
        whole: dict[tuple[str, ...], set[str]] = defaultdict(set)
        part: dict[tuple[str, ...], set[str]] = defaultdict(set)
        districts: dict[tuple[str, ...], set[str]] = defaultdict(set)
        usages: dict[tuple[str, ...], Usage] = {}
        for insee, commune in communes.by_insee.items():
            known = communes.names[insee]
            for name in (commune.name, *known.others):
                words = names.words_of(name)
                whole[words].add(insee)
                usages[words] = USAGES[known.usage] if name == commune.name else Usage.NAME
            if (short := names.shortened(names.words_of(commune.name))) is not None:
                part[short].add(insee)
            for name in known.districts:
                districts[names.words_of(name)].add(insee)
        self._starts = {words[:length] for words in whole for length in range(1, len(words))}
        for group, table in enumerate((whole, part, districts)):
            for words, inseees in table.items():
                merged = inseees | (part.get(words, set()) if group == 2 else set())
                found = tuple(sorted((communes.by_insee[one] for one in merged), key=lambda one: -one.population))
                long_enough = group == 1 and len(words) == 1 and len(words[0]) >= 7
                usage = usages[words] if group == 0 else Usage.NAME if long_enough else Usage.WORD
                self._add(words, found, usage, group)

    def _add(self, words: tuple[str, ...], found: tuple[Commune, ...], usage: Usage, group: int) -> None:
        for variant in names.written(words):
            key = "".join(variant)
            known = self.entries.get(key)
            with_article = variant[0] in names.ARTICLES
            if group == 2 and words[0] in names.ARTICLES and not with_article:
                continue
            # A district or a short form that is a whole name elsewhere in the list is that one; two of a kind are both.
            if known is None or (group == 2 and not known.whole and known.words == words):
                marked = Usage.NAME if with_article and usage is Usage.WORD and group == 0 else usage
                self.entries[key] = Entry(key, words, found, None, marked, group == 0, group == 2 and known is None)

    def _merge_alike(self) -> None:
        """Make a short form ask for the whole name that is heard the same, or that it is one letter from, if larger."""
        whole = [entry for entry in self.entries.values() if entry.whole and len(entry.words) == 1]
        for key, entry in list(self.entries.items()):
            if entry.whole or entry.district or len(names.content(entry.words)) > 1:
                continue
            alike = [
                other.communes[0]
                for other in whole
                if other.communes[0] not in entry.communes
                and (
                    other.key.removesuffix("s") == key.removesuffix("s")
                    or (
                        OSA.distance(other.key, key) == 1
                        and other.communes[0].population > 10 * entry.communes[0].population
                    )
                )
            ]
            if alike:
                found = sorted({*entry.communes, *alike}, key=lambda commune: -commune.population)
                self.entries[key] = replace(entry, communes=tuple(found))

    def _add_town(self, town: Town, words: tuple[str, ...], rank: int) -> None:
        for variant in names.written(words):
            key = "".join(variant)
            usage = USAGES[town.usage]
            bare = words[0] in names.ARTICLES and variant[0] not in names.ARTICLES
            # Without its article a town is only a word: "La Garde" is not "garde".
            if key not in self.entries and not (bare and usage):
                usage = Usage.WORD if bare else usage
                self.entries[key] = Entry(key, words, (), town, usage)
                if rank < 1000 and len(key) >= 6 and usage is Usage.NAME:
                    self.fuzzy += (key,)


#: Endings that are written and not heard after a consonant: "Olargues" is heard "olarg".
_MUTE = re.compile(r"(?<=[bcdfgjklmnpqrstvxz])(?:(?<=[gq])u)?es?$|s$")


@lru_cache(maxsize=20_000)
def sounds_of(words: tuple[str, ...]) -> tuple[str, ...]:
    """Return how words are heard, one after the other, small words left out: without their plurals, and mute endings."""
    meant = names.content(words)
    plain = "".join(sound_key(word.removesuffix("s")) for word in meant)
    bare = "".join(sound_key(_MUTE.sub("", word)) for word in meant)
    return (plain,) if plain == bare else (plain, bare)


@lru_cache(maxsize=1)
def load() -> Index:
    """Build the index from the data, once."""
    return Index(gazetteer.load(), elsewhere.towns())


@lru_cache(maxsize=1)
def homonyms() -> dict[str, frozenset[str]]:
    """Return the départements elsewhere that have a commune of each name, by its key."""
    found: dict[str, set[str]] = defaultdict(set)
    for town in elsewhere.towns():
        words = names.words_of(town.name)
        for written in names.written(words):
            found["".join(written)].update(elsewhere.departments()[code] for code in town.departments)
        # "Villeneuve" is what people call every Villeneuve-sur-…: a short form counts too.
        for length in range(1, len(words)):
            found["".join(words[:length])].update(elsewhere.departments()[code] for code in town.departments)
    return {key: frozenset(names_) for key, names_ in found.items()}


@lru_cache(maxsize=1)
def departments() -> dict[str, tuple[str, str]]:
    """Return the code and the name of each département, by its name and by its code, as keys."""
    found = {}
    for code, name in elsewhere.departments().items():
        found["".join(names.words_of(name))] = found[code.lower()] = (code, name)
    return found
