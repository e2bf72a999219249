"""The Département's own list of its sites and services (herault-data.fr, Opendatasoft): one line a service.

Names of fields: mednum-cli's configuration for the Hérault. Never run on the live portal: docs/imports.md.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

from bot.directory.importers import cleaning
from bot.directory.importers.base import Entry, Format, Input, types
from bot.directory.importers.reading import csv_rows, is_json, json_objects
from bot.text import normalise

_REQUIRED = frozenset({"code_service", "lib_long_service", "lib_long_type", "nom_comm"})


def read(inputs: Sequence[Input]) -> Iterator[Entry]:
    """Yield the services whose type is one of ours; of the others, the type. JSON or CSV export."""
    (source,) = inputs
    rows = json_objects(source) if is_json(source) else csv_rows(source, _REQUIRED)
    for where, raw, fault in rows:
        yield _entry(where, raw) if fault is None else Entry(where, rejected=fault)


def kinds(*said: Any) -> list[str]:
    """Return our kinds for what a service says of itself, from its type to its name: the first that tells wins."""
    return next((found for one in said if (found := _named(cleaning.text(one) or ""))), [])


@lru_cache(maxsize=4096)
def _named(said: str) -> list[str]:
    words = f" {normalise(said)} "
    return [kind for kind, names in types()["herault-data"].items() if any(f" {name} " in words for name in names)]


def _point(raw: Mapping[str, Any]) -> tuple[float | None, float | None]:
    geo = cleaning.embedded(raw.get("geo_point_2d") or raw.get("geo_point"))
    if isinstance(geo, str) and "," in geo:
        latitude, _, longitude = geo.partition(",")
        geo = {"lat": latitude, "lon": longitude}
    beside = geo if isinstance(geo, dict) else {}
    return (
        cleaning.number(raw.get("lieu_lat84") or beside.get("lat")),
        cleaning.number(raw.get("lieu_long84") or beside.get("lon")),
    )


def _entry(where: str, raw: Any) -> Entry:  # noqa: PLR0911 - one return for each fate of a record
    if not isinstance(raw, dict):
        return Entry(where, rejected="une fiche est un objet JSON")
    missing = sorted(_REQUIRED - raw.keys())
    if missing:
        return Entry(where, rejected=f"il manque {', '.join(missing)}")
    code, postcode = raw.get("num_insee_comm_service"), raw.get("lieu_code_postal")
    if cleaning.outside(code, postcode):
        return Entry(where, outside=True)
    id_, name = cleaning.text(raw["code_service"]), cleaning.text(raw["lib_long_service"])
    if not id_ or not name:
        return Entry(where, rejected="il manque code_service ou lib_long_service")
    found = kinds(raw["lib_long_type"], name, raw.get("administration"))
    if not found:
        return Entry(where, unknown=cleaning.text(raw["lib_long_type"]) or "(sans type)")
    commune = cleaning.commune(code, postcode, raw["nom_comm"])
    if commune is None:
        return Entry(where, rejected=f"commune inconnue : « {raw['nom_comm']} » ({code})")
    latitude, longitude = _point(raw)
    return Entry(
        where,
        cleaning.compact(
            {
                "id": f"herault-{id_}",
                "nom": cleaning.decapitalised(name),
                "commune": commune.name,
                "code_insee": commune.insee,
                "code_postal": cleaning.text(postcode),
                "adresse": cleaning.text(raw.get("adresse")),
                "latitude": latitude,
                "longitude": longitude,
                "telephone": cleaning.phone(cleaning.embedded(raw.get("tabservice_tel_service"))),
                "courriel": cleaning.email(cleaning.embedded(raw.get("tabservice_mail_service"))),
                "site_web": cleaning.url(raw.get("site_internet_service")),
                "description": cleaning.text(raw.get("infos_complementaires")),
                "horaires_accueil": cleaning.text(raw.get("horaires")),
                "siret": cleaning.siret(raw.get("pivot")),
                "date_maj": cleaning.day(raw.get("date_maj")),
                "services": [{"kind": kind, "modes_accueil": ["en-presentiel"]} for kind in found],
            }
        ),
    )


FORMAT = Format(
    name="herault-data",
    title="Sites et services du Département (herault-data.fr)",
    source="Département de l'Hérault (herault-data.fr)",
    confiance="high",
    read=read,
    lien_source="https://www.herault-data.fr/",
)
