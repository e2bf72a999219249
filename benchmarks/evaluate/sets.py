"""The sets that understanding is measured on, as plain data. None of them is ever trained on, but `ours` and MTOP's dev.

Sets of `../shared` are measured when they are there; a set that is not is None, and the report says so.
"""

import json
import os
import random
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from bot.examples import read as read_examples
from bot.paths import ROOT

#: Where sets that are not ours live: beside the project, or where SHARED_DIR says.
SHARED = Path(os.environ.get("SHARED_DIR") or ROOT.parent / "shared")
SAMPLE = SHARED / "facts" / "questions_sample.jsonl"
MTOP = SHARED / "bench" / "mtop_fr.jsonl"
CLINC = SHARED / "bench" / "clinc150_en.json"
OUT_OF_DOMAIN = SHARED / "bench" / "out_of_domain_fr.txt"
HELD_OUT = ROOT / "tests" / "data" / "held_out.yml"
BLIND = ROOT / "tests" / "data" / "questions_blind.jsonl"
#: The questions measured, by the name of their figures.
QUESTIONS = {"held_out": HELD_OUT, "written_blind": BLIND, "real_questions": SAMPLE}
URGENT = tuple(sorted((ROOT / "tests" / "data").glob("urgent*.yml")))

OUT = "hors_sujet"
#: Lines of the small-talk set that tell of suicide (an emergency is the right answer), and those that are low (it is no
#: fault). Written from reading that set, for judging it only: the guard never sees them.
SUICIDAL = re.compile(
    r"me (?:jeter|balancer|foutre|mettre) (?:du|d'|sous|dans le vide|par|de la|en l'air)|sauter (?:du|d'|par)"
    r"|me donner la mort|fin à mes jours|me pendre|me tuer|en finir avec la vie|me suicider"
)
LOW = re.compile(r"déprim|triste|\bseule?s?\b|isolée?|bout du rouleau", re.IGNORECASE)
#: An intent of MTOP with fewer examples in dev is left out of both halves, as in the shared protocol.
MTOP_LEAST = 5


@dataclass(frozen=True)
class Question:
    """A sentence, the id that it should get, the others that are right too, and how it is written."""

    text: str
    intent: str
    also: tuple[str, ...] = ()
    register: str = ""

    @property
    def accepted(self) -> frozenset[str]:
        """Return every id that is right."""
        return frozenset((self.intent, *self.also))


@dataclass(frozen=True)
class DangerSet:
    """Messages that tell of danger, and near misses that do not."""

    urgent: tuple[Question, ...]
    calm: tuple[Question, ...]


Pairs = list[tuple[str, str]]


def _question(one: dict[str, Any]) -> Question:
    return Question(one["text"], one["intent"], tuple(one.get("also") or ()), one.get("register") or "")


def questions(path: Path) -> list[Question] | None:
    """Return the questions of a `.jsonl` file (one a line) or of a `.yml` file (under `questions`); None without it."""
    if not path.exists():
        return None
    text = path.read_text(encoding="utf-8")
    rows = (
        yaml.safe_load(text)["questions"]
        if path.suffix == ".yml"
        else [json.loads(line) for line in text.splitlines() if line.strip()]
    )
    return [_question(one) for one in rows]


def danger(path: Path) -> DangerSet | None:
    """Return a set of danger (`urgent` and `calm` lists of a `.yml` file); None without it."""
    if not path.exists():
        return None
    both = yaml.safe_load(path.read_text(encoding="utf-8"))
    return DangerSet(*(tuple(_question({"intent": "", **one}) for one in both[name]) for name in ("urgent", "calm")))


def out_of_domain() -> list[str] | None:
    """Return the sentences that are outside our subjects, or are talk with the assistant; None without them."""
    if not OUT_OF_DOMAIN.exists():
        return None
    return [line.strip() for line in OUT_OF_DOMAIN.read_text(encoding="utf-8").splitlines() if line.strip()]


