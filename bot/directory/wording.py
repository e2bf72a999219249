"""Names of communes inside French sentences."""

from bot.directory import communes
from bot.text import clean, fold, normalise


def near(name: str) -> str:
    """Return what follows "près": "d'Olargues", "de Lunel", "du Caylar", "des Aires"."""
    for article, contracted in (("Le ", "du "), ("Les ", "des ")):
        if name.startswith(article):
            return contracted + name.removeprefix(article)
    return f"d'{name}" if fold(name)[0] in "aeiou" else f"de {name}"


def without_communes(text: str) -> str:
    """Return the words of `text` that are no name of a commune."""
    tokens = normalise(clean(text)).split()
    for mention in reversed(communes.load().mentions(tokens)):
        del tokens[mention.start : mention.end]
    return " ".join(tokens)
