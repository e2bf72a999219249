"""Tests for bot.sms.text: French that a phone network carries, in messages that nobody cuts."""

import re

import pytest
import smsutil
from hypothesis import given
from hypothesis import strategies as st

from bot.sms.text import CALL, MOST, SEPTETS, Parts, cut, parts, septets, split, to_gsm

#: Anchors 4.2: what a French keyboard writes and the alphabet lacks.
LACKING = "âçêëîïôœûÿÀÂÈÊËÎÏÔŒÙÛŸ’‘«»…–—°•·\u00a0\u202f"


@pytest.mark.parametrize(
    ("written", "folded"),
    [
        ("é è à ù É Ç ä ö ü ñ ß", "é è à ù É Ç ä ö ü ñ ß"),
        ("Reçu à Sète, dès l’été – fête", "Recu à Sète, dès l'été - fete"),
        ("À l’Île, Où ? Êtes-vous là ?", "A l'Ile, Où ? Etes-vous là ?"),
        ("œuvre, Œuvre, naïf, L’Haÿ, Noël, maïs", "oeuvre, OEuvre, naif, L'Hay, Noel, mais"),
        ("« mot de passe oublié »", '"mot de passe oublié"'),
        ("les “vrais” et ‘faux’…", "les \"vrais\" et 'faux'..."),
        ("un\u00a0deux\u202ftrois\u2009quatre\tcinq\nsix", "un deux trois quatre cinq six"),
        ("• un · deux → trois", "- un - deux -> trois"),
        ("n° 12, 20 m², ½ part, 3 × 2", "no 12, 20 m2, 1/2 part, 3 x 2"),
        ("e\u0301te\u0301 et fe\u0302te", "été et fete"),
        ("cœur 👍 bravo", "coeur bravo"),
        ("bravo👍", "bravo"),
        ("👍👍 bravo 👨‍👩‍👧 oui ❤️.", "bravo oui."),
        ("français مرحبا bonjour", "francais bonjour"),
        ("مرحبا", ""),
        ("Łódź, Đurić", "Lodz, Duric"),
        ("soft\u00adhyphen zero\u200bwidth", "softhyphen zerowidth"),
        ("\x1b\x07 sonnette", "sonnette"),
    ],
)
def test_french_folded(written: str, folded: str) -> None:
    """é è à ù stay; the rest has a plain form, and what has none leaves no hole."""
    assert to_gsm(written) == folded


@pytest.mark.parametrize("letter", LACKING)
def test_nothing_of_french_is_lost(letter: str) -> None:
    """Each letter and sign that the alphabet lacks leaves something, in the alphabet."""
    told = to_gsm(f"a{letter}b")
    assert smsutil.is_valid_gsm(told)
    assert told != "ab"


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("04 67 67 67 67", "0467676767"),
        ("04.67.67.67.67 ou 04-67-67-67-67", "0467676767 ou 0467676767"),
        ("+33 4 67 67 67 67", "0467676767"),
        ("0 800 235 236, 0 805 16 00 75", "0800235236, 0805160075"),
        ("le 116 006 (9 h-20 h)", "le 116006 (9h-20h)"),
        ("de 9 h 30 à 17 h, 13h15, 48 h", "de 9h30 à 17h, 13h15, 48h"),
        ("651,69\u00a0€, 1\u202f034,28 €, 5€", "651,69 EUR, 1 034,28 EUR, 5 EUR"),
        ("116 000 €", "116 000 EUR"),
        ("le 01.02.2026 10 h 30, code 34500, cerfa 13394*05", "le 01.02.2026 10h30, code 34500, cerfa 13394*05"),
        ("https://www.caf.fr/ et http://herault.fr/588.", "caf.fr et herault.fr/588."),
        ("www.monenfant.fr, ad34.restosducoeur.org", "monenfant.fr, ad34.restosducoeur.org"),
        ("contact@herault.fr", "contact@herault.fr"),
    ],
)
def test_numbers_amounts_hours_and_links(written: str, told: str) -> None:
    """A number is one piece, an amount keeps its unit, a link is short; dates and codes are left alone."""
    assert to_gsm(written) == told


@pytest.mark.parametrize(("text", "count"), [("", 0), ("abc", 3), ("[€]", 6), ("é^{}\\~|", 13), ("Ça\n", 3)])
def test_septets(text: str, count: int) -> None:
    """The extension characters count for two, as smsutil counts them."""
    assert septets(text) == count
    if text:
        assert smsutil.split(text).total_bytes == count


def test_septets_of_what_is_no_gsm() -> None:
    """A letter outside of the alphabet is refused, not counted wrong."""
    with pytest.raises(ValueError, match="GSM"):
        septets("ça")


def test_one_letter_does_not_double_the_price() -> None:
    """A text with ç and ê takes as many parts as without."""
    assert parts("ça " * 50) == parts("ca " * 50) == 1


