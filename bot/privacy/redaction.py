"""Takes personal data out of what a person writes, before Rasa, a store or a log sees it. Pure.

Each recogniser names the spans that it finds; where two overlap, the first of `_RECOGNISERS` wins. What has a checksum
(NIR, IBAN, card) is trusted on it; what has none needs words around it. Amounts, postcodes, hours, dates that are no
birthday, and the numbers of services stay.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import Enum

import phonenumbers

from bot.directory import communes
from bot.privacy.names import names
from bot.privacy.streets import addresses
from bot.text import normalise

Span = tuple[int, int]


class Kind(Enum):
    """What was taken out; the value is what is written in its place."""

    NIR = "numéro de sécurité sociale"
    IBAN = "IBAN"
    CARD = "carte bancaire"
    EMAIL = "courriel"
    PHONE = "téléphone"
    BIRTH_DATE = "date de naissance"
    CAF = "numéro d'allocataire"
    FRANCE_TRAVAIL = "identifiant France Travail"
    ADDRESS = "adresse"
    NAME = "nom"
    NUMBER = "numéro"


@dataclass(frozen=True)
class Redacted:
    """A text without its personal data: `text` for people ("[téléphone]" in its place), `bare` for machines (nothing)."""

    text: str
    bare: str
    kinds: tuple[Kind, ...]


#: Digits with what people put between them.
_SEPARATED = r"[\s.\-_/]{0,2}"
_NIR = re.compile(
    rf"(?<![\d.,])[1-478]{_SEPARATED}\d{_SEPARATED}\d{_SEPARATED}(?:0[1-9]|1[0-2]|[2-9]\d){_SEPARATED}(?:\d\d|2[ABab]){_SEPARATED}"
    rf"\d{{3}}{_SEPARATED}\d{{3}}(?:{_SEPARATED}(?:(?:cl[eé]f?|key)\s?:?\s?)?\d\d)?(?!\d)",
    re.IGNORECASE,
)
_LONG = re.compile(r"(?<![\d.,])\d(?:[ .\-]?\d){11,59}(?![\d])")
_CARD = re.compile(r"(?<!\d)\d{4}([/_])\d{4}\1\d{4}\1\d{4}(?!\d)")
#: Seen from each letter on: a word and a number before an IBAN must not hide it.
_IBAN = re.compile(r"(?=(\b[A-Za-z]\s?[A-Za-z]\s?\d\s?\d(?:[\s\-.]?[A-Za-z0-9]){11,30}\b))")
#: How long the IBAN of each country is that people of the Hérault may have (registry of SWIFT).
_IBAN_LENGTHS = {
    "FR": 27, "MC": 27, "AD": 24, "AT": 20, "BE": 16, "BG": 22, "CH": 21, "CY": 28, "CZ": 24, "DE": 22, "DK": 18, "EE": 20, "ES": 24, "FI": 18, "GB": 22, "GR": 27,
    "HR": 21, "HU": 28, "IE": 22, "IT": 27, "LT": 20, "LU": 20, "LV": 21, "MT": 31, "MU": 30, "NL": 18, "NO": 15, "PL": 28, "PT": 25, "RO": 24, "SE": 24, "SI": 19,
    "SK": 24, "TN": 24, "TR": 26, "UA": 29,
}  # fmt: skip
_EMAIL = re.compile(
    r"(?:[\w+]{1,30}\s?[._\-]\s?){0,4}[\w+]{1,30}\s?(?:@|\(at\)|\[at\]|\barr?ob(?:as|ase|aze)\b)\s?[\w\-]{1,63}(?:\s?(?:\.|\bpoint\b)\s?[a-z0-9\-]{2,24}){1,3}",
    re.IGNORECASE,
)
_AT = re.compile(r"@|\(at\)|\[at\]|\barr?ob", re.IGNORECASE)
_SPELT_EMAIL = re.compile(
    r"(?<![\w.+\-])[\w.+\-]{1,60}\sat\s[\w\-]{1,60}\s?(?:\.|\sdot\s|\spoint\s)\s?[a-z]{2,10}\b", re.IGNORECASE
)
_MONTH = r"(?:janv(?:ier)?|f[eé]v(?:r(?:ier)?)?|mars|avr(?:il)?|mai|juin|juil(?:let)?|ao[uû]t|sept(?:embre)?|oct(?:obre)?|nov(?:embre)?|d[eé]c(?:embre)?)"
_DATE = rf"(?:\d{{1,2}}[/.\-](?:19|20)\d\d|\d{{1,2}}(?:er)?\s?[/.\- ]\s?\d{{1,2}}\s?[/.\- ]\s?(?:\d{{4}}|\d{{2}})|\d{{8}}|\d{{6}}|\d{{1,2}}(?:er)?\s?{_MONTH}\.?\s?(?:\d{{4}}|\d{{2}})?|\d{{4}}-\d\d-\d\d)"
_BIRTH = re.compile(
    rf"\b(?:n[eé]{{1,2}}e?s?|naissance|naiss|naissances|ddn|dn|d\.n\.?|anniversaire|naquit)\b[^\d\n]{{0,25}}?(?P<value>{_DATE})(?!\d|\s?(?:€|euros?))",
    re.IGNORECASE,
)
_CAF = re.compile(
    r"\b(?:al+ocataires?|al+oc|matricule|dossier caf|caf)(?:\b|(?=\d))[^\d\n]{0,30}?(?P<value>\d(?:[ .]?\d){5,7}(?:\s?[A-Za-z]\b)?)"
    r"(?![\d€]|\s?(?:€|euros?|eur\b|balles|francs?|fcfa|dinars?|dirhams?))",
    re.IGNORECASE,
)
_CAF_BEFORE = re.compile(
    r"(?<![\d.,])(?P<value>\d{7}(?:\s?[A-Za-z]\b)?)(?![\d€])[^\d\n.]{0,20}\b(?:allocataire|alloc|matricule)\b",
    re.IGNORECASE,
)
#: Seven digits and a letter: an identifier of France Travail, or of the Caf when that is said; a capital is enough, or words around.
_SEVEN = re.compile(
    r"(?<![\w.,])(?P<value>\d{7}\s?[A-Z])(?![\w])"
    r"|\b(?:ft|ident(?:ifiants?)?|id|pe|demandeurs? (?:d.)?emploi|p[oô]le emploi|france travail|ou|celui|celle)\b[^\d\n]{0,25}?(?P<other>\d{7}\s?[A-Za-z])\b"
    r"|\bfrance travail\b[^\d\n]{0,15}?(?P<spaced>\d\d \d\d \d{3} ?[A-Z])\b",
    re.IGNORECASE,
)
_FRANCE_TRAVAIL = re.compile(
    r"\b(?:identifiant|id|ident|num[eé]ro|num|n°|no|matricule|dossier|code|ide)\b[^\d\n]{0,45}?\b(?:p[oô]le[ -]?emplois?|france[ -]?travail|ft|pe|demandeur d.emploi|anpe)\b[^\d\n]{0,25}?(?P<value>\d{7}\s?[A-Za-z0-9]?)\b"
    r"|\b(?:p[oô]le[ -]?emploi|france[ -]?travail|demandeur d.emploi)\b[^\d\n]{0,45}?\b(?:identifiant|id|ident|num[eé]ro|num|n°|no|dossier|code|ide)\b[^\d\n]{0,20}?(?P<other>\d{7}\s?[A-Za-z0-9]?)\b"
    r"|\b(?:p[oô]le[ -]?emploi|france[ -]?travail|identifiant)\s?:?\s?(?P<bare>\d{7}[A-Za-z])\b",
    re.IGNORECASE,
)
#: Telephone numbers spelt in groups with unusual signs, which the library does not read.
_PHONE = re.compile(r"(?<![\d.,])(?:(?:\+|00)\s?33\s?(?:\(0\)\s?)?|0)\s?[1-9](?:[\s.\-_/,:]{0,3}\d\d){4}(?!\d)")
#: The first two figures in letters, or a letter for the zero.
_SPELT_PHONE = re.compile(
    r"\b(?:z[eé]ro\s?(?:un|deux|trois|quatre|cinq|six|sept|neuf|[1-79])|o\s?[1-79])(?:[\s.\-_/]{0,3}\d\d){4}(?!\d)",
    re.IGNORECASE,
)
#: Opening hours written as a telephone is: "08 30 12 00 13 30 17 00".
_HOURS = re.compile(r"(?<!\d)(?<!\d )(?:(?:[01]\d|2[0-3]) [0-5][05])(?: (?:[01]\d|2[0-3]) [0-5][05]){3}(?! ?\d)")
#: Numbers in a row that are each a postcode, or each a year.
_LIST = re.compile(r"(?:\d{5}(?: \d{5})+|(?:19|20)\d\d(?: (?:19|20)\d\d)+)")


#: Nothing that people write to us about is dated so long ago.
_OLD_YEAR = 2008


def _luhn(digits: str) -> bool:
    total = 0
    for position, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if position % 2 else 1)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def _nir_key_holds(raw: str) -> bool:
    digits = raw.upper().replace("2A", "19").replace("2B", "18")
    return len(digits) == 15 and digits.isdigit() and 97 - int(digits[:13]) % 97 == int(digits[13:])


def _iban_holds(raw: str) -> bool:
    moved = raw[4:] + raw[:4]
    return int("".join(str(int(c, 36)) for c in moved)) % 97 == 1


def _compact(raw: str) -> str:
    return re.sub(r"[^0-9A-Za-z]", "", raw)


def _nirs(text: str, services: frozenset[str]) -> Iterator[Span]:
    for found in _NIR.finditer(text):
        raw = _compact(re.sub(r"(?i)cl[eé]f?|key", "", found[0]))
        # A mistyped key is a number all the same; sixteen digits that pass Luhn are a card.
        if len(raw) in {13, 15} and (_nir_key_holds(raw) or (raw[0] in "12378" and not _is_list(found[0]))):
            yield found.span()


def _ibans(text: str, services: frozenset[str]) -> Iterator[Span]:
    for found in _IBAN.finditer(text):
        at = found.start(1)
        length = _IBAN_LENGTHS.get(_compact(found[1])[:2].upper())
        # The pattern may run into the words that follow: the number is as long as its country says.
        kept = [at + further for further, letter in enumerate(found[1]) if letter.isalnum()][: length or 0]
        if length and len(kept) == length:
            raw = "".join(text[one] for one in kept).upper()
            if (sum(map(str.isdigit, raw)) > 12 and _iban_holds(raw)) or (
                raw.startswith("FR") and raw[:14].removeprefix("FR").isdigit()
            ):
                yield kept[0], kept[-1] + 1


def _cards(text: str, services: frozenset[str]) -> Iterator[Span]:
    for found in _LONG.finditer(text):
        digits = _compact(found[0])
        if 13 <= len(digits) <= 19 and _luhn(digits):
            yield found.span()
    for found in _CARD.finditer(text):
        if _luhn(_compact(found[0])):
            yield found.span()


def _is_list(written: str) -> bool:
    """Tell whether what looks like one number is postcodes, or years, in a row."""
    return _LIST.fullmatch(written.strip()) is not None


def _long_numbers(text: str, services: frozenset[str]) -> Iterator[Span]:
    """Numbers too long to be an amount, a date or a telephone: a file, an account."""
    for found in _LONG.finditer(text):
        if not _is_list(found[0]) and not _HOURS.fullmatch(found[0]):
            yield found.span()


def _emails(text: str, services: frozenset[str]) -> Iterator[Span]:
    for pattern in (_EMAIL, _SPELT_EMAIL) if _AT.search(text) else (_SPELT_EMAIL,):
        for found in pattern.finditer(text):
            yield found.span()


def _phones(text: str, services: frozenset[str]) -> Iterator[Span]:
    spans = [
        (found.start, found.end)
        for found in phonenumbers.PhoneNumberMatcher(text, "FR", leniency=phonenumbers.Leniency.POSSIBLE)
        if len(_compact(found.raw_string)) >= 9
    ]
    spans += [found.span() for found in _PHONE.finditer(text)]
    hours = [found.span() for found in _HOURS.finditer(text)]
    for found in _SPELT_PHONE.finditer(text):
        yield found.span()
    for start, end in spans:
        if any(first <= start < last for first, last in hours):
            continue
        digits = re.sub(r"\D", "", text[start:end])
        national = "0" + re.sub(r"^(?:00)?33(?:0)?", "", digits) if re.match(r"(?:00)?33", digits) else digits
        if national in services or (
            not re.fullmatch(r"0[1-9]\d{8}", national)
            and not digits.startswith(("00", "33"))
            and "+" not in text[start:end]
        ):
            continue
        yield start, end


def _values(pattern: "re.Pattern[str]") -> Callable[[str, frozenset[str]], Iterator[Span]]:
    """Return a recogniser of the named groups of `pattern`."""

    def find(text: str, services: frozenset[str]) -> Iterator[Span]:
        for found in pattern.finditer(text):
            name = next(name for name, value in found.groupdict().items() if value)
            yield found.span(name)

    return find


def _allocataires(text: str, services: frozenset[str]) -> Iterator[Span]:
    for found in _CAF.finditer(text):
        if not _is_list(found["value"]):
            yield found.span("value")


def _birthdays(text: str, services: frozenset[str]) -> Iterator[Span]:
    for found in _BIRTH.finditer(text):
        # A date of the future or a term is no birthday: "date prévue de naissance".
        if not re.search(r"pr[eé]vue?|terme|cong[eé]|prime|d[eé]clar", found[0], re.IGNORECASE):
            yield found.span("value")


def _old_dates(text: str, services: frozenset[str]) -> Iterator[Span]:
    """Yield dates so old that they can only be somebody's birthday."""
    for found in re.finditer(r"(?<![\d/.])\d{1,2}[/.\- ]\d{1,2}[/.\- ](\d{4})(?!\d)", text):
        if 1920 <= int(found[1]) <= _OLD_YEAR:
            yield found.span()


