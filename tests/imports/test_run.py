"""Tests for bot.imports.run: whatever comes in, the directory in use is the new one whole, or the old one still."""

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bot.directory import assemble, corrections, database
from bot.directory.communes import load as load_communes
from bot.directory.importers.report import Report
from bot.directory.search import Directory
from bot.fetch import Policy
from bot.imports import run as run_module
from bot.imports.sources import Source
from bot.paths import ROOT
from bot.watching.metrics import Metrics
from tests.imports import samples

SETE = (43.40, 3.69)


class Place:
    """A folder to import into, and what a running service sees of it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.imports = folder / "imports"
        self.file = folder / "directory.sqlite"
        self.running = Directory(self.file)

    def run(self, format_: str, content: Any, *, name: str = "a.json", **more: Any) -> Report:
        contents = content if isinstance(content, tuple) else (content,)
        files = []
        for position, one in enumerate(contents):
            path = self.folder / f"{position}-{name}"
            path.write_bytes(
                one if isinstance(one, bytes) else (one if isinstance(one, str) else json.dumps(one)).encode()
            )
            os.utime(path, (1_780_000_000, 1_780_000_000))
            files.append(str(path))
        return run_module.run(Source(format_, tuple(files)), self.file, self.imports, Policy(), lambda *_: None, **more)

    def near(self, kind: str = "pmi", here: tuple[float, float] = SETE) -> list[str]:
        return [one.place.name for one in self.running.nearest([kind], here)]


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """A fresh folder with the embedded places."""
    made = Place(tmp_path)
    assemble.ensure(made.file, made.imports)
    return made


@pytest.fixture
def correct(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Write the file of local corrections."""
    path = tmp_path / "corrections.yml"
    monkeypatch.setattr(corrections, "FILE", path)
    monkeypatch.setattr(corrections.load, "__defaults__", (path,))

    def write(text: str) -> None:
        path.write_text(text, encoding="utf-8")

    return write


def herault(*numbers: int, **changes: Any) -> list[dict[str, Any]]:
    return [samples.herault(number, **changes) for number in numbers]


def test_a_running_service_gets_the_pmi(place: Place) -> None:
    """No PMI before; after the import a running service finds the nearest ones, without a restart."""
    assert place.near() == []
    report = place.run("herault-data", herault(*range(10)))
    assert (report.outcome, report.kept, report.added) == ("remplacé", 10, 10)
    assert place.near()[:2] == ["PMI inventée n° 0", "PMI inventée n° 5"]
    assert report.directory["lieux"]["herault-data"] == 10


@pytest.mark.parametrize(
    ("format_", "content"),
    [
        ("herault-data", herault(*range(5))),
        ("dila", {"service": [samples.dila(number) for number in range(5)]}),
        ("france-services", samples.as_csv([samples.france_services(number) for number in range(60)])),
        ("data-inclusion", ([samples.di_structure(1)], [samples.di_service(1, 1)])),
        ("mednum", [samples.mednum(number) for number in range(5)]),
        ("finess", samples.as_finess([samples.finess(number) for number in range(5)])),
    ],
    ids=lambda one: one if isinstance(one, str) and len(one) < 20 else "",
)
def test_twice_changes_nothing(place: Place, format_: str, content: Any) -> None:
    """The same source a second time leaves the very same file, and says so; each format."""
    assert place.run(format_, content).outcome == "remplacé"
    before = place.file.stat(), place.file.read_bytes()
    again = place.run(format_, content)
    assert (again.outcome, again.added, again.changed, again.gone) == ("inchangé", 0, 0, 0)
    assert (place.file.stat().st_mtime_ns, place.file.stat().st_ino) == (before[0].st_mtime_ns, before[0].st_ino)


def test_the_order_of_the_file_does_not_matter(place: Place) -> None:
    """The same records in another order are the same source."""
    place.run("herault-data", herault(*range(10)))
    assert place.run("herault-data", herault(*reversed(range(10)))).outcome == "inchangé"


def test_added_changed_gone(place: Place) -> None:
    """The report names what comes, what changes and in which field, and what goes."""
    place.run("herault-data", herault(*range(10)))
    rows = [*herault(*range(1, 9)), samples.herault(9, adresse="1 rue Neuve"), samples.herault(10)]
    report = place.run("herault-data", rows)
    assert (report.before, report.added, report.changed, report.gone) == (10, 1, 1, 1)
    assert [one["id"] for one in report.additions] == ["herault-S10"]
    assert report.changes[0]["champs"] == ["adresse"]
    assert report.departures[0]["nom"] == "PMI inventée n° 0"
    assert "disparu : PMI inventée n° 0 (Sète)" in "\n".join(report.lines())


