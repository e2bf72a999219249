"""The training sentences, read with their lines and checked: same sentence twice, template filling, wrong ids."""

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import yaml

from bot.answers.model import Where

#: How many sentences may differ by a single word before it is template filling.
MAX_RUN = 4
MIN_CONTENT, MIN_DIALOGUE, MIN_OUT_OF_SCOPE = 50, 25, 400


@dataclass(frozen=True)
class Example:
    """One training sentence."""

    intent: str
    text: str
    where: Where


def read(folder: Path) -> tuple[list[Example], list[str]]:
    """Read the Rasa NLU files of `folder`; return the sentences, and what could not be read, with file and line."""
    examples: list[Example] = []
    problems: list[str] = []
    for path in sorted(folder.glob("*.yml")):
        name = f"data/nlu/{path.name}"
        try:
            node = yaml.compose(path.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
        except (yaml.YAMLError, UnicodeDecodeError) as error:
            mark = getattr(error, "problem_mark", None)
            problems.append(
                f"{name}:{mark.line + 1 if mark else 1}: illisible ({getattr(error, 'problem', None) or error})"
            )
            continue
        blocks = dict(_pairs(node)).get("nlu")
        if not isinstance(blocks, yaml.SequenceNode):
            problems.append(f"{name}:1: on attend « nlu: » et une liste")
            continue
        for block in blocks.value:
            keys = dict(_pairs(block))
            line = block.start_mark.line + 1
            if not isinstance(keys.get("intent"), yaml.ScalarNode) or not isinstance(
                keys.get("examples"), yaml.ScalarNode
            ):
                problems.append(f"{name}:{line}: un bloc a « intent » et « examples »")
                continue
            intent, body = str(keys["intent"].value), keys["examples"]
            first = body.start_mark.line + (2 if getattr(body, "style", None) in {"|", ">"} else 1)
            for offset, raw in enumerate(str(body.value).splitlines()):
                where = Where(name, first + offset)
                text = raw.strip()
                if text in {"", "-"}:
                    if text == "-":
                        problems.append(f"{where}: phrase vide")
                elif not text.startswith("- "):
                    problems.append(f"{where}: une phrase commence par « - »")
                elif re.search(r"[\[\]{}]", text):
                    problems.append(f"{where}: pas de crochet ni d'accolade dans une phrase")
                else:
                    examples.append(Example(intent, text[2:].strip(), where))
    return examples, problems


def _pairs(node: object) -> Iterable[tuple[str, yaml.Node]]:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield str(key.value), value


def check(examples: list[Example], intents: dict[str, str]) -> list[str]:
    """Return what is wrong with `examples`; `intents` gives each known intent its theme."""
    problems = []
    seen: dict[str, Example] = {}
    templates: dict[tuple[str, tuple[str, ...], int], list[Example]] = defaultdict(list)
    counts: dict[str, int] = defaultdict(int)
    for example in examples:
        if example.intent not in intents:
            problems.append(f"{example.where}: id inconnu « {example.intent} »")
        counts[example.intent] += 1
        key = re.sub(r"\s+", " ", example.text.lower()).strip()
        if (other := seen.setdefault(key, example)) is not example:
            under = "" if other.intent == example.intent else f" sous {other.intent}"
            problems.append(f"{example.where}: « {example.text[:60]} » est déjà en {other.where}{under}")
        found = re.findall(r"\w+", key)
        if len(found) >= 4:
            for position in range(len(found)):
                templates[example.intent, (*found[:position], "…", *found[position + 1 :]), position].append(example)
    reported: set[tuple[str, int]] = set()
    for (_, frame, _), alike in templates.items():
        place = (alike[0].where.file, alike[0].where.line)
        if len(alike) > MAX_RUN and place not in reported:
            reported.add(place)
            problems.append(
                f"{alike[0].where}: {len(alike)} phrases ne diffèrent que d'un mot : « {' '.join(frame)[:60]} »"
            )
    for intent, theme in intents.items():
        least = MIN_OUT_OF_SCOPE if intent == "hors_sujet" else MIN_DIALOGUE if theme == "dialogue" else MIN_CONTENT
        if counts[intent] < least:
            problems.append(f"data/nlu: {intent} a {counts[intent]} phrases, il en faut {least}")
    return problems
