"""Tests for bot.privacy.redaction: personal data goes, what an answer needs stays."""

from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.redaction import CORPUS, SERVICES, measure
from bot.privacy import Kind, redact


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("je m'appelle Karima Benali et j'habite 12 bis rue des Lilas 34500 Béziers", [Kind.NAME, Kind.ADDRESS]),
        ("mon num secu c 2 85 05 34 172 123 45", [Kind.NIR]),
        ("mon numero allocataire 1234567 et mon mail karima.b @ gmail.com", [Kind.CAF, Kind.EMAIL]),
        ("née le 3/5/1985, identifiant pole emploi 1234567A", [Kind.BIRTH_DATE, Kind.FRANCE_TRAVAIL]),
        ("FR76 3000 6000 0112 3456 7890 189 c'est mon rib", [Kind.IBAN]),
        ("carte 4539 1488 0343 6467", [Kind.CARD]),
        ("rappelez moi au 06.39.98.12.34", [Kind.PHONE]),
        ("+33 6 39 98 12 34 svp", [Kind.PHONE]),
    ],
)
def test_each_kind(text: str, kinds: list[Kind]) -> None:
    """Each kind is taken out, and said."""
    found = redact(text)
    assert list(found.kinds) == kinds
    assert all(f"[{kind.value}]" in found.text for kind in kinds)


@pytest.mark.parametrize(
    "text",
    [
        "j'ai 1 015,25 € par mois depuis le 05/04/2026, je suis à la rue",
        "je m'appelle souvent la caf",
        "appeler le 04 67 67 67 67, le 3919 ou le 114",
        "rdv le 12/12/2026 à 14h30 au 34000",
        "mon bébé est né hier",
        "moi c'est Frontignan",
        "une assistante sociale à Saint-Gély-du-Fesc",
        "la Caf 8 rue Chaptal elle est ouverte ?",
        "terme prévu le 12 mai 2027",
        "",
    ],
)
def test_what_stays(text: str) -> None:
    """Amounts, dates, postcodes, communes, services and their numbers stay, letter for letter."""
    assert redact(text, SERVICES).text == text


def test_for_machines_nothing_is_put_in_the_place() -> None:
    """The brain reads the rest of the sentence: the words that stand for what was taken would mislead it."""
    assert redact("mon tel 06 39 98 12 34 pour la pmi").bare == "mon tel pour la pmi"


@pytest.mark.skipif(not CORPUS.exists(), reason="corpus absent")
def test_on_sentences_written_blind() -> None:
    """On 300 sentences written without looking at the rules: numbers all found, names nearly, nothing needed lost."""
    result = measure(yaml.safe_load(Path(CORPUS).read_text(encoding="utf-8")))
    assert result.recall >= 0.97
    assert result.precision >= 0.98
    assert result.kept == result.keep
    for kind in ("nir", "iban", "card", "email", "allocataire", "france_travail", "birth_date"):
        assert result.found[kind] == result.secrets[kind], kind


@given(st.text(max_size=300))
def test_any_text(text: str) -> None:
    """Whatever is sent, it ends, and a text without digits, capitals or signs of a name is not touched for numbers."""
    found = redact(text)
    assert bool(found.kinds) == (found.text != text)


@given(st.text(alphabet="0123456789 .-+/@abFRné€,'", max_size=400))
def test_redacted_twice_is_redacted_once(text: str) -> None:
    """Nothing that was written in the place of a number is taken for one."""
    once = redact(text).text
    assert not {Kind.NIR, Kind.CARD, Kind.IBAN, Kind.EMAIL} & set(redact(once).kinds) or once != text


@pytest.mark.parametrize(
    "text", ["bat a " * 330, ". _-" * 500, "2 85 05 " * 250, "né le " * 300, "a.@" * 600, "Mme " * 500]
)
def test_hostile_repetitions_end(text: str) -> None:
    """No repetition makes the patterns run wild (the run's own time limit would fail this)."""
    redact(text)
