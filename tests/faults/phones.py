"""Phones that write while something is wrong: a provider that hands in until it has its 2xx, and notes what leaves."""

import asyncio
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import aiohttp

SECRET, OURS = "un-secret-de-reseau", "34034"
#: What they ask, and words of the answer that each must have, in one of its parts.
QUESTIONS = {"combien de rsa pour un couple": "977,54", "mon mari me frappe": "114", "c'est quoi la pmi": "PMI"}


@dataclass
class Phones:
    """The provider's side: `sent` are the parts that reached each phone, with their reference."""

    port: int
    sent: list[tuple[str, str, str]] = field(default_factory=list)

    @property
    def settings(self) -> dict[str, str]:
        """The settings of an assistant that this provider serves, as environment variables."""
        return {
            "SMS_PROVIDER": "kannel",
            "SMS_SENDER": OURS,
            "SMS_WEBHOOK_SECRET": SECRET,
            "KANNEL_SENDSMS_URL": f"http://127.0.0.1:{self.port}/sendsms",
            "KANNEL_USERNAME": "assistant",
            "KANNEL_PASSWORD": "un-mot-de-passe-d-envoi",
        }

    async def write(self, url: str, phone: str, text: str, seconds: float) -> float:
        """Hand a message in, again and again until it is taken; return after how long."""
        fields = {
            "secret": SECRET,
            "from": phone,
            "to": OURS,
            "text": text,
            "id": secrets.token_hex(8),
            "charset": "UTF-8",
        }
        started = time.monotonic()
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=15)) as session:
            while (passed := time.monotonic() - started) < seconds:
                try:
                    async with session.get(f"{url}/sms/kannel", params=fields) as response:
                        if response.status == 200:
                            return passed
                except (aiohttp.ClientError, asyncio.TimeoutError):
                    pass
                await asyncio.sleep(1)
        raise TimeoutError(f"not taken in {seconds} s")

    def answers(self, phone: str, words: str) -> int:
        """Return how many parts with these words reached a phone."""
        return sum(to == phone and words in text for to, text, _ in self.sent)

    async def lost(self, asked: dict[str, str], seconds: float) -> int:
        """Wait until each phone of `asked` (its text) has its answer, or was told honestly; return how many have not."""
        deadline = time.monotonic() + seconds
        while True:
            left = [
                phone
                for phone, text in asked.items()
                if not self.answers(phone, QUESTIONS[text]) and not self.answers(phone, "en panne")
            ]
            if not left or time.monotonic() > deadline:
                return len(left)
            await asyncio.sleep(0.5)

    def doubles(self) -> int:
        """Return how many parts left twice."""
        references = [(to, reference) for to, _, reference in self.sent]
        return len(references) - len(set(references))


@contextmanager
def network() -> Iterator[Phones]:
    """Listen, as Kannel's sendsms does, in a thread of its own."""
    phones = Phones(0)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            given = {name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()}
            reference = parse_qs(urlsplit(given.get("dlr-url", "")).query).get("reference", [""])[0]
            phones.sent.append((given["to"], given["text"], reference))
            body = b"0: Accepted for delivery"
            self.send_response(202)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    phones.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield phones
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
