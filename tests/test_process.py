"""Tests for `make run` as a person runs it: real processes, clear sentences, clean ends. Faults seen by people: tests/faults."""

import contextlib
import http.client
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest
import yaml

from bot import training
from bot.paths import ROOT
from tests.live import SECRET, LiveBrain
from tests.stack import Stack, running

pytestmark = pytest.mark.live

#: An answer that comes from the action server.
ASKED, ANSWERED = "oui", "Oui à quoi"


def test_start_answer_and_stop(tmp_path: Path) -> None:
    """It says where it answers, answers there, runs Rasa as a child; Ctrl-C with a turn under way answers it, refuses the next, ends all with code 0."""
    with running(tmp_path) as stack:
        stack.until("répond sur")
        with urllib.request.urlopen(stack.url, timeout=10) as page:
            assert "assistant automatique" in page.read().decode()
        # An action says this: Rasa reaches the action server, with the secret that they share.
        assert ANSWERED in stack.say(ASKED)["messages"][0]["text"]
        children = psutil.Process(stack.process.pid).children(recursive=True)
        assert any("rasa run" in " ".join(child.cmdline()).replace("bin/rasa", "rasa") for child in children)
        with (
            contextlib.closing(http.client.HTTPConnection("127.0.0.1", stack.port, timeout=10)) as idle,
            held(stack.parts("actions")) as actions,
            ThreadPoolExecutor(1) as pool,
        ):
            idle.request("GET", "/robots.txt")
            idle.getresponse().read()
            turn = pool.submit(stack.say, ASKED)
            time.sleep(1)
            stack.process.send_signal(signal.SIGINT)
            until_refused(stack.port)
            actions.go()
            assert ANSWERED in turn.result()["messages"][0]["text"]
        assert stack.process.wait(60) == 0
        _, alive = psutil.wait_procs(children, timeout=5)
        assert not alive
        assert not (tmp_path / "run.json").exists()


class held:  # noqa: N801 - reads as what it does
    """Processes that do nothing until `go`: turns that need them are under way meanwhile."""

    def __init__(self, processes: list[psutil.Process]) -> None:
        self._processes = processes

    def __enter__(self) -> "held":
        for process in self._processes:
            process.suspend()
        return self

    def go(self) -> None:
        """Let them work."""
        for process in self._processes:
            if process.is_running():
                process.resume()

    def __exit__(self, *raised: object) -> None:
        self.go()


def until_refused(port: int, seconds: float = 10) -> None:
    """Wait until nothing listens on a port any more."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except ConnectionRefusedError:
            return
        assert time.monotonic() < deadline, "still listens"
        time.sleep(0.05)


def connections(process: psutil.Process) -> list[object]:
    """Return what a process is connected to; nothing once it has ended."""
    try:
        return list(process.net_connections())
    except psutil.Error:
        return []


def test_port_in_use(tmp_path: Path) -> None:
    """A port in use is named at once, with a way out, and the exit code says failure."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with running(tmp_path, PORT=str(port)) as stack:
            assert f"make run PORT={port + 1}" in stack.until("déjà pris")
            assert stack.process.wait(30) == 1


def test_nowhere_to_write(tmp_path: Path) -> None:
    """Where nothing can be written, one sentence says where and why, without a traceback."""
    (tmp_path / "file").touch()
    with running(tmp_path / "file") as stack:
        assert stack.process.wait(30) == 1
        stack.until(f"Impossible d'écrire dans {tmp_path / 'file'}")
        assert len(stack.lines) == 1


def test_elsewhere_without_its_secret(tmp_path: Path) -> None:
    """A Rasa elsewhere whose secret is not given is refused in one sentence."""
    with running(tmp_path, RASA_URL="http://127.0.0.1:1", BRAIN_SECRET="") as stack:
        assert stack.process.wait(30) == 1
        stack.until("donnez aussi BRAIN_SECRET")


