"""Tests for bot.directory.importers, one format at a time: what each published field becomes, and what is left out."""

import json
from pathlib import Path
from typing import Any

import pytest

from bot.directory import records
from bot.directory.importers import FORMATS, Entry, FormatError, Input
from bot.directory.importers.base import types
from bot.directory.importers.lambert93 import to_wgs84
from bot.directory.model import Structure, vocabularies
from bot.paths import ROOT
from tests.imports import samples

SAMPLES = ROOT.parent / "shared" / "facts" / "samples"
needs_samples = pytest.mark.skipif(not SAMPLES.is_dir(), reason="the real extracts are not on this machine")


def structure(entry: Entry) -> Structure:
    assert entry.record, entry
    found, faults = records.parse({"source": "essai", "confiance": "high", **entry.record}, entry.where)
    assert faults == []
    assert found
    return found


def read(format_: str, *inputs: Any) -> list[Entry]:
    return list(FORMATS[format_].read(inputs))


def test_herault_data(tmp_path: Path) -> None:
    """A PMI of the Département: its address, point, first number, plain text, and its own date."""
    row = samples.herault(0, tabservice_tel_service='["04 65 71 00 00", "04 65 71 00 01"]')
    (entry,) = read("herault-data", samples.source(tmp_path / "sites.json", json.dumps([row])))
    place = structure(entry)
    assert (place.id, place.commune, place.code_insee, place.adresse) == (
        "herault-S0",
        "Sète",
        "34301",
        "0 rue des Essais",
    )
    assert (place.latitude, place.longitude) == (43.40, 3.69)
    assert (place.telephone, place.site_web) == ("04 65 71 00 00", "https://www.example.org")
    assert (place.description, place.date_maj) == ("Sur rendez-vous", "2026-01-15")
    assert [one.kind for one in place.services] == ["pmi"]


@pytest.mark.parametrize(
    ("type_", "name", "kinds"),
    [
        ("Protection Maternelle et Infantile", "x", ["pmi"]),
        ("Service Départemental des Solidarités", "x", ["sds"]),
        ("Maison Départementale des Solidarités", "MDS Étang de Thau", ["sds"]),
        ("Social", "SDS de Sète", ["sds"]),
        ("Maison départementale de l'autonomie", "x", ["mda"]),
        ("Espace de médiation numérique", "x", ["numerique"]),
        ("Collège", "Collège inventé", None),
        ("Pmispherique", "x", None),
    ],
)
def test_herault_types(tmp_path: Path, type_: str, name: str, kinds: list[str] | None) -> None:
    """The type tells the kind, else the name; what is none of ours is counted under its type."""
    row = samples.herault(0, type_, lib_long_service=name, administration="")
    (entry,) = read("herault-data", samples.source(tmp_path / "sites.json", json.dumps([row])))
    if kinds is None:
        assert entry.unknown == type_
    else:
        assert [one.kind for one in structure(entry).services] == kinds


def test_herault_data_in_csv_and_in_pages(tmp_path: Path) -> None:
    """The CSV export says the same as the JSON one, so does `records`; a page of several is refused."""
    rows = [samples.herault(number) for number in range(3)]
    whole = samples.source(tmp_path / "sites.json", json.dumps(rows))
    as_csv = samples.source(tmp_path / "sites.csv", samples.as_csv(rows, list(rows[0]), ";"))
    page = samples.source(tmp_path / "page.json", json.dumps({"total_count": 3, "results": rows}))
    lines = samples.source(tmp_path / "sites.jsonl", "\n".join(map(json.dumps, rows)) + "\n")
    said = [[structure(entry) for entry in read("herault-data", one)] for one in (whole, as_csv, page, lines)]
    assert said[0] == said[1] == said[2] == said[3]
    cut = samples.source(tmp_path / "cut.json", json.dumps({"total_count": 30, "results": rows}))
    with pytest.raises(FormatError, match="une page de 3 fiches sur 30"):
        read("herault-data", cut)


def test_dila_dump_and_api_say_the_same(tmp_path: Path) -> None:
    """Lists of the dump and JSON texts of the API give the same place, hours in OpenStreetMap's syntax."""
    dump = samples.source(tmp_path / "dump.json", json.dumps({"service": [samples.dila(0)]}))
    api = samples.source(
        tmp_path / "api.json", json.dumps({"total_count": 1, "results": [samples.as_api(samples.dila(0))]})
    )
    place, other = (structure(read("dila", one)[0]) for one in (dump, api))
    assert place == other
    assert place.horaires_accueil == "Mo-Th 09:00-12:00,14:00-17:00; Fr 09:00-12:00"
    assert place.services[0].conditions_acces == "vendredi : sur rendez-vous"
    assert (place.complement_adresse, place.accessibilite_lieu) == ("Bât. B", "plain-pied")
    assert (place.telephone, place.courriel, place.date_maj) == ("04 65 71 00 00", "dila0@example.org", "2026-03-08")


