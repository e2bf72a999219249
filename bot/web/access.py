"""Each request has an id: in the logs, in the answer, in what is asked of Rasa. And one line of log for each that did something."""

import logging
import time
from collections.abc import Awaitable, Callable

from aiohttp import web

from bot.watching import request_id
from bot.web.keys import SETTINGS

log = logging.getLogger(__name__)

#: Methods that look and change nothing: a page read is not logged.
_LOOKS = frozenset({"GET", "HEAD", "OPTIONS"})


def route(request: web.Request) -> str:
    """Return the route that a request took, never its address: that one is anybody's, and may hold a line of log."""
    resource = request.match_info.route.resource
    return resource.canonical if resource else "?"


@web.middleware
async def traced(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Name the request, from our proxy's header if there is one; log it without a word of it: method, route, status, time."""
    given = request.headers.get(request_id.HEADER) if request.app[SETTINGS].behind_proxy else None
    request_id.begin(given)
    began = time.perf_counter()
    response = await handler(request)
    known = request.match_info.route.resource is not None
    if known and (request.method not in _LOOKS or (response.status >= 500 and route(request) != "/health")):
        log.info(
            "%s %s %d %.0f ms", request.method, route(request), response.status, (time.perf_counter() - began) * 1000
        )
    return response


async def add_id(request: web.Request, response: web.StreamResponse) -> None:
    """Give the id back, so that who asks for help can quote it."""
    if id_ := request_id.current():
        response.headers[request_id.HEADER] = id_
