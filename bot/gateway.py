"""The public process: chat API and pages put together, their resources opened and closed."""

import asyncio
import contextlib
import logging
import signal
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime
from zoneinfo import ZoneInfo

import aiohttp
from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from bot import identity
from bot.answers import LiveBook
from bot.assistant import Assistant
from bot.clock import DAY, Steady
from bot.conversations import Conversations
from bot.feedback import Feedback
from bot.locks import Locks
from bot.privacy import logs
from bot.rasa import Brain
from bot.settings import Settings, SettingsError
from bot.shared import Shared
from bot.sms import providers
from bot.sms import routes as sms_routes
from bot.sms.providers.base import Provider
from bot.sms.routes import SMS
from bot.sms.service import Box, Sms
from bot.standby import Standby
from bot.store import StoreError, StoreUnusable
from bot.tokens import Tokens
from bot.watching import probes, request_id
from bot.watching.content_age import ContentCollector
from bot.watching.health import Health
from bot.watching.metrics import Metrics
from bot.web import access, api, cors, embed, feedback, pages, site, transcript, workshop
from bot.web.compression import compress
from bot.web.errors import ApiError
from bot.web.keys import CONVERSATIONS, FEEDBACK, HEALTH, LIMITS, METRICS, PAGES, SETTINGS
from bot.web.limits import Limits, Rates
from bot.web.measures import measures
from bot.web.render import Pages
from bot.web.security import add_headers
from bot.web.server import PER_ADDRESS, Runner, hurry

log = logging.getLogger(__name__)

#: Bytes read of a request: 50,000 characters pasted in a form, whose bytes are tripled there, are told to be too many and not lost.
MAX_BODY = 512 * 1024
#: Seconds before the first purge (Rasa is still starting), and between two.
FIRST_PURGE, PURGE_EVERY = 60.0, 3600.0
#: Seconds between two looks at the workshop's conversations that nobody came back to.
WORKSHOP_EVERY = 60.0

Clock = Callable[[], datetime]

#: The clock of what is kept and due.
AGES = web.AppKey("ages", Steady)
#: The tables of SMS: they are purged whether there is a provider or not.
BOX = web.AppKey("sms_box", Box)


def paris_now() -> datetime:
    """Return the time in the Hérault."""
    return datetime.now(ZoneInfo("Europe/Paris"))


@web.middleware
async def errors(request: web.Request, handler: Callable[[web.Request], object]) -> web.StreamResponse:
    """Turn every error into a French sentence; log faults without a word of what was sent."""
    try:
        return await handler(request)  # type: ignore[no-any-return, misc]
    except ApiError as error:
        failure = error
    except web.HTTPRequestEntityTooLarge:
        failure = ApiError("trop_long")
    except (web.RequestPayloadError, HttpProcessingError):  # a part of a form whose own headers are none
        failure = ApiError("champ")
    except web.HTTPNotFound:
        failure = ApiError("introuvable")
    except web.HTTPMethodNotAllowed as error:
        failure = ApiError("methode", headers={"Allow": ", ".join(sorted(error.allowed_methods))})
    except web.HTTPException:
        raise
    except StoreError as error:
        log.error("%s %s: store: %s", request.method, access.route(request), error)
        failure = ApiError("panne")
    except Exception as error:
        # The traceback, never the message of the exception: it may quote what a person wrote.
        log.error(
            "%s %s: %s\n%s",
            request.method,
            access.route(request),
            type(error).__name__,
            "".join(traceback.format_tb(error.__traceback__)),
        )
        failure = ApiError("panne", f"Référence de cette panne : {request_id.current()[:8]}.")
    request.app[METRICS].refused.labels(failure.code).inc()
    return pages.failed(request, failure)


@contextlib.asynccontextmanager
async def texting(
    app: web.Application, provider: Provider | None, session: aiohttp.ClientSession
) -> AsyncIterator[None]:
    """Take in, answer and send text messages as long as this lasts, when there is a provider."""
    if provider is None:
        yield
        return

    def steady_now() -> datetime:
        return datetime.fromtimestamp(app[AGES](), ZoneInfo("Europe/Paris"))

    sms = Sms(app[SETTINGS], provider, app[BOX], app[CONVERSATIONS], session, app[METRICS].sms, steady_now)
    app[SMS] = sms
    app[HEALTH].probes["sms"] = probes.sms(sms.state)
    await sms.start()
    try:
        yield
    finally:
        await sms.stop()


def repeating(
    name: str, first: float, every: float, job: Callable[[web.Application], Awaitable[int]]
) -> Callable[[web.Application], AsyncIterator[None]]:
    """Return a resource of the application that does `job` after `first` seconds, then `every` seconds; it returns how many went."""

    async def forever(app: web.Application) -> None:
        await asyncio.sleep(first)
        while True:
            try:
                if gone := await job(app):
                    log.info("%s: %d conversations", name, gone)
            except Exception as error:
                log.error("%s: %s", name, type(error).__name__)
            await asyncio.sleep(every)

    async def context(app: web.Application) -> AsyncIterator[None]:
        task = asyncio.create_task(forever(app))
        yield
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task

    return context


