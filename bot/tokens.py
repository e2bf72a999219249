"""Conversation tokens: opaque, signed, and the only way into a conversation."""

import hashlib
import hmac
import secrets
import time
from collections.abc import Callable
from typing import Any

from itsdangerous import BadSignature, TimestampSigner, URLSafeTimedSerializer

_CONVERSATION = "conversation"
_FORM = "formulaire"
FORM_HOURS = 12


class BadToken(Exception):
    """A token that was not signed by us, or too long ago."""


class _Signer(TimestampSigner):
    """Dates what it signs by the clock that it is given."""

    def __init__(self, *args: Any, now: Callable[[], float], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._now = now

    def get_timestamp(self) -> int:
        return int(self._now())


class Tokens:
    """Issues and reads tokens with the keys given, newest first: old keys still open what they signed.

    `now` gives seconds since 1970. What was signed in the future is good, by a clock that was put back since or by another
    gateway's: nobody but us can sign it.
    """

    def __init__(self, keys: list[str], max_age_days: int, now: Callable[[], float] = time.time) -> None:
        options: Any = {"signer": _Signer, "signer_kwargs": {"digest_method": hashlib.sha256, "now": now}}
        self._signer = URLSafeTimedSerializer(list(reversed(keys)), salt=_CONVERSATION, **options)
        self._forms = URLSafeTimedSerializer(list(reversed(keys)), salt=_FORM, **options)
        self._now = now
        # Ids derive from the oldest key: adding a new one in front must not lose the conversations under way.
        self._key = keys[-1].encode()
        self._max_age = max_age_days * 86400

    def new(self) -> str:
        """Return a token for a new conversation."""
        return str(self._signer.dumps(secrets.token_urlsafe(18)))

    def sender(self, token: str) -> str:
        """Return the id under which the conversation of `token` is kept, here and in Rasa; raise BadToken."""
        return self.derive("web", self._read(self._signer, token, self._max_age))

    def _read(self, signer: URLSafeTimedSerializer, token: str, max_age: float) -> str:
        try:
            name, at = signer.loads(token, return_timestamp=True)
        except BadSignature as error:
            raise BadToken(str(error)) from error
        if self._now() - at.timestamp() > max_age:
            raise BadToken("too old")
        return str(name)

    def derive(self, *parts: str) -> str:
        """Return a keyed digest of `parts`: the same for the same parts, nothing to be read back from it."""
        return hmac.new(self._key, "\x1f".join(parts).encode(), hashlib.sha256).hexdigest()

    def form(self) -> str:
        """Return a token to put in a form, so that only our pages can post it."""
        return str(self._forms.dumps(secrets.token_urlsafe(9)))

    def check_form(self, token: str) -> None:
        """Raise BadToken unless `token` came from one of our forms, less than FORM_HOURS ago."""
        self._read(self._forms, token, FORM_HOURS * 3600)
