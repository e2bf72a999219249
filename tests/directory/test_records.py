"""Tests for bot.directory.records: what is sound of a record is kept, each fault is named with its line."""

import json
from pathlib import Path
from typing import Any

import pytest

from bot.directory import communes, records
from bot.directory.model import vocabularies


def line(**changes: Any) -> str:
    record: dict[str, Any] = {
        "id": "a",
        "nom": "Un lieu",
        "source": "essai",
        "confiance": "high",
        "code_insee": "34301",
        "services": [{"kind": "pmi"}],
        **changes,
    }
    return json.dumps({key: value for key, value in record.items() if value is not None})


def read(tmp_path: Path, *lines: str) -> tuple[list[Any], list[records.Fault]]:
    path = tmp_path / "places.jsonl"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return records.read(path)


def test_the_embedded_places_are_faultless() -> None:
    """Each embedded place has a source, a kind of the catalogue, a known commune or a way to be reached, and no doubt about it."""
    structures, faults = records.read()
    assert faults == []
    assert len(structures) >= 100
    for structure in structures:
        assert structure.confiance in {"high", "medium"}
        assert structure.lien_source or structure.source
        for service in structure.services:
            assert service.remote or structure.code_insee in communes.load().by_insee


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"telephone": "néant"}, "« telephone » ne se lit pas"),
        ({"horaires_accueil": "lundi 9h"}, "« horaires_accueil » ne se lit pas"),
        ({"latitude": 3.7, "longitude": 43.4}, "inversées"),
        ({"latitude": 43.0, "longitude": 4.5}, "laissées de côté"),
        ({"latitude": "x", "longitude": 1}, "deux nombres"),
        ({"latitude": True, "longitude": 1}, "deux nombres"),
        ({"site_web": "javascript:alert(1)"}, "n'est pas une adresse web"),
        ({"date_maj": "hier"}, "n'est pas une date"),
        ({"nimporte": 1}, "clef inconnue « nimporte »"),
        ({"description": "x" * 5000}, "n'est pas un texte court"),
        ({"adresse": {"rue": 1}}, "n'est pas un texte court"),
        ({"fermetures": [{"debut": "2026-12-01"}]}, "fermeture"),
        ({"fermetures": [{"debut": "2026-12-02", "fin": "2026-12-01"}]}, "avant de commencer"),
        ({"services": [{"kind": "pmi", "publics": ["martiens"]}]}, "valeur inconnue « martiens »"),
        ({"services": [{"kind": "pmi", "frais": "cher"}]}, "valeur inconnue « cher »"),
        ({"services": [{"kind": "pmi"}, {"kind": "licorne"}]}, "genre de lieu inconnu « licorne »"),
    ],
)
def test_a_faulty_field_is_left_out(tmp_path: Path, changes: dict[str, Any], what: str) -> None:
    """The place stays, without the field; the fault says the line and the field."""
    structures, faults = read(tmp_path, line(), line(id="b", **changes))
    assert [one.id for one in structures] == ["a", "b"]
    assert any(what in fault.what and fault.where == "places.jsonl:2" and not fault.lost for fault in faults)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("{", "ligne illisible"), ("[1]", "objet JSON"), (line(id=None), "« id »"), (line(nom="  "), "« nom »"), (line(source=None), "« source »"),
        (line(confiance="sûr"), "confiance"), (line(services=[]), "aucun service"), (line(services="pmi"), "aucun service"), (line(code_insee="75056"), "ni coordonnées, ni commune"),
        (line(services=[{"kind": "caf", "modes_accueil": ["a-distance"]}]), "un téléphone ou un site"), ("[" * 100_000, "ligne illisible"),
    ],
)  # fmt: skip
def test_a_useless_record_is_lost(tmp_path: Path, text: str, what: str) -> None:
    """What nobody could use is left out alone, with its line; the others stay."""
    structures, faults = read(tmp_path, text, line(id="good"))
    assert [one.id for one in structures] == ["good"]
    assert any(fault.lost and what in fault.what and fault.where == "places.jsonl:1" for fault in faults)


def test_low_confidence_is_not_shown(tmp_path: Path) -> None:
    """What is not sure enough is read without fault, and left out."""
    assert read(tmp_path, line(confiance="low")) == ([], [])


def test_the_same_id_twice(tmp_path: Path) -> None:
    """Of two records with one id the first stays, and the second is named."""
    structures, faults = read(tmp_path, line(nom="Premier"), line(nom="Second"))
    assert [one.nom for one in structures] == ["Premier"]
    assert faults[0].where == "places.jsonl:2"


def test_not_utf8(tmp_path: Path) -> None:
    """A file in another encoding is read with its damaged letters, not refused."""
    path = tmp_path / "places.jsonl"
    path.write_bytes(line().encode() + b"\n" + b'{"id": "b", "nom": "\xe9"}\n')
    structures, faults = records.read(path)
    assert len(structures) == 1
    assert faults


def test_vocabularies_are_those_of_the_catalogue() -> None:
    """Twenty kinds, and data·inclusion's themes."""
    assert len(vocabularies()["kinds"]) == 20
    assert "numerique--acceder-a-des-services-en-ligne" in vocabularies()["thematiques"]
