"""One written form for the many that people type: folded, unstretched, shorthand spelt out."""

import re
import unicodedata

from bot.text.shorthand import SHORTHAND

_APOSTROPHES = str.maketrans(
    dict.fromkeys("’‘`´ʼ′＇", "'")
    | dict.fromkeys("–—‑−", "-")
    | {"œ": "oe", "æ": "ae", "ß": "ss", "«": '"', "»": '"', "“": '"', "”": '"'}
)
#: Three times the same letter or more: nobody spells so, people insist so.
_STRETCHED = re.compile(r"([^\W\d_])\1{2,}")
_WORD = re.compile(r"\d+(?:[.,]\d+)?|[^\W\d_]+")
#: The same, with the apostrophe that elides it: "c'" is not the "c" that stands for "c'est".
_WORD_OR_ELISION = re.compile(
    # Shorthand that holds a digit ("2m1", "bi1") comes first: elsewhere letters and digits are words apart.
    rf"(?<![^\W_])(?:{'|'.join(word for word in SHORTHAND if not word.isalpha() and word.isalnum())})(?![^\W_])"
    r"|\d+(?:[.,]\d+)?|[^\W\d_]+'?"
)
#: An elided word that lost its apostrophe to a space: "j ai", "l assistante", "qu il".
_LOST_APOSTROPHE = re.compile(r"\b(c|j|l|d|n|m|t|s|qu|jusqu|lorsqu|puisqu) (?=[aeiouyh][a-z])")
_FOLDED_SHORTHAND: dict[str, str] = {}


def fold(text: str) -> str:
    """Return `text` in lower case without accents, ligatures or typographic signs.

    Its length may change ("œ" becomes "oe"): never use positions in the result as positions in `text`.
    """
    text = text.lower().translate(_APOSTROPHES)
    return "".join(c for c in unicodedata.normalize("NFD", text) if not unicodedata.combining(c))


_FOLDED_SHORTHAND.update({fold(word): meaning for word, meaning in SHORTHAND.items()})


def normalise(text: str) -> str:
    """Return the form of `text` that the brain learns from and reads: words apart by one space, no punctuation.

    Folded, stretched letters reduced ("aiiiide" → "aide"), lost apostrophes found, shorthand spelt out
    ("jpe pa payé mn loyer" → "je peux pa paye mon loyer"). Numbers stay.
    """
    text = _STRETCHED.sub(r"\1", fold(text))
    text = _LOST_APOSTROPHE.sub(r"\1'", text)
    spelt = (_FOLDED_SHORTHAND.get(word, word) for word in _WORD_OR_ELISION.findall(text))
    return " ".join(" ".join(_WORD.findall(word)) for word in spelt if word)


def words(text: str) -> list[str]:
    """Return the words and numbers of `text`, folded, in order."""
    return _WORD.findall(fold(text))
