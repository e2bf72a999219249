"""A pregnancy lost is heard as such, and told from one of the past."""

import pytest

from bot.answers import LiveBook, render
from bot.sms.loss import told
from bot.sms.text import split
from tests.clock import NOW
from tests.sms.harness import Bench


@pytest.mark.parametrize(
    "text",
    [
        "jai perdu mon bb a 4 mois de grossesse",
        "j'ai perdu le bébé à 4 mois, je sais pas à qui en parler",
        "g fé une fausse couche hier jdois faire koi",
        "j'ai fait une fausse couche, il faut prévenir la CAF ?",
        "Nous avons appris lundi que la grossesse s'était arrêtée. La CAF nous a déjà inscrits pour la prime",
        "Ma compagne a fait une fausse couche la semaine dernière, à presque trois mois.",
        "perte de grossesse soutien sage-femme",
        "fausse couche démarches",
        "mon bb est mort né",
        "son coeur ne bat plus a lecho",
    ],
)
def test_a_loss_is_heard(text: str) -> None:
    """In careful French and in hurried French."""
    assert told(text)


@pytest.mark.parametrize(
    "text",
    [
        "j'ai fait une fausse couche en 2021, nouvelle grossesse paisible, le suivi change-t-il ?",
        "j'ai fait une fausse couche il y a deux ans, là enceinte, un suivi rapproché ?",
        "fausse couche lané derniere, la enceinte de 2 mois ki voir",
        "mon dossier RSA est mort-né, ils ont perdu la pièce, je refais tout ?",
        "j'ai perdu ma carte vitale",
        "je suis enceinte de 3 mois",
        "mon bébé a perdu son doudou",
        "cb de semaine max pr une ivg",
    ],
)
def test_what_is_none_is_left_alone(text: str) -> None:
    """An old one told by someone who expects again, and what only sounds like one."""
    assert not told(text)


def test_what_is_said_then_is_one_text_message() -> None:
    """Words first, then a person, and who to call when the body or the mind gives way; no prime, no declaration."""
    parts = split(render(LiveBook().book, "sms_perte", "sms", NOW.date(), {}).text).now
    assert len(parts) == 1
    assert all(number in parts[0] for number in ("0467676767", "15", "3114"))
    assert not any(word in parts[0].lower() for word in ("prime", "déclaration", "félicitation"))


async def test_a_loss_is_answered_by_a_word_and_a_person(bench: Bench) -> None:
    """Nothing of the steps to a birth, neither now nor by SUITE."""
    sms = await bench.start()
    bench.brain.answer = bench.brain.intent = "pmi_grossesse"
    texts = await bench.says(sms, "jai perdu mon bb a 4 mois")
    assert "0467676767" in texts[0]
    assert not any("déclaration" in text or "Prime" in text for text in texts)
    assert not any("déclaration" in text for text in await bench.says(sms, "SUITE"))


async def test_what_was_asked_besides_a_loss_follows(bench: Bench) -> None:
    """A question about money keeps its answer, after the word."""
    sms = await bench.start()
    bench.brain.answer = bench.brain.intent = "contacter_caf"
    texts = await bench.says(sms, "fausse couche hier, comment joindre la caf")
    assert "sage-femme" in texts[0]
    assert any("3230" in text for text in texts[1:])
