"""Names of people, where the words around say that a name comes: "je m'appelle…", "Mme…", "mon fils Enzo…". Pure."""

import re
from collections.abc import Iterator

from bot.directory import communes
from bot.text import fold

_TOKEN = re.compile(r"[^\W\d_]+(?:['’\-][^\W\d_]+)*")
#: After these, one to three words are a name, capitals or not.
_SAYS = re.compile(
    r"\b(?:(?:je\s+)?m['’ ]?\s?app?el+e?s?(?:rio)?|jm['’ ]?app?el+e?|mon\s+(?:nom|pr[eé]nom|nom\s+de\s+famille|nom\s+complet)\s*(?:est|c['’ ]?\s?est|cest|ses|:|et\s+pr[eé]nom\s*:)?|"
    r"(?:nom|pr[eé]nom|nom\s+et\s+pr[eé]nom|nom\s+pr[eé]nom)\s*:|moi\s*,?\s*c['’ ]?est|il\s+s['’ ]appelle|elle\s+s['’ ]appelle|s['’ ]appel+e|nomm[eé]e?|pr[eé]nomm[eé]e?|au\s+nom\s+de|sign[eé]\s*:?)\s+",
    re.IGNORECASE,
)
_TITLE = re.compile(
    r"\b(?:M\.|Mr\.?|Mme\.?|Mlle\.?|Monsieur|Madame|Mademoiselle|monsieur|madame|mme|mr|mlle|MME|MR|Dr\.?|Ma[iî]tre)\s+"
)
#: After these, only capitals make a name: "mon fils Enzo", but "mon fils malade".
_KIN = re.compile(
    r"\b(?:(?:mon|ma|mes|son|sa|notre|leur|le|la)\s+)(?:fils|fille|mari|femme|ex|ex-mari|ex-femme|compagnon|compagne|conjointe?|fr[eè]re|s[oœ]e?ur|m[eè]re|p[eè]re|maman|papa|copain|copine|amie?|voisine?|neveu|ni[eè]ce|"
    r"b[eé]b[eé]|enfant|petite?|tante|oncle|cousine?|grand-?m[eè]re|grand-?p[eè]re|belle-?m[eè]re|beau-?p[eè]re|usag[eè]re?|b[eé]n[eé]ficiaire|locataire|coll[eè]gue|patron|conseill[eè]re?)\s*,?\s+",
    re.IGNORECASE,
)
_SIGNED = re.compile(
    r"(?:\b(?:cordialement|salutations(?:\s+distingu[eé]es)?|respectueusement|sinc[eè]rement|bien\s+[aà]\s+vous|cdt|cdlt|merci(?:\s+d['’ ]?avance)?|bonne\s+(?:journ[eé]e|soir[eé]e)|bien\s+cordialement)\s*[,.!\-:]?\s*)(?=[^\W\d_])",
    re.IGNORECASE,
)
#: Words that are no name: those that go on the sentence, and what is called rather than named.
_NOT_A_NAME = frozenset(
    """a ai as au aux avec avez ca car ce ces cest c cette comme comment dans de depuis des deux dois donc du elle elles en encore est et etait etes eu fait faut il ils j jai je juste l la le les leur
    lui ma mais maman papa me mes mieux moi mon n ne nee ne non nos notre nous on ont ou oui par parce pas peu peut pour pourquoi puis quand que qui quoi quel quelle rien s sa sans se ses si son souvent suis sur t
    ta te tes toi ton toujours tous tout toute tres tu un une vos votre vous y aussi alors bien bonjour bonsoir salut svp stp merci chaque jour tous jours matin soir hier demain ici la-bas jamais plusieurs
    habite habitant vis veux voudrais cherche demande besoin aide aides beneficiaire allocataire caf rsa pmi apl aah mdph cpam france travail pole emploi assistante assistant social sociale conseiller conseillere
    maire mairie prefet president directeur directrice docteur medecin juge avocat service services departement monsieur madame mademoiselle mme mr mlle mes tel bis enceinte malade handicape handicapee ans an mois
    agee age celibataire marie mariee divorcee divorce seul seule parent maire personne quelqu dame homme femme fille fils enfant bebe arrete veut frappe boit refuse gagne touche travaille dit doit va vient part
    compliquee complique simple urgent grave pareil fini trop fort fausse faux faute la-haute haute bon bonne la-meme meme petite petit dernier derniere aine ainee scolarise handicap mineur majeur""".split()
)
_LONGEST = 3


def _name(text: str, at: int, capitals: bool) -> tuple[int, int] | None:
    """Return the span of the name that begins at `at`, or None when no name does."""
    start, end, kept = at, at, 0
    for token in _TOKEN.finditer(text, at):
        if kept == _LONGEST or text[end : token.start()].strip(" ") or token.start() - end > 2:
            break
        word = token[0]
        folded = fold(word)
        if folded in _NOT_A_NAME or (capitals and not word[0].isupper()):
            # A particle inside a name: "Marie de Souza".
            if (
                kept
                and folded in {"de", "du", "la", "le", "el", "ben", "da", "dos"}
                and text[token.end() : token.end() + 2].strip()[:1].isupper()
            ):
                end = token.end()
                continue
            break
        kept += 1
        end = token.end()
    return (start, end) if kept else None


def _is_commune(name: str) -> bool:
    """Tell whether what looks like a name is a commune: "la dame de Béziers"."""
    return any(one.name and fold(one.name) == fold(name) for one in communes.load().by_insee.values())


def names(text: str) -> Iterator[tuple[int, int]]:
    """Yield the spans of names of people."""
    for pattern, capitals in ((_SAYS, False), (_TITLE, True), (_KIN, True), (_SIGNED, True)):
        for found in pattern.finditer(text):
            span = _name(text, found.end(), capitals)
            if span and not _is_commune(text[span[0] : span[1]]):
                yield span