def _without_services(find: Callable[[str], Iterable[Span]]) -> Callable[[str, frozenset[str]], Iterable[Span]]:
    return lambda text, services: find(text)


#: What an earlier pass wrote in the place of a secret.
_WRITTEN = re.compile(rf"\[(?:{'|'.join(re.escape(kind.value) for kind in Kind)})\]")

_RECOGNISERS: tuple[tuple[Kind, Callable[[str, frozenset[str]], Iterable[Span]]], ...] = (
    (Kind.EMAIL, _emails),
    (Kind.IBAN, _ibans),
    (Kind.NIR, _nirs),
    (Kind.CARD, _cards),
    (Kind.PHONE, _phones),
    (Kind.BIRTH_DATE, _birthdays),
    (Kind.BIRTH_DATE, _old_dates),
    (Kind.FRANCE_TRAVAIL, _values(_FRANCE_TRAVAIL)),
    (Kind.CAF, _allocataires),
    (Kind.CAF, _values(_CAF_BEFORE)),
    (Kind.FRANCE_TRAVAIL, _values(_SEVEN)),
    (Kind.NUMBER, _long_numbers),
    (Kind.ADDRESS, _without_services(addresses)),
    (Kind.NAME, _without_services(names)),
)


#: Signs that people, keyboards and pasted pages put for a hyphen, a dot, a space.
_SIGNS = str.maketrans(dict.fromkeys("‐‑‒–—―−﹣", "-") | dict.fromkeys("·•∙․‧", ".") | {"⁄": "/"})


