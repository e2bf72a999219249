"""Names that are misspelt, or written as they are heard: the nearest of ours, where a place is expected. Pure.

Letters are compared by rapidfuzz, sounds by `bot.text.sound_key`; a right word of French is never a misspelt name.
"""

from collections.abc import Iterator
from dataclasses import replace

from rapidfuzz import process
from rapidfuzz.distance import OSA

from bot.directory.communes import context, index, names, ordinary
from bot.directory.communes.context import Cue
from bot.directory.communes.index import Entry, Usage
from bot.directory.communes.message import Message
from bot.directory.communes.written import takes
from bot.text import sound_key

#: "Saint" as it is heard.
_HEARD_SAINT = frozenset(["sain", "sin", "sant", "san", "cin"])
_SAINTS = frozenset(["saint", "sainte"])
#: No more comparisons letter by letter than this in one message: a flood of unknown words is read in bounded time.
MOST_COMPARED = 40
_LONGEST_SPAN = 6
#: From so many inhabitants a name alone, misspelt, is rather the town than a rare word.
_TOWN = 1500
#: By how much a place is expected: (shortest key, letters that may be wrong), the longest first.
_TOLERANCE = {
    Cue.SURE: ((14, 3), (7, 2), (5, 1)),
    Cue.PLACE: ((14, 3), (9, 2), (5, 1)),
    Cue.SERVICE: ((9, 2), (6, 1)),
    Cue.OF: ((12, 2), (7, 1)),
    Cue.NONE: ((13, 2), (8, 1)),
}


def closest(message: Message, position: int, exact: tuple[Entry, int] | None) -> tuple[Entry, int] | None:
    """Return the name that the words from `position` misspell, and where it ends; None when none is close enough.

    `exact`: a short form found there ("saint jean"), which a longer misspelling would make precise.
    """
    tokens = message.tokens
    if (
        tokens[position] in names.TIES
        or message.compared >= MOST_COMPARED
        or context.is_a_person(tokens, position)
        or context.is_not_a_place(tokens, position, tokens[position] in _SAINTS)
    ):
        return None
    expected = context.cue(tokens, position)
    article = context.after_article(tokens, position)
    best: tuple[float, Entry, int] | None = None
    for end in range(position + 1, min(len(tokens), position + _LONGEST_SPAN) + 1):
        words = tuple(tokens[position:end])
        if not (_may_be_in_a_name(words[-1]) or (len(words) < 3 and words[0] in _SAINTS | _HEARD_SAINT)):
            break
        as_saint = len(words) > 1 and words[0] in _HEARD_SAINT
        if as_saint:
            words = ("saint", *words[1:])
        elif "".join(words) in index.load().entries or context.is_idiom(tokens, position, end):
            continue  # written out, and not meant as a place
        alone = context.is_alone(tokens, position, end)
        strength = Cue.SURE if alone else expected
        if (position == 0 and tokens[end : end + 1] in (["pres"], ["cote"])) or tokens[end : end + 2] == ["a", "cote"]:
            strength = max(strength, Cue.PLACE)
        if words[-1] in names.TIES or (exact and end <= exact[1]) or not _may_be_misspelt(words, expected, strength):
            continue
        message.compared += 1
        judged = _nearest(words, strength, bool(exact))
        if judged and as_saint and judged[1].words[0] != "saint":
            continue
        if judged and not alone and expected < Cue.PLACE and _is_rather_a_word(words, judged[1]):
            continue
        if judged and article and not takes(judged[1], tokens, position):
            continue
        if judged and (best is None or judged[0] <= best[0]):
            best = (judged[0], judged[1], end)
        if message.compared >= MOST_COMPARED:
            break
    return (best[1], best[2]) if best else None


def is_doubtful(message: Message, start: int, end: int, entry: Entry) -> bool:
    """Tell whether a misspelt name could as well be something else: a commune elsewhere, or, alone, a rare word."""
    words = tuple(message.tokens[start:end])
    if "".join(words) in index.load().neighbours:
        return True
    return context.cue(message.tokens, start) < Cue.PLACE and _is_rather_a_word(words, entry)


def _is_rather_a_word(words: tuple[str, ...], entry: Entry) -> bool:
    """Tell whether a word that nothing announces as a place is as near to a rare word as to a small place."""
    small = entry.town is None and entry.communes[0].population < _TOWN
    return small and len(words) == 1 and ordinary.is_near_a_rare_word(words[0])


