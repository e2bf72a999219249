"""Tests for bot.text.loss: a lost baby is heard, a feared or an old loss is not mistaken for it."""

import pytest

from bot.text.loss import tells_of_loss


@pytest.mark.parametrize(
    "text",
    [
        "j'ai fait une fausse couche, il faut prévenir la CAF ?",
        "j'ai perdu le bébé à 4 mois, je sais pas à qui en parler",
        "ils ont dit que le cœur ne bat plus. Et maintenant je fais quoi pour les papiers",
        "g fé une fausse couche hier jdois faire koi",
        "fausse couche démarches",
        "j ai perdu mon bb la semaine derniere",
        "notre bébé est mort à la naissance",
        "on a perdu les jumeaux a 5 mois",
        "g perdu mes jumo",
        "mon bébé est né sans vie",
        "bébé mort né, le congé ?",
        "ma grossesse s'est arrêtée à 10 semaines",
        "interruption médicale de grossesse, qui m'accompagne",
        "fosse couche ya 2 jour jpleur tt le tps",
        "j'ai accouché d'un enfant sans vie",
        "perte du bébé, congé du père",
        "bb decede a 2 mois",
        "jai perdu mon bebe et maintenant la caf veut recuperer la prime",
    ],
)
def test_a_loss_is_heard(text: str) -> None:
    """However it is written."""
    assert tells_of_loss(text)


@pytest.mark.parametrize(
    "text",
    [
        "j'ai peur de faire une fausse couche",
        "comment perdre du poids après bébé",
        "j'ai perdu le carnet de santé de mon bébé",
        "je suis enceinte après une fausse couche l'an dernier",
        "fausse couche lané derniere, la enceinte de 2 mois ki voir",
        "où faire peser mon bébé",
        "mon dossier RSA est mort-né, ils ont perdu la pièce",
        "j'ai perdu mon mari, j'ai un bébé",
        "mon père est mort, je garde le bébé de ma soeur",
        "quels sont les signes d'une fausse couche",
        "ivg délai",
        "j'ai fait une fausse déclaration",
        "c'est la première grossesse je suis perdue",
        "je suis perdue grossesse de 5 mois",
        "l'aide s'est arrêtée",
    ],
)
def test_what_is_not_mourning(text: str) -> None:
    """Fear, an old loss behind a new pregnancy, a lost paper, an abortion: not a loss of now."""
    assert not tells_of_loss(text)
