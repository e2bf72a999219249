"""Reading the data files into a `Book`, and reading them again when an editor saves one."""

import contextlib
import logging
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

import yaml

from bot.answers.model import Answer, Figure, Link, Number, Period, Source, Where
from bot.paths import DATA

log = logging.getLogger(__name__)

_ANSWER_KEYS = {
    "label",
    "reports_as",
    "standard",
    "simple",
    "sms",
    "general",
    "sources",
    "verified_on",
    "expires_on",
    "choices",
    "lookup",
    "links",
}
_REQUIRED = {"label", "standard", "simple", "sms", "verified_on", "expires_on"}

#: The theme whose answers leave by SMS only: one text.
SMS_ONLY = "sms"


class AnswersError(Exception):
    """A data file that cannot be used; `problems` says where and why, one sentence each, in French."""

    def __init__(self, problems: list[str]) -> None:
        self.problems = problems
        super().__init__("\n".join(problems))


@dataclass(frozen=True)
class Book:
    """Every answer, figure and telephone number, by id; `context` is what texts may name of the service (`conservation`)."""

    answers: Mapping[str, Answer]
    figures: Mapping[str, Figure]
    numbers: Mapping[str, Number]
    context: Mapping[str, str] = field(default_factory=dict)

    def answer(self, id_: str) -> Answer:
        """Return the answer of that id; raise KeyError when there is none."""
        return self.answers[id_]


