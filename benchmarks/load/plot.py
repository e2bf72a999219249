"""The picture of docs/load.md; runs in Rasa's environment, which has matplotlib."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("Agg")
from matplotlib import pyplot as plt

ROOT = Path(__file__).resolve().parents[2]
RESULTS = ROOT / "benchmarks" / "load.json"
PICTURE = ROOT / "docs" / "images" / "load.png"
#: Milliseconds that the project aims at for 95 turns of 100, with 50 people.
AIM = 1500
COLOURS = ("#2a7f62", "#1f4e79", "#c1440e", "#8a6d1d", "#6b4c9a", "#777777", "#b05a7a", "#3b8ea5")


def _curve(axes: Any, rows: list[Mapping[str, Any]], name: str, field: str, colour: str) -> None:
    points = sorted((row["people"], row[field]) for row in rows if row["system"] == name and not row["think"])
    axes.plot([x for x, _ in points], [y for _, y in points], marker="o", label=name, color=colour)


def draw(kept: Mapping[str, Any], path: Path) -> None:
    """Draw turns a second and the 95th percentile against people at once; memory along the soak, when it was held."""
    rows = [row for part in ("ours", "peers") for row in kept.get(part, {}).get("rows", [])]
    names = list(dict.fromkeys(row["system"] for row in rows))
    soak = kept.get("soak", {}).get("memory_mb")
    figure, axes = plt.subplots(1, 3 if soak else 2, figsize=(15 if soak else 10, 4.2))
    for name, colour in zip(names, COLOURS, strict=False):
        _curve(axes[0], rows, name, "turns_per_s", colour)
        _curve(axes[1], rows, name, "p95_ms", colour)
    axes[0].set(xlabel="people at once, no pause", ylabel="turns a second", xscale="log")
    axes[1].set(xlabel="people at once, no pause", ylabel="95th percentile, ms", xscale="log", yscale="log")
    axes[1].axhline(AIM, color="#999", linewidth=1, linestyle="--")
    axes[0].legend(frameon=False, fontsize=8)
    if soak:
        for name, colour in zip([key for key in soak[0] if key != "turns"], COLOURS, strict=False):
            axes[2].plot([one["turns"] for one in soak], [one[name] for one in soak], label=name, color=colour)
        axes[2].set(xlabel="turns", ylabel="memory, MB")
        axes[2].set_ylim(bottom=0)
        axes[2].legend(frameon=False, fontsize=8)
    for one in axes:
        one.spines[["top", "right"]].set_visible(False)
    figure.tight_layout()
    figure.savefig(path, dpi=80)
    plt.close(figure)


def main() -> None:
    """Draw what was kept."""
    if RESULTS.exists():
        draw(json.loads(RESULTS.read_text(encoding="utf-8")), PICTURE)


if __name__ == "__main__":
    main()
