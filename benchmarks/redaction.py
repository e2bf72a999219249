"""How well personal data is found, on sentences written without looking at the rules: `python -m benchmarks.redaction [FILE] [--show]`.

Recall: secrets that are covered whole. Precision: spans taken out that touch a secret. Kept: spans that must stay and do.
"""

import re
import sys
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from bot.paths import ROOT
from bot.privacy.redaction import spans

CORPUS = ROOT / "tests" / "data" / "redaction_blind.yml"
SERVICES = frozenset({"0467676767"})


@dataclass
class Measure:
    """What was found of a corpus."""

    secrets: Counter[str] = field(default_factory=Counter)
    found: Counter[str] = field(default_factory=Counter)
    taken: int = 0
    right: int = 0
    keep: int = 0
    kept: int = 0
    faults: list[str] = field(default_factory=list)

    @property
    def recall(self) -> float:
        """The share of secrets that are covered whole."""
        return sum(self.found.values()) / max(1, sum(self.secrets.values()))

    @property
    def precision(self) -> float:
        """The share of spans taken out that touch a secret."""
        return self.right / max(1, self.taken)


def _positions(text: str, part: str) -> list[tuple[int, int]]:
    return [found.span() for found in re.finditer(re.escape(part), text)]


def measure(items: list[dict[str, Any]]) -> Measure:
    """Measure a corpus: items of `text`, `secrets` (`kind`, `text`), `keep`."""
    result = Measure()
    for item in items:
        text = item["text"]
        taken = spans(text, SERVICES)
        covered = {position for _, start, end in taken for position in range(start, end)}
        secret: set[int] = set()
        for one in item.get("secrets") or ():
            result.secrets[one["kind"]] += 1
            places = _positions(text, one["text"])
            needed = [i for start, end in places for i in range(start, end) if text[i].isalnum()]
            secret.update(needed)
            if places and covered.issuperset(needed):
                result.found[one["kind"]] += 1
            else:
                result.faults.append(f"missed {one['kind']} « {one['text']} » in « {text[:140]} »")
        for kind, start, end in taken:
            result.taken += 1
            if secret.intersection(range(start, end)):
                result.right += 1
            else:
                result.faults.append(f"took {kind.name} « {text[start:end]} » in « {text[:140]} »")
        for part in item.get("keep") or ():
            result.keep += 1
            if any(not covered.intersection(range(start, end)) for start, end in _positions(text, part)):
                result.kept += 1
            else:
                result.faults.append(f"lost « {part} » in « {text[:140]} »")
    return result


def main() -> None:
    """Print the figures."""
    paths = [Path(one) for one in sys.argv[1:] if not one.startswith("--")]
    result = measure(yaml.safe_load((paths[0] if paths else CORPUS).read_text(encoding="utf-8")))
    for kind, total in sorted(result.secrets.items()):
        print(f"{kind:15} {result.found[kind]:4}/{total}")
    print(f"recall {result.recall:.1%}  precision {result.precision:.1%}  kept {result.kept}/{result.keep}")
    if "--show" in sys.argv:
        print("\n".join(result.faults))


if __name__ == "__main__":
    main()
