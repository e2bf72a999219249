"""The pages that are not the chat: accessibility, personal data, robots, the icon, and what is said when something fails."""

import logging

from aiohttp import web
from limits import parse

from bot.privacy.redaction import Kind
from bot.rasa import BrainError
from bot.settings import Settings
from bot.text import fold
from bot.tokens import BadToken
from bot.web import statement
from bot.web.chatform import Posted, html
from bot.web.errors import ApiError, as_json
from bot.web.keys import CONVERSATIONS, LIMITS, METRICS, PAGES, SETTINGS
from bot.web.limits import TooMany
from bot.web.security import client_address

log = logging.getLogger(__name__)

routes = web.RouteTableDef()

#: Addresses of programs: what they are told is JSON, whoever asks.
_PROGRAMS = ("/api/", "/sms/", "/health", "/live", "/metrics")
#: Addresses that people write by hand, with capitals and accents.
_WRITTEN = frozenset({"/atelier", "/accessibilite", "/donnees-personnelles", "/integration"})
#: What heads the page of each error; the sentence under it is that of the API.
TITLES = {
    "introuvable": "Cette page n'existe pas",
    "methode": "Cette adresse ne s'ouvre pas ainsi",
    "trop_long": "Votre message est trop long",
    "lent": "Votre message n'est pas arrivé",
    "trop_de_messages": "Beaucoup de messages d'un coup",
    "jeton": "Cette conversation n'est plus là",
    "effacee": "Cette conversation a été effacée",
    "origine": "Ce formulaire n'a pas été accepté",
    "perime": "Cette page est restée ouverte longtemps",
    "panne": "L'assistant ne répond pas pour le moment",
}
_STALE = "Cette page est restée ouverte longtemps : rien n'a été effacé. Pressez à nouveau le bouton."
_OTHER_TITLE = "La demande n'a pas été comprise"


def failed(request: web.Request, failure: ApiError) -> web.Response:
    """Say what went wrong in the form that the client reads: a page, the script's fragment, or the API's JSON."""
    failure.headers.setdefault("Cache-Control", "no-store")
    try:
        if "X-Fragment" in request.headers:
            return _with(html(request, "error.html", failure.status, error=failure.sentence, form_token=""), failure)
        if failure.code == "introuvable" and request.method in {"GET", "HEAD"} and (page := _meant(request)):
            return web.Response(status=302, headers={**failure.headers, "Location": page})
        if "text/html" in request.headers.get("Accept", "") and not request.path.startswith(_PROGRAMS):
            title = TITLES.get(failure.code, _OTHER_TITLE)
            shown = html(
                request, "failure.html", failure.status, code=failure.code, title=title, sentence=failure.sentence
            )
            return _with(shown, failure)
    except Exception as error:  # a template that fails must not hide what failed first
        log.error("page d'erreur : %s", type(error).__name__)
    return as_json(failure)


def _meant(request: web.Request) -> str | None:
    """Return the page that an address written by hand means ("/Accessibilité/"), or None."""
    path = "/" + fold(request.path).strip("/ .")
    return path if path in _WRITTEN and path != request.path else None


def _with(response: web.Response, failure: ApiError) -> web.Response:
    response.headers.update(failure.headers)
    return response


def _window(settings: Settings) -> str:
    """Return how long an address is counted, in French; "" when it is not."""
    if settings.rate_limit == "off":
        return ""
    seconds = parse(settings.rate_per_address).get_expiry()
    for unit, size in (("jour", 86400), ("heure", 3600), ("minute", 60)):
        if seconds >= size and seconds % size == 0:
            count = seconds // size
            feminine = "e" if unit != "jour" else ""
            return f"un{feminine} {unit}" if count == 1 else f"{count} {unit}s"
    return f"{seconds} secondes"


@routes.get("/accessibilite")
async def accessibility(request: web.Request) -> web.Response:
    """Say what was tested of the site's accessibility, how and when, and what was not."""
    found = statement.load()
    return html(
        request,
        "accessibilite.html",
        tested_on=found.tested_on.isoformat(),
        tools=found.tools,
        defender=request.app[PAGES].number("Défenseur des droits"),
    )


def _privacy(request: web.Request, status: int = 200, done: str = "", error: str = "") -> web.Response:
    settings = request.app[SETTINGS]
    return html(
        request,
        "donnees-personnelles.html",
        status,
        conservation=settings.conservation,
        workshop_minutes=f"{settings.workshop_forget_minutes:g}",
        window=_window(settings),
        sms=bool(settings.sms_provider),
        dead_days=settings.sms_dead_days,
        taken_out=[kind.value for kind in Kind if kind is not Kind.NUMBER],
        form_token=request.app[CONVERSATIONS].tokens.form(),
        done=done,
        error=error,
    )


@routes.get("/donnees-personnelles")
async def privacy(request: web.Request) -> web.Response:
    """Say what is kept, how long, and how to have it erased."""
    return _privacy(request)


@routes.post("/donnees-personnelles")
async def forget(request: web.Request) -> web.Response:
    """Erase the conversation whose token the form holds, here and in Rasa; say whether there was one."""
    posted = await Posted.read(request)
    try:
        try:
            await request.app[LIMITS].count(client_address(request), None)
        except TooMany as error:
            raise ApiError("trop_de_messages", headers={"Retry-After": str(error.retry_after)}) from error
        posted.check(request)
        try:
            known = await request.app[CONVERSATIONS].erase(posted.conversation)
        except BadToken:
            known = False
        except BrainError as error:  # never say that it is erased when it is not
            log.warning("erase put off: %s", error)
            raise ApiError("panne", "Rien n'a été effacé.") from error
    except ApiError as failure:
        request.app[METRICS].refused.labels(failure.code).inc()
        sentence = _STALE if failure.code == "perime" else failure.sentence
        return _with(_privacy(request, failure.status, error=sentence), failure)
    return _privacy(request, done="erased" if known else "absent")


@routes.get("/robots.txt")
async def robots(request: web.Request) -> web.Response:
    """Let search engines read the pages, and leave alone what is for programs."""
    return web.Response(
        text="User-agent: *\nDisallow: /api/\nDisallow: /historique\n",
        headers={"Cache-Control": "public, max-age=86400"},
    )


@routes.get("/favicon.ico")
async def icon(request: web.Request) -> web.StreamResponse:
    """Give the icon to those who ask for it at its old address (an error page of a proxy, an old browser)."""
    raise web.HTTPMovedPermanently("/static/icon.svg", headers={"Cache-Control": "public, max-age=86400"})
