"""Street addresses as people write them: a number and a street, a residence with its building or flat. Pure."""

import re
from collections.abc import Iterator

_STREET = (
    r"(?:rue|r\.|avenue|ave|av|boulevard|bd|bld|boul|chemin|ch|che|impasse|imp|all[eé]es?|all|place|pl|route|rte|quai|cours|square|sq|passage|mont[eé]e|"
    r"traverse|ruelle|sentier|faubourg|fbg|esplanade|promenade|lotissement|lot|lieu[ -]dit|hameau|cit[eé]|r[eé]sidence|r[eé]s|clos|mas|domaine|plan|enclos|descente|rond[ -]point|voie|villa|parc)"
)
#: Where the name of a street ends, when nothing marks it: words that begin something else.
_STOP = (
    r"(?:[aà]|et|mais|je|j|on|il|elle|nous|vous|qui|que|pour|car|donc|avec|depuis|dans|chez|est|sont|c|ca|ça|cest|ai|ou|où|puis|svp|stp|merci|bonjour|"
    r"mon|ma|mes|ne|pas|dont|parce|quand|si|cp|code|tel|t[eé]l|mail|n[eé]e?|suis|sur|vers|pr[eè]s)"
)
_WORD = r"(?:[dlDL]['’]\s?)?[^\W\d_][\w'’\-]*\.?"
_NAME = rf"(?:\s+(?!{_STOP}\b){_WORD}){{1,5}}"
_FLAT = r"(?:\s*[,\-]?\s*(?:b[aâ]t(?:iment)?|appt?|apt|appart(?:ement)?|esc(?:alier)?|[eé]tage|porte|lot|villa|r[eé]s(?:idence)?)\.?\s+(?:n°\s?)?[\w\-]{1,12}(?:\s+(?=[a-z]*\d)\w{1,4})?)"
_ADDRESS = re.compile(
    rf"(?<![\d€,.])\b\d{{1,4}}\s?(?:(?:bis|ter|quater|[a-dA-D])\b)?\s*,?\s*{_STREET}\b\.?{_NAME}{_FLAT}*"
    rf"|\b(?:r[eé]sidence|r[eé]s|lotissement|lot|cit[eé]|hlm)\b\.?{_NAME}{_FLAT}+"
    rf"|\b(?:b[aâ]t(?:iment)?)\.?\s+[\w]{{1,3}}\b{_FLAT}+",
    re.IGNORECASE,
)
_LIVES = re.compile(
    rf"\b(?:(?:j['’ ]?)?h?abit\w*|domicili[eé]e?s?|demeur\w+|log[eé]e?s?|vis|adresse(?:\s+(?:est|c['’ ]?est))?\s*:?)\s+(?:au?\s+|dans\s+|l[ae']\s*|le\s+|:\s*)*"
    rf"(?P<value>(?:\d{{1,4}}\s?(?:bis|ter)?\s*,?\s*)?{_STREET}\b\.?{_NAME}{_FLAT}*)",
    re.IGNORECASE,
)


def addresses(text: str) -> Iterator[tuple[int, int]]:
    """Yield the spans of street addresses; the postcode and the commune, which tell where to go, are left."""
    for found in _ADDRESS.finditer(text):
        yield found.start(), found.start() + len(found[0].rstrip(" ,.-"))
    for found in _LIVES.finditer(text):
        start, end = found.span("value")
        yield start, start + len(text[start:end].rstrip(" ,.-"))
