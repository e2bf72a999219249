"""The papers to bring for a step (`data/checklists.yml`): each list has its sources and its date, as an answer has."""

from collections.abc import Collection, Iterable
from datetime import date
from functools import cache
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from bot.paths import DATA

FILE = DATA / "checklists.yml"


class ChecklistsError(Exception):
    """`data/checklists.yml` cannot be used; the message, in French, says why."""


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Source(_Strict):
    """Where the list comes from."""

    title: str = Field(min_length=3)
    url: str = Field(pattern=r"^https?://[^\s]+$")


class Paper(_Strict):
    """A paper to bring; `when` says in which case only."""

    words: str = Field(min_length=2, max_length=150)
    when: str = Field("", max_length=80)


class Checklist(_Strict):
    """The papers of one step, and the answers that lead to it."""

    id: str = Field(pattern=r"^[a-z][a-z0-9-]*$")
    title: str = Field(min_length=3, max_length=60)
    picture: str
    answers: tuple[str, ...] = Field(min_length=1)
    items: tuple[Paper, ...] = Field(min_length=1, max_length=12)
    note: str = Field("", max_length=200)
    sources: tuple[Source, ...] = Field(min_length=1)
    verified_on: date
    expires_on: date

    def boxes(self) -> list[tuple[str, Paper]]:
        """Return each paper with the name of its box, as a form holds it."""
        return [(f"{self.id}.{rank}", paper) for rank, paper in enumerate(self.items, 1)]


class Checklists:
    """Every list, in the order of the file."""

    def __init__(self, lists: tuple[Checklist, ...]) -> None:
        self.lists = lists
        self.by_id = {one.id: one for one in lists}
        self.boxes = frozenset(name for one in lists for name, _ in one.boxes())

    def of(self, answers: Iterable[str]) -> list[Checklist]:
        """Return the lists that the answers lead to, each once, in the order of the answers."""
        found = {one.id: one for answer in answers for one in self.lists if answer in one.answers}
        return list(found.values())


def check(lists: Checklists, answers: Collection[str], pictures: Collection[str], today: date) -> list[tuple[str, str]]:
    """Return what is wrong, in French, each with its level: "error", or "expired" for a list to read again."""
    name = f"data/{FILE.name}:1"
    problems = []
    if len(lists.by_id) != len(lists.lists):
        problems.append(("error", f"{name}: un « id » sert deux fois"))
    for one in lists.lists:
        problems += [
            ("error", f"{name}: {one.id} : « {id_} » n'est pas une réponse")
            for id_ in one.answers
            if id_ not in answers
        ]
        if one.picture not in pictures:
            problems.append(("error", f"{name}: {one.id} : l'image « {one.picture} » n'est pas dessinée"))
        if one.expires_on <= one.verified_on:
            problems.append(("error", f"{name}: {one.id} : périme avant d'avoir été vérifiée"))
        if one.expires_on < today:
            problems.append(("expired", f"{name}: {one.id} : à relire depuis le {one.expires_on:%d/%m/%Y}"))
    return problems


def read(path: Path = FILE) -> Checklists:
    """Read the file at `path`; raise ChecklistsError."""
    try:
        raw = yaml.safe_load(path.read_text(encoding="utf-8"))
        return Checklists(TypeAdapter(tuple[Checklist, ...]).validate_python(raw))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ChecklistsError(f"{path.name}:1: illisible ({type(error).__name__})") from error
    except ValidationError as error:
        faults = "\n".join(f"{path.name}:1: {'.'.join(map(str, one['loc']))} : {one['msg']}" for one in error.errors())
        raise ChecklistsError(faults) from error


@cache
def load() -> Checklists:
    """Return the lists; raise ChecklistsError."""
    return read()