@pytest.mark.parametrize(
    ("after", "why"),
    [
        ([], "aucun lieu de l'Hérault|vidée"),
        (herault(*range(6)), "4 lieux sur 10 disparaîtraient"),
        ([{"code_service": "x"}] * 10, "vidée"),
        ([*herault(*range(7)), *[{"a": 1}] * 5], "5 fiches sur 12 ne se lisent pas"),
        (
            [
                {**one, "tabservice_tel_service": one["adresse"], "adresse": one["tabservice_tel_service"]}
                for one in herault(*range(10))
            ],
            "« telephone » ne se lit pas dans 10 fiches sur 10 : des colonnes",
        ),
    ],
    ids=["empty", "a third gone", "all broken", "a third broken", "columns swapped"],
)  # fmt: skip
def test_a_source_gone_wrong_is_refused(place: Place, after: list[Any], why: str) -> None:
    """A source that empties or garbles overnight changes nothing, and the report says what; forced, it replaces."""
    place.run("herault-data", herault(*range(10)))
    before = place.file.read_bytes()
    report = place.run("herault-data", after)
    assert report.outcome == "refusé"
    assert re.search(why, report.why), report.why
    assert "--force" in report.why
    assert place.file.read_bytes() == before
    assert "PMI inventée n° 0" in place.near()
    assert place.run("herault-data", after, force=True).outcome == "remplacé"


def test_a_first_import_against_the_embedded_list(place: Place) -> None:
    """A first list of France services that lacks a third of the embedded one is refused; a whole one replaces those gone."""
    few = samples.as_csv([samples.france_services(number) for number in range(20)])
    report = place.run("france-services", few)
    assert report.outcome == "refusé"
    assert "58" in report.why
    whole = samples.as_csv([samples.france_services(number) for number in range(60)])
    report = place.run("france-services", whole)
    assert report.outcome == "remplacé"
    assert len(report.directory["remplacés"]) == 58
    assert all("inventée" in name for name in place.near("france_services"))


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "vide"), (b"<html></html>", "page web"), (json.dumps(herault(*range(9)))[:-50], "tronqué"), (b"\x00\x01", "il manque|binaire"),
        ("colonne;autre\n1;2\n", "ce n'est pas le format annoncé"),
    ],
)  # fmt: skip
def test_a_file_that_is_none_changes_nothing(place: Place, content: Any, why: str) -> None:
    """Empty, a web page, cut, binary, another file: said in a sentence, and the old directory answers."""
    place.run("herault-data", herault(*range(10)))
    before = place.file.read_bytes()
    report = place.run("herault-data", content)
    assert report.outcome == "échec"
    assert re.search(why, report.why), report.why
    assert place.file.read_bytes() == before


def test_a_missing_file_and_a_huge_one(place: Place) -> None:
    """A file that is not there, and one over the limit (sparse), are refused at once."""
    huge = place.folder / "huge.json"
    with huge.open("wb") as file:
        file.truncate(2_100_000_000)
    for path, why in ((place.folder / "absent.json", "introuvable"), (huge, "trop gros, plus de 2000 Mo")):
        report = run_module.run(Source("dila", (str(path),)), place.file, place.imports, Policy(), lambda *_: None)
        assert report.outcome == "échec"
        assert why in report.why


def test_one_percent_of_broken_lines(place: Place) -> None:
    """Of 3,000 lines, 30 broken ones are named one by one and the 2,970 others are in."""
    lines = samples.as_csv([samples.france_services(number) for number in range(3000)]).splitlines()
    for number in range(50, 3000, 100):
        lines[number] = [lines[number][:40], lines[number].replace(",34,", ",34,,,", 1), '"' + lines[number]][
            number // 100 % 3
        ]
    report = place.run("france-services", "\n".join([*lines, ""]), name="a.csv")
    assert (report.outcome, report.kept, report.rejected) == ("remplacé", 2970, 30)
    assert report.rejections[0] == {
        "où": "0-a.csv, ligne 51",
        "pourquoi": "1 colonnes au lieu de 24",
    } or report.rejections[0]["où"].endswith("ligne 51")
    assert {one["où"].rpartition(" ")[2] for one in report.rejections} == {
        str(number + 1) for number in range(50, 3000, 100)
    }