@pytest.mark.parametrize(
    ("type_", "kind"),
    [
        ("mds", "sds"),
        ("mission_locale", "mission_locale"),
        ("cidf", "violences"),
        ("maison_handicapees", "mda"),
        ("pole_emploi", "france_travail"),
    ],
)
def test_dila_types(tmp_path: Path, type_: str, kind: str) -> None:
    """A type of the DILA stands for one of our kinds."""
    (entry,) = read("dila", samples.source(tmp_path / "d.json", json.dumps([samples.dila(0, type_)])))
    assert structure(entry).services[0].kind == kind


def test_dila_leaves_out(tmp_path: Path) -> None:
    """A town hall is counted, a place elsewhere is not ours, a record without an address or not published is rejected with its reason."""
    wrong = samples.dila(4)
    del wrong["adresse"]
    rows = [
        samples.dila(0, "mairie"),
        samples.dila(1, code_insee_commune="75056"),
        samples.dila(2, statut_de_diffusion="false"),
        wrong,
        "x",
    ]
    found = read("dila", samples.source(tmp_path / "d.json", json.dumps(rows)))
    assert (found[0].unknown, found[1].outside) == ("mairie", True)
    assert [bool(one.rejected) for one in found] == [False, False, True, True, True]
    assert found[3].where == "d.json, fiche 4"
    assert found[3].rejected == "il manque adresse"


def test_dila_survives_broken_texts(tmp_path: Path) -> None:
    """A composed field that is no JSON any more costs that field, not the place."""
    row = {**samples.as_api(samples.dila(0)), "plage_ouverture": '[{"nom_jour', "telephone": "04 65 71 00 00"}
    (entry,) = read("dila", samples.source(tmp_path / "d.json", json.dumps([row])))
    assert structure(entry).horaires_accueil is None


def test_france_services(tmp_path: Path) -> None:
    """Hours by day are joined, "2ème et 4ème lundi du mois" is understood, midnight to midnight is closed, the file's name gives the day."""
    rows = [
        samples.france_services(0),
        samples.france_services(
            1,
            h_mardi="",
            h_mercredi="",
            h_jeudi="00:00 - 00:00",
            h_vendredi="",
            commentaire="2ème et 4ème lundis du mois",
        ),
    ]
    found = read("france-services", samples.source(tmp_path / "x.csv", samples.as_csv(rows), day="2024-08-01"))
    first, second = map(structure, found)
    assert first.horaires_accueil == "Mo,Tu 09:00-12:00,14:00-17:00; We 09:00-12:00; Th,Fr 09:00-12:00,14:00-17:00"
    assert first.services[0].conditions_acces == "Rendez-vous possible."
    assert first.date_maj == "2024-08-01"
    assert second.horaires_accueil == "Mo[2,4] 09:00-12:00,14:00-17:00"


def test_data_inclusion(tmp_path: Path) -> None:
    """Services come with their structure, by kind; the network tells the kind too; what is elsewhere is left out."""
    structures = [
        samples.di_structure(0),
        samples.di_structure(1, reseaux_porteurs=["mission-locale"]),
        samples.di_structure(2, code_insee="75056", code_postal="75001"),
        samples.di_structure(3),
    ]
    services = [
        samples.di_service(0, 0),
        samples.di_service(1, 0, thematiques=["equipement-et-alimentation--alimentation"]),
        samples.di_service(2, 2),
        samples.di_service(3, 3, thematiques=["mobilite--acceder-a-un-vehicule"]),
    ]
    found = read(
        "data-inclusion",
        samples.source(tmp_path / "structures.json", json.dumps({"items": structures})),
        samples.source(tmp_path / "services.json", json.dumps({"items": services})),
    )
    first = structure(found[0])
    assert [one.kind for one in first.services] == ["numerique", "aide_alimentaire"]
    assert first.services[0].publics == ("familles",)
    assert first.date_maj == "2026-05-02"
    assert [one.kind for one in structure(found[1]).services] == ["mission_locale"]
    assert found[2].outside
    assert found[3].unknown == "mobilite--acceder-a-un-vehicule"


@pytest.mark.parametrize(("zone", "kept"), [(["34"], True), (["34301"], True), ([], False), (["france"], False), (["75"], False)])  # fmt: skip
def test_data_inclusion_from_afar(tmp_path: Path, zone: list[str], kept: bool) -> None:
    """A structure elsewhere is kept when it answers people of the Hérault from afar, and says so."""
    inputs = (
        samples.source(
            tmp_path / "a.json", json.dumps([samples.di_structure(0, code_insee="75056", code_postal="75001")])
        ),
        samples.source(
            tmp_path / "b.json",
            json.dumps([samples.di_service(0, 0, modes_accueil=["a-distance"], zone_eligibilite=zone)]),
        ),
    )
    (entry,) = read("data-inclusion", *inputs)
    assert entry.outside is not kept
    if kept:
        place = structure(entry)
        assert place.services[0].remote
        assert place.commune is None


def test_data_inclusion_needs_both_files(tmp_path: Path) -> None:
    """One file alone is refused with a sentence."""
    with pytest.raises(FormatError, match="deux fichiers"):
        read("data-inclusion", samples.source(tmp_path / "a.json", "[]"))


