"""All that may be said by SMS goes through the engine: two messages at most, GSM-7, nothing cut, the rest for SUITE."""

import re
from collections import Counter
from dataclasses import replace

import pytest
import smsutil

from bot.answers import load, render
from bot.settings import Settings
from bot.sms.reply import compose, continued
from bot.sms.text import CALL, SEPTETS, parts, septets, split, to_gsm
from tests.clock import TODAY
from tests.sms.every import LATER, Corpus, Turn

SHAPES = {"answer", "bubbles", "aspect", "list", "place", "commune", "doubt", "system"}


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    return Corpus(tmp_path_factory.mktemp("directory"))


Sent = tuple[Turn, list[str], list[list[str]]]


@pytest.fixture(scope="module")
def turns(corpus: Corpus) -> list[Sent]:
    return [(turn, *sent(turn)) for turn in corpus.every()]


def sent(turn: Turn) -> tuple[list[str], list[list[str]]]:
    """Return the messages of a reply, and those of each SUITE after it; each is held to what every message owes."""
    told, rounds = compose(turn.messages), []
    while True:
        rounds.append(list(told.now))
        assert 1 <= len(told.now) <= 2, turn.name
        for text in told.now:
            assert septets(text) <= SEPTETS, (turn.name, text)
            assert smsutil.split(text).encoding == "gsm0338", (turn.name, text)
            assert len(smsutil.split(text).parts) == 1, (turn.name, text)
        if not told.later:
            return rounds[0], rounds[1:]
        assert len(rounds) < 5, turn.name
        told = continued(told.later)


def read(rounds: list[list[str]]) -> str:
    """Return what was read, without the numbers of the parts and the calls for more."""
    bodies = [
        re.sub(r"^\(\d/\d\) ", "", text).removesuffix(CALL).removesuffix("... ") for one in rounds for text in one
    ]
    return " ".join(" ".join(bodies).split())


def test_every_turn(turns: list[Sent]) -> None:
    """Each reply leaves as one or two real SMS, all that it says is read over SUITE after SUITE, no word is cut."""
    assert {turn.shape for turn, _, _ in turns} == SHAPES
    assert len(turns) > 2_000
    for turn, first, more in turns:
        said = read([first, *more])
        for message in turn.messages:
            for word in to_gsm(message["text"]).split():
                assert word in said, (turn.name, word, said)


def test_what_must_not_be_missed_comes_at_once(turns: list[Sent]) -> None:
    """Without SUITE: the whole of an answer, the whole of a danger, the first place and its telephone."""
    for turn, first, _ in turns:
        now = read([first])
        if turn.shape in {"answer", "aspect", "commune", "doubt", "system"}:
            text = " ".join(to_gsm(message["text"]) for message in turn.messages)
            assert text in now, (turn.name, now)
        if turn.shape in {"list", "place"}:
            place = turn.messages[0]["places"][0]
            assert (place["phone"] or "").replace(" ", "") in now, (turn.name, now)


def test_a_danger_is_one_message_that_opens_with_whom_to_write_to(corpus: Corpus, turns: list[Sent]) -> None:
    """The first number is one that takes SMS (114), in one message, without choices; the 115 for who has no roof."""
    seen = set()
    for turn, first, more in turns:
        if any(message["urgent"] for message in turn.messages):
            seen.add(turn.name)
            assert len(first) == 1, turn.name
            assert not more
            assert "Répondez" not in first[0]
            numbers = re.findall(r"\b1\d\d?\b|\b3\d{3}\b", first[0])
            assert numbers[0] == ("115" if turn.name == "hebergement_urgence" else "114"), first
    assert corpus.dangers <= seen


def test_choices_and_places_are_numbered_as_they_are_answered(turns: list[Sent]) -> None:
    """Number n is the n-th choice that the gateway knows, or the n-th place shown, wherever it is written."""
    for turn, first, more in turns:
        said = read([first, *more])
        places = [place for message in turn.messages for place in message["places"]]
        labels = [choice["label"] for message in turn.messages for choice in message["choices"]]
        if len(places) > 1:
            assert re.findall(r"[:.] (\d) (?=[A-Z\"É])", said)[: len(places)] == [
                str(number) for number in range(1, len(places) + 1)
            ], (turn.name, said)
        elif not places and len(labels) > 1 and not turn.messages[0]["urgent"]:
            for number, label in enumerate(labels, start=1):
                assert f"{number} {to_gsm(label)}" in said or f"Répondez {number} : {to_gsm(label)}" in said, turn.name


def test_numbers_are_whole(turns: list[Sent]) -> None:
    """No message ends or begins inside a telephone number, an amount or a link."""
    whole = re.compile(r"(?<![\d.,])0\d{9}(?!\d)|\d+(?: \d{3})*(?:,\d+)? EUR|[\w.-]+\.(?:fr|org|com|net)(?:/[\w/-]+)?")
    for turn, first, more in turns:
        texts = [text for one in [first, *more] for text in one]
        for message in turn.messages:
            for number in whole.findall(to_gsm(message["text"])):
                assert any(number in text for text in texts), (turn.name, number)
        for text in texts:
            assert not re.search(r"(?<!\d)0\d (?:\d\d ){2,}\d\d", text), text


def test_nothing_expired_is_said_as_true(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Once figures have expired, the general texts fit too, and an old answer says of when it is before all else."""
    later = Corpus(tmp_path_factory.mktemp("later"), LATER)
    seen: Counter[str] = Counter()
    for turn in later.answers("general"):
        first, _ = sent(turn)
        now = read([first])
        answer = later.book.book.answers[turn.name]
        dated = "à confirmer : " in now
        assert dated is (answer.general is None)
        seen["dated" if dated else "general"] += 1
    assert seen["general"] > 15
    assert seen["dated"] > 50


BOOK = load()
SYSTEM = sorted(answer.id for answer in BOOK.answers.values() if answer.theme == "sms")


@pytest.mark.parametrize("id_", SYSTEM)
def test_system_messages(id_: str) -> None:
    """What the service says of itself is one SMS, with a figure, without one, and with the longest hour."""
    answer = BOOK.answers[id_]
    values = {"quand": "dimanche 27 décembre à 10h30"}
    for text in (render(BOOK, id_, "sms", TODAY, values).text, answer.general or answer.sms):
        assert parts(text) == 1, text
        assert "…" not in text


def test_the_first_message_says_what_it_must() -> None:
    """A machine, how long messages are kept (from the setting, as the page on data says), how to stop and be helped."""
    book = replace(BOOK, context={"conservation": Settings().conservation})
    text = split(render(book, "sms_bienvenue", "sms", TODAY).text).now[0]
    for said in ("automatique", "pas une personne", "30 jours", "STOP", "AIDE", "114"):
        assert said in text
