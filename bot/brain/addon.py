"""What Rasa's training cache does not see: the modules and files that a component leans on."""

import hashlib

from bot.paths import ROOT


def fingerprint(*paths: str) -> str:
    """Return a digest of the files and folders at `paths`, relative to the project's root."""
    digest = hashlib.sha256()
    for name in paths:
        top = ROOT / name
        for path in sorted(top.rglob("*")) if top.is_dir() else [top]:
            if path.is_file() and path.suffix != ".pyc":
                digest.update(path.relative_to(ROOT).as_posix().encode())
                digest.update(path.read_bytes())
    return digest.hexdigest()
