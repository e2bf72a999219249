"""The kept results: the gate bites, and the document says what was measured."""

import copy
import json
from typing import Any

import pytest

from benchmarks.evaluate import gate, table
from benchmarks.evaluate.metrics import standard_error
from bot.paths import ROOT

KEPT = table.load(table.RESULTS)
WATCHED = list(gate.watched(KEPT))


def changed(path: tuple[str, ...], value: float) -> dict[str, Any]:
    """Return the kept results with another figure at `path`."""
    now = copy.deepcopy(KEPT)
    gate.at(now, path[:-1])[path[-1]] = value
    return now


def test_the_gate_watches_what_matters() -> None:
    """Understanding, refusal, danger and spoilt writing are all watched."""
    names = {one.name for one in WATCHED}
    assert "questions/held_out/in_scope_accuracy" in names
    assert "questions/held_out/out_of_scope_recall" in names
    assert {"danger/urgent/recall", "danger/urgent/false_alarms", "danger/urgent_blind/recall"} <= names
    assert "noise/held_out/kinds/sms/accuracy" in names


def test_the_same_figures_pass() -> None:
    """What was kept does not drop below itself."""
    assert gate.dropped(KEPT, KEPT) == []


@pytest.mark.parametrize("one", WATCHED, ids=lambda one: one.name)
def test_a_dropped_figure_fails(one: gate.Watched) -> None:
    """Each watched figure, made worse by more than its noise, is named; made worse by less, or better, it is not."""
    before, cases = gate.at(KEPT, one.path), gate.at(KEPT, one.cases)
    noise = one.allowed * standard_error(before, cases)
    worse = -1 if one.higher_is_better else 1
    assert [line.split(":")[0] for line in gate.dropped(KEPT, changed(one.path, before + worse * noise * 1.05))] == [
        one.name
    ]
    assert gate.dropped(KEPT, changed(one.path, before + worse * noise * 0.95)) == []
    assert gate.dropped(KEPT, changed(one.path, before - worse * 3 * noise)) == []


def test_a_large_drop_is_never_noise() -> None:
    """The noise allowed is small: five points of understanding, or four missed dangers in a hundred, always fail."""
    for one in WATCHED:
        allowed = one.allowed * standard_error(gate.at(KEPT, one.path), gate.at(KEPT, one.cases))
        assert allowed < 8, one.name
    assert gate.dropped(KEPT, changed(("questions", "held_out", "in_scope_accuracy"), 85.0))


def test_results_say_when_and_where() -> None:
    """Every part has its date and its machine; the processor's model is all that is said of it."""
    for part in ("questions", "danger", "noise"):
        assert set(KEPT["measured"][part]) == {"date", "cores", "processor"}
    assert KEPT["libraries"]["rasa"] == "3.6.21"


def test_kept_files_hold_no_sentence() -> None:
    """What is kept is figures: no question of a real person is in it."""
    # Those of faults and of stores say in words what was done to processes and to databases, and nothing of people.
    others = {ROOT / "benchmarks" / "faults.json", ROOT / "benchmarks" / "stores.json"}
    for path in sorted(set((ROOT / "benchmarks").glob("*.json")) - others):
        for value in strings(json.loads(path.read_text(encoding="utf-8"))):
            assert len(value.split()) < 6, value


def strings(one: Any) -> list[str]:
    """Return every string value in nested figures."""
    if isinstance(one, dict):
        return [text for value in one.values() for text in strings(value)]
    if isinstance(one, list):
        return [text for value in one for text in strings(value)]
    return [one] if isinstance(one, str) else []


def test_the_document_says_what_was_measured() -> None:
    """Each table of docs/evaluation.md is the one made from the kept results."""
    document = table.DOCUMENT.read_text(encoding="utf-8")
    made = table.tables(KEPT, table.load(table.PEERS))
    for name in made:
        assert f"<!-- table: {name} -->" in document
    assert table.filled(document, made) == document, "python -m benchmarks.evaluate.table"


def test_a_stale_table_is_seen() -> None:
    """A figure that changes changes its table."""
    now = changed(("danger", "urgent", "recall"), 12.3)
    assert table.danger(now) != table.danger(KEPT)
    assert "12.3" in table.danger(now)
