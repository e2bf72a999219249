"""Are two records the same place, and what do we say of it then?

Records are compared only when they share a SIRET, a telephone, a name or a street (`keys`); they are the same place when they
offer a same kind in the same commune and their addresses and names agree (`same_place`). The fresher field is kept, with its source.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace
from functools import lru_cache
from typing import Any

from rapidfuzz import fuzz

from bot.directory.fields import distance_km
from bot.directory.model import Origin, Service, Structure
from bot.text import normalise

#: Sources by who knows best: of two ids, and of two fields as fresh, the first one's is kept (the embedded id before all).
PRIORITY = ("corrections", "embedded", "herault-data", "dila", "france-services", "data-inclusion", "mednum", "finess")
#: Kinds of which one address never holds two.
_ALONE = frozenset("sds pmi mda caf cpam msa france_travail cap_emploi mission_locale ccas france_services ebe".split())
_ABBREVIATIONS = {
    "av": "avenue", "ave": "avenue", "bd": "boulevard", "bld": "boulevard", "boul": "boulevard", "pl": "place",
    "r": "rue", "che": "chemin", "chem": "chemin", "ch": "chemin", "rte": "route", "imp": "impasse", "all": "allee",
    "allees": "allee", "crs": "cours", "sq": "square", "st": "saint", "ste": "sainte", "fg": "faubourg", "res": "residence",
    "gal": "general", "dr": "docteur", "pdt": "president",
}  # fmt: skip
_EMPTY_WORDS = frozenset("de du des la le les l d et a au aux".split())
_ADDRESS = ("commune", "code_insee", "code_postal", "adresse", "complement_adresse", "latitude", "longitude")
_EACH_ALONE = (
    "telephone", "courriel", "site_web", "description", "horaires_accueil", "siret", "accessibilite_lieu",
)  # fmt: skip
_BEST = {"high": 2, "medium": 1, "low": 0}


@dataclass(frozen=True)
class Member:
    """What one source (a key of PRIORITY) says of a place."""

    source: str
    structure: Structure


@lru_cache(maxsize=8192)
def street(address: str) -> tuple[str, str]:
    """Return the house number ("" when there is none) and the normalised street of an address."""
    words = [_ABBREVIATIONS.get(word, word) for word in normalise(address).split()]
    number = ""
    if words and (found := re.match(r"^\d+", words[0])):
        number, words = found[0], words[1:]
        if words and words[0] in {"bis", "ter", "b", "t"}:
            number, words = number + words[0][0], words[1:]
    return number, " ".join(word for word in words if word not in _EMPTY_WORDS)


@lru_cache(maxsize=8192)
def _name(name: str) -> str:
    return " ".join(word for word in normalise(name).split() if word not in _EMPTY_WORDS)


def keys(structure: Structure) -> Iterator[str]:
    """Yield what another record of the same place has in common with this one; nothing for what has no commune."""
    insee = structure.code_insee
    if not insee:
        return
    if structure.siret:
        yield f"s{structure.siret}"
    digits = re.sub(r"\D", "", structure.telephone or "")
    if len(digits) == 10:
        yield f"t{insee}{digits}"
    yield f"n{insee}{' '.join(sorted(_name(structure.nom).split()))}"
    if structure.adresse:
        number, name = street(structure.adresse)
        longest = max(name.split(), key=len, default="")
        if longest:
            yield f"a{insee}{number} {longest}"


def _kinds(structure: Structure) -> set[str]:
    return {service.kind for service in structure.services if not service.remote}


def same_place(one: Member, other: Member) -> bool:
    """Tell whether two records are of the same place. Two embedded places never are; of one source, only twins."""
    a, b = one.structure, other.structure
    shared = _kinds(a) & _kinds(b)
    if not shared or not a.code_insee or a.code_insee != b.code_insee:
        return False
    twins = _name(a.nom) == _name(b.nom) and (a.adresse and street(a.adresse)) == (b.adresse and street(b.adresse))
    if one.source == other.source:
        return bool(twins and a.adresse and one.source != "embedded")
    names = fuzz.token_sort_ratio(_name(a.nom), _name(b.nom))
    siret = bool(a.siret) and a.siret == b.siret
    phone = bool(a.telephone) and a.telephone == b.telephone and len(a.telephone or "") > 8
    if not a.adresse or not b.adresse:
        return names >= 90 or (siret and names >= 50) or (phone and names >= 60)
    (number_a, street_a), (number_b, street_b) = street(a.adresse), street(b.adresse)
    away = _away(a, b)
    if number_a and number_b and number_a != number_b:
        return False
    if fuzz.token_sort_ratio(street_a, street_b) >= 85:
        return bool(shared & _ALONE) or siret or phone or names >= 60
    return away is not None and away < 0.2 and (names >= 90 or (siret and names >= 50))


def _away(a: Structure, b: Structure) -> float | None:
    if a.latitude is None or a.longitude is None or b.latitude is None or b.longitude is None:
        return None
    return distance_km((a.latitude, a.longitude), (b.latitude, b.longitude))


def _fresh_first(members: Sequence[Member]) -> list[Member]:
    known = sorted(members, key=lambda one: PRIORITY.index(one.source))
    return sorted(known, key=lambda one: one.structure.date_maj or "", reverse=True)


def merged(members: Sequence[Member]) -> Structure:
    """Return the place that these records speak of: each field from the freshest source that has it, and said so."""
    if len(members) == 1:
        return members[0].structure
    fresh = _fresh_first(members)
    by_priority = sorted(members, key=lambda one: (PRIORITY.index(one.source), one.structure.id))
    main = fresh[0].structure
    values: dict[str, Any] = {}
    origins: list[Origin] = []

    def take(names: Sequence[str], giver: Structure) -> None:
        for name in names:
            value = getattr(giver, name)
            if value is not None and values.get(name) is None:
                values[name] = value
                origins.append(Origin(name, giver.source, giver.date_maj))

    addressed = [one.structure for one in fresh if one.structure.adresse] or [one.structure for one in fresh]
    take(_ADDRESS, addressed[0])
    for giver in (one.structure for one in fresh if one.structure.latitude is not None):
        if values.get("latitude") is None:
            take(("latitude", "longitude"), giver)
    for name in _EACH_ALONE:
        for giver in (one.structure for one in fresh):
            take((name,), giver)
    closures = dict.fromkeys(closure for one in fresh for closure in one.structure.fermetures)
    return replace(
        main,
        id=by_priority[0].structure.id,
        nom=_best_name(fresh),
        services=_services(fresh),
        confiance=max((one.structure.confiance for one in fresh), key=_BEST.__getitem__),
        fermetures=tuple(closures),
        autres_ids=tuple(one.structure.id for one in by_priority[1:]),
        provenance=tuple(origins),
        **{**dict.fromkeys((*_ADDRESS, *_EACH_ALONE)), **values},
    )


def _best_name(fresh: Sequence[Member]) -> str:
    trusted = [one.structure.nom for one in fresh if one.structure.confiance == "high"]
    return (trusted or [one.structure.nom for one in fresh])[0]


def _services(fresh: Sequence[Member]) -> tuple[Service, ...]:
    found: dict[str, Service] = {}
    for member in fresh:
        for service in member.structure.services:
            known = found.get(service.kind)
            if known is None:
                found[service.kind] = service
                continue
            missing = {
                one.name: getattr(service, one.name)
                for one in fields(Service)
                if one.name not in {"telephone", "courriel", "horaires_accueil"} and not getattr(known, one.name)
            }
            found[service.kind] = replace(known, **missing)
    return tuple(found.values())
