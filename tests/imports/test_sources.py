"""Tests for bot.imports.sources and the command: the settings file, tokens, pages of an API, and what is said on the screen."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from typer.testing import CliRunner

from bot.__main__ import app
from bot.directory import assemble
from bot.directory.importers import FORMATS
from bot.fetch import FetchError, Policy
from bot.imports import sources
from bot.imports.sources import Source, SourceError
from tests.imports import samples

POLICY = Policy(loopback=True, tries=1, silence=2)
TOKEN = "ESSAI_JETON"


def test_the_settings_file_is_sound() -> None:
    """Each format is named once; what is active has its addresses, in https; tokens are named, never given."""
    found = sources.load()
    assert {one.format for one in found} == set(FORMATS)
    assert all(file.startswith("https://") for one in found for file in one.files)
    assert {one.format for one in found if one.active} == {"herault-data", "dila"}


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "illisible"),
        ("sources: 3", "illisible"),
        ("sources: [{format: x}]", "format inconnu « x »"),
        ("sources: [{format: dila}]", "1 adresse"),
        (
            "sources: [{format: dila, files: [a]}, {format: dila, files: [b]}]",
            "nommé deux fois",
        ),
        ("sources: [{files: [a]}]", "illisible"),
    ],
)
def test_a_faulty_settings_file(tmp_path: Path, text: str, why: str) -> None:
    """What is wrong in the settings file is said."""
    path = tmp_path / "imports.yml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(SourceError, match=why):
        sources.load(path)


@pytest.fixture
async def api() -> AsyncIterator[tuple[str, list[dict[str, Any]]]]:
    """An API of data·inclusion with three pages of structures, for who has the token; and what it was asked."""
    asked: list[dict[str, Any]] = []

    async def handle(request: web.Request) -> web.Response:
        page = int(request.query.get("page", 1))
        asked.append({"path": request.path, "page": page, "token": request.headers.get("Authorization")})
        if request.headers.get("Authorization") != "Bearer bon":
            return web.json_response({"detail": "Not authenticated"}, status=403)
        if request.path == "/services":
            return web.json_response(
                {"items": [samples.di_service(one, one) for one in range(6)], "total": 6, "page": 1, "pages": 1}
            )
        lost = request.path == "/lost"
        items = [samples.di_structure(one) for one in range(page * 2 - 2, page * 2 - (lost and page == 2))]
        return web.json_response({"items": items, "total": 6, "page": page, "size": 2, "pages": 3})

    application = web.Application()
    application.router.add_get("/{path:.*}", handle)
    server = TestServer(application)
    await server.start_server()
    yield str(server.make_url("")).rstrip("/"), asked
    await server.close()


def obtain(source: Source, folder: Path) -> Any:
    return asyncio.to_thread(sources.obtain, source, folder, POLICY, lambda *_: None)


async def test_pages_of_an_api(
    api: tuple[str, list[dict[str, Any]]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All the pages are asked for, with the token, and make one import."""
    monkeypatch.setenv(TOKEN, "bon")
    url, asked = api
    source = Source("data-inclusion", (f"{url}/structures?code_departement=34", f"{url}/services"), token=TOKEN)
    inputs = await obtain(source, tmp_path)
    assert [one["page"] for one in asked] == [1, 2, 3, 1]
    found = list(FORMATS["data-inclusion"].read(inputs))
    assert sum(one.record is not None for one in found) == 6


