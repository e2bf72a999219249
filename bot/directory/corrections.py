"""What we know better than the official files: places added, corrected, hidden or closed for a while.

`data/places/corrections.yml`, written by content editors (docs/fr/guide-annuaire.md), put on top of every import.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

import yaml

from bot.directory import records
from bot.directory.model import Closure, Origin, Structure
from bot.paths import DATA

FILE = DATA / "places" / "corrections.yml"
_SECTIONS = ("ajouts", "corrections", "masques", "fermetures")
_CHANGEABLE = frozenset(
    "nom adresse complement_adresse code_postal commune code_insee latitude longitude telephone courriel site_web "
    "description horaires_accueil accessibilite_lieu siret".split()
)
#: What a service may say otherwise than its structure: a correction stands for both.
_OF_SERVICES = frozenset({"telephone", "courriel", "horaires_accueil"})
#: What ids of imported places begin with: only an import tells whether they exist.
IMPORTED = ("fs-", "dila-", "herault-", "mednum-", "di-", "finess-")


class CorrectionsError(Exception):
    """The file cannot be used; the message holds every fault, each with its line, in French."""


@dataclass(frozen=True)
class Change:
    """Fields of a place that are otherwise; None takes the field away."""

    fields: dict[str, Any]
    source: str
    date: str


@dataclass(frozen=True)
class Corrections:
    """The file, checked; changes, hidden places and closures by id of the place."""

    added: tuple[Structure, ...] = ()
    changes: dict[str, tuple[Change, ...]] = field(default_factory=dict)
    hidden: dict[str, str] = field(default_factory=dict)
    closures: dict[str, tuple[Closure, ...]] = field(default_factory=dict)

    def ids(self) -> set[str]:
        """Return the places that are corrected, hidden or closed."""
        return self.changes.keys() | self.hidden.keys() | self.closures.keys()


class _Loader(yaml.SafeLoader):
    """YAML whose mappings say their line."""


def _mapping(loader: _Loader, node: yaml.MappingNode) -> dict[Any, Any]:
    found: dict[Any, Any] = loader.construct_mapping(node, deep=True)
    return {**found, "__line__": node.start_mark.line + 1}


_Loader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)


def _clean(value: Any) -> Any:
    """Return YAML values as our records have them: no line number, dates as text."""
    if isinstance(value, dict):
        return {key: _clean(one) for key, one in value.items() if key != "__line__"}
    if isinstance(value, list):
        return [_clean(one) for one in value]
    return value.isoformat() if isinstance(value, date) else value


class _Reader:
    """Reads the file, collecting faults."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.faults: list[str] = []

    def blame(self, one: Any, what: str) -> None:
        line = one.get("__line__", 1) if isinstance(one, dict) else 1
        self.faults.append(f"{self.name}:{line}: {what}")

    def entries(self, raw: dict[str, Any], section: str) -> list[dict[str, Any]]:
        found = raw.get(section) or []
        if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
            self.blame(raw, f"« {section} » est une liste (un tiret par lieu)")
            return []
        return found

    def place(self, one: dict[str, Any]) -> str | None:
        if not isinstance(one.get("lieu"), str) or not one["lieu"].strip():
            self.blame(one, "il manque « lieu » : l'identifiant du lieu")
            return None
        return str(one["lieu"]).strip()

    def known(self, one: dict[str, Any], keys: set[str]) -> None:
        for key in sorted(one.keys() - keys - {"__line__"}, key=str):
            self.blame(one, f"clef inconnue « {key} » (on attend {', '.join(sorted(keys))})")

    def added(self, one: dict[str, Any]) -> Structure | None:
        raw = {"confiance": "high", **_clean(one)}
        structure, faults = records.parse(raw, f"{self.name}:{one['__line__']}")
        self.faults += map(str, faults)
        if structure and structure.date_maj is None:
            self.blame(one, f"« {structure.id} » : il manque « date_maj » : le jour où le lieu a été vérifié")
        return structure

    def change(self, one: dict[str, Any]) -> tuple[str, Change] | None:
        self.known(one, {"lieu", "changer", "source", "date"})
        id_, fields, source, day = self.place(one), one.get("changer"), one.get("source"), _clean(one.get("date"))
        if not isinstance(fields, dict) or len(fields) < 2:
            self.blame(one, "« changer » donne au moins un champ et sa valeur")
            return None
        if not isinstance(source, str) or not source.strip():
            self.blame(one, "il manque « source » : qui l'a dit (« appel à la mairie »)")
            return None
        if not isinstance(day, str) or len(day) != 10:
            self.blame(one, "il manque « date » : le jour où cela a été vérifié (AAAA-MM-JJ)")
            return None
        fields = _clean(fields)
        for key in sorted(fields.keys() - _CHANGEABLE, key=str):
            self.blame(one, f"« {key} » ne se corrige pas (on peut changer {', '.join(sorted(_CHANGEABLE))})")
        kept = {key: value for key, value in fields.items() if key in _CHANGEABLE}
        sample = {
            "id": "x", "nom": "x", "source": "x", "confiance": "high", "code_insee": "34172",
            "services": [{"kind": "ccas"}], **{key: value for key, value in kept.items() if value is not None},
        }  # fmt: skip
        structure, faults = records.parse(sample, f"{self.name}:{one['__line__']}")
        self.faults += map(str, faults)
        if structure is None or id_ is None:
            return None
        return id_, Change(
            {key: getattr(structure, key) if value is not None else None for key, value in kept.items()}, source, day
        )

    def hidden(self, one: dict[str, Any]) -> tuple[str, str] | None:
        self.known(one, {"lieu", "motif", "date"})
        id_ = self.place(one)
        if not isinstance(one.get("motif"), str):
            self.blame(one, "il manque « motif » : pourquoi le lieu est masqué")
            return None
        return (id_, one["motif"]) if id_ else None

    def closure(self, one: dict[str, Any]) -> tuple[str, Closure] | None:
        self.known(one, {"lieu", "debut", "fin", "motif"})
        id_, raw = self.place(one), _clean(one)
        try:
            closure = Closure(
                date.fromisoformat(raw["debut"]), date.fromisoformat(raw["fin"]), str(raw.get("motif") or "")
            )
        except (KeyError, TypeError, ValueError):
            self.blame(one, "une fermeture a « debut » et « fin » (AAAA-MM-JJ), et « motif »")
            return None
        if closure.fin < closure.debut:
            self.blame(one, "la fermeture finit avant de commencer")
            return None
        return (id_, closure) if id_ else None


