"""How a French word sounds, roughly: words that are heard alike get one key, however they are spelt.

A person who writes "alokassion" or "un randé vou" writes what they hear. The rules below are a small set of our own,
ordered, from graphemes to sounds; they need not be right about a word, only say the same of its spellings.
"""

import re
from functools import lru_cache

from bot.text.normal import fold

_EU = "oeu|eu|oe"
#: (grapheme, sound), in order. Capital letters are sounds already found, which no later rule touches:
#: O (o, au, eau), N (an, en), I (in, ain, un), U (on), E (é, è, ai, er, ez), W (oi), S (s heard in "tion").
_RULES: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(grapheme), sound)
    for grapheme, sound in (
        (r"h(?<!ch)(?<!ph)", ""),
        (r"ph", "f"),
        (r"ch|sh|sch", "C"),
        (r"ss|sc(?=[eiy])|(?<=[a-z])t(?=ion|ie[lu]|ia[lr])", "S"),
        (r"c(?=[eiy])", "S"),
        (r"qu|q|ck|cc|k|c", "k"),
        (r"gu(?=[eiy])", "g"),
        (r"g(?=[eiy])|ge(?=[ao])", "j"),
        (r"gn", "ni"),
        (r"(?<=[aeiouy])s(?=[aeiouy])", "z"),
        (r"s+", "S"),
        (r"x$", ""),
        (r"x", "kS"),
        (r"eau|au(?!x?e)|ôt", "O"),
        (_EU, "e"),
        (r"ou|w", "V"),
        (r"oi|oy|oua", "W"),
        (r"(?:ain|ein|aim|in|im|un|um|yn|ym)(?![aeiouyn])", "I"),
        (r"ien(?![aeiouyn])", "iI"),
        (r"(?:an|am|en|em)(?![aeiouynm])", "N"),
        (r"(?:on|om)(?![aeiouynm])", "U"),
        (r"(?:aient|ait|ais|ai|ei|ay|ey)", "E"),
        (r"(?:er|ez|et|ee|ees|es|e)$", "E"),
        (r"ill|ll(?<=i)", "i"),
        (r"y", "i"),
        (r"o", "O"),
        (r"(.)\1+", r"\1"),
        (r"[tdpSzn]+$", ""),
        (r"(?<=[^aeiou])E$", ""),
    )
)

#: The same, for a reader that would rather hear too much alike: every "e" is "é" but "eu", which stays apart.
_LOOSE_RULES = (
    *((grapheme, "Q" if grapheme.pattern == _EU else sound) for grapheme, sound in _RULES[:-3]),
    (re.compile("e"), "E"),
    *_RULES[-3:],
)


@lru_cache(maxsize=50_000)
def sound_key(word: str) -> str:
    """Return the key of one word: equal for spellings heard alike ("rendez", "randé"), never empty for a word.

    Numbers and words of one letter are their own key.
    """
    return _key(fold(word), _RULES)


@lru_cache(maxsize=50_000)
def loose_key(word: str) -> str:
    """Return the key of one word for which "semène" and "semaine" are heard alike: without accents, "e" may be "é".

    Like `sound_key` otherwise; it tells fewer words apart, and is made for counting, not for recognising a name.
    """
    return _key(fold(word), _LOOSE_RULES)


def _key(folded: str, rules: tuple[tuple[re.Pattern[str], str], ...]) -> str:
    if len(folded) < 2 or folded.isdigit():
        return folded
    key = folded
    for grapheme, sound in rules:
        key = grapheme.sub(sound, key)
    return key or folded
