"""Tests for bot.directory.asked: a place called by its name near a commune, or a commune alone, is heard by a rule."""

import pytest

from bot.directory.asked import asked


@pytest.mark.parametrize(
    "normal",
    [
        "la caf a zcommune", "salut c ou la caf a zcommune", "france services zcommune", "c est ou le ccas de zcommune", "horaires de la mission locale de zcommune",
        "je cherche la mdph la plus proche j habite a zcommune", "pole anploi zcommune", "adresse de la pmi a zcommune s il vous plait", "ou est le pole emploi a zcommune",
    ],
)  # fmt: skip
def test_place(normal: str) -> None:
    """Where is it: the place is looked for."""
    assert asked(normal, "zcommune") == "place"


@pytest.mark.parametrize(
    "normal", ["zcommune", "a zcommune", "j habite a zcommune", "pardon zcommune", "non je suis de zcommune merci", "bonjour je vis sur la commune de zcommune 34"]
)  # fmt: skip
def test_commune(normal: str) -> None:
    """Nothing but a commune answers where the person is."""
    assert asked(normal, "zcommune") == "commune"


@pytest.mark.parametrize("normal", ["horaires", "et les horaires", "l adresse s il vous plait", "c est ou", "le numero", "et le telephone"])  # fmt: skip
def test_detail(normal: str) -> None:
    """Nothing but hours, an address or a number is about the place already spoken of."""
    assert asked(normal, "zcommune") == "detail"


@pytest.mark.parametrize(
    "normal",
    [
        "la caf de zcommune m a coupe le rsa", "c est quoi la mission locale de zcommune", "combien de rsa a zcommune", "la caf", "ou est la caf", "secours populaire zcommune",
        "j ai rendez vous a la caf de zcommune et je suis malade", "mon mari me frappe a zcommune", "", "je demande le rsa je viens d arriver a zcommune et la caf ne repond pas a mes messages depuis deux mois",
    ],
)  # fmt: skip
def test_something_else(normal: str) -> None:
    """A question about a service, a place without a commune, hunger or danger: the classifier and the guard judge."""
    assert asked(normal, "zcommune") is None
