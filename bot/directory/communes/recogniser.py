"""Finds the places that a message names: exact, glued, cut, elided, misspelt, or by postcode. Pure."""

from dataclasses import replace

from bot.directory.communes import context, elsewhere, gazetteer, index, misspelt, names, numbers, ordinary, written
from bot.directory.communes.context import Cue
from bot.directory.communes.elsewhere import Elsewhere
from bot.directory.communes.hints import NO_HINTS, Hints
from bot.directory.communes.index import Entry, Usage
from bot.directory.communes.mention import Mention
from bot.directory.communes.message import Message


def find(tokens: list[str], hints: Hints = NO_HINTS) -> list[Mention]:
    """Return what names a place in `tokens` (the words of `normalise`), in order, without overlap.

    `hints`: what the raw text shows besides (see `hints.hints`).
    """
    message = Message([names.canonical(token) for token in tokens], hints)
    found: list[Mention] = []
    position = 0
    while position < len(tokens):
        mention = _postcode(message, position) or _name(message, position) or _department(message, position)
        if mention:
            found.append(mention)
            position = mention.end
        else:
            position += 1
    return found


def _postcode(message: Message, position: int) -> Mention | None:
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
    beside = _town_beside(message, position, end)
    if not (beside or numbers.is_placed(message.tokens, position, end)):
        return None
    return Mention(position, end, elsewhere=Elsewhere(digits, elsewhere.departments()[code]), postcode=True)


def _town_beside(message: Message, start: int, end: int) -> bool:
    """Tell whether a name of a place ends right before `start`, or begins at `end`."""
    tokens, entries = message.tokens, index.load().entries
    return any("".join(tokens[one:start]) in entries for one in range(max(0, start - 5), start)) or any(
        "".join(tokens[end:one]) in entries for one in range(end + 1, min(len(tokens), end + 6) + 1)
    )


def _department(message: Message, position: int) -> Mention | None:
    """Find a département elsewhere by its name or number: "dans le Gard", "je suis dans le 30"."""
    tokens = message.tokens
    before = tokens[position]
    if before not in {"dans", "dan", "en", "departement", "du", "le"}:
        return None
    start = position + 1
    while start < len(tokens) and tokens[start] in names.TIES:
        start += 1
    at_home = context.cue(tokens, start) is Cue.SURE
    sure = before == "departement" or (at_home and before != "du")
    named = before == "en" or (at_home if before in {"du", "le"} else start > position + 1)
    for end in range(min(len(tokens), start + 4), start, -1):
        key = "".join(tokens[start:end])
        code, name = index.departments().get(key, (elsewhere.HERE, ""))
        known = sure if key == code.lower() or ordinary.is_frequent(key) else named
        if code != elsewhere.HERE and known and (end == len(tokens) or tokens[end] not in written.GOES_ON):
            return Mention(start, end, elsewhere=Elsewhere(name, name))
    return None


def _name(message: Message, position: int) -> Mention | None:
    if message.tokens[position].isdigit():
        return None
    exact = written.exact(message, position)
    if exact and exact[0].key not in index.load().beginnings:
        return _mention(*exact, position)
    if close := misspelt.closest(message, position, exact):
        unsure = misspelt.is_doubtful(message, position, close[1], close[0])
        return replace(_mention(*close, position), unsure=unsure)
    return _mention(*exact, position) if exact else _elided(message, position)


def _mention(entry: Entry, end: int, start: int) -> Mention:
    if entry.town is None:
        return Mention(start, end, entry.communes, district=entry.district)
    return Mention(start, end, elsewhere=Elsewhere(entry.town.name, elsewhere.departments()[entry.town.departments[0]]))


def _elided(message: Message, position: int) -> Mention | None:
    """Find a name glued to the "d'" or the "à" before it: "dagde", "abeziers"."""
    token = message.tokens[position]
    if len(token) < 5 or token[0] not in "da" or ordinary.is_word(token):
        return None
    entry = index.load().entries.get(token[1:])
    if entry is None or not entry.communes or entry.usage is Usage.COMMON:
        return None
    if (token[0] == "d" and token[1] in "aeiouyh") or (token[0] == "a" and entry.whole and len(token) > 5):
        return _mention(entry, position + 1, position)
    return None
