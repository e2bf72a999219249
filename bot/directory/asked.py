"""Does a message ask where a place is, or only say a commune? Read over normalised words, communes already found."""

import re
from typing import Literal

from bot.directory import kinds

#: Said around a place or a commune, and telling nothing more.
_SMALL = frozenset(
    """
    a ai au aux autour avec bonjour bonsoir c ca ce chez cherche cherchais chercher commune cote coucou d dans de des
    du en er est et euh habite habitons il ici j je l la le les locale m ma me merci mon moi nord non ou oui par pardon
    peu plus plutot plait postal pour pres proche quartier qu que quel quelle s salut secteur se si suis sud sur svp sinon
    s te trouve trouver un une vers ville village vis voudrais vous y code alors bon ok desole trompe
    """.split()
)
#: Who names one of these is hungry or in danger: the place alone is not the answer.
_WANTED_FOR_MORE = frozenset({"aide_alimentaire", "violences", "enfance"})
#: Asks for a place, not about it.
_WHERE = re.compile(
    r"\b(?:ou (?:est|sont|se|ce|ca|c|il|elle|y|je|on|aller|trouver|peut|puis|faut|sont)|(?:est|c|trouve|situe\w*) ou|ou ?$|ou (?:la|le|l|les|une|un)\b"
    r"|adresses?|horaires?|ouverte?s?|ouvrent?|proches?|pres|cherche\w*|trouver|y a (?:t il )?une?)\b|\bou$"
)


#: What is asked of a place already spoken of, when nothing else is said.
_DETAILS = frozenset("adresse adresses horaire horaires numero telephone heures heure ouverture ou".split())


def asked(normal: str, token: str) -> Literal["place", "commune", "detail"] | None:
    """Tell what a normalised text asks for, `token` standing in it for each commune.

    "place": a place that it calls by its name, near a commune; "commune": nothing but a commune; "detail": nothing but
    the hours, the address or the number of what was spoken of; None: something else.
    """
    words = normal.split()
    if token not in words:
        alone = [word for word in words if word not in _SMALL or word in _DETAILS]
        return "detail" if alone and len(words) <= 7 and all(word in _DETAILS for word in alone) else None
    found = kinds.find(words, places_only=True)
    rest = [word for position, word in enumerate(words) if not (found and found[1] <= position < found[2])]
    telling = [word for word in rest if word != token and word not in _SMALL and not word.isdigit()]
    if found and found[0] in _WANTED_FOR_MORE:
        return None
    if found is None:
        return None if telling or len(words) > 10 else "commune"
    if not telling and len(words) <= 12:
        return "place"
    return "place" if len(words) <= 16 and len(telling) <= 3 and _WHERE.search(" ".join(rest)) else None