def test_160_is_one_and_161_is_two() -> None:
    """The number of parts appears only when there are several."""
    assert split("x" * 159 + "y").now == ("x" * 159 + "y",)
    two = split("x" * 99 + " " + "y" * 61)
    assert two.now == ("(1/2) " + "x" * 99, "(2/2) " + "y" * 61)
    assert split("[" * 80).now == ("[" * 80,)
    assert len(split("[" * 81).now) == 2


@pytest.mark.parametrize(
    "whole",
    [
        "0467676767",
        "1 034,28 EUR",
        "9h30",
        "herault.fr/politiques/solidarites",
        "1er décembre",
        "30 jours",
        "25 %",
        "fini ?",
    ],
)
def test_never_cut_inside(whole: str) -> None:
    """Wherever it falls, a number, an amount, an hour, a link, a date is in one message."""
    for before in range(120, 175):
        told = split("a" * 60 + " " + "b" * (before - 61) + f" {whole} " + "suite " * 12)
        assert any(whole in text for text in (*told.now, told.later)), before


def test_what_does_not_fit_waits() -> None:
    """Two messages, the last calls for SUITE; what waits is not said twice."""
    told = split("Une phrase de plus. " * 30)
    assert [text[:6] for text in told.now] == ["(1/2) ", "(2/2) "]
    assert told.now[-1].endswith(f"plus. {CALL}")
    assert " ".join(told.now).count("phrase") + told.later.count("phrase") == 30


def test_a_sentence_left_open_shows_it() -> None:
    """Cut in the middle of a sentence, the message says so with three dots."""
    assert split("mot " * 200).now[-1].endswith(f"mot... {CALL}")


def test_an_endless_link() -> None:
    """A link longer than a message is cut where the message ends, and all of it comes."""
    link = "exemple.fr/" + "a1" * 300
    told, said = split(f"Voir https://{link} puis le 0467676767."), ""
    while True:
        said += "".join(re.sub(r"^\(\d/\d\) ", "", text).replace(f"... {CALL}", "") for text in told.now)
        if not told.later:
            break
        told = cut(told.later)
    assert link in said
    assert "0467676767." in said


def test_nothing_to_say() -> None:
    """No word, no message."""
    assert split("") == split("  \n") == split("🙂") == Parts(())


TEXTS = st.text(max_size=700) | st.lists(
    st.sampled_from("de la Caf 0467676767 04 67 651,69 € 9 h 30 œuvre « » ! : ? [x] {y} • www.caf.fr/ 👍 1 2".split()),
    max_size=150,
).map(" ".join)


def unnumbered(text: str) -> str:
    return re.sub(r"^\(\d/\d\) ", "", text)


def uncalled(text: str) -> str:
    return text.removesuffix(CALL).rstrip(" ")


@given(TEXTS)
def test_any_text_fits_the_alphabet(text: str) -> None:
    """Whatever comes in, what goes out is GSM-7, and writing it again changes nothing."""
    folded = to_gsm(text)
    assert not folded or smsutil.is_valid_gsm(folded)
    assert to_gsm(folded) == folded
    assert septets(folded) == (smsutil.split(folded).total_bytes if folded else 0)


@given(TEXTS, st.integers(1, 4))
def test_nothing_lost_nothing_cut(text: str, most: int) -> None:
    """SUITE after SUITE gives each word, whole and in order, 160 septets at a time."""
    folded = to_gsm(text)
    said: list[str] = []
    told, rounds = split(text, most), 0
    while told.now:
        assert len(told.now) <= most
        assert all(0 < septets(one) <= SEPTETS for one in told.now)
        assert all(one.startswith("(") for one in told.now) or len(told.now) == 1
        bodies = [unnumbered(one) if len(told.now) > 1 else one for one in told.now]
        if told.later:
            assert bodies[-1].endswith(CALL)
            last = uncalled(bodies[-1])
            bodies[-1] = (
                last.removesuffix("...")
                if not folded.startswith(last, _reached(folded, [*said, *bodies[:-1]]))
                else last
            )
        said += bodies
        if not told.later:
            break
        assert len(told.later) < len(folded)
        told, rounds = cut(told.later, most), rounds + 1
        assert rounds < 100
    assert "".join("".join(said).split()) == "".join(folded.split())
    longest = max((septets(word) for word in folded.split()), default=0)
    if longest <= 100:
        words = " ".join(said).split()
        assert words == folded.split()


def _reached(folded: str, said: list[str]) -> int:
    """Return where in `folded` what was `said` ends, spaces aside."""
    letters, position = sum(len("".join(one.split())) for one in said), 0
    while letters or (position < len(folded) and folded[position] == " "):
        letters -= folded[position] != " "
        position += 1
    return position


@given(TEXTS)
def test_one_message_stays_one(text: str) -> None:
    """A message that fits alone comes out the same the second time."""
    told = split(text)
    if len(told.now) == 1 and not told.later:
        assert split(told.now[0]) == told


def test_most_is_two() -> None:
    """No more than two in a row."""
    assert MOST == 2
