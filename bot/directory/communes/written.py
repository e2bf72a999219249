"""Names that are written out, letter for letter, glued or cut: where they are, and whether a place is meant. Pure."""

from collections.abc import Sequence

from bot.directory.communes import context, index, names, ordinary
from bot.directory.communes.context import Cue
from bot.directory.communes.index import Entry, Usage
from bot.directory.communes.message import Message

#: Words after a name of every day that make it the word: "à quarante minutes", "à celles qui".
GOES_ON = frozenset(
    """
    de d du des qui que dont ans an minutes minute min mn euros km kilometres kilometre metres m jours heures h mois pour cent
    mille deux trois quatre cinq six sept huit neuf
    """.split()
)
#: As many words or fewer, with the name last, is a search: "pmi de Tourbes".
_SHORT_MESSAGE = 5
#: From so many inhabitants (Sète, Lattes), a name is searched for more often than its word is written.
_TOWN = 5000
#: From so many letters, words glued together are the name and nothing else: "saintmichel".
_GLUED = 9
#: From so many letters, a name cut otherwise than it should is still that name: "clermont lherault".
_LONG = 10
#: No name has more words than this.
_LONGEST = 12


def exact(message: Message, position: int) -> tuple[Entry, int] | None:
    """Return the longest name that starts at `position`, letter for letter, and where it ends."""
    lookup, key, matches = index.load(), "", []
    for end in range(position + 1, min(len(message.tokens), position + _LONGEST) + 1):
        key += message.tokens[end - 1]
        if key not in lookup.prefixes:
            break
        if entry := lookup.entries.get(key):
            matches.append((entry, end))
    for entry, end in reversed(matches):
        if _counts(message, entry, position, end):
            return entry, end
    return None


def _counts(message: Message, entry: Entry, start: int, end: int) -> bool:
    """Tell whether a name that is written out is meant as a place."""
    tokens = message.tokens
    words = tuple(tokens[start:end])
    as_cut = _same_cuts(words, entry)
    if _is_something_else(tokens, entry, start, end) or not (as_cut or _may_be_recut(words, entry)):
        return False
    if not as_cut and len(words) == 1 and len(entry.key) >= _GLUED:
        return True
    alone = context.is_alone(tokens, start, end)
    if entry.town is not None:
        return _counts_elsewhere(message, entry, start, alone)
    if entry.usage is Usage.NAME and not entry.district:
        return as_cut or alone or len(words) == 1 or len(entry.key) >= _LONG or context.cue(tokens, start) > Cue.NONE
    return _article_fits(tokens, words, entry, start) and (alone or _is_expected(message, entry, start, end))


def _is_something_else(tokens: list[str], entry: Entry, start: int, end: int) -> bool:
    """Tell whether what is around makes a person, a street, a school or a turn of phrase of a name."""
    town = entry.whole and not entry.usage and bool(entry.communes) and entry.communes[0].population >= _TOWN
    return (
        (not town and context.is_a_person(tokens, start))
        or context.is_idiom(tokens, start, end)
        or context.is_not_a_place(tokens, start, is_saint(tokens[start:end]))
    )


def _may_be_recut(words: tuple[str, ...], entry: Entry) -> bool:
    """Tell whether words cut otherwise than the name may still be it: glued, or a long name that is no word."""
    if not entry.communes:
        return False
    if len(words) == 1 and len(entry.key) >= _GLUED:
        return True
    return not entry.district and not entry.usage and len(entry.key) >= 7 and len(words[0]) > 1


def _is_expected(message: Message, entry: Entry, start: int, end: int) -> bool:
    """Tell whether what is around a name that is also a word shows that the place is meant."""
    expected = context.cue(message.tokens, start)
    if entry.usage is Usage.COMMON:
        return _is_meant(message, tuple(message.tokens[start:end]), expected, end)
    if expected >= (Cue.SERVICE if entry.district else Cue.OF):
        return True
    return not entry.district and _stands_out(message, entry, start, end)


def _stands_out(message: Message, entry: Entry, start: int, end: int) -> bool:
    """Tell whether a name that is also a word shows as a name: by its capital, or a town that ends a search."""
    proper, tokens = message.hints.proper, message.tokens
    if tokens[end - 1] in proper and not (start and tokens[start - 1] in proper):
        return True
    if start == 0 and (tokens[end : end + 1] in (["ou"], ["pres"]) or tokens[end : end + 2] == ["a", "cote"]):
        return True
    ends = end == len(tokens) <= 2 * _SHORT_MESSAGE
    return ends and entry.whole and entry.communes[0].population >= _TOWN


def is_saint(words: Sequence[str]) -> bool:
    """Tell whether a name is only that of a saint, as schools and people have."""
    return len(words) == 2 and words[0] in {"saint", "sainte"}


def _is_meant(message: Message, words: tuple[str, ...], expected: Cue, end: int) -> bool:
    """Tell whether a word of every day is meant as the commune of that name."""
    if end < len(message.tokens) and message.tokens[end] in GOES_ON:
        return False
    if expected is Cue.SURE or (expected > Cue.NONE and words[-1] in message.hints.proper):
        return True
    ends = all(token in context.FILLERS for token in message.tokens[end:])
    return expected >= Cue.SERVICE and len(words) == 1 and ends and end <= _SHORT_MESSAGE


def _counts_elsewhere(message: Message, entry: Entry, start: int, alone: bool) -> bool:
    """Tell whether the name of a town elsewhere is meant: a name where a place is expected, a word after "à" at least."""
    tokens = message.tokens
    expected = context.cue(tokens, start)
    if start and len(tokens[start - 1]) == 5 and tokens[start - 1].isdigit():
        return True
    if entry.usage is Usage.NAME:
        return alone or expected > Cue.NONE or tokens[start] in message.hints.proper
    if not _article_fits(tokens, tuple(tokens[start : start + 1]), entry, start):
        return False
    if entry.usage is Usage.COMMON:
        return expected is Cue.SURE and tokens[start - 1] == "a"
    is_word = len(entry.key) < 4 or is_saint(entry.words) or ordinary.is_frequent(entry.key)
    return expected >= Cue.PLACE or (alone and not is_word)


def _article_fits(tokens: list[str], words: tuple[str, ...], entry: Entry, start: int) -> bool:
    """Tell whether the article before a name is its own: "la campagne" is not Campagne, "au Bosc" is Le Bosc."""
    return words[0] in names.ARTICLES or not context.after_article(tokens, start) or takes(entry, tokens, start)


def _same_cuts(words: tuple[str, ...], entry: Entry) -> bool:
    """Tell whether the words are cut where the name cuts them."""
    return words == entry.words or words in set(names.written(entry.words))


def takes(entry: Entry, tokens: list[str], start: int) -> bool:
    """Tell whether the name has an article, and the word before is that one or holds it ("au Bosc", "des Aires")."""
    if entry.words[0] not in names.ARTICLES:
        return False
    holds = {"le": {"le", "au", "du", "o"}, "la": {"la"}, "les": {"les", "aux", "des"}, "l": {"l"}}
    return tokens[start - 1] in holds[entry.words[0]]
