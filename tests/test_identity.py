"""Tests for bot.identity: one file says who the assistant is, and what it says can be read."""

from pathlib import Path

import pytest
import yaml

from bot import identity
from bot.paths import DATA


def write(folder: Path, **changes: object) -> Path:
    """Write our own identity with `changes`."""
    whole = yaml.safe_load((DATA / "identity.yml").read_text(encoding="utf-8"))
    path = folder / "identity.yml"
    path.write_text(yaml.safe_dump(whole | changes, allow_unicode=True), encoding="utf-8")
    return path


def test_ours_is_in_order() -> None:
    """The identity that we ship is read."""
    assert identity.load().switchboard.phone


def test_contrast_as_in_wcag() -> None:
    """Black on white is 21, and the order does not matter."""
    assert identity.contrast("#000000", "#ffffff") == pytest.approx(21)
    assert identity.contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.01)


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"name": ""}, "name"),
        ({"colour": "red"}, "colour"),
        ({"switchboard": {"name": "standard", "phone": "0467"}}, "switchboard.phone"),
        ({"colours": {"light": {}, "dark": {}}}, "colours.light.paper"),
    ],
)
def test_faults_are_named(tmp_path: Path, changes: dict[str, object], named: str) -> None:
    """What is missing, unknown or malformed is refused by its name."""
    with pytest.raises(identity.IdentityError, match=named):
        identity.read(write(tmp_path, **changes))


def test_unreadable_colours_are_refused(tmp_path: Path) -> None:
    """Grey on grey is refused, with the two colours and their contrast."""
    whole = yaml.safe_load((DATA / "identity.yml").read_text(encoding="utf-8"))["colours"]
    whole["light"]["ink"] = "#999999"
    with pytest.raises(identity.IdentityError, match="ink sur paper : contraste de"):
        identity.read(write(tmp_path, colours=whole))


@pytest.mark.parametrize("raw", [b"", b"\xff\xfe", b"name: [", b"- 1"])
def test_a_broken_file_is_refused(tmp_path: Path, raw: bytes) -> None:
    """Empty, binary or malformed, the file is refused in a sentence."""
    path = tmp_path / "identity.yml"
    path.write_bytes(raw)
    with pytest.raises(identity.IdentityError, match=r"identity\.yml"):
        identity.read(path)
