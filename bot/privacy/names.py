"""Names of people, where the words around say that a name comes: "je m'appelle…", "Mme…", "mon fils Enzo…". Pure."""

import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import islice

from bot.directory import communes
from bot.directory.communes import elsewhere, ordinary
from bot.text import fold

_TOKEN = re.compile(r"[^\W\d_]+(?:['’\-][^\W\d_]+)*")
#: After these, one to three words are a name, capitals or not.
_SAYS = re.compile(
    r"\b(?:(?:je\s+)?m['’ ]?\s?app?el+e?s?(?:rio)?|jm['’ ]?app?el+e?|mon\s+(?:nom|pr[eé]nom|nom\s+de\s+famille|nom\s+complet)\s*(?:est|c['’ ]?\s?est|cest|ses|:|et\s+pr[eé]nom\s*:)?|"
    r"(?:nom|pr[eé]nom|nom\s+et\s+pr[eé]nom|nom\s+pr[eé]nom|nom\s+de\s+naissance|nom\s+d['’]usage|pr[eé]noms)\s*:|je\s+soussign[eé]{1,2}e?,?|moi\s*,?\s*c['’ ]?est|il\s+s['’ ]appelle|elle\s+s['’ ]appelle|s['’ ]appel+e|nomm[eé]e?|pr[eé]nomm[eé]e?|au\s+nom\s+de|sign[eé]e?\s*:)(?:\s+|(?<=:))",
    re.IGNORECASE,
)
_TITLE = re.compile(
    r"\b(?:M\.|Mr\.?|Mme\.?|Mlle\.?|Monsieur|Madame|Mademoiselle|monsieur|madame|mme|mr|mlle|MME|MR|Dr\.?|Ma[iî]tre)\s+"
)
_LOWER_TITLE = re.compile(r"\b(?:pr|pour|est|c|de|par)\s+(?:mr|mme|monsieur|madame)\s+", re.IGNORECASE)
#: After these, only capitals make a name: "mon fils Enzo", but "mon fils malade".
_KIN = re.compile(
    r"\b(?:(?:mon|ma|mes|son|sa|notre|leur|le|la)\s+)(?:fils|fille|mari|femme|ex|ex-mari|ex-femme|compagnon|compagne|conjointe?|fr[eè]re|s[oœ]e?ur|m[eè]re|p[eè]re|maman|papa|copain|copine|amie?|voisine?|neveu|ni[eè]ce|"
    r"b[eé]b[eé]|enfant|petite?|tante|oncle|cousine?|grand-?m[eè]re|grand-?p[eè]re|belle-?m[eè]re|beau-?p[eè]re|usag[eè]re?|b[eé]n[eé]ficiaire|locataire|coll[eè]gue|patron|conseill[eè]re?)\s*,?\s+",
    re.IGNORECASE,
)
#: After these too, but less surely: only capitals, and a word that is not one of every day.
_MEANS = re.compile(
    r"(?:^|\b)(?:je\s+suis|jsuis|moi|c['’ ]?est|cest|c|titulaire|contre|chez|avec|par|nom(?:\s+exact)?|pr[eé]nom|fille|titulaire\s+m|bonjour|slt|salut)\s*[,:]?\s+",
    re.IGNORECASE,
)
#: What is called after somebody is no person: "rue Paul Valéry", "l'hôpital Saint-Éloi".
_CALLED_AFTER = re.compile(
    r"(?:rue|avenue|av|place|bd|boulevard|quai|all[eé]e|impasse|chemin|route|h[oô]pital|lyc[eé]e|coll[eè]ge|[eé]cole|clinique|universit[eé]|fac|espace|salle|centre|r[eé]sidence|"
    r"maison|saint|sainte|sain|ste?\.?|port|tour|pont|stade|parc|cr[eè]che|locale|pmi|sds|mds|services?|travail|ccas|[aà])[\s-]+$",
    re.IGNORECASE,
)
_SIGNED = re.compile(
    r"(?:\b(?:cordialement|salutations(?:\s+distingu[eé]es)?|respectueusement|sinc[eè]rement|bien\s+[aà]\s+vous|cdt|cdlt|merci(?:\s+d['’ ]?avance)?|bonne\s+(?:journ[eé]e|soir[eé]e)|bien\s+cordialement)\s*[,.!\-:]?\s*)(?=[^\W\d_])",
    re.IGNORECASE,
)
#: Words that are no name: those that go on the sentence, and what is called rather than named.
_NOT_A_NAME = frozenset(
    """a ai as cap etat gir auprès aupres lors dun dune au aux avec avez ca car ce ces cest c cette comme comment dans de depuis des deux dois donc du elle elles en encore est et etait etes eu fait faut il ils j jai je juste l la le les leur
    lui ma mais maman papa me mes mieux moi mon n ne nee ne non nos notre nous on ont ou oui par parce pas peu peut pour pourquoi puis quand que qui quoi quel quelle rien s sa sans se ses si son souvent suis sur t
    ta te tes toi ton toujours tous tout toute tres tu un une vos votre vous y aussi alors bien bonjour bonsoir salut svp stp merci chaque jour tous jours matin soir hier demain ici la-bas jamais plusieurs
    habite habitant vis veux voudrais cherche demande besoin aide aides beneficiaire allocataire caf rsa pmi apl aah mdph cpam france travail pole emploi assistante assistant social sociale conseiller conseillere
    maire mairie prefet president directeur directrice docteur medecin juge avocat service services departement monsieur madame mademoiselle mme mr mlle mes tel bis enceinte malade handicape handicapee ans an mois
    agee age celibataire marie mariee divorcee divorce seul seule parent maire personne quelqu dame homme femme fille fils enfant bebe arrete veut frappe boit refuse gagne touche travaille dit doit va vient part
    nom noms prenom prenoms tel telephone mail courriel adresse ddn date naissance numero
    mal ecrit ecrite are aspa apa conseillere compliquee complique simple urgent grave pareil fini trop fort fausse faux faute la-haute haute bon bonne la-meme meme petite petit dernier derniere aine ainee scolarise handicap mineur majeur""".split()
)
_LONGEST = 3
#: Characters before a first name that tell whether it is one.
_NEAR = 60


