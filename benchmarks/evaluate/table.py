"""The tables of docs/evaluation.md, made from what was measured and kept; a test checks that the document holds them."""

import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
RESULTS = ROOT / "benchmarks" / "results.json"
PEERS = ROOT / "benchmarks" / "peers.json"
DOCUMENT = ROOT / "docs" / "evaluation.md"
#: How the rivals are named for a reader, ours first.
NAMES = {
    "ours": "ours",
    "rasa_diet": "Rasa's recommended (spaCy, DIET 100)",
    "buerokratt": "Bürokratt's `loba` (DIET 40)",
    "logistic": "spaCy and logistic regression",
}
Row = tuple[str, Callable[[Mapping[str, Any]], Any]]


def load(path: Path) -> dict[str, Any]:
    """Return what was measured and kept."""
    kept: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return kept


def _markdown(header: list[str], rows: list[list[str]]) -> str:
    lines = ["| " + " | ".join(header) + " |", "|---" * len(header) + "|"]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])


def _number(value: Any) -> str:
    if value is None:
        return "–"
    return f"{value:,.1f}" if isinstance(value, float) else f"{value:,}" if isinstance(value, int) else str(value)


def _side_by_side(pipelines: Mapping[str, Any], rows: list[Row]) -> str:
    names = [name for name in NAMES if name in pipelines]
    body = [[label, *(_number(value(pipelines[name])) for name in names)] for label, value in rows]
    return _markdown(["", *(NAMES[name] for name in names)], body)


_COST: list[Row] = [
    ("training, s of processor", lambda one: one["train_cpu_s"]),
    ("training, s by the clock", lambda one: one["train_s"]),
    ("parse p50, ms", lambda one: one["parse_ms"]["p50"]),
    ("parse p95, ms", lambda one: one["parse_ms"]["p95"]),
    ("parse p50, ms of processor", lambda one: one["parse_cpu_ms"]["p50"]),
    ("peak memory, training, MB", lambda one: one["train_peak_mb"]),
    ("peak memory, parsing, MB", lambda one: one["parse_peak_mb"]),
    ("model on disk, MB", lambda one: one["model_mb"]),
]


def mtop(peers: Mapping[str, Any]) -> str:
    """Return us against the three peers on MTOP French."""
    kinds = list(peers["mtop"]["pipelines"]["ours"]["noise"])

    def drop(kind: str) -> Callable[[Mapping[str, Any]], Any]:
        return lambda one: one["noise"][kind]["drop"]

    rows: list[Row] = [
        ("accuracy, %", lambda one: one["accuracy"]),
        ("macro-F1, %", lambda one: one["macro_f1"]),
        *((f"points lost: {kind.replace('_', ' ')}", drop(kind)) for kind in kinds),
    ]
    return _side_by_side(peers["mtop"]["pipelines"], rows + _COST)


def ours(peers: Mapping[str, Any]) -> str:
    """Return us against the three peers on a sample of our own data."""
    rows: list[Row] = [
        ("accuracy in scope, %", lambda one: one["accuracy"]),
        ("points lost: mild", lambda one: one["noise"]["mild"]["drop"]),
        ("points lost: heavy", lambda one: one["noise"]["heavy"]["drop"]),
        ("out-of-scope recall at 5 % refused in scope, %", lambda one: one["refusal"]["recall_same_refusal"]),
        ("area under the ROC curve, %", lambda one: one["refusal"]["area_under_roc"]),
    ]
    rows += [*_COST, ("training sentences", lambda one: one["sentences"]), ("measured on", lambda one: one["date"])]
    return _side_by_side(peers["ours"]["pipelines"], rows)


def clinc(results: Mapping[str, Any], peers: Mapping[str, Any]) -> str:
    """Return the rejection rule on CLINC150 beside what was published."""
    found = results["clinc"]
    rows = [
        ["Rasa, threshold (published)", "90.9", "31.2", "–"],
        ["Rasa, trained with out-of-scope examples (published)", "91.5", "45.3", "–"],
        ["BERT, trained with out-of-scope examples (published)", "96.9", "40.3", "–"],
    ]
    if "clinc_logistic" in peers:
        held = peers["clinc_logistic"]
        trained, refused = held["trained_with_out_of_scope"], held["refusal"]
        label = "Rasa's logistic regression, trained with out-of-scope examples"
        rows.append([label, _number(trained["in_scope_accuracy"]), _number(trained["out_of_scope_recall"]), "–"])
        rows.append(["the same, 5 % refused", *_point(refused)])
    labels = {
        "paper": "**ours**, weight and threshold as in the paper",
        "loses_one_point": "**ours**, one point of in-scope accuracy given up (on validation)",
        "as_right_as_rasa": "**ours**, as right in scope as Rasa (on validation)",
        "refuses_5_percent": "**ours**, 5 % refused",
    }
    rows += [[label, *_point(found[name])] for name, label in labels.items() if name in found]
    return _markdown(["", "in-scope accuracy, %", "out-of-scope recall, %", "in-scope refused, %"], rows)


def _point(one: Mapping[str, Any]) -> list[str]:
    return [_number(one[name]) for name in ("in_scope_accuracy", "out_of_scope_recall", "in_scope_refused")]


