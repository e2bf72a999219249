"""The 341 communes of the Hérault, and finding one in what a person writes.

Names, INSEE codes, postcodes and centres come from `data/places/communes.csv` (INSEE COG 2026, La Poste 2023).
Pure but for the reading of that file.
"""

import csv
import re
from collections import defaultdict
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from bot.paths import DATA
from bot.text import fold, normalise, sound_key

FILE = DATA / "places" / "communes.csv"

#: Words that come before a place.
_BEFORE = frozenset(
    """
    a au aux sur de d du en vers pres cote dans habite habitons vis loge residant reside domicilie domiciliee
    commune ville village mairie ccas secteur quartier centre caf pmi cpam poste sds mds depuis autour environs
    jusqu entre et ou
    """.split()
)
#: Names that are also ordinary words, first names or places elsewhere: counted only after a word of `_BEFORE`.
_ORDINARY = frozenset(
    """
    aires assas beaufort beaulieu boisset bosc campagne canet cambon castries causse caux celles cers claret
    colombiers combes cros fos ganges garrigues jonquieres lacoste laroque laurens lauret lavalette lunel mons
    margon minerve montaud montblanc montels montesquieu peret pinet plans poujols puech quarante rives rosis
    rouet servian sete siran tourbes vendres vias villeneuve prades saint
    """.split()
)
#: Names that even a preposition does not settle: "à celles qui", "plus de quarante".
_NEEDS_PROOF = frozenset(
    {"quarante", "celles", "campagne", "combes", "plans", "rives", "aires", "tourbes", "mons", "fos", "peret"}
)
_PROOF = frozenset(["commune", "ville", "village", "mairie", "habite", "habitons", "habitant", "vis", "reside"])
#: Small words that tie the parts of a name: what comes before one may stand for the whole ("La Salvetat").
_TIES = frozenset(["sur", "les", "lez", "le", "la", "l", "d", "de", "du", "des", "et", "en"])
_SAINT = {"st": "saint", "ste": "sainte", "sts": "saints"}


@dataclass(frozen=True)
class Commune:
    """A commune; coordinates in degrees (WGS 84), of the centre of its territory."""

    insee: str
    name: str
    postcodes: tuple[str, ...]
    latitude: float
    longitude: float
    population: int


@dataclass(frozen=True)
class Mention:
    """Something in a message that names a commune: one candidate when it is sure, several when it must be asked."""

    candidates: tuple[Commune, ...]
    start: int
    end: int

    @property
    def commune(self) -> Commune | None:
        """The commune, when there is no doubt."""
        return self.candidates[0] if len(self.candidates) == 1 else None


def _tokens(name: str) -> tuple[str, ...]:
    return tuple(_SAINT.get(word, word) for word in normalise(name).split())


