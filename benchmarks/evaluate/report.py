"""The report of a run: one HTML page that needs nothing beside it, written under `results/`."""

import html
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.evaluate import alone, plots, table

REPORT = table.ROOT / "results" / "evaluation.html"
OVERVIEW = table.ROOT / "docs" / "images" / "evaluation.png"
LEARNING_CURVE = table.ROOT / "benchmarks" / "learning_curve.json"

_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; max-width: 62rem; margin: 2rem auto; padding: 0 1rem; color: #222 }
table { border-collapse: collapse; margin: 1rem 0 } td, th { border-bottom: 1px solid #ccc; padding: .25rem .7rem; text-align: right }
td:first-child, th:first-child { text-align: left } h2 { margin-top: 2.5rem } img { max-width: 100% } p { max-width: 46rem }
"""


@dataclass
class Drawn:
    """What the plots need besides the results: one entry a message."""

    #: By set: confidence and right.
    curves: dict[str, tuple[list[float], list[bool]]] = field(default_factory=dict)
    #: Of the cross-validation: ids wanted and given.
    truth: list[str] = field(default_factory=list)
    given: list[str] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)


def _table(markdown: str) -> str:
    lines = [line.strip("| ").split(" | ") for line in markdown.splitlines()]
    head, body = markdown.splitlines()[0].strip("|").split("|"), lines[2:]
    rows = "".join("<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in row) + "</tr>" for row in body)
    return "<table><tr>" + "".join(f"<th>{html.escape(cell.strip())}</th>" for cell in head) + f"</tr>{rows}</table>"


def _confusions(worst: list[list[Any]]) -> str:
    header = "| wanted | given | times |"
    return _table("\n".join([header, "|---|---|---|", *(f"| {a} | {b} | {count} |" for a, b, count in worst)]))


def page(results: Mapping[str, Any], peers: Mapping[str, Any], curve: Mapping[str, Any] | None, drawn: Drawn) -> str:
    """Return the whole report as HTML."""
    parts: list[str] = []

    def section(title: str, *contents: str) -> None:
        parts.extend([f"<h2>{html.escape(title)}</h2>", *contents])

    made = table.tables(results, peers)
    section("What it understands", _table(made["understanding"]), _table(made["other"]))
    if drawn.curves:
        section(
            "How sure it is",
            "<p>Confidence of the answers, right and wrong apart; then, the surest first, the share right of those accepted; then calibration.</p>",
            *(f"<h3>{html.escape(name)}</h3>{plots.confidences(*both)}" for name, both in drawn.curves.items()),
            plots.risk_coverage(drawn.curves),
            plots.reliability(drawn.curves),
        )
    for name, one in results["questions"].items():
        held = {key: value for key, value in one["registers"].items() if value["in_scope"]}
        section(
            f"By register: {name.replace('_', ' ')}",
            plots.bars(
                {key: value["in_scope_accuracy"] for key, value in held.items()},
                "in scope right, %",
                {key: value["in_scope"] for key, value in held.items()},
            ),
        )
    section("Spoilt writing", _table(made["noise"]))
    for name, one in results["noise"].items():
        values = {"clean": one["clean"], **{kind: value["accuracy"] for kind, value in one["kinds"].items()}}
        parts.append(f"<h3>{html.escape(name)}</h3>{plots.bars(values, 'in scope right, %')}")
    section("Danger", _table(made["danger"]))
    if drawn.truth:
        section(
            "Confusions, in cross-validation",
            "<p>By theme, each row to 100 %:</p>",
            plots.matrix([alone.theme(one) for one in drawn.truth], [alone.theme(one) for one in drawn.given]),
            "<p>The thirty worst:</p>",
            _confusions(results["cross_validation"]["worst_confusions"]),
            "<p>Every id, mistakes only:</p>",
            plots.large_matrix(drawn.truth, drawn.given),
        )
    section("Mistakes on the held-out questions", _confusions(results["questions"]["held_out"]["worst_confusions"]))
    if curve:
        section("Learning curve", plots.learning_curve(curve["points"]))
    if "mtop" in made:
        section("Us against the three peers: MTOP French", _when(peers["mtop"]), _table(made["mtop"]))
    if "ours" in made:
        section("Us against the three peers: a sample of our own data", _when(peers["ours"]), _table(made["ours"]))
    if "clinc" in made:
        section("CLINC150: the rejection rule alone", _table(made["clinc"]))
    if drawn.skipped:
        section("Skipped", "<ul>" + "".join(f"<li>{html.escape(one)}</li>" for one in drawn.skipped) + "</ul>")
    section("Figures", f"<pre>{html.escape(json.dumps(results, ensure_ascii=False, indent=1))}</pre>")
    body = "\n".join(parts)
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>Evaluation</title><style>{_STYLE}</style>'
        f"<h1>How well it understands</h1>{_when(results)}{body}</html>\n"
    )


def _when(one: Mapping[str, Any]) -> str:
    libraries = ", ".join(f"{name} {version}" for name, version in one["libraries"].items())
    return f"<p>Measured on {one['date']}: {one['cores']} cores, {html.escape(one['processor'])}; {html.escape(libraries)}.</p>"


def write(results: Mapping[str, Any], peers: Mapping[str, Any], drawn: Drawn) -> Path:
    """Write the report, and the picture of the documents; return where the report is."""
    curve = json.loads(LEARNING_CURVE.read_text(encoding="utf-8")) if LEARNING_CURVE.exists() else None
    REPORT.parent.mkdir(exist_ok=True)
    REPORT.write_text(page(results, peers, curve, drawn), encoding="utf-8")
    plots.overview(results, drawn.curves, OVERVIEW)
    return REPORT
