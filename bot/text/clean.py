"""What arrives from a keyboard, a phone or an attacker, made into plain text."""

import re
import unicodedata

_SPACES = re.compile(r"\s+")
#: Invisible characters that carry no text: zero-width, direction marks, soft hyphen, BOM.
_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]"
)
#: More combining marks in a row than any language needs ("zalgo" text).
_MARKS = re.compile(
    r"([\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]{2})[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]+"
)
#: Categories dropped whatever they are: control, surrogate, private use, unassigned.
_DROPPED = frozenset({"Cc", "Cs", "Co", "Cn"})


def clean(text: str) -> str:
    """Return `text` composed (NFC), on one line, without control or invisible characters.

    Full-width and other compatibility forms of letters and digits become the plain ones (NFKC), so that no
    look-alike escapes the rules that follow. The result may be empty.
    """
    for _ in range(4):  # what one step frees, the next may have to clean: it settles in two or three rounds
        before = text
        text = unicodedata.normalize("NFKC", _MARKS.sub(r"\1", _INVISIBLE.sub("", text)))
        text = "".join(c for c in _SPACES.sub(" ", text) if unicodedata.category(c) not in _DROPPED)
        text = _SPACES.sub(" ", text).strip()
        if text == before:
            break
    return text


def is_readable(text: str) -> bool:
    """Tell whether `text` holds at least one letter or digit: something to understand."""
    return any(c.isalnum() for c in text)
