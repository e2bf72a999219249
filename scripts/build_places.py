#!/usr/bin/env python3
"""Builds what the recogniser of communes knows besides the Hérault; run by hand when its sources change.

    npm pack @etalab/decoupage-administratif an-array-of-french-words   # and unpack both
    pip download --no-deps faker                                        # and unpack it
    PYTHONPATH=. python scripts/build_places.py DECOUPAGE/data WORDS/index.json FAKER/faker

Writes, in data/places:
- `departements.csv`: the départements of France;
- `elsewhere.csv`: the communes outside the Hérault with at least MINIMUM inhabitants, those of any size whose name
  is, or begins with, one of the Hérault's ("Montpellier-de-Médillan"), and those of HAMLET inhabitants whose name is two
  letters from one of ours ("Marsillac"), or one ("voisin": a typing error or the place itself, to be asked); the largest first;
- `ordinary.txt`: the words of French that are not to be read as a misspelt commune: the frequent ones (in our own training
  sentences and in the dictionary), and the dictionary's words, first names and surnames that look or sound like a commune.

Sources: Insee, code officiel géographique, through @etalab/decoupage-administratif (MIT, data under Licence Ouverte);
an-array-of-french-words (MIT); the names of Faker's French providers (MIT).
"""

import ast
import csv
import json
import sys
from collections import Counter, defaultdict
from datetime import date
from pathlib import Path

import yaml
from babel import Locale
from rapidfuzz import process
from rapidfuzz.distance import OSA

from bot.directory.communes import elsewhere, gazetteer, names
from bot.paths import DATA
from bot.text import fold, normalise, sound_key

MINIMUM = 3000
#: A commune elsewhere whose name looks like one of ours counts from so many inhabitants.
HAMLET = 500
#: From so many inhabitants a name is heard as the city, but for those that are words of every day.
CITY = 100_000
#: So many of the largest may be heard misspelt.
FUZZY = 1000
#: So many of the largest are written in our sentences as places, not as words.
KNOWN_CITIES = 300
#: From so many, a name that is also a word is heard after "à"; below, it takes more.
TOWN = 20_000
WORDS_TOO = frozenset(["Brest", "Nice", "Saint-Paul", "Tours"])
#: Places of the Hérault that are no communes, regions whose name is made from one, cities abroad.
KNOWN_TOO = frozenset(
    """
    colombiere triolet lapeyronie lodevois lunellois biterrois minervois agathois londres bruxelles geneve lausanne
    madrid barcelone gerone rome milan turin berlin alger oran tunis casablanca rabat marrakech tanger dakar abidjan
    """.split()
)
#: Seen so often in our sentences, a word is a word, even when the dictionary does not have it ("rsa").
SURELY_A_WORD = 5
OUT = DATA / "places"


def training_words() -> Counter[str]:
    """Return how often each word comes in the training sentences."""
    count: Counter[str] = Counter()
    for path in sorted((DATA / "nlu").glob("*.yml")):
        for intent in yaml.safe_load(path.read_text(encoding="utf-8"))["nlu"]:
            for line in intent["examples"].splitlines():
                count.update(normalise(line.removeprefix("- ")).split())
    return count


def people(faker: Path, kind: str = "") -> set[str]:
    """Return the first names ("first") and surnames of Faker's French providers, read without running it."""
    found: set[str] = set()
    trees = [
        ast.parse(path.read_text(encoding="utf-8")) for path in sorted(faker.glob("providers/person/fr_*/__init__.py"))
    ]
    for node in (node for tree in trees for node in ast.walk(tree)):
        if isinstance(node, ast.Assign) and f"{kind}_name".lstrip("_") in getattr(node.targets[0], "id", ""):
            found.update(
                part
                for leaf in ast.walk(node.value)
                if isinstance(leaf, ast.Constant) and isinstance(leaf.value, str)
                for part in normalise(leaf.value).split()
            )
    return {name for name in found if len(name) > 2}


def herault() -> set[tuple[str, ...]]:
    """Return the names of the Hérault's communes and their short forms, as words without ties."""
    communes, found = gazetteer.load(), set()
    for insee, commune in communes.by_insee.items():
        for name in (commune.name, *communes.names[insee].others):
            words = names.words_of(name)
            found.add(names.content(words))
            if short := names.shortened(words):
                found.add(names.content(short))
    return found


def foreign() -> set[str]:
    """Return the words of the names of countries."""
    return {word for name in Locale("fr").territories.values() for word in normalise(name).split() if len(word) > 3}


def usage(name: str, size: int, ordinary: set[str], count: Counter[str]) -> str:
    """Tell whether a name elsewhere is also a word: "mot", "courant", or not at all.

    Cities are names first, whatever the dictionary says ("Paris", "Lyon", "Le Havre").
    """
    if size >= CITY:
        return "mot" if name in WORDS_TOO else ""
    words = names.words_of(name)
    bare = words[1:] if words[0] in names.ARTICLES and len(words) > 1 else words
    if len(bare) == 2 and bare[0] in {"saint", "sainte"}:
        return "mot"
    if len(bare) > 1:
        return "mot" if all(word in names.TIES or count[word] >= SURELY_A_WORD for word in bare) else ""
    if bare != words and bare[0] in ordinary:
        return "courant"
    if count[bare[0]] >= 2 and bare[0] in ordinary and size < TOWN:
        return "courant"
    return "mot" if bare[0] in ordinary or len(bare[0]) <= 4 else ""


