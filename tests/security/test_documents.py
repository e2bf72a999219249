"""The threat model and docs/security.md say what is so."""

import re

import pytest

from bot.paths import ROOT
from bot.settings import SHORTEST
from bot.web import server
from bot.web.security import POLICY

MODEL = (ROOT / "docs/threat-model.md").read_text(encoding="utf-8")
SECURITY = (ROOT / "docs/security.md").read_text(encoding="utf-8")
TESTS = {
    name
    for path in (ROOT / "tests").rglob("test_*.py")
    for name in re.findall(r"^\s*(?:async )?def (test_\w+)", path.read_text(encoding="utf-8"), re.MULTILINE)
}


@pytest.mark.parametrize("name", sorted(set(re.findall(r"`(test_\w+)`", MODEL + SECURITY))))
def test_each_test_named_exists(name: str) -> None:
    """A defence that claims a test has it."""
    assert name in TESTS


def test_each_attack_has_its_test() -> None:
    """No line of the table is without a defence and a test."""
    rows = [row.split("|")[1:-1] for row in MODEL.splitlines() if row.startswith("| ") and "---" not in row][1:]
    assert len(rows) >= 20
    for _, attack, defence, shown in rows:
        assert attack.strip()
        assert defence.strip()
        assert "`test_" in shown, attack


def test_the_model_is_one_page() -> None:
    """It is read because it is short."""
    assert len(MODEL.split()) < 1000


def test_the_numbers_are_those_of_the_code() -> None:
    """Delays, limits and the policy are written as they are."""
    for number in (server.HEADER_SECONDS, server.BODY_SECONDS, server.READ_SECONDS, server.PER_ADDRESS, SHORTEST):
        assert f"**{number:g}**" in SECURITY
    for rule in POLICY.split("; "):
        assert f"`{rule.strip()}`" in SECURITY


@pytest.mark.parametrize("lock", ["brain.txt", "gateway.txt"])
def test_the_versions_reviewed_are_those_locked(lock: str) -> None:
    """Each version named as ours in the review is the one in the lock: a change of pin asks for a new look."""
    locked = dict(
        re.findall(r"^([a-z0-9-]+)==([\w.]+)", (ROOT / "locks" / lock).read_text(encoding="utf-8"), re.MULTILINE)
    )
    table = SECURITY.split(f"<!-- {lock} -->")[1].split("<!-- end -->")[0]
    named = re.findall(r"^\| ([a-z0-9-]+) \| ([\d.]+\w*) \|", table, re.MULTILINE)
    assert named
    for package, version in named:
        assert locked[package] == version
