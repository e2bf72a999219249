"""The workshop, `/atelier`: a mediator beside a person, on a computer that somebody else uses next."""

from typing import Any

from aiohttp import web

from bot import checklists, subjects
from bot.answers import LiveBook
from bot.conversations import UnknownConversation
from bot.rasa import BrainError
from bot.tokens import BadToken
from bot.web import chatform, sheet
from bot.web.api import Incoming, answer
from bot.web.chatform import Posted, html, values
from bot.web.errors import ApiError
from bot.web.keys import CONVERSATIONS, PAGES, SETTINGS
from bot.web.preferences import Preferences

routes = web.RouteTableDef()

HOME = "/atelier"
#: How a person reads here until they choose otherwise.
DEFAULT = Preferences(variant="simple", taille="2")
#: Errors of a conversation that is no more: nothing of what the form held is shown again.
_GONE = frozenset({"jeton", "effacee"})
#: Characters of a token at most.
MAX_TOKEN = 500


async def _page(
    request: web.Request,
    preferences: Preferences,
    token: str = "",
    error: str = "",
    status: int = 200,
    draft: str = "",
    ticked: frozenset[str] = frozenset(),
    reply: dict[str, Any] | None = None,
) -> web.Response:
    kept, turns = await chatform.turns(request, token, chatform.READ, reply)
    return html(
        request,
        "atelier.html",
        status,
        subjects=subjects.load(),
        checklists=checklists.load(),
        ticked=ticked,
        today=request.app[PAGES].today().isoformat(),
        idle_minutes=request.app[SETTINGS].workshop_idle_minutes,
        **values(request, "atelier", preferences, kept, turns, error, draft, action=HOME),
    )


async def _posted(request: web.Request) -> tuple[Posted, frozenset[str]]:
    """Return the form, and the boxes that are ticked."""
    posted = await Posted.read(request, DEFAULT)
    ticked = frozenset(map(str, (await request.post()).getall("coche", []))) & checklists.load().boxes
    return posted, ticked


async def _respond(request: web.Request, posted: Posted) -> dict[str, Any]:
    """Answer; a conversation that was erased is not begun again by the back button. Raise ApiError."""
    message = Incoming(
        text=posted.text,
        conversation=posted.conversation or None,
        id=posted.message_id,
        variant=posted.preferences.variant,
    )
    # Pressed, not typed: words that are those of a picture ask for its answer, which is public anyway.
    subject = subjects.load().behind.get(posted.fields.get("choice", ""))
    return await answer(request, message, subject, workshop=True)


@routes.get(HOME)
async def home(request: web.Request) -> web.Response:
    """Show the workshop, with nothing in it."""
    return await _page(request, DEFAULT)


@routes.post(HOME)
async def post_form(request: web.Request) -> web.Response:
    """Answer the form: with the whole page, or with the new turn alone when the script asks for it."""
    fragment = request.headers.get("X-Fragment") == "turn"
    posted, ticked = await _posted(request)
    try:
        posted.check(request)
        if "affichage" in posted.fields:
            return await _page(
                request, posted.preferences, posted.conversation, draft=posted.fields.get("text", ""), ticked=ticked
            )
        reply = await _respond(request, posted)
    except ApiError as error:
        if fragment:
            return chatform.refused(request, error)
        gone = error.code in _GONE
        return await _page(
            request,
            DEFAULT if gone else posted.preferences,
            "" if gone else posted.conversation,
            error.sentence,
            error.status,
            "" if gone else posted.fields.get("text", ""),
            frozenset() if gone else ticked,
        )
    token, preferences = reply["conversation"], chatform.preferences_after(posted, reply)
    erased = reply["intent"] == "effacer_donnees" and token != posted.conversation
    if fragment:
        turn, token = reply, "" if erased else token
        return html(request, "turn.html", turn=turn, conversation=token, preferences=preferences, erased=erased)
    if erased:
        raise web.HTTPSeeOther(f"{HOME}/suivant")
    return await _page(request, preferences, token, ticked=ticked, reply=reply)


@routes.post(f"{HOME}/effacer")
async def erase(request: web.Request) -> web.Response:
    """Erase the conversation everywhere, and get ready for the next person; say so when it cannot be done yet."""
    # Whoever holds the token may erase, however old the form: no other check.
    posted, ticked = await _posted(request)
    if len(posted.conversation) > MAX_TOKEN:
        raise ApiError("champ")
    if "oui" not in posted.fields and (posted.conversation or ticked or posted.text):
        return html(
            request,
            "atelier-sur.html",
            preferences=posted.preferences,
            conversation=posted.conversation,
            ticked=ticked,
            form_token=request.app[CONVERSATIONS].tokens.form(),
        )
    try:
        if posted.conversation:
            await request.app[CONVERSATIONS].erase(posted.conversation)
    except BadToken:
        pass  # not one of ours, or too old to be kept: nothing to erase
    except BrainError:
        return _not_erased(request, posted.conversation, ApiError("panne").status)
    raise web.HTTPSeeOther(f"{HOME}/suivant")


def _not_erased(request: web.Request, token: str, status: int) -> web.Response:
    return html(
        request,
        "atelier-reste.html",
        status,
        preferences=DEFAULT,
        conversation=token,
        forget_minutes=request.app[SETTINGS].workshop_forget_minutes,
    )


@routes.get(f"{HOME}/suivant")
async def following(request: web.Request) -> web.Response:
    """Say that everything is erased, and wait for the next person."""
    return html(request, "atelier-suivant.html", preferences=DEFAULT)


@routes.post(f"{HOME}/present")
async def present(request: web.Request) -> web.Response:
    """Note that the person is still there, reading."""
    posted, _ = await _posted(request)
    try:
        if posted.conversation:
            await request.app[CONVERSATIONS].stay(posted.conversation)
    except (BadToken, UnknownConversation) as error:
        raise ApiError("effacee") from error
    return web.Response(status=204)


@routes.get(f"{HOME}/fiche")
async def no_sheet(request: web.Request) -> web.Response:
    """Go back to the workshop: a sheet is made from a conversation, which only its form holds."""
    raise web.HTTPSeeOther(HOME)


@routes.post(f"{HOME}/fiche")
async def print_sheet(request: web.Request) -> web.Response:
    """Show the sheet of what was found, ready to print."""
    posted, ticked = await _posted(request)
    try:
        posted.check(request)
    except ApiError as error:
        return await _page(request, posted.preferences, posted.conversation, error.sentence, error.status)
    kept, turns = await chatform.turns(request, posted.conversation)
    if posted.conversation and not kept:
        gone = ApiError("effacee")
        return await _page(request, DEFAULT, "", gone.sentence, gone.status)
    pages = request.app[PAGES]
    words = posted.fields.get("mes_mots") == "1"
    wanted = (await request.post()).getall("garder", []) if "refaire" in posted.fields else None
    found = sheet.found(turns, _book(request).book, checklists.load(), pages.today(), words)
    return html(
        request,
        "atelier-fiche.html",
        sheet=sheet.make(found, None if wanted is None else {str(one) for one in wanted}),
        ticked=ticked,
        words=words,
        today=pages.today().isoformat(),
        idle_minutes=request.app[SETTINGS].workshop_idle_minutes,
        preferences=posted.preferences,
        conversation=kept,
        form_token=request.app[CONVERSATIONS].tokens.form(),
    )


def _book(request: web.Request) -> LiveBook:
    return request.app[CONVERSATIONS].assistant.book
