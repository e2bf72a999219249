"""Finds the places that a message names: exact, glued, cut, elided, misspelt, or by postcode. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from rapidfuzz import process
from rapidfuzz.distance import OSA

from bot.directory.communes import context, elsewhere, gazetteer, index, names, numbers, ordinary
from bot.directory.communes.context import Cue
from bot.directory.communes.elsewhere import Elsewhere
from bot.directory.communes.hints import NO_HINTS, Hints
from bot.directory.communes.index import Entry, Usage
from bot.directory.communes.mention import Mention
from bot.text import sound_key

#: Words after a name of every day that make it the word: "à quarante minutes", "à celles qui".
_GOES_ON = frozenset(
    """
    de d du des qui que dont ans an minutes minute min mn euros km kilometres kilometre metres m jours heures h mois pour cent
    mille deux trois quatre cinq six sept huit neuf
    """.split()
)
#: No more comparisons letter by letter than this in one message: a flood of unknown words is read in bounded time.
_MOST_COMPARED = 40
_LONGEST_SPAN = 6
#: From so many inhabitants (Sète, Lattes), a name is searched for more often than its word is written.
_TOWN = 5000
#: As many words or fewer, with the name last, is a search: "pmi de Tourbes".
_SHORT_MESSAGE = 5


@dataclass
class _Message:
    """A message being read: its words in their one form, and what was spent on it."""

    tokens: list[str]
    hints: Hints
    compared: int = 0


def find(tokens: list[str], hints: Hints = NO_HINTS) -> list[Mention]:
    """Return what names a place in `tokens` (the words of `normalise`), in order, without overlap.

    `hints`: what the raw text shows besides (see `hints.hints`).
    """
    message = _Message([names.canonical(token) for token in tokens], hints)
    found: list[Mention] = []
    position = 0
    while position < len(tokens):
        mention = _postcode(message, position) or _name(message, position)
        if mention:
            found.append(mention)
            position = mention.end
        else:
            position += 1
    return found


def _postcode(message: _Message, position: int) -> Mention | None:
    read = numbers.read(message.tokens, position)
    if read is None:
        return None
    digits, end = read
    if digits in message.hints.amounts or numbers.is_quantity(message.tokens, position, end):
        return None
    if communes := gazetteer.load().by_postcode.get(digits):
        return Mention(position, end, communes, postcode=True)
    code = elsewhere.of_postcode(digits)
    if code is None or code == elsewhere.HERE:
        return None
    beside = _exact(message, end) or _town_before(message, position)
    if not (beside or numbers.is_placed(message.tokens, position, end)):
        return None
    return Mention(position, end, elsewhere=Elsewhere(digits, elsewhere.departments()[code]), postcode=True)


def _town_before(message: _Message, position: int) -> bool:
    """Tell whether a name of a place ends right before `position`."""
    return any(
        "".join(message.tokens[start:position]) in index.load().entries
        for start in range(max(0, position - 5), position)
    )


def _name(message: _Message, position: int) -> Mention | None:
    if message.tokens[position].isdigit():
        return None
    exact = _exact(message, position)
    if exact and exact[0].key not in index.load().beginnings:
        return _mention(message, *exact, position)
    close = _close(message, position, exact)
    if close:
        return _mention(message, *close, position)
    return _mention(message, *exact, position) if exact else _elided(message, position)


def _exact(message: _Message, position: int) -> tuple[Entry, int] | None:
    """Return the longest name that starts at `position`, letter for letter, and where it ends."""
    lookup, key, matches = index.load(), "", []
    for end in range(position + 1, min(len(message.tokens), position + 12) + 1):
        key += message.tokens[end - 1]
        if key not in lookup.prefixes:
            break
        if entry := lookup.entries.get(key):
            matches.append((entry, end))
    for entry, end in reversed(matches):
        if _counts(message, entry, position, end):
            return entry, end
    return None


def _counts(message: _Message, entry: Entry, start: int, end: int) -> bool:
    """Tell whether a name that is written out is meant as a place."""
    tokens = message.tokens
    words = tuple(tokens[start:end])
    as_cut = _same_cuts(words, entry)
    if context.is_not_a_place(tokens, start, entry.words[0] in {"saint", "sainte"} and len(entry.words) == 2):
        return False
    if not as_cut and (entry.district or entry.usage or len(entry.key) < 7 or entry.town or len(words[0]) == 1):
        return False
    expected = context.cue(tokens, start)
    alone = context.is_alone(tokens, start, end)
    if entry.town is not None:
        return _counts_elsewhere(tokens, entry, start, expected, alone)
    if alone or (entry.usage is Usage.NAME and not entry.district):
        return as_cut or alone or expected > Cue.NONE or len(words) == 1
    if not _article_fits(tokens, words, entry, start):
        return False
    if entry.usage is Usage.COMMON:
        return _is_meant(message, words, expected, end)
    if expected >= (Cue.SERVICE if entry.district else Cue.OF):
        return True
    return not entry.district and _stands_out(message, entry, start, end)


def _stands_out(message: _Message, entry: Entry, start: int, end: int) -> bool:
    """Tell whether a name that is also a word shows as a name: by its capital, or a town that ends a search."""
    proper, tokens = message.hints.proper, message.tokens
    if tokens[end - 1] in proper and not (start and tokens[start - 1] in proper):
        return True
    return entry.whole and entry.communes[0].population >= _TOWN and end == len(tokens) <= 2 * _SHORT_MESSAGE


def _is_meant(message: _Message, words: tuple[str, ...], expected: Cue, end: int) -> bool:
    """Tell whether a word of every day is meant as the commune of that name."""
    if end < len(message.tokens) and message.tokens[end] in _GOES_ON:
        return False
    if expected is Cue.SURE or (expected > Cue.NONE and words[-1] in message.hints.proper):
        return True
    ends = all(token in context.FILLERS for token in message.tokens[end:])
    return expected >= Cue.SERVICE and len(words) == 1 and ends and end <= _SHORT_MESSAGE


def _counts_elsewhere(tokens: list[str], entry: Entry, start: int, expected: Cue, alone: bool) -> bool:
    """Tell whether the name of a town elsewhere is meant: a name where a place is expected, a word after "à" at least."""
    if entry.usage is Usage.NAME:
        return alone or expected > Cue.NONE
    if not _article_fits(tokens, tuple(tokens[start : start + 1]), entry, start):
        return False
    if entry.usage is Usage.COMMON:
        return expected is Cue.SURE and tokens[start - 1] == "a"
    return expected >= Cue.PLACE


def _article_fits(tokens: list[str], words: tuple[str, ...], entry: Entry, start: int) -> bool:
    """Tell whether the article before a name is its own: "la campagne" is not Campagne, "au Bosc" is Le Bosc."""
    return words[0] in names.ARTICLES or not context.after_article(tokens, start) or _takes(entry, tokens, start)


def _same_cuts(words: tuple[str, ...], entry: Entry) -> bool:
    """Tell whether the words are cut where the name cuts them."""
    return words == entry.words or words in set(names.written(entry.words))


def _takes(entry: Entry, tokens: list[str], start: int) -> bool:
    """Tell whether the name has an article, and the word before is that one or holds it ("au Bosc", "des Aires")."""
    if entry.words[0] not in names.ARTICLES:
        return False
    holds = {"le": {"le", "au", "du"}, "la": {"la"}, "les": {"les", "aux", "des"}, "l": {"l"}}
    return tokens[start - 1] in holds[entry.words[0]]


def _mention(message: _Message, entry: Entry, end: int, start: int) -> Mention:
    if entry.town is None:
        return Mention(start, end, entry.communes, district=entry.district)
    return Mention(start, end, elsewhere=Elsewhere(entry.town.name, elsewhere.departments()[entry.town.departments[0]]))


def _elided(message: _Message, position: int) -> Mention | None:
    """Find a name glued to the "d'" or the "à" before it: "dagde", "abeziers"."""
    token = message.tokens[position]
    if len(token) < 5 or token[0] not in "da" or ordinary.is_word(token):
        return None
    entry = index.load().entries.get(token[1:])
    if entry is None or not entry.communes or entry.usage is Usage.COMMON:
        return None
    if (token[0] == "d" and token[1] in "aeiouyh") or (token[0] == "a" and entry.whole and len(token) > 5):
        return _mention(message, entry, position + 1, position)
    return None


# Misspelt names -------------------------------------------------------------------------------------------------------


def _close(message: _Message, position: int, exact: tuple[Entry, int] | None) -> tuple[Entry, int] | None:
    """Return the name that the words from `position` misspell, and where it ends; None when none is close enough.

    `exact`: a short form found there ("saint jean"), which a longer misspelling would make precise.
    """
    tokens = message.tokens
    if (
        tokens[position] in names.TIES
        or message.compared >= _MOST_COMPARED
        or context.is_not_a_place(tokens, position, False)
    ):
        return None
    expected = context.cue(tokens, position)
    article = context.after_article(tokens, position)
    best: tuple[float, Entry, int] | None = None
    for end in range(position + 1, min(len(tokens), position + _LONGEST_SPAN) + 1):
        words = tuple(tokens[position:end])
        if not _may_be_in_a_name(words[-1]):
            break
        strength = Cue.SURE if context.is_alone(tokens, position, end) else expected
        if words[-1] in names.TIES or (exact and end <= exact[1]) or not _may_be_misspelt(words, strength):
            continue
        message.compared += 1
        judged = _nearest(words, strength, bool(exact))
        if judged and article and not _takes(judged[1], tokens, position):
            continue
        if judged and (best is None or judged[0] <= best[0]):
            best = (judged[0], judged[1], end)
        if message.compared >= _MOST_COMPARED:
            break
    return (best[1], best[2]) if best else None


def _may_be_in_a_name(word: str) -> bool:
    """Tell whether a word is one of a name, or so strange that it may misspell one."""
    return not word.isdigit() and (word in names.TIES or word in index.load().words or not ordinary.is_frequent(word))


def _may_be_misspelt(words: tuple[str, ...], strength: Cue) -> bool:
    """Tell whether some of the words is no word of French: right words are left as they are, but after "Saint"."""
    if words[0] in {"saint", "sainte"} and len(words) > 1 and strength >= Cue.PLACE:
        return True
    strange = [word for word in words if word not in names.TIES and not ordinary.is_word(word) and word != "saint"]
    return sum(map(len, strange)) >= 4


def _allowed(length: int, strength: Cue) -> int:
    """Return how many letters may be wrong in a key of that length."""
    return next((letters for shortest, letters in _TOLERANCE[strength] if length >= shortest), 0)


#: By how much a place is expected: (shortest key, letters that may be wrong), the longest first.
_TOLERANCE = {
    Cue.SURE: ((14, 3), (7, 2), (5, 1)),
    Cue.PLACE: ((14, 3), (9, 2), (5, 1)),
    Cue.SERVICE: ((9, 2), (6, 1)),
    Cue.OF: ((12, 2), (7, 1)),
    Cue.NONE: ((13, 2), (8, 1)),
}


def _nearest(words: tuple[str, ...], strength: Cue, goes_on: bool) -> tuple[float, Entry] | None:
    """Return how far the nearest name is (a share of its letters) and the name, or None."""
    key = "".join(words)
    found = [
        (distance, entry)
        for distance, entry in (*_heard(words, key, strength), *_spelt(key, strength))
        if _fits(words, entry, distance, strength, goes_on)
    ]
    if not found:
        return None
    least = min(distance for distance, _ in found)
    nearest = [entry for distance, entry in found if distance == least]
    if any(entry.usage is Usage.COMMON for entry in nearest):
        return None
    if len(words) == 1 and (
        ordinary.is_near_a_word(key, int(least) if strength is Cue.SURE else max(1, int(least)))
        or (ordinary.sounds_like_a_word(key) and strength < Cue.SURE)
    ):
        return None
    return least / len(key), _together(nearest)


def _spelt(key: str, strength: Cue) -> Iterator[tuple[float, Entry]]:
    """Yield the names that differ by a few letters from `key`, and by how many: more when the first is wrong."""
    lookup, allowed = index.load(), _allowed(len(key), strength)
    if not allowed:
        return
    near = lookup.of_length(len(key) - allowed, len(key) + allowed)
    for other, distance, _ in process.extract(key, near, scorer=OSA.distance, score_cutoff=allowed, limit=8):
        same_start = other[0] == key[0]
        if max(len(other), len(key)) >= 6 and (same_start or strength >= Cue.PLACE):
            yield distance + (0 if same_start else 0.5), lookup.entries[other]


def _heard(words: tuple[str, ...], key: str, strength: Cue) -> Iterator[tuple[float, Entry]]:
    """Yield the names that sound like `words`, or all but: 0.7 for the same sounds, 1.2 for one of difference."""
    if strength is Cue.NONE or len(key) < 4:
        return
    lookup, sound = index.load(), index.sound_of(words)
    for entry in lookup.by_sound.get(sound, ()):
        if OSA.distance(key, entry.key) <= max(2, len(key) // 2) and (strength > Cue.OF or key[:2] == entry.key[:2]):
            yield (0.7 if key != entry.key else 0), entry
    if len(sound) < 5 or strength < Cue.SERVICE or len(key) < (6 if strength >= Cue.PLACE else 8):
        return
    for other, _, _ in process.extract(sound, lookup.sounds, scorer=OSA.distance, score_cutoff=1, limit=8):
        for entry in lookup.by_sound[other]:
            if (
                other != sound
                and other[0] == sound[0]
                and OSA.distance(key, entry.key) <= max(2, (min(len(key), len(entry.key)) + 1) // 3)
            ):
                yield 1.2, entry


def _fits(words: tuple[str, ...], entry: Entry, distance: float, strength: Cue, goes_on: bool) -> bool:
    """Tell whether each right word among them is one of the name's: "béziers pour" is no misspelling of anything."""
    if (goes_on and not entry.whole) or (entry.town and distance > 1):
        return False
    mine, theirs = names.content(words), names.content(entry.words)
    if len(mine) > 1 or len(theirs) > 1:
        if len(mine) != len(theirs):
            # Glued or cut apart as well: one letter wrong, no more.
            if distance > 1.2 or (len(mine) > len(theirs) and strength < Cue.PLACE):
                return False
        elif (
            any(
                OSA.distance(word, other) > max(1, len(other) // 3) and sound_key(word) != sound_key(other)
                for word, other in zip(mine, theirs, strict=True)
            )
            and distance > 1
        ):
            return False
    if words[0] in {"saint", "sainte"} and words[0] == entry.words[0] and distance <= 1.2:
        return True
    return all(word in names.TIES or word in entry.words or not ordinary.is_frequent(word) for word in words)


def _together(entries: list[Entry]) -> Entry:
    """Return one entry for all that are as near: several communes are to be asked; ours go before those elsewhere."""
    ours = [entry for entry in entries if entry.communes]
    if not ours:
        return entries[0]
    communes = {commune.insee: commune for entry in ours for commune in entry.communes}
    largest = tuple(sorted(communes.values(), key=lambda commune: -commune.population))
    return replace(ours[0], communes=largest)
