"""Tests for bot.sms.reply: one turn is two text messages at most, the urgent first, choices by number, the rest for SUITE."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from bot.sms.reply import compose, continued
from bot.sms.text import CALL, SEPTETS, septets, to_gsm


def message(text: str, labels: tuple[str, ...] = (), urgent: bool = False, **more: Any) -> dict[str, Any]:
    choices = [{"label": label, "value": label} for label in labels]
    return {"text": text, "choices": choices, "places": [], "urgent": urgent, **more}


def test_choices_are_numbered() -> None:
    """Communes to choose from carry the numbers that answer them."""
    told = compose([message("Laquelle ?", ("Villeneuve-lès-Maguelone", "Villeneuve-lès-Béziers"))])
    assert told.now == ("Laquelle ? Répondez 1 ou 2 : 1 Villeneuve-lès-Maguelone  2 Villeneuve-lès-Béziers",)
    assert not told.later


def test_choices_that_find_no_room_wait_with_their_numbers() -> None:
    """The words come whole before any choice; SUITE gives the choices left, numbered as they are answered."""
    told = compose([message("mot " * 66, ("Le montant du RSA", "Demander le RSA", "Joindre la Caf"))])
    assert len(told.now) == 2
    assert told.now[-1].endswith("Répondez 1 ou SUITE : 1 Le montant du RSA")
    assert continued(told.later).now == ("Répondez 2 ou 3 : 2 Demander le RSA  3 Joindre la Caf",)


def test_choices_after_a_text_that_fills_two() -> None:
    """No word of the text is given up to choices, and they are there for who asks the rest."""
    told = compose([message("mot " * 75, ("Un choix",))])
    assert " ".join(told.now).count("mot") == 75
    assert told.later == "Répondez 1 : Un choix"


def test_all_bubbles_in_one() -> None:
    """Two bubbles leave together, their choices numbered in one list, one that comes twice numbered once."""
    told = compose([message("Un.", ("A", "B")), message("Deux.", ("B", "C"))])
    assert told.now == ("Un. Deux. Répondez 1 à 3 : 1 A  2 B  3 C",)


def test_the_urgent_comes_first_and_whole() -> None:
    """What is urgent opens the first message, whatever comes along, and no choice follows it."""
    told = compose([message("Bla bla. " * 60, ("Choix",)), message("SMS au 114, ou 112.", urgent=True)])
    assert told.now[0].startswith("(1/2) SMS au 114, ou 112. Bla")
    assert told.now[-1].endswith(CALL)
    assert "1 Choix" not in " ".join((*told.now, told.later))


def test_nothing_is_lost_from_one_suite_to_the_next() -> None:
    """A turn of many words is given to its last, each message within 160 septets."""
    words = [f"mot{number}." for number in range(300)]
    said, told = [], compose([message(" ".join(words), ("Un choix",))])
    while True:
        assert all(septets(text) <= SEPTETS for text in told.now)
        said += [text.removesuffix(CALL).strip() for text in told.now]
        if not told.later:
            break
        told = continued(told.later)
    joined = " ".join(text.split(") ", 1)[-1] for text in said)
    assert [word for word in joined.replace("...", "").split() if word.startswith("mot")] == words
    assert joined.endswith("Répondez 1 : Un choix")


def test_one_choice_said_already() -> None:
    """ "Lunel ? Répondez OUI" needs no list of one."""
    told = compose([message("Parlez-vous bien de Sète ? Répondez OUI.", ("Sète",))])
    assert told.now == ("Parlez-vous bien de Sète ? Répondez OUI.",)


def test_a_text_without_its_full_stop() -> None:
    """What follows a text is told apart from it."""
    assert compose([message("Caf 3230", ("Un choix",))]).now == ("Caf 3230. Répondez 1 : Un choix",)


def test_a_message_ends_with_a_sentence_or_a_choice() -> None:
    """Where all fits in two, nobody waits for the second message to know what the first says."""
    told = compose(
        [message("Une phrase assez longue pour un SMS. " * 4, ("Le montant du RSA", "Demander le RSA", "La Caf"))]
    )
    assert told.now[0].endswith("SMS.")
    assert told.now[1] == "(2/2) Répondez 1 à 3 : 1 Le montant du RSA  2 Demander le RSA  3 La Caf"


def test_nothing_to_say() -> None:
    """An empty bubble makes no text message."""
    assert compose([message("")]).now == ()


def test_choices_that_all_wait_are_announced_when_there_is_room() -> None:
    """A text that leaves a few septets says that SUITE gives other subjects."""
    told = compose([message("mot " * 68, ("Savoir à quelles aides j'ai droit", "Demander le RSA"))])
    assert told.now[-1].endswith("mot. SUITE : autres sujets")
    assert told.later == "Répondez 1 ou 2 : 1 Savoir à quelles aides j'ai droit  2 Demander le RSA"


WORDS = st.lists(
    st.sampled_from("mot, phrase. 0467676767 651,69 EUR « œuf » l’été ? : ! 1 [x] Caf".split()), max_size=110
).map(" ".join)
LABELS = st.lists(st.integers(1, 99).map(lambda number: f"Sujet n{number} à choisir"), unique=True, max_size=6)


@given(st.lists(st.tuples(WORDS, LABELS, st.booleans()), max_size=3))
def test_whatever_is_said(bubbles: list[tuple[str, list[str], bool]]) -> None:
    """Any turn: two messages at a time, all words over SUITE, each choice under the number that answers it, the urgent first."""
    messages = [message(text, tuple(labels), urgent) for text, labels, urgent in bubbles]
    told, said = compose(messages), ""
    first = to_gsm(next((text for text, _, urgent in bubbles if urgent and text), ""))
    assert not first or first.split()[0] in told.now[0].removeprefix("(1/2) ").split(" ")[0]
    for _ in range(9):
        assert len(told.now) <= 2
        assert all(0 < septets(text) <= SEPTETS for text in told.now)
        said += "".join(f" {text.split(') ', 1)[-1] if len(told.now) > 1 else text}" for text in told.now)
        if not told.later:
            break
        told = continued(told.later)
    for text, _, _ in bubbles:
        assert all(word in said for word in to_gsm(text).split())
    labels = list(dict.fromkeys(label for _, some, _ in bubbles for label in some))
    if not any(urgent for _, _, urgent in bubbles):
        for number, label in enumerate(labels, start=1):
            assert f"{number} {label}" in said or f"Répondez {number} : {label}" in said
