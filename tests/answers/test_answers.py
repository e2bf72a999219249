"""Tests for bot.answers: what we say is read, filled with today's figures, and never out of date."""

from datetime import date
from pathlib import Path

import pytest

from bot.answers import AnswersError, Book, LiveBook, load, render
from bot.answers.model import VARIANTS
from bot.answers.render import french_day
from bot.sms import text as sms
from tests.clock import TODAY

ANSWER = """
essai:
  label: Un essai
  standard: Le montant est {{t.montant}}. Appelez le 3230.
  simple: Le montant est {{t.montant}}.
  sms: Montant {{t.montant}}. Caf 3230
  general: Demandez le montant à la Caf, 3230.
  sources: [{{title: Un décret, url: "https://www.legifrance.gouv.fr"}}]
  verified_on: 2026-11-23
  expires_on: {expires}
  choices: []
  lookup: []
  links: []
"""
FIGURE = """
t.montant:
  meaning: un montant
  unit: EUR
  source: {title: Un décret, url: "https://www.legifrance.gouv.fr"}
  values:
    - {value: 651.69, valid_from: 2026-04-01, valid_until: 2027-03-31}
    - {value: 660, valid_from: 2027-04-01, valid_until: 2027-06-30}
"""
NUMBER = """
"3230":
  name: Caf
  hours: null
  source: {title: Caf, url: "https://www.caf.fr"}
  source_date: "2021"
  confidence: medium
"""


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A folder of data with one answer, one figure, one number."""
    folder = tmp_path / "data"
    (folder / "answers").mkdir(parents=True)
    (folder / "figures").mkdir()
    (folder / "answers" / "rsa.yml").write_text(ANSWER.format(expires="2027-06-30"), encoding="utf-8")
    (folder / "figures" / "rsa.yml").write_text(FIGURE, encoding="utf-8")
    (folder / "numbers.yml").write_text(NUMBER, encoding="utf-8")
    return folder


class TestRender:
    """Tests for bot.answers.render()."""

    @pytest.mark.parametrize(
        ("day", "variant", "expected"),
        [
            (date(2026, 11, 23), "standard", "Le montant est 651,69\u00a0€. Appelez le 3230."),
            (date(2026, 11, 23), "sms", "Montant 651,69 EUR. Caf 3230"),
            (date(2027, 3, 31), "simple", "Le montant est 651,69\u00a0€."),
            (date(2027, 4, 1), "simple", "Le montant est 660,00\u00a0€."),
        ],
    )
    def test_figure_of_the_day(self, data: Path, day: date, variant: str, expected: str) -> None:
        """The figure that holds on the day is written in French, for the channel."""
        assert render(load(data), "essai", variant, day).text == expected  # type: ignore[arg-type]

    @pytest.mark.parametrize("variant", VARIANTS)
    def test_expired_figure(self, data: Path, variant: str) -> None:
        """When no figure holds, the general text replaces the old amount."""
        rendered = render(load(data), "essai", variant, date(2027, 7, 1))  # type: ignore[arg-type]
        assert not rendered.current
        assert rendered.text == "Demandez le montant à la Caf, 3230."

    def test_expired_answer_without_general(self, data: Path) -> None:
        """An expired answer that has no general text says when it was checked."""
        path = data / "answers" / "rsa.yml"
        text = path.read_text(encoding="utf-8").replace("{t.montant}", "connu")
        path.write_text("\n".join(line for line in text.splitlines() if "general:" not in line), encoding="utf-8")
        text = render(load(data), "essai", "standard", date(2028, 1, 1)).text
        assert "vérifiée le 23 novembre 2026" in text

    def test_days(self) -> None:
        """Dates read as a person says them."""
        assert french_day(date(2026, 12, 4)) == "vendredi 4 décembre 2026"
        assert french_day(date(2027, 1, 1)) == "vendredi 1er janvier 2027"
        assert french_day(date(2026, 11, 21)) == "samedi 21 novembre 2026"


class TestLoad:
    """Tests for bot.answers.load(): a fault is named with its file and line."""

    @pytest.mark.parametrize(
        ("change", "complaint"),
        [
            (("label: Un essai", "label: [1]"), "label"),
            (("  sms: Montant {t.montant}. Caf 3230\n", ""), "il manque « sms »"),
            (("verified_on: 2026-11-23", "verified_on: hier"), "n'est pas une date"),
            (("lookup: []", "lookup: []\n  couleur: bleue"), "clef inconnue « couleur »"),
            (("choices: []", "choices: rsa"), "doit être une liste"),
            (("sources: [{title: Un décret", "sources: [{nom: Un décret"), "une source a un titre"),
            (("essai:\n", "essai:\n  label: [\n"), "YAML illisible"),
            (("simple: Le montant est {t.montant}.", "simple: ''"), "vide"),
        ],
    )
    def test_faulty_answer(self, data: Path, change: tuple[str, str], complaint: str) -> None:
        """Each fault of an answer is refused in French, with file and line."""
        path = data / "answers" / "rsa.yml"
        text = path.read_text(encoding="utf-8")
        assert change[0] in text
        path.write_text(text.replace(*change), encoding="utf-8")
        with pytest.raises(AnswersError) as caught:
            load(data)
        assert any(complaint in problem and "data/answers/rsa.yml:" in problem for problem in caught.value.problems), (
            caught.value.problems
        )

    @pytest.mark.parametrize(
        ("change", "complaint"),
        [
            (("value: 651.69", "value: beaucoup"), "n'est pas une valeur"),
            (("valid_until: 2027-03-31", "valid_until: 2020-01-01"), "finit avant de commencer"),
            (
                ("    - {value: 660, valid_from: 2027-04-01, valid_until: 2027-06-30}\n", "    - {value: 660}\n"),
                "chaque valeur a",
            ),
            (('  source: {title: Un décret, url: "https://www.legifrance.gouv.fr"}\n', ""), "une source a"),
        ],
    )
    def test_faulty_figure(self, data: Path, change: tuple[str, str], complaint: str) -> None:
        """Each fault of a figure is refused in French, with file and line."""
        path = data / "figures" / "rsa.yml"
        text = path.read_text(encoding="utf-8")
        assert change[0] in text
        path.write_text(text.replace(*change), encoding="utf-8")
        with pytest.raises(AnswersError) as caught:
            load(data)
        assert any(complaint in problem and "data/figures/rsa.yml:" in problem for problem in caught.value.problems), (
            caught.value.problems
        )

    def test_same_id_twice(self, data: Path) -> None:
        """An id defined in two files is refused, and both places are named."""
        (data / "answers" / "autre.yml").write_text(ANSWER.format(expires="2027-06-30"), encoding="utf-8")
        with pytest.raises(AnswersError, match=r"déjà défini en data/answers/autre\.yml"):
            load(data)

    def test_not_utf8(self, data: Path) -> None:
        """A file saved in another encoding is refused by name."""
        (data / "answers" / "rsa.yml").write_bytes("été:".encode("latin-1"))
        with pytest.raises(AnswersError, match="UTF-8"):
            load(data)


class TestLiveBook:
    """Tests for bot.answers.LiveBook: an edit is seen at once, a faulty one does no harm."""

    def test_edit_is_seen(self, data: Path) -> None:
        """A saved text is in the book after the next look."""
        live = LiveBook(data)
        path = data / "answers" / "rsa.yml"
        path.write_text(path.read_text(encoding="utf-8").replace("Le montant est", "La somme est"), encoding="utf-8")
        assert live.refresh()
        assert live.book.answers["essai"].standard.startswith("La somme est")
        assert not live.refresh()

    def test_faulty_edit_keeps_the_old_book(self, data: Path) -> None:
        """A faulty file leaves the old answers in service, and says what is wrong."""
        live = LiveBook(data)
        (data / "answers" / "rsa.yml").write_text("essai: [", encoding="utf-8")
        assert not live.refresh()
        assert "essai" in live.book.answers
        assert live.problems
        (data / "answers" / "rsa.yml").write_text(ANSWER.format(expires="2027-06-30"), encoding="utf-8")
        assert live.refresh()
        assert not live.problems


@pytest.fixture(scope="module")
def book() -> Book:
    """The real answers."""
    return load()


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("id_", sorted(load().answers))
def test_every_answer_in_every_variant(book: Book, id_: str, variant: str) -> None:
    """Each answer reads whole on the day of the tests: no figure missing, no brace left, GSM-7 in two parts by SMS."""
    rendered = render(book, id_, variant, TODAY)  # type: ignore[arg-type]
    assert rendered.current
    assert "{" not in rendered.text
    assert rendered.text
    if variant == "sms":
        assert sms.parts(rendered.text) <= 2
