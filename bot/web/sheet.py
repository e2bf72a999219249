"""The sheet of what was found: one A4 that a person takes home. What it holds, and what had no room; pure."""

import io
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from math import ceil
from typing import Any

import segno

from bot.answers import Answer, Book, render
from bot.checklists import Checklist, Checklists

#: The space before a sign: no line begins with a question mark.
_BEFORE_SIGN = re.compile(r" (?=[?!:;»])")
#: An A4 in two columns: characters of a line, lines of the page. Measured on Chromium's PDF (see tests/browser/test_workshop.py).
LINE, ROOM = 42, 88
#: Lines that a title, a code to scan and a space take.
_HEAD, _CODE, _GAP = 1, 4, 1
#: How many places follow a subject.
PLACES = 2


@dataclass(frozen=True)
class Subject:
    """One answer on the sheet: its text in simple words, where to go, what to bring, the official page."""

    answer: Answer
    text: str
    places: tuple[Mapping[str, Any], ...]
    papers: tuple[Checklist, ...]
    page: str
    code: str
    asked: str
    urgent: bool

    @property
    def lines(self) -> int:
        """How many lines of a column it takes, about."""
        return (
            _HEAD
            + _GAP
            + _height(self.answer.label)
            + sum(_height(line) for line in (*self.text.splitlines(), self.asked) if line.strip())
            + (_CODE if self.code else 0)
            + sum(self._place(place) for place in self.places)
            + sum(self._list(papers) for papers in self.papers)
        )

    @staticmethod
    def _place(place: Mapping[str, Any]) -> int:
        town = f"{place.get('address') or ''}, {place.get('postcode') or ''} {place.get('city') or ''}"
        texts = (place["name"], town, place.get("phone"), place.get("hours"), place.get("source"))
        return sum(_height(str(text)) for text in texts if text)

    @staticmethod
    def _list(papers: Checklist) -> int:
        return (
            _height(papers.title)
            + (_height(papers.note) if papers.note else 0)
            + sum(_height(f"[] {item.words} {item.when}") for item in papers.items)
        )


@dataclass(frozen=True)
class Sheet:
    """What is printed, and what could have been."""

    subjects: tuple[Subject, ...]
    left_out: tuple[Subject, ...]
    unwanted: tuple[Subject, ...]

    @property
    def all(self) -> tuple[Subject, ...]:
        """Every subject found, printed or not."""
        return (*self.subjects, *self.left_out, *self.unwanted)


def flowing(text: str) -> str:
    """Return a text written a sentence a line as paragraphs, so that it takes less room; its lists stay lists."""
    lines: list[str] = []
    for line in text.splitlines():
        listed = bool(re.match(r"- |\d{1,2}\. ", line))
        if not line.strip() or listed or not lines or lines[-1].startswith("- ") or not lines[-1]:
            lines.append(line.strip())
        else:
            lines[-1] += f" {line.strip()}"
    return _BEFORE_SIGN.sub("\u00a0", "\n".join(lines))


def _height(text: str) -> int:
    return ceil(len(text) / LINE) or 1


def qr(url: str) -> str:
    """Return a QR code as SVG, drawn here: nothing is asked of anyone."""
    out = io.BytesIO()
    segno.make(url, error="m", micro=False).save(
        out, kind="svg", xmldecl=False, svgns=True, nl=False, border=2, omitsize=True, svgclass="qr", lineclass=None
    )
    return out.getvalue().decode()


def official(answer: Answer) -> str:
    """Return the address of the page to read: the site where one acts, or the first source."""
    urls = [link.url for link in answer.links] + [source.url for source in answer.sources]
    return urls[0] if urls else ""


def found(turns: Sequence[Mapping[str, Any]], book: Book, lists: Checklists, today: date, words: bool) -> list[Subject]:
    """Return the subjects of a conversation, each once, danger first, then as they came; `words` keeps what was asked."""
    places: dict[str, list[Mapping[str, Any]]] = {}
    asked: dict[str, str] = {}
    danger: set[str] = set()
    current = ""
    for turn in turns:
        for message in turn["messages"]:
            answer = book.answers.get(str(message.get("id")))
            if answer is not None and answer.theme != "dialogue":
                current = answer.id
                asked.setdefault(current, str(turn["asked"]))
                places.setdefault(current, [])
                if message.get("urgent"):
                    danger.add(current)
            if message["places"] and current:
                places[current] += [one for one in message["places"] if one not in places[current]]
    order = sorted(asked, key=lambda id_: id_ not in danger)
    return [
        Subject(
            answer=book.answers[id_],
            text=flowing(render(book, id_, "simple", today).text),
            places=tuple(places[id_][:PLACES]),
            papers=tuple(lists.of([id_])),
            page=official(book.answers[id_]),
            code=qr(official(book.answers[id_])) if official(book.answers[id_]) else "",
            asked=asked[id_] if words else "",
            urgent=id_ in danger,
        )
        for id_ in order
    ]


def make(subjects: Iterable[Subject], wanted: Collection[str] | None) -> Sheet:
    """Return the sheet of the `wanted` subjects (all when None): what fits on the page, and what does not."""
    kept: list[Subject] = []
    left_out: list[Subject] = []
    unwanted: list[Subject] = []
    room = ROOM
    for subject in subjects:
        if wanted is not None and subject.answer.id not in wanted:
            unwanted.append(subject)
        elif subject.lines <= room or not kept:
            kept.append(subject)
            room -= subject.lines
        else:
            left_out.append(subject)
    return Sheet(tuple(kept), tuple(left_out), tuple(unwanted))
