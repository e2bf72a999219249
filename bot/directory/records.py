"""Reading structures from the project's own format: one JSON object a line, each fault with its line, in French.

A record keeps what is sound of it; it is lost only when nobody could use what remains.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from datetime import date
from pathlib import Path
from typing import Any

from bot.directory import communes
from bot.directory import fields as clean
from bot.directory.model import Closure, Service, Structure, vocabularies
from bot.paths import DATA

EMBEDDED = DATA / "places" / "structures.jsonl"

_STRUCTURE_TEXTS = frozenset(
    one.name
    for one in fields(Structure)
    if one.name not in {"services", "fermetures", "latitude", "longitude", "autres_ids", "provenance"}
)
_SERVICE_LISTS = frozenset(
    {"thematiques", "publics", "modes_accueil", "modes_mobilisation", "mobilisable_par", "zone_eligibilite"}
)
_SERVICE_TEXTS = frozenset(one.name for one in fields(Service)) - _SERVICE_LISTS
_CLOSED = frozenset(
    {"thematiques", "publics", "modes_accueil", "modes_mobilisation", "mobilisable_par", "frais", "type"}
)
_CONFIDENCES = frozenset({"high", "medium", "low"})
_MAX_TEXT = 4000


@dataclass(frozen=True)
class Fault:
    """Something wrong in a record; `lost` when the whole record was left out."""

    where: str
    what: str
    lost: bool = False

    def __str__(self) -> str:
        return f"{self.where}: {self.what}"


@dataclass
class _Record:
    """One record being read; collects its faults."""

    where: str
    faults: list[Fault] = field(default_factory=list)

    def blame(self, what: str) -> None:
        self.faults.append(Fault(self.where, what))

    def texts(self, raw: Mapping[str, Any], known: frozenset[str]) -> dict[str, str]:
        found = {}
        for key in sorted(known & raw.keys()):
            value = raw[key]
            if value is None or (isinstance(value, str) and not value.strip()):
                continue
            if not isinstance(value, str) or len(value) > _MAX_TEXT:
                self.blame(f"« {key} » n'est pas un texte court")
                continue
            found[key] = " ".join(value.split())
        return found

    def contact(self, texts: dict[str, str]) -> None:
        """Check the telephone, the hours and the address on the web, in place."""
        for key, check in (("telephone", clean.phone), ("horaires_accueil", clean.opening_hours)):
            if key in texts:
                sound = check(texts[key])
                if sound is None:
                    self.blame(f"« {key} » ne se lit pas : « {texts[key][:40]} »")
                    del texts[key]
                else:
                    texts[key] = sound
        for key in ("site_web", "lien_source", "lien_mobilisation"):
            if key in texts and not texts[key].startswith(("https://", "http://")):
                self.blame(f"« {key} » n'est pas une adresse web : « {texts[key][:40]} »")
                del texts[key]

    def listed(self, key: str, value: Any) -> tuple[str, ...]:
        values = value if isinstance(value, list) else [value]
        closed = vocabularies()[key] if key in _CLOSED else None
        kept = []
        for one in values:
            if not isinstance(one, str) or (closed is not None and one not in closed):
                self.blame(f"« {key} » : valeur inconnue « {str(one)[:60]} »")
            elif one not in kept:
                kept.append(one)
        return tuple(kept)

    def service(self, raw: Any) -> Service | None:
        if not isinstance(raw, dict):
            self.blame("un service est un objet")
            return None
        for key in sorted(raw.keys() - _SERVICE_LISTS - _SERVICE_TEXTS):
            self.blame(f"service : clef inconnue « {key} »")
        texts = self.texts(raw, _SERVICE_TEXTS)
        if texts.get("kind") not in vocabularies()["kinds"]:
            self.blame(f"service : genre de lieu inconnu « {texts.get('kind')} »")
            return None
        for key in ("frais", "type"):
            if key in texts and not self.listed(key, texts[key]):
                del texts[key]
        self.contact(texts)
        lists = {key: self.listed(key, raw[key]) for key in sorted(_SERVICE_LISTS & raw.keys()) if raw[key]}
        values: dict[str, Any] = {**texts, **lists}
        return Service(**values)

    def closures(self, raw: Any) -> tuple[Closure, ...]:
        found = []
        for one in raw if isinstance(raw, list) else [raw]:
            try:
                closure = Closure(
                    date.fromisoformat(one["debut"]), date.fromisoformat(one["fin"]), str(one.get("motif") or "")
                )
            except (KeyError, TypeError, ValueError):
                self.blame("fermeture : on attend « debut » et « fin » (AAAA-MM-JJ), et « motif »")
                continue
            if closure.fin < closure.debut:
                self.blame("fermeture : elle finit avant de commencer")
            else:
                found.append(closure)
        return tuple(found)

    def place(self, raw: Mapping[str, Any], texts: dict[str, str]) -> dict[str, float]:
        commune = communes.load().by_insee.get(texts.get("code_insee", ""))
        latitude, longitude = raw.get("latitude"), raw.get("longitude")
        if latitude is None and longitude is None:
            return {}
        if not all(isinstance(one, int | float) and not isinstance(one, bool) for one in (latitude, longitude)):
            self.blame("« latitude » et « longitude » sont deux nombres")
            return {}
        point, fault = clean.point(float(str(latitude)), float(str(longitude)), commune)
        if fault:
            self.blame(fault)
        return {"latitude": point[0], "longitude": point[1]} if point else {}


def parse(raw: Any, where: str) -> tuple[Structure | None, list[Fault]]:
    """Return the structure that `raw` (a decoded JSON object) describes, or None, and its faults."""
    record = _Record(where)
    if not isinstance(raw, dict):
        return None, [Fault(where, "un lieu est un objet JSON", lost=True)]
    known = _STRUCTURE_TEXTS | {"services", "fermetures", "latitude", "longitude"}
    for key in sorted(raw.keys() - known, key=str):
        record.blame(f"clef inconnue « {key} »")
    texts = record.texts(raw, _STRUCTURE_TEXTS)
    record.contact(texts)
    if "date_maj" in texts and not clean.is_partial_date(texts["date_maj"]):
        record.blame(
            f"« date_maj » n'est pas une date (AAAA-MM-JJ, AAAA-MM ou AAAA) : « {texts.pop('date_maj')[:20]} »"
        )
    point = record.place(raw, texts)
    offered = raw.get("services")
    services = tuple(
        service for one in (offered if isinstance(offered, list) else []) if (service := record.service(one))
    )
    lost = _missing(texts, point, services)
    if lost:
        return None, [*record.faults, Fault(where, lost, lost=True)]
    values: dict[str, Any] = {**texts, **point}
    if raw.get("fermetures"):
        values["fermetures"] = record.closures(raw["fermetures"])
    return Structure(services=services, **values), record.faults


def _missing(texts: Mapping[str, str], point: Mapping[str, float], services: tuple[Service, ...]) -> str | None:
    """Return why a record is of no use, or None."""
    for key in ("id", "nom", "source"):
        if key not in texts:
            return f"il manque « {key} »"
    if texts.get("confiance") not in _CONFIDENCES:
        return "« confiance » vaut high, medium ou low"
    if not services:
        return "aucun service"
    if all(service.remote for service in services):
        if not any(texts.get(key) for key in ("telephone", "site_web")):
            return "un service à distance a un téléphone ou un site"
    elif not point and texts.get("code_insee", "") not in communes.load().by_insee:
        return "ni coordonnées, ni commune de l'Hérault (code_insee)"
    return None


def read(path: Path = EMBEDDED) -> tuple[list[Structure], list[Fault]]:
    """Read a JSONL file; return the structures that may be shown (no low confidence) and every fault, with its line.

    Of two records with the same id the first is kept. Raise OSError when the file cannot be read.
    """
    with path.open(encoding="utf-8", errors="replace") as file:
        return collect(_lines(file, path.name))


def _lines(file: Iterable[str], name: str) -> Iterator[tuple[Any, str]]:
    for number, line in enumerate(file, start=1):
        if not line.strip():
            continue
        where = f"{name}:{number}"
        try:
            yield json.loads(line), where
        except (ValueError, RecursionError) as error:
            yield error, where


def collect(records: Iterable[tuple[Any, str]]) -> tuple[list[Structure], list[Fault]]:
    """Return the structures of decoded records, each with the place that it comes from, and every fault."""
    structures: dict[str, Structure] = {}
    faults: list[Fault] = []
    for raw, where in records:
        if isinstance(raw, Exception):
            faults.append(Fault(where, f"ligne illisible ({raw})", lost=True))
            continue
        structure, found = parse(raw, where)
        faults += found
        if structure is None or structure.confiance == "low":
            continue
        if structure.id in structures:
            faults.append(Fault(where, f"« {structure.id} » est déjà là, première fiche gardée", lost=True))
        else:
            structures[structure.id] = structure
    return list(structures.values()), faults
