"""Where the sources are (`data/imports.yml`), and having their files: from disk, from an address, from pages of an API."""

import asyncio
import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import ijson
import yaml

from bot.directory.importers import FORMATS, Input
from bot.directory.importers.cleaning import day_of_name
from bot.fetch import Fetched, FetchError, Policy, fetch, shown
from bot.paths import DATA

FILE = DATA / "imports.yml"
#: Pages of an API that are asked for, at most.
_MOST_PAGES = 2000

#: What is told of the progress: what is being done, how far, out of how much (None: unknown).
Progress = Callable[[str, int, int | None], None]


class SourceError(Exception):
    """A source that cannot be used; the message, in French, says why."""


@dataclass(frozen=True)
class Source:
    """One import: a format, its files or addresses, the variable that holds its token, the hosts that the token is for."""

    format: str
    files: tuple[str, ...]
    active: bool = True
    token: str = ""
    hosts: frozenset[str] = field(default_factory=frozenset)


def load(path: Path = FILE) -> list[Source]:
    """Read the settings file; raise SourceError that says what is wrong in it."""
    try:
        raw = yaml.safe_load(path.read_text(encoding="utf-8"))
        listed = raw["sources"]
        found = [_source(path.name, one) for one in listed]
    except (OSError, UnicodeDecodeError, yaml.YAMLError, KeyError, TypeError, AttributeError) as error:
        raise SourceError(
            f"{path.name} illisible ({type(error).__name__}) : on attend « sources: » et une liste"
        ) from error
    if len({one.format for one in found}) != len(found):
        raise SourceError(f"{path.name} : un format est nommé deux fois")
    return found


def _source(name: str, raw: Mapping[str, Any]) -> Source:
    format_ = str(raw["format"])
    if format_ not in FORMATS:
        raise SourceError(f"{name} : format inconnu « {format_} » (on connaît {', '.join(FORMATS)})")
    files = tuple(map(str, raw.get("files") or ()))
    active = bool(raw.get("active", True))
    wanted = FORMATS[format_].files
    if active and len(files) != len(wanted):
        raise SourceError(f"{name} : {format_} : {len(wanted)} adresse(s) attendue(s) ({', '.join(wanted)})")
    hosts = frozenset(host for one in files if (host := urlsplit(one).hostname))
    return Source(format_, files, active, str(raw.get("token") or ""), hosts)


def is_address(file: str) -> bool:
    """Tell whether this is an address, and not a file on disk."""
    return "://" in file


def _headers(source: Source, url: str) -> dict[str, str]:
    """Return the token's header, for the hosts that the token is for; raise SourceError when the variable is empty."""
    if not source.token or (source.hosts and urlsplit(url).hostname not in source.hosts):
        return {}
    token = os.environ.get(source.token, "").strip()
    if not token:
        raise SourceError(f"{source.format} : la variable {source.token} est vide ; mettez-y le jeton de la source")
    if not token.isascii() or not token.isprintable() or " " in token:
        raise SourceError(f"{source.format} : la variable {source.token} ne contient pas un jeton")
    return {"Authorization": f"Bearer {token}"}


def obtain(source: Source, folder: Path, policy: Policy, progress: Progress) -> list[Input]:
    """Return the files of a source, downloaded into `folder` when they are addresses.

    Raise SourceError, FetchError, or OSError when they cannot be had.
    """
    wanted = FORMATS[source.format].files
    if len(source.files) != len(wanted):
        raise SourceError(f"{source.format} : {len(wanted)} fichier(s) ou adresse(s) : {', '.join(wanted)}")
    found = []
    for position, file in enumerate(source.files):
        if is_address(file):
            found.append(asyncio.run(_download(source, file, folder / f"{position}.data", policy, progress)))
        else:
            found.append(_on_disk(Path(file), policy, progress))
    return found


def _input(path: Path, name: str, day: str | None, policy: Policy, progress: Progress) -> Input:
    size = path.stat().st_size
    return Input(
        path, name, day_of_name(name) or day, policy.max_bytes, lambda done: progress(f"lecture de {name}", done, size)
    )


def _on_disk(path: Path, policy: Policy, progress: Progress) -> Input:
    if not path.is_file():
        raise SourceError(f"fichier introuvable : {path}")
    if path.stat().st_size > policy.max_bytes:
        raise SourceError(f"{path.name} : fichier trop gros, plus de {policy.max_bytes / 1e6:.0f} Mo (IMPORT_MAX_MB)")
    day = datetime.fromtimestamp(path.stat().st_mtime, timezone.utc).date().isoformat()
    return _input(path, path.name, day, policy, progress)


async def _download(source: Source, url: str, target: Path, policy: Policy, progress: Progress) -> Input:
    name = urlsplit(url).path.rpartition("/")[2] or "données"
    headers = _headers(source, url)
    token_from = source.token if headers else None

    async def one(address: str, where: Path) -> Fetched:
        return await fetch(
            address,
            where,
            policy,
            headers,
            lambda done, total: progress(f"téléchargement de {name}", done, total),
            token_from,
        )

    fetched = await one(url, target)
    if source.format == "data-inclusion" and (pages := _pages(target)) > 1:
        await _other_pages(one, url, target, pages, policy)
    return _input(target, name, fetched.day, policy, progress)


def _number(path: Path, key: str) -> int:
    with path.open("rb") as file:
        try:
            return int(next(ijson.items(file, key), 0) or 0)
        except (ijson.JSONError, TypeError, ValueError):
            return 0


def _pages(path: Path) -> int:
    with path.open("rb") as file:
        head = file.read(64).lstrip()
    return _number(path, "pages") if head.startswith(b"{") else 0


async def _other_pages(one: Callable[[str, Path], Any], url: str, target: Path, pages: int, policy: Policy) -> None:
    """Put all the pages of an API in one file, an object a line, in the place of the first one."""
    if pages > _MOST_PAGES:
        raise FetchError(f"{shown(url)} : {pages} pages annoncées, c'est trop")
    announced, count = _number(target, "total"), 0
    whole, page = target.with_suffix(".jsonl"), target.with_suffix(".page")
    with whole.open("w", encoding="utf-8") as file:
        for number in range(1, pages + 1):
            where = target if number == 1 else page
            if number > 1:
                await one(_with_page(url, number), page)
            with where.open("rb") as items:
                try:
                    for item in ijson.items(items, "items.item", use_float=True):
                        file.write(json.dumps(item, ensure_ascii=False) + "\n")
                        count += 1
                except ijson.JSONError as error:
                    raise FetchError(f"{shown(url)} : page {number} illisible (JSON)") from error
            if file.tell() > policy.max_bytes:
                raise FetchError(
                    f"{shown(url)} : trop de données, plus de {policy.max_bytes / 1e6:.0f} Mo (IMPORT_MAX_MB)"
                )
    if announced and count < announced:
        raise FetchError(f"{shown(url)} : {count} fiches reçues sur {announced} annoncées ; recommencez")
    whole.replace(target)


def _with_page(url: str, number: int) -> str:
    parts = urlsplit(url)
    query = [(key, value) for key, value in parse_qsl(parts.query) if key != "page"] + [("page", str(number))]
    return urlunsplit(parts._replace(query=urlencode(query)))
