"""Conversation tokens: opaque, signed, and the only way into a conversation."""

import hashlib
import hmac
import secrets

from itsdangerous import BadSignature, URLSafeTimedSerializer

_CONVERSATION = "conversation"
_FORM = "formulaire"
FORM_HOURS = 12


class BadToken(Exception):
    """A token that was not signed by us, or too long ago."""


class Tokens:
    """Issues and reads tokens with the keys given, newest first: old keys still open what they signed."""

    def __init__(self, keys: list[str], max_age_days: int) -> None:
        self._signer = URLSafeTimedSerializer(
            list(reversed(keys)), salt=_CONVERSATION, signer_kwargs={"digest_method": hashlib.sha256}
        )
        self._forms = URLSafeTimedSerializer(
            list(reversed(keys)), salt=_FORM, signer_kwargs={"digest_method": hashlib.sha256}
        )
        # Ids derive from the oldest key: adding a new one in front must not lose the conversations under way.
        self._key = keys[-1].encode()
        self._max_age = max_age_days * 86400

    def new(self) -> str:
        """Return a token for a new conversation."""
        return str(self._signer.dumps(secrets.token_urlsafe(18)))

    def sender(self, token: str) -> str:
        """Return the id under which the conversation of `token` is kept, here and in Rasa; raise BadToken."""
        try:
            name = self._signer.loads(token, max_age=self._max_age)
        except BadSignature as error:
            raise BadToken(str(error)) from error
        return self.derive("web", str(name))

    def derive(self, *parts: str) -> str:
        """Return a keyed digest of `parts`: the same for the same parts, nothing to be read back from it."""
        return hmac.new(self._key, "\x1f".join(parts).encode(), hashlib.sha256).hexdigest()

    def form(self) -> str:
        """Return a token to put in a form, so that only our pages can post it."""
        return str(self._forms.dumps(secrets.token_urlsafe(9)))

    def check_form(self, token: str) -> None:
        """Raise BadToken unless `token` came from one of our forms, less than FORM_HOURS ago."""
        try:
            self._forms.loads(token, max_age=FORM_HOURS * 3600)
        except BadSignature as error:
            raise BadToken(str(error)) from error
