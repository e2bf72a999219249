"""What a short question is about ("c'est gratuit ?", "et pour un couple ?"), and which sentences of an answer say it.

Pure. A follow-up gets the sentences that answer it rather than the same text twice in a row; when there is none, the
caller knows that the answer is silent on it.
"""

import re

from bot.text import fold, normalise

#: Aspect → what asks about it, and what speaks of it in an answer (accents folded, lower case). The first that fits wins.
_ASPECTS: dict[str, tuple[re.Pattern[str], re.Pattern[str]]] = {
    name: (re.compile(asked), re.compile(told))
    for name, asked, told in (
        (
            "sans_internet",
            r"\b(?:pas|plus|sans|aucune?)\b[^.?]{0,12}\b(?:internet|ordi\w*|connexion|mail|smartphone|wifi)|\b(?:courrier|sur papier|version papier|guichet)\b",
            r"cerfa|papier|courrier|recommande|france services|ccas|\bsds\b|mairie|\b(?:\d\d ){4}\d\d|\b3\d{3}\b",
        ),
        (
            "en_ligne",
            r"\b(?:en ligne|(?:sur|par) internet|quel site|le site|le lien|l adresse du site)\b",
            r"\.fr\b|\.org\b|en ligne|internet",
        ),
        (
            "etranger",
            r"\betrang\w+|titre de sejour|carte de sejour|sans papiers?\b|europeen\w*|refugie\w*|nationalite|recepisse",
            r"etrang|titre de sejour|\btitre\b|europe|refugie|sejour",
        ),
        ("etudiant", r"\betudiant\w*|\betudes\b|\bfac\b|lyceen\w*|apprentie?\b", r"etudiant|etudes|crous|apprenti"),
        (
            "couple",
            r"\bcouples?\b|\ba deux\b|\b(?:mari|femme|conjointe?|compagn\w+|copain|copine|concubin\w*|mariee?s?|pacsee?s?)\b",
            r"couple|conjoint|a deux",
        ),
        (
            "enfants",
            r"\b(?:enfants?|gosses?|gamine?s?|momes?|bebes?|filles?|fils|petite?s?|ados?|jumeaux|parent seul|parent isole|maman seule|mere seule)\b",
            r"enfant|parent seul|parent isole",
        ),
        ("seul", r"\b(?:seule?|celibataire|isolee?)\b", r"\bseule?\b|isole"),
        (
            "hebergement",
            r"\bheberge\w*|sans (?:logement|adresse|domicile)|\bsdf\b|\bchez (?:des|un|une|ma|mon|mes|ses)\b|\ba la rue\b",
            r"heberge|sans logement|sans adresse|domiciliation",
        ),
        (
            "travail",
            r"\b(?:travaill\w*|boulot|boss\w+|salarie\w*|salaires?|chomage|chomeu\w+|emploi|interim\w*|auto entrepreneu\w+)\b",
            r"travail|salari|salaire|emploi\b|chomage|micro",
        ),
        ("handicap", r"\bhandicap\w*|\baah\b|invalid\w+|\bmalad\w+", r"handicap|\baah\b|invalid|malad|sante"),
        (
            "refus",
            r"\brefus\w*|di(?:t|sent) non|dire non|pas d accord|contest\w+",
            r"refus|contest|recours|mediateur|tribunal",
        ),
        (
            "obligation",
            r"\bobligatoi\w*|\boblige\w*|\bforce\w*",
            r"oblig|refuser|exige|d office|volontaire|avec votre accord|automatique",
        ),
        (
            "delai",
            r"combien de (?:temps|jours?|semaines?|mois)|\bdelais?\b|\bquand\b|\bdure\w*|\blong(?:temps)?\b|\brapide\w*|\battendre\b|\battente\b|jusqu a",
            r"\bdelai|reponse sous|\bsous \d|\bdure\b|valable|pendant \d|dans les \d|\ben \d+ (?:jours|semaines|mois)|renouvel|versement|prevu|moment",
        ),
        (
            "prix",
            r"\bgratui\w*|\bgratos\b|\bpayant\w*|\bcoute\w*|\bpayer\b|\bprix\b|\btarifs?\b|\bcher\b|\bavancer\b|\brembours\w+",
            r"(?<!logement )gratuit|payant|\bcoute|\bprix\b|sans avancer|pris en charge|prise en charge|ne payez|\bdevis\b|qui paie",
        ),
        (
            "montant",
            r"\bcombien\b(?! de (?:temps|jours?|semaines?|mois))|\bmontants?\b|\bsomme\b|\beuros?\b|€",
            r"€|\beuros?\b|\beur\b",
        ),
        (
            "pieces",
            r"\bpapiers?\b|\bdocuments?\b|\bjustificatifs?\b|\bpieces?\b|\bapporter\b|\bfournir\b|\bformulaires?\b|\bdossier\b",
            r"apport|identite|justificatif|\brib\b|formulaire|cerfa|certificat|carnet de sante|attestation|\bpieces?\b",
        ),
        (
            "rendez_vous",
            r"\brendez vous\b|\brdv\b|\bsur place\b|\bse presenter\b",
            r"rendez vous|sans inscription|appelez",
        ),
        (
            "deplacement",
            r"\bvoiture\b|\bdeplace\w*|\btransports?\b|\bpermis\b",
            r"domicile|chez vous|\bbus\b|transport",
        ),
        ("age", r"\bage\b|\btrop (?:vieux|vieille|jeune)\b|\bmineure?s?\b|\bans\b", r"\d+ ans\b|\bage\b|mineur"),
    )
}
#: A sentence of a line; abbreviations with a full stop do not occur in the answers.
_UNIT = re.compile(r"[^\n]+?(?:[.!?](?=\s|$)|$)", re.MULTILINE)
#: An aspect that is a word of the question itself: "et pour l'eau ?".
_WORD = "mot:"
#: Words of a follow-up that name nothing.
_EMPTY = frozenset(
    """
    alors apres aussi autre autres avec avez avoir bien bonjour cela celle celui cest chez combien comment comme concretement
    dans depuis dire dois doit donc dont elle elles encore ensuite est etre exactement exemple faire fait faut font ils
    jamais juste les leur lui mais meme mes moi mon non nos nous oui par parce pareil pas peu peut plus possible pour pourquoi
    precis preciser precisement puis quand que quel quelle quelles quels quelque qui quoi quoi sais savoir sans ses soit son
    sont suis sur svp sinon tout toute tous toutes toi ton tres une vais valable veut veux vos votre vous vrai aller plutot
    chose choses cas ca aide aides fois personne personnes question questions
    """.split()
)
#: More than this share of an answer is not an extract.
_MOST = 0.7


