"""The systems under load, started as those who run them do, on free ports, with stores of their own."""

import contextlib
import hashlib
import os
import queue
import secrets
import shutil
import signal
import subprocess
import sys
import tarfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from benchmarks.load import processes
from benchmarks.load.doors import Channel, Door, Gateway, Rest, key
from bot import training
from bot.paths import ROOT
from tests.live import free_port

#: Seconds left to a system to start, on a busy machine.
START = 240.0
#: Where the peers' models are kept, never committed.
CACHE = ROOT / ".cache" / "load"
#: How straight Rasa is named: everything of ours is held to it.
STOCK = "rasa, REST"
RIVALS = ("logistic", "buerokratt", "rasa_diet", "ours")


@dataclass(frozen=True)
class System:
    """Something that answers people: its name, its door, its processes by part."""

    name: str
    door: Door
    group: processes.Group


@dataclass
class Started:
    """A process started here, in a session of its own."""

    process: "subprocess.Popen[str]"
    log: Path
    lines: "queue.Queue[str]" = field(default_factory=queue.Queue)

    def stop(self) -> None:
        """Ask it to stop, then make it."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait()


def _start(command: list[str], environment: dict[str, str], log: Path) -> Started:
    with log.open("ab") as out:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=out,
            text=True,
            start_new_session=True,
        )
    started = Started(process, log)

    def drain() -> None:
        assert process.stdout is not None
        for line in process.stdout:
            started.lines.put(line)

    threading.Thread(target=drain, daemon=True).start()
    return started


def _wait_for(url: str, started: Started, headers: dict[str, str] | None = None) -> None:
    """Wait until `url` answers 200; raise RuntimeError when the process ends, or after START seconds."""
    deadline = time.monotonic() + START
    while time.monotonic() < deadline:
        if started.process.poll() is not None:
            break
        with contextlib.suppress(OSError, urllib.error.URLError):
            request = urllib.request.Request(url, headers=headers or {})
            with urllib.request.urlopen(request, timeout=5) as response:
                if response.status == 200:
                    return
        time.sleep(0.5)
    raise RuntimeError(f"{url}: not ready; see {started.log}")


@dataclass(frozen=True)
class Ours:
    """Our whole stack: the gateway's door, and where its Rasa and its actions are."""

    system: System
    rasa: str
    actions: str
    secret: str

    def channel(self) -> System:
        """Return its Rasa, straight, through our channel."""
        door = Channel(f"{self.rasa}/webhooks/assistant/turn", {"Authorization": f"Bearer {self.secret}"})
        group = {name: held for name, held in self.system.group.items() if name in {"rasa", "actions"}}
        return System("rasa, our channel", door, group)


@contextlib.contextmanager
def ours(folder: Path, rasas: int = 1) -> Iterator[Ours]:
    """Run our whole stack as `make run` starts it, limits lifted."""
    folder.mkdir(parents=True)
    port, rasa_port, actions_port = free_port(), free_port(), free_port()
    secret = secrets.token_urlsafe(32)
    environment = {
        **os.environ,
        "PORT": str(port),
        "RASA_PORT": str(rasa_port),
        "ACTIONS_PORT": str(actions_port),
        "METRICS_PORT": "0",
        "RATE_LIMIT": "off",
        "RASA_PROCESSES": str(rasas),
        "VAR_DIR": str(folder),
        "BRAIN_SECRET": secret,
    }
    started = _start([sys.executable, "-m", "bot", "run"], environment, folder / "run.log")
    try:
        _wait_for(f"http://127.0.0.1:{port}/health", started)
        group = processes.of_tree(started.process.pid)
        if len(group.get("rasa", [])) != rasas:
            raise RuntimeError(f"{rasas} Rasa wanted, {len(group.get('rasa', []))} found")
        name = f"ours, {rasas} Rasa"
        system = System(name, Gateway(f"http://127.0.0.1:{port}/api/messages"), group)
        yield Ours(system, f"http://127.0.0.1:{rasa_port}", f"http://127.0.0.1:{actions_port}", secret)
    finally:
        started.stop()


def texts(model: Path) -> dict[str, str]:
    """Return the id of each answer by what tells its text, as the model has it: the stock channel says only the words."""
    with tarfile.open(model) as packed:
        held = packed.extractfile("components/domain_provider/domain.yml")
        assert held is not None
        said = yaml.load(held, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))["responses"]
    return {key(one["text"]): name.removeprefix("utter_") for name, held in said.items() for one in held}


@contextlib.contextmanager
def stock_rasa(folder: Path, name: str, model: Path, actions: str | None = None, secret: str = "") -> Iterator[System]:
    """Run Rasa as everybody does: `rasa run`, its stock REST channel, its tracker store in memory."""
    folder.mkdir(parents=True)
    port = free_port()
    endpoints = {"action_endpoint": {"url": f"{actions}/webhook", "enable_selective_domain": True}} if actions else {}
    if secret:
        endpoints["action_endpoint"]["headers"] = {"Authorization": f"Bearer {secret}"}
    (folder / "endpoints.yml").write_text(yaml.safe_dump(endpoints), encoding="utf-8")
    (folder / "credentials.yml").write_text("rest:\n", encoding="utf-8")
    command = [
        str(ROOT / ".venv/bin/rasa"), "run", "--interface", "127.0.0.1", "--port", str(port), "--model", str(model),
        "--endpoints", str(folder / "endpoints.yml"), "--credentials", str(folder / "credentials.yml"),
    ]  # fmt: skip
    started = _start(command, training.rasa_environment(), folder / "rasa.log")
    try:
        base = f"http://127.0.0.1:{port}/webhooks/rest"
        _wait_for(f"{base}/", started)
        yield System(name, Rest(f"{base}/webhook", texts(model)), processes.of_tree(started.process.pid))
    finally:
        started.stop()


def _digest(name: str) -> str:
    """Return what tells when a peer must be trained again: its configuration; for ours, the code of its components too."""
    sources = [ROOT / "benchmarks/load/rivals.py", ROOT / "benchmarks/evaluate/peers.py"]
    held = hashlib.sha256(b"".join(path.read_bytes() for path in sources))
    if name == "ours":
        held.update(training.fingerprint().encode())
    return held.hexdigest()[:12]


def rival_model(name: str) -> Path:
    """Return the model of a peer, trained the first time (minutes, at the lowest priority): see rivals.py."""
    wanted = CACHE / f"{name}-{_digest(name)}.tar.gz"
    if not wanted.exists():
        for old in CACHE.glob(f"{name}-*.tar.gz"):
            old.unlink()
        print(f"  training {name}, once", flush=True)
        CACHE.mkdir(parents=True, exist_ok=True)
        command = [
            *(["nice", "-n", "15"] if shutil.which("nice") else []),
            str(ROOT / ".venv/bin/python"), "-W", "ignore", "-m", "benchmarks.load.rivals", name, str(wanted),
        ]  # fmt: skip
        log = CACHE / f"{name}.log"
        with log.open("wb") as out:
            done = subprocess.run(
                command, cwd=ROOT, env=training.rasa_environment(), stdout=out, stderr=out, check=False
            )
        if done.returncode:
            raise RuntimeError(f"{name} could not be trained: see {log}")
    return wanted
