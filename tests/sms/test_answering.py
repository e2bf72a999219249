"""Tests for the manners: who is answered what, who is not, and what is said once."""

from typing import Any

import pytest
import sqlalchemy as sa

from bot.sms.tables import INBOX, OUTBOX, PEOPLE
from bot.sms.text import septets, split
from tests.sms.harness import MARIE, PAUL, Bench

DANGER = "mon mari me frappe"


async def test_the_first_answer_is_followed_by_who_we_are_once(bench: Bench) -> None:
    """A new person gets her answer, then one message that says it is a machine and how to stop; never again."""
    sms = await bench.start()
    first = await bench.says(sms, "bonjour")
    assert "automatique" in first[-1]
    assert "STOP" in first[-1]
    assert "automatique" not in first[0]
    assert len(await bench.says(sms, "et le rsa")) == len(first) - 1


async def test_danger_first_and_no_word_of_ours_behind_it(bench: Bench) -> None:
    """A cry for help as first message gets the right number; who we are is not said later to whoever holds the phone."""
    sms = await bench.start()
    bench.brain.answer = bench.brain.intent = "violences_conjugales"
    assert not any("automatique" in text for text in await bench.says(sms, DANGER))
    bench.brain.answer = bench.brain.intent = "remercier"
    assert not any("automatique" in text for text in await bench.says(sms, "merci"))


async def test_stop_then_silence_then_back(bench: Bench) -> None:
    """STOP is confirmed once; then silence, but for danger; REPRENDRE brings the answers back."""
    sms = await bench.start()
    await bench.says(sms, "bonjour")
    assert len(await bench.says(sms, "Arrêt")) == 1
    assert await bench.says(sms, "stop") == []
    assert await bench.says(sms, "combien de rsa") == []
    assert await bench.says(sms, "aide") == []
    assert await bench.says(sms, DANGER)
    assert await bench.says(sms, "combien de rsa") == []
    assert "STOP" in (await bench.says(sms, "Reprendre"))[0]
    assert await bench.says(sms, "combien de rsa")


async def test_stop_overtakes_what_waits(bench: Bench) -> None:
    """With the brain down and an answer unsent, STOP is confirmed, and what waited never leaves."""
    sms = await bench.start()
    await bench.receive(sms, "bonjour")
    now = bench.now.timestamp()
    claim = await sms.worker._claim()
    assert claim
    await sms.worker.answer(claim)  # two parts and the welcome wait in the outbox
    bench.brain.down = True
    await bench.receive(sms, "combien de rsa")
    claim = await sms.worker._claim()
    assert claim
    await sms.worker.answer(claim)
    await bench.receive(sms, "STOP")
    bench.brain.down = False
    await bench.work(sms)
    assert now
    assert [text[:12] for text in bench.provider.texts(MARIE)] == ["C'est fait :"]


async def test_forgotten(any_bench: Bench) -> None:
    """OUBLI erases the conversation, Rasa's memory and every row that names the person, and says so last."""
    sms = await any_bench.start()
    await any_bench.says(sms, "Zanzibarquestion", id_="1")
    person = sms.box.sealer.person(MARIE)
    last = await any_bench.says(sms, "oubli", id_="2")
    assert "effacé" in last[0]
    assert any_bench.brain.forgotten == [person]
    async with any_bench.stores[0].engine.connect() as connection:
        for table in (INBOX, OUTBOX, PEOPLE):
            rows = (await connection.execute(sa.select(table))).all()
            assert person not in str(rows)
            assert not any(getattr(row, "sealed", None) for row in rows)
        for name in ("conversations", "turns"):
            assert (await connection.execute(sa.text(f"select count(*) from {name}"))).scalar_one() == 0
    before = len(any_bench.provider.accepted)
    await any_bench.receive(sms, "Zanzibarquestion", id_="1")  # the provider repeats an old message
    await any_bench.work(sms)
    assert len(any_bench.provider.accepted) == before
    assert "automatique" in (await any_bench.says(sms, "bonjour"))[-1]  # a new person


async def test_forgotten_after_stop_stays_silent(bench: Bench) -> None:
    """Of a person who said STOP then OUBLI, the wish for silence is all that remains, and it holds."""
    sms = await bench.start()
    await bench.says(sms, "stop")
    assert await bench.says(sms, "oubliez moi")
    assert await bench.says(sms, "bonjour") == []
    async with bench.stores[0].engine.connect() as connection:
        row = (await connection.execute(sa.select(PEOPLE))).one()
    assert row.stopped_at
    assert row.later is None


