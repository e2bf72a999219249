"""The metrics, on a port of their own (METRICS_HOST, METRICS_PORT): Prometheus's, never the public's."""

import logging
from collections.abc import AsyncIterator

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST

from bot.watching import probes
from bot.web.keys import HEALTH, METRICS, SETTINGS
from bot.web.server import Runner

log = logging.getLogger(__name__)


async def measures(app: web.Application) -> AsyncIterator[None]:
    """Give the metrics as long as the application lives; a port that is taken is said, and stops nothing."""
    settings = app[SETTINGS]

    async def metrics(request: web.Request) -> web.Response:
        # A part that hangs must not make us look dead: it is told at the next reading.
        if report := await app[HEALTH].seen():
            app[METRICS].told(report.levels())
        app[METRICS].room(*probes.room(settings.var_dir))
        return web.Response(body=app[METRICS].text(), headers={"Content-Type": CONTENT_TYPE_LATEST})

    if not settings.metrics_port:
        yield
        return
    private = web.Application()
    private.router.add_get("/metrics", metrics)
    runner = Runner(private)
    await runner.setup()
    try:
        await web.TCPSite(runner, settings.metrics_host, settings.metrics_port).start()
    except OSError as error:
        log.warning(
            "pas de mesures Prometheus sur %s, port %d : %s (METRICS_HOST, METRICS_PORT)",
            settings.metrics_host,
            settings.metrics_port,
            error.strerror,
        )
    yield
    await runner.cleanup()
