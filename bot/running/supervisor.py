"""`make run`: trains if needed, starts Rasa, the actions and the gateway, keeps them running, stops them together."""

import asyncio
import contextlib
import json
import logging
import os
import signal
import sqlite3
import time
from collections.abc import Awaitable
from datetime import datetime, timezone
from pathlib import Path
from typing import TypeVar

import aiohttp

from bot.directory import assemble
from bot.privacy import logs
from bot.running.children import Failure, Keeper
from bot.running.parts import Plan, address, is_free, parts, plan
from bot.running.progress import Progress
from bot.running.trainer import Trainer, why
from bot.settings import Settings

log = logging.getLogger(__name__)

#: Seconds until everything must have answered.
START_TIMEOUT = 180.0
#: Seconds between two looks at the logs.
LOGS_EVERY = 600.0
#: Bytes without which it is no use to begin.
ROOM = 256 * 1024
T = TypeVar("T")


class Stopped(Exception):
    """Somebody asked for the end."""


class Supervisor:
    """The processes of one machine."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._keepers: list[Keeper] = []
        self._progress = Progress()
        self._stop = asyncio.Event()
        self._at_once = asyncio.Event()
        self._trainer = Trainer(settings.var_dir / "log" / "train.log", self._progress)

    def _interrupted(self) -> None:
        (self._at_once if self._stop.is_set() else self._stop).set()

    async def run(self) -> int:
        """Run until Ctrl-C; return the exit code. A second Ctrl-C ends at once."""
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGINT, self._interrupted)
        for signum in (signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(signum, self._stop.set)
        tasks: list[asyncio.Task[None]] = []
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(force_close=True, limit=0)) as session:
            try:
                self._check()
                where = plan(self._settings)
                if where.rasa_ports:
                    await self._or_stop(self._trainer.model())
                self._prepare(where)
                for part in parts(self._settings, where, self._trainer.model):
                    part.log.unlink(missing_ok=True)
                    self._keepers.append(Keeper(part, session, self._progress.note))
                tasks = [asyncio.create_task(keeper.keep()) for keeper in self._keepers]
                tasks.append(asyncio.create_task(self._keep_logs()))
                await self._or_stop(self._wait_until_ready(session, where, tasks))
                for keeper in self._keepers:
                    keeper.settled = True
                await self._or_stop(self._first_fault(tasks))
            except Failure as failure:
                self._progress.end(f"✗ {failure}")
                return 1
            except (Stopped, asyncio.CancelledError):
                return 0
            finally:
                await self._stop_all(tasks)
        return 0

    async def _or_stop(self, work: Awaitable[T]) -> T:
        """Return what `work` returns; raise Stopped when somebody asks for the end before."""
        task, stop = asyncio.ensure_future(work), asyncio.ensure_future(self._stop.wait())
        try:
            await asyncio.wait([task, stop], return_when=asyncio.FIRST_COMPLETED)
            if not task.done():
                raise Stopped
            return task.result()
        finally:
            stop.cancel()
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    def _check(self) -> None:
        """Raise Failure when it is no use to begin."""
        settings = self._settings
        if not is_free(settings.host, settings.port):
            raise Failure(
                f"Le port {settings.port} est déjà pris sur {settings.host}. Choisissez-en un autre : make run PORT={settings.port + 1}"
            )
        trial = settings.var_dir / "log" / ".essai"
        try:
            trial.parent.mkdir(parents=True, exist_ok=True)
            try:
                trial.write_bytes(bytes(ROOM))
            finally:
                trial.unlink(missing_ok=True)
        except OSError as error:
            raise Failure(
                f"Impossible d'écrire dans {settings.var_dir} : {why(error)}. Libérez de la place, ou donnez un autre dossier : "
                "make run VAR_DIR=…"
            ) from error

    def _prepare(self, where: Plan) -> None:
        """Write what the parts read: the directory of places, and for the SMS console, where Rasa is and its secret."""
        settings = self._settings
        try:
            assemble.ensure(settings.directory, settings.imports)
        except (OSError, sqlite3.Error) as error:
            # The actions answer from the embedded places: no reason not to start.
            log.warning("annuaire non écrit (%s) : %s", type(error).__name__, settings.directory)
        path = settings.var_dir / "run.json"
        known = {"rasa_url": ",".join(where.rasa_urls), "brain_secret": where.secret}
        with contextlib.suppress(OSError):
            path.unlink(missing_ok=True)
            path.touch(mode=0o600)
            path.write_text(json.dumps(known), encoding="utf-8")

    async def _wait_until_ready(
        self, session: aiohttp.ClientSession, where: Plan, tasks: list[asyncio.Task[None]]
    ) -> None:
        """Return once a turn can be answered, or once all that is ours is ready and only what is elsewhere is waited for."""
        site = address(self._settings)
        names = {"brain": "Rasa", "actions": "actions", "store": "mémoire"}
        deadline = time.monotonic() + START_TIMEOUT
        if where.elsewhere:
            self._progress.end(f"Non démarré ici, attendu ailleurs : {', '.join(where.elsewhere)}.")
        while True:
            for task in tasks:
                if task.done():
                    task.result()
            found: dict[str, str] = {}
            answers = False
            with contextlib.suppress(aiohttp.ClientError, asyncio.TimeoutError, ValueError, KeyError, TypeError):
                async with session.get(site.with_path("/health"), timeout=aiohttp.ClientTimeout(total=10)) as response:
                    answers = response.status == 200
                    found = (await response.json())["parts"]
            ours = all(keeper.ready for keeper in self._keepers)
            late = time.monotonic() > deadline
            if ours and (answers or (late and where.elsewhere)):
                self._progress.end(
                    f"L'assistant répond sur {site.origin()} (Ctrl-C pour arrêter)"
                    if answers
                    else f"La passerelle écoute sur {site.origin()}, mais rien ne répond encore de {', '.join(where.elsewhere)}."
                )
                return
            if late:
                raise Failure(
                    f"L'assistant n'a pas démarré en {START_TIMEOUT:.0f} s. Détails : {self._settings.var_dir / 'log'}"
                )
            shown = [f"{names[part]} {'✓' if found[part] == 'ok' else '…'}" for part in names if part in found]
            self._progress.say(f"Démarrage : {', '.join(shown) or 'passerelle …'}")
            await asyncio.sleep(0.5)

    async def _first_fault(self, tasks: list[asyncio.Task[None]]) -> None:
        """Raise the fault of a task that was to go on for ever."""
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        done.pop().result()

    async def _keep_logs(self) -> None:
        """Set the logs aside each day, or when they are large, and delete those that have passed their time."""
        begun = datetime.now(timezone.utc)
        while True:
            await asyncio.sleep(LOGS_EVERY)
            now = datetime.now(timezone.utc)
            day_is_over = (now - begun).total_seconds() >= logs.DAY
            begun = now if day_is_over else begun
            for keeper in self._keepers:
                with contextlib.suppress(OSError):
                    self._tidy(keeper.part.log, now, day_is_over)
            with contextlib.suppress(OSError):
                logs.purge(self._settings.var_dir / "log", now.timestamp() - self._settings.retention_days * logs.DAY)

    @staticmethod
    def _tidy(path: Path, now: datetime, day_is_over: bool) -> None:
        is_large = path.stat().st_size > logs.MAX_LOG
        if not (day_is_over or is_large):
            return
        try:
            logs.set_aside(path, now)
        except OSError as error:
            log.warning("journaux : %s", type(error).__name__)
            if is_large:  # no room for a copy: what people are answered comes before what was logged
                os.truncate(path, 0)

    async def _stop_all(self, tasks: list[asyncio.Task[None]]) -> None:
        """End the gateway first, so that turns under way still find Rasa; then Rasa, which still finds the actions."""
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if not self._keepers:
            return
        stopping = asyncio.ensure_future(self._in_order())
        hurry = asyncio.ensure_future(self._at_once.wait())
        await asyncio.wait([stopping, hurry], return_when=asyncio.FIRST_COMPLETED)
        if not stopping.done():
            self._progress.end("Arrêt immédiat.")
            for keeper in self._keepers:
                keeper.kill()
        await stopping
        hurry.cancel()
        with contextlib.suppress(OSError):
            (self._settings.var_dir / "run.json").unlink(missing_ok=True)
        self._progress.end("Arrêté.")

    async def _in_order(self) -> None:
        self._progress.say("Arrêt : les réponses en cours s'achèvent")
        for kind in ("passerelle", "rasa", "actions"):
            await asyncio.gather(*(one.stop() for one in self._keepers if one.part.name.startswith(kind)))


def run(settings: Settings) -> int:
    """Run everything on this machine; return the exit code."""
    return asyncio.run(Supervisor(settings).run())
