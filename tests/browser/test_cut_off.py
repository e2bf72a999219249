"""The workshop with the network really cut: a namespace with nothing but the loopback, the whole assistant, a real Chromium."""

import json
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from bot.paths import ROOT

pytestmark = [pytest.mark.live, pytest.mark.browser, pytest.mark.long]

#: Puts what follows in a network of its own, where only the loopback exists.
ALONE = ["unshare", "-n", "sh", "-c", 'ip link set lo up && exec "$@"', "sh"]


def test_workshop_without_internet(tmp_path: Path) -> None:
    """With no network at all: pictures, questions, places, sheet with its codes, and erasing all work; nothing is asked outside."""
    if subprocess.run([*ALONE, "true"], capture_output=True, check=False).returncode:
        pytest.skip("no network namespace may be made here (unshare -n)")
    command = [*ALONE, sys.executable, "-m", "tests.browser.cut_off", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=280, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    seen = json.loads(done.stdout)
    assert seen["outside"] is False
    assert "Olargues" in seen["place"]
    assert {urlsplit(url).hostname for url in seen["requests"] if not url.startswith("data:")} == {"127.0.0.1"}
    assert (tmp_path / "fiche.pdf").stat().st_size > 5_000
