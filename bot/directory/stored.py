"""A structure as one line of JSON, and back: how the last good records of a source are kept.

Lines that we wrote ourselves, from records that were checked: they are not checked again.
"""

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any, cast

from bot.directory.model import Closure, Origin, Service, Structure


class StoredError(Exception):
    """A file of kept records that is damaged; the message, in French, names it."""


def to_json(structure: Structure) -> str:
    """Return one line, always the same for the same structure."""
    return json.dumps(_filled(structure), ensure_ascii=False, sort_keys=True, default=_filled)


def _filled(one: Any) -> Any:
    return (
        one.isoformat()
        if isinstance(one, date)
        else {key: value for key, value in vars(one).items() if value not in (None, ())}
    )


def from_json(line: str) -> Structure:
    """Return the structure of a line that `to_json` wrote. Raise ValueError, TypeError or KeyError when it is not."""
    raw: dict[str, Any] = json.loads(line)
    raw["services"] = tuple(
        Service(
            **cast(
                "dict[str, Any]",
                {key: tuple(value) if isinstance(value, list) else value for key, value in one.items()},
            )
        )
        for one in raw["services"]
    )
    raw["fermetures"] = tuple(
        Closure(date.fromisoformat(one["debut"]), date.fromisoformat(one["fin"]), one["motif"])
        for one in raw.get("fermetures", ())
    )
    raw["autres_ids"] = tuple(raw.get("autres_ids", ()))
    raw["provenance"] = tuple(Origin(**one) for one in raw.get("provenance", ()))
    return Structure(**raw)


def read(path: Path) -> Iterator[Structure]:
    """Yield the structures of a file; raise StoredError when a line is damaged, OSError when it cannot be read."""
    with path.open(encoding="utf-8", errors="replace") as file:
        for number, line in enumerate(file, start=1):
            try:
                yield from_json(line)
            except (ValueError, TypeError, KeyError, AttributeError) as error:  # noqa: PERF203 - any line may be damaged
                raise StoredError(f"{path.name}:{number} abîmée : importez à nouveau cette source") from error
