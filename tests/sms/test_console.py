"""Tests for the command line: dead letters, status, and the phone in the terminal."""

import os
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.paths import ROOT
from bot.settings import Settings
from bot.sms import commands, console
from bot.sms.providers.base import Failure, NotSent
from tests.live import SECRET, LiveBrain, free_port
from tests.sms.harness import MARIE, Bench


def run(folder: Path, *arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "bot", "sms", *arguments],
        cwd=ROOT,
        env={**os.environ, "VAR_DIR": str(folder), "COLUMNS": "200", **environment},
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )


async def test_dead_letters_from_the_command_line(bench: Bench) -> None:
    """They are listed with their reason, without number, with the text when asked; taken up again, they leave."""
    sms = await bench.start()
    bench.provider.script = [NotSent(Failure.PERMANENT, "unknown +33612345678")]
    await bench.receive(sms, "bonjour")
    await bench.work(sms)
    listed = await commands.dead(bench.settings, with_text=False)
    assert "partie 1/3" in listed
    assert "permanent" in listed
    assert "Je réponds sur" not in listed
    whole = await commands.dead(bench.settings, with_text=True)
    assert "Je réponds sur" in whole
    assert "345678" not in whole
    assert "Lettres mortes : 3" in await commands.status(bench.settings)
    first = listed.split()[0]
    assert "1 lettre" in await commands.resend(bench.settings, [first])
    assert "2 lettre" in await commands.resend(bench.settings, None)
    assert "Lettres mortes : 0" in await commands.status(bench.settings)


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("status",), 0, "Opérateur : aucun"),
        (("dead",), 0, "Aucune lettre morte."),
        (("resend",), 2, "--all"),
        (("resend", "--all", "r1"), 2, "--all"),
        (("resend", "0612345678"), 2, "r12"),
        (("resend", "r1"), 0, "0 lettre"),
        ((), 0, "resend"),
        (("--console",), 1, "make run"),
    ],
)
def test_command_line(tmp_path: Path, arguments: tuple[str, ...], code: int, said: str) -> None:
    """Each command on an empty database, and each way to get it wrong, says a sentence and no traceback."""
    result = run(tmp_path / "new", *arguments, RASA_PORT=str(free_port()))
    assert result.returncode == code, result.stderr
    assert said in result.stdout + result.stderr
    assert "Traceback" not in result.stderr


def test_database_that_does_not_answer() -> None:
    """One line, no traceback."""
    result = run(Path("/proc/none"), "status")
    assert result.returncode == 1
    assert "/proc/none" in result.stderr
    assert "Traceback" not in result.stderr


def test_a_provider_without_its_settings(tmp_path: Path) -> None:
    """`python -m bot gateway` names the settings that the provider lacks, and does not start."""
    result = subprocess.run(
        [sys.executable, "-m", "bot", "gateway"],
        cwd=ROOT,
        env={**os.environ, "VAR_DIR": str(tmp_path), "SMS_PROVIDER": "kannel"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 2
    assert "SMS_WEBHOOK_SECRET" in result.stderr


def test_where_rasa_is(tmp_path: Path) -> None:
    """The console finds the Rasa of `make run` by what it wrote, and the environment wins."""
    (tmp_path / "run.json").write_text(
        '{"rasa_url": "http://127.0.0.1:5999,http://127.0.0.1:6000", "brain_secret": "drawn"}'
    )
    found = console.running(Settings(var_dir=tmp_path))
    assert (found.rasas, found.brain_secret) == (["http://127.0.0.1:5999", "http://127.0.0.1:6000"], "drawn")
    assert console.running(Settings(var_dir=tmp_path, brain_secret="ours", rasa_port=1)).brain_secret == "ours"
    (tmp_path / "run.json").write_text("half writ")
    assert console.running(Settings(var_dir=tmp_path)).rasas == ["http://127.0.0.1:5005"]


@pytest.mark.live
async def test_a_conversation_in_the_terminal(brain: LiveBrain, tmp_path: Path) -> None:
    """Typed in the terminal, answered by the real Rasa through the inbox and the outbox, each SMS with its weight."""
    settings = Settings(var_dir=tmp_path, rasa_port=brain.rasa_port, brain_secret=SECRET)
    shown: list[str] = []

    async def typed() -> AsyncIterator[str]:
        for line in ("combien de rsa pour une personne seule", "aide", "stop", "combien de rsa"):
            shown.append(f"> {line}")
            yield line

    assert await console.talk(settings, typed(), shown.append) == 0
    text = "\n".join(shown)
    assert "651,69 EUR" in text
    assert "septets sur 160" in text
    assert shown[-1] == "  (pas de réponse)"
    assert MARIE not in text
