"""How a person wants to read: plain words, size of the text, contrast. Kept in the page's form, nowhere on the server."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, cast, get_args

Variant = Literal["standard", "simple"]
Size = Literal["1", "2", "3"]
Contrast = Literal["normal", "fort"]


@dataclass(frozen=True)
class Preferences:
    """The fields of the form have these names; `taille` goes from 1 (normal) to 3 (very large)."""

    variant: Variant = "standard"
    taille: Size = "1"
    contraste: Contrast = "normal"

    @classmethod
    def read(cls, fields: Mapping[str, str], default: "Preferences | None" = None) -> "Preferences":
        """Read the fields of a form; what is missing or unknown is as in `default`."""
        default = default or cls()

        def one(name: str, known: object) -> str:
            value = fields.get(name, "")
            return value if value in get_args(known) else str(getattr(default, name))

        return cls(
            cast("Variant", one("variant", Variant)),
            cast("Size", one("taille", Size)),
            cast("Contrast", one("contraste", Contrast)),
        )
