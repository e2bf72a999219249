"""Does somebody ask for more of the same list? "suite", "d'autres", "voir plus": only when it is said alone."""

import re

from bot.text.normal import fold

_ASKED = re.compile(
    r"^(?:(?:et|oui|ok|voir|montre[zr]?(?: moi)?|donne[zr]?(?: moi)?|encore|je veux|(?:il )?(?:n )?y en a(?: t il)?(?: pas)?|t en as(?: pas)?|vous en avez(?: pas)?) )*"
    r"(?:la )?(?:suite|suivants?|les suivants|plus|voir plus|encore(?: plus)?|"
    r"(?:d |des |les |un |une |l )?autres?(?: (?:lieux?|adresses?|endroits?|places?|choix|centres?))?)"
    r"(?: (?:svp|stp|s il (?:vous|te) plait|merci|encore|plus loin|aussi))*$"
)


def asks_more(text: str) -> bool:
    """Tell whether `text` is nothing but a wish for the rest of a list."""
    return bool(_ASKED.match(re.sub(r"[\W_]+", " ", fold(text)).strip()))
