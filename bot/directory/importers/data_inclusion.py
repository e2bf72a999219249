"""data·inclusion, schema v1: structures, and the services that they offer, in two files (dumps, or pages of the API)."""

import contextlib
import json
import sqlite3
from collections.abc import Iterator, Sequence
from typing import Any

from bot.directory.importers import cleaning
from bot.directory.importers.base import Entry, Format, FormatError, Input, types
from bot.directory.importers.reading import csv_rows, is_json, json_objects
from bot.directory.model import vocabularies

_LISTS = ("thematiques", "publics", "modes_accueil", "modes_mobilisation", "mobilisable_par", "zone_eligibilite")
_TEXTS = ("nom", "frais_precisions", "conditions_acces", "telephone", "courriel", "horaires_accueil")
_STRUCTURE, _SERVICE = frozenset({"id", "nom", "code_insee"}), frozenset({"id", "structure_id", "thematiques"})


def read(inputs: Sequence[Input]) -> Iterator[Entry]:
    """Yield the structures of the Hérault with their services, and what is reached from afar for people of the Hérault.

    Services are read first, and those of structures that are kept are put aside on disk.
    """
    if len(inputs) != 2:
        raise FormatError("data·inclusion : deux fichiers, les structures puis les services")
    structures, services = inputs
    kept = set(_ours(structures))
    # Without a name: a file on disk that is gone with the process.
    with contextlib.closing(sqlite3.connect("")) as offered:
        offered.execute("CREATE TABLE services (structure TEXT, content TEXT)")
        for where, raw, fault in _rows(services, _SERVICE):
            if fault or not isinstance(raw, dict) or not raw.get("structure_id"):
                yield Entry(where, rejected=fault or "service sans structure_id")
            elif str(raw["structure_id"]) in kept or _for_herault(raw):
                values = (str(raw["structure_id"]), json.dumps(_service(raw)))
                offered.execute("INSERT INTO services VALUES (?, ?)", values)
        offered.execute("CREATE INDEX by_structure ON services (structure)")
        for where, raw, fault in _rows(structures, _STRUCTURE):
            if fault or not isinstance(raw, dict):
                yield Entry(where, rejected=fault or "une fiche est un objet JSON")
            else:
                yield _entry(where, raw, offered)


def _rows(source: Input, required: frozenset[str]) -> Iterator[tuple[str, Any, str | None]]:
    if not is_json(source):
        yield from csv_rows(source, required)
        return
    for where, raw, fault in json_objects(source):
        missing = sorted(required - raw.keys()) if isinstance(raw, dict) else []
        yield where, raw, fault or (f"il manque {', '.join(missing)}" if missing else None)


def _ours(structures: Input) -> Iterator[str]:
    for _, raw, fault in _rows(structures, _STRUCTURE):
        if not fault and isinstance(raw, dict) and not cleaning.outside(raw.get("code_insee"), raw.get("code_postal")):
            yield str(raw["id"])


def _for_herault(raw: dict[str, Any]) -> bool:
    """Tell whether a service is reached from afar, and is said to be for the Hérault (its code, or one of a commune)."""
    zone = cleaning.listed(raw.get("zone_eligibilite"))
    return cleaning.listed(raw.get("modes_accueil")) == ["a-distance"] and any(
        one == "34" or (one.startswith("34") and len(one) == 5) for one in zone
    )


def _service(raw: dict[str, Any]) -> dict[str, Any]:
    """Return the fields that we keep of a service; values outside of the closed lists are left for the reader to name."""
    lists = {key: cleaning.listed(raw.get(key)) for key in _LISTS}
    texts = {key: cleaning.text(raw.get(key), 600) for key in _TEXTS}
    return {
        **texts,
        **lists,
        "telephone": cleaning.phone(raw.get("telephone")) if raw.get("telephone") else None,
        "description": cleaning.text(raw.get("description"), 600),
        "type": cleaning.text(raw.get("type")),
        "frais": cleaning.text(raw.get("frais")),
        "lien_mobilisation": cleaning.url(raw.get("lien_mobilisation")),
        "date_maj": cleaning.day(raw.get("date_maj")),
    }