def aspects(question: str) -> list[str]:
    """Return the aspects that a short question is about, likeliest first; its own words when it is about none that is known."""
    asked = normalise(question)
    known = [name for name, (question_pattern, _) in _ASPECTS.items() if question_pattern.search(asked)]
    words = [word for word in asked.split()[:20] if len(word) >= 3 and word.isalpha() and word not in _EMPTY]
    return known or [_WORD + word for word in words]


def extract(text: str, aspect: str) -> str | None:
    """Return the sentences of `text` (worded already) that speak of `aspect`, or None when it is silent, or all of it is about that."""
    told = _told(aspect)
    lines = []
    for line in text.splitlines():
        found = _sentences(line.removeprefix("- "), told)
        if found:
            lines.append(f"- {found}" if line.startswith("- ") else found)
    kept = "\n".join(lines)
    return kept if kept and len(kept) <= _MOST * len(text) else None


def _told(aspect: str) -> re.Pattern[str]:
    if not aspect.startswith(_WORD):
        return _ASPECTS[aspect][1]
    word = aspect.removeprefix(_WORD)
    # A long word may be in the plural, or be a verb in another form.
    return re.compile(rf"\b{re.escape(word[:-1])}" if len(word) >= 6 else rf"\b{re.escape(word)}s?\b")


def _sentences(line: str, told: re.Pattern[str]) -> str:
    units = [unit.strip() for unit in _UNIT.findall(line)]
    kept = []
    for position, unit in enumerate(units):
        asked_before = position > 0 and units[position - 1].endswith("?") and units[position - 1] in kept
        if asked_before or told.search(_plain(unit)):
            kept.append(unit)
    return " ".join(kept)


def _plain(text: str) -> str:
    return re.sub(r"['\-\s]+", " ", fold(text))
