"""One value of a published file, brought to our format: text without tags, a number to call, a day, a commune of ours."""

import html
import json
import re
from collections.abc import Iterable
from datetime import date
from functools import lru_cache
from typing import Any

from bot.directory import communes, fields
from bot.directory.communes import Commune
from bot.text import normalise

_TAGS = re.compile(r"<[^>]{0,300}>")
_LONGEST = 1000
_DAY_FIRST = re.compile(r"^(\d{2})/(\d{2})/(\d{4})")
_YEAR_FIRST = re.compile(r"^(\d{4})-(\d{2})-(\d{2})")
_COMPACT = re.compile(r"(20\d{2})(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])")
_EMAIL = re.compile(r"[^@\s,;|]+@[^@\s,;|]+\.[a-zA-Z]{2,}")
_SEPARATORS = re.compile(r"\s+ou\s+|[/;|,\n]")


def text(value: Any, longest: int = _LONGEST) -> str | None:
    """Return a short plain text, without tags; None when there is none."""
    if value is None or isinstance(value, bool | dict | list):
        return None
    plain = " ".join(html.unescape(_TAGS.sub(" ", str(value))).split())
    if plain.lower() in {"", "null", "none", "nan", "-"}:
        return None
    return plain if len(plain) <= longest else plain[: longest - 1].rstrip() + "…"


def listed(value: Any, separators: str = r"[;|]") -> list[str]:
    """Return the values of a list, or of a list written as one text (JSON, or separated)."""
    if isinstance(value, str) and value.lstrip().startswith("["):
        value = embedded(value)
    if isinstance(value, list):
        return [one for raw in value if (one := text(raw))]
    return [one for raw in re.split(separators, value) if (one := text(raw))] if isinstance(value, str) else []


def embedded(value: Any) -> Any:
    """Return what a JSON text holds (Opendatasoft hands composed fields as texts); the value itself when it is none."""
    if isinstance(value, str) and value.lstrip()[:1] in {"[", "{"}:
        try:
            return json.loads(value)
        except (ValueError, RecursionError):
            return value
    return value


def phone(value: Any) -> str | None:
    """Return the first telephone number of a text or of a list; the text as it is when none of it is a number."""
    candidates = (
        listed(value, r"\s+ou\s+|[/;|,\n]") if isinstance(value, list) else _SEPARATORS.split(text(value) or "")
    )
    sound = (fields.phone(re.sub(r"[^\d+.\s\-()]", " ", one).strip()) for one in candidates if one.strip())
    return next((one for one in sound if one), None) or text(value)


def email(value: Any) -> str | None:
    """Return the first e-mail address of a text or of a list."""
    found = _EMAIL.search(" ".join(listed(value)) if isinstance(value, list) else str(value or ""))
    return found[0] if found else None


def url(value: Any) -> str | None:
    """Return the first web address of a text, with its scheme."""
    first = next(iter(listed(value, r"[;|\s]")), None)
    if first is None or first.startswith(("https://", "http://")):
        return first
    return f"https://{first}" if re.match(r"^[\w.-]+\.[a-z]{2,}(?:/|$)", first, re.IGNORECASE) else first


def day(value: Any) -> str | None:
    """Return the day of a date written any published way ("08/03/2021 14:14:36", "2024-08-01T…") as "2021-03-08"."""
    raw = text(value) or ""
    if found := _DAY_FIRST.match(raw):
        parts = (found[3], found[2], found[1])
    elif found := _YEAR_FIRST.match(raw):
        parts = (found[1], found[2], found[3])
    else:
        return None
    try:
        one = date(*map(int, parts))
    except ValueError:
        return None
    return one.isoformat() if one.year >= 2000 else None


def day_of_name(name: str) -> str | None:
    """Return the day that the name of a file tells ("liste-fs-20240801.csv"), or None."""
    found = _COMPACT.search(name)
    return day("-".join(found.groups())) if found else None


def number(value: Any) -> float | None:
    """Return a number, whatever its decimal mark; None when it is none."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    try:
        return float(str(value).replace(",", ".").strip())
    except ValueError:
        return None


def siret(value: Any) -> str | None:
    """Return the fourteen digits of a SIRET, or None."""
    digits = re.sub(r"\D", "", text(value) or "")
    return digits if len(digits) == 14 and digits.strip("0") else None


def is_caps(name: str) -> bool:
    """Tell whether a name is written in capitals."""
    letters = [char for char in name if char.isalpha()]
    return len(letters) > 5 and sum(char.isupper() for char in letters) > 0.8 * len(letters)


_KEPT = {
    "ccas",
    "cias",
    "pmi",
    "mds",
    "sds",
    "caf",
    "cpam",
    "msa",
    "mda",
    "mdph",
    "mlj",
    "cms",
    "plie",
    "geiq",
    "ebe",
    "cidff",
}
_LOW = {"de", "du", "des", "la", "le", "les", "et", "en", "sur", "sous", "aux", "au", "a", "l", "d"}


def decapitalised(name: str) -> str:
    """Return a name written in capitals as it is read: "PMI SAINT BARTHELEMY" → "PMI Saint Barthelemy"."""
    if not is_caps(name):
        return name
    words = []
    for position, word in enumerate(name.split()):
        low = word.lower()
        bare = low.strip("().,-")
        if bare in _KEPT:
            words.append(word)
        elif bare in _LOW and position:
            words.append(low)
        else:
            words.append(re.sub(r"(^|[-'(.])(\w)", lambda found: found[1] + found[2].upper(), low))
    return " ".join(words)


@lru_cache(maxsize=1)
def _by_name() -> dict[str, str]:
    known = communes.load()
    found: dict[str, str] = {}
    for insee, names in known.names.items():
        for name in names.others:
            found[normalise(name)] = insee
    for insee, commune in known.by_insee.items():
        found[normalise(commune.name)] = insee
    return found


def commune(insee: Any, postcode: Any, name: Any) -> Commune | None:
    """Return the commune of the Hérault that a record names: by its code, by its name (old ones too), by its postcode.

    None: it is elsewhere, or cannot be known.
    """
    known = communes.load()
    code = text(insee) or ""
    if code in known.by_insee:
        return known.by_insee[code]
    if code and not code.startswith("34"):
        return None
    posted = text(postcode) or ""
    if not code and not posted.startswith("34"):
        return None
    said = re.sub(r"\s+cedex.*$|\s+\d+$|\(.*\)", "", text(name) or "", flags=re.IGNORECASE)
    if found := _by_name().get(normalise(said)):
        return known.by_insee[found]
    shared = known.by_postcode.get(posted, ())
    return shared[0] if len(shared) == 1 else None


def compact(record: dict[str, Any]) -> dict[str, Any]:
    """Return a record without what is empty."""
    return {key: value for key, value in record.items() if value not in (None, "", [], ())}


def outside(insee: Any, postcode: Any) -> bool:
    """Tell whether a record says by itself that it is not in the Hérault."""
    code, posted = text(insee) or "", text(postcode) or ""
    return not (code.startswith("34") or (not code and (posted.startswith("34") or not posted)))


def joined(parts: Iterable[str | None], mark: str = ", ") -> str | None:
    """Return the texts that are there, joined, each once."""
    kept = list(dict.fromkeys(part for part in parts if part))
    return mark.join(kept) or None
