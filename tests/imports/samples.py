"""Made-up files in each published format: no place of these exists, and the numbers are those that Arcep keeps for fiction (04 65 71)."""

import csv
import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bot.directory.importers import Input

#: Communes that made-up places stand in: INSEE code, postcode, name, latitude, longitude.
TOWNS: tuple[tuple[str, str, str, float, float], ...] = (
    ("34301", "34200", "Sète", 43.40, 3.69),
    ("34032", "34500", "Béziers", 43.34, 3.22),
    ("34145", "34400", "Lunel", 43.68, 4.13),
    ("34142", "34700", "Lodève", 43.73, 3.32),
    ("34028", "34600", "Bédarieux", 43.61, 3.16),
)


def phone(number: int) -> str:
    """Return a made-up telephone number."""
    return f"04 65 71 {number // 100 % 100:02} {number % 100:02}"


def source(path: Path, content: str | bytes, name: str | None = None, **more: Any) -> Input:
    """Write a file and return it as an input."""
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return Input(path, name or path.name, **more)


def herault(number: int, type_: str = "Protection Maternelle et Infantile", **changes: Any) -> dict[str, Any]:
    """Return a line of herault-data.fr."""
    insee, postcode, town, latitude, longitude = TOWNS[number % len(TOWNS)]
    return {
        "code_service": f"S{number}", "lib_long_service": f"PMI inventée n° {number}", "lib_long_type": type_,
        "administration": "Conseil départemental", "nom_comm": town, "lieu_code_postal": postcode,
        "num_insee_comm_service": insee, "adresse": f"{number} rue des Essais", "lieu_lat84": latitude, "lieu_long84": longitude,
        "tabservice_tel_service": phone(number), "tabservice_mail_service": f"essai{number}@example.org",
        "site_internet_service": "www.example.org", "date_maj": "2026-01-15", "infos_complementaires": "<p>Sur rendez-vous</p>",
        "pivot": None, **changes,
    }  # fmt: skip


def dila(number: int, type_: str = "pmi", **changes: Any) -> dict[str, Any]:
    """Return a record of the DILA's dump, its composed fields as lists."""
    insee, postcode, town, latitude, longitude = TOWNS[number % len(TOWNS)]
    return {
        "id": f"uuid-{number}", "nom": f"Centre de PMI inventé n° {number}", "categorie": "SL",
        "pivot": [{"type_service_local": type_, "code_insee_commune": [insee]}], "code_insee_commune": insee,
        "adresse": [{"type_adresse": "Adresse", "numero_voie": f"{number} rue des Essais", "complement1": "", "complement2": "Bât. B",
                     "service_distribution": "", "code_postal": postcode, "nom_commune": town, "longitude": str(longitude),
                     "latitude": str(latitude), "accessibilite": "ACC", "note_accessibilite": "plain-pied"}],
        "telephone": [{"valeur": phone(number), "description": "accueil"}], "adresse_courriel": [f"dila{number}@example.org"],
        "site_internet": [{"libelle": "", "valeur": "https://www.example.org/"}],
        "plage_ouverture": [{"nom_jour_debut": "Lundi", "nom_jour_fin": "Jeudi", "valeur_heure_debut_1": "09:00:00", "valeur_heure_fin_1": "12:00:00",
                             "valeur_heure_debut_2": "14:00:00", "valeur_heure_fin_2": "17:00:00", "commentaire": ""},
                            {"nom_jour_debut": "Vendredi", "nom_jour_fin": "Vendredi", "valeur_heure_debut_1": "09:00:00", "valeur_heure_fin_1": "12:00:00",
                             "valeur_heure_debut_2": "", "valeur_heure_fin_2": "", "commentaire": "sur rendez-vous"}],
        "commentaire_plage_ouverture": None, "information_complementaire": None, "mission": None, "siren": None, "siret": None,
        "date_modification": "08/03/2026 14:14:36", "url_service_public": "https://lannuaire.service-public.gouv.fr/essai",
        "ancien_code_pivot": f"{type_}-{insee}-01", "statut_de_diffusion": "true", **changes,
    }  # fmt: skip


def as_api(record: dict[str, Any]) -> dict[str, Any]:
    """Return a record of the dump as the API hands it: composed fields as JSON texts."""
    return {key: json.dumps(one, ensure_ascii=False) if isinstance(one, list) and key != "adresse_courriel" else one for key, one in record.items()}  # fmt: skip


FS_COLUMNS = (
    "id_fs,insee_dep,lib_fs,adresse,complement_adresse,insee_com,code_postal,lib_com,latitude,longitude,mail,telephone,"
    "h_lundi,h_mardi,h_mercredi,h_jeudi,h_vendredi,h_samedi,prise_rdv,commentaire,type_fs,format_fs,groupe_fs,labellisation_fs"
).split(",")


