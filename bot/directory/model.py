"""The shapes of a place: a structure, the services that it offers, and what a search finds.

Names of fields and closed lists are those of data·inclusion's schema v1, so that its files, and ours, read alike. Ours
besides: `kind` (the catalogue's kinds of place), `licence`, `confiance`, `fermetures`.
"""

from dataclasses import dataclass
from datetime import date
from functools import lru_cache

import yaml

from bot.paths import DATA

VOCABULARIES = DATA / "places" / "vocabularies.yml"


@lru_cache(maxsize=1)
def vocabularies() -> dict[str, frozenset[str]]:
    """Return the closed lists, by field name."""
    raw = yaml.safe_load(VOCABULARIES.read_text(encoding="utf-8"))
    return {name: frozenset(values) for name, values in raw.items()}


@dataclass(frozen=True)
class Closure:
    """Days, both included, on which a place is closed whatever its hours; `motif` is shown to people."""

    debut: date
    fin: date
    motif: str


@dataclass(frozen=True)
class Origin:
    """Where one field of a merged or corrected place comes from; `champ` is the field's name."""

    champ: str
    source: str
    date: str | None = None


@dataclass(frozen=True)
class Service:
    """What a structure does for people. A field left None is that of its structure; `zone_eligibilite` empty: everywhere."""

    kind: str
    nom: str | None = None
    description: str | None = None
    type: str | None = None
    thematiques: tuple[str, ...] = ()
    publics: tuple[str, ...] = ()
    frais: str | None = None
    frais_precisions: str | None = None
    conditions_acces: str | None = None
    modes_accueil: tuple[str, ...] = ("en-presentiel",)
    modes_mobilisation: tuple[str, ...] = ()
    mobilisable_par: tuple[str, ...] = ()
    lien_mobilisation: str | None = None
    zone_eligibilite: tuple[str, ...] = ()
    telephone: str | None = None
    courriel: str | None = None
    horaires_accueil: str | None = None

    @property
    def remote(self) -> bool:
        """Whether it is reached by telephone or on the web only."""
        return self.modes_accueil == ("a-distance",)


@dataclass(frozen=True)
class Structure:
    """A place or an organisation; coordinates in degrees (WGS 84), `date_maj` as precise as its source ("2024-08-01", "2024").

    `autres_ids` and `provenance` are those of a place that several sources, or a local correction, speak of.
    """

    id: str
    nom: str
    source: str
    confiance: str
    services: tuple[Service, ...]
    commune: str | None = None
    code_insee: str | None = None
    code_postal: str | None = None
    adresse: str | None = None
    complement_adresse: str | None = None
    latitude: float | None = None
    longitude: float | None = None
    telephone: str | None = None
    courriel: str | None = None
    site_web: str | None = None
    description: str | None = None
    horaires_accueil: str | None = None
    fermetures: tuple[Closure, ...] = ()
    siret: str | None = None
    accessibilite_lieu: str | None = None
    date_maj: str | None = None
    lien_source: str | None = None
    licence: str | None = None
    autres_ids: tuple[str, ...] = ()
    provenance: tuple[Origin, ...] = ()
