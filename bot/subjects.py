"""The subjects to choose from in pictures and words (`data/subjects.yml`): a theme, a need, an answer; three choices at most."""

import re
from collections.abc import Collection, Iterator, Mapping
from functools import cache
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, model_validator

from bot.paths import DATA

FILE = DATA / "subjects.yml"
#: How many choices lead to an answer at most.
DEEPEST = 3
#: How many choices one screen holds at most: more would not be looked at.
WIDEST = 8
#: The longest words under a picture.
LONGEST = 50

_ID = r"^[a-z][a-z0-9-]*$"


class SubjectsError(Exception):
    """`data/subjects.yml` cannot be used; the message, in French, says why."""


class Subject(BaseModel):
    """Something to choose: it leads to an answer, or to other choices."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    words: str = Field(min_length=2, max_length=LONGEST)
    picture: str = Field(pattern=_ID)
    answer: str | None = None
    id: str | None = Field(None, pattern=_ID)
    choices: tuple["Subject", ...] = Field((), max_length=WIDEST)
    urgent: bool = False

    @model_validator(mode="after")
    def _leads_somewhere(self) -> "Subject":
        if bool(self.answer) == bool(self.choices):
            raise ValueError(f"« {self.words} » : une réponse (answer), ou des choix (choices)")
        if self.choices and not self.id:
            raise ValueError(f"« {self.words} » : il manque « id »")
        return self

    def paths(self) -> Iterator[tuple["Subject", ...]]:
        """Yield the choices that lead to each answer below, this one first."""
        if self.answer:
            yield (self,)
        for choice in self.choices:
            for path in choice.paths():
                yield (self, *path)


class Subjects:
    """The whole tree."""

    def __init__(self, themes: tuple[Subject, ...]) -> None:
        self.themes = themes
        self.paths = tuple(path for theme in themes for path in theme.paths())
        #: What is written under a picture → the answer that it asks for.
        self.behind = {path[-1].words: str(path[-1].answer) for path in self.paths}

    def needs(self) -> Iterator[tuple[Subject, Subject]]:
        """Yield each need that leads to several answers, with its theme."""
        for theme in self.themes:
            for choice in theme.choices:
                if choice.choices:
                    yield theme, choice


def check(subjects: Subjects, wanted: Mapping[str, str], pictures: Collection[str]) -> list[str]:
    """Return what is wrong, in French: `wanted` are the answers to reach, id → label, `pictures` those that are drawn."""
    name = f"data/{FILE.name}:1"
    reached = set(subjects.behind.values())
    problems = [f"{name}: « {id_} » ne se trouve sous aucun sujet" for id_ in sorted(set(wanted) - reached)]
    problems += [f"{name}: « {id_} » n'est pas une réponse" for id_ in sorted(reached - set(wanted))]
    problems += [
        f"{name}: « {path[-1].words} » demande {len(path)} choix, {DEEPEST} au plus"
        for path in subjects.paths
        if len(path) > DEEPEST
    ]
    seen = {label.lower(): id_ for id_, label in wanted.items()}
    ids = [one.id for path in subjects.paths for one in path if one.id]
    for path in subjects.paths:
        for one in path:
            if one.picture not in pictures:
                problems.append(f"{name}: l'image « {one.picture} » n'est pas dessinée")
            if one.answer and seen.setdefault(one.words.lower(), one.answer) != one.answer:
                problems.append(f"{name}: « {one.words} » mène à deux réponses")
    nodes = {id(one): one.id for path in subjects.paths for one in path if one.id}
    if len(set(ids)) != len(nodes):
        problems.append(f"{name}: un « id » sert deux fois")
    if any(one.urgent for one in subjects.themes) and not subjects.themes[0].urgent:
        problems.append(f"{name}: le danger vient en premier")
    return problems


def read(path: Path = FILE) -> Subjects:
    """Read the file at `path`; raise SubjectsError."""
    try:
        raw = yaml.safe_load(path.read_text(encoding="utf-8"))
        return Subjects(TypeAdapter(tuple[Subject, ...]).validate_python(raw))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise SubjectsError(f"{path.name}:1: illisible ({type(error).__name__})") from error
    except ValidationError as error:
        faults = "\n".join(f"{path.name}:1: {'.'.join(map(str, one['loc']))} : {one['msg']}" for one in error.errors())
        raise SubjectsError(faults) from error


def drawn(path: Path) -> frozenset[str]:
    """Return the names of the pictures in the SVG file at `path`."""
    return frozenset(re.findall(r'<symbol id="([^"]+)"', path.read_text(encoding="utf-8")))


@cache
def load() -> Subjects:
    """Return the subjects; raise SubjectsError."""
    return read()
