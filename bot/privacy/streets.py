"""Street addresses as people write them: a number and a street, a residence with its building or flat. Pure."""

import re
from collections.abc import Iterator
from functools import lru_cache

from bot.directory import communes
from bot.text import fold

_STREET = (
    r"(?:rue|r\.|avenue|ave|av|boulevard|bd|bld|boul|chemin|ch|che|impasse|imp|all[eé]es?|all|place|pl|route|rte|quai|cours|square|sq|passage|mont[eé]e|"
    r"traverse|ruelle|sentier|faubourg|fbg|esplanade|promenade|lotissement|lot|lieu[ -]dit|hameau|cit[eé]|r[eé]sidence|r[eé]s(?:id)?|clos|mas|grand['’]?\s?rue|domaine|enclos|descente|rond[ -]point|voie|villa|parc)"
)
#: Where the name of a street ends, when nothing marks it: words that begin something else.
_STOP = (
    r"(?:[aà]|et|mais|je|j|jai|jsuis|jsui|on|il|elle|nous|vous|qui|que|pour|car|donc|avec|depuis|dans|chez|est|sont|c|ca|ça|cest|ai|ou|où|puis|svp|stp|merci|bonjour|"
    r"mon|ma|mes|ne|pas|dont|parce|quand|si|cp|code|tel|t[eé]l|mail|n[eé]e?|suis|sur|vers|pr[eè]s|b[aâ]t(?:iment)?|appt?|apt|appart(?:ement)?|esc(?:alier)?)"
)
_WORD = r"(?:[dlDL]['’]\s?)?[^\W\d_][\w'’\-]*\.?"
_NAME = rf"(?:\s+(?!{_STOP}\b){_WORD}){{1,5}}"
_FLAT = r"(?:\s*[,\-]?\s*(?:r[eé]sidence(?:\s+[A-Z][\w'’\-]*){1,4}|\d{1,2}\s?(?:e|[eè]me|er)\s+[eé]tage(?:\s+(?:gauche|droite|face))?|n\s?°?\s?\d{1,4}\b|b[aâ]t(?:iment)?|appt?|apt|appart(?:ement)?|esc(?:alier)?|[eé]tage|porte|lot|villa|r[eé]s(?:idence)?)\.?\s+(?:n°\s?)?[\w\-]{1,12}(?:\s+(?=[a-z]*\d)\w{1,4})?)"
_ADDRESS = re.compile(
    rf"(?<![\d€,.])(?:n\s?[°o]\s?)?\b\d{{1,4}}\s?(?:(?:bis|ter|quater|[a-dA-D])\b)?\s*,?\s*{_STREET}\b\.?{_NAME}{_FLAT}{{0,4}}"
    rf"|\b(?:r[eé]sidence|r[eé]s(?:id)?|lotissement|lot|cit[eé]|hlm)\b\.?{_NAME}{_FLAT}{{1,4}}"
    rf"|\b(?:b[aâ]t(?:iment)?)\.?\s+[\w]{{1,3}}\b{_FLAT}{{1,4}}",
    re.IGNORECASE,
)
_LIVES = re.compile(
    rf"\b(?:(?:j['’ ]?)?h?abit\w*|domicili[eé]e?s?|demeur\w+|log[eé]e?s?|vis|adresse(?:\s+(?:est|c['’ ]?est))?\s*:?)\s+(?:au?\s+|dans\s+|l[ae']\s*|le\s+|:\s*)*"
    rf"(?P<value>(?:\d{{1,4}}\s?(?:bis|ter)?\s*,?\s*)?{_STREET}\b\.?{_NAME}{_FLAT}{{0,4}})",
    re.IGNORECASE,
)


#: Characters before an address that tell whose it is.
_NEAR = 110
#: Who receives the public there: the address of a service is no secret.
_SERVICE = re.compile(
    r"\b(?:caf|cpam|msa|mairie|tribunal|pr[eé]fecture|d[eé]partement|maison\s+d\w+|maison\s+de|mda|mdph|mds|sds|pmi|ccas|france\s+(?:services|travail)|p[oô]le\s+emploi|h[oô]pital|"
    r"clinique|mission\s+locale|cap\s+emploi|restos?|secours|croix|m[eé]diath[eè]que|centre|agence|poste|commissariat|gendarmerie|airdie|adie|ateliers?|association)\b[^\n]{0,70}$",
    re.IGNORECASE,
)


@lru_cache(maxsize=1)
def _communes() -> frozenset[str]:
    return frozenset(fold(one.name) for one in communes.load().by_insee.values()) | {"palavas", "perols"}


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    """Leave the commune that ends an address: it tells where to go."""
    written = text[start:end].rstrip(" ,.-")
    words = written.split(" ")
    for first in range(3, len(words)):
        rest = [" ".join(words[first:last]) for last in range(len(words), first, -1)]
        if fold(words[first - 1]) not in {"de", "du", "d", "la"} and any(
            fold(one.strip(",.")) in _communes() for one in rest
        ):
            written = " ".join(words[:first]).rstrip(" ,.-")
            break
    return start, start + len(written)


def addresses(text: str) -> Iterator[tuple[int, int]]:
    """Yield the spans of street addresses of people; the postcode and the commune, which tell where to go, are left."""
    for found in _ADDRESS.finditer(text):
        if not _SERVICE.search(text[max(0, found.start() - _NEAR) : found.start()]):
            yield _trimmed(text, *found.span())
    for found in _LIVES.finditer(text):
        yield _trimmed(text, *found.span("value"))