def test_the_same_id_twice(place: Place) -> None:
    """Of two records with one id the first is kept, the second named."""
    rows = [*herault(0, 1, 2, 3), samples.herault(0, lib_long_service="PMI usurpée")]
    report = place.run("herault-data", rows)
    assert (report.kept, report.rejected) == (4, 1)
    assert "en double : herault-S0" in report.rejections[0]["pourquoi"]
    assert place.near()[0] == "PMI inventée n° 0"


def test_two_sources_of_one_place(place: Place) -> None:
    """The Département and the DILA speak of one PMI: shown once, the fresher telephone, hours from the only one that has them."""
    place.run("herault-data", [samples.herault(0, date_maj="2026-05-01")])
    older = samples.dila(0, telephone=[{"valeur": samples.phone(77)}], date_modification="08/03/2025 10:00:00")
    report = place.run("dila", [older])
    assert report.directory["fusionnés"] == 1
    (found,) = place.running.nearest(["pmi"], SETE)
    assert found.place.structure == "herault-S0"
    assert found.place.phone == samples.phone(0)
    assert found.place.opening_hours == "Mo-Th 09:00-12:00,14:00-17:00; Fr 09:00-12:00"
    assert (found.place.source_date, found.place.hours_date) == ("2026-05-01", "2025-03-08")
    with contextlib.closing(database.connect(place.file)) as connection:
        ((raw, others),) = connection.execute("SELECT provenance, autres_ids FROM structures WHERE id = 'herault-S0'")
    origins = {one["champ"]: (one["source"], one["date"]) for one in json.loads(raw)}
    assert origins["telephone"] == ("Département de l'Hérault (herault-data.fr)", "2026-05-01")
    assert origins["horaires_accueil"] == ("Annuaire de l'administration (DILA)", "2025-03-08")
    assert json.loads(others) == ["dila-uuid-0"]


def test_dry_run(place: Place) -> None:
    """A trial reads everything, says what would change, and writes no record."""
    before = place.file.read_bytes()
    report = place.run("herault-data", herault(*range(5)), dry_run=True)
    assert (report.outcome, report.added) == ("essai", 5)
    assert report.directory["lieux"]["herault-data"] == 5
    assert place.file.read_bytes() == before
    assert not list(place.imports.glob("*.jsonl"))
    assert not list(place.imports.glob("*.state.json"))


def test_reports_are_kept(place: Place) -> None:
    """Each import leaves a report; the scratch folder goes."""
    place.run("herault-data", herault(*range(5)))
    (path,) = (place.imports / "reports").glob("*.json")
    report = json.loads(path.read_text(encoding="utf-8"))
    assert (report["source"], report["outcome"], report["added"]) == ("herault-data", "remplacé", 5)
    assert not (place.imports / "scratch").exists()


def test_one_at_a_time(place: Place) -> None:
    """While an import is under way another one is refused."""
    with run_module.locked(place.imports), pytest.raises(run_module.Busy):
        place.run("herault-data", herault(1))


def test_corrections_survive(place: Place, correct: Callable[[str], None]) -> None:
    """Hidden, corrected, closed and added places stay so after every import, under any of their ids."""
    correct(
        """
ajouts:
  - {id: pmi-ajoutee, nom: PMI ajoutée, code_insee: "34301", source: essai, date_maj: 2026-11-01, services: [{kind: pmi}]}
corrections:
  - {lieu: dila-uuid-0, changer: {telephone: "04 65 71 99 99", horaires_accueil: null}, source: appel, date: 2026-11-20}
masques:
  - {lieu: herault-S5, motif: essai}
fermetures:
  - {lieu: herault-S0, debut: 2026-12-24, fin: 2027-01-02, motif: congés}
"""
    )
    for _ in range(2):
        place.run("herault-data", herault(*range(10)))
        place.run("dila", [samples.dila(0)])
        found = {one.place.structure: one.place for one in place.running.nearest(["pmi"], SETE, limit=20)}
        assert "pmi-ajoutee" in found
        assert "herault-S5" not in found
        assert found["herault-S0"].phone == "04 65 71 99 99"
        assert found["herault-S0"].opening_hours is None
        assert found["herault-S0"].closures[0].motif == "congés"
        report = place.run("herault-data", herault(*range(9)))
    assert report.directory["corrections_sans_lieu"] == []


