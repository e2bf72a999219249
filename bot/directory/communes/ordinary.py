"""Ordinary words of French, that no misspelling of a commune may be: `data/places/ordinary.txt`.

Built by `scripts/build_places.py` from our training sentences and a dictionary, so that the guard is measured, not guessed.
"""

from functools import lru_cache
from pathlib import Path

from rapidfuzz import process
from rapidfuzz.distance import OSA

from bot.paths import DATA
from bot.text import sound_key

FILE = DATA / "places" / "ordinary.txt"


@lru_cache(maxsize=1)
def load(path: Path = FILE) -> tuple[frozenset[str], frozenset[str], frozenset[str]]:
    """Return the frequent words, and the rarer ones and the proper names that look or sound like a commune."""
    frequent, _, rest = path.read_text(encoding="utf-8").partition("= ressemblants\n")
    alike, _, rest = rest.partition("= propres\n")
    proper = rest.partition("= prenoms\n")[0]
    return frozenset(frequent.partition("= courants\n")[2].split()), frozenset(alike.split()), frozenset(proper.split())


@lru_cache(maxsize=1)
def first_names(path: Path = FILE) -> frozenset[str]:
    """Return first names that are no frequent word."""
    return frozenset(path.read_text(encoding="utf-8").partition("= prenoms\n")[2].split())


#: Small words that people glue to the next: "laposte", "lacaf".
_GLUED = ("la", "le", "les", "l", "des", "du", "de", "d", "j", "m", "n", "s", "qu")


def is_frequent(word: str) -> bool:
    """Tell whether `word` (folded) is a word that people write every day; a letter alone is one."""
    return len(word) == 1 or word in load()[0]


@lru_cache(maxsize=20_000)
def is_word(word: str, *, rare: bool = True) -> bool:
    """Tell whether `word` (folded) is a frequent word, a proper name, or (`rare`) a rarer word that could pass for a commune."""
    frequent, alike, proper = load()
    return (
        is_frequent(word)
        or word in proper
        or (rare and word in alike)
        or any(
            word.startswith(small) and len(word) - len(small) >= 4 and word[len(small) :] in frequent
            for small in _GLUED
        )
    )


@lru_cache(maxsize=1)
def _sounds() -> frozenset[str]:
    return frozenset(sound_key(word.removesuffix("s")) for word in load()[0])


def sounds_like_a_word(word: str) -> bool:
    """Tell whether `word` is heard as a frequent word: then it is that word, misspelt."""
    return sound_key(word.removesuffix("s")) in _sounds()


@lru_cache(maxsize=1)
def _by_length() -> dict[int, list[str]]:
    lengths: dict[int, list[str]] = {}
    for word in load()[0]:
        lengths.setdefault(len(word), []).append(word)
    return lengths


@lru_cache(maxsize=1)
def _alike_by_length() -> dict[int, list[str]]:
    lengths: dict[int, list[str]] = {}
    for word in load()[1]:
        lengths.setdefault(len(word), []).append(word)
    return lengths


@lru_cache(maxsize=4096)
def is_near_a_rare_word(word: str) -> bool:
    """Tell whether a rare word that looks like a commune is one letter away."""
    return any(
        process.extractOne(word, _alike_by_length().get(length, []), scorer=OSA.distance, score_cutoff=1) is not None
        for length in range(len(word) - 1, len(word) + 2)
    )


@lru_cache(maxsize=4096)
def is_near_a_word(word: str, distance: int) -> bool:
    """Tell whether a frequent word is at most `distance` letters away (added, dropped, changed or swapped)."""
    if distance < 1:
        return is_frequent(word)
    return any(
        process.extractOne(word, _by_length().get(length, []), scorer=OSA.distance, score_cutoff=distance) is not None
        for length in range(max(4, len(word) - distance), len(word) + distance + 1)
    )