def ours() -> Pairs:
    """Return our training sentences and their ids; a sentence given twice under one id counts once."""
    examples, problems = read_examples(ROOT / "data" / "nlu")
    if problems:
        raise ValueError("make check first: " + problems[0])
    return list(dict.fromkeys((example.text, example.intent) for example in examples))


def mtop() -> tuple[Pairs, Pairs] | None:
    """Return MTOP French (train from dev, test), intents with MTOP_LEAST examples in dev or more; None without it."""
    if not MTOP.exists():
        return None
    rows = [json.loads(line) for line in MTOP.read_text(encoding="utf-8").splitlines()]
    counts = Counter(row["intent"] for row in rows if row["split"] == "dev")
    kept: dict[str, Pairs] = {"dev": [], "test": []}
    for row in rows:
        if counts[row["intent"]] >= MTOP_LEAST:
            kept[row["split"]].append((row["utt"], row["intent"]))
    return kept["dev"], kept["test"]


def clinc() -> dict[str, Pairs] | None:
    """Return CLINC150 full: train, val and test, each with its out-of-scope sentences under OUT; None without it."""
    if not CLINC.exists():
        return None
    data = json.loads(CLINC.read_text(encoding="utf-8"))
    return {
        name: [(text, intent) for text, intent in data[name]] + [(text, OUT) for text, _ in data[f"oos_{name}"]]
        for name in ("train", "val", "test")
    }


def sample(pairs: Sequence[tuple[str, str]], each: int, seed: int = 0) -> tuple[Pairs, Pairs]:
    """Split `pairs` in a seeded sample of `each` sentences an id, and the rest.

    OUT keeps its share of the whole, so that a smaller set is no kinder to it.
    """
    by_intent: dict[str, list[str]] = defaultdict(list)
    for text, intent in pairs:
        by_intent[intent].append(text)
    rng = random.Random(seed)
    inside = sum(len(texts) for intent, texts in by_intent.items() if intent != OUT)
    taken: Pairs = []
    rest: Pairs = []
    kept = sum(min(each, len(texts)) for intent, texts in by_intent.items() if intent != OUT)
    for intent in sorted(by_intent):
        texts = by_intent[intent]
        rng.shuffle(texts)
        size = max(1, round(kept * len(texts) / inside)) if intent == OUT and inside else each
        taken += [(text, intent) for text in texts[:size]]
        rest += [(text, intent) for text in texts[size:]]
    return taken, rest


def near(text: str) -> frozenset[str]:
    """Return what two sentences share when one is hardly more than a copy of the other: their stems, unordered.

    `text` is normalised. Words of one or two letters, numbers and endings do not count.
    """
    stems = frozenset(word[:5] for word in text.split() if len(word) > 2 and not word.isdigit())
    return stems or frozenset(text.split())


def folds(normal: Sequence[str], intents: Sequence[str], count: int = 5, seed: int = 0) -> list[int]:
    """Return the fold of each sentence: ids spread evenly over the folds, near duplicates together."""
    groups: dict[frozenset[str], list[int]] = defaultdict(list)
    for position, text in enumerate(normal):
        groups[near(text)].append(position)
    order = sorted(groups.values(), key=lambda group: group[0])
    random.Random(seed).shuffle(order)
    order.sort(key=len, reverse=True)  # the large ones first, or they upset the balance at the end
    filled: dict[str, list[int]] = defaultdict(lambda: [0] * count)
    found = [0] * len(normal)
    for group in order:
        held = Counter(intents[position] for position in group)
        fold = min(range(count), key=lambda one: sum(filled[intent][one] * size for intent, size in held.items()))
        for intent, size in held.items():
            filled[intent][fold] += size
        for position in group:
            found[position] = fold
    return found


def registers(asked: Iterable[Question]) -> dict[str, list[Question]]:
    """Return the questions by the way in which they are written."""
    found: dict[str, list[Question]] = defaultdict(list)
    for one in asked:
        found[one.register or "sans"].append(one)
    return dict(sorted(found.items()))