async def _purge(app: web.Application) -> int:
    kept_for = app[SETTINGS].retention_days * DAY
    # No clock tells whether it was right when the process began: a day is left to who would put it right.
    ages = app[AGES]
    if ages.up < DAY and await app[CONVERSATIONS].is_all_old(kept_for, ages() - ages.up):
        log.error("purge put off: nothing would be left; is the date of this machine right? (docs/architecture.md)")
        return 0
    gone, everywhere = await app[CONVERSATIONS].purge(kept_for)
    await app[BOX].purge()
    if everywhere:
        app[METRICS].purged.set_to_current_time()
    return gone


async def _clear_workshop(app: web.Application) -> int:
    return await app[CONVERSATIONS].clear_workshop(app[SETTINGS].workshop_forget_minutes * 60)


def create_app(
    settings: Settings, now: Clock = paris_now, provider: Provider | None = None, ages: Steady | None = None
) -> web.Application:
    """Return the gateway; `now` is the clock that decides which figures are current (tests freeze it).

    `provider` carries text messages instead of the one of the settings. `ages` is the clock of what is kept and due, that
    does not jump; by default it does as `now`.
    """
    app = web.Application(middlewares=[access.traced, compress, errors, hurry, cors.guard], client_max_size=MAX_BODY)
    app[SETTINGS] = settings
    rates = (
        Rates.parse(settings.rate_per_conversation, settings.rate_per_address) if settings.rate_limit == "on" else None
    )
    ages = app[AGES] = ages or Steady(lambda: now().timestamp(), lambda: now().timestamp())
    tokens = Tokens(settings.keys(), settings.retention_days, ages)
    shared = Shared(settings.redis_url) if settings.redis_url else None
    app[LIMITS] = Limits(rates, shared, lambda key: tokens.derive("limit", key), ages.look)
    book = LiveBook(context={"conservation": settings.conservation})
    content = ContentCollector(book, now)
    app[METRICS] = Metrics(settings.directory, settings.imports, lambda: book.book.answers, (content,))
    app[PAGES] = Pages(book, now, identity.load())
    provider = provider or providers.create(settings)

    async def resources(app: web.Application) -> AsyncIterator[None]:
        store = Standby(settings.database)
        await store.open()
        # No limit of connections: who waits for Rasa must wait there, where it is seen whether it lives.
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
            brain = Brain(session, settings.rasas, settings.brain_secret, settings.turn_timeout)
            assistant = Assistant(brain, book, now)
            app[CONVERSATIONS] = Conversations(assistant, store, tokens, ages, Locks(shared))
            app[FEEDBACK] = Feedback(store, book, lambda: now().date())
            app[METRICS].queue.set_function(lambda: brain.admission.waiting)
            app[METRICS].clock.set_function(lambda: ages.jump)
            app[HEALTH] = Health(
                {
                    "brain": probes.brain(brain, app[METRICS].members),
                    "actions": probes.actions(session, settings.actions),
                    "store": probes.store(store, app[METRICS].keeping),
                    **({"redis": probes.redis(shared)} if shared else {}),
                    "directory": probes.directory(settings.directory, settings.imports, bool(settings.actions_url)),
                    "disk": probes.disk(settings.var_dir),
                    "texts": probes.texts(content),
                }
            )
            app[BOX] = Box(settings, store, ages)
            async with contextlib.aclosing(brain), texting(app, provider, session):
                yield
        await store.close()
        if shared is not None:
            await shared.aclose()

    app.cleanup_ctx.append(resources)
    app.cleanup_ctx.append(repeating("purge", FIRST_PURGE, PURGE_EVERY, _purge))
    app.cleanup_ctx.append(repeating("workshop", WORKSHOP_EVERY, WORKSHOP_EVERY, _clear_workshop))
    app.cleanup_ctx.append(measures)
    app.on_response_prepare.extend([cors.add_headers, add_headers, access.add_id])
    app.add_routes(api.routes)
    app.add_routes(site.routes)
    app.add_routes(embed.routes)
    app.add_routes(workshop.routes)
    app.add_routes(feedback.routes)
    app.add_routes(transcript.routes)
    app.add_routes(pages.routes)
    app[PAGES].assets.mount(app)
    sms_routes.add_routes(app, settings, app[METRICS].sms)
    return app


def run(settings: Settings) -> None:
    """Serve until stopped."""
    logs.configure(settings.log_format)
    logging.getLogger("aiohttp.server").setLevel(logging.ERROR)  # it quotes requests; ours says what kind of fault
    asyncio.run(_serve(settings))


async def _serve(settings: Settings) -> None:
    # Left to a turn under way when we are told to stop, and to one of the same conversation that waits for it.
    drain = 2 * settings.turn_timeout + 2
    # Behind a proxy everybody has its address: it counts people's connections (deploy/nginx).
    per_address = PER_ADDRESS if settings.rate_limit == "on" and not settings.behind_proxy else 0
    runner = Runner(create_app(settings, ages=Steady()), per_address, drain)
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    for signum in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(signum, stop.set)
    try:
        try:
            await runner.setup()
            await web.TCPSite(runner, settings.host, settings.port).start()
        except (OSError, SettingsError, StoreUnusable) as error:
            log.critical("la passerelle ne démarre pas : %s", error)
            raise SystemExit(1) from None
        await stop.wait()
        # A second Ctrl-C ends at once. Not a second SIGTERM: a service manager may send it to us and to who started us.
        loop.remove_signal_handler(signal.SIGINT)
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    finally:
        await runner.cleanup()


__all__ = ["create_app", "paris_now", "run"]
