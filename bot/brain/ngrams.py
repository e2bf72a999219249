"""Words and letters counted: what both classifiers see of a normalised text.

Words and pairs of words, letters inside words, and the same over how the words sound, so that a phonetic spelling
meets the right one. Chosen by measuring (docs/understanding.md).
"""

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.pipeline import FeatureUnion

from bot.text import sound_key


def as_heard(normal: str) -> str:
    """Return the sound key of each word of a normalised text."""
    return " ".join(map(sound_key, normal.split()))


def as_is(normal: str) -> str:
    """Return the text: it is normalised already."""
    return normal


def vectorizer(letters: int = 5) -> FeatureUnion:
    """Return the untrained counter of n-grams, letters up to `letters` long."""

    def words(heard: bool) -> TfidfVectorizer:
        return TfidfVectorizer(
            preprocessor=as_heard if heard else as_is,
            ngram_range=(1, 2),
            token_pattern=r"\S+",
            sublinear_tf=True,
            dtype=np.float32,
        )

    def inside(heard: bool, longest: int) -> TfidfVectorizer:
        return TfidfVectorizer(
            preprocessor=as_heard if heard else as_is,
            analyzer="char_wb",
            ngram_range=(1, longest),
            min_df=2,
            sublinear_tf=True,
            dtype=np.float32,
        )

    return FeatureUnion(
        [
            ("words", words(heard=False)),
            ("letters", inside(heard=False, longest=letters)),
            ("sounds", words(heard=True)),
            ("phones", inside(heard=True, longest=letters - 1)),
        ]
    )
