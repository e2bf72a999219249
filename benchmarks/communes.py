"""Which commune does a message name? Measures the recogniser on a file of sentences; prints what it gets wrong.

`python -m benchmarks.communes [FILE]`, in either environment. The file, like `tests/data/communes.yml` (the default):
`named`: `{text, expect: [INSEE codes] or [elsewhere], kind}`, several codes when it is right to ask; `calm`: `{text}`.
Right: the one commune expected, for sure; several expected and asked, one of them among the first three; elsewhere, and
said so. Asked: the one expected is among the first three that are asked. Missed: nothing found. Wrong: anything else.
"""

import sys
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import yaml

from bot.directory.communes import Where, find, hints, settle
from bot.paths import ROOT
from bot.text import clean, normalise

#: How many candidates a person is shown.
SHOWN = 3


def where(text: str) -> Where:
    """Return what `text` says of where, as the reader of the pipeline does."""
    text = clean(text)
    tokens = normalise(text).split()
    return settle(find(tokens, hints(text)), tokens)


def verdict(found: Where, expected: list[str]) -> str:
    """Return "right", "asked", "missed" or "wrong"."""
    if found == Where():
        return "missed"
    if expected == ["elsewhere"]:
        return "right" if found.elsewhere else "wrong"
    if found.commune:
        return "right" if [found.commune.insee] == expected else "wrong"
    if {commune.insee for commune in found.possible[:SHOWN]} & set(expected):
        return "right" if len(expected) > 1 else "asked"
    return "wrong"


def said(found: Where) -> str:
    """Return what was found, in words."""
    if found.commune:
        return found.commune.name
    if found.possible:
        return " ou ".join(commune.name for commune in found.possible[:SHOWN])
    return f"{found.elsewhere.name} ({found.elsewhere.department})" if found.elsewhere else "rien"


def measure(sentences: dict[str, list[dict[str, Any]]]) -> tuple[dict[str, Counter[str]], list[str]]:
    """Return the verdicts by kind ("calm" among them, where "false" is a place found), and the faults."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    faults = []
    for one in sentences["named"]:
        found = where(one["text"])
        outcome = verdict(found, one["expect"])
        counts[one.get("kind", "named")][outcome] += 1
        if outcome in {"missed", "wrong"}:
            faults.append(f"{outcome:6} | {one['text']} → {said(found)}")
    for one in sentences["calm"]:
        found = where(one["text"])
        counts["calm"]["quiet" if found == Where() else "false"] += 1
        if found != Where():
            faults.append(f"false  | {one['text']} → {said(found)}")
    return dict(counts), faults


def main() -> None:
    """Measure and print."""
    path = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "tests" / "data" / "communes.yml"
    counts, faults = measure(yaml.safe_load(path.read_text(encoding="utf-8")))
    print("\n".join(faults), end="\n\n")
    total: Counter[str] = Counter()
    for kind, outcomes in counts.items():
        print(f"{kind:16}", dict(outcomes))
        if kind != "calm":
            total += outcomes
    named = sum(total.values())
    print(
        f"named: {named}; right or rightly asked: {100 * (total['right'] + total['asked']) / named:.1f} %", dict(total)
    )


if __name__ == "__main__":
    main()
