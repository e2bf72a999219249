"""`/sms/<provider>`: a webhook is checked, read, kept, and only then acknowledged.

2xx: kept (or known already). 400: from the provider, but of no use; never tried again for ever by any of ours, and it
shows in the provider's log when an address is misspelt. 403: not from the provider. 404: not our provider.
503: not kept, so that the provider keeps it and tries again.
"""

import asyncio
import logging

from aiohttp import web
from multidict import MultiDict, MultiDictProxy

from bot.settings import Settings
from bot.sms.loop import tell
from bot.sms.providers.base import Incoming, Receipt, Refused, Request, Unreadable
from bot.sms.service import Sms
from bot.watching.metrics import SmsMetrics

log = logging.getLogger(__name__)

#: The SMS of a gateway that has a provider.
SMS: web.AppKey[Sms] = web.AppKey("sms", Sms)

#: Bytes of a webhook: ten concatenated parts, percent-encoded, with room to spare.
MAX_BODY = 32 * 1024
#: Seconds left to a webhook to arrive whole.
BODY_TIMEOUT = 10.0


def add_routes(app: web.Application, settings: Settings, metrics: SmsMetrics) -> None:
    """Mount the webhooks; `SMS` is in the application by the time the first one comes, or there is no provider."""

    async def webhook(request: web.Request) -> web.Response:
        response = await _taken(request, settings.delivery_url)
        if response.status != 200:
            metrics.webhooks.labels(response.status).inc()
        return response

    app.router.add_get("/sms/{provider}", webhook, allow_head=False)
    app.router.add_post("/sms/{provider}", webhook)


async def _taken(request: web.Request, base: str) -> web.Response:
    sms = request.app.get(SMS)
    if sms is None or sms.provider.name != request.match_info["provider"]:
        return web.Response(status=404, text="no such provider")
    try:
        body = await asyncio.wait_for(_body(request), BODY_TIMEOUT)
    except asyncio.TimeoutError:
        return web.Response(status=408, text="too slow")
    except web.HTTPRequestEntityTooLarge:
        return web.Response(status=413, text="too long")
    return await _kept(
        sms,
        Request(
            request.method, base + request.raw_path, MultiDictProxy(MultiDict(request.query)), request.headers, body
        ),
    )


async def _kept(sms: Sms, webhook: Request) -> web.Response:
    """Read a webhook and keep what it says; return what the provider is told."""
    try:
        read = sms.provider.read(webhook)
        # Kept whatever becomes of the connection: a provider that hangs up tries again, and is known.
        if isinstance(read, Incoming):
            await asyncio.shield(sms.accept(read))
        elif isinstance(read, Receipt):
            await asyncio.shield(sms.receipt(read))
    except Refused:
        return web.Response(status=403, text="refused")
    except Unreadable as error:
        log.warning("sms: unreadable webhook of %s: %s", sms.provider.name, error)
        return web.Response(status=400, text="unreadable")
    except Exception as error:
        tell("sms: webhook not kept", error)
        return web.Response(status=503, text="not kept, try again", headers={"Retry-After": "5"})
    text, content_type = sms.provider.acknowledgement()
    return web.Response(body=text.encode(), headers={"Content-Type": content_type})


async def _body(request: web.Request) -> bytes:
    """Return the body; raise HTTPRequestEntityTooLarge when it is longer than MAX_BODY."""
    body = b""
    async for piece in request.content.iter_chunked(8192):
        body += piece
        if len(body) > MAX_BODY:
            raise web.HTTPRequestEntityTooLarge(MAX_BODY, len(body))
    return body
