"""Is someone in danger? Patterns kept as data, read over the normalised text; needs no confidence and no model.

Pure but for the reading of its file at load. Used by the brain, and by the gateway when the brain is down.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from bot.paths import DATA
from bot.text import normalise

#: Where a sentence ends, for people who forget full stops too.
_SENTENCE_END = re.compile(r"[.!?;…\n]+|,? (?:et|mais|parce que|car) (?=(?:je|j'|mon|ma|il|elle|on|la|le)\b)|, ")

PATTERNS = DATA / "urgent.yml"


@dataclass(frozen=True)
class Pattern:
    """One way in which people say that they are in danger.

    `topic`: it is also what people study, work on or have behind them; with a model, that must lean to danger too.
    """

    kind: str
    match: re.Pattern[str]
    require: re.Pattern[str] | None
    unless: re.Pattern[str] | None
    asks: bool
    topic: bool
    examples: tuple[str, ...]
    calm: tuple[str, ...]

    def catches(self, normalised: str) -> bool:
        """Tell whether the pattern applies to a text already normalised."""
        return bool(
            self.match.search(normalised)
            and (self.require is None or self.require.search(normalised))
            and not (self.unless and self.unless.search(normalised))
        )


@dataclass(frozen=True)
class Guard:
    """All the patterns, in the order in which kinds of danger are answered."""

    kinds: dict[str, str]
    patterns: tuple[Pattern, ...]
    asking: re.Pattern[str]

    def assess(self, text: str) -> str | None:
        """Return the intent that answers the danger that `text` tells of, or None when it tells of none."""
        pattern = self.caught(text)
        return self.kinds[pattern.kind] if pattern else None

    def caught(self, text: str) -> Pattern | None:
        """Return the pattern that catches `text`, of the kind that is answered first; a plain one before a topic."""
        found = [pattern for part in self.tellings(text) for pattern in self._caught(normalise(part))]
        order = list(self.kinds)
        return min(found, key=lambda pattern: (order.index(pattern.kind), pattern.topic), default=None)

    def _caught(self, normalised: str) -> list[Pattern]:
        asks = bool(self.asking.search(normalised))
        return [pattern for pattern in self.patterns if (pattern.asks or not asks) and pattern.catches(normalised)]

    def tellings(self, text: str) -> list[str]:
        """Return what to judge in `text`: the whole, or each of its sentences when one asks about a service.

        "Quels sont les horaires de la PMI ? La petite d'à côté est battue": the question must not hide the rest.
        """
        if not self.asks_about(text):
            return [text]
        sentences = [part for part in _SENTENCE_END.split(text) if part.strip()]
        return sentences if len(sentences) > 1 else [text]

    def asks_about(self, text: str) -> bool:
        """Tell whether `text` asks about a service or a number, as somebody does who is not in danger now."""
        return bool(self.asking.search(normalise(text)))


@lru_cache(maxsize=4)
def load(path: Path = PATTERNS) -> Guard:
    """Read and compile the patterns of `path`; raise ValueError that names the pattern at fault."""
    raw: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    lexicon: dict[str, str] = raw["lexicon"]

    def compiled(expression: str | None) -> re.Pattern[str] | None:
        if expression is None:
            return None
        for _ in range(2):  # a group may use another one
            expression = re.sub(r"<(\w+)>", lambda name: lexicon[name[1]], expression)
        return re.compile(expression)

    kinds: dict[str, str] = raw["kinds"]
    patterns = []
    for number, item in enumerate(raw["patterns"], start=1):
        try:
            match = compiled(item["match"])
            assert match is not None  # noqa: S101 - "match" is required, and the type checker cannot know
            pattern = Pattern(
                kind=item["kind"],
                match=match,
                require=compiled(item.get("require")),
                unless=compiled(item.get("unless")),
                asks=item.get("asks", False),
                topic=item.get("topic", False),
                examples=tuple(item["examples"]),
                calm=tuple(item.get("calm", ())),
            )
        except (re.error, KeyError) as error:
            raise ValueError(f"{path.name}: pattern {number}: {error}") from error
        if pattern.kind not in kinds:
            raise ValueError(f"{path.name}: pattern {number}: unknown kind {pattern.kind!r}")
        patterns.append(pattern)
    order = list(kinds)
    asking = compiled(" ".join(raw["asking"].split()).replace("| ", "|"))
    assert asking is not None  # noqa: S101
    return Guard(kinds, tuple(sorted(patterns, key=lambda p: order.index(p.kind))), asking)


def assess(text: str) -> str | None:
    """Return the intent that answers the danger that `text` tells of, or None (see `Guard.assess`)."""
    return load().assess(text)
