"""French put into text messages: folded to the GSM 7-bit alphabet, counted in septets, cut between words.

One letter outside the alphabet (ç, ê, ’) turns a whole message into UCS-2 and more than halves what fits: everything
is folded first, keeping é è à ù. The alphabet and the counting are smsutil's. Pure.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import phonenumbers
from smsutil import codecs

#: What one text message carries, in septets.
SEPTETS = 160
#: Messages sent in a row at most; the rest waits for SUITE.
MOST = 2
#: What the person is told to answer when something is left.
CALL = "Répondez SUITE"

_CHARSET = frozenset(codecs.GSM_CHARSET)
_ALPHABET = _CHARSET - {"\x1b", "\r", "\n", "\f"}
_EXTENSION = frozenset(codecs.GSM_EXT_CHARSET)
#: Signs of French (and of hurried typing) that have no place in the alphabet and no plain form in Unicode.
_FOLDED = str.maketrans(
    {
        "œ": "oe", "Œ": "OE", "æ": "ae", "Æ": "AE", "ł": "l", "Ł": "L", "đ": "d", "Đ": "D", "ı": "i", "ẞ": "SS",
        "«": '"', "»": '"', "“": '"', "”": '"', "„": '"', "‟": '"', "″": '"', "‹": "'", "›": "'", "‘": "'", "’": "'",
        "‚": "'", "‛": "'", "′": "'", "ʼ": "'", "`": "'", "´": "'", "…": "...", "‐": "-", "‑": "-", "‒": "-", "–": "-",
        "—": "-", "―": "-", "−": "-", "•": "-", "‣": "-", "◦": "-", "●": "-", "▪": "-", "·": "-", "→": "->", "⇒": "->",
        "←": "<-", "×": "x", "÷": "/", "⁄": "/", "°": "o", "€": "EUR", "©": "(c)", "®": "(r)", "™": "(tm)", "¹": "1",
        "²": "2", "³": "3", "½": "1/2", "¼": "1/4", "¾": "3/4", "¢": "c", "¦": "|", "±": "+/-", "µ": "u", "¬": "-",
    }
)  # fmt: skip
#: Invisible: between two letters of one word as often as not, so no space stands for them.
_INVISIBLE = re.compile("[\u00ad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff]")
#: Stands for what the alphabet cannot write, until the spaces around are settled.
_LOST = "\x1b"
_QUOTED = re.compile(r"(?<=[«“])\s+|\s+(?=[»”])")
_GAP = re.compile(rf" *{_LOST}[ {_LOST}]*([.,)]?)")

_LINK = re.compile(r"\bhttps?://(?:www\.)?|\bwww\.(?=\w)", re.IGNORECASE)
_SLASH = re.compile(
    r"(?<=[a-z]\.(?:fr|eu))/(?=[ ,;:)!?]|\.(?: |$)|$)|(?<=[a-z]\.(?:org|com))/(?=[ ,;:)!?]|\.(?: |$)|$)"
)
_HOUR = re.compile(r"\b(\d{1,3}) ?h(?: ?([0-5]\d))?\b")
_EURO = re.compile(r"(?<=\d)(?=EUR\b)|(?<=\bEUR)(?=\d)")
#: What may be a number of ten digits that is not in one piece: libphonenumber tells.
_SPACED = re.compile(r"\+\d|\b00\d|\b0\d*[ .()/-]+\d")
_THREE = re.compile(r"\b116 (?=\d{3}\b(?! ?(?:EUR|\d)))")

#: A space that no message ends on: inside an amount or a date, before the punctuation that French sets apart, after
#: the number of a choice.
_TIED = re.compile(
    r"(?<=\d) (?=\d{3}(?!\d))"
    r"|(?<=\d) (?=(?:EUR|euros?|km|m|h|%|ans?|jours?|mois|semaines?|heures?|minutes?|enfants?|SMS)\b|%)"
    r"|(?<=\d) (?=(?:janvier|fevrier|février|mars|avril|mai|juin|juillet|aout|septembre|octobre|novembre|decembre)\b)"
    r"|(?<=1er) (?=[a-z])|(?<=\bpar) (?=ex\.)|(?<=\b(?:lun|mar|mer|jeu|ven|sam|dim)) (?=\d)"
    r"|(?<=\b[nN]o) (?=\d)"
    r"| (?=[:;?!](?: |$))"
    r"|(?<=  [1-9]) (?=\S)|(?<=: 1) (?=[A-Z])"
)
_TIE = "\u00a0"
_SENTENCE = re.compile(r"[.!?]$")
_ABBREVIATED = frozenset({"ex.", "tél.", "Tél.", "env.", "no.", "av.", "bd."})
#: Share of a message that may be given up to end it with a sentence.
_MOSTLY = 0.6


#: (the space before, a word), or a letter of a word that no message could hold.
Piece = tuple[str, str]


@dataclass(frozen=True)
class Parts:
    """Text messages to send one after the other, and what waits for SUITE ("" when nothing does).

    Each of `now` is 160 septets at most. When `later` holds something that the person must not miss, the last of `now`
    ends with the call to answer SUITE; choices that found no room may wait without being announced.
    """

    now: tuple[str, ...]
    later: str = ""


def _letters(text: str) -> Iterator[str]:
    for letter in text.translate(_FOLDED):
        if letter in _ALPHABET:
            yield letter
        elif letter.isspace():
            yield " "
        else:
            plain = "".join(c for c in unicodedata.normalize("NFKD", letter) if not unicodedata.combining(c))
            known = "".join(c for c in plain.translate(_FOLDED) if c in _ALPHABET)
            yield known or _LOST


def _fold(text: str) -> str:
    folded = "".join(_letters(unicodedata.normalize("NFC", _QUOTED.sub("", _INVISIBLE.sub("", text)))))
    folded = _GAP.sub(lambda gap: gap[1] or (" " if " " in gap[0] else ""), folded)
    # Two spaces set choices apart; more say nothing.
    return re.sub(r" {3,}", " ", folded).strip(" ")


def _dialled(text: str) -> str:
    """Write telephone numbers without spaces: no phone cuts them, and a touch dials them."""
    if not _SPACED.search(text):
        return _THREE.sub("116", text)
    pieces, end = [], 0
    for match in phonenumbers.PhoneNumberMatcher(text, "FR"):
        number = match.number
        kind = phonenumbers.PhoneNumberFormat
        form = kind.NATIONAL if number.country_code == 33 else kind.E164
        pieces += [text[end : match.start], re.sub(r"[^\d+]", "", phonenumbers.format_number(number, form))]
        end = match.end
    return _THREE.sub("116", "".join([*pieces, text[end:]]))


def _once(text: str) -> str:
    text = _LINK.sub("", _fold(text))
    text = _SLASH.sub("", text)
    text = _HOUR.sub(lambda hour: f"{hour[1]}h{hour[2] or ''}", text)
    return _dialled(_EURO.sub(" ", text))


@lru_cache(maxsize=256)
def to_gsm(text: str) -> str:
    """Return `text` as a text message writes it: the GSM 7-bit alphabet, numbers and hours in one piece, links short.

    What the alphabet cannot write at all (emoji, Arabic) is left out. Written once more, it does not change.
    """
    while (written := _once(text)) != text:
        text = written
    return text


def septets(text: str) -> int:
    """Return how many septets `text` takes; raise ValueError when it is not in the GSM alphabet."""
    if not _CHARSET.issuperset(text):
        raise ValueError("not in the GSM 7-bit alphabet")
    return len(text) + sum(map(text.count, _EXTENSION))


def _pieces(text: str, room: int) -> Iterator[Piece]:
    """Yield (the space before, the word) of `text`; a word that no message could hold comes letter by letter."""
    for space, word in re.findall(r"( *)([^ ]+)", _TIED.sub(_TIE, text)):
        if septets(word.replace(_TIE, " ")) <= room:
            yield space, word.replace(_TIE, " ")
            continue
        for gap, piece in re.findall(rf"({_TIE}*)([^{_TIE}]+)", word):
            before = gap.replace(_TIE, " ") or space
            letters = [piece] if septets(piece) <= room else list(piece)
            yield from zip([before] + [""] * (len(letters) - 1), letters, strict=True)


def _filled(pieces: Sequence[Piece], rooms: Sequence[int]) -> tuple[list[str], Sequence[Piece]]:
    """Fill messages of `rooms` septets one after the other; return them, and the pieces that found no room."""
    left, filled = list(pieces), []
    for room in rooms:
        count = _fitting(left, room)
        if count:
            filled.append(_joined(left[:count]))
            del left[:count]
    return filled, left


def _fitting(pieces: Sequence[Piece], room: int) -> int:
    """Return how many of the first `pieces` go into `room` septets."""
    used = 0
    for count, (space, word) in enumerate(pieces):
        used += septets(word) + (len(space) if count else 0)
        if used > room:
            return count
    return len(pieces)


def _well_filled(pieces: Sequence[Piece], rooms: Sequence[int]) -> list[str] | None:
    """Fill `rooms` with all of `pieces`, each message ended with a sentence or a choice where that still lets all fit."""
    left, filled = list(pieces), []
    for position, room in enumerate(rooms):
        most, after = _fitting(left, room), rooms[position + 1 :]
        ends = [count for count in range(1, most + 1) if count == len(left) or _ends(left, count)]
        good = next((count for count in reversed(ends) if not _filled(left[count:], after)[1]), most)
        if good:
            filled.append(_joined(left[:good]))
            del left[:good]
    return None if left else filled


def _ends(pieces: Sequence[Piece], count: int) -> bool:
    """Tell whether something ends after `count` pieces: a sentence, or a choice."""
    word, following = pieces[count - 1][1], pieces[count]
    return following[0] == "  " or (
        bool(_SENTENCE.search(word)) and word not in _ABBREVIATED and not following[1].islower()
    )


def _joined(pieces: Iterable[Piece]) -> str:
    return "".join(space + word for space, word in pieces).strip(" ")


def _number(count: int) -> int:
    """Return the septets of "(1/2) "."""
    return len(f"({count}/{count}) ")


def cut(text: str, most: int = MOST) -> Parts:
    """Return `split` of a text in the GSM alphabet already: what waited for SUITE is not written anew."""
    if not text:
        return Parts(())
    if septets(text) <= SEPTETS:
        return Parts((text,))
    for count in range(2, most + 1):
        room = SEPTETS - _number(count)
        if messages := _well_filled(list(_pieces(text, room)), (room,) * count):
            return Parts(_numbered(messages))
    room = SEPTETS - (_number(most) if most > 1 else 0)
    call = len(f"... {CALL}")
    messages, left = _filled(list(_pieces(text, room - call)), (*[room] * (most - 1), room - call))
    last, after = _ended(messages[-1])
    messages[-1] = f"{last}{' ' if _SENTENCE.search(last) else '... '}{CALL}"
    return Parts(_numbered(messages), " ".join(filter(None, (after, _joined(left)))))


def _ended(message: str) -> tuple[str, str]:
    """Return what `message` says up to the end of its last sentence, when that is most of it, and the rest."""
    ends = [match.end() for match in re.finditer(r"[.!?](?= )", message)]
    if _SENTENCE.search(message) or not ends or ends[-1] < len(message) * _MOSTLY:
        return message, ""
    return message[: ends[-1]], message[ends[-1] :].strip(" ")


def _numbered(messages: list[str]) -> tuple[str, ...]:
    if len(messages) == 1:
        return (messages[0],)
    return tuple(f"({rank}/{len(messages)}) {message}" for rank, message in enumerate(messages, start=1))


def split(text: str, most: int = MOST) -> Parts:
    """Return `text` as at most `most` text messages, cut between words; what does not fit waits for SUITE.

    Numbered "(1/2) " when there are several. A number, an amount, an hour or a link is never cut, unless one message
    could not hold it. Nothing to say gives no message.
    """
    return cut(to_gsm(text), most)


def fits(text: str, most: int = MOST) -> bool:
    """Tell whether `most` messages hold all of `text`."""
    used = septets(to_gsm(text))
    return used <= SEPTETS or (used <= most * SEPTETS and not split(text, most).later)


def parts(text: str) -> int:
    """Return how many text messages all of `text` takes, were there no limit; 0 for none."""
    return len(split(text, 9).now)
