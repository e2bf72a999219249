"""Names of communes inside French sentences."""

from collections.abc import Mapping

from bot.directory import communes
from bot.text import clean, fold, normalise


def near(name: str) -> str:
    """Return what follows "près": "d'Olargues", "de Lunel", "du Caylar", "des Aires"."""
    for article, contracted in (("Le ", "du "), ("Les ", "des ")):
        if name.startswith(article):
            return contracted + name.removeprefix(article)
    return f"d'{name}" if fold(name)[0] in "aeiou" else f"de {name}"


def of_elsewhere(place: Mapping[str, str]) -> dict[str, str]:
    """Return what a text names of a commune outside the Hérault (`name`, `departement`)."""
    name, department = place["name"], place["departement"]
    return {"ailleurs": name if name == department else f"{name} ({department})"}


def without_communes(text: str) -> str:
    """Return the words of `text` that are no name of a commune."""
    text = clean(text)
    tokens = normalise(text).split()
    for mention in reversed(communes.find(tokens, communes.hints(text))):
        del tokens[mention.start : mention.end]
    return " ".join(tokens)
