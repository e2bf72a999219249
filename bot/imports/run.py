"""One import, from its files to the directory in use: whole, or nothing changes.

`VAR_DIR/imports` holds, for each source, its last good records (`dila.jsonl`), when it was last looked at (`dila.state.json`),
and the reports. The directory is made anew from all of them, and put in its place before the records are.
"""

import contextlib
import fcntl
import json
import os
import shutil
import sqlite3
import time
from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from bot.directory import assemble, records
from bot.directory.corrections import CorrectionsError
from bot.directory.importers import FORMATS, FormatError
from bot.directory.importers.report import Report
from bot.directory.importers.staging import Refused, compare, judge, stage
from bot.directory.stored import StoredError
from bot.fetch import FetchError, Policy, shown
from bot.imports.sources import Progress, Source, SourceError, is_address, obtain

_REPORTS_KEPT = 60


class Busy(Exception):
    """Another import is under way."""


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[Path]:
    """Hold the only right to import; yield a scratch folder, empty, that is removed in the end.

    The lock goes with the process: a killed import leaves no lock, and its scratch files go at the next one.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise Busy("un autre import est en cours") from error
        scratch = folder / "scratch"
        shutil.rmtree(scratch, ignore_errors=True)
        scratch.mkdir()
        try:
            yield scratch
        finally:
            shutil.rmtree(scratch, ignore_errors=True)


def _now() -> str:
    return datetime.now(timezone.utc).isoformat(timespec="seconds")


def read_state(folder: Path, source: str) -> dict[str, Any]:
    """Return what is known of the last imports of a source: `checked_at`, `changed_at`, `failed_at`, `places`."""
    try:
        found = json.loads((folder / f"{source}.state.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _write(path: Path, content: Any) -> None:
    fresh = path.with_name(f"{path.name}.new")
    fresh.write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    fresh.replace(path)


def _keep_state(folder: Path, report: Report) -> None:
    state = read_state(folder, report.source)
    if report.outcome in {"remplacé", "inchangé"}:
        state |= {"checked_at": _now(), "places": report.kept, "files": report.files}
        state.pop("failed_at", None)
        state.pop("why", None)
        if report.outcome == "remplacé":
            state["changed_at"] = state["checked_at"]
    else:
        state |= {"failed_at": _now(), "why": report.why}
    _write(folder / f"{report.source}.state.json", state)


def keep_report(folder: Path, report: Report) -> Path:
    """Write a report beside the others, the oldest ones going; return where."""
    reports = folder / "reports"
    reports.mkdir(exist_ok=True)
    stamp = report.started_at.replace(":", "").replace("+0000", "Z").replace("-", "")
    path = reports / f"{stamp}-{report.source}.json"
    _write(path, report.as_json())
    for old in sorted(reports.glob("*.json"))[:-_REPORTS_KEPT]:
        old.unlink(missing_ok=True)
    return path


def _expected(source: str) -> int:
    """Return how many embedded places come from the same list, for a first import."""
    label = assemble.REPLACED.get(source)
    return sum(one.source == label for one in records.read()[0]) if label else 0


def run(
    source: Source,
    directory: Path,
    folder: Path,
    policy: Policy,
    progress: Progress,
    *,
    dry_run: bool = False,
    force: bool = False,
) -> Report:
    """Import a source and return the report; nothing that goes wrong is raised, but Busy and KeyboardInterrupt."""
    report = Report(source.format, started_at=_now())
    started = time.monotonic()
    with locked(folder) as scratch:
        try:
            _run(source, directory, folder, scratch, policy, progress, report, dry_run, force)
        except Refused as error:
            report.outcome, report.why = "refusé", f"{error} (--force pour remplacer quand même)"
        except (FormatError, FetchError, SourceError, CorrectionsError, StoredError) as error:
            report.outcome, report.why = "échec", str(error)
        except (OSError, sqlite3.Error) as error:
            report.outcome, report.why = (
                "échec",
                f"{type(error).__name__} : {os.strerror(error.errno) if isinstance(error, OSError) and error.errno else error}",
            )
        report.seconds = round(time.monotonic() - started, 1)
        with contextlib.suppress(OSError):
            if not dry_run:
                _keep_state(folder, report)
            keep_report(folder, report)
    return report


def _run(
    source: Source,
    directory: Path,
    folder: Path,
    scratch: Path,
    policy: Policy,
    progress: Progress,
    report: Report,
    dry_run: bool,
    force: bool,
) -> None:
    format_ = FORMATS[source.format]
    report.files = [shown(one) if is_address(one) else Path(one).name for one in source.files]
    inputs = obtain(source, scratch, policy, progress)
    fresh, kept = scratch / "fresh.jsonl", folder / f"{source.format}.jsonl"
    stage(format_.read(inputs), format_, fresh, report)
    compare(kept, fresh, report)
    try:
        judge(report, _expected(source.format))
    except Refused as error:
        if not force:
            raise
        report.why = f"forcé : {error}"
    found = {**assemble.sources(folder), source.format: fresh}
    same = report.before and not (report.added or report.changed or report.gone)
    if same and not dry_run and assemble.is_current(directory, assemble.sources(folder)):
        report.outcome = "inchangé"
        return
    progress("annuaire", 0, None)
    target = scratch / "directory.sqlite" if dry_run else directory
    assembly = assemble.build(target, found)
    if not dry_run:
        fresh.replace(kept)
    report.outcome = "essai" if dry_run else "remplacé"
    report.directory = {
        "lieux": dict(assembly.counts),
        "fusionnés": assembly.merged,
        "remplacés": assembly.superseded,
        "corrections_appliquées": sorted(assembly.applied),
        "corrections_sans_lieu": assembly.orphans,
    }


def rebuild(directory: Path, folder: Path) -> assemble.Assembly:
    """Make the directory anew from what is kept; raise CorrectionsError, StoredError, Busy, OSError, sqlite3.Error."""
    with locked(folder):
        return assemble.build(directory, assemble.sources(folder))
