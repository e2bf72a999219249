"""What the words around a name say: is a place expected here, or a person, a street, a sum?"""

from enum import IntEnum

from bot.directory.communes import ordinary
from bot.directory.communes.names import ARTICLES

#: Verbs and nouns after which a place is meant for sure.
HOME = frozenset(
    """
    habiter vivre loger resider habite habites habit abite abit habitons habitez habitent habitant habitants habitante habitais habitait vis vit vivons vivent vivant
    loge loges logeons residant resident residons reside residente residence domicilie domiciliee installe installee
    emmenage emmenager demenage demenager heberge hebergee loges
    """.split()
)
_BEING = frozenset("suis sui sommes est".split())
TOWN_NOUNS = frozenset(
    "commune communes ville village mairie ccas hameau secteur quartier quartiers canton agglo metropole cp".split()
)
#: Services that a person looks for: followed by where.
SERVICES = frozenset(
    """
    caf ccas pmi mairie cpam ameli secu mdph mda sds mds sts ase msap msa crous cidff udaf adil mlj mission locale travail emploi france services
    maison solidarite solidarites departement agence antenne permanence centre point relais hopital chu urgences
    creche ecole college lycee bibliotheque mediatheque assistante assistant sociale social poste prefecture tribunal
    restos restaurant rouge secours populaire catholique cimade emmaus epicerie foyer planning planification
    rsa numerique conseiller mediateur medecin bus gare rdv rendez vous
    """.split()
)
#: Prepositions right before a place; those that say less come after anything ("de", "pour").
_PLACE = frozenset("a sur vers aux au proximite o ver habite".split())
_NEAR = frozenset(
    "pres cote proche autour environs loin alentours lisiere peripherie ouest est nord sud sortie entree".split()
)
_WEAK = frozenset(
    "de d du des en dans pour entre et ou depuis jusqu jusque par quitte quitter quittant ici cest dan avant apres".split()
)
_STREET = frozenset(
    "rue rues avenue av boulevard bd bvd bld chemin impasse allee allees quai route place square cours faubourg passage".split()
)
_TITLES = frozenset("madame monsieur mme mr m mlle mademoiselle docteur dr maitre famille prenom nom appelle".split())
_TRADES = frozenset("professeur prof juge avocat avocate notaire educateur educatrice patron ami amie".split())
#: What the wines of a place come after.
_DRINKS = frozenset("vin vins verre verres bouteille bouteilles muscat".split())
_SAINT_PLACES = frozenset(
    "croix pont porte marche cite lycee college ecole clinique hopital eglise paroisse fondation institut creche residence foyer maternelle ehpad centre groupe".split()
)
_OF = frozenset(["de", "du", "des", "d"])
#: Words that say nothing of their own in an answer that only names a place.
FILLERS = frozenset(
    """
    bonjour bonsoir salut coucou merci oui non svp stp s il te vous plait alors euh bon voila donc et moi je j suis c est
    a sur vers au aux en de d du ici mon ma la le les l commune ville village code postal cp plutot pardon desole pas
    mais dans e eme centre plage cedex nord sud est ouest habite habit vis herault 34 ok accord par pres cote
    """.split()
)


#: Turns of phrase whose last words are not the place that they look like.
IDIOMS = (
    "sommier a lattes",
    "lit a lattes",
    "pays de caux",
    "sens unique",
    "saint vincent de paul",
    "mont blanc",
    "notre dame de paris",
)


def is_idiom(tokens: list[str], start: int, end: int) -> bool:
    """Tell whether the words from `start` to `end` are part of a turn of phrase."""
    around = f" {' '.join(tokens[max(0, start - 3) : end + 3])} "
    return any(f" {idiom} " in around for idiom in IDIOMS)


class Cue(IntEnum):
    """How much the words before a name expect a place."""

    NONE = 0
    OF = 1  #: "de", "pour", "et"
    SERVICE = 2  #: "caf Béziers"
    PLACE = 3  #: "à", "sur", "près de"
    SURE = 4  #: "j'habite", "la commune de"


def cue(tokens: list[str], position: int) -> Cue:
    """Tell how much the words before `position` expect a place."""
    before = position - 1
    while before >= 0 and tokens[before] in ARTICLES:
        before -= 1
    if before < 0:
        return Cue.NONE
    word, previous = tokens[before], tokens[before - 1] if before else ""
    if _is_home(tokens, before) or (word in _OF and previous in TOWN_NOUNS):
        return Cue.SURE
    if word in _PLACE or (word in _OF and previous in _NEAR):
        return Cue.PLACE
    if word in SERVICES or word in _NEAR or (word in _OF and previous in SERVICES):
        return Cue.SERVICE
    return Cue.OF if word in _WEAK else Cue.NONE


def _is_home(tokens: list[str], position: int) -> bool:
    """Tell whether the word at `position` ends what says where a person lives: "j'habite", "je vis à", "je suis de"."""
    word, two = tokens[position], tokens[max(0, position - 2) : position]
    if word in HOME or word in TOWN_NOUNS:
        return True
    if word not in _PLACE and word not in _WEAK:
        return False
    return any(token in HOME for token in two) or (
        word in {"a", "sur", "de", "d", "du"} and two[-1:] != [] and two[-1] in _BEING
    )


def after_article(tokens: list[str], position: int) -> bool:
    """Tell whether an article, or a word that holds one, comes right before: "la campagne", "aux plans", "mes rives"."""
    return position > 0 and tokens[position - 1] in ARTICLES | {
        *("au", "aux", "du", "des", "un", "une", "mon", "ma", "mes", "ton", "ta", "son", "sa", "ses", "ce", "cette"),
        *("ces", "notre", "votre", "leur", "plus", "tous", "toutes", "trop"),
    }


def is_a_person(tokens: list[str], position: int) -> bool:
    """Tell whether the word before may make a surname of what follows: a trade, a first name."""
    return position > 0 and (tokens[position - 1] in _TRADES or tokens[position - 1] in ordinary.first_names())


def is_not_a_place(tokens: list[str], position: int, saint: bool) -> bool:
    """Tell whether the words before make it a street, a person, a wine, or a school named after a saint."""
    before = position - 1
    while before >= 0 and (tokens[before] in ARTICLES or tokens[before] in _OF):
        before -= 1
    if before < 0:
        return False
    direct = before == position - 1
    word = tokens[before]
    if direct:
        return word in _STREET or word in _TITLES or (saint and word in _SAINT_PLACES)
    return word in _STREET or word in _DRINKS


def is_alone(tokens: list[str], start: int, end: int) -> bool:
    """Tell whether the message is hardly more than the words from `start` to `end`."""
    rest = [*tokens[:start], *tokens[end:]]
    return len(rest) <= 7 and all(token in FILLERS or token.isdigit() for token in rest)
