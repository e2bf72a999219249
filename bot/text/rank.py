"""The answer to a choice: "1", "le deuxième", "la dernière"."""

import re

from bot.text.normal import fold

_RANKS = {
    1: "1|1er|1ere|un|une|premier|premiere|prems",
    2: "2|2e|2eme|2nd|2nde|deux|deuxieme|second|seconde|deuzieme",
    3: "3|3e|3eme|trois|troisieme|troizieme",
    4: "4|4e|4eme|quatre|quatrieme|katre",
    5: "5|5e|5eme|cinq|cinquieme",
    6: "6|6e|6eme|six|sixieme",
    7: "7|7e|7eme|sept|septieme",
    8: "8|8e|8eme|huit|huitieme",
    9: "9|9e|9eme|neuf|neuvieme",
    -1: "dernier|derniere",
}
_BEFORE = r"(?:oui|ok|d'accord|alors|bon|euh|et|je (?:veux|prends|choisis)|plutot)"
_ARTICLE = r"(?:le|la|l'|les|pour|numero|n°|no|num|choix|option|reponse|la reponse|le choix|le numero)"
_AFTER = r"(?:choix|option|reponse|proposition|lien|lieu|adresse|sujet|alors|plutot|oui|svp|stp|merci|s'il (?:vous|te) plait)"
_ASKED = re.compile(
    rf"^(?:{_BEFORE} )*(?:{_ARTICLE} ?)*(?:"
    + "|".join(f"(?P<r{position}>{words})" for position, words in enumerate(_RANKS.values()))
    + rf")(?: {_AFTER})*$"
)


def rank(text: str) -> int | None:
    """Return the rank that `text` asks for (1 for the first, -1 for the last), or None when it is something else."""
    match = _ASKED.match(re.sub(r"[\s.,;:!?)(]+", " ", fold(text)).strip())
    if match is None:
        return None
    return next(number for position, number in enumerate(_RANKS) if match[f"r{position}"])
