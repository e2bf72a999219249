"""How long, and how much memory, does an import take? Each format, of 200,000 made-up lines, in a process of its own.

`python -m benchmarks.imports [LINES [FORMAT…]]`: the same command as a deployer's, its peak memory as the kernel counts it, kept in
benchmarks/imports.json. All the lines are in the Hérault, which no real file comes near: the worst case.
"""

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Collection, Iterable
from pathlib import Path
from typing import Any

from bot.directory.communes import load
from bot.paths import ROOT
from tests.imports import samples

RESULTS = ROOT / "benchmarks" / "imports.json"
LINES = 200_000


def _towns() -> None:
    """Spread the made-up places over the 341 communes."""
    samples.TOWNS = tuple(
        (one.insee, one.postcodes[0], one.name, one.latitude, one.longitude) for one in load().by_insee.values()
    )


def _json(path: Path, rows: Iterable[dict[str, Any]]) -> Path:
    with path.open("w", encoding="utf-8") as file:
        for number, row in enumerate(rows):
            file.write(("[" if number == 0 else ",") + json.dumps(row, ensure_ascii=False) + "\n")
        file.write("]")
    return path


def _csv(path: Path, lines: int) -> Path:
    path.write_text(samples.as_csv([samples.france_services(one) for one in range(lines)]), encoding="utf-8")
    return path


def _finess(path: Path, lines: int) -> Path:
    path.write_bytes(samples.as_finess([samples.finess(one) for one in range(lines)]))
    return path


def _made(folder: Path, lines: int) -> dict[str, Callable[[], list[Path]]]:
    every = range(lines)
    return {
        "herault-data": lambda: [_json(folder / "a.json", map(samples.herault, every))],
        "dila": lambda: [_json(folder / "b.json", map(samples.dila, every))],
        "france-services": lambda: [_csv(folder / "c.csv", lines)],
        "data-inclusion": lambda: [
            _json(folder / "d.json", map(samples.di_structure, every)),
            _json(folder / "e.json", (samples.di_service(one, one) for one in every)),
        ],
        "mednum": lambda: [_json(folder / "f.json", map(samples.mednum, every))],
        "finess": lambda: [_finess(folder / "g.csv", lines)],
    }


def _child(command: list[str]) -> None:
    """Run a command in this process's only child, and print the child's peak memory."""
    code = subprocess.run(command, cwd=ROOT, stdout=subprocess.DEVNULL, check=False).returncode
    print(json.dumps({"code": code, "rss_mb": resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024}))


def _import(format_: str, files: list[Path], var: Path) -> dict[str, float]:
    command = [sys.executable, "-m", "bot", "import", format_, *map(str, files)]
    started = time.perf_counter()
    said = subprocess.run(
        [sys.executable, "-m", "benchmarks.imports", "--child", *command],
        cwd=ROOT, env={**os.environ, "VAR_DIR": str(var)}, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    measured = json.loads(said)
    if measured["code"]:
        raise SystemExit(f"{format_}: exit code {measured['code']}")
    return {"seconds": round(time.perf_counter() - started, 1), "peak_mb": round(measured["rss_mb"])}


def measure(lines: int, wanted: Collection[str]) -> None:
    """Import each format once, and again; keep the figures after each (they take minutes)."""
    _towns()
    figures: dict[str, Any] = {"lines": lines, "formats": {}}
    if RESULTS.exists() and (known := json.loads(RESULTS.read_text(encoding="utf-8")))["lines"] == lines:
        figures = known
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for format_, make in _made(folder, lines).items():
            if wanted and format_ not in wanted:
                continue
            files, var = make(), folder / f"var-{format_}"
            size = sum(file.stat().st_size for file in files)
            first, again = _import(format_, files, var), _import(format_, files, var)
            report = json.loads(min((var / "imports" / "reports").glob("*.json")).read_text(encoding="utf-8"))
            figures["formats"][format_] = {
                "file_mb": round(size / 1e6), "kept": report["kept"], "rejected": report["rejected"],
                "first": first, "again": again, "directory_mb": round((var / "directory.sqlite").stat().st_size / 1e6),
            }  # fmt: skip
            print(format_, figures["formats"][format_], flush=True)
            RESULTS.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
            for file in files:
                file.unlink()


def main() -> None:
    """Measure, keep, print; or be the child that measures a command."""
    if sys.argv[1:2] == ["--child"]:
        _child(sys.argv[2:])
        return
    measure(int(sys.argv[1]) if len(sys.argv) > 1 else LINES, sys.argv[2:])


if __name__ == "__main__":
    main()
