"""The soak of text messages: a real Kannel, a real Rasa, kills; every message answered, in order, and how long it takes.

`python -m benchmarks.sms` runs it whole (about seven minutes) and keeps its figures in benchmarks/sms_soak.json; the same
runs in `make proof` (tests/sms/test_soak.py). A network of phones writes to the assistant; a tenth of the messages are
taken but their acknowledgement is lost, so that Kannel delivers them twice; the gateway and Rasa are killed at random.
"""

import argparse
import asyncio
import contextlib
import json
import os
import random
import signal
import sqlite3
import statistics
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import aiohttp
from aiohttp import web

from bot.paths import ROOT
from bot.settings import Settings
from bot.sms.sealed import Sealer
from bot.tokens import Tokens
from tests.live import LiveBrain, free_port
from tests.sms.gateway_process import GatewayProcess
from tests.sms.phone_network import Delivered, PhoneNetwork, network

FIGURES = ROOT / "benchmarks" / "sms_soak.json"
#: Questions whose answers differ from one another, and do not depend on what was said before.
QUESTIONS = (
    "g pas recu mon rsa c normal ?", "combien de rsa pour un couple", "comment demander la mutuelle gratuite",
    "je n'arrive plus à payer mon loyer", "mot de passe ameli perdu", "c'est quoi un territoire zéro chômeur",
    "inscription france travail comment faire", "je suis enceinte de 3 mois quelles démarches",
    "comment avoir une place en crèche", "j'ai déménagé que dire à la caf", "comment faire un recours contre la caf",
    "prime d'activité j'y ai droit ?", "c'est quoi la pmi", "ma carte vitale est perdue", "vaccin bébé obligatoires",
    "aide alimentaire", "c quoi le contrat d'engagement", "je veux faire une formation", "merci beaucoup",
    "mon enfant a 2 ans et ne parle pas",
)  # fmt: skip


#: How the answer begins that a person has who waited for Rasa for three minutes: honest, and counted apart.
HONEST = "Je suis en panne"


@dataclass(frozen=True)
class Plan:
    """What the soak does; the same seed gives the same messages and the same moments of the kills."""

    messages: int = 1000
    phones: int = 200
    seconds: float = 300
    twice: float = 0.10
    gateway_kills: int = 10
    brain_kills: int = 2
    seed: int = 7
    patience: float = 240  # seconds left, after the last message, for the last answers


@dataclass(frozen=True)
class Question:
    """A message to send: when, in seconds from the start."""

    at: float
    phone: str
    text: str


def questions(plan: Plan) -> list[Question]:
    """Draw who asks what, when: a quarter of the phones ask all in ten seconds, the others whenever they like."""
    draw = random.Random(plan.seed)
    each = Counter(number % plan.phones for number in range(plan.messages))
    asked = []
    for number in range(plan.phones):
        burst = draw.uniform(0, plan.seconds - 10) if number % 4 == 0 else None
        moments = (
            [burst + 10 * step / each[number] for step in range(each[number])]
            if burst is not None
            else sorted(draw.uniform(0, plan.seconds) for _ in range(each[number]))
        )
        texts = draw.sample(QUESTIONS, each[number])
        asked += [Question(at, f"336{number:08d}", text) for at, text in zip(moments, texts, strict=True)]
    return sorted(asked, key=lambda question: question.at)


@dataclass
class LossyProxy:
    """Between Kannel and the gateway: passes everything on, and loses some acknowledgements."""

    gateway: str
    twice: float
    draw: random.Random
    #: Ids of the messages whose acknowledgement was lost, and of all: phone and text.
    lost: set[str] = field(default_factory=set)
    seen: dict[str, tuple[str, str]] = field(default_factory=dict)
    losing: bool = False

    async def handle(self, request: web.Request) -> web.Response:
        """Pass a webhook on; answer 503 to Kannel when the gateway is down, or when this acknowledgement is to be lost."""
        fields = dict(parse_qsl(request.rel_url.raw_query_string, keep_blank_values=True))
        try:
            async with (
                aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=20)) as session,
                session.get(self.gateway + request.raw_path) as response,
            ):
                status, body = response.status, await response.text()
        except (aiohttp.ClientError, TimeoutError):
            return web.Response(status=502)
        key = fields.get("id", "")
        if status == 200 and "receipt" not in fields and key not in self.seen:
            self.seen[key] = fields["from"], fields["text"]
            if self.losing and self.draw.random() < self.twice:
                self.lost.add(key)
                return web.Response(status=503)
        return web.Response(status=status, text=body)

    @contextlib.asynccontextmanager
    async def running(self, port: int) -> AsyncIterator[None]:
        """Listen."""
        app = web.Application()
        app.router.add_get("/sms/kannel", self.handle)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", port).start()
        try:
            yield
        finally:
            await runner.cleanup()


