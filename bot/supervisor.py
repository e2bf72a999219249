"""`make run`: trains if needed, starts Rasa, the actions and the gateway, watches them, stops them together."""

import asyncio
import contextlib
import ctypes
import json
import logging
import os
import secrets
import signal
import socket
import sqlite3
import sys
import time
from asyncio.subprocess import Process
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

import aiohttp
import yaml

from bot import training
from bot.directory import assemble
from bot.health import NEEDED
from bot.paths import ROOT
from bot.privacy import logs
from bot.settings import Settings

log = logging.getLogger(__name__)

START_TIMEOUT = 180.0
STOP_TIMEOUT = 15.0
#: Seconds between two looks at the logs.
LOGS_EVERY = 600.0


class Failure(Exception):
    """Something that stops `make run`; the message is what the person reads."""


@dataclass
class Child:
    """One of the processes."""

    name: str
    process: Process
    log: Path


class Progress:
    """One line that says what is going on; repeated lines where there is no terminal."""

    def __init__(self) -> None:
        self._started = time.monotonic()
        self._last = ""

    def say(self, what: str) -> None:
        """Show what is going on."""
        seconds = int(time.monotonic() - self._started)
        if sys.stdout.isatty():
            sys.stdout.write(f"\r\033[K{what} ({seconds} s)")
        elif what != self._last:
            sys.stdout.write(f"{what}\n")
        sys.stdout.flush()
        self._last = what

    def end(self, what: str) -> None:
        """Show what came of it, on a line that stays."""
        sys.stdout.write(("\r\033[K" if sys.stdout.isatty() else "") + what + "\n")
        sys.stdout.flush()


