"""The names of communes written one way: in the list of communes, and in training sentences that write them properly.

People misspell communes and the training sentences do too, on purpose ("pezenasse", "bezier"). What is refused is what
only an editor's slip explains: a name written as a name, with its capital, that is nobody's name; and the same name
given twice to a commune under two spellings that the assistant does not tell apart anyway.
"""

import csv
import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from rapidfuzz.distance import OSA

from bot.answers.model import Where
from bot.examples import Example
from bot.text import fold

#: A word with its capital, hyphens and apostrophes included; not the first of a sentence, which any word may be.
_NAME = re.compile(r"(?<![.!?:…«»\"(] )(?<=[ '’(])[A-ZÀÂÉÈÊËÎÏÔÙÛÜÇ][\wÀ-ÿ]+(?:[-'’][\wÀ-ÿ]+)*")
#: Shorter names are one letter away from too many words.
_SHORTEST = 6
#: From how many letters on two wrong ones are still the same name.
_LONG = 10

#: Places that are not communes, one letter away from one: the hospital La Colombière, in Montpellier.
_ELSEWHERE = frozenset({"colombiere"})


def _key(name: str) -> str:
    """Return the letters of a name: what remains when case, accents, hyphens and "St" do not count."""
    words = re.sub(r"[^a-z]+", " ", fold(name)).split()
    return "".join({"st": "saint", "ste": "sainte"}.get(word, word) for word in words)


def _accents(name: str) -> Counter[str]:
    return Counter(re.findall(r"[à-ÿ]", name.lower()))


def names(path: Path) -> tuple[list[str], list[str]]:
    """Read the names of the communes, other names included, from the list at `path`.

    Return them, and what is wrong with them, with file and line: a name that a commune has already, written otherwise.
    """
    found: list[str] = []
    problems: list[str] = []
    with path.open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file, delimiter=";")
        for row in rows:
            own: dict[str, str] = {}
            for name in (row["nom"], *(one for one in row["autres_noms"].split("|") if one.strip())):
                if other := own.get(_key(name)):
                    where = Where(f"data/places/{path.name}", rows.line_num)
                    problems.append(
                        f"{where}: « {name} » est déjà là sous la forme « {other} » : gardez une orthographe"
                    )
                own.setdefault(_key(name), name)
                found.append(name)
    return found, problems


def misspelt(examples: Iterable[Example], known: list[str]) -> list[str]:
    """Return the capitalised words of `examples` that are nearly a commune of `known`, with file and line.

    One letter away (two in a long name) and no known spelling of it, nor a part of one ("Valras", "Clermont"); or the
    right letters with accents that no spelling of it has ("Lodéve").
    """
    # "à la Grande-Motte": the article is often apart.
    apart = {_key(re.sub(r"^(?:l['’]|les? |la )", "", name, flags=re.IGNORECASE)): name for name in known}
    whole = apart | {_key(name): name for name in known}
    parts = {_key(part) for name in known for part in re.split(r"[ '’-]", name)}
    accented = {key: _accents(name) for key, name in whole.items()}
    problems = []
    for example in examples:
        for match in _NAME.finditer(example.text):
            word, key = match[0], _key(match[0])
            if key in whole:
                nearest = whole[key]
                if _accents(word) <= accented[key]:
                    continue
            elif len(key) < _SHORTEST or key in parts or key in _ELSEWHERE:
                continue
            else:
                limit = 1 if len(key) < _LONG else 2
                nearest = next(
                    (name for one, name in whole.items() if OSA.distance(key, one, score_cutoff=limit) <= limit), ""
                )
            if nearest:
                problems.append(f"{example.where}: « {word} » : la commune s'écrit « {nearest} »")
    return problems
