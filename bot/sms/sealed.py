"""Telephone numbers and texts at rest: sealed while an answer is due, a keyed digest when only sameness counts."""

import base64
import json
from collections.abc import Callable

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF


class Unsealable(Exception):
    """Sealed with a key that we no longer hold."""


def _fernet(key: str) -> Fernet:
    derived = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"assistant sms sealed").derive(key.encode())
    return Fernet(base64.urlsafe_b64encode(derived))


class Sealer:
    """Seals with the newest of `keys` (newest first), opens with any; `derive` is the keyed digest of `Tokens`."""

    def __init__(self, keys: list[str], derive: Callable[..., str]) -> None:
        self._fernet = MultiFernet([_fernet(key) for key in keys])
        self._derive = derive

    def person(self, number: str) -> str:
        """Return the id of the person behind a number: her conversation's too."""
        return self._derive("sms", number)

    def digest(self, *parts: str) -> str:
        """Return a digest that tells whether two things are the same, and nothing else of them."""
        return self._derive("sms-digest", *parts)

    def seal(self, number: str, text: str) -> str:
        """Return a number and a text, unreadable without our keys."""
        return self._fernet.encrypt(json.dumps([number, text]).encode()).decode("ascii")

    def open(self, sealed: str) -> tuple[str, str]:
        """Return the number and the text; raise Unsealable."""
        try:
            number, text = json.loads(self._fernet.decrypt(sealed.encode()))
        except InvalidToken as error:
            raise Unsealable from error
        return str(number), str(text)


def without_numbers(detail: str, length: int = 80) -> str:
    """Return what a provider says of a failure, short, its digits hidden from the sixth in a row on: it may quote a number."""
    hidden: list[str] = []
    run = 0
    for letter in detail[: length * 2]:
        run = run + 1 if letter.isdigit() else run if letter in " .-+" else 0
        hidden.append("x" if letter.isdigit() and run > 3 else letter)
    return "".join(hidden)[:length]
