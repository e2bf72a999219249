"""« Cette réponse vous a aidé ? », with the script or without: the answer's id is counted, and nothing else."""

from aiohttp import web

from bot.web import chatform, site
from bot.web.chatform import Posted, html
from bot.web.errors import ApiError
from bot.web.keys import FEEDBACK, LIMITS, METRICS
from bot.web.limits import TooMany
from bot.web.security import client_address

routes = web.RouteTableDef()


async def _count(request: web.Request, posted: Posted) -> None:
    """Count what the form says; raise ApiError."""
    posted.check(request)
    answer, _, said = posted.fields.get("avis", "").partition(":")
    if said not in {"oui", "non"}:
        raise ApiError("champ")
    try:
        await request.app[LIMITS].count(client_address(request), None)
    except TooMany as error:
        raise ApiError("trop_de_messages", headers={"Retry-After": str(error.retry_after)}) from error
    if not await request.app[FEEDBACK].count(answer, said == "oui"):
        raise ApiError("champ")
    request.app[METRICS].feedback.labels(answer, said).inc()


@routes.post("/avis")
async def post_opinion(request: web.Request) -> web.Response:
    """Count an opinion; show the page again, or thanks alone when the script asks for them."""
    posted = await Posted.read(request)
    helped = posted.fields.get("avis", "").endswith(":oui")
    fragment = request.headers.get("X-Fragment") == "avis"
    try:
        await _count(request, posted)
    except ApiError as error:
        if fragment:
            return chatform.refused(request, error)
        return await site.page(request, posted, posted.conversation, error.sentence, error.status)
    thanks = "oui" if helped else "non"
    if fragment:
        return html(request, "opinion.html", thanks=thanks)
    return await site.page(request, posted, posted.conversation, thanks=thanks)
