"""Five digits: a postcode, or a number that only looks like one?"""

from bot.directory.communes.context import FILLERS, HOME

#: Words after a number that make it a quantity.
_COUNTED = frozenset(
    """
    euro euros e eur balles brut bruts net nets francs par ans an mois jours habitants personnes km kilometres metres
    foyers dossiers fois places m mille euros logements enfants
    """.split()
)
#: Words before a number that make it a sum or a reference.
_REFERENCE = frozenset(
    """
    dossier numero n no num allocataire matricule identifiant reference ref facture contrat compte mot passe client
    siret agrement gagne gagnes touche touches doit dois devait devoir paye payer verse verser coute vaut reste perdu
    recu rembourser reclame reclament demande montant somme total environ presque ai as avons avait avais avec
    plus moins pret credit dette dettes salaire revenus revenu loyer pin secret securite commande
    article loi arrete decret plafond dispositif formulaire cerfa
    """.split()
)
#: Of these, the ones that make a reference of a number a few words later.
_NUMBERED = frozenset(
    "montant somme total porte dossier allocataire matricule identifiant reference facture contrat siret agrement cerfa formulaire article".split()
)
_PLACED = HOME | frozenset("a sur vers dans le au postal cp commune ville secteur pres cote du c est ici suis".split())


def read(tokens: list[str], position: int) -> tuple[str, int] | None:
    """Return five digits that start at `position`, written in one piece or as "34 500", and where they end."""
    token = tokens[position]
    before = tokens[position - 1] if position else ""
    if len(token) == 5 and token.isdigit():
        end = position + 1
    elif len(token) == 2 and token.isdigit() and len("".join(tokens[position + 1 : position + 2])) == 3:
        end = position + 2
        token += tokens[position + 1]
    else:
        return None
    after = tokens[end] if end < len(tokens) else ""
    if not token.isdigit() or any(one.isdigit() and len(one) > 1 for one in (before, after)):
        return None
    return token, end


def is_quantity(tokens: list[str], start: int, end: int) -> bool:
    """Tell whether the words around make the number a sum, a count or a reference."""
    before = tokens[max(0, start - 2) : start]
    after = tokens[end] if end < len(tokens) else ""
    if before[-1:] and before[-1] in {"postal", "cp", "postale"}:
        return False
    window = tokens[max(0, start - 6) : start]
    if any(token in _NUMBERED for token in window) or ("code" in window and "postal" not in window):
        return True
    following = tokens[end + 1] if end + 1 < len(tokens) else ""
    return (
        after in _COUNTED
        or (
            after in {"de", "d"}
            and following
            in {
                "dettes",
                "dette",
                "revenus",
                "revenu",
                "retard",
                "credit",
                "salaire",
                "loyer",
                "ressources",
                "prime",
                "trop",
            }
        )
        or bool(before and before[-1] in _REFERENCE)
        or bool(
            len(before) == 2
            and before[-1] in {"est", "de", "d", "a", "le"}
            and before[0] in _REFERENCE - {"plus", "moins", "ai"}
        )
    )


def is_placed(tokens: list[str], start: int, end: int) -> bool:
    """Tell whether a number stands where a place is expected: alone, or after the words that say where."""
    if all(token in FILLERS for token in [*tokens[:start], *tokens[end:]]):
        return True
    if not start:
        return False
    before, two = tokens[start - 1], tokens[max(0, start - 3) : start]
    if any(token in HOME for token in two) or before in {"postal", "cp"}:
        return True
    # A round number after a preposition may be a price: "vendue à 15000".
    return before in _PLACED and not "".join(tokens[start:end]).endswith("00")
