"""The plots of the report, each an SVG or PNG held in the page itself; and one small picture for the documents."""

import base64
import io
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("Agg")
from matplotlib import pyplot as plt

from benchmarks.evaluate import metrics

RIGHT, WRONG, LINE = "#2a7f62", "#c1440e", "#1f4e79"


def inline(figure: Any, kind: str = "svg") -> str:
    """Return a figure as an HTML image that needs no file beside the page."""
    held = io.BytesIO()
    figure.savefig(held, format=kind, bbox_inches="tight", dpi=110)
    plt.close(figure)
    mime = "image/svg+xml" if kind == "svg" else "image/png"
    return f'<img alt="" src="data:{mime};base64,{base64.b64encode(held.getvalue()).decode()}">'


def _axes(width: float = 6.4, height: float = 3.6) -> tuple[Any, Any]:
    figure, axes = plt.subplots(figsize=(width, height))
    axes.spines[["top", "right"]].set_visible(False)
    return figure, axes


def draw_confidences(axes: Any, confidence: Sequence[float], right: Sequence[bool]) -> None:
    """Draw how sure the answers are, right and wrong apart, each to its own total."""
    bins = [step / 20 for step in range(21)]
    for wanted, colour, label in ((True, RIGHT, "right"), (False, WRONG, "wrong")):
        values = [one for one, good in zip(confidence, right, strict=True) if good is wanted]
        weights = [1 / max(1, len(values))] * len(values)
        axes.hist(values, bins=bins, weights=weights, color=colour, alpha=0.6, label=f"{label} ({len(values):,})")
    axes.set(xlabel="confidence", ylabel="share")
    axes.legend(frameon=False)


