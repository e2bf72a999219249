"""The chat's form, posted by a page, the workshop or the script: read, checked, answered, and what a page needs to show it."""

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from bot.conversations import UnknownConversation
from bot.store import StoreError
from bot.tokens import BadToken
from bot.web.api import Incoming, answer
from bot.web.errors import ApiError
from bot.web.keys import CONVERSATIONS, PAGES, SETTINGS
from bot.web.preferences import Preferences
from bot.web.security import from_our_pages

#: Turns that a page shows, and those that it reads: one more tells that there are earlier ones, in the download.
SHOWN = 50
READ = SHOWN + 1
#: Longest token and message id that a form may hold.
_TOKEN, _ID = 500, 200


@dataclass(frozen=True)
class Posted:
    """What the form said; `text` is the choice that was pressed, or what was typed. `fields` holds all of it."""

    text: str
    conversation: str
    id: str | None
    preferences: Preferences
    fields: Mapping[str, str]

    @classmethod
    async def read(cls, request: web.Request, default: Preferences | None = None) -> "Posted":
        """Read the form of `request`; `default` for the preferences that it does not give. Raise ApiError."""
        try:
            form = await request.post()
        except (ValueError, LookupError, HttpProcessingError) as error:  # not in the encoding that it claims, or cut
            raise ApiError("champ") from error
        fields = {name: value for name, value in form.items() if isinstance(value, str)}
        text = fields.get("choice") or fields.get("text", "")
        return cls(
            text, fields.get("conversation", ""), fields.get("id") or None, Preferences.read(fields, default), fields
        )

    def check(self, request: web.Request) -> None:
        """Raise ApiError unless the form is one of ours, posted from our own pages, not too long ago."""
        if not from_our_pages(request):
            raise ApiError("origine")
        if len(self.conversation) > _TOKEN or len(self.id or "") > _ID:
            raise ApiError("champ")
        try:
            request.app[CONVERSATIONS].tokens.check_form(self.fields.get("form_token", ""))
        except BadToken as error:
            raise ApiError("perime") from error

    @property
    def message_id(self) -> str | None:
        """The id of the message: of the form and its text, since the back button brings a form back for another text."""
        if self.id is None:
            return None
        digest = hashlib.sha256(self.text.encode("utf-8", "surrogatepass")).hexdigest()
        return f"{self.id[:150]}.{digest[:16]}"


async def respond(request: web.Request, posted: Posted) -> dict[str, Any]:
    """Answer; when the conversation is gone, open a new one rather than lose the message. Raise ApiError."""
    message = Incoming(
        text=posted.text,
        conversation=posted.conversation or None,
        id=posted.message_id,
        variant=posted.preferences.variant,
    )
    try:
        return await answer(request, message)
    except ApiError as error:
        if error.code not in {"jeton", "effacee"} or not posted.conversation:
            raise
        return await answer(request, message.model_copy(update={"conversation": None}))


def preferences_after(posted: Posted, reply: Mapping[str, Any]) -> Preferences:
    """Return how to read from now on: who asked for plainer words gets them for the next answers too."""
    return replace(posted.preferences, variant="simple") if reply["intent"] == "reformuler" else posted.preferences


async def turns(
    request: web.Request, token: str, last: int | None = None, reply: Mapping[str, Any] | None = None
) -> tuple[str, list[dict[str, Any]]]:
    """Return the token and the turns of a conversation, or its `last` ones; nothing when it is gone.

    `reply` is what was just answered: shown alone when the rest cannot be read for the moment.
    """
    if not token:
        return "", []
    try:
        kept = await request.app[CONVERSATIONS].read(token, last)
    except (BadToken, UnknownConversation):
        return "", []
    except StoreError:
        if reply is None:
            raise
        return token, [dict(reply)]
    return token, [{"asked": turn.asked, **turn.reply} for turn in kept]


def shown(turns: list[dict[str, Any]] | None) -> dict[str, Any]:
    """Return what a page needs to show turns: the SHOWN last ones, and whether there are earlier ones."""
    turns = turns or []
    return {"turns": turns[-SHOWN:], "earlier": len(turns) > SHOWN, "shown": SHOWN}


def values(
    request: web.Request,
    mode: str,
    preferences: Preferences,
    conversation: str = "",
    turns: list[dict[str, Any]] | None = None,
    error: str = "",
    draft: str = "",
    thanks: str = "",
    action: str = "/",
) -> dict[str, Any]:
    """Return what `app.html` needs.

    `mode` is "chat", "atelier" or "widget"; `action` is the address that its form posts to; `thanks` ("oui", "non") says
    that the last answer was just judged.
    """
    return {
        "mode": mode,
        "preferences": preferences,
        "conversation": conversation,
        **shown(turns),
        "error": error,
        "draft": draft,
        "thanks": thanks,
        "action": action,
        "form_token": request.app[CONVERSATIONS].tokens.form(),
        "message_id": secrets.token_urlsafe(24),
        "max_length": request.app[SETTINGS].max_length,
    }


def html(request: web.Request, page: str, status: int = 200, **values: Any) -> web.Response:
    """Return the template `page` as a response."""
    return web.Response(
        text=request.app[PAGES].render(page, **values), content_type="text/html", charset="utf-8", status=status
    )


def refused(request: web.Request, error: ApiError) -> web.Response:
    """Return an error for the script; a form that is too old gets a new token, so that it can be sent again."""
    form_token = request.app[CONVERSATIONS].tokens.form() if error.code == "perime" else ""
    return html(request, "error.html", error.status, error=error.sentence, form_token=form_token)
