"""The report of the faults: what was seen is counted, what must not be fails, and the page shows the figures that are kept."""

import json
from pathlib import Path

import pytest

from benchmarks.faults import FIGURES, PAGE, written
from tests.faults.people import DANGER_NUMBER, SWITCHBOARD, Heard
from tests.faults.record import Fault, Report


def heard(status: int = 200, text: str = "", id_: str = "", urgent: bool = False, seconds: float = 1.0) -> Heard:
    """Return one reply."""
    body = {"messages": [{"text": text, "id": id_, "urgent": urgent, "choices": []}]} if status == 200 else {}
    if status == 503:
        body = {"error": {"message": text}}  # type: ignore[dict-item]
    return Heard(seconds, status, body)


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (heard(text="Voici.", id_="rsa_montant"), "answer"),
        (heard(text=f"Panne. Appelez le {SWITCHBOARD}. En danger : 112.", id_="panne"), "honest"),
        (heard(503, f"Appelez le {SWITCHBOARD}. En danger : 112."), "honest"),
        (heard(503, "Internal error"), "wrong"),
        (heard(text=f"Appelez le {DANGER_NUMBER} ou le 112.", urgent=True), "danger"),
        (heard(text=f"Appelez le 112 ou le {DANGER_NUMBER}.", urgent=True), "wrong"),
        (heard(200), "wrong"),
        (heard(0), "absent"),
        (heard(599), "wrong"),
    ],
)
def test_what_a_person_sees(reply: Heard, kind: str) -> None:
    """An answer, an honest sentence with whom to call, the right number first in danger; anything else is wrong."""
    assert reply.kind == kind


def test_what_must_not_be_fails() -> None:
    """A word too many, a wait too long, a message lost: each fails the fault that it is of."""
    good = heard(text="Voici.", id_="rsa_montant")
    Fault("none").watched([good]).check()
    for fault in (
        Fault("a").watched([heard(503, "?")]),
        Fault("b").watched([heard(text="Voici.", id_="rsa_montant", seconds=20)]),
        Fault("c").watched([], [good]),
        Fault("d", lost=1),
        Fault("e", sms_lost=1),
    ):
        with pytest.raises(AssertionError):
            fault.check()


def test_a_run_takes_the_place_of_the_last(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A fault played again replaces its last figures; the others stay."""
    monkeypatch.setenv("FAULTS_REPORT", str(tmp_path / "faults.json"))
    for faults in ([Fault("a", lost=1), Fault("b")], [Fault("a", lost=2)]):
        report = Report()
        report.faults += faults
        report.write()
    kept = json.loads((tmp_path / "faults.json").read_text(encoding="utf-8"))["faults"]
    assert [(one["fault"], one["lost"]) for one in kept] == [("a", 2), ("b", 0)]


def test_the_page_shows_the_figures() -> None:
    """The table of docs/faults.md is that of benchmarks/faults.json (python -m benchmarks.faults --table)."""
    figures = json.loads(FIGURES.read_text(encoding="utf-8"))
    page = PAGE.read_text(encoding="utf-8")
    assert written(page, figures) == page
    assert all(one["lost"] == one["sms_lost"] == 0 for one in figures["faults"])