def france_services(number: int, **changes: Any) -> dict[str, Any]:
    """Return a line of the list of France services."""
    insee, postcode, town, latitude, longitude = TOWNS[number % len(TOWNS)]
    day = "09:00 - 12:00 / 14:00 - 17:00"
    return {
        "id_fs": f"9{number:04}", "insee_dep": "34", "lib_fs": f"France services inventée {number}", "adresse": f"{number} avenue du Test",
        "complement_adresse": "", "insee_com": insee, "code_postal": postcode, "lib_com": town, "latitude": latitude, "longitude": longitude,
        "mail": f"fs{number}@example.org", "telephone": phone(number), "h_lundi": day, "h_mardi": day, "h_mercredi": "09:00 - 12:00",
        "h_jeudi": day, "h_vendredi": day, "h_samedi": "", "prise_rdv": "Oui", "commentaire": "", "type_fs": "Principal",
        "format_fs": "Fixe", "groupe_fs": "", "labellisation_fs": "", **changes,
    }  # fmt: skip


def as_csv(rows: Sequence[dict[str, Any]], columns: Sequence[str] = FS_COLUMNS, delimiter: str = ",") -> str:
    """Return rows as a CSV file with its header."""
    out = io.StringIO()
    writer = csv.DictWriter(out, columns, delimiter=delimiter, lineterminator="\n", extrasaction="ignore")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def di_structure(number: int, **changes: Any) -> dict[str, Any]:
    """Return a structure of data·inclusion, schema v1."""
    insee, postcode, town, latitude, longitude = TOWNS[number % len(TOWNS)]
    return {
        "id": f"essai--{number}", "siret": None, "nom": f"Association inventée {number}", "commune": town, "code_postal": postcode,
        "code_insee": insee, "adresse": f"{number} place du Test", "complement_adresse": None, "longitude": longitude, "latitude": latitude,
        "telephone": phone(number), "courriel": f"di{number}@example.org", "site_web": "https://www.example.org", "description": "Une association inventée.",
        "source": "essai", "date_maj": "2026-05-02", "lien_source": None, "horaires_accueil": "Mo-Fr 09:00-12:00", "accessibilite_lieu": None,
        "reseaux_porteurs": [], **changes,
    }  # fmt: skip


def di_service(number: int, structure: int, **changes: Any) -> dict[str, Any]:
    """Return a service of data·inclusion, schema v1."""
    return {
        "id": f"essai--service-{number}", "structure_id": f"essai--{structure}", "source": "essai", "nom": "Aide aux démarches en ligne",
        "conditions_acces": None, "description": "On fait la démarche ensemble.", "type": "accompagnement",
        "thematiques": ["numerique--acceder-a-des-services-en-ligne"], "frais": "gratuit", "frais_precisions": None, "publics": ["familles"],
        "modes_accueil": ["en-presentiel"], "modes_mobilisation": ["telephoner"], "mobilisable_par": ["usagers"], "zone_eligibilite": ["34"],
        "telephone": None, "courriel": None, "horaires_accueil": None, "lien_mobilisation": None, "date_maj": "2026-05-02", **changes,
    }  # fmt: skip


def mednum(number: int, **changes: Any) -> dict[str, Any]:
    """Return a place of digital help."""
    insee, postcode, town, latitude, longitude = TOWNS[number % len(TOWNS)]
    return {
        "id": f"m{number}", "nom": f"Espace numérique inventé {number}", "services": "Aide aux démarches administratives|Internet et matériel",
        "pivot": "", "typologie": "CCAS", "commune": town, "code_postal": postcode, "code_insee": insee, "adresse": f"{number} allée du Test",
        "latitude": latitude, "longitude": longitude, "telephone": "+33" + phone(number).replace(" ", "")[1:], "courriels": f"m{number}@example.org",
        "site_web": "https://www.example.org", "horaires": "Mo-Fr 09:00-12:00", "prise_rdv": "", "date_maj": "2026-02-01", "frais_a_charge": "Gratuit",
        "modalites_acces": "Se présenter|Téléphoner", **changes,
    }  # fmt: skip


def finess(number: int, category: str = "223", **changes: str) -> list[str]:
    """Return the cells of a `structureet` line."""
    insee, postcode, town, _, _ = TOWNS[number % len(TOWNS)]
    cells = {
        "section": "structureet", "et": f"34999{number:04}", "ej": "349990000", "rs": f"PMI INVENTEE {number}", "rslongue": f"CENTRE DE PMI DES ESSAIS {number}",
        "complrs": "", "compldistrib": "", "numvoie": str(number), "typvoie": "R", "voie": "DES ESSAIS", "compvoie": "", "lieuditbp": "",
        "commune": insee[2:], "departement": "34", "libdepartement": "HERAULT", "ligne": f"{postcode} {town.upper()}", "telephone": phone(number).replace(" ", ""),
        "telecopie": "", "categetab": category, "libcateg": "Protection Maternelle et Infantile (P.M.I.)", "agreg": "2202", "libagreg": "", "siret": "",
        "ape": "", "mft": "01", "libmft": "", "sph": "", "libsph": "", "ouv": "1964-01-01", "autor": "1964-01-01", "maj": "2026-02-15", "uai": "", **changes,
    }  # fmt: skip
    return list(cells.values())


def as_finess(lines: Sequence[Sequence[str]]) -> bytes:
    """Return a FINESS file, in ISO-8859-1."""
    return "\n".join(["finess;etalab;98;2026-05-12", *(";".join(cells) for cells in lines), ""]).encode("iso-8859-1")