def _is_free(host: str, port: int) -> bool:
    with contextlib.closing(socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def _inner_port(wanted: int) -> int:
    """Return `wanted`, or any free port when something else already listens there: nobody outside sees it."""
    if _is_free("127.0.0.1", wanted):
        return wanted
    with contextlib.closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _die_with_parent() -> None:
    """Ask Linux to end this child when `make run` dies, however it dies."""
    with contextlib.suppress(OSError):
        ctypes.CDLL(None).prctl(1, signal.SIGTERM)


class Supervisor:
    """The processes of one machine."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._children: list[Child] = []
        self._progress = Progress()
        self._stop = asyncio.Event()

    async def run(self) -> int:
        """Run until Ctrl-C or the death of a child; return the exit code."""
        loop = asyncio.get_running_loop()
        for signum in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(signum, self._stop.set)
        settings = self._settings
        try:
            if not _is_free(settings.host, settings.port):
                raise Failure(
                    f"Le port {settings.port} est déjà pris sur {settings.host}. Choisissez-en un autre : make run PORT={settings.port + 1}"
                )
            await self._train()
            await self._start()
            await self._wait_until_ready()
            self._progress.end(f"L'assistant répond sur http://{settings.host}:{settings.port} (Ctrl-C pour arrêter)")
            await self._watch()
        except Failure as failure:
            self._progress.end(f"✗ {failure}")
            return 1
        except asyncio.CancelledError:
            return 0
        finally:
            await self._stop_all()
        return 0

    async def train_only(self) -> int:
        """Train if needed; return the exit code."""
        started = time.monotonic()
        known = training.trained() is not None
        try:
            await self._train()
        except Failure as failure:
            self._progress.end(f"✗ {failure}")
            return 1
        self._progress.end(
            "Le modèle est à jour." if known else f"Modèle entraîné en {time.monotonic() - started:.0f} s."
        )
        return 0

    async def _train(self) -> None:
        if training.trained():
            return
        training.MODELS.mkdir(exist_ok=True)
        name = training.model_name()
        path = self._log("train")
        with path.open("wb") as log:
            process = await asyncio.create_subprocess_exec(
                *training.train_command(name),
                cwd=ROOT,
                env=training.rasa_environment(),
                stdout=log,
                stderr=log,
                preexec_fn=_die_with_parent,
            )
        waiting = asyncio.ensure_future(process.wait())
        while not waiting.done():
            self._progress.say("Apprentissage du français des habitants (une à deux minutes, la première fois)")
            await asyncio.wait(
                [waiting, asyncio.ensure_future(self._stop.wait())], timeout=1, return_when=asyncio.FIRST_COMPLETED
            )
            if self._stop.is_set():
                process.terminate()
                await process.wait()
                raise asyncio.CancelledError
        if process.returncode or not training.path_of(name).exists():
            raise Failure(f"L'apprentissage a échoué. Vérifiez les données (make check) ; détails : {path}")

    def _log(self, name: str) -> Path:
        folder = self._settings.var_dir / "log"
        folder.mkdir(parents=True, exist_ok=True)
        return folder / f"{name}.log"

    async def _spawn(self, name: str, command: list[str], environment: dict[str, str]) -> None:
        path = self._log(name)
        path.unlink(missing_ok=True)
        with path.open("ab") as log:  # to append: it is cut while the process writes (see bot.privacy.logs)
            # A session of its own: Ctrl-C reaches us first, and we stop them in order.
            process = await asyncio.create_subprocess_exec(
                *command,
                cwd=ROOT,
                env=environment,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=_die_with_parent,
            )
        self._children.append(Child(name, process, path))

    async def _start(self) -> None:
        settings = self._settings
        rasa_port, actions_port = _inner_port(settings.rasa_port), _inner_port(settings.actions_port)
        endpoints = yaml.safe_load((ROOT / "endpoints.yml").read_text(encoding="utf-8"))
        endpoints["action_endpoint"]["url"] = f"http://127.0.0.1:{actions_port}/webhook"
        # Rasa reads the secret in its environment: it is not written here.
        endpoints["action_endpoint"]["headers"] = {"Authorization": "Bearer ${BRAIN_SECRET}"}
        path = settings.var_dir / "endpoints.yml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(yaml.safe_dump(endpoints), encoding="utf-8")
        try:
            assemble.ensure(settings.directory, settings.imports)
        except (OSError, sqlite3.Error) as error:
            # The actions answer from the embedded places: no reason not to start.
            log.warning("annuaire non écrit (%s) : %s", type(error).__name__, settings.directory)
        environment = {
            **training.rasa_environment(),
            "BRAIN_SECRET": settings.brain_secret or secrets.token_urlsafe(32),
            "TRACKER_URL": settings.tracker,
            "DIRECTORY_PATH": str(settings.directory),
            "RASA_PORT": str(rasa_port),
            "ACTIONS_PORT": str(actions_port),
        }
        self._tell_where(environment)
        binaries = ROOT / ".venv" / "bin"
        await self._spawn("actions", [str(binaries / "python"), "-m", "actions", str(actions_port)], environment)
        await self._spawn(
            "rasa",
            [str(binaries / "rasa"), "run", "--interface", "127.0.0.1", "--port", str(rasa_port), "--endpoints", str(path),
             "--credentials", "credentials.yml", "--model", "models"],
            environment,
        )  # fmt: skip
        gateway_environment = {key: value for key, value in environment.items() if key != "PYTHONWARNINGS"}
        await self._spawn("passerelle", [sys.executable, "-m", "bot", "gateway"], gateway_environment)

    def _tell_where(self, environment: dict[str, str]) -> None:
        """Write where Rasa is and its secret, for us only: the SMS console finds them there."""
        path = self._settings.var_dir / "run.json"
        path.unlink(missing_ok=True)
        path.touch(mode=0o600)
        path.write_text(
            json.dumps({"rasa_port": environment["RASA_PORT"], "brain_secret": environment["BRAIN_SECRET"]}),
            encoding="utf-8",
        )

    def _dead(self) -> Child | None:
        return next((child for child in self._children if child.process.returncode is not None), None)

    def _blame(self, child: Child) -> Failure:
        return Failure(
            f"Le processus « {child.name} » s'est arrêté (code {child.process.returncode}). Détails : {child.log}"
        )

    async def _wait_until_ready(self) -> None:
        host = "127.0.0.1" if self._settings.host in {"0.0.0.0", "::"} else self._settings.host
        url = f"http://{host}:{self._settings.port}/health"
        deadline = time.monotonic() + START_TIMEOUT
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=5)) as session:
            while True:
                if self._stop.is_set():
                    raise asyncio.CancelledError
                if child := self._dead():
                    raise self._blame(child)
                parts = {}
                with contextlib.suppress(aiohttp.ClientError, asyncio.TimeoutError, ValueError):
                    async with session.get(url) as response:
                        parts = (await response.json())["parts"]
                if parts and all(parts.get(part) == "ok" for part in NEEDED):
                    return
                names = {"brain": "Rasa", "actions": "actions", "store": "mémoire"}
                done = (
                    ", ".join(f"{names[part]} {'✓' if parts.get(part) == 'ok' else '…'}" for part in NEEDED if parts)
                    or "passerelle …"
                )
                self._progress.say(f"Démarrage : {done}")
                if time.monotonic() > deadline:
                    raise Failure(
                        f"L'assistant n'a pas démarré en {START_TIMEOUT:.0f} s. Détails : {self._settings.var_dir / 'log'}"
                    )
                await asyncio.sleep(0.5)

    async def _keep_logs(self) -> None:
        """Set the logs aside each day, or when they are large, and delete those that have passed their time."""
        begun = datetime.now(timezone.utc)
        while True:
            now = datetime.now(timezone.utc)
            day_is_over = (now - begun).total_seconds() >= logs.DAY
            try:
                for child in self._children:
                    if day_is_over or child.log.stat().st_size > logs.MAX_LOG:
                        logs.set_aside(child.log, now)
                logs.purge(self._settings.var_dir / "log", now.timestamp() - self._settings.retention_days * logs.DAY)
            except OSError as error:
                log.warning("journaux : %s", type(error).__name__)
            begun = now if day_is_over else begun
            await asyncio.sleep(LOGS_EVERY)

    async def _watch(self) -> None:
        waits = [asyncio.ensure_future(child.process.wait()) for child in self._children]
        stop = asyncio.ensure_future(self._stop.wait())
        tidying = asyncio.ensure_future(self._keep_logs())
        await asyncio.wait([*waits, stop], return_when=asyncio.FIRST_COMPLETED)
        tidying.cancel()
        if not self._stop.is_set() and (child := self._dead()):
            raise self._blame(child)

    async def _stop_all(self) -> None:
        """End the gateway first, so that turns under way still find Rasa; then the others."""
        for child in reversed(self._children):
            if child.process.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    child.process.terminate()
                try:
                    await asyncio.wait_for(child.process.wait(), STOP_TIMEOUT)
                except asyncio.TimeoutError:
                    with contextlib.suppress(ProcessLookupError):
                        os.killpg(child.process.pid, signal.SIGKILL)
                    await child.process.wait()
        if self._children:
            (self._settings.var_dir / "run.json").unlink(missing_ok=True)
            self._progress.end("Arrêté.")


def train(settings: Settings) -> int:
    """Train if the data changed; return the exit code."""
    return asyncio.run(Supervisor(settings).train_only())


def run(settings: Settings) -> int:
    """Run everything on this machine; return the exit code."""
    return asyncio.run(Supervisor(settings).run())
