"""Who else's pages may use what: files for everyone, conversations for ALLOWED_ORIGINS only, and never with credentials.

aiohttp-cors was tried and left: it sends no `Vary: Origin`, refuses in English, and cannot let everyone read the French
refusal of a resource that it keeps for some.
"""

from collections.abc import Awaitable, Callable

from aiohttp import hdrs, web

from bot.web.errors import ApiError
from bot.web.security import allowed_origin, from_our_pages

#: Files with nothing of anyone in them, and the widget's first answer: a site that is refused must be able to read why.
_OPEN = frozenset({"/widget.js", "/widget.css", "/widget.html", "/theme.css"})
_CONVERSATION = frozenset({"/", "/historique", "/avis"})
METHODS = frozenset({"GET", "POST", "DELETE"})
REQUEST_HEADERS = frozenset({"authorization", "content-type", "x-fragment"})
#: Seconds that a browser remembers a preflight (Chromium keeps two hours at most).
MAX_AGE = 7200


def _is_open(path: str) -> bool:
    return path in _OPEN or path.startswith("/static/")


def _holds_conversation(path: str) -> bool:
    return path in _CONVERSATION or path.startswith("/api/")


@web.middleware
async def guard(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Answer preflights; refuse what a foreign page asks of the API before anything is done."""
    if not _holds_conversation(request.path):
        return await handler(request)
    if request.method == hdrs.METH_OPTIONS and hdrs.ACCESS_CONTROL_REQUEST_METHOD in request.headers:
        return _preflight(request)
    # "/" looks for itself, to answer with a page.
    if request.path != "/" and hdrs.ORIGIN in request.headers and not from_our_pages(request):
        raise ApiError("site")
    return await handler(request)


def _preflight(request: web.Request) -> web.Response:
    asked = request.headers.get(hdrs.ACCESS_CONTROL_REQUEST_HEADERS, "").lower()
    wanted = {name.strip() for name in asked.split(",")} - {""}
    method = request.headers[hdrs.ACCESS_CONTROL_REQUEST_METHOD]
    if allowed_origin(request) is None or method not in METHODS or not wanted <= REQUEST_HEADERS:
        raise ApiError("site")
    return web.Response(
        status=204,
        headers={
            hdrs.ACCESS_CONTROL_ALLOW_METHODS: ", ".join(sorted(METHODS)),
            hdrs.ACCESS_CONTROL_ALLOW_HEADERS: ", ".join(sorted(REQUEST_HEADERS)),
            hdrs.ACCESS_CONTROL_MAX_AGE: str(MAX_AGE),
        },
    )


async def add_headers(request: web.Request, response: web.StreamResponse) -> None:
    """Say to the browser which pages may read this response; errors included."""
    if _is_open(request.path):
        response.headers[hdrs.ACCESS_CONTROL_ALLOW_ORIGIN] = "*"
        response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    elif _holds_conversation(request.path):
        varies = response.headers.get(hdrs.VARY)
        response.headers[hdrs.VARY] = f"{varies}, {hdrs.ORIGIN}" if varies else hdrs.ORIGIN
        if origin := allowed_origin(request):
            response.headers[hdrs.ACCESS_CONTROL_ALLOW_ORIGIN] = origin
            response.headers[hdrs.ACCESS_CONTROL_EXPOSE_HEADERS] = hdrs.RETRY_AFTER
