"""The people of a load test: each her own ten messages, drawn with a seed; pure.

Nobody says what another says: what is drawn, where, and how it is spelt differ from one to the next.
"""

import csv
import random
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from benchmarks.noise import KINDS
from bot.paths import ROOT

MESSAGES = Path(__file__).with_name("people.yml")
COMMUNES = ROOT / "data" / "places" / "communes.csv"
#: How people spell, and how many of ten do so: as taught, as on a telephone, in SMS, without accents.
SPELLING = {"": 5, "mild": 2, "sms": 2, "accents": 1}
#: Of ten people, how many say hello, look for a place, ask what is not ours, and are in danger.
HELLO, LOOKS, STRAYS, DANGER = 4, 6, 5, 2


@dataclass(frozen=True)
class Said:
    """One message; `right` are the ids of the answers that it should get, none when any will do."""

    text: str
    right: frozenset[str] = frozenset()


@cache
def messages() -> dict[str, list[Said]]:
    """Return the messages by kind."""
    read: dict[str, list[dict[str, Any]]] = yaml.safe_load(MESSAGES.read_text(encoding="utf-8"))
    return {kind: [Said(one["text"], frozenset(one.get("right") or ())) for one in held] for kind, held in read.items()}


@cache
def communes() -> tuple[str, ...]:
    """Return the names of the communes of the Hérault."""
    with COMMUNES.open(encoding="utf-8", newline="") as file:
        return tuple(row["nom"] for row in csv.DictReader(file, delimiter=";"))


def _blocks(rng: random.Random, turns: int) -> list[list[Said]]:
    """Return what a person talks of, a list each: a subject and its follow-ups, a place and what comes after."""
    kinds = messages()

    def chance(of_ten: int) -> bool:
        return rng.random() < of_ten / 10

    blocks: list[list[Said]] = []
    if chance(LOOKS):
        blocks.append([rng.choice(kinds["places"]), *rng.sample(kinds["after_places"], 2)])
    if chance(STRAYS):
        blocks.append([rng.choice(kinds["out_of_scope"])])
    if chance(DANGER):
        blocks.append([rng.choice(kinds["dangers"])])
    subjects = iter(rng.sample(kinds["subjects"], turns))
    while sum(map(len, blocks)) < turns:
        blocks.append([next(subjects), *rng.sample(kinds["follow_ups"], rng.randint(0, 2))])
    rng.shuffle(blocks)
    return blocks


def person(number: int, turns: int = 10, seed: int = 0) -> tuple[Said, ...]:
    """Return the messages of the person `number`, in order."""
    rng = random.Random(f"{seed}|{number}")
    said = [one for block in _blocks(rng, turns) for one in block]
    if rng.random() < HELLO / 10:
        said.insert(0, rng.choice(messages()["greetings"]))
    spelling = rng.choices(list(SPELLING), list(SPELLING.values()))[0]
    return tuple(Said(_spelt(_placed(one.text, rng), spelling, rng), one.right) for one in said[:turns])


def _spelt(text: str, spelling: str, rng: random.Random) -> str:
    return KINDS[spelling](text, rng) if spelling else text


def _placed(text: str, rng: random.Random) -> str:
    return text.replace("{commune}", rng.choice(communes())) if "{commune}" in text else text


def crowd(count: int, turns: int = 10, seed: int = 0, first: int = 0) -> Sequence[tuple[Said, ...]]:
    """Return the messages of `count` people, from the person `first` on."""
    return [person(number, turns, seed) for number in range(first, first + count)]
