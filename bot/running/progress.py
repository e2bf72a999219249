"""What `make run` says in the terminal."""

import contextlib
import sys
import time
from datetime import datetime


class Progress:
    """One line that says what is going on; repeated lines where there is no terminal.

    Nothing here fails: the terminal may be closed, or the disk that its output goes to full, while people are answered.
    """

    def __init__(self) -> None:
        self._started = time.monotonic()
        self._last = ""

    def say(self, what: str) -> None:
        """Show what is going on."""
        seconds = int(time.monotonic() - self._started)
        if sys.stdout.isatty():
            self._write(f"\r\033[K{what} ({seconds} s)")
        elif what != self._last:
            self._write(f"{what}\n")
        self._last = what

    def end(self, what: str) -> None:
        """Show what came of it, on a line that stays."""
        self._write(("\r\033[K" if sys.stdout.isatty() else "") + what + "\n")

    def note(self, what: str) -> None:
        """Show, with the time, something that happened while it runs."""
        self.end(f"{datetime.now().astimezone():%H:%M:%S} {what}")

    @staticmethod
    def _write(text: str) -> None:
        with contextlib.suppress(OSError, ValueError):
            sys.stdout.write(text)
            sys.stdout.flush()


__all__ = ["Progress"]