def _plain_letter(letter: str) -> str:
    if letter.isdecimal():
        return str(unicodedata.decimal(letter))
    if letter.isspace() and letter != "\n":
        return " "
    plain = unicodedata.normalize("NFKC", letter)
    return plain if len(plain) == 1 else letter


def _plain(text: str) -> str:
    """Return `text`, as long as it was, with the figures and signs of every alphabet as ours."""
    text = text.translate(_SIGNS)
    return text if text.isascii() else "".join(letter if letter.isascii() else _plain_letter(letter) for letter in text)


#: What a commune may be taken for ("Saint-Étienne", "avenue de Lodève"): the place that the person tells must stay.
_MAY_BE_PLACES = frozenset({Kind.NAME, Kind.ADDRESS})


#: Names and addresses of one message that are each tried.
_LOOKED_AT = 12


def _without(text: str, taken: list[tuple[Kind, int, int]]) -> Iterator[str]:
    """Yield what is left of `text`."""
    at = 0
    for _, start, end in sorted(taken, key=lambda one: one[1]):
        yield f"{text[at:start]} "
        at = end
    yield text[at:]


def _where(text: str, start: int = 0, end: int = 0) -> communes.Where:
    """Return the place that `text` tells, once its letters from `start` to `end` are blotted out."""
    left = f"{text[:start]} {text[end:]}" if end else text
    tokens = normalise(left).split()
    return communes.settle(communes.find(tokens, communes.hints(left)), tokens)