def from_ours(key: str, letters: list[str]) -> int:
    """Return by how many letters a name elsewhere differs from the nearest of ours: 1, 2, or 0 for more (or none)."""
    found = process.extractOne(key, letters, scorer=OSA.distance, score_cutoff=1 if len(key) < 7 else 2)
    return int(found[1]) if found and len(key) >= 6 else 0


def write_elsewhere(source: Path, ordinary: set[str], count: Counter[str]) -> None:
    """Write the départements and the communes elsewhere."""
    note = f"# Insee, code officiel géographique (paquet @etalab/decoupage-administratif, Licence Ouverte), extrait le {date.today()}\n"
    departments = json.loads((source / "departements.json").read_text(encoding="utf-8"))
    with (OUT / "departements.csv").open("w", encoding="utf-8", newline="") as file:
        file.write(note)
        writer = csv.writer(file, delimiter=";", lineterminator="\n")
        writer.writerow(["code", "nom"])
        writer.writerows(
            [one["code"], one["nom"]] for one in departments if len(one["code"]) < 3 or one["code"] < "977"
        )
    ours, neighbours = herault(), set()
    letters = sorted({"".join(words) for words in ours if sum(map(len, words)) >= 5})
    population: Counter[str] = Counter()
    of: dict[str, Counter[str]] = defaultdict(Counter)
    for one in json.loads((source / "communes.json").read_text(encoding="utf-8")):
        if one["type"] != "commune-actuelle" or one.get("departement", "34") == "34" or one["zone"] == "com":
            continue
        size, words = one.get("population", 0), names.content(names.words_of(one["nom"]))
        away = from_ours("".join(names.words_of(one["nom"])), letters) if MINIMUM > size >= HAMLET else 0
        if away == 1:
            neighbours.add(one["nom"])
        if size >= MINIMUM or away or any(words[:length] in ours for length in range(1, len(words) + 1)):
            population[one["nom"]] = max(population[one["nom"]], size)
            of[one["nom"]][one["departement"]] = max(of[one["nom"]][one["departement"]], size)
    with (OUT / "elsewhere.csv").open("w", encoding="utf-8", newline="") as file:
        file.write(note)
        writer = csv.writer(file, delimiter=";", lineterminator="\n")
        writer.writerow(["nom", "departements", "usage"])
        for name, size in population.most_common():
            words = names.words_of(name)
            kind = "voisin" if name in neighbours else usage(name, size, ordinary, count)
            # A small town that is a word of every day would be heard in vain more often than in earnest.
            if (kind == "courant" and size < TOWN and names.content(words) not in ours) or words[0] == "entre":
                continue
            codes = "|".join(code for code, _ in of[name].most_common())
            writer.writerow([name, codes, kind])


def write_ordinary(
    dictionary: set[str], persons: set[str], firsts: set[str], cities: set[str], count: Counter[str]
) -> None:
    """Write the words that no misspelling of a commune may be."""
    parts = {word for words in herault() for word in words} | {"".join(words) for words in herault()}
    towns = {words[-1] if words[0] in names.ARTICLES else "".join(words) for words in herault()} | parts
    keys = sorted(town for town in towns if len(town) >= 4)
    away = sorted("".join(names.words_of(town.name)) for town in elsewhere.towns()[:FUZZY])
    heard = sorted(sounds := {sound_key(town.removesuffix("s")) for town in keys})

    def near(word: str, short: int = 6) -> bool:
        limit, sound = (1 if len(word) <= short else 2), sound_key(word.removesuffix("s"))
        return (
            sound in sounds
            or (len(sound) >= 5 and alike(sound))
            or bool(process.extractOne(word, keys, scorer=OSA.distance, score_cutoff=limit))
            or bool(process.extractOne(word, away, scorer=OSA.distance, score_cutoff=1))
        )

    def alike(sound: str) -> bool:
        """Tell whether a name of ours sounds as `sound`, or all but."""
        return process.extractOne(sound, heard, scorer=OSA.distance, score_cutoff=1) is not None

    # A name of ours is not a word because people write it: only the dictionary makes it one.
    frequent = {
        word
        for word, times in count.items()
        if word.isalpha()
        and len(word) > 1
        and word not in parts | cities
        and ((times >= 2 and word in dictionary) or (times >= SURELY_A_WORD and not near(word, short=4)))
    }
    rare = {
        word for word in dictionary | persons if len(word) >= 4 and word.isalpha() and word not in parts and near(word)
    }
    rare -= frequent
    with (OUT / "ordinary.txt").open("w", encoding="utf-8") as file:
        file.write(
            "# Mots courants, et mots et noms propres qui ressemblent à une commune : voir scripts/build_places.py\n"
        )
        lines = [
            "= courants",
            *sorted(frequent),
            "= ressemblants",
            *sorted(rare - persons),
            "= propres",
            *sorted(rare & persons),
            "= prenoms",
            *sorted(firsts - frequent),
        ]
        file.write("\n".join(lines) + "\n")


def main() -> None:
    """Build the three files."""
    source, word_list, faker = map(Path, sys.argv[1:4])
    dictionary = {fold(word) for word in json.loads(word_list.read_text(encoding="utf-8"))}
    persons, count = people(faker) | foreign() | KNOWN_TOO, training_words()
    write_elsewhere(source, dictionary | persons, count)
    cities = {"".join(names.words_of(town.name)) for town in elsewhere.towns()[:KNOWN_CITIES]} - {
        "tours",
        "sens",
        "orange",
    }
    write_ordinary(dictionary, persons, people(faker, "first"), cities, count)


if __name__ == "__main__":
    main()