def _name(text: str, at: int, capitals: bool) -> tuple[int, int] | None:
    """Return the span of the name that begins at `at`, or None when no name does."""
    start, end, kept = at, at, 0
    for token in _TOKEN.finditer(text, at):
        if kept == _LONGEST or text[end : token.start()].strip(" ") or token.start() - end > 2:
            break
        word = token[0]
        folded = fold(word)
        everyday = word[0].islower() and ordinary.is_frequent(folded)
        if folded in _NOT_A_NAME or everyday or (capitals and not word[0].isupper()):
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


#: First names that people write for something else: "jose pas", "on s'est remi ensemble", "paul emploi".
_ALSO_WORDS = frozenset("jose remi olivier roman marc paul pol peter mario noelle amelie lydia aime ange rose".split())
#: Before a first name without its capital.
_LEADS = re.compile(
    r"(?:^|\b(?:suis|jsuis|moi|c|c['’ ]?est|cest|mr|mme|monsieur|madame|avec|contre|si|et|de|chez|bonjour|slt|salut|bb|b[eé]b[eé]|fils|fille|mari|ex|puce|copain|copine)|\d)\s+$",
    re.IGNORECASE,
)


_SAINTS = frozenset({"saint", "sainte", "st", "ste", "sain"})


def _first_names(text: str) -> Iterator[tuple[int, int]]:
    """Yield first names of the list, with the family name that follows or comes before."""
    for token in _TOKEN.finditer(text):
        folded = fold(token[0])
        before_it = text[max(0, token.start() - _NEAR) : token.start()]
        parts = set(folded.split("-"))
        if not parts & ordinary.first_names() or folded in _NOT_A_NAME or parts & _SAINTS:
            continue
        if token[0][0].islower() and (folded in _ALSO_WORDS or not _LEADS.search(before_it)):
            continue
        if _CALLED_AFTER.search(before_it) or _is_commune(token[0]):
            continue
        start, end = token.span()
        for follower in islice(_TOKEN.finditer(text, end), _LONGEST):
            if (
                follower.start() - end > 1
                or not text[end : follower.start()].isspace()
                or not _is_family_name(follower[0], token[0])
            ):
                break
            end = follower.end()
        before = re.search(r"([^\W\d_]+(?:[-'’][^\W\d_]+)*) $", before_it)
        if before and before[1][0].isupper() and _is_family_name(before[1], token[0]):
            start -= len(before_it) - before.start(1)
        yield start, end


def _is_family_name(word: str, beside: str) -> bool:
    """Tell whether `word`, next to the first name `beside`, is likely the rest of the name."""
    folded = fold(word)
    rare = not all(ordinary.is_frequent(part) for part in re.split(r"['’-]", folded))
    return folded not in _NOT_A_NAME and rare and (word[0].isupper() or beside[0].islower()) and not _is_commune(word)


def _pairs(text: str) -> Iterator[tuple[int, int]]:
    """Yield two capitalised rare words in a row, after a word that leads to somebody."""
    for found in _MEANS.finditer(text):
        span = _name(text, found.end(), capitals=True)
        if span is None:
            continue
        found_words = _TOKEN.findall(text[span[0] : span[1]])
        initials = all(word.isupper() and len(word) <= 4 for word in found_words)
        if not (initials or ordinary.is_frequent(fold(found_words[0])) or _is_place(text[span[0] : span[1]])):
            yield span


@lru_cache(maxsize=1)
def _communes() -> frozenset[str]:
    return frozenset(fold(one.name) for one in communes.load().by_insee.values())


@lru_cache(maxsize=1)
def _toponyms() -> frozenset[str]:
    towns = {fold(one.name) for one in elsewhere.towns()} | {fold(one) for one in elsewhere.departments().values()}
    return _communes() | (towns - ordinary.first_names())


def _is_commune(name: str) -> bool:
    """Tell whether what looks like a name is a commune: "la dame de Béziers"."""
    return fold(name) in _communes()


def _is_place(name: str) -> bool:
    """Tell whether what looks like a name is a commune or a département, here or elsewhere: "moi c'est Frontignan"."""
    return fold(name) in _toponyms()


def names(text: str) -> Iterator[tuple[int, int]]:
    """Yield the spans of names of people."""
    for pattern, capitals in ((_SAYS, False), (_TITLE, True), (_LOWER_TITLE, False), (_KIN, True), (_SIGNED, True)):
        for found in pattern.finditer(text):
            span = _name(text, found.end(), capitals)
            if span and (pattern is _TITLE or not _is_place(text[span[0] : span[1]])):
                yield span
    yield from _pairs(text)
    yield from _first_names(text)
