"""Tests for benchmarks.noise: seeded, of the kind that it says, and never a loss of the sentence."""

import random

import pytest

from benchmarks.noise import KINDS, apostrophes, by_ear, noisy, shorthand, spoil, typos

SENTENCES = [
    "Bonjour, j'ai reçu une lettre de la CAF, qu'est-ce que je dois faire ?",
    "L'assistante sociale n’est pas là, où puis-je téléphoner pour l'allocation ?",
    "Combien de temps faut-il pour un rendez-vous à la PMI de Béziers ?",
    "rsa",
]


@pytest.mark.parametrize("kind", KINDS)
def test_same_seed_same_faults(kind: str) -> None:
    """The same seed spoils a sentence the same way, whatever came before it."""
    first = spoil(SENTENCES, kind, seed=3)
    assert first == list(reversed(spoil(list(reversed(SENTENCES)), kind, seed=3)))


@pytest.mark.parametrize("kind", KINDS)
def test_it_spoils_and_leaves_something(kind: str) -> None:
    """Each kind changes ordinary sentences, and leaves most of their letters."""
    for text in SENTENCES[:2]:
        changed = noisy(text, kind)
        assert changed != text
        assert len(changed) > len(text) / 3


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("text", ["", " ", "?", "12 34", "🙂", "a", "é", "l'", "'", "aaaa", "x" * 2000])
def test_odd_texts(kind: str, text: str) -> None:
    """Odd texts are spoilt without fault."""
    noisy(text, kind)


def test_seeds_differ() -> None:
    """Another seed makes other faults."""
    assert len({noisy(SENTENCES[0], "two_typos", seed) for seed in range(10)}) > 5


def test_accents() -> None:
    """Accents go, letters stay."""
    assert noisy("Élève déçu où ça", "accents") == "Eleve decu ou ca"


def distance(first: str, second: str) -> int:
    """Return how many insertions, deletions, replacements and swaps of neighbours part two words."""
    rows = [list(range(len(second) + 1))]
    for i, left in enumerate(first, 1):
        row = [i]
        for j, right in enumerate(second, 1):
            best = min(row[-1] + 1, rows[-1][j] + 1, rows[-1][j - 1] + (left != right))
            if i > 1 and j > 1 and left == second[j - 2] and first[i - 2] == right:
                best = min(best, rows[-2][j - 2] + 1)
            row.append(best)
        rows.append(row)
    return rows[-1][-1]


@pytest.mark.parametrize("count", [1, 2])
def test_typos_are_counted(count: int) -> None:
    """As many faults as asked, in words of four letters or more, and never on a first letter."""
    for seed in range(200):
        text = "Faut une lettre de la caf pour avoir rien"
        before, after = text.split(), typos(count)(text, random.Random(seed)).split()
        assert len(before) == len(after)
        changed = [(old, new) for old, new in zip(before, after, strict=True) if old != new]
        assert sum(distance(old, new) for old, new in changed) == count
        assert all(len(old) >= 4 and old[0] == new[0] for old, new in changed)


def test_two_typos_in_the_only_word() -> None:
    """When one word only is long enough, both faults are in it."""
    found = [typos(2)("l'allocation", random.Random(seed)) for seed in range(100)]
    assert sum(distance("l'allocation", text) == 2 for text in found) > 60


def test_apostrophes() -> None:
    """An apostrophe is lost with or without a space, and all of them go at rate one."""
    found = {apostrophes(1.0)("l'assistante", random.Random(seed)) for seed in range(20)}
    assert found == {"lassistante", "l assistante"}


@pytest.mark.parametrize(
    ("word", "spelt"),
    [
        ("allocation", "alocasion"),
        ("bateau", "bato"),
        ("payer", "paié"),
        ("quitter", "kité"),
        ("quoi", "koi"),
        ("pharmacie", "farmasi"),
        ("RSA", "RSA"),
    ],
)
def test_by_ear(word: str, spelt: str) -> None:
    """At rate one, a word is spelt as it sounds; acronyms stay."""
    assert by_ear(1.0)(word, random.Random(0)) == spelt


def test_shorthand_takes_the_longest() -> None:
    """A whole turn is shortened before its words, and never inside a word."""
    assert shorthand(1.0)("Est-ce que", random.Random(0)) in {"esk", "eske", "es que"}
    assert shorthand(1.0)("mesquine", random.Random(0)) == "mesquine"


def test_stretched_and_upper() -> None:
    """A letter is repeated three times or more; upper case keeps every letter."""
    assert any(noisy("aide moi", "stretched").count(letter) >= 3 for letter in "aideo")
    assert noisy("aidé moi", "upper") == "AIDÉ MOI"
