"""What people call our subjects when they correct us: "je parlais du RSA", "non pas la Caf, le Département".

The classifier learns whole questions; a correction names its subject in a word or two, and often the wrong one first.
"""

from __future__ import annotations

import re

from bot.text import normalise

#: Name → the id of the subject, or a theme of `data/answers` when the name alone does not tell which of its subjects.
_NAMES = tuple(
    (re.compile(rf"\b(?:{pattern})\b"), meant)
    for pattern, meant in (
        (r"prime d activite", "rsa_reprise_emploi"),
        (r"trop per[cs]u\w*|indus?", "rsa_trop_percu"),
        (r"declaration(?: trimestrielle)?|trimestrielle", "rsa_declaration"),
        (r"contrat d engagement(?! jeune)|referente?", "rsa_accompagnement"),
        (r"sanctions?|suspension", "rsa_sanction"),
        (r"recours|contestation", "rsa_recours"),
        (r"prime de noel", "rsa_droits_lies"),
        (r"simulateur", "droits_simulateur"),
        (r"rsa|revenu de solidarite", "rsa"),
        (r"aidants? connect", "numerique_aidants_connect"),
        (r"mots? de passe|comptes? (?:ameli|caf)|franceconnect|france connect", "numerique_compte"),
        (r"ordinateurs?", "numerique_equipement"),
        (r"c2s|css|cmu|complementaire(?: sante)?|mutuel\w*", "droits_c2s"),
        (r"ame|aide medicale(?: d etat)?", "droits_ame"),
        (r"medecins?|carte vitale|cpam|secu|securite sociale|assurance maladie", "droits_soins"),
        (r"aah|aeeh|pch|rqth|mdph|mda|handicap\w*", "droits_handicap"),
        (r"apl|loyers?|logements?|hlm|fsl", "droits_logement"),
        (r"domiciliation|election de domicile|attestation de domicile", "droits_domiciliation"),
        (r"apa|aspa|minimum vieillesse|ehpad|maison de retraite|aide a domicile", "droits_personnes_agees"),
        (r"dettes?|surendettement|credits?", "droits_dettes"),
        (r"assistante? sociale?", "droits_assistante_sociale"),
        (r"zero chomeur|abeille verte|tzcld", "emploi_tzcld"),
        (r"cde", "emploi_cde"),
        (r"microcredit|adie|airdie", "emploi_pret"),
        (r"(?:creer|creation)\b.{0,12}\bentreprise|micro entreprise|auto entrepreneu\w*", "emploi_creation"),
        (r"bilan de competences?", "emploi_bilan_competences"),
        (r"formations?", "emploi_formation"),
        (r"insertion", "emploi_insertion"),
        (r"permis", "emploi_freins"),
        (r"mission locale|cej|contrat d engagement jeune", "emploi_jeunes"),
        (r"france travail|pole emploi", "emploi_france_travail"),
        (r"agrement", "pmi_agrement_assmat"),
        (r"creches?|nounous?|assistante maternelle", "pmi_mode_garde"),
        (r"vaccin\w*", "pmi_vaccination"),
        (r"contraception|ivg|depistage", "pmi_sante_sexuelle"),
        (r"grossesse|enceinte", "pmi_grossesse"),
        (r"visites? a domicile", "pmi_visite_domicile"),
        (r"consultation|pesee|peser", "pmi_consultation"),
        (r"pmi", "pmi"),
        (r"parrainage|parrain|marraine", "enfance_parrainage"),
        (r"familles? d accueil", "enfance_famille_accueil"),
        (r"jeune majeur", "enfance_jeune_majeur"),
        (r"ase|aide sociale a l enfance|placement", "enfance_ase"),
        (r"aide alimentaire|colis|nourriture", "aide_alimentaire"),
        (r"caf", "contacter_caf"),
        (r"departement|conseil (?:general|departemental)", "contacter_departement"),
    )
)
#: What follows is not meant: "pas la Caf", "et non de l'inscription".
_REFUSED = re.compile(
    r"\b(?:pas|ni|et non|non pas|plutot que)\b(?: (?:du|de|des|d|la|le|les|l|un|une|au|aux|pour|par|sur|a|celui|celle|comment))* \S+(?: (?:d|de|du|des|a) \S+)*"
)


def named(correction: str) -> str | None:
    """Return the id of a subject, or the theme, that a correction names; None when it names nothing that is known.

    What it refuses ("pas la Caf") does not count.
    """
    meant = _REFUSED.sub(" ", normalise(correction))
    return next((subject for pattern, subject in _NAMES if pattern.search(meant)), None)