async def test_never_said_erased_before_it_is(bench: Bench) -> None:
    """While Rasa is down, OUBLI waits, however long; then everything is erased and confirmed."""
    sms = await bench.start()
    await bench.says(sms, "bonjour")
    bench.brain.down = True
    await bench.receive(sms, "oubli")
    await bench.work(sms, patience=600)
    assert not any("effacé" in text for text in bench.provider.texts(MARIE))
    bench.brain.down = False
    await bench.work(sms)
    assert "effacé" in bench.provider.texts(MARIE)[-1]


async def test_erased_by_a_sentence(bench: Bench) -> None:
    """« effacez mes données » in a sentence does what OUBLI does."""
    sms = await bench.start()
    await bench.says(sms, "bonjour")
    bench.brain.intent = bench.brain.answer = "effacer_donnees"
    assert "effacé" in (await bench.says(sms, "je veux que vous effaciez mes données"))[-1]
    async with bench.stores[0].engine.connect() as connection:
        assert (await connection.execute(sa.select(sa.func.count()).select_from(PEOPLE))).scalar_one() == 0


async def test_oubli_again_and_again(bench: Bench) -> None:
    """A machine that repeats OUBLI is confirmed three times in an hour, no more; every wish is granted."""
    sms = await bench.start()
    confirmed = [len(await bench.says(sms, "oubli")) for _ in range(6)]
    assert confirmed == [1, 1, 1, 0, 0, 0]
    assert len(bench.brain.forgotten) == 6


async def test_a_cap_an_hour(bench: Bench) -> None:
    """Over the cap: one last word that says when, then silence but for danger; after that hour, answers again."""
    bench.settings = bench.settings.model_copy(update={"sms_per_hour": 3})
    sms = await bench.start()
    for number in range(3):
        assert await bench.says(sms, f"question {'abc'[number]}")
    last = await bench.says(sms, "encore une question")
    assert len(last) == 1
    assert "à 11h" in last[0]  # the first message came at 10 h
    assert await bench.says(sms, "et une autre") == []
    assert await bench.says(sms, DANGER)
    bench.later(3600)
    assert len(await bench.says(sms, "de nouveau là")) == 2


async def test_a_cap_survives_a_restart(bench: Bench) -> None:
    """Counts are in the database: another process says no other last word."""
    bench.settings = bench.settings.model_copy(update={"sms_per_hour": 1})
    sms = await bench.start()
    await bench.says(sms, "bonjour")
    assert len(await bench.says(sms, "encore")) == 1
    assert await bench.says(await bench.start(), "toujours") == []


async def test_a_cap_a_day(bench: Bench) -> None:
    """The cap of the day says « demain »."""
    bench.settings = bench.settings.model_copy(update={"sms_per_hour": 2, "sms_per_day": 4})
    sms = await bench.start()
    texts = []
    for number in range(8):
        texts += await bench.says(sms, f"question {'abcdefgh'[number]}")
        bench.later(1900)
    assert sum("demain à 10h" in text for text in texts) == 1


async def test_another_person_is_not_capped(bench: Bench) -> None:
    """Each number has its own count."""
    bench.settings = bench.settings.model_copy(update={"sms_per_hour": 1})
    sms = await bench.start()
    await bench.says(sms, "bonjour")
    await bench.says(sms, "encore")
    assert len(await bench.says(sms, "bonjour", PAUL)) == 3


@pytest.mark.parametrize(
    ("text", "answered"),
    [
        ("Message reçu le 24/11 à 10:02:%d, merci de votre envoi", 3),
        ("oui", 9),
        (DANGER, 12),
        ("ceci est un message automatique, ne pas répondre", 0),
    ],
)
async def test_machines_that_repeat(bench: Bench, text: str, answered: int) -> None:
    """The same text again and again, even with a count in it: soon silence; later for short words, last for danger."""
    bench.settings = bench.settings.model_copy(update={"sms_per_hour": 100, "sms_per_day": 100})
    sms = await bench.start()
    got = 0
    for number in range(20):
        await bench.receive(sms, text % number if "%d" in text else text)
        before = len(bench.provider.accepted)
        await bench.work(sms)
        got += len(bench.provider.accepted) > before
        bench.later(20)
    assert got == answered


async def test_an_echo(bench: Bench) -> None:
    """A machine that sends back what we send is not answered."""
    sms = await bench.start()
    said = await bench.says(sms, "bonjour")
    assert await bench.says(sms, said[0]) == []