def test_a_correction_without_its_place(place: Place, correct: Callable[[str], None]) -> None:
    """A correction whose place is gone from every source is named in the report."""
    correct("masques:\n  - {lieu: herault-S99, motif: essai}\n")
    report = place.run("herault-data", herault(*range(5)))
    assert report.directory["corrections_sans_lieu"] == ["herault-S99"]
    assert "correction sans lieu : herault-S99" in "\n".join(report.lines())


def test_faulty_corrections_stop_the_import(place: Place, correct: Callable[[str], None]) -> None:
    """An import never goes on without the corrections: a faulty file keeps the old directory."""
    before = place.file.read_bytes()
    correct("masques:\n  - {lieu: x}\n")
    report = place.run("herault-data", herault(*range(5)))
    assert report.outcome == "échec"
    assert "motif" in report.why
    assert place.file.read_bytes() == before
    assert not list(place.imports.glob("*.jsonl"))


def test_a_restart_keeps_the_imports(place: Place) -> None:
    """At start the directory is made anew when its parts changed; a damaged source keeps the old one."""
    place.run("herault-data", herault(*range(5)))
    assert not assemble.ensure(place.file, place.imports)
    place.file.unlink()
    assert assemble.ensure(place.file, place.imports)
    assert place.near()[0] == "PMI inventée n° 0"
    (place.imports / "herault-data.jsonl").write_text('{"id": \n', encoding="utf-8")
    assert not assemble.ensure(place.file, place.imports)
    assert place.near()[0] == "PMI inventée n° 0"


def _process(place: Place, path: Path) -> subprocess.Popen[bytes]:
    environment = {**os.environ, "VAR_DIR": str(place.folder)}
    command = [sys.executable, "-m", "bot", "import", "herault-data", str(path)]
    return subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def _wait_for(condition: Callable[[], bool], process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 60
    while not condition() and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.005)


@pytest.mark.parametrize("moment", ["imports/scratch", "imports/scratch/fresh.sqlite", "directory.sqlite.*.new"])
def test_killed_in_the_middle(place: Place, moment: str) -> None:
    """Kill -9 as it begins, as it reads, as it writes the new directory: the old one answers, and the next import is whole."""
    place.run("herault-data", herault(*range(8)))
    before = place.file.read_bytes()
    rows = [samples.herault(number, adresse=f"{number} rue {number % 97} bis") for number in range(2000)]
    big = place.folder / "big.json"
    big.write_text(json.dumps(rows), encoding="utf-8")
    process = _process(place, big)
    _wait_for(lambda: bool(list(place.folder.glob(moment))), process)
    assert process.poll() is None, "it ended before it could be killed"
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert place.file.read_bytes() == before
    assert "PMI inventée n° 0" in place.near()
    assert _process(place, big).wait() == 0
    assert json.loads(database.meta(place.file)["sources"])["herault-data"] == 2000
    assert not (place.imports / "scratch").exists()
    assert not list(place.folder.glob("directory.sqlite.*.new"))


def test_metrics_tell_the_age(place: Place) -> None:
    """The gateway's metrics tell the directory's age, its places by source, and a source that fails."""
    place.run("herault-data", herault(*range(5)))
    place.run("dila", b"")
    text = Metrics(place.file, place.imports).text().decode()
    assert 'assistant_directory_places{source="herault-data"} 5.0' in text
    assert 'assistant_directory_places{source="embedded"} 103.0' in text
    assert 'assistant_directory_source_failing{source="dila"} 1.0' in text
    assert 'assistant_directory_source_failing{source="herault-data"} 0.0' in text
    age = next(line for line in text.splitlines() if line.startswith("assistant_directory_age_seconds"))
    assert 0 <= float(age.split()[1]) < 60
    assert 'assistant_directory_source_age_seconds{source="herault-data"}' in text
    assert "assistant_directory" not in Metrics(place.folder / "absent", place.imports).text().decode()


def test_every_town_of_the_samples_is_ours() -> None:
    """The made-up places stand in communes of the Hérault."""
    assert all(insee in load_communes().by_insee for insee, *_ in samples.TOWNS)