def understanding(results: Mapping[str, Any]) -> str:
    """Return the figures of the whole assistant."""
    rows: list[list[str]] = []
    if "cross_validation" in results:
        held = results["cross_validation"]
        rows.append([f"cross-validation, {held['sentences']:,} sentences", *_understood(held)])
    for name, held in results["questions"].items():
        rows.append([f"{name.replace('_', ' ')}, {held['questions']:,} questions", *_understood(held)])
    head = ["", "in scope right, %", "in scope refused, %", "out of scope recognised, %", "macro-F1, %", "ECE, points"]
    return _markdown(head, rows)


def _understood(one: Mapping[str, Any]) -> list[str]:
    names = ("in_scope_accuracy", "in_scope_refused", "out_of_scope_recall", "macro_f1", "calibration_error")
    return [_number(one[name]) for name in names]


def danger(results: Mapping[str, Any]) -> str:
    """Return the figures of the danger guard."""
    rows = [
        [
            f"{name} ({one['urgent']} + {one['calm']})",
            *(_number(one[k]) for k in ("recall", "false_alarms", "right_kind")),
        ]
        for name, one in results["danger"].items()
    ]
    return _markdown(["", "recall, %", "false alarms, %", "right kind, %"], rows)


def noise(results: Mapping[str, Any]) -> str:
    """Return what each kind of noise costs."""
    names = list(results["noise"])
    kinds = list(results["noise"][names[0]]["kinds"])
    rows = [["clean, % right", *(_number(results["noise"][name]["clean"]) for name in names)]]
    for kind in kinds:
        rows.append(
            [f"points lost: {kind.replace('_', ' ')}"]
            + [_number(results["noise"][name]["kinds"][kind]["drop"]) for name in names]
        )
    rows.append(["points lost, mean", *(_number(results["noise"][name]["mean_drop"]) for name in names)])
    return _markdown(["", *(name.replace("_", " ") for name in names)], rows)


def other(results: Mapping[str, Any]) -> str:
    """Return the rest: "vouliez-vous dire", what is not ours, cost."""
    rows = []
    for name, one in results["questions"].items():
        label = name.replace("_", " ")
        rows.append([f'"vouliez-vous dire" shown, {label}, %', _number(one["doubts_shown"])])
        rows.append([f"… its two choices hold a right one ({one['doubts']} in scope), %", _number(one["doubts_hold"])])
    if "out_of_domain" in results:
        one = results["out_of_domain"]
        rows.append([f"{one['sentences']:,} small-talk sentences handled, %", _number(one["handled"])])
        rows.append(["… refused or asked about, %", _number(one["refused_or_asked"])])
        rows.append(["… answered as talk with the assistant, %", _number(one["answered_as_talk"])])
        rows.append(["… answered as distress, to someone suicidal or low, %", _number(one["comforted"])])
        rows.append(["… fault: answered with content, %", _number(one["answered_as_content"])])
        rows.append(["… fault: answered as an emergency, %", _number(one["answered_as_emergency"])])
        rows.append([f"{one['suicidal']} of them tell of suicide: heard, %", _number(one["suicidal_heard"])])
    if "mtop" in results:
        rows.append(["MTOP French, all of the test, %", _number(results["mtop"]["accuracy"])])
    if "cost" in results:
        one = results["cost"]
        rows.append(["training, s of processor (by the clock)", f"{one['train_cpu_s']:,.0f} ({one['train_s']:,.0f})"])
        rows.append(["parse p50 / p95, ms", f"{one['parse_ms']['p50']} / {one['parse_ms']['p95']}"])
        rows.append(
            ["peak memory, training / parsing, MB", f"{one['train_peak_mb']:,.0f} / {one['parse_peak_mb']:,.0f}"]
        )
        rows.append(["model on disk, MB", _number(one["model_mb"])])
    return _markdown(["", ""], rows)


def tables(results: Mapping[str, Any], peers: Mapping[str, Any]) -> dict[str, str]:
    """Return every table of the document, by the name of its marker."""
    found = {
        "understanding": understanding(results),
        "danger": danger(results),
        "noise": noise(results),
        "other": other(results),
    }
    if "mtop" in peers:
        found["mtop"] = mtop(peers)
    if "ours" in peers:
        found["ours"] = ours(peers)
    if "clinc" in results:
        found["clinc"] = clinc(results, peers)
    return found


def filled(document: str, made: Mapping[str, str]) -> str:
    """Return `document` with each table between its marks (`<!-- table: NAME -->`, `<!-- end -->`) made anew."""
    for name, table in made.items():
        start = document.find(f"<!-- table: {name} -->")
        if start < 0:
            continue
        start = document.index("\n", start) + 1
        end = document.index("<!-- end -->", start)
        document = document[:start] + table + "\n" + document[end:]
    return document


def main() -> None:
    """Write the tables into the document."""
    made = tables(load(RESULTS), load(PEERS) if PEERS.exists() else {})
    DOCUMENT.write_text(filled(DOCUMENT.read_text(encoding="utf-8"), made), encoding="utf-8")
    print(f"tables written in {DOCUMENT.name}: {', '.join(made)}", file=sys.stderr)


if __name__ == "__main__":
    main()
