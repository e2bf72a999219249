"""Does the model match the data? Trains when it does not."""

import hashlib
import os
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


def trained(root: Path = ROOT) -> Path | None:
    """Return the model that matches the data, made the newest of the folder (the one that Rasa loads), or None."""
    path = path_of(model_name(root), root)
    if not path.exists():
        return None
    newest = max((root / "models").glob("*.tar.gz"), key=lambda one: one.stat().st_mtime)
    if newest != path:
        path.touch()
    return path


def train_command(name: str, root: Path = ROOT) -> list[str]:
    """Return the command that trains a model of that name from the data as they are."""
    return [str(root / ".venv" / "bin" / "rasa"), "train", "--fixed-model-name", name, "--out", str(root / "models")]


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
