"""Does the model match the data, and is it whole? Which command trains another, and how it takes its place."""

import contextlib
import functools
import gzip
import hashlib
import json
import os
import re
import shutil
import tarfile
import tempfile
import time
import zlib
from collections.abc import Iterator
from pathlib import Path

from bot.paths import ROOT

MODELS = ROOT / "models"

#: What the model is made of. The words of the answers are not: an edit of a text needs no training.
_INPUTS = (
    "config.yml",
    "domain.yml",
    "data/nlu",
    "data/rules",
    "data/urgent.yml",
    "data/urgent_concepts.yml",
    "data/places/communes.csv",
    "data/places/departements.csv",
    "data/places/elsewhere.csv",
    "data/places/ordinary.txt",
    "bot/brain",
    "bot/text",
    "bot/urgent",
    "bot/directory/communes",
    "locks/brain.txt",
)
#: Seconds after which a draft is nobody's: no training takes that long.
ABANDONED = 6 * 3600.0
#: What serves a model, and is no part of it.
_SERVING = frozenset(f"bot/brain/{name}.py" for name in ("channel", "lock_store", "quicker", "tracker_store"))


def fingerprint(root: Path = ROOT) -> str:
    """Return a digest of all that the model is made of."""
    digest = hashlib.sha256()
    for name in _INPUTS:
        top = root / name
        for path in sorted(top.rglob("*")) if top.is_dir() else [top]:
            written = path.relative_to(root).as_posix()
            if path.is_file() and path.suffix != ".pyc" and written not in _SERVING:
                digest.update(written.encode())
                digest.update(path.read_bytes())
    for path in sorted(set((root / "data" / "answers").glob("*.yml")) - {root / "data" / "answers" / "sms.yml"}):
        # The ids only, and whether they lead to a place: each is a response and a rule. Rasa never says those of SMS.
        lines = path.read_text(encoding="utf-8").splitlines()
        ids = [line for line in lines if line[:1].isalpha() or line.startswith("  lookup:")]
        digest.update(" ".join(ids).encode())
    return digest.hexdigest()[:16]


def model_name(root: Path = ROOT) -> str:
    """Return the name of the model that matches the data as they are."""
    return f"herault-{fingerprint(root)}"


def path_of(name: str, root: Path = ROOT) -> Path:
    """Return where the model of that name is, or would be."""
    return root / "models" / f"{name}.tar.gz"


def rasa_version(root: Path = ROOT) -> str:
    """Return the version of Rasa that is locked."""
    locked = re.search(r"^rasa==(\S+)", (root / "locks" / "brain.txt").read_text(encoding="utf-8"), re.MULTILINE)
    return locked.group(1) if locked else ""


def fault(path: Path, version: str) -> str:
    """Return, in French, why Rasa `version` cannot use a model, "" when it can.

    Rasa itself, given such a model, starts without one and answers nothing (half-written, of another version); given a
    name that is not there, it takes the newest model of `models/`, whatever it is.
    """
    try:
        seen = path.stat()
    except OSError:
        return "il manque"
    return _fault(path, version, seen.st_mtime_ns, seen.st_size)


@functools.lru_cache(maxsize=8)
def _fault(path: Path, version: str, changed: int, size: int) -> str:
    try:
        with gzip.open(path) as packed:  # to its end, where the checksum is
            while packed.read(1 << 20):
                pass
        with tarfile.open(path, "r:gz") as archive:
            metadata = archive.extractfile("metadata.json")
            made_by = str(json.load(metadata)["rasa_open_source_version"]) if metadata else "?"
    except (OSError, EOFError, zlib.error, tarfile.TarError, ValueError, KeyError, TypeError):
        return "il est incomplet ou abîmé"
    return "" if made_by == version else f"il vient de Rasa {made_by}, et non {version}"


def trained(root: Path = ROOT) -> Path | None:
    """Return the model that matches the data, made the newest of the folder (the one that Rasa loads), or None."""
    path = path_of(model_name(root), root)
    if fault(path, rasa_version(root)):
        return None
    newest = max((root / "models").glob("*.tar.gz"), key=lambda one: one.stat().st_mtime)
    if newest != path:
        path.touch()
    return path


def train_command(name: str, root: Path = ROOT, out: Path | None = None) -> list[str]:
    """Return the command that trains a model of that name from the data as they are, into `out` (`models/` by default)."""
    rasa = root / ".venv" / "bin" / "rasa"
    return [str(rasa), "train", "--fixed-model-name", name, "--out", str(out or root / "models")]


@contextlib.contextmanager
def draft(name: str, root: Path = ROOT) -> Iterator[list[str]]:
    """Give the command that trains a model of that name beside the others; when the block ends well, it takes its place.

    So a training cut short leaves nothing that has the name of a whole model. Raise OSError when there is no room, or no model.
    """
    models = root / "models"
    models.mkdir(exist_ok=True)
    for left in models.glob(".draft-*"):  # of a training that was killed
        if time.time() - left.stat().st_mtime > ABANDONED:
            shutil.rmtree(left, ignore_errors=True)
    with tempfile.TemporaryDirectory(dir=models, prefix=".draft-") as folder:
        yield train_command(name, root, Path(folder))
        made = Path(folder) / f"{name}.tar.gz"
        if why := fault(made, rasa_version(root)):
            raise OSError(f"le modèle n'a pas été écrit : {why}")
        made.replace(path_of(name, root))


def rasa_environment() -> dict[str, str]:
    """Return the environment of Rasa's processes: no telemetry, no noise, no progress bars."""
    return {
        **os.environ,
        "RASA_TELEMETRY_ENABLED": "false",
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "CUDA_VISIBLE_DEVICES": "-1",
        "SQLALCHEMY_SILENCE_UBER_WARNING": "1",
        "PYTHONWARNINGS": "ignore",
        "TQDM_DISABLE": "1",
    }
