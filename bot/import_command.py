"""`python -m bot import`: what is asked, a progress bar, the report in French."""

import sqlite3
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeElapsedColumn

from bot.directory import assemble, search
from bot.directory.corrections import CorrectionsError
from bot.directory.importers import FORMATS
from bot.directory.stored import StoredError
from bot.fetch import Policy
from bot.imports import run as run_module
from bot.imports import sources
from bot.imports.sources import Source, SourceError
from bot.settings import Settings

_GOOD = frozenset({"remplacé", "inchangé", "essai"})


@contextmanager
def _bar() -> Iterator[sources.Progress]:
    """Show how far it is, on a terminal only."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("", total=None)
        yield lambda what, done, total: progress.update(task, description=what, completed=done, total=total)


def _wanted(source: str, files: list[str], everything: bool, token: str) -> list[Source]:
    known = sources.load()
    if everything:
        return [one for one in known if one.active]
    if source not in FORMATS:
        raise SourceError(f"format inconnu « {source} » ; on connaît {', '.join(FORMATS)}")
    configured = next((one for one in known if one.format == source), None)
    if token:
        return [Source(source, tuple(files), token=token)]
    if not files and configured and configured.files:
        return [configured]
    hosts = configured.hosts if configured else frozenset()
    return [Source(source, tuple(files), token=configured.token if configured and hosts else "", hosts=hosts)]


def _find(path: Path, text: str) -> int:
    found = search.Directory(path).named(text, limit=12)
    for one in found:
        place = one.place
        typer.echo(
            f"{place.structure}  {place.name}, {place.city or ''} ({place.source}, {place.source_date or 'sans date'})"
        )
    if not found:
        typer.echo("aucun lieu de ce nom ; essayez avec moins de mots")
    return 0 if found else 1


def main(
    settings: Settings,
    source: str,
    files: list[str],
    *,
    everything: bool,
    dry_run: bool,
    force: bool,
    rebuild: bool,
    find: str,
    token: str,
) -> int:
    """Do what is asked; return the exit code: 0 when the directory is as fresh as can be, 1 when not, 2 for a misuse."""
    if find:
        return _find(settings.directory, find)
    policy = Policy(max_bytes=settings.import_max_mb * 1_000_000, loopback=settings.import_loopback)
    try:
        if rebuild:
            return _told(run_module.rebuild(settings.directory, settings.imports))
        wanted = _wanted(source, files, everything, token)
        reports = []
        for one in wanted:
            with _bar() as progress:
                report = run_module.run(
                    one, settings.directory, settings.imports, policy, progress, dry_run=dry_run, force=force
                )
            typer.echo("\n".join(report.lines()), file=sys.stdout if report.outcome in _GOOD else sys.stderr)
            reports.append(report)
    except SourceError as error:
        typer.echo(f"✗ {error}", err=True)
        return 2
    except (run_module.Busy, CorrectionsError, StoredError, OSError, sqlite3.Error) as error:
        typer.echo(f"✗ {error}", err=True)
        return 1
    typer.echo(f"Rapports : {settings.imports / 'reports'}")
    return 0 if reports and all(one.outcome in _GOOD for one in reports) else 1


def _told(assembly: assemble.Assembly) -> int:
    typer.echo(f"annuaire refait : {sum(assembly.counts.values())} lieux")
    for id_ in assembly.orphans:
        typer.echo(f"  ! correction sans lieu : {id_}")
    return 0
