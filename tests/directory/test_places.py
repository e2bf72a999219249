"""Tests for bot.directory.places and kinds: the nearest places, under the names that people use."""

from pathlib import Path

import pytest

from bot.directory import communes, kinds, places

COMMUNES = communes.load().by_insee


def test_every_place_is_usable() -> None:
    """Each place has a name, an address, a source, a point in the Hérault or near it, and no low confidence."""
    for place in places.load():
        assert place.name
        assert place.address
        assert place.source
        assert place.confidence in {"high", "medium"}
        assert place.insee in COMMUNES
        if place.latitude is not None and place.longitude is not None:
            assert 43.1 < place.latitude < 44.1
            assert 2.4 < place.longitude < 4.4


@pytest.mark.parametrize("insee", ["34187", "34142", "34301", "34032", "34172", "34145"])
def test_nearest_agrees_with_brute_force(insee: str) -> None:
    """The three nearest are the three nearest, in order, within the radius."""
    commune = COMMUNES[insee]
    here = (commune.latitude, commune.longitude)
    found = places.nearest(["france_services"], commune)
    every = sorted(
        places.distance_km(here, (place.latitude, place.longitude))
        for place in places.load()
        if place.kind == "france_services" and place.latitude is not None and place.longitude is not None
    )
    assert [round(one.distance_km, 6) for one in found] == [round(distance, 6) for distance in every[:3]]


def test_nothing_is_invented() -> None:
    """A kind that the directory does not hold gives no place."""
    assert places.nearest(["pmi"], COMMUNES["34032"]) == []


def test_distance() -> None:
    """Montpellier to Béziers is about sixty kilometres as the crow flies."""
    a, b = COMMUNES["34172"], COMMUNES["34032"]
    assert places.distance_km((a.latitude, a.longitude), (b.latitude, b.longitude)) == pytest.approx(60, abs=5)


def test_damaged_file_is_named(tmp_path: Path) -> None:
    """A damaged line is refused with its number."""
    path = tmp_path / "places.jsonl"
    path.write_text('{"kind": "pmi"}\n', encoding="utf-8")
    with pytest.raises(ValueError, match=r"places\.jsonl:1"):
        places.load(path)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("c'est où l'assistante sociale", "sds"), ("adresse MDS", "sds"), ("agence de la solidarité", "sds"), ("la PMI svp", "pmi"), ("pôle emploi lunel", "france_travail"),
        ("l'ANPE", "france_travail"), ("la sécu", "cpam"), ("la MDPH", "mda"), ("maison france services", "france_services"), ("mission local", "mission_locale"),
        ("la kaf", "caf"), ("ccas de sete", "ccas"), ("bonjour", None),
    ],
)  # fmt: skip
def test_kinds(text: str, kind: str | None) -> None:
    """Old names, initials and what is done there all reach the right kind."""
    assert kinds.named(text) == kind
