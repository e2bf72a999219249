"""Tests for the model: whole or not, of which Rasa, and how a new one takes its place."""

import gzip
import io
import json
import os
import tarfile
from pathlib import Path

import pytest

from bot import training


def write_model(path: Path, version: str = "3.6.21", member: str = "metadata.json") -> Path:
    """Write a file with the shape of a model."""
    path.parent.mkdir(exist_ok=True)
    with tarfile.open(path, "w:gz") as archive:
        for name, content in (
            (member, json.dumps({"rasa_open_source_version": version}).encode()),
            ("components/a", os.urandom(50_000)),
        ):
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return path


def test_a_whole_model_has_no_fault(tmp_path: Path) -> None:
    """A whole model of the locked Rasa is good."""
    assert training.fault(write_model(tmp_path / "one.tar.gz", training.rasa_version()), training.rasa_version()) == ""


def test_what_is_wrong_is_told(tmp_path: Path) -> None:
    """Missing, empty, cut anywhere, damaged, not a model, of another Rasa: each is told in a few words."""
    whole = write_model(tmp_path / "whole.tar.gz").read_bytes()
    damaged = bytearray(whole)
    damaged[len(whole) // 2] ^= 255
    cases = {"empty": b"", "half": whole[: len(whole) // 2], "last": whole[:-1], "text": b"hello", "damaged": bytes(damaged), "gzip": gzip.compress(b"hello")}  # fmt: skip
    for name, content in cases.items():
        path = tmp_path / f"{name}.tar.gz"
        path.write_bytes(content)
        assert training.fault(path, "3.6.21") == "il est incomplet ou abîmé", name
    assert training.fault(tmp_path / "none.tar.gz", "3.6.21") == "il manque"
    assert training.fault(write_model(tmp_path / "other.tar.gz", member="a"), "3.6.21") == "il est incomplet ou abîmé"
    old = write_model(tmp_path / "old.tar.gz", "3.5.0")
    assert training.fault(old, "3.6.21") == "il vient de Rasa 3.5.0, et non 3.6.21"


def test_a_model_repaired_is_seen(tmp_path: Path) -> None:
    """A fault is not remembered once the file has changed."""
    path = tmp_path / "one.tar.gz"
    path.write_bytes(b"")
    assert training.fault(path, "3.6.21")
    write_model(path)
    assert not training.fault(path, "3.6.21")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A folder with a lock file."""
    (tmp_path / "locks").mkdir()
    (tmp_path / "locks" / "brain.txt").write_text("rasa==3.6.21 \\\n    --hash=sha256:0\n")
    return tmp_path


def test_a_draft_takes_its_place_when_whole(root: Path) -> None:
    """A trained model appears whole, under its name, in one instant; nothing else is left."""
    with training.draft("herault-1", root) as command:
        write_model(Path(command[command.index("--out") + 1]) / "herault-1.tar.gz")
        assert not list((root / "models").glob("*.tar.gz"))
    assert [path.name for path in (root / "models").iterdir()] == ["herault-1.tar.gz"]


def test_a_training_cut_short_leaves_nothing(root: Path) -> None:
    """Interrupted, or ended without a whole model, a training leaves the models as they were."""
    kept = write_model(root / "models" / "herault-1.tar.gz").read_bytes()

    def interrupted() -> None:
        with training.draft("herault-1", root) as command:
            (Path(command[-1]) / "herault-1.tar.gz").write_bytes(kept[:100])
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    with pytest.raises(OSError, match="incomplet"), training.draft("herault-1", root) as command:
        (Path(command[-1]) / "herault-1.tar.gz").write_bytes(kept[:100])
    with pytest.raises(OSError, match="il manque"), training.draft("herault-1", root):
        pass
    assert [path.name for path in (root / "models").iterdir()] == ["herault-1.tar.gz"]
    assert (root / "models" / "herault-1.tar.gz").read_bytes() == kept


def test_drafts_of_killed_trainings_go(root: Path) -> None:
    """What a killed training left is removed by a later one, once it is nobody's."""
    old, fresh = root / "models" / ".draft-old", root / "models" / ".draft-fresh"
    old.mkdir(parents=True)
    fresh.mkdir()
    os.utime(old, (0, 0))
    with training.draft("herault-1", root) as command:
        write_model(Path(command[-1]) / "herault-1.tar.gz")
    assert not old.exists()
    assert fresh.exists()