def test_the_two_endpoints_files_agree() -> None:
    """What the machines read and what `rasa shell` reads differ by the address of the actions and by the secret alone."""
    plain = yaml.safe_load((ROOT / "endpoints.yml").read_text())
    deployed = yaml.safe_load((ROOT / "deploy" / "endpoints.yml").read_text())
    assert deployed["action_endpoint"].pop("headers") == {"Authorization": "Bearer ${BRAIN_SECRET}"}
    assert deployed["action_endpoint"].pop("url") == "${ACTIONS_URL}/webhook"
    assert plain["action_endpoint"].pop("url").endswith("/webhook")
    assert plain == deployed


@pytest.mark.parametrize(
    ("arguments", "secret", "complaint"),
    [
        (["5055", "0.0.0.0"], "", "BRAIN_SECRET"),
        (["5055", "::"], "", "BRAIN_SECRET"),
        (["beaucoup"], "x", "n'est pas un port"),
    ],
)
def test_actions_refuse_to_be_open(arguments: list[str], secret: str, complaint: str) -> None:
    """The action server does not listen beyond this machine without a secret: one sentence, no traceback."""
    result = subprocess.run(
        [str(ROOT / ".venv/bin/python"), "-W", "ignore", "-m", "actions", *arguments],
        cwd=ROOT, env={**os.environ, "BRAIN_SECRET": secret}, capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert result.returncode == 1
    assert complaint in result.stderr.splitlines()[-1]
    assert "Traceback" not in result.stderr


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
class TestTwoRasas:
    """One `make run` with two Rasas, hurt in several ways, one after the other."""

    @pytest.fixture(scope="class")
    def stack(self, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
        """It runs, with two Rasas."""
        with running(tmp_path_factory.mktemp("two"), RASA_PROCESSES="2", TURN_TIMEOUT="12") as stack:
            stack.until("répond sur")
            yield stack

    @pytest.fixture(autouse=True)
    def everything_answers(self, stack: Stack) -> None:
        """Let each test find both Rasas ready, whatever the one before did."""
        stack.until_healthy(rasas=2)

    def test_both_answer(self, stack: Stack) -> None:
        """Two Rasas run, and a conversation goes on whichever is asked."""
        assert len(stack.parts("rasa")) == 2
        token = stack.say("combien de rsa pour un couple")["conversation"]
        for _ in range(4):
            assert "977,54" in str(stack.say("répète", token))

    def test_one_dies(self, stack: Stack) -> None:
        """One of two is killed: it is said, it is back, people are answered all along, with their memory."""
        seen = len(stack.lines)
        token = stack.say("combien de rsa pour un couple")["conversation"]
        stack.parts("rasa")[0].kill()
        for _ in range(5):
            assert "977,54" in str(stack.say("répète", token))
        stack.until(r"« rasa(-2)? » s'est arrêté \(signal SIGKILL\) ; il est relancé", seen)
        stack.until(r"« rasa(-2)? » répond de nouveau, après \d+ s", seen)
        assert len(stack.parts("rasa")) == 2
        assert len(stack.lines) - seen == 2

    def test_turns_under_way_when_rasa_stops(self, stack: Stack) -> None:
        """Both Rasas are told to stop with turns under way: each gets its answer, and both are started again."""
        seen = len(stack.lines)
        with held(stack.parts("actions")) as actions, ThreadPoolExecutor(8) as pool:
            turns = [pool.submit(stack.say, ASKED) for _ in range(8)]
            time.sleep(1.5)
            before = stack.parts("rasa")
            for rasa in before:
                rasa.terminate()
            time.sleep(1)
            actions.go()
            assert [ANSWERED in turn.result()["messages"][0]["text"] for turn in turns] == [True] * 8
        # Sanic would keep for fifteen seconds a connection left open. The interpreter then takes its time to end.
        time.sleep(5)
        assert not any(connections(rasa) for rasa in before), "a connection left open delays the end"
        _, alive = psutil.wait_procs(before, timeout=60)
        assert not alive
        for name in ("rasa", "rasa-2"):
            stack.until(f"« {name} » s'est arrêté .code 0.", seen)
        stack.until_healthy(rasas=2)
        assert not {rasa.pid for rasa in before} & {rasa.pid for rasa in stack.parts("rasa")}

    def test_the_actions_hang(self, stack: Stack) -> None:
        """The actions no longer answer while fifty people write: each gets a sentence, in danger the number; they are started again, said once."""
        seen = len(stack.lines)
        stack.parts("actions")[0].suspend()

        def say(number: int) -> float:
            started = time.monotonic()
            reply = stack.say(["combien de rsa", "répète", ASKED, "mon mari me frappe"][number % 4])
            assert reply["messages"][0]["text"]
            assert number % 4 != 3 or "17" in reply["messages"][0]["text"]
            return time.monotonic() - started

        with ThreadPoolExecutor(10) as pool:
            assert max(pool.map(say, range(50))) < 30
        stack.until("« actions » ne répond plus depuis .* il est relancé", seen)
        stack.until("« actions » répond de nouveau", seen)
        assert ANSWERED in stack.say(ASKED)["messages"][0]["text"]

    def test_the_gateway_is_killed(self, stack: Stack) -> None:
        """The gateway killed is back at the same address, and tokens are still good."""
        seen = len(stack.lines)
        token = stack.say("combien de rsa pour un couple")["conversation"]
        stack.parts("gateway")[0].kill()
        stack.until("« passerelle » répond de nouveau", seen)
        assert "977,54" in str(stack.say("répète", token))

    def test_turns_under_way_when_the_gateway_stops(self, stack: Stack) -> None:
        """The gateway alone is told to stop: turns under way get their answer, whatever connections are left open; then it is back."""
        seen = len(stack.lines)
        with socket.create_connection(("127.0.0.1", stack.port)) as silent, held(stack.parts("actions")) as actions:
            silent.sendall(b"GET / HTTP/1.1\r\nHost: ")  # the beginning of a request, and nothing more
            with ThreadPoolExecutor(6) as pool:
                turns = [pool.submit(stack.say, ASKED) for _ in range(6)]
                time.sleep(1.5)
                (gateway,) = stack.parts("gateway")
                gateway.terminate()
                until_refused(stack.port)
                actions.go()
                assert [ANSWERED in turn.result()["messages"][0]["text"] for turn in turns] == [True] * 6
            _, alive = psutil.wait_procs([gateway], timeout=8)
            assert not alive
        stack.until("« passerelle » s'est arrêté .code 0.", seen)
        stack.until_healthy(rasas=2)

    def test_a_second_interruption_ends_at_once(self, stack: Stack) -> None:
        """Ctrl-C twice, while a turn hangs, ends every process at once."""
        children = psutil.Process(stack.process.pid).children(recursive=True)
        for actions in stack.parts("actions"):
            actions.suspend()
        with ThreadPoolExecutor(1) as pool:
            turn = pool.submit(stack.say, ASKED)
            time.sleep(1)
            stack.process.send_signal(signal.SIGINT)
            until_refused(stack.port)
            stack.process.send_signal(signal.SIGINT)
            stack.process.wait(5)
            assert turn.exception() is not None
        _, alive = psutil.wait_procs(children, timeout=3)
        assert not alive


@pytest.mark.long
def test_rasa_and_actions_elsewhere(tmp_path: Path, brain: LiveBrain) -> None:
    """With RASA_URL and ACTIONS_URL, only the gateway is started here, it says so, and answers."""
    rasa, actions = f"http://127.0.0.1:{brain.rasa_port}", f"http://127.0.0.1:{brain.actions_port}"
    with running(tmp_path, BRAIN_SECRET=SECRET, RASA_URL=rasa, ACTIONS_URL=actions) as stack:
        stack.until("Non démarré ici, attendu ailleurs : Rasa .* les actions")
        stack.until("répond sur")
        assert stack.parts("rasa") == stack.parts("actions") == []
        assert ANSWERED in stack.say(ASKED)["messages"][0]["text"]


@pytest.mark.long
def test_killed_run_leaves_nothing(tmp_path: Path) -> None:
    """Killed outright, `make run` takes its children with it; the next one goes on with the same conversations, and so after a stop."""
    token = ""
    for end in (signal.SIGKILL, signal.SIGTERM):
        with running(tmp_path) as stack:
            stack.until("répond sur")
            reply = stack.say("répète" if token else "combien de rsa pour un couple", token)
            token = token or reply["conversation"]
            children = psutil.Process(stack.process.pid).children(recursive=True)
            stack.process.send_signal(end)
            assert stack.process.wait(60) == (0 if end == signal.SIGTERM else -signal.SIGKILL)
            _, alive = psutil.wait_procs(children, timeout=20)
            assert not alive
    assert "977,54" in str(reply)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the project, with a model and environments, whose model a test may break."""
    copied = tmp_path / "copy"
    copied.mkdir()
    for name in ("bot", "actions", "data", "deploy", "locks"):
        shutil.copytree(ROOT / name, copied / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("config.yml", "domain.yml", "endpoints.yml", "credentials.yml"):
        shutil.copy(ROOT / name, copied / name)
    (copied / ".venv").symlink_to(ROOT / ".venv")
    if (ROOT / ".rasa").exists():  # what training remembers: seconds instead of minutes
        shutil.copytree(ROOT / ".rasa", copied / ".rasa")
    (copied / "models").mkdir()
    return copied


@pytest.mark.long
def test_a_bad_model_and_a_new_one(tmp_path: Path, copy: Path) -> None:
    """A half-written model with the right name is noticed, said and made again; a new one is taken up when Rasa is started again, and only then."""
    model = training.path_of(training.model_name(copy), copy)
    whole = training.path_of(training.model_name())
    assert model.name == whole.name
    model.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    with running(tmp_path / "var", root=copy) as stack:
        stack.until(r"est inutilisable \(il est incomplet ou abîmé\) : il est refait")
        stack.until("répond sur", seconds=600)
        assert "RSA" in str(stack.say("combien de rsa"))
        assert training.fault(model, training.rasa_version()) == ""
        assert list((copy / "models").iterdir()) == [model]
        # The data are edited, and no model is trained of them: Rasa, killed, starts again at once on the one it had.
        rules = next((copy / "data" / "rules").glob("*.yml"))
        rules.write_text(rules.read_text(encoding="utf-8") + "\n# an edit\n", encoding="utf-8")
        new = training.path_of(training.model_name(copy), copy)
        assert new != model
        (rasa,) = stack.parts("rasa")
        rasa.kill()
        stack.until("« rasa » répond de nouveau")
        (rasa,) = stack.parts("rasa")
        assert str(model) in rasa.cmdline()
        # A model of them is there, as `make train` leaves it: the next start takes it.
        shutil.copy(model, new)
        rasa.terminate()
        psutil.wait_procs([rasa], timeout=30)
        stack.until_healthy()
        assert str(new) in stack.parts("rasa")[0].cmdline()
        assert "RSA" in str(stack.say("combien de rsa"))


@pytest.mark.long
def test_a_model_that_cannot_be_made(tmp_path: Path, copy: Path) -> None:
    """With no model and no way to make one, one sentence says so and names the log; it does not go on trying."""
    (copy / "domain.yml").write_text("version: [")
    with running(tmp_path / "var", root=copy) as stack:
        assert stack.process.wait(180) == 1
        assert "train.log" in stack.until("L'apprentissage a échoué")
        assert not list((copy / "models").iterdir())
