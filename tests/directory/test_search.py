"""Tests for bot.directory.search and kinds: the nearest places, a place by its name, the kinds under their many names."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.directory import measure
from bot.directory import communes, database, kinds, records, wording
from bot.directory.model import Service, Structure, vocabularies
from bot.directory.search import WITHIN_KM, Directory

COMMUNES = communes.load().by_insee


def here(insee: str) -> tuple[float, float]:
    return COMMUNES[insee].latitude, COMMUNES[insee].longitude


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Directory]:
    """The embedded places."""
    path = tmp_path_factory.mktemp("directory") / "directory.sqlite"
    database.build(path, records.read()[0], "essai")
    yield Directory(path)


def test_nearest_agrees_with_brute_force() -> None:
    """Among 3,000 made-up services, 60 searches give what measuring every distance gives, in the same order."""
    assert measure(services=3_000, points=60)["same_as_brute_force"] == 60


def test_nearest_first_and_never_far(directory: Directory) -> None:
    """From every commune, distances grow and none is beyond the radius; a France services is found from all 341."""
    for insee in COMMUNES:
        found = directory.nearest(["france_services"], here(insee), limit=5)
        distances = [one.distance_km or 0.0 for one in found]
        assert found
        assert distances == sorted(distances)
        assert distances[-1] <= WITHIN_KM


def test_nothing_is_invented(directory: Directory) -> None:
    """A kind whose places are not known gives none near, and the switchboard from afar."""
    for kind in ("pmi", "sds"):
        assert directory.nearest([kind], here("34032")) == []
        assert [one.place.phone for one in directory.from_afar([kind], COMMUNES["34032"])] == ["04 67 67 67 67"]


def test_from_afar_has_no_distance(directory: Directory) -> None:
    """What is reached by telephone comes apart, without distance; the number easiest to dial first."""
    found = directory.from_afar(["violences"], None)
    assert found[0].place.phone == "3919"
    assert all(one.distance_km is None for one in found)


def test_a_structure_counts_once(tmp_path: Path) -> None:
    """A house that offers two of the kinds wanted is shown once."""
    both = Structure("a", "Maison", "essai", "high", (Service("pmi"), Service("sds")), code_insee="34301")
    path = tmp_path / "directory.sqlite"
    database.build(path, [both], "essai")
    assert len(Directory(path).nearest(["pmi", "sds"], here("34301"))) == 1


def test_without_coordinates_counts_from_the_centre(directory: Directory) -> None:
    """A place whose point is unknown stands at the centre of its commune, and says that it is about there."""
    found = directory.nearest(["cap_emploi"], here("34032"))[0]
    assert found.public()["approximate"] is True
    assert found.distance_km == pytest.approx(0, abs=0.001)


def test_the_area_of_a_service_from_afar(tmp_path: Path) -> None:
    """A service for the people of some communes only is shown to these."""
    local = Structure(
        "a", "Ligne", "essai", "high",
        (Service("caf", modes_accueil=("a-distance",), zone_eligibilite=("34301",)),), telephone="3230",
    )  # fmt: skip
    path = tmp_path / "directory.sqlite"
    database.build(path, [local], "essai")
    assert Directory(path).from_afar(["caf"], COMMUNES["34301"])
    assert not Directory(path).from_afar(["caf"], COMMUNES["34032"])


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("où est l'abeille verte ?", "EBE L'Abeille Verte"),
        ("adresse france services rene cassin", "France services association Maison René Cassin"),
        ("le ccas gisèle halimi", "CCAS de Montpellier — antenne Mosson"),
    ],
)
def test_named(directory: Directory, text: str, name: str) -> None:
    """A place is found by its name, accents and small words apart."""
    assert directory.named(text)[0].place.name.startswith(name)


@pytest.mark.parametrize("text", ["", "bonjour", 'verte" OR nom:*', "NEAR(a b)", "34500", "x " * 500, "licorne"])
def test_named_is_no_query_language(directory: Directory, text: str) -> None:
    """What is typed is words, never the full-text engine's syntax; what no place is called finds nothing."""
    assert directory.named(text) == []


def test_details_of_a_structure(directory: Directory) -> None:
    """A place is read again by its id, with all that is known; one that is gone is None."""
    found = directory.structure("france-services-lunel", "france_services", here("34145"))
    assert found
    assert found.public(details=True)["details"]["email"] == "franceservices-lunel@apije.org"
    assert directory.structure("gone", "pmi") is None


def test_public_has_what_the_contract_names(directory: Directory) -> None:
    """The chat API's place carries every key of the contract."""
    public = directory.nearest(["caf"], here("34032"))[0].public()
    assert public.keys() >= set(
        "name kind address postcode city phone opening_hours distance_km url source source_date".split()
    )


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("c'est où l'assistante sociale", "sds"), ("adresse MDS", "sds"), ("le STS de mon secteur", "sds"), ("agence de la solidarité", "sds"),
        ("la PMI svp", "pmi"), ("pôle emploi lunel", "france_travail"), ("l'ANPE", "france_travail"), ("pole anploi a beziers", "france_travail"), ("la sécu", "cpam"),
        ("la MDPH", "mda"), ("maison france services", "france_services"), ("la france cervice", "france_services"), ("mission local", "mission_locale"),
        ("mesion locale", "mission_locale"), ("la kaf", "caf"), ("kaisse d'allocation familiale", "caf"), ("ccas de sete", "ccas"), ("restau du coeur", "aide_alimentaire"),
        ("asistante sosiale", "sds"), ("la maison des ados", "jeunes"), ("bonjour", None), ("un café à Sète", None), ("je suis au chomage", None), ("", None),
    ],
)  # fmt: skip
def test_kinds(text: str, kind: str | None) -> None:
    """Old names, initials, misspellings and what is done there all reach the right kind; other words reach none."""
    assert kinds.named(text) == kind


def test_every_kind_has_a_name() -> None:
    """The names file covers the closed list of kinds, each with a label, and no name leads to two kinds."""
    loaded = kinds.load()
    assert loaded.keys() == vocabularies()["kinds"]
    every = [name for kind in loaded.values() for name in set(kind.called(places_only=False))]
    assert len(every) == len(set(every))


@pytest.mark.parametrize(
    ("name", "near"),
    [("Lunel", "de Lunel"), ("Olargues", "d'Olargues"), ("Le Caylar", "du Caylar"), ("Les Aires", "des Aires"), ("La Salvetat-sur-Agout", "de La Salvetat-sur-Agout"), ("Hérépian", "de Hérépian")],
)  # fmt: skip
def test_near(name: str, near: str) -> None:
    """The name of a commune bends to the sentence."""
    assert wording.near(name) == near