def spans(text: str, services: frozenset[str] = frozenset()) -> list[tuple[Kind, int, int]]:
    """Return what would be taken out, in order of the text; `services` are public numbers that stay ("0467676767")."""
    taken: list[tuple[Kind, int, int]] = []
    text = _plain(text)
    for kind, find in _RECOGNISERS:
        for start, end in find(text, services):
            if all(end <= other or start >= finish for _, other, finish in taken):
                taken.append((kind, start, end))
    if doubtful := [one for one in taken if one[0] in _MAY_BE_PLACES]:
        here = _where(text)
        if len(doubtful) > 1 and _where("".join(_without(text, doubtful))) == here:
            doubtful = []
        # So many that none is the place of one person: not looked at one by one.
        hiding = {one for one in doubtful[:_LOOKED_AT] if _where(text, *one[1:]) != here}
        taken = [one for one in taken if one not in hiding]
    return sorted(taken, key=lambda one: one[1])


def redact(text: str, services: frozenset[str] = frozenset()) -> Redacted:
    """Return `text` without its personal data; the same text, untouched, when there is none."""
    found = spans(text, services)
    if not found:
        return Redacted(text, _joined(_WRITTEN.sub(" ", text)) if "[" in text else text, ())
    shown, bare, at = [], [], 0
    for kind, start, end in found:
        shown += [text[at:start], f"[{kind.value}]"]
        bare += [text[at:start], " "]
        at = end
    kinds = tuple(dict.fromkeys(kind for kind, _, _ in found))
    return Redacted("".join([*shown, text[at:]]), _joined(_WRITTEN.sub(" ", "".join([*bare, text[at:]]))), kinds)


def _joined(text: str) -> str:
    return re.sub(r" {2,}", " ", text).strip()


__all__ = ["Kind", "Redacted", "redact", "spans"]
