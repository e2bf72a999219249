"""The kinds of place, and the names that people give them: old names, initials, what is done there."""

import re

from bot.text import normalise

#: kind → what names it, over the normalised text. In order: the first that is found is the kind.
_NAMES: tuple[tuple[str, str], ...] = (
    ("france_services", r"(?:maisons?|msap|espaces?) france services?|france services?|franse servis\w*|maison de services?|mfs|msap"),
    ("mission_locale", r"miss?ions? loc+ale?s?|mlj\w*"),
    ("cap_emploi", r"cap emploi|cap emplois"),
    ("france_travail", r"france travail|pole emploi|pol emploi|paul emploi|anpe|assedic|agence pour l emploi"),
    ("pmi", r"pmi|protection maternelle|puericultrice|pese bebe|pesee|peser"),
    ("mda", r"mdph|mda|maison (?:departementale )?(?:de l autonomie|du handicap|des personnes handicapees)|maison handicap"),
    ("sds", r"sds|mds|sts|agences? de la solidarite|maisons? des? solidarites?|services? des solidarites|(?:l )?assistante? sociale?|travailleur social|(?:l )?asistante? social\w*|action sociale"),
    ("caf", r"caf|allocations familiales|kaf"),
    ("cpam", r"cpam|securite sociale|la secu|ameli|assurance maladie|caisse primaire"),
    ("msa", r"msa|mutualite sociale agricole"),
    ("ccas", r"ccas|centre communal|mairie|aide sociale de la ville"),
    ("aide_alimentaire", r"restos? du coeur|resto du coeur|secours populaire|croix rouge|epicerie (?:sociale|solidaire)|colis alimentaires?|banque alimentaire|aide alimentaire|manger"),
    ("numerique", r"conseillers? numeriques?|atelier (?:numerique|informatique)|cyber ?base|ordinateur|imprimer|photocop\w+|scanner|wifi"),
    ("ebe", r"ebe|entreprise a but d emploi|abeille verte|hauts val\w*"),
)  # fmt: skip
_COMPILED = tuple((kind, re.compile(rf"\b(?:{names})\b")) for kind, names in _NAMES)


def named(text: str) -> str | None:
    """Return the kind of place that `text` names, or None."""
    normalised = normalise(text)
    return next((kind for kind, names in _COMPILED if names.search(normalised)), None)