@dataclass
class Account:
    """What a phone should have received, and what it received."""

    expected: list[str]
    received: list[str]

    def doubles(self) -> int:
        """Parts that came again."""
        return sum((Counter(self.received) - Counter(self.expected)).values())

    def missing(self) -> list[str]:
        """Parts that never came."""
        return list((Counter(self.expected) - Counter(self.received)).elements())

    def in_order(self) -> bool:
        """Tell whether what came for the first time came in the order of the messages."""
        first = list(dict.fromkeys(self.received))
        return first == [part for part in self.expected if part in set(first)]


@dataclass(frozen=True)
class Book:
    """What the gateway's own database says: the texts of each phone in the order in which they were kept, the doubles it owns up to."""

    kept: dict[str, list[str]]
    possible_doubles: int

    @classmethod
    def read(cls, folder: Path, seen: dict[str, tuple[str, str]]) -> "Book":
        """Read it; `seen` gives the phone and the text of each of Kannel's ids, which the database has as digests."""
        settings = Settings(var_dir=folder)
        sealer = Sealer(settings.keys(), Tokens(settings.keys(), settings.retention_days).derive)
        by_key = {sealer.digest("id", "kannel", id_): asked for id_, asked in seen.items()}
        kept: dict[str, list[str]] = defaultdict(list)
        with contextlib.closing(sqlite3.connect(folder / "gateway.sqlite")) as database:
            for (key,) in database.execute("SELECT message_key FROM sms_inbox ORDER BY number"):
                if key in by_key:
                    phone, text = by_key[key]
                    kept[phone].append(text)
            (doubles,) = database.execute("SELECT coalesce(sum(doubles), 0) FROM sms_outbox").fetchone()
        return cls(kept, doubles)


