"""compose.yml and the Dockerfile as a machine without Docker can run them: each service a process, on a loopback address of its own.

Every address of 127.0.0.0/8 is this machine: a service listens on its own, on the very ports of its container, and the only
things that change in what compose.yml says are names (made addresses) and folders. So what is wrong there fails here.
"""

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from bot.paths import ROOT

FILE = ROOT / "compose.yml"
_VARIABLE = re.compile(r"\$\$|\$\{(\w+)(?::([?-])([^}]*))?\}")
#: What a processor needs for its mathematics to be right, and no setting of ours.
_OF_THE_MACHINE = ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")


class MissingVariable(Exception):
    """A variable that compose.yml demands is not set; the message is its own."""


def interpolated(value: Any, environment: Mapping[str, str]) -> Any:
    """Return `value` with its variables replaced, as Docker Compose does."""
    if isinstance(value, dict):
        return {key: interpolated(one, environment) for key, one in value.items()}
    if isinstance(value, list):
        return [interpolated(one, environment) for one in value]
    if not isinstance(value, str):
        return value

    def replace(match: re.Match[str]) -> str:
        if match[0] == "$$":
            return "$"
        if found := environment.get(match[1], ""):
            return found
        if match[2] == "?":
            raise MissingVariable(f"{match[1]}: {match[3]}")
        return match[3] or ""

    return _VARIABLE.sub(replace, value)


@dataclass
class Target:
    """What the Dockerfile says of an image: its environment, its command, how it is told to be well."""

    environment: dict[str, str] = field(default_factory=dict)
    command: list[str] = field(default_factory=list)
    health: list[str] = field(default_factory=list)
    user: str = ""


def targets() -> dict[str, Target]:
    """Return the targets of the Dockerfile, each with what it has from the one that it is made from."""
    made: dict[str, Target] = {}
    current = Target()
    for line in (ROOT / "Dockerfile").read_text(encoding="utf-8").splitlines():
        word, _, rest = line.partition(" ")
        if word == "FROM":
            parent, _, name = rest.partition(" AS ")
            known = made.get(parent, Target())
            current = made[name] = Target(dict(known.environment), known.command, known.health, known.user)
        elif word == "ENV":
            current.environment |= dict(pair.split("=", 1) for pair in rest.split())
        elif word == "CMD":
            current.command = json.loads(rest)
        elif word == "HEALTHCHECK":
            current.health = json.loads(rest.partition(" CMD ")[2])
        elif word == "USER":
            current.user = rest
    return made


@dataclass(frozen=True)
class Service:
    """One service: what it runs, with which environment, as compose.yml and its image say."""

    name: str
    command: list[str]
    environment: dict[str, str]
    health: list[str]
    raw: dict[str, Any]


def services(environment: Mapping[str, str]) -> dict[str, Service]:
    """Return the services of compose.yml, its variables taken from `environment`. Raise MissingVariable."""
    known = targets()
    found = {}
    for name, raw in interpolated(yaml.safe_load(FILE.read_text(encoding="utf-8")), environment)["services"].items():
        target = known[raw["build"]["target"]] if "build" in raw else Target()
        given = {
            key: environment.get(key) if value is None else str(value)
            for key, value in (raw.get("environment") or {}).items()
        }
        found[name] = Service(
            name,
            raw.get("command") or target.command,
            target.environment | {key: value for key, value in given.items() if value is not None},
            target.health,
            raw,
        )
    return found


class Loopback:
    """Addresses of this machine for the services, and folders for those of the containers."""

    def __init__(self, names: list[str], folder: Path) -> None:
        # Two runs at once do not meet: their processes have different numbers.
        network = f"127.{20 + os.getpid() % 200}.{os.getpid() // 200 % 250}"
        self.address = {name: f"{network}.{number}" for number, name in enumerate(names, 10)}
        self._folder = folder
        longest_first = "|".join(sorted(map(re.escape, names), key=len, reverse=True))
        self._named = re.compile(rf"(?<![\w.-])({longest_first})(?=:\d)")

    def here(self, text: str, service: str) -> str:
        """Return what `text`, said in the container of `service`, is on this machine."""
        text = self._named.sub(lambda match: self.address[match[1]], text)
        text = re.sub(r"\b(0\.0\.0\.0|127\.0\.0\.1)\b", self.address[service], text)
        return text.replace("/app/var", str(self._folder / "var")).replace("/app/", f"{ROOT}/")

    def environment(self, service: Service) -> dict[str, str]:
        """Return the whole environment of a service's process: nothing of ours leaks into it."""
        machine = {name: os.environ[name] for name in _OF_THE_MACHINE if name in os.environ}
        base = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", **machine}
        return base | {key: self.here(value, service.name) for key, value in service.environment.items()}

    def command(self, service: Service) -> list[str]:
        """Return what a service runs."""
        return [self.here(word, service.name) for word in service.command]
