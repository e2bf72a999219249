"""What an import did, for the screen and for a file: read, kept, left out and why, added, changed, gone."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any

#: Lines of each list that are kept in the file; the counts are always whole.
MOST_LISTED = 500
_SHOWN = 5


@dataclass
class Report:
    """One import of one source. `outcome`: remplacé, inchangé, essai, refusé or échec; `why` says the last two in French."""

    source: str
    files: list[str] = field(default_factory=list)
    started_at: str = ""
    seconds: float = 0.0
    outcome: str = ""
    why: str = ""
    read: int = 0
    kept: int = 0
    outside: int = 0
    unknown: Counter[str] = field(default_factory=Counter)
    rejected: int = 0
    rejections: list[dict[str, str]] = field(default_factory=list)
    faults: int = 0
    faulty: list[dict[str, str]] = field(default_factory=list)
    faults_by_field: Counter[str] = field(default_factory=Counter)
    before: int = 0
    added: int = 0
    changed: int = 0
    gone: int = 0
    additions: list[dict[str, Any]] = field(default_factory=list)
    changes: list[dict[str, Any]] = field(default_factory=list)
    departures: list[dict[str, Any]] = field(default_factory=list)
    directory: dict[str, Any] = field(default_factory=dict)

    def reject(self, where: str, why: str) -> None:
        """Note a line that is left out whole."""
        self.rejected += 1
        if len(self.rejections) < MOST_LISTED:
            self.rejections.append({"où": where, "pourquoi": why})

    def fault(self, where: str, what: str, field_: str) -> None:
        """Note a value that is left out of a place that is kept."""
        self.faults += 1
        self.faults_by_field[field_] += 1
        if len(self.faulty) < MOST_LISTED:
            self.faulty.append({"où": where, "quoi": what})

    def as_json(self) -> dict[str, Any]:
        """Return the whole report."""
        return {
            **asdict(self),
            "unknown": dict(self.unknown.most_common(MOST_LISTED)),
            "faults_by_field": dict(self.faults_by_field.most_common()),
        }

    def lines(self) -> list[str]:
        """Return the report as it is shown on the screen, in French."""
        said = [f"{self.source} : {_OUTCOMES.get(self.outcome, self.outcome)} ({self.seconds:.1f} s)"]
        if self.why:
            said.append(f"  {self.why}")
        said.append(
            f"  lus {self.read} · gardés {self.kept} · hors de l'Hérault {self.outside} · d'un autre genre {sum(self.unknown.values())}"
            f" · rejetés {self.rejected}"
        )
        said.append(f"  avant {self.before} · ajoutés {self.added} · changés {self.changed} · disparus {self.gone}")
        said += _some("ajouté", (f"{one['nom']} ({one['commune']})" for one in self.additions), self.added)
        said += _some("changé", (f"{one['nom']} : {', '.join(one['champs'])}" for one in self.changes), self.changed)
        said += _some("disparu", (f"{one['nom']} ({one['commune']})" for one in self.departures), self.gone)
        said += _some("rejeté", (f"{one['où']} : {one['pourquoi']}" for one in self.rejections), self.rejected)
        said += _some("laissé de côté", (f"{one['où']} : {one['quoi']}" for one in self.faulty), self.faults)
        if self.unknown:
            listed = ", ".join(f"{name} ({count})" for name, count in self.unknown.most_common(8))
            said.append(f"  genres que nous n'avons pas : {listed}")
        if self.directory:
            parts = ", ".join(f"{name} {count}" for name, count in sorted(self.directory["lieux"].items()))
            said.append(
                f"  annuaire : {sum(self.directory['lieux'].values())} lieux ({parts}), {self.directory['fusionnés']} fiches réunies"
            )
            said += [f"  ! correction sans lieu : {id_}" for id_ in self.directory["corrections_sans_lieu"]]
        return said


_OUTCOMES = {
    "remplacé": "annuaire mis à jour",
    "inchangé": "rien de nouveau",
    "essai": "essai, rien n'est remplacé",
    "refusé": "REFUSÉ, l'ancien annuaire reste",
    "échec": "ÉCHEC, l'ancien annuaire reste",
}


def _some(what: str, lines: Iterable[str], total: int) -> list[str]:
    shown = [line for line, _ in zip(lines, range(_SHOWN), strict=False)]
    more = [f"  … et {total - len(shown)} autres"] if total > len(shown) > 0 else []
    return [f"  {what} : {line}" for line in shown] + more