def load(path: Path = FILE) -> Corrections:
    """Read the file; no file, no correction. Raise CorrectionsError, with every fault."""
    try:
        raw = yaml.load(path.read_text(encoding="utf-8"), _Loader) or {}  # noqa: S506 - a SafeLoader
    except FileNotFoundError:
        return Corrections()
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise CorrectionsError(f"{path.name}:1: illisible ({error})") from error
    reader = _Reader(path.name)
    if not isinstance(raw, dict):
        raise CorrectionsError(f"{path.name}:1: on attend {', '.join(_SECTIONS)}")
    reader.known(raw, set(_SECTIONS))
    added = [structure for one in reader.entries(raw, "ajouts") if (structure := reader.added(one))]
    seen: set[str] = set()
    for structure in added:
        if structure.id in seen:
            reader.blame(raw, f"« {structure.id} » est ajouté deux fois")
        seen.add(structure.id)
    changes: dict[str, tuple[Change, ...]] = {}
    for one in reader.entries(raw, "corrections"):
        if change := reader.change(one):
            changes[change[0]] = (*changes.get(change[0], ()), change[1])
    closures: dict[str, tuple[Closure, ...]] = {}
    for one in reader.entries(raw, "fermetures"):
        if closure := reader.closure(one):
            closures[closure[0]] = (*closures.get(closure[0], ()), closure[1])
    hidden = dict(found for one in reader.entries(raw, "masques") if (found := reader.hidden(one)))
    if reader.faults:
        raise CorrectionsError("\n".join(reader.faults))
    return Corrections(tuple(added), changes, hidden, closures)


def changed(structure: Structure, changes: Iterable[Change]) -> Structure:
    """Return a structure with its corrections, each noted in its provenance."""
    for change in changes:
        names = change.fields.keys()
        kept = tuple(one for one in structure.provenance if one.champ not in names)
        noted = tuple(Origin(name, change.source, change.date) for name in sorted(names))
        cleared: dict[str, Any] = dict.fromkeys(names & _OF_SERVICES)
        services = tuple(replace(service, **cleared) for service in structure.services)
        structure = replace(structure, **change.fields, services=services, provenance=kept + noted)
    return structure


def on_top(
    structures: Iterable[Structure], corrections: Corrections, applied: set[str] | None = None
) -> Iterator[Structure]:
    """Yield the structures as corrected, without the hidden ones; the ids met are put in `applied`.

    Places added are not yielded: they come in with the sources, so that they merge with what an import brings.
    """
    wanted = corrections.ids()
    for structure in structures:
        ids = [id_ for id_ in (structure.id, *structure.autres_ids) if id_ in wanted]
        if applied is not None:
            applied.update(ids)
        if any(id_ in corrections.hidden for id_ in ids):
            continue
        for id_ in ids:
            structure = changed(structure, corrections.changes.get(id_, ()))  # noqa: PLW2901
            closures = (*structure.fermetures, *corrections.closures.get(id_, ()))
            structure = replace(structure, fermetures=tuple(dict.fromkeys(closures)))  # noqa: PLW2901
        yield structure


def applied(structures: Iterable[Structure]) -> list[Structure]:
    """Return places with the corrections of the file, those added among them. Raise CorrectionsError."""
    known = load()
    return list(on_top([*structures, *known.added], known))


def problems(embedded: set[str], path: Path = FILE) -> list[str]:
    """Return what is wrong in the file, for `make check`; `embedded` holds the ids that are known without an import."""
    try:
        known = load(path)
    except CorrectionsError as error:
        return str(error).splitlines()
    ids = embedded | {one.id for one in known.added}
    faults = [
        f"{path.name}:1: aucun lieu « {id_} » dans data/places"
        for id_ in sorted(known.ids() - ids)
        if not id_.startswith(IMPORTED)
    ]
    return faults + [
        f"{path.name}:1: « {one.id} » existe déjà dans data/places" for one in known.added if one.id in embedded
    ]
