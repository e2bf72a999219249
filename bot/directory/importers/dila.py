"""The DILA's directory of the administration (base locale): the dump, and the API where composed fields are JSON texts."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from bot.directory.importers import cleaning, opening
from bot.directory.importers.base import Entry, Format, Input, types
from bot.directory.importers.reading import json_objects

_NEEDED = ("id", "nom", "pivot", "adresse")


def read(inputs: Sequence[Input]) -> Iterator[Entry]:
    """Yield the services of the Hérault whose type is one of ours; of the others, the type."""
    (source,) = inputs
    for where, raw, fault in json_objects(source):
        yield _entry(where, raw) if fault is None else Entry(where, rejected=fault)


def _dicts(value: Any) -> list[dict[str, Any]]:
    found = cleaning.embedded(value)
    found = [found] if isinstance(found, dict) else found
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def _kinds(pivots: list[dict[str, Any]]) -> tuple[list[str], str]:
    names = [str(one.get("type_service_local") or "?") for one in pivots] or ["(sans type)"]
    kinds = [kind for name in names for kind in types()["dila"].get(name, ())]
    return list(dict.fromkeys(kinds)), ", ".join(names)


def _entry(where: str, raw: Any) -> Entry:  # noqa: PLR0911 - one return for each fate of a record
    if not isinstance(raw, dict):
        return Entry(where, rejected="une fiche est un objet JSON")
    missing = [key for key in _NEEDED if key not in raw]
    if missing:
        return Entry(where, rejected=f"il manque {', '.join(missing)}")
    addresses = _dicts(raw["adresse"])
    address = next(
        (one for one in addresses if one.get("type_adresse") == "Adresse"), addresses[0] if addresses else {}
    )
    code, postcode = raw.get("code_insee_commune"), address.get("code_postal")
    if cleaning.outside(code, postcode):
        return Entry(where, outside=True)
    if str(raw.get("statut_de_diffusion", "true")).lower() == "false":
        return Entry(where, rejected="fiche non diffusée par la DILA")
    kinds, types_ = _kinds(_dicts(raw["pivot"]))
    if not kinds:
        return Entry(where, unknown=types_)
    id_, name = cleaning.text(raw["id"]), cleaning.text(raw["nom"])
    if not id_ or not name:
        return Entry(where, rejected="il manque l'identifiant ou le nom")
    commune = cleaning.commune(code, postcode, address.get("nom_commune"))
    if commune is None:
        return Entry(where, rejected=f"commune inconnue : « {address.get('nom_commune') or code} »")
    hours, remarks = _hours(_dicts(raw.get("plage_ouverture")))
    sites = _dicts(raw.get("site_internet"))
    phones = [one.get("valeur") for one in _dicts(raw.get("telephone"))]
    access = cleaning.joined([*remarks, cleaning.text(raw.get("commentaire_plage_ouverture"), 300)], " ; ")
    return Entry(
        where,
        cleaning.compact(
            {
                "id": f"dila-{id_}",
                "nom": name,
                "commune": commune.name,
                "code_insee": commune.insee,
                "code_postal": cleaning.text(postcode),
                "adresse": cleaning.joined([cleaning.text(address.get("numero_voie")), cleaning.text(address.get("service_distribution"))]),
                "complement_adresse": cleaning.joined([cleaning.text(address.get(f"complement{one}")) for one in (1, 2)]),
                "latitude": cleaning.number(address.get("latitude")),
                "longitude": cleaning.number(address.get("longitude")),
                "telephone": cleaning.phone(phones) if phones else None,
                "courriel": cleaning.email(cleaning.listed(raw.get("adresse_courriel"))),
                "site_web": cleaning.url(sites[0].get("valeur")) if sites else None,
                "description": cleaning.text(raw.get("mission")) or cleaning.text(raw.get("information_complementaire")),
                "horaires_accueil": hours,
                "siret": cleaning.siret(raw.get("siret")),
                "accessibilite_lieu": cleaning.text(address.get("note_accessibilite"), 300),
                "date_maj": cleaning.day(raw.get("date_modification")),
                "lien_source": cleaning.url(raw.get("url_service_public")),
                "services": [
                    cleaning.compact({"kind": kind, "conditions_acces": access, "modes_accueil": ["en-presentiel"]}) for kind in kinds
                ],
            }
        ),
    )  # fmt: skip


def _hours(ranges: Sequence[Mapping[str, Any]]) -> tuple[str | None, list[str]]:
    """Return the hours in OpenStreetMap's syntax, and what is said beside them."""
    by_day: dict[str, list[str]] = {}
    remarks: list[str] = []
    for one in ranges:
        first, last = (str(one.get(f"nom_jour_{edge}") or "").lower() for edge in ("debut", "fin"))
        if first not in opening.DAYS:
            continue
        start = opening.DAYS.index(first)
        end = opening.DAYS.index(last) if last in opening.DAYS else start
        written = [
            f"{one.get(f'valeur_heure_debut_{number}')} - {one.get(f'valeur_heure_fin_{number}')}"
            for number in (1, 2)
            if one.get(f"valeur_heure_debut_{number}")
        ]
        spans = [span for cell in written for span in opening.spans(cell) or []]
        for position in range(start, end + 1):
            known = by_day.setdefault(opening.DAYS[position], [])
            known += [span for span in spans if span not in known]
        if remark := cleaning.text(one.get("commentaire"), 200):
            days = first if first == last or not last else f"{first} à {last}"
            remarks.append(f"{days} : {remark}")
    return opening.week({name: sorted(spans) for name, spans in by_day.items()}), remarks


FORMAT = Format(
    name="dila",
    title="Annuaire de l'administration, base locale (DILA)",
    source="Annuaire de l'administration (DILA)",
    confiance="high",
    read=read,
    licence="Licence Ouverte 2.0",
    lien_source="https://lannuaire.service-public.gouv.fr/",
)
