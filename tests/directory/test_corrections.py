"""Tests for bot.directory.corrections: each fault of the file is named with its line, and a sound file is applied."""

from pathlib import Path

import pytest

from bot.directory import corrections, records
from bot.directory.corrections import CorrectionsError
from bot.directory.model import Service, Structure

LUNEL = "france-services-lunel"


def load(tmp_path: Path, text: str) -> corrections.Corrections:
    path = tmp_path / "corrections.yml"
    path.write_text(text, encoding="utf-8")
    return corrections.load(path)


def test_ours_is_sound() -> None:
    """The project's file holds no fault, and names places that exist."""
    assert corrections.problems({one.id for one in records.read()[0]}) == []


@pytest.mark.parametrize(
    ("text", "line", "why"),
    [
        ("nimporte: []", 1, "clef inconnue « nimporte »"),
        ("masques: 3", 1, "est une liste"),
        ("masques:\n  - {motif: x}", 2, "il manque « lieu »"),
        ("masques:\n  - {lieu: x}", 2, "il manque « motif »"),
        ("fermetures:\n  - {lieu: x, debut: 2026-12-01}", 2, "« debut » et « fin »"),
        ("fermetures:\n  - {lieu: x, debut: 2026-12-02, fin: 2026-12-01}", 2, "finit avant de commencer"),
        ("corrections:\n  - {lieu: x, source: y, date: 2026-11-01}", 2, "« changer »"),
        ("corrections:\n  - {lieu: x, changer: {telephone: non}, source: y, date: 2026-11-01}", 2, "« telephone »"),
        ("corrections:\n  - {lieu: x, changer: {telephone: nul}, source: y, date: 2026-11-01}", 2, "ne se lit pas"),
        ("corrections:\n  - {lieu: x, changer: {horaires_accueil: lundi}, source: y, date: 2026-11-01}", 2, "ne se lit"),
        ("corrections:\n  - {lieu: x, changer: {id: y}, source: y, date: 2026-11-01}", 2, "ne se corrige pas"),
        ("corrections:\n  - {lieu: x, changer: {nom: y}, date: 2026-11-01}", 2, "il manque « source »"),
        ("corrections:\n  - {lieu: x, changer: {nom: y}, source: z}", 2, "il manque « date »"),
        ("\najouts:\n  - {id: a, nom: b, source: c, services: [{kind: pmi}]}", 3, "ni coordonnées"),
        ('ajouts:\n  - {id: a, nom: b, source: c, code_insee: "34301", services: [{kind: pmi}]}', 2, "date_maj"),
        ("a: [", 1, "illisible"),
    ],
)  # fmt: skip
def test_a_fault_is_named_with_its_line(tmp_path: Path, text: str, line: int, why: str) -> None:
    """Each fault says its line and what is expected."""
    with pytest.raises(CorrectionsError) as raised:
        load(tmp_path, text)
    assert any(f"corrections.yml:{line}:" in one and why in one for one in str(raised.value).splitlines()), raised.value


def test_a_place_that_does_not_exist(tmp_path: Path) -> None:
    """A correction of an embedded place that is not there is a fault; of an imported one only an import can tell."""
    path = tmp_path / "corrections.yml"
    path.write_text("masques:\n  - {lieu: nulle-part, motif: x}\n  - {lieu: dila-1, motif: x}\n", encoding="utf-8")
    (fault,) = corrections.problems({LUNEL}, path)
    assert "nulle-part" in fault


def test_no_file_no_correction(tmp_path: Path) -> None:
    """Without the file nothing is corrected."""
    assert corrections.load(tmp_path / "absent.yml") == corrections.Corrections()


def test_a_correction_stands_for_the_services_too(tmp_path: Path) -> None:
    """A corrected telephone is the one shown, even where a service had its own; its source is noted."""
    known = load(
        tmp_path,
        "corrections:\n  - {lieu: a, changer: {telephone: 04 65 71 00 01}, source: appel, date: 2026-11-01}\n",
    )
    before = Structure("a", "Lieu", "essai", "high", (Service("pmi", telephone="04 65 71 00 02"),), code_insee="34301")
    (after,) = corrections.on_top([before], known)
    assert (after.telephone, after.services[0].telephone) == ("04 65 71 00 01", None)
    assert (after.provenance[0].champ, after.provenance[0].source) == ("telephone", "appel")


def test_corrections_hold_without_any_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The embedded places that answer when the directory is damaged are corrected too."""
    from bot.directory.search import Directory

    path = tmp_path / "corrections.yml"
    path.write_text(f"masques:\n  - {{lieu: {LUNEL}, motif: essai}}\n", encoding="utf-8")
    monkeypatch.setattr(corrections.load, "__defaults__", (path,))
    assert Directory(tmp_path / "absent.sqlite").structure(LUNEL, "france_services") is None


def test_faulty_corrections_hide_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the directory is damaged and the corrections are faulty too, the embedded places answer as they are."""
    from bot.directory.search import Directory

    path = tmp_path / "corrections.yml"
    path.write_text("masques: 3", encoding="utf-8")
    monkeypatch.setattr(corrections.load, "__defaults__", (path,))
    assert Directory(tmp_path / "absent.sqlite").structure(LUNEL, "france_services")