def _kinds(themes: Sequence[str]) -> list[str]:
    known = types()["data-inclusion"]["thematiques"]
    found = [kind for theme in themes for kind in (known.get(theme) or known.get(theme.partition("--")[0]) or ())]
    return list(dict.fromkeys(found))


def _entry(where: str, raw: dict[str, Any], offered: sqlite3.Connection) -> Entry:
    id_, name = cleaning.text(raw["id"]), cleaning.text(raw["nom"])
    if not id_ or not name:
        return Entry(where, rejected="il manque l'identifiant ou le nom")
    rows = offered.execute("SELECT content FROM services WHERE structure = ? ORDER BY rowid", (id_,))
    mine = [json.loads(content) for (content,) in rows]
    away = cleaning.outside(raw.get("code_insee"), raw.get("code_postal"))
    if away and not mine:
        return Entry(where, outside=True)
    commune = None if away else cleaning.commune(raw.get("code_insee"), raw.get("code_postal"), raw.get("commune"))
    if commune is None and not away:
        return Entry(where, rejected=f"commune inconnue : « {raw.get('commune')} » ({raw.get('code_insee')})")
    networks = cleaning.listed(raw.get("reseaux_porteurs"))
    by_network = [kind for one in networks for kind in types()["data-inclusion"]["reseaux_porteurs"].get(one, ())]
    services = _services(mine, by_network)
    if not services:
        themes = {theme for one in mine for theme in one["thematiques"]}
        return Entry(where, unknown=", ".join(sorted(networks)) or ", ".join(sorted(themes)) or "(sans service)")
    dates = [day for day in (cleaning.day(raw.get("date_maj")), *(one["date_maj"] for one in mine)) if day]
    place = {
        "commune": commune.name,
        "code_insee": commune.insee,
        "code_postal": cleaning.text(raw.get("code_postal")),
        "adresse": cleaning.text(raw.get("adresse")),
        "complement_adresse": cleaning.text(raw.get("complement_adresse")),
        "latitude": cleaning.number(raw.get("latitude")),
        "longitude": cleaning.number(raw.get("longitude")),
    } if commune else {}  # fmt: skip
    return Entry(
        where,
        cleaning.compact(
            {
                "id": f"di-{id_}",
                "nom": cleaning.decapitalised(name),
                **place,
                "telephone": cleaning.phone(raw.get("telephone")) if raw.get("telephone") else None,
                "courriel": cleaning.email(raw.get("courriel")),
                "site_web": cleaning.url(raw.get("site_web")),
                "description": cleaning.text(raw.get("description"), 600),
                "horaires_accueil": cleaning.text(raw.get("horaires_accueil"), 300),
                "siret": cleaning.siret(raw.get("siret")),
                "accessibilite_lieu": cleaning.text(raw.get("accessibilite_lieu"), 300),
                "date_maj": dates[0] if dates else None,
                "lien_source": cleaning.url(raw.get("lien_source")),
                "services": services,
            }
        ),
    )


def _services(mine: Sequence[dict[str, Any]], by_network: Sequence[str]) -> list[dict[str, Any]]:
    """Return one service for each kind: what the network stands for, else what the themes of a service tell."""
    found: dict[str, dict[str, Any]] = {}
    for service in mine:
        fields = {key: value for key, value in service.items() if key != "date_maj"}
        if not fields["modes_accueil"]:
            fields["modes_accueil"] = ["en-presentiel"]
        for kind in _kinds(service["thematiques"]):
            found.setdefault(kind, cleaning.compact({"kind": kind, **fields}))
    for kind in by_network:
        found.setdefault(kind, {"kind": kind, "modes_accueil": ["en-presentiel"]})
    return [one for kind, one in found.items() if kind in vocabularies()["kinds"]]


FORMAT = Format(
    name="data-inclusion",
    title="data·inclusion (structures et services, schéma v1)",
    source="data·inclusion",
    confiance="medium",
    read=read,
    lien_source="https://www.data.inclusion.gouv.fr/",
    files=("structures", "services"),
)