async def test_stop_and_start_in_turn(bench: Bench) -> None:
    """A machine that says STOP and START for ever is left alone after the cap of the day."""
    bench.settings = bench.settings.model_copy(update={"sms_per_hour": 5, "sms_per_day": 5})
    sms = await bench.start()
    counts = [len(await bench.says(sms, word)) for _ in range(12) for word in ("stop", "start")]
    assert sum(counts[-8:]) == 0


async def test_suite_with_nothing_left(bench: Bench) -> None:
    """SUITE when all was said, and no place was looked for: said so, not "no other place"."""
    sms = await bench.start()
    await bench.says(sms, "bonjour")
    bench.brain.answer = "suite"
    assert (await bench.says(sms, "suite"))[0].startswith("Je vous ai tout dit")


async def test_suite(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """What did not fit comes with SUITE, in order, word for word; then SUITE is the brain's."""
    sms = await bench.start()
    words = " ".join(f"mot{n}" for n in range(170))
    monkeypatch.setattr("bot.sms.answering.compose", lambda messages: split(words))
    got: list[str] = []
    for text in ("bonjour", "suite", "la suite", "SUITE"):
        got += [part for part in await bench.says(sms, text) if "automatique" not in part]
    joined = " ".join(part.split(" ", 1)[1].removesuffix("... Répondez SUITE") for part in got)
    assert all(septets(part) <= 160 for part in got)
    assert [int(word[3:]) for word in joined.split() if word.startswith("mot")][:200] == list(range(170))
    assert len(bench.brain.turns) == 1
    await bench.says(sms, "suite")
    assert len(bench.brain.turns) == 2


@pytest.mark.parametrize("text", ["", "   ", "😀😀", "\x00\x01", "☎️"])
async def test_what_cannot_be_read(bench: Bench, text: str) -> None:
    """No text, binary, emoji alone: the person is told, without the brain."""
    sms = await bench.start()
    assert "pas pu lire" in (await bench.says(sms, text))[0]
    assert bench.brain.turns == []


async def test_a_very_long_message(bench: Bench) -> None:
    """Ten concatenated parts and more are read, up to the limit."""
    sms = await bench.start()
    assert await bench.says(sms, "bonjour " * 1000)
    assert len(bench.brain.turns[0][1]) <= bench.settings.max_length


async def test_brain_down_for_a_while(bench: Bench) -> None:
    """A brain that comes back within three minutes: the true answer, late, and nothing else."""
    sms = await bench.start()
    bench.brain.down = True
    await bench.receive(sms, "combien de rsa")
    await bench.work(sms, patience=60)
    assert bench.provider.accepted == []
    bench.brain.down = False
    await bench.work(sms)
    assert "Je réponds sur" in bench.provider.texts(MARIE)[0]


async def test_brain_down_for_good(bench: Bench) -> None:
    """After three minutes, the honest sentence with the switchboard, once for each message, in order."""
    sms = await bench.start()
    bench.brain.down = True
    await bench.receive(sms, "combien de rsa")
    await bench.work(sms, patience=400)
    texts = bench.provider.texts(MARIE)
    assert "0467676767" in texts[0]
    assert (await sms.box.depths()).inbox == 0


async def test_brain_down_in_danger(bench: Bench) -> None:
    """With the brain down, danger gets the right number at once, before what waits."""
    sms = await bench.start()
    bench.brain.down = True
    await bench.receive(sms, "combien de rsa")
    await bench.turn(sms)
    await bench.receive(sms, DANGER)
    await bench.turn(sms)
    assert "114" in bench.provider.texts(MARIE)[0]


async def test_a_fault_of_ours(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """A message on which our own code fails is tried again, then answered honestly: no message is lost to a bug."""
    sms = await bench.start()

    def broken(messages: Any) -> Any:
        raise RuntimeError("bug")

    monkeypatch.setattr("bot.sms.answering.compose", broken)
    await bench.receive(sms, "bonjour")
    await bench.work(sms, patience=100)
    monkeypatch.undo()
    await bench.work(sms)
    assert bench.provider.texts(MARIE)


async def test_a_fault_that_stays(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """When even the honest sentence fails, the message is a dead letter, and can be answered once the bug is mended."""
    sms = await bench.start()

    def broken(messages: Any) -> Any:
        raise RuntimeError("bug")

    monkeypatch.setattr("bot.sms.answering.compose", broken)
    await bench.receive(sms, "bonjour")
    await bench.work(sms, patience=600)
    monkeypatch.undo()
    (letter,) = await sms.box.dead()
    assert letter.id.startswith("m")
    assert await sms.box.resend([letter.id]) == 1
    await bench.work(sms)
    assert bench.provider.texts(MARIE)
