"""The chat page: a plain form, which a small script makes smoother when there is one."""

from aiohttp import web

from bot import identity
from bot.web import chatform
from bot.web.chatform import Posted, html, values
from bot.web.errors import ApiError
from bot.web.preferences import Preferences
from bot.web.theme import style_sheet

routes = web.RouteTableDef()


@routes.get("/theme.css")
async def theme(request: web.Request) -> web.Response:
    """Give the colours of the site."""
    return web.Response(
        text=style_sheet(identity.load()), content_type="text/css", headers={"Cache-Control": "public, max-age=3600"}
    )


@routes.get("/")
async def chat(request: web.Request) -> web.Response:
    """Show the chat page, with no conversation yet."""
    return html(request, "chat.html", **values(request, "chat", Preferences()))


async def page(
    request: web.Request, posted: Posted, token: str, error: str = "", status: int = 200, thanks: str = ""
) -> web.Response:
    """Show the whole page, the conversation of `token` in it."""
    kept, turns = await chatform.turns(request, token, chatform.READ)
    draft = posted.text if error else posted.fields.get("text", "")
    return html(
        request, "chat.html", status, **values(request, "chat", posted.preferences, kept, turns, error, draft, thanks)
    )


@routes.post("/")
async def post_form(request: web.Request) -> web.Response:
    """Answer the form: with the whole page, or with the new turn alone when the script asks for it."""
    fragment = request.headers.get("X-Fragment") == "turn"
    posted = await Posted.read(request)
    try:
        posted.check(request)
        if "affichage" in posted.fields:
            return await page(request, posted, posted.conversation)
        reply = await chatform.respond(request, posted)
    except ApiError as error:
        if fragment:
            return chatform.refused(request, error)
        return await page(request, posted, posted.conversation, error.sentence, error.status)
    token, preferences = reply["conversation"], chatform.preferences_after(posted, reply)
    turn = reply
    erased = reply["intent"] == "effacer_donnees" and token != posted.conversation
    if fragment:
        return html(
            request,
            "turn.html",
            turn=turn,
            conversation="" if erased else token,
            preferences=preferences,
            erased=erased,
        )
    # The confirmation is shown once: nothing of the conversation is kept to be shown again.
    kept, turns = ("", [turn]) if erased else await chatform.turns(request, token, chatform.READ, turn)
    return html(request, "chat.html", **values(request, "chat", preferences, kept, turns))


@routes.get("/historique")
async def history(request: web.Request) -> web.Response:
    """Return the turns of a conversation as HTML, for the script to show again in the same tab."""
    token = request.headers.get("Authorization", "").removeprefix("Bearer ").strip()
    kept, turns = await chatform.turns(request, token, chatform.READ)
    return html(request, "history.html", 200 if kept else 401, conversation=kept, **chatform.shown(turns))
