"""Tests for `make check`: what an editor may get wrong is refused with its file and line."""

import re
import shutil
from datetime import date
from pathlib import Path

import pytest

from bot import check
from bot.paths import ROOT
from tests.clock import TODAY


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of the data that may be spoilt."""
    shutil.copytree(ROOT / "data", tmp_path / "data")
    shutil.copy(ROOT / "domain.yml", tmp_path / "domain.yml")
    return tmp_path


def spoil(project: Path, file: str, before: str, after: str) -> None:
    """Replace `before`, which must be there, by `after`, once."""
    path = project / file
    text = path.read_text(encoding="utf-8")
    assert before in text, f"{file} no longer holds {before!r}"
    path.write_text(text.replace(before, after, 1), encoding="utf-8")


def test_the_project_is_in_order() -> None:
    """Nothing is wrong, and nothing had expired, on the day of the tests."""
    wrong, expired, _ = check.problems(TODAY)
    assert not wrong
    assert not expired


def test_what_expires_is_listed() -> None:
    """What expires within 60 days is listed; what has expired is told apart."""
    _, _, soon = check.problems(TODAY)
    assert any("emploi_tzcld" in line for line in soon)
    _, expired, _ = check.problems(date(2027, 4, 2))
    assert any("rsa.montant_personne_seule" in line for line in expired)


@pytest.mark.parametrize(
    ("file", "before", "after", "complaint"),
    [
        (
            "data/answers/rsa.yml",
            "{rsa.montant_personne_seule}",
            "{rsa.montant_invente}",
            "chiffre inconnu {rsa.montant_invente}",
        ),
        ("data/answers/rsa.yml", "{rsa.montant_personne_seule}", "607,75 €", "montant écrit à la main"),
        ("data/answers/rsa.yml", "3230", "3299", "numéro « 3299 » absent"),
        ("data/answers/rsa.yml", "04 67 67 67 67", "04 67 11 22 33", "absent de data/numbers.yml"),
        ("data/answers/rsa.yml", "  simple: |\n", "  simple: |\n    " + "Mot " * 39 + "mot.\n", "phrase de 40 mots"),
        (
            "data/answers/rsa.yml",
            "  sms: |\n",
            "  sms: |\n    " + "Une phrase sans fin. " * 40 + "\n",
            "SMS, 2 au plus",
        ),
        ("data/answers/urgence.yml", "Effacez ce SMS.", "Effacez aussi ce SMS de votre téléphone.", "2 SMS, 1 au plus"),
        ("data/answers/sms.yml", "C'est fait", "Une phrase de plus. " * 3 + "C'est fait", "2 SMS, 1 au plus"),
        ("data/answers/rsa.yml", "choices: [rsa_demande", "choices: [rsa_inconnu", "choix inconnu « rsa_inconnu »"),
        ("data/answers/rsa.yml", "rsa_conditions:\n", "rsa_condition:\n", "rsa_condition"),
        (
            "data/answers/rsa.yml",
            '    - title: "Service-public : revenu',
            '    - titre: "Service-public : revenu',
            "une source a un titre",
        ),
        ("data/nlu/rsa.yml", "- intent: rsa_montant\n", "- intent: rsa_montan\n", "id inconnu « rsa_montan »"),
        ("data/nlu/rsa.yml", "  examples: |\n", "  examples: |\n    -\n", "phrase vide"),
        ("data/nlu/rsa.yml", "nlu:\n", "nlu: [\n", "illisible"),
        (
            "data/nlu/rsa.yml",
            "  examples: |\n",
            "  examples: |\n    - où est la Caf de Bézier le lundi ?\n",
            "la commune s'écrit « Béziers »",
        ),
        ("data/places/communes.csv", "Le Cap d'Agde", "Le Cap d'Agde|le cap-d'agde", "gardez une orthographe"),
        (
            "data/nlu/pmi.yml",
            "  examples: |\n",
            "  examples: |\n    - Où  FAIRE peser mon bébé essai\n    - où faire peser mon bébé essai\n",
            "est déjà en",
        ),
        ("domain.yml", "  - rsa_montant\n", "  - rsa_montant\n  - rsa_nouveau\n", "rsa_nouveau n'a pas de réponse"),
    ],
)
def test_fault_is_refused(project: Path, file: str, before: str, after: str, complaint: str) -> None:
    """Each fault is refused, in the file where it is, with a line."""
    spoil(project, file, before, after)
    wrong, _, _ = check.problems(TODAY, project)
    matching = [line for line in wrong if complaint in line]
    assert matching, wrong[:5]
    assert re.match(r"\S+\.(?:yml|csv):\d+: ", matching[0])


def test_same_sentence_under_two_ids_is_refused(project: Path) -> None:
    """A sentence that trains two ids is refused, and both places are named."""
    spoil(project, "data/nlu/pmi.yml", "  examples: |\n", "  examples: |\n    - une phrase pour deux sujets\n")
    spoil(project, "data/nlu/rsa.yml", "  examples: |\n", "  examples: |\n    - une phrase pour  Deux sujets\n")
    wrong, _, _ = check.problems(TODAY, project)
    assert any("est déjà en data/nlu/pmi.yml" in line and line.startswith("data/nlu/rsa.yml") for line in wrong)


def test_template_filling_is_refused(project: Path) -> None:
    """Five sentences that differ by one word are refused."""
    lines = "".join(
        f"    - je voudrais parler avec une {who} aujourd'hui\n" for who in ("dame", "fille", "femme", "soeur", "tante")
    )
    spoil(project, "data/nlu/rsa.yml", "  examples: |\n", "  examples: |\n" + lines)
    wrong, _, _ = check.problems(TODAY, project)
    assert any("ne diffèrent que d'un mot" in line for line in wrong)
