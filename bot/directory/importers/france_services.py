"""The list of France services (ANCT, CSV): one line a place, hours by day."""

from collections.abc import Iterator, Mapping, Sequence

from bot.directory.importers import cleaning, opening
from bot.directory.importers.base import Entry, Format, Input
from bot.directory.importers.reading import csv_rows

_REQUIRED = frozenset({"id_fs", "lib_fs", "insee_com", "code_postal", "lib_com", "telephone", "h_lundi"})
_THEMES = (
    "difficultes-administratives-ou-juridiques--accompagnement-aux-demarches-administratives",
    "numerique--acceder-a-des-services-en-ligne",
)
_DAYS = opening.DAYS[:6]


def read(inputs: Sequence[Input]) -> Iterator[Entry]:
    """Yield the France services of the Hérault."""
    (source,) = inputs
    for where, row, fault in csv_rows(source, _REQUIRED):
        yield _entry(where, row, source.day) if row is not None else Entry(where, rejected=fault)


def _entry(where: str, row: Mapping[str, str], day: str | None) -> Entry:
    if cleaning.outside(row["insee_com"], row["code_postal"]):
        return Entry(where, outside=True)
    id_, name = cleaning.text(row["id_fs"]), cleaning.text(row["lib_fs"])
    if not id_ or not name:
        return Entry(where, rejected="il manque l'identifiant (id_fs) ou le nom (lib_fs)")
    commune = cleaning.commune(row["insee_com"], row["code_postal"], row["lib_com"])
    if commune is None:
        return Entry(where, rejected=f"commune inconnue : « {row['lib_com']} » ({row['insee_com']})")
    comment = cleaning.text(row.get("commentaire"), 400)
    by_day = {name_: opening.spans(row.get(f"h_{name_}", "")) for name_ in _DAYS}
    unread = [name_ for name_, spans in by_day.items() if spans is None]
    hours = None if unread else opening.week({k: v or [] for k, v in by_day.items()}, opening.ranks(comment))
    if unread:
        hours = row.get(f"h_{unread[0]}")  # kept as it is: the reader of records says that it does not parse
    booking = (row.get("prise_rdv") or "").lower() == "oui"
    service = {
        "kind": "france_services",
        "thematiques": list(_THEMES),
        "frais": "gratuit",
        "conditions_acces": comment or ("Rendez-vous possible." if booking else None),
        "modes_accueil": ["en-presentiel"],
        "modes_mobilisation": ["se-presenter", "telephoner"],
        "mobilisable_par": ["usagers"],
    }
    return Entry(
        where,
        cleaning.compact(
            {
                "id": f"fs-{id_}",
                "nom": name,
                "commune": commune.name,
                "code_insee": commune.insee,
                "code_postal": cleaning.text(row["code_postal"]),
                "adresse": cleaning.text(row.get("adresse")),
                "complement_adresse": cleaning.text(row.get("complement_adresse")),
                "latitude": cleaning.number(row.get("latitude")),
                "longitude": cleaning.number(row.get("longitude")),
                "telephone": cleaning.phone(row["telephone"]),
                "courriel": cleaning.email(row.get("mail")),
                "site_web": "https://www.france-services.gouv.fr/",
                "horaires_accueil": hours,
                "date_maj": day,
                "services": [cleaning.compact(service)],
            }
        ),
    )


FORMAT = Format(
    name="france-services",
    title="Liste des France services (CSV)",
    source="ANCT, liste des France services",
    confiance="high",
    read=read,
    lien_source="https://www.france-services.gouv.fr/",
)
