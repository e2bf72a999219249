"""Places of digital help (médiation numérique, the national schema): JSON or CSV, lists written in one text."""

import re
from collections.abc import Iterator, Sequence
from typing import Any

from bot.directory.importers import cleaning
from bot.directory.importers.base import Entry, Format, Input, types
from bot.directory.importers.reading import csv_rows, is_json, json_objects

_REQUIRED = frozenset({"id", "nom", "services", "commune", "code_postal"})
_THEME = "numerique--maitriser-les-fondamentaux-du-numerique"


def read(inputs: Sequence[Input]) -> Iterator[Entry]:
    """Yield the places of the Hérault."""
    (source,) = inputs
    rows = json_objects(source) if is_json(source) else csv_rows(source, _REQUIRED)
    for where, raw, fault in rows:
        yield _entry(where, raw) if fault is None else Entry(where, rejected=fault)


def _entry(where: str, raw: Any) -> Entry:
    if not isinstance(raw, dict):
        return Entry(where, rejected="une fiche est un objet JSON")
    missing = sorted(_REQUIRED - raw.keys())
    if missing:
        return Entry(
            where, rejected=f"ce n'est pas le schéma de la médiation numérique : il manque {', '.join(missing)}"
        )
    if cleaning.outside(raw.get("code_insee"), raw["code_postal"]):
        return Entry(where, outside=True)
    id_, name = cleaning.text(raw["id"]), cleaning.text(raw["nom"])
    if not id_ or not name:
        return Entry(where, rejected="il manque l'identifiant ou le nom")
    commune = cleaning.commune(raw.get("code_insee"), raw["code_postal"], raw["commune"])
    if commune is None:
        return Entry(
            where, rejected=f"commune inconnue : « {raw['commune']} » ({raw.get('code_insee') or raw['code_postal']})"
        )
    offered = cleaning.listed(raw["services"])
    typologies = cleaning.listed(raw.get("typologie"))
    also = [kind for one in typologies for kind in types()["mednum"].get(one, ())]
    fees = {re.sub(r"\W.*", "", one.lower()) for one in cleaning.listed(raw.get("frais_a_charge"))}
    digital = {
        "kind": "numerique",
        "description": cleaning.joined(offered, " ; "),
        "thematiques": [_THEME],
        "frais": next((one for one in ("gratuit", "payant") if fees == {one}), None),
        "conditions_acces": cleaning.joined(cleaning.listed(raw.get("modalites_acces") or raw.get("conditions_acces")), " ; "),
        "lien_mobilisation": cleaning.url(raw.get("prise_rdv")),
        "modes_accueil": ["en-presentiel"],
    }  # fmt: skip
    services = [cleaning.compact(digital), *({"kind": kind} for kind in dict.fromkeys(also) if kind != "numerique")]
    return Entry(
        where,
        cleaning.compact(
            {
                "id": f"mednum-{id_}",
                "nom": name,
                "commune": commune.name,
                "code_insee": commune.insee,
                "code_postal": cleaning.text(raw["code_postal"]),
                "adresse": cleaning.text(raw.get("adresse")),
                "complement_adresse": cleaning.text(raw.get("complement_adresse")),
                "latitude": cleaning.number(raw.get("latitude")),
                "longitude": cleaning.number(raw.get("longitude")),
                "telephone": cleaning.phone(raw.get("telephone")),
                "courriel": cleaning.email(raw.get("courriels") or raw.get("courriel")),
                "site_web": cleaning.url(raw.get("site_web")),
                "description": cleaning.text(raw.get("presentation_resume") or raw.get("presentation_detail"), 500),
                "horaires_accueil": cleaning.text(raw.get("horaires"), 300),
                "siret": cleaning.siret(raw.get("pivot")),
                "date_maj": cleaning.day(raw.get("date_maj")),
                "services": services,
            }
        ),
    )


FORMAT = Format(
    name="mednum",
    title="Lieux de médiation numérique (schéma national)",
    source="Cartographie nationale de la médiation numérique",
    confiance="medium",
    read=read,
    lien_source="https://cartographie.societenumerique.gouv.fr/",
)
