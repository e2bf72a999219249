"""Does someone tell of a pregnancy that has just been lost? Pure. What is said to her then is no list of steps to a birth."""

import re

from bot.text import normalise

_TOLD = re.compile(
    r"\b(?:(?:fausse|fose|fosse|fauss) (?:couche|kouche)|(?:perdu|perdre|perdons|perd) (?:mon|le|notre|un|son|ma|la) (?:bebe|bb|grossesse|foetus)"
    r"|perte (?:d un|de |du |de mon |de la |de notre )?(?:bebe|bb|grossesse)|grossesse (?:s est |s etait |est |etait )?(?:arretee?|arrete|interrompue|stoppee)"
    r"|(?:bebe|enfant|fille|fils|petite?) (?:est |etait )?(?:mort nee?|mort ne|mort a la naissance|mort dans (?:mon|le) ventre)|mort in utero"
    r"|(?:son|le) coeur (?:ne )?(?:bat(?:tait)? (?:plus|pas)|s est arrete))\b"
)
#: Told as a thing of the past by someone who expects again, or of an abortion that she asks about: her question is another.
_PAST = re.compile(
    r"\b(?:(?:l )?(?:an|annee|anne|ane) (?:dernier|derniere|passee?)|(?:il )?y ?a (?:\w+ )?(?:ans?|annees?)|en (?:19|20)\d\d|(?<!plus )enceinte|nouvelle grossesse)\b"
)


def told(text: str) -> bool:
    """Tell whether `text` says that a pregnancy was lost, lately as far as it says."""
    said = normalise(text)
    return bool(_TOLD.search(said)) and not _PAST.search(said)
