"""Tests of the documentation: what it names exists, and what exists is named."""

import re

import pytest

from bot.paths import ROOT
from bot.settings import Settings

README = (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", sorted(Settings.model_fields))
def test_every_setting_is_in_the_readme(name: str) -> None:
    """Each setting is in the README's table."""
    assert f"`{name.upper()}`" in README


def test_no_unknown_setting_in_the_readme() -> None:
    """The README names no setting that does not exist."""
    table = README.split("## Settings")[1].split("## Licence")[0]
    for name in re.findall(
        r"`([A-Z][A-Z_]+)`", "\n".join(line.split("|")[1] for line in table.splitlines() if line.startswith("| `"))
    ):
        assert name.lower() in Settings.model_fields


def test_every_make_target_of_the_readme_exists() -> None:
    """The README's make targets are in the Makefile, and each target of the contract has its help."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in re.findall(r"make ([a-z-]+)", README):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target
    for target in "run test proof train check evaluate bench system-deps lint clean".split():
        assert re.search(rf"^{target}:.*## ", makefile, re.MULTILINE), target


@pytest.mark.parametrize(
    "path", sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]), ids=lambda path: path.name
)
def test_links_lead_somewhere(path: object) -> None:
    """Each relative link of a document leads to a file."""
    from pathlib import Path

    assert isinstance(path, Path)
    for target in re.findall(r"\]\((?!https?:)([^)#]+)", path.read_text(encoding="utf-8")):
        assert (path.parent / target).exists(), f"{path}: {target}"


def test_tests_named_in_the_documentation_exist() -> None:
    """A test that a document names as a proof is there."""
    for path in sorted((ROOT / "docs").rglob("*.md")):
        for file, name in re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", path.read_text(encoding="utf-8")):
            assert re.search(rf"^(async )?def {name}\(", (ROOT / file).read_text(encoding="utf-8"), re.MULTILINE), name


def test_locks_name_no_registry() -> None:
    """The locks hold versions and hashes, and no address."""
    for lock in (ROOT / "locks").glob("*.txt"):
        text = lock.read_text(encoding="utf-8")
        assert "://" not in text
        assert "--hash=sha256:" in text
