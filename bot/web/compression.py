"""Text goes out compressed: on a slow line it is most of what is waited for.

Compression next to a secret is a risk (BREACH) when somebody else can make a browser send its secret together with words of
their choosing. Nothing here is sent by the browser of its own accord: there is no cookie, a conversation's token is written by the page
itself in the request that it makes, forms posted from elsewhere are refused, and the token of a form is drawn anew for each page.
So a response holds no secret that its request did not already carry. A cookie would end this argument: tests refuse one.
"""

from collections.abc import Awaitable, Callable

from aiohttp import web
from aiohttp.web_response import ContentCoding

#: Bytes below which gzip saves no packet.
SMALLEST = 600
_TEXT = {
    "text/html", "text/css", "text/plain", "text/javascript", "application/javascript", "application/json",
    "image/svg+xml", "application/manifest+json",
}  # fmt: skip


def takes_gzip(request: web.Request) -> bool:
    """Tell whether the client reads gzip ("gzip;q=0" says that it does not)."""
    for offer in request.headers.get("Accept-Encoding", "").lower().split(","):
        name, _, weight = offer.partition(";")
        if name.strip() == "gzip":
            return weight.replace(" ", "") not in {"q=0", "q=0.0", "q=0.00", "q=0.000"}
    return False


def vary_on(response: web.StreamResponse, name: str) -> None:
    """Say that the response depends on the request's header `name`, besides what it said already."""
    names = [one.strip() for one in response.headers.get("Vary", "").split(",") if one.strip()]
    if name.lower() not in (one.lower() for one in names):
        response.headers["Vary"] = ", ".join([*names, name])


@web.middleware
async def compress(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Compress the text of an answer made in memory; what is encoded already is left alone."""
    response = await handler(request)
    if (
        isinstance(response, web.Response)
        and response.content_type in _TEXT
        and "Content-Encoding" not in response.headers
        and isinstance(response.body, bytes)
        and len(response.body) >= SMALLEST
    ):
        vary_on(response, "Accept-Encoding")
        if takes_gzip(request):
            response.enable_compression(ContentCoding.gzip)
    return response