def draw_risk_coverage(axes: Any, curves: Mapping[str, tuple[Sequence[float], Sequence[bool]]]) -> None:
    """Draw the share right against the share accepted, the surest messages first."""
    for name, (confidence, right) in curves.items():
        points = metrics.risk_coverage(confidence, right)
        skip = max(1, len(points) // 400)
        kept = points[len(points) // 10 :: skip]
        axes.plot([100 * x for x, _ in kept], [100 * y for _, y in kept], label=name)
    axes.set(xlabel="accepted, %", ylabel="right among the accepted, %")
    axes.legend(frameon=False)


def draw_reliability(axes: Any, curves: Mapping[str, tuple[Sequence[float], Sequence[bool]]]) -> None:
    """Draw the share right against confidence: on the diagonal, confidence can be believed."""
    axes.plot([0, 1], [0, 1], color="#999", linewidth=1)
    for name, (confidence, right) in curves.items():
        found = metrics.reliability(confidence, right)
        error = metrics.calibration_error(confidence, right)
        axes.plot([x for x, _, _ in found], [y for _, y, _ in found], marker="o", label=f"{name} (ECE {error:.1f})")
    axes.set(xlabel="confidence", ylabel="share right")
    axes.legend(frameon=False)


def draw_bars(axes: Any, values: Mapping[str, float], label: str, counts: Mapping[str, int] | None = None) -> None:
    """Draw one bar a name, its value written at its end."""
    names = list(values)[::-1]
    axes.barh(names, [values[name] for name in names], color=LINE)
    for row, name in enumerate(names):
        count = f"  ({counts[name]})" if counts else ""
        axes.text(values[name], row, f" {values[name]:.1f}{count}", va="center", fontsize=8)
    axes.set(xlabel=label)


def confidences(confidence: Sequence[float], right: Sequence[bool]) -> str:
    """Return the histogram of confidence, right and wrong."""
    figure, axes = _axes()
    draw_confidences(axes, confidence, right)
    return inline(figure)


def risk_coverage(curves: Mapping[str, tuple[Sequence[float], Sequence[bool]]]) -> str:
    """Return accepted against right."""
    figure, axes = _axes()
    draw_risk_coverage(axes, curves)
    return inline(figure)


def reliability(curves: Mapping[str, tuple[Sequence[float], Sequence[bool]]]) -> str:
    """Return the calibration of the confidence."""
    figure, axes = _axes(4.6, 4.6)
    draw_reliability(axes, curves)
    return inline(figure)


def bars(values: Mapping[str, float], label: str, counts: Mapping[str, int] | None = None) -> str:
    """Return horizontal bars."""
    figure, axes = _axes(6.4, 0.6 + 0.32 * len(values))
    draw_bars(axes, values, label, counts)
    return inline(figure)


def matrix(truth: Sequence[str], given: Sequence[str], width: float = 6.0) -> str:
    """Return a confusion matrix, each row to 100 %, read at a glance: few labels."""
    labels = sorted(set(truth) | set(given))
    counts = Counter(zip(truth, given, strict=True))
    totals = Counter(truth)
    rows = [[100 * counts[row, column] / max(1, totals[row]) for column in labels] for row in labels]
    figure, axes = plt.subplots(figsize=(width, width * 0.9))
    axes.imshow(rows, cmap="Blues", vmin=0, vmax=100)
    axes.set_xticks(range(len(labels)), labels, rotation=60, ha="right")
    axes.set_yticks(range(len(labels)), [f"{label} ({totals[label]:,})" for label in labels])
    axes.set(xlabel="given", ylabel="wanted")
    for row, line in enumerate(rows):
        for column, value in enumerate(line):
            if value >= 0.05:
                colour = "white" if value > 50 else "black"
                axes.text(column, row, f"{value:.1f}", ha="center", va="center", fontsize=7, color=colour)
    return inline(figure)


def large_matrix(truth: Sequence[str], given: Sequence[str]) -> str:
    """Return the confusion matrix of every id, mistakes only, as a picture to look for stripes in."""
    labels = sorted(set(truth) | set(given))
    index = {label: position for position, label in enumerate(labels)}
    rows = [[0.0] * len(labels) for _ in labels]
    totals = Counter(truth)
    for wanted, said in zip(truth, given, strict=True):
        if wanted != said:
            rows[index[wanted]][index[said]] += 100 / totals[wanted]
    size = max(6.0, 0.17 * len(labels))
    figure, axes = plt.subplots(figsize=(size, size))
    image = axes.imshow(rows, cmap="OrRd", vmin=0, vmax=10)
    axes.set_xticks(range(len(labels)), labels, rotation=90, fontsize=6)
    axes.set_yticks(range(len(labels)), labels, fontsize=6)
    figure.colorbar(image, shrink=0.5, label="% of the wanted id (10 or more: darkest)")
    return inline(figure, "png")


def learning_curve(points: Sequence[Mapping[str, Any]]) -> str:
    """Return accuracy against the number of sentences per id, every sample a dot, their mean a line."""
    figure, axes = _axes()
    draw_learning_curve(axes, points)
    return inline(figure)


def draw_learning_curve(axes: Any, points: Sequence[Mapping[str, Any]]) -> None:
    """Draw the learning curve over the number of sentences, on a log scale."""
    for kind, colour in (("clean", LINE), ("mild", WRONG)):
        axes.scatter(
            [p["sentences"] for p in points], [p[kind]["in_scope_accuracy"] for p in points], color=colour, s=12
        )
        means = {}
        for each in {p["each"] for p in points}:
            same = [p for p in points if p["each"] == each]
            sentences = sum(p["sentences"] for p in same) / len(same)
            means[sentences] = sum(p[kind]["in_scope_accuracy"] for p in same) / len(same)
        label = "as written" if kind == "clean" else "with mild noise"
        axes.plot(sorted(means), [means[x] for x in sorted(means)], color=colour, label=label)
    axes.set_xscale("log")
    axes.set(xlabel="training sentences", ylabel="held-out, in scope right, %")
    axes.legend(frameon=False)


def overview(
    results: Mapping[str, Any], curves: Mapping[str, tuple[Sequence[float], Sequence[bool]]], path: Path
) -> None:
    """Write the small picture of the documents: registers, noise, calibration, accepted against right."""
    figure, ((registers, noise), (calibration, coverage)) = plt.subplots(2, 2, figsize=(10, 7))
    held = results["questions"]["held_out"]["registers"]
    held = {name: one for name, one in held.items() if one["in_scope"]}
    draw_bars(
        registers,
        {name: one["in_scope_accuracy"] for name, one in held.items()},
        "held-out, in scope right, % (questions)",
        {name: one["in_scope"] for name, one in held.items()},
    )
    kinds = results["noise"]["held_out"]["kinds"]
    draw_bars(noise, {name: one["accuracy"] for name, one in kinds.items()}, "held-out spoilt, in scope right, %")
    draw_reliability(calibration, curves)
    draw_risk_coverage(coverage, curves)
    for axes in (registers, noise, calibration, coverage):
        axes.spines[["top", "right"]].set_visible(False)
    figure.tight_layout()
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=80)
    plt.close(figure)
