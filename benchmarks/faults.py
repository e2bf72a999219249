"""What people saw of each fault: `python -m benchmarks.faults` plays them all, keeps the figures, writes the table of docs/faults.md.

They are the tests of tests/faults, with real processes (about ten minutes); `--table` only writes the table again.
"""

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

from bot.paths import ROOT

FIGURES = ROOT / "benchmarks" / "faults.json"
PAGE = ROOT / "docs" / "faults.md"
BEGIN, END = "<!-- benchmarks/faults.json -->", "<!-- end -->"
_WORDS = {
    "answer": "answered",
    "honest": "sentence",
    "danger": "right number",
    "absent": "« n'est pas parti »",
    "wrong": "WRONG",
}


def _saw(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {_WORDS[kind]}" for kind, count in sorted(counts.items())) or "–"


def _seconds(value: float | None) -> str:
    return "–" if value is None else f"{value:g} s"


def table(figures: Mapping[str, Any]) -> str:
    """Return the figures as a table in Markdown."""
    lines = [
        "| fault | what people saw | in danger | longest wait | recovery | lost | SMS lost | load | |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for one in figures["faults"]:
        lines.append(
            f"| {one['fault']} | {_saw(one['saw'])} | {_saw(one['saw_in_danger'])} | {_seconds(one['slowest_seconds'])} "
            f"| {_seconds(one['recovery_seconds'])} | {one['lost']} | {one['sms_lost']} | {'–' if one['load'] is None else one['load']} | {one['note']} |"
        )
    return "\n".join(lines)


def written(page: str, figures: Mapping[str, Any]) -> str:
    """Return the page with the table of the figures in it."""
    before, _, rest = page.partition(BEGIN)
    return f"{before}{BEGIN}\n{table(figures)}\n{END}{rest.partition(END)[2]}"


def main() -> int:
    """Play the faults and write what came of them; return the exit code of the tests."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--table", action="store_true", help="only write the table again")
    parser.add_argument("tests", nargs="*", default=["tests/faults"], help="which tests (all)")
    given = parser.parse_args()
    code = 0
    if not given.table:
        command = [sys.executable, "-m", "pytest", "-q", "--timeout", "1200", *given.tests]
        code = subprocess.run(
            command, cwd=ROOT, env={**os.environ, "FAULTS_REPORT": str(FIGURES)}, check=False
        ).returncode
    figures = json.loads(FIGURES.read_text(encoding="utf-8"))
    PAGE.write_text(written(PAGE.read_text(encoding="utf-8"), figures), encoding="utf-8")
    return code


if __name__ == "__main__":
    raise SystemExit(main())