@dataclass
class Soak:
    """One run."""

    plan: Plan
    folder: Path
    kills: list[float] = field(default_factory=list)
    brain_kills: list[float] = field(default_factory=list)
    #: From each kill until what was killed works again, and what waited for it has had the time to be tried again.
    troubles: list[tuple[float, float]] = field(default_factory=list)

    async def run(self) -> dict[str, Any]:
        """Run, and return the figures."""
        for name in ("brain", "kannel", "gateway"):
            (self.folder / name).mkdir(parents=True)
        brain = LiveBrain(self.folder / "brain")
        proxy_port, gateway_port = free_port(), free_port()
        proxy = LossyProxy(f"http://127.0.0.1:{gateway_port}", self.plan.twice, random.Random(self.plan.seed + 1))
        gateway: GatewayProcess | None = None
        try:
            await asyncio.to_thread(brain.start_actions)
            await asyncio.to_thread(brain.start_rasa)
            async with (
                proxy.running(proxy_port),
                network(self.folder / "kannel", f"http://127.0.0.1:{proxy_port}", again=5) as (kannel, phones),
            ):
                settings = {**kannel.settings, "SMS_DELIVERY_URL": f"http://127.0.0.1:{proxy_port}"}
                gateway = GatewayProcess(self.folder / "gateway", brain, settings, gateway_port)
                await asyncio.to_thread(gateway.start)
                answers, welcome = await self._learn(phones)
                return await self._soak(proxy, phones, gateway, brain, answers, welcome)
        finally:
            if gateway:
                gateway.kill()
            brain.stop()

    async def _learn(self, phones: PhoneNetwork) -> tuple[dict[str, list[str]], str]:
        """Ask each question once, from a phone that has already been welcomed; return the parts of each answer, the welcome."""
        phone_of = {text: f"3379{number:07d}" for number, text in enumerate(QUESTIONS)}
        for phone in phone_of.values():
            await phones.send(phone, "bonjour")
        for phone in phone_of.values():
            await phones.wait(phone, 3)
        welcome = phones.to(phone_of[QUESTIONS[0]])[2].text
        for text, phone in phone_of.items():
            await phones.send(phone, text)
        for phone in phone_of.values():
            await phones.wait(phone, 4)
        await asyncio.sleep(3)  # second parts
        answers = {text: [message.text for message in phones.to(phone)[3:]] for text, phone in phone_of.items()}
        firsts = Counter(parts[0] for parts in answers.values())
        if max(firsts.values()) > 1:
            raise ValueError(f"two questions have the same answer: {firsts.most_common(1)[0][0][:40]}…")
        return answers, welcome

    async def _soak(
        self,
        proxy: LossyProxy,
        phones: PhoneNetwork,
        gateway: GatewayProcess,
        brain: LiveBrain,
        answers: dict[str, list[str]],
        welcome: str,
    ) -> dict[str, Any]:
        proxy.losing = True
        phones.received.clear()
        asked = questions(self.plan)
        sent: dict[tuple[str, str], float] = {}
        started = time.monotonic()
        killing = [
            asyncio.create_task(self._kill_gateway(gateway, started)),
            asyncio.create_task(self._kill_brain(brain, started)),
        ]
        for question in asked:
            await asyncio.sleep(max(0.0, started + question.at - time.monotonic()))
            sent[question.phone, question.text] = time.monotonic()
            await phones.send(question.phone, question.text)
        await asyncio.gather(*killing)
        sending = time.monotonic() - started

        firsts = [(question.phone, answers[question.text][-1]) for question in asked]
        due = len(set(firsts))
        with contextlib.suppress(TimeoutError):
            await phones.until(
                lambda: len({(f.phone.lstrip("+"), f.text) for f in phones.received} & set(firsts)) >= due,
                self.plan.patience,
                "the last answers",
            )
        # A double would come after the ten seconds that the outbox waits for a receipt.
        await asyncio.sleep(20)
        return self._figures(asked, sent, proxy, phones.received, answers, welcome, started, sending, gateway)

    async def _kill_gateway(self, gateway: GatewayProcess, started: float) -> None:
        draw = random.Random(self.plan.seed + 2)
        for moment in sorted(draw.uniform(2, self.plan.seconds - 2) for _ in range(self.plan.gateway_kills)):
            await asyncio.sleep(max(0.0, started + moment - time.monotonic()))
            gateway.kill()
            self.kills.append(killed := time.monotonic())
            await asyncio.to_thread(gateway.start)
            self.troubles.append((killed, time.monotonic() + 5))

    async def _kill_brain(self, brain: LiveBrain, started: float) -> None:
        draw = random.Random(self.plan.seed + 3)
        for number in range(self.plan.brain_kills):
            share = self.plan.seconds / self.plan.brain_kills
            await asyncio.sleep(max(0.0, started + share * (number + draw.uniform(0.2, 0.6)) - time.monotonic()))
            assert brain.rasa
            brain.rasa.kill()
            await asyncio.to_thread(brain.rasa.wait)
            self.brain_kills.append(killed := time.monotonic())
            await asyncio.to_thread(brain.start_rasa)
            self.troubles.append((killed, time.monotonic() + 30))

    def _figures(
        self,
        asked: list[Question],
        sent: dict[tuple[str, str], float],
        proxy: LossyProxy,
        received: list[Delivered],
        answers: dict[str, list[str]],
        welcome: str,
        started: float,
        sending: float,
        gateway: GatewayProcess,
    ) -> dict[str, Any]:
        by_phone: dict[str, list[Delivered]] = defaultdict(list)
        for message in received:
            by_phone[message.phone.lstrip("+")].append(message)
        wanted: dict[str, list[str]] = defaultdict(list)
        for question in asked:
            wanted[question.phone].append(question.text)

        book = Book.read(self.folder / "gateway", proxy.seen)
        unanswered, out_of_order, strange, doubles = [], [], Counter[str](), 0
        reordered_by_kannel = down = 0
        delays: list[float] = []
        calm: list[float] = []
        last_delays: list[float] = []
        for phone, texts in wanted.items():
            order = book.kept[phone]
            reordered_by_kannel += order != texts
            expected = [part for text in order for part in answers[text]]
            if order:
                expected[len(answers[order[0]]) : len(answers[order[0]])] = [welcome]
            known = set(expected)
            others = [message.text for message in by_phone[phone] if message.text not in known]
            honest = [text for text in others if text.startswith(HONEST)]
            down += len(honest)
            strange.update(text for text in others if not text.startswith(HONEST))
            account = Account(expected, [message.text for message in by_phone[phone] if message.text in known])
            doubles += account.doubles()
            # The welcome follows the first answer that Rasa gave, whichever it is.
            said = Account(*([text for text in texts if text != welcome] for texts in (expected, account.received)))
            if not said.in_order():
                out_of_order.append(phone)
            seen: dict[str, float] = {}
            for message in by_phone[phone]:
                seen.setdefault(message.text, message.at)
            for text in texts:
                if all(part in seen for part in answers[text]):
                    asked_at, answered_at = sent[phone, text], seen[answers[text][0]]
                    delays.append(answered_at - asked_at)
                    last_delays.append(seen[answers[text][-1]] - asked_at)
                    if not any(began <= answered_at and asked_at <= ended for began, ended in self.troubles):
                        calm.append(answered_at - asked_at)
                elif honest:
                    honest.pop()
                else:
                    unanswered.append((phone, text))
        return {
            "plan": {name: getattr(self.plan, name) for name in self.plan.__dataclass_fields__},
            "machine": {"processors": os.cpu_count(), "load_1_min": round(os.getloadavg()[0], 1)},
            "sent": len(asked),
            "phones": len(wanted),
            "sending_seconds": round(sending, 1),
            "delivered_twice": len(proxy.lost),
            "gateway_kills_at": [round(kill - started, 1) for kill in self.kills],
            "rasa_kills_at": [round(kill - started, 1) for kill in self.brain_kills],
            "answered": len(delays),
            "told_that_it_is_down": down,
            "unanswered": unanswered[:20],
            "out_of_order": out_of_order[:20],
            "phones_that_kannel_reordered": reordered_by_kannel,
            "sms_received": len(received),
            "double_sms": doubles,
            "possible_doubles_counted": book.possible_doubles,
            "strange": dict(strange.most_common(5)),
            "dead_letters": int(gateway.measure('assistant_sms_waiting{queue="dead"}')),
            "seconds_median": round(statistics.median(delays), 2) if delays else None,
            "seconds_p95": round(statistics.quantiles(delays, n=20)[-1], 2) if len(delays) > 20 else None,
            "seconds_max": round(max(delays), 1) if delays else None,
            "last_part_seconds_median": round(statistics.median(last_delays), 2) if delays else None,
            "between_kills": len(calm),
            "between_kills_seconds_median": round(statistics.median(calm), 2) if calm else None,
            "between_kills_seconds_p95": round(statistics.quantiles(calm, n=20)[-1], 2) if len(calm) > 20 else None,
            "seconds_down": {
                "gateway": [round(ended - began - 5, 1) for began, ended in self.troubles if began in self.kills],
                "rasa": [round(ended - began - 30, 1) for began, ended in self.troubles if began in self.brain_kills],
            },
        }


