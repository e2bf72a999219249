"""Which version of the project this is."""

import re
from functools import cache

from bot.paths import ROOT


@cache
def version() -> str:
    """Return the version that pyproject.toml gives; "unknown" where that file is not (an image may leave it out)."""
    try:
        written = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    except OSError:
        return "unknown"
    found = re.search(r'^version = "([^"]+)"', written, re.MULTILINE)
    return found[1] if found else "unknown"