@pytest.mark.parametrize("mark", [";", "|"])
def test_mednum(tmp_path: Path, mark: str) -> None:
    """Lists in one text are read with either separator; a CCAS is one besides."""
    row = samples.mednum(0, services=f"Aide aux démarches{mark}Prêt de matériel", frais_a_charge="Gratuit")
    (entry,) = read("mednum", samples.source(tmp_path / "m.json", json.dumps([row])))
    place = structure(entry)
    assert [one.kind for one in place.services] == ["numerique", "ccas"]
    assert place.services[0].description == "Aide aux démarches ; Prêt de matériel"
    assert (place.services[0].frais, place.telephone) == ("gratuit", "04 65 71 00 00")
    assert place.horaires_accueil == "Mo-Fr 09:00-12:00"


def test_finess(tmp_path: Path) -> None:
    """ISO-8859-1, no header, points in Lambert-93 on lines of their own: a PMI of the Hérault, its name as it is read."""
    lines = [
        samples.finess(0, rslongue="CENTRE DE PMI DE L'ÉCUSSON"),
        samples.finess(1, "355"),
        samples.finess(2, departement="30"),
        samples.finess(3)[:20],
        ["geolocalisation", "349990000", "756000.0", "6256000.0", "1,ATLASANTE", "2026-01-01"],
    ]
    found = read("finess", samples.source(tmp_path / "f.csv", samples.as_finess(lines)))
    place = structure(found[0])
    assert (place.nom, place.adresse) == ("Centre de PMI de L'Écusson", "0 rue des Essais")
    assert place.latitude == pytest.approx(43.40, abs=0.02)
    assert place.longitude == pytest.approx(3.69, abs=0.02)
    assert [one.kind for one in place.services] == ["pmi"]
    assert found[1].unknown == "355 Protection Maternelle et Infantile (P.M.I.)"
    assert found[2].outside
    assert found[3].rejected == "20 colonnes au lieu de 32"


@pytest.mark.parametrize(
    ("x", "y", "latitude", "longitude"),
    [
        (648952.58, 6977867.14, 49.897442, 2.290084),  # published by the BAN's API: 8 boulevard du Port, Amiens
        (770000, 6280000, 43.615592332, 3.86692079),  # PROJ 9.5.1 from here on
        (721500, 6251000, 43.357814404, 3.265072523),
        (1200000, 6100000, 41.82950614, 9.010871732),
        (100000, 6840000, 48.382476576, -5.117881246),
        (700000, 6600000, 46.5, 3.0),
    ],
)
def test_lambert93(x: float, y: float, latitude: float, longitude: float) -> None:
    """The closed form agrees with a published point to the metre, and with PROJ to the tenth of a millimetre."""
    found = to_wgs84(x, y)
    assert found == pytest.approx((latitude, longitude), abs=1.1e-6 if x == 648952.58 else 2e-9)


def test_types_lead_to_our_kinds() -> None:
    """Every published type stands for kinds of the catalogue."""
    raw = types()
    named = [*raw["herault-data"], *(kind for name in ("dila", "mednum", "finess") for kinds in raw[name].values() for kind in kinds)]  # fmt: skip
    named += [kind for part in raw["data-inclusion"].values() for kinds in part.values() for kind in kinds]
    assert set(named) <= vocabularies()["kinds"]
    assert set(raw["data-inclusion"]["thematiques"]) - {"numerique"} <= vocabularies()["thematiques"]


@needs_samples
@pytest.mark.parametrize(
    ("format_", "name", "kept", "outside", "rejected"),
    [
        ("france-services", "france-services-34-20240801.csv", 58, 0, 0),
        ("dila", "dila-base-locale-sample.json", 0, 1, 0),
        ("dila", "dila-api-lannuaire-v2.1-sample.json", 0, 1, 0),
        ("finess", "finess-etalab-cs1100502-sample.csv", 0, 1, 0),
        ("mednum", "conseillers-numeriques-34-202206.json", 0, 0, 27),
    ],
)
def test_real_extracts(format_: str, name: str, kept: int, outside: int, rejected: int) -> None:
    """Each real extract is read to its end: the places of the Hérault, those elsewhere, and a file that is another format refused line by line."""
    found = read(format_, Input(SAMPLES / name, name))
    assert sum(one.record is not None for one in found) == kept
    assert sum(one.outside for one in found) == outside
    assert sum(one.rejected is not None for one in found) == rejected
    for entry in found:
        if entry.record:
            structure(entry)


@needs_samples
def test_the_real_list_is_what_was_written_by_hand() -> None:
    """The importer reads of the real list of France services the hours that were written by hand, but for one way of writing them."""
    by_hand = {one.nom: one for one in records.read()[0]}
    name = "france-services-34-20240801.csv"
    found = [structure(entry) for entry in read("france-services", Input(SAMPLES / name, name))]
    common = [one for one in found if one.nom in by_hand]
    differ = [one.nom for one in common if one.horaires_accueil != by_hand[one.nom].horaires_accueil]
    assert len(common) > 50
    assert differ == ["France services association Maison René Cassin Accès Droit et Médiation"]
    assert all(one.telephone == by_hand[one.nom].telephone for one in common)
