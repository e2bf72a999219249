"""Words and letters counted: what both classifiers see of a normalised text.

Words and pairs of words, letters inside words, and the same over how the words sound, so that a phonetic spelling
meets the right one. Each of the four families is weighed by rarity (TF-IDF) and counts as much as another, whatever
its number of n-grams. Chosen by measuring (docs/understanding.md).

What a word brings depends on the word alone, and is remembered: reading a message is then a few look-ups, some ten
times faster than scikit-learn's vectorisers, which cut every word anew, once a family.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
from scipy.sparse import csr_matrix

from bot.text import loose_key

Array = Any  # numpy's arrays, seen as Any by the type checker of the other environment

#: Words remembered before all are forgotten: more than a year of messages holds, and a few megabytes.
_REMEMBERED = 20_000
#: No French word is longer: what follows is not read, so that a message of one endless word costs no more than another.
LONGEST_WORD = 40
#: The families of n-grams, each known by the first letter of its n-grams in the vocabulary. Pairs of words belong to
#: the family of words.
_FAMILIES = {"w": 0, "W": 0, "l": 1, "s": 2, "S": 2, "p": 3}
#: How many training texts must hold an n-gram for it to count; one is enough for a word.
_LEAST = {"w": 1, "W": 1, "l": 2, "s": 1, "S": 1, "p": 2}
_SHORTEST = 2


def _inside(word: str, longest: int) -> list[str]:
    """Return the runs of letters of a word, its two ends marked by a space."""
    marked = f" {word} "
    return [
        marked[start : start + length]
        for length in range(_SHORTEST, min(longest, len(marked)) + 1)
        for start in range(len(marked) - length + 1)
    ]


class Ngrams:
    """The vocabulary of n-grams of a set of texts, and the counts of any text over it."""

    def __init__(self, letters: int = 5) -> None:
        """Count runs of at most `letters` letters inside words, one less inside how they sound."""
        self.letters = letters
        self.vocabulary: dict[str, int] = {}
        self._family = np.zeros(0, dtype=np.int64)
        self._rarity = np.zeros(0, dtype=np.float32)
        self._memory: dict[str, tuple[Array, str]] = {}

    def __getstate__(self) -> dict[str, Any]:
        """Leave what was remembered out of what is stored."""
        return {**self.__dict__, "_memory": {}}

    def __len__(self) -> int:
        """Return how many n-grams count."""
        return len(self.vocabulary)

    def knows(self, word: str) -> bool:
        """Tell whether a word was seen in training, as written or as heard."""
        return f"w{word}" in self.vocabulary or f"s{loose_key(word[:LONGEST_WORD])}" in self.vocabulary

    def fit_transform(self, texts: list[str]) -> csr_matrix:
        """Learn the n-grams of normalised `texts`; return their weighed counts (texts × n-grams)."""
        growing: dict[str, int] = {}
        counted = [self._count(text, growing, grow=True) for text in texts]
        self._memory = {}
        frequency = np.bincount(np.concatenate([columns for columns, _ in counted]), minlength=len(growing))
        least = np.array([_LEAST[ngram[0]] for ngram in growing])
        kept = frequency >= np.minimum(least, max(1, len(texts) // 10))
        column = np.cumsum(kept) - 1
        self.vocabulary = {ngram: int(column[old]) for ngram, old in growing.items() if kept[old]}
        self._family = np.array([_FAMILIES[ngram[0]] for ngram in self.vocabulary])
        self._rarity = (np.log((1 + len(texts)) / (1 + frequency[kept])) + 1).astype(np.float32)
        return self._weighed([(column[columns[kept[columns]]], counts[kept[columns]]) for columns, counts in counted])

    def transform(self, texts: list[str]) -> csr_matrix:
        """Return the weighed counts of normalised `texts` (texts × n-grams)."""
        return self._weighed([self._count(text, self.vocabulary, grow=False) for text in texts])

    def row(self, text: str) -> tuple[Array, Array]:
        """Return the columns and the weighed counts of one normalised text: `transform` without the matrix."""
        columns, counts = self._count(text, self.vocabulary, grow=False)
        values = (1 + np.log(counts)) * self._rarity[columns]
        family = self._family[columns]
        length = np.sqrt(np.bincount(family, values * values, minlength=4))
        return columns, (values / length[family]).astype(np.float32)

    def _count(self, text: str, vocabulary: dict[str, int], *, grow: bool) -> tuple[Array, Array]:
        words = [word[:LONGEST_WORD] for word in text.split()]
        found = [self._of_word(word, vocabulary, grow=grow) for word in words]
        heard = [sound for _, sound in found]
        pairs = [f"W{one} {other}" for one, other in pairwise(words)]
        pairs += [f"S{one} {other}" for one, other in pairwise(heard)]
        columns = np.concatenate([*(columns for columns, _ in found), _columns(pairs, vocabulary, grow=grow)])
        unique, counts = np.unique(columns, return_counts=True)
        return unique, counts

    def _of_word(self, word: str, vocabulary: dict[str, int], *, grow: bool) -> tuple[Array, str]:
        known = self._memory.get(word)
        if known is None:
            if len(self._memory) >= _REMEMBERED and not grow:
                self._memory = {}
            heard = loose_key(word)
            ngrams = [f"w{word}", f"s{heard}"]
            ngrams += [f"l{run}" for run in _inside(word, self.letters)]
            ngrams += [f"p{run}" for run in _inside(heard, self.letters - 1)]
            known = self._memory[word] = _columns(ngrams, vocabulary, grow=grow), heard
        return known

    def _weighed(self, counted: list[tuple[Array, Array]]) -> csr_matrix:
        ends = np.cumsum([0, *(len(columns) for columns, _ in counted)])
        columns = np.concatenate([columns for columns, _ in counted])
        values = (1 + np.log(np.concatenate([counts for _, counts in counted]))) * self._rarity[columns]
        family = np.repeat(np.arange(len(counted)), np.diff(ends)) * 4 + self._family[columns]
        length = np.sqrt(np.bincount(family, values * values, minlength=4 * len(counted)))
        values = (values / length[family]).astype(np.float32)
        return csr_matrix((values, columns, ends), shape=(len(counted), len(self)))


def _columns(ngrams: list[str], vocabulary: dict[str, int], *, grow: bool) -> Array:
    if grow:
        return np.array([vocabulary.setdefault(ngram, len(vocabulary)) for ngram in ngrams], dtype=np.int64)
    return np.array([vocabulary[ngram] for ngram in ngrams if ngram in vocabulary], dtype=np.int64)


def vectorizer(letters: int = 5) -> Ngrams:
    """Return the untrained counter of n-grams, letters up to `letters` long."""
    return Ngrams(letters)
