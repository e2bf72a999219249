"""A phone in the terminal: what is typed goes through the same inbox, worker and text engine; what is sent is printed."""

import asyncio
import contextlib
import json
import sys
import tempfile
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import aiohttp

from bot.answers import LiveBook
from bot.assistant import Assistant
from bot.conversations import Conversations
from bot.rasa import Brain, BrainError
from bot.settings import Settings
from bot.sms.providers.base import Incoming, Outgoing, Receipt, Refused, Request
from bot.sms.service import Box, Sms
from bot.sms.text import septets
from bot.store import Store
from bot.tokens import Tokens
from bot.watching.metrics import Metrics

#: The phone in the terminal: the number of the fake phone network of Kannel's examples.
PHONE = "+33600000001"
#: Seconds between two looks at whether all is answered.
LOOK = 0.05


def paris_now() -> datetime:
    """Return the time in the Hérault."""
    return datetime.now(ZoneInfo("Europe/Paris"))


@dataclass
class Terminal:
    """A provider that prints what it sends."""

    write: Callable[[str], None]
    name: str = "console"
    sent: int = 0

    def read(self, request: Request) -> Incoming | Receipt | None:
        """Refuse: no webhook leads here."""
        raise Refused

    def acknowledgement(self) -> tuple[str, str]:
        """Return nothing to say."""
        return "", "text/plain"

    async def send(self, session: aiohttp.ClientSession, message: Outgoing) -> str:
        """Print a text message, with what it weighs."""
        self.sent += 1
        self.write(f"  ← {message.text}")
        self.write(f"    [{septets(message.text)} septets sur 160]")
        return message.reference


def running(settings: Settings) -> Settings:
    """Return the settings with the address and the secret of the Rasa of the `make run` here, unless the secret is set."""
    with contextlib.suppress(OSError, ValueError, KeyError):
        known = json.loads((settings.var_dir / "run.json").read_text(encoding="utf-8"))
        if not settings.brain_secret:
            return settings.model_copy(
                update={"brain_secret": str(known["brain_secret"]), "rasa_url": str(known["rasa_url"])}
            )
    return settings


async def _typed() -> AsyncIterator[str]:
    """Yield what is typed, line by line."""
    while True:
        sys.stdout.write("\nSMS > ")
        sys.stdout.flush()
        line = await asyncio.to_thread(sys.stdin.readline)
        if not line:
            return
        yield line.rstrip("\n")


def _print(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


async def talk(
    settings: Settings, lines: AsyncIterator[str] | None = None, write: Callable[[str], None] = _print
) -> int:
    """Answer `lines` (what is typed, by default) as text messages; return the exit code.

    Nothing is kept: the database is a temporary one, and the conversation is erased from Rasa at the end.
    """
    settings = running(settings)
    async with aiohttp.ClientSession() as session:
        brain = Brain(session, settings.rasas, settings.brain_secret, settings.turn_timeout)
        try:
            await brain.ready()
        except BrainError:
            write(
                f"Rasa ne répond pas sur {', '.join(settings.rasas)}. Démarrez l'assistant dans un autre terminal (make run), attendez qu'il "
                "réponde, puis recommencez. Si Rasa tourne ailleurs : RASA_URL et BRAIN_SECRET."
            )
            return 1
        with tempfile.TemporaryDirectory() as folder:
            store = Store(f"sqlite+aiosqlite:///{Path(folder) / 'console.sqlite'}")
            await store.open()
            keys = settings.keys()
            tokens = Tokens(keys, settings.retention_days)
            conversations = Conversations(
                Assistant(brain, LiveBook(context={"conservation": settings.conservation}), paris_now),
                store,
                tokens,
                lambda: paris_now().timestamp(),
            )
            box = Box(settings, store, lambda: paris_now().timestamp())
            terminal = Terminal(write)
            sms = Sms(settings, terminal, box, conversations, session, Metrics().sms, paris_now)
            await sms.worker.start()
            write("Un téléphone dans le terminal : écrivez comme par SMS. Ctrl-D pour finir.")
            number = 0
            try:
                async for line in lines or _typed():
                    number += 1
                    await sms.accept(Incoming(str(number), PHONE, settings.sms_sender, line))
                    await _answered(box, terminal, write)
            finally:
                await sms.worker.stop()
                with contextlib.suppress(BrainError):
                    await conversations.forget(box.sealer.person(PHONE))
                await store.close()
    return 0


async def _answered(box: Box, terminal: Terminal, write: Callable[[str], None]) -> None:
    """Wait until nothing waits, as the person does."""
    sent = terminal.sent
    while True:
        depths = await box.depths()
        if not depths.inbox and not depths.outbox:
            break
        await asyncio.sleep(LOOK)
    if terminal.sent == sent:
        write("  (pas de réponse)")
