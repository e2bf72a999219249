"""Tests for bot.privacy.redaction on what tires rules out: glued, spelt, in other figures; and on what makes them slow."""

from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import yaml

from benchmarks.redaction import SERVICES, measure
from bot.privacy import redact
from bot.privacy.redaction import spans

ODD: list[dict[str, Any]] = yaml.safe_load((Path(__file__).parent / "odd.yml").read_text(encoding="utf-8"))
#: Pieces of what the patterns look for: a text made of two of them, over and over, is the worst that one can meet.
PIECES = (
    "1", "06 ", "2 85 05 ", "a.", "a@", "Mme ", "rue ", "bat a apt 1 ", "né le ", "caf ", "nom:", "je suis ", "F R 7 ", "12 rue a ", "at ", "zero six ", "o6",
    "résidence ", "Jean ", "12/12/", "(at)", "mon fils ", "cordialement ", "france travail ", "n° ", "hlm a ", "٠",
)  # fmt: skip


@pytest.mark.parametrize("item", ODD, ids=[one["text"][:40] for one in ODD])
def test_odd(item: dict[str, Any]) -> None:
    """The secret goes whole; what only looks like one stays."""
    assert measure([item]).faults == []


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("mon tel ٠٦٣٩٩٨١٢٣٤ merci", "mon tel [téléphone] merci"),
        ("É ０６ ３９ ９８ １２ ３４ ﬁn", "É [téléphone] ﬁn"),
        ("appelez le ０４ ６７ ６７ ６７ ６７", "appelez le ０４ ６７ ６７ ６７ ６７"),
    ],
)
def test_other_figures_are_read_where_they_stand(text: str, shown: str) -> None:
    """Figures of other alphabets are read as ours, and the rest of the sentence is left letter for letter."""
    assert redact(text, SERVICES).text == shown


@pytest.mark.timeout(120)
@pytest.mark.parametrize("piece", PIECES)
def test_hostile_pairs_end(piece: str) -> None:
    """No pattern runs wild on two pieces over and over, as long as a message may be (the time limit would fail this)."""
    for other in PIECES[::3]:
        found = spans(((piece + other) * 2000)[:2000])
        assert all(end <= start for (_, _, end), (_, start, _) in pairwise(found))
