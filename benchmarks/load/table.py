"""The tables of docs/load.md, made from what was measured and kept; a test checks that the document holds them."""

from collections.abc import Mapping, Sequence
from typing import Any

from benchmarks.evaluate.table import filled
from bot.paths import ROOT

DOCUMENT = ROOT / "docs" / "load.md"
_NAMES = {
    "ours, 1 Rasa": "**ours**, whole, 1 Rasa",
    "ours, 2 Rasa": "**ours**, whole, 2 Rasa",
    "rasa, our channel": "Rasa alone, our channel",
    "rasa, REST": "Rasa alone, stock REST",
    "peer: ours": "our pipeline",
    "peer: logistic": "spaCy, logistic regression",
    "peer: buerokratt": "Bürokratt's `loba`",
    "peer: rasa_diet": "Rasa's recommended (spaCy, DIET, TED)",
}
_HEAD = ["people", "system", "turns/s", "p50 ms", "p95 ms", "p99 ms", "errors", "empty", "no brain", "right %",
         "processor ms a turn", "memory MB", "turns/s, ratio", "p95, ratio"]  # fmt: skip


def _markdown(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = ["| " + " | ".join(header) + " |", "|---" * len(header) + "|"]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])


def _number(value: Any) -> str:
    return "–" if value is None else f"{value:,.0f}" if value >= 100 else f"{value:,.1f}"


def _errors(row: Mapping[str, Any]) -> str:
    return ", ".join(f"{count} {name}" for name, count in row["errors"].items()) or "0"


def _cost(row: Mapping[str, Any]) -> str:
    held = {name: one for name, one in row["cpu_ms_per_turn"].items() if name not in {"load", "supervisor"}}
    parts = " + ".join(f"{name} {one:.1f}" for name, one in sorted(held.items()))
    return f"{sum(held.values()):.1f} ({parts})" if len(held) > 1 else f"{sum(held.values()):.1f}"


def _memory(row: Mapping[str, Any]) -> str:
    held = {name: one for name, one in row["peak_mb"].items() if name != "supervisor"}
    parts = " + ".join(f"{name} {' and '.join(f'{one:.0f}' for one in each)}" for name, each in sorted(held.items()))
    return f"{sum(map(sum, held.values())):,.0f}" + (f" ({parts})" if len(held) > 1 else "")


def _line(row: Mapping[str, Any]) -> list[str]:
    held = row.get("ratio") or {}
    return [
        f"{row['people']}{', thinking' if row['think'] else ''}",
        _NAMES.get(row["system"], row["system"]),
        *(_number(row[name]) for name in ("turns_per_s", "p50_ms", "p95_ms", "p99_ms")),
        _errors(row),
        str(row["empty"]),
        str(row["degraded"]),
        _number(row["right_percent"]),
        _cost(row),
        _memory(row),
        *("–" if held.get(name) is None else f"{held[name]:.2f}" for name in ("turns_per_s", "p95_ms")),
    ]


def of_rows(part: Mapping[str, Any]) -> str:
    """Return the table of a part that was measured turn about."""
    return _markdown(_HEAD, [_line(row) for row in part["rows"]])


def machine(kept: Mapping[str, Any]) -> str:
    """Return where and when each part was measured, and what the load itself took."""
    rows = []
    for name, part in kept.items():
        held = part["measured"]
        each = part.get("rows") or ([part] if "load_cores" in part else [])
        load = max((row["load_cores"] for row in each), default=None)
        others = max((row["others_cores"] for row in each), default=None)
        busy = ["–" if one is None else f"{one:.2f}" for one in (load, others)]
        rows.append([name, held["date"], f"{held['cores']} of {held['processor']}", *busy])
    return _markdown(["part", "date", "cores", "the load itself, cores at most", "others, cores at most"], rows)


def soak(part: Mapping[str, Any]) -> str:
    """Return the memory of each process along the soak."""
    along = part["memory_mb"]
    marks = sorted({0, len(along) // 4, len(along) // 2, 3 * len(along) // 4, len(along) - 1})
    head = ["process", *(f"{along[mark]['turns']:,} turns" for mark in marks), "MB per 1,000 turns, whole run", "after a quarter"]  # fmt: skip
    rows = [
        [name, *(f"{along[mark][name]:,.0f}" for mark in marks), f"{one['whole']:.2f}", f"{one['after_warm_up']:.2f}"]
        for name, one in part["mb_per_1000_turns"].items()
    ]
    return _markdown(head, rows)


def long(part: Mapping[str, Any]) -> str:
    """Return how long a turn took along one long conversation."""
    names = list(part["along"])
    head = ["turns so far", *(f"{_NAMES.get(name, name)}, p50 / p95 ms" for name in names)]
    rows = []
    for position, first in enumerate(part["along"][names[0]]):
        held = [part["along"][name][position] for name in names]
        rows.append([f"{first['until']:,}", *(f"{_number(one['p50_ms'])} / {_number(one['p95_ms'])}" for one in held)])
    return _markdown(head, rows)


def tables(kept: Mapping[str, Any]) -> dict[str, str]:
    """Return every table of the document, by the name of its mark."""
    made = {"ours": of_rows, "peers": of_rows, "soak": soak, "long": long}
    found = {name: make(kept[name]) for name, make in made.items() if name in kept}
    return {**found, "machine": machine(kept)} if kept else {}


def write(kept: Mapping[str, Any]) -> None:
    """Write the tables into the document."""
    if DOCUMENT.exists():
        DOCUMENT.write_text(filled(DOCUMENT.read_text(encoding="utf-8"), tables(kept)), encoding="utf-8")


def plain(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return rows as lines to read in a terminal."""
    lines = []
    for row in rows:
        cells = _line(row)
        lines.append(
            f"{cells[0]:>14}  {row['system']:<18} {cells[2]:>6}/s  p50 {cells[3]:>6}  p95 {cells[4]:>6}  p99 {cells[5]:>6} ms"
            f"  errors {cells[6]}  empty {cells[7]}  no brain {cells[8]}  right {cells[9]} %  processor {cells[10]} ms"
            f"  memory {cells[11]}  load {row['load_cores']:.2f}, others {row['others_cores']:.2f} cores"
        )
    return "\n".join(lines)