async def test_a_page_that_lacks_records(
    api: tuple[str, list[dict[str, Any]]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fewer records than announced: refused, or those that lack would be taken for gone."""
    monkeypatch.setenv(TOKEN, "bon")
    source = Source("data-inclusion", (f"{api[0]}/lost", f"{api[0]}/services"), token=TOKEN)
    with pytest.raises(FetchError, match="5 fiches reçues sur 6"):
        await obtain(source, tmp_path)


async def test_an_expired_token(
    api: tuple[str, list[dict[str, Any]]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A refused token names its variable; an empty variable is said before anything is asked."""
    source = Source("data-inclusion", (f"{api[0]}/structures", f"{api[0]}/services"), token=TOKEN)
    monkeypatch.delenv(TOKEN, raising=False)
    with pytest.raises(SourceError, match=f"la variable {TOKEN} est vide"):
        await obtain(source, tmp_path)
    assert api[1] == []
    monkeypatch.setenv(TOKEN, "vieux")
    with pytest.raises(FetchError, match=f"403.*{TOKEN} est refusé ou expiré"):
        await obtain(source, tmp_path)


async def test_the_token_goes_to_its_hosts_only(
    api: tuple[str, list[dict[str, Any]]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An address typed by hand on another host gets no token."""
    monkeypatch.setenv(TOKEN, "bon")
    source = Source(
        "data-inclusion",
        (f"{api[0]}/structures", f"{api[0]}/services"),
        token=TOKEN,
        hosts=frozenset({"api.example.org"}),
    )
    with pytest.raises(FetchError, match="un jeton est demandé"):
        await obtain(source, tmp_path)
    assert api[1][0]["token"] is None


class Command:
    """The command line, in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __call__(self, *arguments: object) -> tuple[int, str]:
        result = CliRunner().invoke(app, ["import", *map(str, arguments)])
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        return result.exit_code, result.output


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Command:
    """`python -m bot import`."""
    monkeypatch.setenv("VAR_DIR", str(tmp_path))
    return Command(tmp_path)


def test_the_command(command: Command, tmp_path: Path) -> None:
    """Import, again, find an id, make anew: what is said, and the exit codes."""
    path = tmp_path / "sites.json"
    path.write_text(json.dumps([samples.herault(one) for one in range(5)]), encoding="utf-8")
    code, said = command("herault-data", path)
    assert (code, "annuaire mis à jour" in said, "ajoutés 5" in said) == (0, True, True)
    code, said = command("herault-data", path)
    assert (code, "rien de nouveau" in said) == (0, True)
    code, said = command("--find", "pmi inventée")
    assert (code, "herault-S0  PMI inventée n° 0, Sète" in said) == (0, True)
    code, said = command("--rebuild")
    assert (code, "annuaire refait : 108 lieux" in said) == (0, True)
    path.write_text("[]", encoding="utf-8")
    code, said = command("herault-data", path)
    assert (code, "REFUSÉ, l'ancien annuaire reste" in said) == (1, True)


@pytest.mark.parametrize(
    ("arguments", "why"),
    [(("licorne", "x"), "format inconnu « licorne »"), ((), "format inconnu"), (("--find", "licorne"), "aucun lieu")],
)
def test_misuse(command: Command, arguments: tuple[str, ...], why: str) -> None:
    """What is not understood is said in a sentence."""
    assemble.ensure(command.folder / "directory.sqlite")
    code, said = command(*arguments)
    assert code in {1, 2}
    assert why in said


def test_all_goes_on_after_a_failure(command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`--all` imports every active source; one that fails stops none of the others, and the exit code tells."""
    (tmp_path / "sites.json").write_text(json.dumps([samples.herault(one) for one in range(5)]), encoding="utf-8")
    settings = tmp_path / "imports.yml"
    settings.write_text(
        json.dumps(
            {
                "sources": [
                    {"format": "dila", "files": [str(tmp_path / "absent.json")]},
                    {"format": "herault-data", "files": [str(tmp_path / "sites.json")]},
                    {"format": "mednum", "active": False, "files": []},
                ]
            }
        ),
        encoding="utf-8",
    )
    monkeypatch.setattr(sources.load, "__defaults__", (settings,))
    code, said = command("--all")
    assert code == 1
    assert "dila : ÉCHEC" in said
    assert "herault-data : annuaire mis à jour" in said
    assert "mednum" not in said
