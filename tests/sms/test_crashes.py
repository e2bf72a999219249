"""The process dies: at every instant of the life of a message, and again while it recovers. What must hold, holds."""

import asyncio
import random
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.sms.service import Sms
from bot.sms.tables import INBOX, OUTBOX, PEOPLE
from bot.store import Store
from tests.sms.harness import MARIE, PAUL, Bench, Crash

Messages = tuple[tuple[str, str, str], ...]
#: (provider's id, who, what): two people, a danger, a wish for silence.
MESSAGES: Messages = (
    ("1", MARIE, "bonjour"),
    ("2", PAUL, "mon mari me frappe"),
    ("3", MARIE, "combien de rsa"),
    ("4", PAUL, "stop"),
)
FORGET: Messages = (("1", MARIE, "bonjour"), ("2", MARIE, "oubli"))


@dataclass
class Fuse:
    """Burns one step at each instant where a process can die; kills it at those of `at` (counted from the last death)."""

    at: list[int]
    steps: int = 0
    #: The provider has accepted a text message that is not noted as sent yet.
    between: bool = False
    deaths_between: int = 0

    def step(self) -> None:
        self.steps += 1
        if self.at and self.steps >= self.at[0]:
            self.at.pop(0)
            self.steps = 0
            self.deaths_between += self.between
            self.between = False
            raise Crash


class MortalStore(Store):
    """A store whose process may die just before and just after each commit."""

    def __init__(self, url: str, fuse: Fuse) -> None:
        super().__init__(url)
        self._fuse = fuse

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[AsyncConnection]:
        async with super().writing() as connection:
            yield connection
            self._fuse.step()
        noted, self._fuse.between = self._fuse.between, False
        try:
            self._fuse.step()
        except Crash:
            assert not (noted and self._fuse.between)
            raise


async def live(folder: Path, deaths: Sequence[int], messages: Messages) -> tuple[Bench, Fuse]:
    """Play `messages`, the process dying at `deaths`, each time replaced by another; the provider insists until a 2xx."""
    bench = Bench(folder)
    fuse = Fuse(list(deaths))
    send = bench.provider.send

    async def mortal_send(session: object, message: object) -> str:
        fuse.step()
        id_ = await send(session, message)  # type: ignore[arg-type]
        fuse.between = True
        fuse.step()
        return id_

    bench.provider.send = mortal_send  # type: ignore[method-assign]

    async def born() -> Sms:
        store = MortalStore(bench.settings.database, fuse)
        bench.stores.append(store)
        await store.open()
        return bench.over(store)

    sms = await born()
    to_come = list(messages)
    for _ in range(200):
        try:
            while to_come:
                id_, who, text = to_come[0]
                await bench.receive(sms, text, who, id_)
                to_come.pop(0)
                await bench.turn(sms)
                bench.later(20)
            await bench.work(sms)
            break
        except Crash:
            sms = await born()
            bench.later(3)
    return bench, fuse


def check(bench: Bench, fuse: Fuse, expected: dict[str, list[str]]) -> None:
    """Each person got what she gets when nothing dies, in order; doubles only where the process died between."""
    doubles = sum(count - 1 for count in bench.provider.doubles().values())
    assert doubles <= fuse.deaths_between
    counted = next(iter(bench.metrics.doubles.collect())).samples[0].value
    assert counted >= doubles
    for who, texts in expected.items():
        once: dict[str, str] = {}
        for message in bench.provider.accepted:
            if message.recipient == who:
                once.setdefault(message.reference, message.text)
        assert list(once.values()) == texts


@pytest.fixture(scope="module")
def quick() -> Iterator[Path]:
    """A folder in memory where there is one: hundreds of databases are written."""
    parent = Path("/dev/shm") if Path("/dev/shm").is_dir() else None
    folder = Path(tempfile.mkdtemp(prefix="crashes-", dir=parent))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


def play(quick: Path, deaths: Sequence[int], messages: Messages = MESSAGES) -> tuple[Bench, Fuse]:
    """Play `messages` to their end, and return what came of them: nothing waits, no dead letter."""
    folder = Path(tempfile.mkdtemp(dir=quick))

    async def main() -> tuple[Bench, Fuse]:
        bench, fuse = await live(folder, deaths, messages)
        sms = await bench.start()
        depths = await sms.box.depths()
        assert (depths.inbox, depths.outbox, depths.dead) == (0, 0, 0)
        if messages is FORGET:
            async with bench.stores[-1].engine.connect() as connection:
                for table in (INBOX, OUTBOX, PEOPLE):
                    rows = (await connection.execute(sa.select(table))).all()
                    assert sms.box.sealer.person(MARIE) not in str(rows)
        await bench.close()
        return bench, fuse

    try:
        return asyncio.run(main())
    finally:
        shutil.rmtree(folder)


@pytest.fixture(scope="module")
def expected(quick: Path) -> tuple[dict[str, list[str]], int]:
    """Return what each person receives when nothing dies, and how many instants there are."""
    bench, fuse = play(quick, [])
    texts = {who: bench.provider.texts(who) for who in (MARIE, PAUL)}
    assert [len(texts[who]) for who in (MARIE, PAUL)] == [5, 3]
    return texts, fuse.steps


@pytest.mark.parametrize("first", [1, *(pytest.param(n, marks=pytest.mark.long) for n in (2, 3, 4))])
def test_a_death_at_every_instant(quick: Path, expected: tuple[dict[str, list[str]], int], first: int) -> None:
    """One death, at each instant in turn (a quarter of them in each run): nothing lost, order kept.

    Doubles only where the process died between the provider's acceptance and our note of it.
    """
    texts, steps = expected
    between = 0
    for instant in range(first, steps + 1, 4):
        bench, fuse = play(quick, [instant])
        assert fuse.at == []
        check(bench, fuse, texts)
        between += fuse.deaths_between
    assert between  # the dangerous instant was among them


@pytest.mark.parametrize("seed", [1, 2, 3, *(pytest.param(n, marks=pytest.mark.long) for n in range(4, 20))])
def test_deaths_again_and_again(quick: Path, expected: tuple[dict[str, list[str]], int], seed: int) -> None:
    """Several deaths, some while recovering from the last."""
    draw = random.Random(seed)
    bench, fuse = play(quick, [draw.randint(1, 25) for _ in range(5)])
    check(bench, fuse, expected[0])


def test_a_death_while_forgetting(quick: Path) -> None:
    """Whenever the process dies, a wish to be forgotten ends with nothing kept, and is confirmed, last and once."""
    _, alive = play(quick, [], FORGET)
    for instant in range(1, alive.steps + 1, 2):
        bench, fuse = play(quick, [instant], FORGET)
        texts = list({message.reference: message.text for message in bench.provider.accepted}.values())
        assert "effacé" in texts[-1]
        assert sum("effacé" in text for text in texts) == 1
        assert sum(count - 1 for count in bench.provider.doubles().values()) <= fuse.deaths_between
