"""A misspelt word brought back to one that the model knows, when only one is near; a right word is never touched.

Right words are those of the training sentences and of the French lexicon that comes with spaCy's model (Lefff, some
200,000 forms), folded. Only longer words are brought back: a fault in a short one leads anywhere.
"""

from __future__ import annotations

import re
import zlib
from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import Any

import numpy as np
from rapidfuzz import process
from rapidfuzz.distance import OSA

from bot.text import loose_key

#: Words shorter than this are left as they are, and words longer than that are not words.
SHORTEST, LONGEST = 4, 30
#: From this length on, a word may have two faults.
_TWO_FAULTS_FROM = 8
#: A word of the training sentences is one to come back to when it was seen this often.
_SEEN = 2
#: A word that the lexicon does not hold (a name, an acronym) is right when it was seen this often.
_COMMON = 8
#: The share of the longer words of a set of texts that are in the lexicon of their language.
_MOST_WORDS = 0.6
#: An elided word run into the next one.
_ELIDED = re.compile(r"(?:qu|[jldnmts])(?=[aeiouyh])")
#: Two words as near: the commoner is meant if it is so many times commoner.
_COMMONER = 3
#: A word run into an elided one may itself be spelt as it sounds from this length on.
_HEARD_FROM = 6
#: Words whose distances differ by no more than this are as near as each other.
_AS_NEAR = 0.25
#: Misspelt words looked up in one text: one with more of them is not French, and each takes half a millisecond.
MOST = 10
_REMEMBERED = 20_000


class Spelling:
    """The words of a set of texts, and how to come back to them."""

    def __init__(self, texts: Iterable[str], right: Iterable[str] = ()) -> None:
        """Know the words of normalised `texts`; those that are not of `right` must be common to be right."""
        often = Counter(word for text in texts for word in text.split())
        right = set(right)
        self._right = np.unique([_code(word) for word in right if len(word) >= SHORTEST]).astype(np.uint32)
        self._often = {
            word: seen
            for word, seen in often.items()
            if seen >= (_SEEN if word in right else _COMMON) or not word.isalpha() or not right
        }
        self._by_length: dict[int, list[str]] = defaultdict(list)
        self._by_sound: dict[str, list[str]] = defaultdict(list)
        for word in self._often:
            if len(word) >= SHORTEST and word.isalpha():
                self._by_length[len(word)].append(word)
                self._by_sound[loose_key(word)].append(word)
        self._memory: dict[str, str] = {}
        for word in [word for word in self._often if word.isalpha() and not self._in_lexicon(word)] if right else []:
            if len(word) >= SHORTEST and (meant := self.nearest(word)) != word and self._is_commoner(meant, word):
                self._often.pop(word)
                self._by_length[len(word)].remove(word)
                self._by_sound[loose_key(word)].remove(word)

    def __getstate__(self) -> dict[str, Any]:
        """Leave what was remembered out of what is stored."""
        return {**self.__dict__, "_memory": {}}

    def is_right(self, word: str) -> bool:
        """Tell whether a folded word is a common one of the training sentences, or one of the lexicon."""
        return word in self._often or self._in_lexicon(word)

    def _in_lexicon(self, word: str) -> bool:
        code = _code(word)
        place = int(np.searchsorted(self._right, code))
        return place < len(self._right) and int(self._right[place]) == code

    def is_language_of(self, texts: Iterable[str]) -> bool:
        """Tell whether most of the longer words of `texts` are of the lexicon."""
        longer = [word for text in texts for word in text.split() if len(word) >= SHORTEST and word.isalpha()]
        return sum(map(self._in_lexicon, longer)) >= _MOST_WORDS * len(longer)

    def correct(self, normal: str) -> str:
        """Return a normalised text with its misspelt words brought back: the first MOST of them."""
        words = normal.split()
        misspelt = 0
        for place, word in enumerate(words):
            if not SHORTEST <= len(word) <= LONGEST or not word.isalpha() or self.is_right(word):
                continue
            misspelt += 1
            if misspelt > MOST:
                break
            if word not in self._memory:
                if len(self._memory) >= _REMEMBERED:
                    self._memory = {}
                self._memory[word] = self.nearest(word)
            words[place] = self._memory[word]
        return " ".join(words)

    def nearest(self, word: str) -> str:
        """Return what a word that is not right stands for, or `word` when nothing or more than one thing is near.

        Near is a known word heard the same, or within one fault of the fingers (a letter missing, too many, wrong, or
        two swapped), two in a long word; a known word may have an elided one run into it ("lheure", two words then).
        """
        near = self._near(word)
        if (elided := _ELIDED.match(word)) and len(rest := word[elided.end() :]) >= SHORTEST:
            beyond = {rest: 0.4} if rest in self._often else {}
            if not beyond and len(rest) >= _HEARD_FROM:
                beyond = self._near(rest, heard_only=True)
            near |= {f"{elided.group()} {other}": cost for other, cost in beyond.items()}
        if not near:
            return word
        least = min(near.values())
        ranked = sorted(
            (other for other in near if near[other] <= least + _AS_NEAR), key=lambda other: -self._seen(other)
        )
        if len(ranked) == 1 or self._seen(ranked[0]) >= _COMMONER * self._seen(ranked[1]):
            return ranked[0]
        return word

    def _near(self, word: str, *, heard_only: bool = False) -> dict[str, float]:
        """Return the known words near `word`, and how far each is: about the number of faults."""
        alike = [other for other in self._by_sound.get(loose_key(word), []) if other != word]
        near = {
            other: min(0.5 * distance, 0.9 + 0.05 * distance)
            for other in alike
            if (distance := OSA.distance(word, other))
        }
        if heard_only:
            return near
        faults = 1 if len(word) < _TWO_FAULTS_FROM else 2
        letters = [
            other for length in range(len(word) - faults, len(word) + faults + 1) for other in self._by_length[length]
        ]
        for other, distance, _ in process.extract(word, letters, scorer=OSA.distance, score_cutoff=faults, limit=None):
            # One wrong letter in a short word leads anywhere ("simu", "samu"): only letters missing, too many or swapped.
            if other != word and (len(word) > SHORTEST or set(word) <= set(other) or set(other) <= set(word)):
                near[other] = min(distance, near.get(other, distance))
        return near

    def _seen(self, meant: str) -> int:
        return self._often.get(meant.rsplit(maxsplit=1)[-1], 0)

    def _is_commoner(self, meant: str, word: str) -> bool:
        return self._in_lexicon(meant.rsplit(maxsplit=1)[-1]) and self._seen(meant) >= _COMMONER * self._often[word]


def _code(word: str) -> int:
    """Return 32 bits for a word: the lexicon kept so is 1 MB, and one word in 20,000 is taken for right by chance."""
    return zlib.crc32(word.encode())
