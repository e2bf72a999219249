"""Does somebody tell of a pregnancy or a baby that was lost? Then nothing cheerful is said or offered any more."""

import re

from bot.text.normal import normalise

_BABY = r"(?:bebes?|bb|jumeaux|jumo|jumelles?|foetus|embryon|grossesse|petit ange)"
_LOST = re.compile(
    r"\b(?:"
    r"fauss?es? couches?|fosse?s? couches?"
    rf"|(?:perdue?|perd|perte de)(?: (?:le|la|les|mon|ma|notre|nos|mes|son|ses|leur|leurs|un|une|deux|trois|\d))+ {_BABY}|perte du {_BABY}"
    rf"|{_BABY}(?: (?:est|etait|nait|ne|nee|qui est|a \w+ (?:mois|semaines?) est))* (?:mort|morte|morts|decede|decedee|parti au ciel|sans vie)"
    r"|(?:enfant|accouche d un bebe|ne|nee|nes) sans vie|(?<!dossier rsa est )(?<!projet )mort nee?|mort in utero|mort foetale|mfiu|deuil perinatal"
    r"|(?:grossesse|elle) s (?:est|etait) arretee?|arret (?:naturel )?de (?:la |ma )?grossesse|oeuf clair|grossesse (?:extra uterine|geu)"
    r"|(?:son |le )?c(?:oe|e|o)ur(?: du bebe| de mon bebe| de notre bebe)? (?:ne bat|bat|ne battait|battait)(?: plus| pu)"
    r"|interruption medicale(?: de (?:la |ma )?grossesse)?"
    r")\b"
)
#: Lost for a moment, feared, read about, or behind a new pregnancy: none of it is mourning now.
_NOT_NOW = re.compile(
    r"\b(?:peur|crain\w*|risque\w*|eviter|prevenir une|evite\w*|signes?|symptomes?|menace)\b.{0,30}\b(?:fauss?e|perdre|interruption)"
    r"|\b(?:(?:re ?)?enceinte|nouvelle grossesse|attend(?:s|ons)? une? (?:autre )?(?:bebe|enfant|petite? \w+)|retombee|je suis a \w+ (?:mois|semaines?))\b"
    r"|\b(?:carnet|doudou|poids|du poids|affaires?|papiers?|livret|photos?)\b.{0,25}\bbebe"
)


def tells_of_loss(text: str) -> bool:
    """Tell whether `text` speaks of a miscarriage, a stillbirth or a baby who died, as what the person lives now."""
    said = normalise(text)
    return bool(_LOST.search(said)) and not _NOT_NOW.search(said)
