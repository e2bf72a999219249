"""Tests for `make run` as a person runs it: real processes, clear sentences, clean ends."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from bot.paths import ROOT
from tests.live import free_port

pytestmark = pytest.mark.live


@contextmanager
def running(folder: Path, **settings: str) -> Iterator["subprocess.Popen[str]"]:
    """Start everything, on free ports and stores of its own; kill what is left at the end."""
    environment = {
        **os.environ, "VAR_DIR": str(folder), "PORT": str(free_port()), "RASA_PORT": str(free_port()), "ACTIONS_PORT": str(free_port()), "METRICS_PORT": "0",
        **settings,
    }  # fmt: skip
    process = subprocess.Popen(
        [sys.executable, "-m", "bot", "run"],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    children: list[psutil.Process] = []
    try:
        yield process
        children = psutil.Process(process.pid).children(recursive=True) if process.poll() is None else []
    finally:
        process.kill()
        process.wait()
        if process.stdout:
            process.stdout.close()
        for child in children:
            if child.is_running():
                child.kill()


def read_until(process: "subprocess.Popen[str]", pattern: str) -> str:
    """Return what the process printed up to a line that matches `pattern`."""
    assert process.stdout is not None
    lines = []
    for line in process.stdout:
        lines.append(line)
        if re.search(pattern, line):
            return "".join(lines)
    raise AssertionError("".join(lines))


def test_start_answer_and_stop(tmp_path: Path) -> None:
    """It says where it answers, answers there, runs Rasa as a child, and Ctrl-C stops every process with code 0."""
    with running(tmp_path) as process:
        address = re.findall(r"http://\S+", read_until(process, "répond sur"))[0]
        with urllib.request.urlopen(address, timeout=10) as page:
            assert "assistant automatique" in page.read().decode()
        # An action says this: Rasa reaches the action server, with the secret that they share.
        with urllib.request.urlopen(f"{address}/api/messages", b'{"text": "oui"}', timeout=20) as reply:
            assert "Oui à quoi" in reply.read().decode()
        children = psutil.Process(process.pid).children(recursive=True)
        assert any("rasa run" in " ".join(child.cmdline()).replace("bin/rasa", "rasa") for child in children)
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 0
        _, alive = psutil.wait_procs(children, timeout=5)
        assert not alive


def test_port_in_use(tmp_path: Path) -> None:
    """A port in use is named at once, with a way out, and the exit code says failure."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with running(tmp_path, PORT=str(port)) as process:
            said = read_until(process, "déjà pris")
            assert f"make run PORT={port + 1}" in said
            assert process.wait(30) == 1


def test_dead_child(tmp_path: Path) -> None:
    """When Rasa dies, it is said, the others are stopped, and the exit code says failure."""
    with running(tmp_path) as process:
        read_until(process, "répond sur")
        children = psutil.Process(process.pid).children(recursive=True)
        rasa = next(child for child in children if "bin/rasa" in " ".join(child.cmdline()))
        rasa.kill()
        assert "« rasa » s'est arrêté" in read_until(process, "s'est arrêté")
        assert process.wait(60) == 1
        _, alive = psutil.wait_procs(children, timeout=5)
        assert not alive


@pytest.mark.parametrize(
    ("settings", "complaint"),
    [
        ({"PORT": "beaucoup"}, "PORT"),
        ({"PORT": "99999"}, "PORT"),
        ({"TURN_TIMEOUT": "-1"}, "TURN_TIMEOUT"),
        ({"RATE_LIMIT": "peut-être"}, "RATE_LIMIT"),
    ],
)
def test_faulty_setting(tmp_path: Path, settings: dict[str, str], complaint: str) -> None:
    """A faulty setting is refused by its name."""
    result = subprocess.run(
        [sys.executable, "-m", "bot", "gateway"],
        cwd=ROOT,
        env={**os.environ, "VAR_DIR": str(tmp_path), **settings},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 2
    assert complaint in result.stderr


def test_missing_python() -> None:
    """Without the Python that Rasa needs, one sentence says what to install."""
    environment = {"PATH": "/usr/bin:/bin", "HOME": "/nonexistent", "PYENV_ROOT": "/nonexistent"}
    result = subprocess.run(
        [str(ROOT / "scripts/find-python"), "3.99"], env=environment, capture_output=True, text=True, check=False
    )
    assert result.returncode == 1
    assert "Python 3.99 est introuvable" in result.stderr


@pytest.mark.long
def test_killed_run_leaves_nothing(tmp_path: Path) -> None:
    """Killed outright, `make run` takes its children with it, and the next one starts on the same stores."""
    with running(tmp_path) as process:
        read_until(process, "répond sur")
        children = psutil.Process(process.pid).children(recursive=True)
        process.kill()
        process.wait()
        _, alive = psutil.wait_procs(children, timeout=20)
        assert not alive
    with running(tmp_path) as process:
        read_until(process, "répond sur")


@pytest.mark.long
def test_conversation_survives_a_restart(tmp_path: Path) -> None:
    """Stopped and started again, a conversation goes on where it was."""
    import json

    def say(address: str, body: dict[str, str]) -> dict[str, str]:
        request = urllib.request.Request(
            f"{address}/api/messages", json.dumps(body).encode(), {"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=20) as response:
            reply: dict[str, str] = json.loads(response.read())
        return reply

    token = ""
    for text in ("combien de rsa pour un couple", "répète"):
        with running(tmp_path) as process:
            address = re.findall(r"http://\S+", read_until(process, "répond sur"))[0]
            reply = say(address, {"text": text, **({"conversation": token} if token else {})})
            token = reply["conversation"]
            process.send_signal(signal.SIGTERM)
            assert process.wait(60) == 0
    assert "977,54" in json.dumps(reply)


@pytest.mark.long
def test_rasa_killed_under_load(tmp_path: Path) -> None:
    """Fifty conversations while the actions hang: every message gets a sentence, within the limit."""
    import json
    from concurrent.futures import ThreadPoolExecutor

    with running(tmp_path, RATE_LIMIT="off", TURN_TIMEOUT="4") as process:
        address = re.findall(r"http://\S+", read_until(process, "répond sur"))[0]

        def say(number: int) -> float:
            started = time.monotonic()
            body = json.dumps({"text": ["combien de rsa", "répète", "oui", "mon mari me frappe"][number % 4]}).encode()
            request = urllib.request.Request(f"{address}/api/messages", body, {"Content-Type": "application/json"})
            with urllib.request.urlopen(request, timeout=30) as response:
                reply = json.loads(response.read())
            assert reply["messages"][0]["text"]
            if number % 4 == 3:
                assert "17" in reply["messages"][0]["text"]
            return time.monotonic() - started

        actions = next(
            child for child in psutil.Process(process.pid).children(recursive=True) if "actions" in child.cmdline()
        )
        actions.suspend()
        with ThreadPoolExecutor(10) as pool:
            times = list(pool.map(say, range(50)))
        actions.resume()
        assert len(times) == 50
