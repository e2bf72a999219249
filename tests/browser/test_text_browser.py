"""A conversation in w3m, a browser of text, driven by its keys in a terminal: no script, no style, no picture."""

import asyncio
import os
import pty
import select
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import Client

pytestmark = [
    pytest.mark.live,
    pytest.mark.long,
    pytest.mark.skipif(not shutil.which("w3m"), reason="w3m is not here (make system-deps)"),
]

#: What a person does with a text area in w3m: their editor opens, they write, they leave it.
_EDITOR = '#!/bin/sh\ncat "$(dirname "$0")/words" >"$1"\n'


class W3m:
    """A w3m in a terminal of its own; `type_keys` returns when the screen has been still for a moment."""

    def __init__(self, folder: Path, address: str) -> None:
        self._folder = folder
        self._shots = 0
        editor = folder / "editor"
        editor.write_text(_EDITOR, encoding="utf-8")
        editor.chmod(0o700)
        environment = {
            **os.environ, "HOME": str(folder), "TERM": "xterm", "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8", "EDITOR": str(editor), "LINES": "40",
            "COLUMNS": "100",
        }  # fmt: skip
        self._terminal, inside = pty.openpty()
        command = ["w3m", "-o", "confirm_qq=0", "-o", f"editor={editor}", "-o", "accept_encoding=gzip", address]
        self._process = subprocess.Popen(
            command, stdin=inside, stdout=inside, stderr=inside, env=environment, start_new_session=True
        )
        os.close(inside)
        self._still()

    def _still(self, quiet: float = 0.4, most: float = 20) -> None:
        """Read what is drawn until nothing more comes."""
        deadline, last = time.monotonic() + most, time.monotonic()
        while time.monotonic() < deadline and time.monotonic() - last < quiet:
            if select.select([self._terminal], [], [], 0.05)[0]:
                os.read(self._terminal, 65536)
                last = time.monotonic()

    def type_keys(self, keys: str, quiet: float = 0.4) -> None:
        """Press keys."""
        os.write(self._terminal, keys.encode())
        self._still(quiet)

    def go_to(self, words: str) -> None:
        """Put the cursor on the first `words` of the page, as its search does; from the top."""
        self.type_keys("g")
        self.type_keys(f"/{words}\r")

    def write(self, words: str) -> None:
        """Fill the text area, which follows its hint."""
        (self._folder / "words").write_text(words, encoding="utf-8")
        self.go_to("crivez pas votre num")
        self.type_keys("\t\r", 1.0)

    def press(self, label: str, last: bool = False) -> None:
        """Press the button that reads `label`, the last one of the page when `last`."""
        if last:
            self.type_keys("G")
            self.type_keys(f"?{label}\r")
        else:
            self.go_to(label)
        self.type_keys("\r", 2.5)

    def page(self) -> str:
        """Return the page as w3m shows it, the whole of it."""
        self._shots += 1
        path = self._folder / f"page-{self._shots}.txt"
        self.type_keys(f"S{path}\r")
        return path.read_text(encoding="utf-8")

    def close(self) -> None:
        """Leave."""
        self._process.kill()
        self._process.wait()
        os.close(self._terminal)


@pytest.fixture
def opened(tmp_path: Path, client: Client) -> Iterator[list[W3m]]:
    """The terminals of the test, closed at its end."""
    terminals: list[W3m] = []
    yield terminals
    for terminal in terminals:
        terminal.close()


async def test_three_turns_and_erasing_in_w3m(tmp_path: Path, client: Client, opened: list[W3m]) -> None:
    """A question, a choice, a commune, danger, then erasing: everything is read and pressed in a text browser."""

    def talk() -> list[str]:
        w3m = W3m(tmp_path, str(client.make_url("/")))
        opened.append(w3m)
        pages = [w3m.page()]
        w3m.write("combien de rsa pour un couple")
        w3m.press("Envoyer")
        pages.append(w3m.page())
        w3m.press("Demander le RSA")
        pages.append(w3m.page())
        w3m.write("une france services à Olargues")
        w3m.press("Envoyer")
        pages.append(w3m.page())
        w3m.write("mon mari me frappe")
        w3m.press("Envoyer")
        pages.append(w3m.page())
        w3m.press("Effacer la conversation")
        pages.append(w3m.page())
        return pages

    # The gateway lives in this process: the terminal must not hold it up.
    first, amount, choice, places, danger, erased = await asyncio.to_thread(talk)
    assert "assistant automatique, pas une personne" in first
    assert "977,54" in amount
    assert "Vous combien de rsa pour un couple" in " ".join(amount.split())
    assert "Vous Demander le RSA" in " ".join(choice.split())
    assert len(choice) > len(amount) + 300
    assert "Olargues" in places
    assert "Téléphone" in places
    assert "Urgence" in danger
    assert "114" in danger
    assert "j'efface cette conversation" in erased
    assert "combien de rsa pour un couple" not in erased
