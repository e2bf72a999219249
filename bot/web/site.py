"""The chat page: a plain form, which a small script makes smoother when there is one."""

import secrets
from typing import Any

from aiohttp import web

from bot import identity
from bot.conversations import UnknownConversation
from bot.tokens import BadToken
from bot.web.api import Incoming, answer
from bot.web.errors import ApiError
from bot.web.keys import CONVERSATIONS, PAGES, SETTINGS
from bot.web.security import from_our_pages
from bot.web.theme import style_sheet

routes = web.RouteTableDef()


def _html(request: web.Request, page: str, status: int = 200, **values: Any) -> web.Response:
    return web.Response(
        text=request.app[PAGES].render(page, **values), content_type="text/html", charset="utf-8", status=status
    )


async def _turns(request: web.Request, token: str) -> tuple[str, list[dict[str, Any]]]:
    """Return the token and the turns of a conversation; nothing when it is gone."""
    if not token:
        return "", []
    try:
        turns = await request.app[CONVERSATIONS].read(token)
    except (BadToken, UnknownConversation):
        return "", []
    return token, [{"asked": turn.asked, **turn.reply} for turn in turns]


async def _page(
    request: web.Request, token: str = "", error: str = "", draft: str = "", status: int = 200
) -> web.Response:
    kept, turns = await _turns(request, token)
    return _html(
        request,
        "chat.html",
        status,
        mode="chat",
        turns=turns,
        conversation=kept,
        form_token=request.app[CONVERSATIONS].tokens.form(),
        message_id=secrets.token_urlsafe(24),
        error=error,
        draft=draft,
        max_length=request.app[SETTINGS].max_length,
    )


@routes.get("/theme.css")
async def theme(request: web.Request) -> web.Response:
    """Give the colours of the site."""
    return web.Response(
        text=style_sheet(identity.load()), content_type="text/css", headers={"Cache-Control": "public, max-age=3600"}
    )


@routes.get("/")
async def chat(request: web.Request) -> web.Response:
    """Show the chat page, with no conversation yet."""
    return await _page(request)


@routes.post("/")
async def post_form(request: web.Request) -> web.Response:
    """Answer the form: with the whole page, or with the new turn alone when the script asks for it."""
    fragment = request.headers.get("X-Fragment") == "turn"
    form = await request.post()
    fields = {name: value for name, value in form.items() if isinstance(value, str)}
    token, text = fields.get("conversation", ""), fields.get("choice") or fields.get("text", "")
    try:
        if not from_our_pages(request):
            raise ApiError("origine")
        try:
            request.app[CONVERSATIONS].tokens.check_form(fields.get("form_token", ""))
        except BadToken as error:
            raise ApiError("origine") from error
        if len(token) > 500 or len(fields.get("id", "")) > 200:
            raise ApiError("champ")
        reply = await _answer(request, token, text, fields.get("id") or None)
    except ApiError as error:
        if fragment:
            return _html(request, "error.html", error.status, error=error.sentence)
        return await _page(request, token, error.sentence, text, error.status)
    if fragment:
        return _html(request, "turn.html", turn={"asked": text, **reply}, conversation=reply["conversation"])
    return (
        await _page(request, reply["conversation"])
        if not _was_erased(reply, token)
        else await _erased(request, reply, text)
    )


async def _answer(request: web.Request, token: str, text: str, id_: str | None) -> dict[str, Any]:
    """Answer; when the conversation is gone, open a new one rather than lose the message."""
    try:
        return await answer(request, Incoming(text=text, conversation=token or None, id=id_, variant=None))
    except ApiError as error:
        if error.code not in {"jeton", "effacee"} or not token:
            raise
        return await answer(request, Incoming(text=text, conversation=None, id=id_, variant=None))


def _was_erased(reply: dict[str, Any], token: str) -> bool:
    return bool(reply["intent"] == "effacer_donnees" and reply["conversation"] != token)


async def _erased(request: web.Request, reply: dict[str, Any], text: str) -> web.Response:
    """Show the confirmation once: nothing of the conversation is kept to be shown again."""
    return _html(
        request,
        "chat.html",
        mode="chat",
        turns=[{"asked": text, **reply}],
        conversation="",
        form_token=request.app[CONVERSATIONS].tokens.form(),
        message_id=secrets.token_urlsafe(24),
        error="",
        draft="",
        max_length=request.app[SETTINGS].max_length,
    )


@routes.get("/historique")
async def history(request: web.Request) -> web.Response:
    """Return the turns of a conversation as HTML, for the script to show again in the same tab."""
    token = request.headers.get("Authorization", "").removeprefix("Bearer ").strip()
    kept, turns = await _turns(request, token)
    return _html(request, "history.html", 200 if kept else 401, turns=turns, conversation=kept)
