"""Tests for bot.answers.aspects: which sentences of an answer a short question is about."""

import pytest

from bot.answers import load, render
from bot.answers.aspects import aspects, extract
from tests.clock import TODAY

BOOK = load()


def about(subject: str, question: str) -> str:
    """Return what the answer to `subject` holds on `question`, or nothing."""
    text = render(BOOK, subject, "standard", TODAY).text
    return next((found for aspect in aspects(question) if (found := extract(text, aspect))), "")


@pytest.mark.parametrize(
    ("subject", "question", "holds", "lacks"),
    [
        ("rsa_montant", "et pour un couple ?", "977,54", "personne seule"),
        ("rsa_montant", "et avec deux enfants ?", "1\u00a0368,55", "Caf, 3230"),
        ("rsa_demande", "c'est gratuit ?", "c'est gratuit", "cerfa"),
        ("rsa_demande", "combien de temps ?", "Pas de délai fixe", "cerfa"),
        ("rsa_demande", "oui mais j'ai pas internet", "cerfa 15481", "Pas de délai"),
        ("rsa_demande", "faut quoi comme papiers ?", "RIB", "Pas de délai"),
        ("rsa_conditions", "et si je suis étudiant ?", "sauf parent isolé", "Hébergé"),
        ("pmi_vaccination", "c gratui ?", "gratuitement", "carnet"),
        ("droits_handicap", "et s'ils refusent ?", "recours", "Cerfa"),
        ("droits_logement", "et pour l'eau ?", "l'eau, jamais", "FSL"),
        ("emploi_bilan_competences", "et ça coûte combien ?", "demandez un devis", "synthèse"),
    ],
)
def test_the_sentences_that_answer(subject: str, question: str, holds: str, lacks: str) -> None:
    """The extract holds what was asked, and leaves out the rest."""
    found = about(subject, question)
    assert holds in found
    assert lacks not in found


@pytest.mark.parametrize(
    ("subject", "question"),
    [
        ("pmi_vaccination", "et pour un couple ?"),
        ("rsa_montant", "c'est gratuit ?"),
        ("droits_dettes", "et pour ma fille ?"),
    ],
)
def test_silence_is_told(subject: str, question: str) -> None:
    """An answer that does not speak of it gives no extract."""
    assert not about(subject, question)


def test_all_of_it_is_no_extract() -> None:
    """When most of an answer is about that, there is nothing to extract: it would be the same text again."""
    assert extract("Un enfant va bien. L'enfant mange. Des enfants dorment.", "enfants") is None


def test_a_question_keeps_its_answer() -> None:
    """A heading that is a question is followed by what it introduces."""
    text = (
        "Voici comment faire, en quelques mots simples.\nUn refus ? Écrivez au médiateur. Le reste est facile à faire."
    )
    assert extract(text, "refus") == "Un refus ? Écrivez au médiateur."


@pytest.mark.parametrize("question", ["", "et alors ?", "🙂", "c'est quoi", "x"])
def test_no_aspect(question: str) -> None:
    """What asks nothing has no aspect."""
    assert aspects(question) == []


@pytest.mark.parametrize("question", ["xxxx" * 500, "a b " * 500, "(.*)+ [a-z" * 50, "eau " * 500])
def test_long_or_odd_questions(question: str) -> None:
    """A long or odd question gives a bounded number of aspects, each of which can be looked for."""
    found = aspects(question)
    assert len(found) <= 20
    assert not any(extract("Appelez la Caf.\nOu le CCAS.", aspect) for aspect in found)
