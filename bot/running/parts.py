"""What `make run` starts: which process is where, told what, and how long it may take to end."""

import contextlib
import secrets
import socket
import sys
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from yarl import URL

from bot import training
from bot.paths import ROOT
from bot.running.children import Failure, Part
from bot.settings import Settings

LOOPBACK = "127.0.0.1"
#: Seconds that Rasa and the actions are left to end what is under way: Sanic cuts it after fifteen.
BRAIN_STOP = 20.0
#: What our channel in Rasa answers when the model could not be loaded: only another start, on another model, can help.
NO_MODEL = ("no model", "n'a pas pu lire son modèle")

Command = Callable[[], Awaitable[Sequence[str]]]


def is_free(host: str, port: int) -> bool:
    """Tell whether a port can be listened on."""
    with contextlib.closing(socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def _inner_ports(wanted: int, count: int, taken: set[int]) -> list[int]:
    """Return `count` free loopback ports, `wanted` first when it is one: nobody outside sees them."""
    ports = [wanted] if wanted not in taken and is_free(LOOPBACK, wanted) else []
    while len(ports) < count:
        with contextlib.closing(socket.socket()) as probe:
            probe.bind((LOOPBACK, 0))
            port = int(probe.getsockname()[1])
        if port not in ports and port not in taken:
            ports.append(port)
    return ports


@dataclass(frozen=True)
class Plan:
    """Where everything is: what we start, and what runs elsewhere (`rasa_ports` or `actions_port` empty)."""

    rasa_urls: tuple[str, ...]
    actions_url: str
    rasa_ports: tuple[int, ...]
    actions_port: int | None
    secret: str

    @property
    def elsewhere(self) -> list[str]:
        """What is not ours to start, in French."""
        rasa = [] if self.rasa_ports else [f"Rasa ({', '.join(self.rasa_urls)})"]
        return rasa + ([] if self.actions_port else [f"les actions ({self.actions_url})"])


def plan(settings: Settings) -> Plan:
    """Choose the ports; raise Failure when the settings do not hold together."""
    if settings.rasa_url and not settings.brain_secret:
        raise Failure("RASA_URL est réglé : donnez aussi BRAIN_SECRET, le secret de ce Rasa.")
    actions = [] if settings.actions_url else _inner_ports(settings.actions_port, 1, set())
    rasas = [] if settings.rasa_url else _inner_ports(settings.rasa_port, settings.rasa_processes, set(actions))
    return Plan(
        rasa_urls=tuple(settings.rasas) if settings.rasa_url else tuple(f"http://{LOOPBACK}:{port}" for port in rasas),
        actions_url=settings.actions_url or f"http://{LOOPBACK}:{actions[0]}",
        rasa_ports=tuple(rasas),
        actions_port=actions[0] if actions else None,
        secret=settings.brain_secret or secrets.token_urlsafe(32),
    )


def environment(settings: Settings, where: Plan) -> dict[str, str]:
    """Return the environment of the parts."""
    known = {
        "BRAIN_SECRET": where.secret,
        "TRACKER_URL": settings.tracker,
        "DIRECTORY_PATH": str(settings.directory),
        "RASA_URL": ",".join(where.rasa_urls),
        "ACTIONS_URL": where.actions_url,
    }
    return {**training.rasa_environment(), **known}


def address(settings: Settings) -> URL:
    """Return where the site answers, asked from this machine."""
    host = {"0.0.0.0": LOOPBACK, "::": "::1"}.get(settings.host, settings.host)
    return URL.build(scheme="http", host=host, port=settings.port)


def parts(settings: Settings, where: Plan, model: Callable[[], Awaitable[Path]]) -> list[Part]:
    """Return the parts in the order in which they are started; they are stopped in the other. `model` gives Rasa's."""
    told = environment(settings, where)
    log = settings.var_dir / "log"
    bearer = {"Authorization": f"Bearer {where.secret}"}
    binaries = ROOT / ".venv" / "bin"
    made = []
    if where.actions_port:
        url = f"{where.actions_url}/health"
        command = [str(binaries / "python"), "-m", "actions", str(where.actions_port)]
        made.append(Part("actions", always(command), told, log / "actions.log", url, url, BRAIN_STOP))

    def rasa(port: int) -> Command:
        async def command() -> Sequence[str]:
            return [
                str(binaries / "rasa"), "run", "--interface", LOOPBACK, "--port", str(port), "--endpoints", "deploy/endpoints.yml",
                "--credentials", "credentials.yml", "--model", str(await model()),
            ]  # fmt: skip

        return command

    for number, (port, url) in enumerate(zip(where.rasa_ports, where.rasa_urls, strict=False), 1):
        name = "rasa" if number == 1 else f"rasa-{number}"
        ready = f"{url}/webhooks/assistant/"
        made.append(Part(name, rasa(port), told, log / f"{name}.log", f"{url}/", ready, BRAIN_STOP, bearer, NO_MODEL))

    url = str(address(settings).with_path("/robots.txt"))  # read from no disk, counted nowhere
    outside = {key: value for key, value in told.items() if key != "PYTHONWARNINGS"}
    command = [sys.executable, "-m", "bot", "gateway"]
    # Two turns, twice for a client that sends slowly (see bot.gateway), then the text messages in hand.
    patience = 4 * settings.turn_timeout + 30
    made.append(Part("passerelle", always(command), outside, log / "passerelle.log", url, url, patience))
    return made


def always(command: Sequence[str]) -> Command:
    """Return what gives the same command at each start."""

    async def give() -> Sequence[str]:
        return command

    return give