def faults(figures: dict[str, Any]) -> list[str]:
    """Return what must not be, of a run."""
    wrong = []
    if figures["unanswered"] or figures["answered"] + figures["told_that_it_is_down"] != figures["sent"]:
        wrong.append(f"{figures['sent'] - figures['answered']} messages without their answer: {figures['unanswered']}")
    if figures["told_that_it_is_down"] > 0.02 * figures["sent"]:
        wrong.append(f"{figures['told_that_it_is_down']} told that it is down: too slow to catch up in three minutes")
    wrong += [f"{name}: {figures[name]}" for name in ("out_of_order", "strange", "dead_letters") if figures[name]]
    if figures["double_sms"] > figures["possible_doubles_counted"]:
        wrong.append(f"{figures['double_sms']} doubles, {figures['possible_doubles_counted']} counted by the gateway")
    return wrong


async def main(plan: Plan, folder: Path) -> dict[str, Any]:
    """Run the soak in a folder; return its figures."""
    return await Soak(plan, folder).run()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    for name, standard in (
        ("messages", 1000),
        ("phones", 200),
        ("seconds", 300),
        ("gateway-kills", 10),
        ("brain-kills", 2),
    ):
        parser.add_argument(f"--{name}", type=int, default=standard)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--keep", type=Path, default=FIGURES, help="where the figures go")
    given = parser.parse_args()
    for stop in (signal.SIGTERM, signal.SIGINT):  # in the background too: what was started is ended
        signal.signal(stop, signal.default_int_handler)
    with tempfile.TemporaryDirectory() as temporary:
        chosen = Plan(
            given.messages, given.phones, given.seconds, 0.10, given.gateway_kills, given.brain_kills, given.seed
        )
        result = asyncio.run(main(chosen, Path(temporary)))
    given.keep.write_text(json.dumps(result, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    print(json.dumps(result, indent=2, ensure_ascii=False))
    raise SystemExit("\n".join(faults(result)) or 0)
