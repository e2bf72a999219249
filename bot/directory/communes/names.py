"""How the name of a commune is written: with or without its article, its small words, its "Saint", its spaces."""

from collections.abc import Iterator
from itertools import product

from bot.text import normalise

ARTICLES = frozenset(["le", "la", "les", "l"])
#: Small words that tie the parts of a name: people drop them, or change one for another.
TIES = frozenset(["sur", "les", "lez", "le", "la", "l", "d", "de", "du", "des", "et", "en", "s"])
#: Beginnings of names that are words of their own: never the whole for the part.
_NOT_ALONE = frozenset(["causse", "causses", "tour", "mas", "moules", "dame", "verreries", "viols"])
_SPELT_OUT = {"st": "saint", "ste": "sainte", "sts": "saints", "snt": "saint", "lez": "les"}


def canonical(token: str) -> str:
    """Return the one form of a word of a name: "st" is "saint", "lez" is "lès"."""
    return _SPELT_OUT.get(token, token)


def words_of(name: str) -> tuple[str, ...]:
    """Return the words of a name in their one form."""
    return tuple(map(canonical, normalise(name).split()))


def content(words: tuple[str, ...]) -> tuple[str, ...]:
    """Return the words of a name without those that tie it; its last word is always kept."""
    return (*(word for word in words[:-1] if word not in TIES), words[-1])


def shortened(words: tuple[str, ...]) -> tuple[str, ...] | None:
    """Return the beginning of a name that people use for the whole ("la salvetat"), or None when there is none."""
    start = 1 if words[0] in ARTICLES | {"saint", "sainte"} else 0
    for position in range(start + 1, len(words)):
        if words[position] in TIES:
            return None if words[position - 1] in _NOT_ALONE else words[:position]
    return None


def written(words: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """Yield the ways to write a name, the whole one first: without its article, without its ties, with "st" or "lez"."""
    whole = [words]
    if words[0] in ARTICLES and len(words) > 1:
        whole.append(words[1:])
    for base in list(whole):
        if (bare := content(base)) != base and len(bare) > 1:
            whole.append(bare)
    seen = set()
    for base in whole:
        options = [
            {"saint": ("saint", "st"), "sainte": ("sainte", "ste"), "les": ("les", "lez"), "sur": ("sur", "s")}.get(
                word, (word,)
            )
            for word in base
        ]
        for variant in product(*options):
            if variant not in seen:
                seen.add(variant)
                yield variant
