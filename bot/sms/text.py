"""French put into the GSM 7-bit alphabet, and counted as a phone network counts it.

One letter outside the alphabet (ç, ê, ’) turns a whole message into UCS-2 and more than halves what fits: everything
is folded first, keeping é è à ù. Counting and cutting are smsutil's.
"""

import re
import unicodedata

import smsutil

#: Letters and signs of French (and of hurried typing) that have no place in the alphabet, and what stands for them.
_FOLDED = str.maketrans(
    {
        "ç": "c", "Ç": "Ç", "œ": "oe", "Œ": "OE", "æ": "ae", "«": '"', "»": '"', "“": '"', "”": '"', "„": '"', "‘": "'", "’": "'", "`": "'", "…": "...",
        "–": "-", "—": "-", "‑": "-", "•": "-", "·": "-", "→": "->", "°": "o", "€": "EUR", "\u00a0": " ", "\u202f": " ", "\u2009": " ", "\t": " ",
    }
)  # fmt: skip


def to_gsm(text: str) -> str:
    """Return `text` written with the GSM 7-bit alphabet only; what cannot be written is dropped."""
    letters = []
    for letter in text.translate(_FOLDED):
        if smsutil.is_valid_gsm(letter):
            letters.append(letter)
            continue
        plain = "".join(c for c in unicodedata.normalize("NFKD", letter) if not unicodedata.combining(c))
        letters.extend(c for c in plain if smsutil.is_valid_gsm(c))
    return re.sub(r" {2,}", " ", "".join(letters)).strip()


def parts(text: str) -> int:
    """Return how many messages `text` takes once folded."""
    return len(smsutil.split(to_gsm(text)).parts)