def _may_be_in_a_name(word: str) -> bool:
    """Tell whether a word is one of a name, or so strange that it may misspell one."""
    return not word.isdigit() and (word in names.TIES or word in index.load().words or not ordinary.is_frequent(word))


def _may_be_misspelt(words: tuple[str, ...], expected: Cue, strength: Cue) -> bool:
    """Tell whether some of the words is no word of French: right words are left as they are, but after "Saint"."""
    if words[0] in _SAINTS and len(words) > 1 and strength >= Cue.PLACE:
        return True
    # Where a person says that they live, a rare word is rather a misspelling.
    rare = expected < Cue.SURE
    strange = [word for word in words if word not in {*names.TIES, "saint"} and not ordinary.is_word(word, rare=rare)]
    return sum(map(len, strange)) >= 4


def _allowed(length: int, strength: Cue) -> int:
    """Return how many letters may be wrong in a key of that length."""
    return next((letters for shortest, letters in _TOLERANCE[strength] if length >= shortest), 0)


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
        ordinary.is_near_a_word(key, int(least) - 1 if strength is Cue.SURE else max(1, int(least)))
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
        if max(len(other), len(key)) >= 6 and (same_start or (distance == 1 and strength >= Cue.PLACE)):
            yield distance + (0 if same_start else 0.5), lookup.entries[other]


def _heard(words: tuple[str, ...], key: str, strength: Cue) -> Iterator[tuple[float, Entry]]:
    """Yield the names that sound like `words`, or all but: 0.7 for the same sounds, 1.2 for one of difference."""
    if strength is Cue.NONE or len(key) < 4:
        return
    lookup, sounds = index.load(), index.sounds_of(words)
    for entry in (entry for sound in sounds for entry in lookup.by_sound.get(sound, ())):
        if OSA.distance(key, entry.key) <= max(2, len(key) // 2) and (strength > Cue.OF or key[:2] == entry.key[:2]):
            yield (0.7 if key != entry.key else 0), entry
    sound = sounds[0]
    if len(sound) < 5 or strength < Cue.SERVICE or len(key) < (6 if strength >= Cue.PLACE else 8):
        return
    for other, _, _ in process.extract(sound, lookup.sounds, scorer=OSA.distance, score_cutoff=1, limit=8):
        for entry in lookup.by_sound[other]:
            # Few sounds in common are chance; many may be spelt with quite other letters.
            letters = len(key) // 2 if len(other) > 5 else max(2, (min(len(key), len(entry.key)) + 1) // 3)
            if other != sound and other[0] == sound[0] and OSA.distance(key, entry.key) <= letters:
                yield 1.2, entry


def _fits(words: tuple[str, ...], entry: Entry, distance: float, strength: Cue, goes_on: bool) -> bool:
    """Tell whether each right word among them is one of the name's: "béziers pour" is no misspelling of anything."""
    if (goes_on and not entry.whole) or (entry.town and (distance > 1 or strength < Cue.PLACE)):
        return False
    mine, theirs = names.content(words), names.content(entry.words)
    if len(mine) > 1 or len(theirs) > 1:
        if len(mine) != len(theirs):
            # Glued or cut apart as well: one letter wrong, no more.
            if distance > 1.2 or (len(mine) > len(theirs) and strength < Cue.PLACE):
                return False
        elif (
            any(
                OSA.distance(word, other) > max(1, (len(other) + 1) // 3) and sound_key(word) != sound_key(other)
                for word, other in zip(mine, theirs, strict=True)
            )
            and distance > 1
        ):
            return False
    if words[0] in _SAINTS and words[0] == entry.words[0] and distance <= 1.2:
        return True
    close = len(mine) == len(theirs) > 2  # of three words or more, each may be a right word misplaced
    return all(
        word in names.TIES or word in entry.words or not ordinary.is_frequent(word) or (close and word in mine)
        for word in words
    )


def _together(entries: list[Entry]) -> Entry:
    """Return one entry for all that are as near: several communes are to be asked; ours go before those elsewhere."""
    ours = [entry for entry in entries if entry.communes]
    if not ours:
        return entries[0]
    communes = {commune.insee: commune for entry in ours for commune in entry.communes}
    largest = tuple(sorted(communes.values(), key=lambda commune: -commune.population))
    return replace(ours[0], communes=largest)