class Communes:
    """The communes, found by code, postcode or name."""

    def __init__(self, communes: list[tuple[Commune, tuple[str, ...]]]) -> None:
        self.by_insee = {commune.insee: commune for commune, _ in communes}
        self._by_postcode: dict[str, list[Commune]] = defaultdict(list)
        self._by_name: dict[tuple[str, ...], set[str]] = defaultdict(set)
        shorts: dict[tuple[str, ...], set[str]] = defaultdict(set)
        for commune, aliases in communes:
            for postcode in commune.postcodes:
                self._by_postcode[postcode].append(commune)
            for name in (commune.name, *aliases):
                words = _tokens(name)
                self._by_name[words].add(commune.insee)
                if words[0] in {"le", "la", "les", "l"} and len(words) > 1:
                    self._by_name[words[1:]].add(commune.insee)
                start = 1 if words[0] in {"le", "la", "les", "notre", "saint", "sainte"} else 0
                for position in range(start + 1, len(words)):
                    if words[position] in _TIES:
                        shorts[words[:position]].add(commune.insee)
                        break
        for words, inseees in shorts.items():
            if words not in self._by_name and words[-1] not in {"saint", "mas", "notre", "causse", "causses", "entre"}:
                self._by_name[words] |= inseees
        self._longest = max(map(len, self._by_name))
        self._by_sound: dict[str, set[str]] = defaultdict(set)
        for words, inseees in self._by_name.items():
            if len(words) == 1 and len(words[0]) >= 5 and words[0] not in _ORDINARY:
                self._by_sound[sound_key(words[0])] |= inseees

    def _sorted(self, inseees: set[str]) -> tuple[Commune, ...]:
        return tuple(sorted((self.by_insee[insee] for insee in inseees), key=lambda commune: -commune.population))

    def mentions(self, tokens: list[str]) -> list[Mention]:
        """Return what names a commune in `tokens` (the words of `normalise`), longest names first, without overlap."""
        tokens = [_SAINT.get(token, token) for token in tokens]
        found = []
        position = 0
        while position < len(tokens):
            mention = self._postcode(tokens, position) or self._name(tokens, position) or self._sound(tokens, position)
            if mention:
                found.append(mention)
                position = mention.end
            else:
                position += 1
        return found

    def _postcode(self, tokens: list[str], position: int) -> Mention | None:
        for length in (1, 2):
            digits = "".join(tokens[position : position + length])
            if len(digits) == 5 and digits.isdigit() and digits in self._by_postcode:
                following = tokens[position + length] if position + length < len(tokens) else ""
                if following in {"euro", "euros", "e"}:
                    return None
                return Mention(self._sorted({c.insee for c in self._by_postcode[digits]}), position, position + length)
        return None

    def _name(self, tokens: list[str], position: int) -> Mention | None:
        for length in range(min(self._longest, len(tokens) - position), 0, -1):
            words = tuple(tokens[position : position + length])
            if words in self._by_name and self._is_place(words, tokens, position):
                return Mention(self._sorted(self._by_name[words]), position, position + length)
        return None

    def _is_place(self, words: tuple[str, ...], tokens: list[str], position: int) -> bool:
        if len(words) == len(tokens):
            return True
        before = tokens[max(0, position - 2) : position]
        if words[-1] in _NEEDS_PROOF and len(words) == 1:
            return any(token in _PROOF for token in tokens[max(0, position - 3) : position])
        if (len(words) == 1 and words[0] in _ORDINARY) or (
            len(words) == 2 and words[0] in {"la", "le", "les", "saint"} and words[1] in _ORDINARY
        ):
            return any(token in _BEFORE for token in before)
        return True

    def _sound(self, tokens: list[str], position: int) -> Mention | None:
        """Find a name spelt as it sounds ("bézié"), where a place is expected: after a preposition, or alone."""
        token = tokens[position]
        if len(token) < 4 or token.isdigit():
            return None
        alone = len(tokens) == 1
        placed = position > 0 and tokens[position - 1] in {
            "a",
            "sur",
            "habite",
            "vers",
            "au",
            "de",
            "d",
            "pres",
            "cote",
        }
        if not (alone or placed):
            return None
        inseees = self._by_sound.get(sound_key(token))
        if not inseees or (
            not alone
            and tokens[position - 1] in {"de", "d"}
            and token[:3] not in {fold(self.by_insee[i].name)[:3] for i in inseees}
        ):
            return None
        return Mention(self._sorted(inseees), position, position + 1)


@lru_cache(maxsize=1)
def load(path: Path = FILE) -> Communes:
    """Read the communes; raise OSError when the file is missing, ValueError when a line is faulty."""
    communes = []
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file, delimiter=";"):
            commune = Commune(
                insee=row["insee"],
                name=row["nom"],
                postcodes=tuple(re.findall(r"\d{5}", row["codes_postaux"])),
                latitude=float(row["latitude"]),
                longitude=float(row["longitude"]),
                population=int(row["population"]),
            )
            communes.append((commune, tuple(name for name in row["autres_noms"].split("|") if name)))
    return Communes(communes)
