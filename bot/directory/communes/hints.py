"""What a raw text shows and its normalised words do not: which numbers are sums, which words have a capital."""

import re
from dataclasses import dataclass

from bot.text import fold

_AMOUNT = re.compile(
    r"(?<!\d)(\d{1,3}(?:[ .,]\d{3}){1,2}|\d{1,9})(?:[.,]\d{1,2})?\s?(?:€|e\b|eur\b|euros?\b|balles\b|k\b|%|francs?\b|m2\b|m²|km\b|h\b|ans\b)",
    re.IGNORECASE,
)
#: A word with a capital after a word without: not the beginning of a sentence, nor a text all in capitals.
_PROPER = re.compile(r"(?<=[^\W\d_A-ZÀ-Ý] )(?:[dDlL]['’])?([A-ZÀ-Ý][^\W\d_]*[a-zà-ÿ])")


@dataclass(frozen=True)
class Hints:
    """`amounts`: numbers that count something, digits only; `proper`: words written with a capital, folded."""

    amounts: frozenset[str] = frozenset()
    proper: frozenset[str] = frozenset()


def hints(text: str) -> Hints:
    """Read the hints of a cleaned text."""
    return Hints(
        frozenset(re.sub(r"\D", "", number) for number in _AMOUNT.findall(text)),
        frozenset(fold(word) for word in _PROPER.findall(text)),
    )


NO_HINTS = Hints()