@dataclass
class _Reader:
    """Collects what is read and what is wrong, so that an editor sees all faults at once."""

    root: Path
    problems: list[str] = field(default_factory=list)

    def blame(self, where: Where, what: str) -> None:
        self.problems.append(f"{where}: {what}")

    def entries(self, path: Path) -> Iterator[tuple[str, dict[str, Any], Where]]:
        """Yield (key, mapping, place) for each entry of a YAML file that holds one mapping."""
        name = path.relative_to(self.root.parent).as_posix()
        try:
            node = yaml.compose(path.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
        except UnicodeDecodeError as error:
            self.problems.append(f"{name}:1: le fichier n'est pas en UTF-8 ({error.reason})")
            return
        except yaml.YAMLError as error:
            mark = getattr(error, "problem_mark", None)
            line = mark.line + 1 if mark else 1
            self.problems.append(f"{name}:{line}: YAML illisible ({getattr(error, 'problem', None) or error})")
            return
        if node is None:
            return
        if not isinstance(node, yaml.MappingNode):
            self.problems.append(f"{name}:1: on attend une suite de « clef: … »")
            return
        build = yaml.SafeLoader("")
        seen: set[str] = set()
        for key_node, value_node in node.value:
            where = Where(name, key_node.start_mark.line + 1)
            key = str(key_node.value)
            if key in seen:
                self.blame(where, f"« {key} » est écrit deux fois")
                continue
            seen.add(key)
            try:
                value = build.construct_object(value_node, deep=True)
            except (yaml.YAMLError, ValueError) as error:
                self.blame(where, f"« {key} » ne se lit pas ({error})")
                continue
            if not isinstance(value, dict):
                self.blame(where, f"« {key} » doit contenir des clefs")
                continue
            yield key, value, where

    def source(self, raw: Any, where: Where) -> Source | None:
        if isinstance(raw, dict) and isinstance(raw.get("title"), str) and isinstance(raw.get("url"), str):
            return Source(raw["title"].strip(), raw["url"].strip())
        self.blame(where, "une source a un titre (title) et une adresse (url)")
        return None

    def day(self, raw: Any, key: str, where: Where) -> date | None:
        if type(raw) is date:
            return raw
        self.blame(where, f"« {key} » n'est pas une date (AAAA-MM-JJ)")
        return None

    def answer(self, id_: str, theme: str, raw: dict[str, Any], where: Where) -> Answer | None:
        before = len(self.problems)
        if theme == SMS_ONLY and "sms" in raw:
            raw = {"standard": raw["sms"], "simple": raw["sms"], **raw}
        for key in sorted(set(raw) - _ANSWER_KEYS, key=str):
            self.blame(where, f"{id_} : clef inconnue « {key} »")
        for key in sorted(_REQUIRED - set(raw)):
            self.blame(where, f"{id_} : il manque « {key} »")
        texts = {}
        for key in ("label", "standard", "simple", "sms", "general", "reports_as"):
            value = raw.get(key)
            if value is not None and (not isinstance(value, str) or not value.strip()):
                self.blame(where, f"{id_} : « {key} » est vide ou n'est pas un texte")
            texts[key] = value.strip() if isinstance(value, str) else None
        lists = {}
        for key in ("sources", "choices", "lookup", "links"):
            value = raw.get(key) or []
            if not isinstance(value, list):
                self.blame(where, f"{id_} : « {key} » doit être une liste")
                value = []
            lists[key] = value
        sources = tuple(source for item in lists["sources"] if (source := self.source(item, where)))
        links = []
        for item in lists["links"]:
            if isinstance(item, dict) and isinstance(item.get("label"), str) and isinstance(item.get("url"), str):
                links.append(Link(item["label"], item["url"]))
            else:
                self.blame(where, f"{id_} : un lien a un intitulé (label) et une adresse (url)")
        verified = self.day(raw.get("verified_on"), "verified_on", where) if "verified_on" in raw else None
        expires = self.day(raw.get("expires_on"), "expires_on", where) if "expires_on" in raw else None
        if len(self.problems) > before or verified is None or expires is None:
            return None
        return Answer(
            id=id_,
            theme=theme,
            label=texts["label"] or "",
            standard=texts["standard"] or "",
            simple=texts["simple"] or "",
            sms=" ".join((texts["sms"] or "").split()),
            general=" ".join(texts["general"].split()) if texts["general"] else None,
            sources=sources,
            verified_on=verified,
            expires_on=expires,
            choices=tuple(map(str, lists["choices"])),
            lookup=tuple(map(str, lists["lookup"])),
            links=tuple(links),
            reports_as=texts["reports_as"] or id_,
            where=where,
        )

    def figure(self, id_: str, raw: dict[str, Any], where: Where) -> Figure | None:
        before = len(self.problems)
        source = self.source(raw.get("source"), where)
        unit = raw.get("unit")
        periods = []
        values = raw.get("values")
        for item in values if isinstance(values, list) else []:
            if (
                not isinstance(item, dict)
                or "value" not in item
                or "valid_from" not in item
                or "valid_until" not in item
            ):
                self.blame(where, f"{id_} : chaque valeur a « value », « valid_from » et « valid_until »")
                continue
            start = self.day(item["valid_from"], "valid_from", where)
            end = None if item["valid_until"] is None else self.day(item["valid_until"], "valid_until", where)
            value = item["value"]
            wanted: type | tuple[type, ...] = date if unit == "date" else (int, float)
            if not isinstance(value, wanted) or isinstance(value, bool):
                self.blame(where, f"{id_} : « {value} » n'est pas une valeur de l'unité {unit}")
            elif start is not None:
                if end is not None and end < start:
                    self.blame(where, f"{id_} : une période finit avant de commencer")
                periods.append(Period(value if isinstance(value, date) else float(str(value)), start, end))
        if not periods:
            self.blame(where, f"{id_} : aucune valeur")
        if source is None or len(self.problems) > before:
            return None
        return Figure(id_, str(raw.get("meaning", "")), str(unit), source, tuple(periods), where)

    def number(self, number: str, raw: dict[str, Any], where: Where) -> Number | None:
        source = self.source(raw.get("source"), where)
        if source is None:
            return None
        return Number(
            number,
            str(raw.get("name", "")),
            raw.get("hours"),
            source,
            str(raw.get("source_date", "")),
            str(raw.get("confidence", "")),
            where,
        )


def load(data: Path = DATA) -> Book:
    """Read `answers/*.yml`, `figures/*.yml` and `numbers.yml` under `data`; raise AnswersError with every fault found."""
    reader = _Reader(data)
    answers: dict[str, Answer] = {}
    figures: dict[str, Figure] = {}
    numbers: dict[str, Number] = {}
    for path in sorted((data / "figures").glob("*.yml")):
        for id_, raw, where in reader.entries(path):
            if id_ in figures:
                reader.blame(where, f"le chiffre « {id_} » est déjà défini en {figures[id_].where}")
            elif figure := reader.figure(id_, raw, where):
                figures[id_] = figure
    for number, raw, where in reader.entries(data / "numbers.yml"):
        if known := reader.number(number, raw, where):
            numbers[number] = known
    for path in sorted((data / "answers").glob("*.yml")):
        for id_, raw, where in reader.entries(path):
            if id_ in answers:
                reader.blame(where, f"« {id_} » est déjà défini en {answers[id_].where}")
            elif answer := reader.answer(id_, path.stem, raw, where):
                answers[id_] = answer
    if reader.problems:
        raise AnswersError(reader.problems)
    return Book(answers, figures, numbers)


def _stamp(file: "os.DirEntry[str] | Path") -> tuple[str, int, int] | None:
    """Return what tells a file from its next version; None when there is none: an editor replaces a file by renaming over it."""
    try:
        stat = file.stat()
    except FileNotFoundError:
        return None
    return os.fspath(file), stat.st_mtime_ns, stat.st_size


class LiveBook:
    """The book of a running service: read again when a file under `data` has changed, kept when the change is faulty."""

    def __init__(self, data: Path = DATA, context: Mapping[str, str] | None = None) -> None:
        self._data = data
        self._context = context or {}
        self._stamp = self._look()
        self._book = self._read()
        self.problems: list[str] = []

    def _look(self) -> tuple[tuple[str, int, int], ...]:
        # At each turn: without pathlib, four times quicker.
        stamps = []
        for folder in ("answers", "figures"):
            with contextlib.suppress(FileNotFoundError), os.scandir(self._data / folder) as entries:
                stamps += [stamp for one in entries if one.name.endswith(".yml") and (stamp := _stamp(one))]
        stamps += [stamp for stamp in [_stamp(self._data / "numbers.yml")] if stamp]
        return tuple(sorted(stamps))

    def _read(self) -> Book:
        return replace(load(self._data), context=self._context)

    def refresh(self) -> bool:
        """Read the files again if one has changed; return whether the book is new."""
        stamp = self._look()
        if stamp == self._stamp:
            return False
        self._stamp = stamp
        try:
            self._book = self._read()
        except AnswersError as error:
            self.problems = error.problems
            log.error("Réponses modifiées mais fautives, les anciennes restent en service :\n%s", error)
            return False
        self.problems = []
        log.info("Réponses relues : %d", len(self._book.answers))
        return True

    @property
    def book(self) -> Book:
        """The last good book."""
        return self._book
