"""Who the assistant is: name, colours, contact, from `data/identity.yml`, checked when read."""

import re
from functools import cache
from pathlib import Path
from typing import Annotated

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from bot.paths import DATA

#: WCAG 2.1, AA: text, and what is not text (borders of fields).
TEXT, GRAPHIC = 4.5, 3.0
#: Which colour is read on which, and how far apart they must be.
_PAIRS = (
    *(("ink", ground, TEXT) for ground in ("paper", "card", "mine", "alarm_soft")),
    *(("soft", ground, TEXT) for ground in ("paper", "card", "mine")),
    *(("brand", ground, TEXT) for ground in ("paper", "card", "mine")),
    ("brand_ink", "brand", TEXT),
    *(("alarm", ground, TEXT) for ground in ("card", "alarm_soft")),
    ("open", "card", TEXT),
    *(("line", ground, GRAPHIC) for ground in ("paper", "card")),
)

Colour = Annotated[str, Field(pattern=r"^#[0-9a-fA-F]{6}$")]


class IdentityError(Exception):
    """`data/identity.yml` cannot be used; the message, in French, says why."""


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


def _luminance(colour: str) -> float:
    channels = [int(pair, 16) / 255 for pair in re.findall("..", colour[1:])]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return float(0.2126 * red + 0.7152 * green + 0.0722 * blue)


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio of two colours written "#rrggbb", from 1 to 21 (WCAG 2.1)."""
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


class Palette(_Strict):
    """The colours of one scheme."""

    paper: Colour
    card: Colour
    ink: Colour
    soft: Colour
    line: Colour
    brand: Colour
    brand_ink: Colour
    mine: Colour
    alarm: Colour
    alarm_soft: Colour
    open: Colour

    @model_validator(mode="after")
    def _readable(self) -> "Palette":
        for front, ground, least in _PAIRS:
            found = contrast(getattr(self, front), getattr(self, ground))
            if found < least:
                raise ValueError(f"{front} sur {ground} : contraste de {found:.1f}, il en faut {least}")
        return self


class Colours(_Strict):
    """The colours of the light and the dark scheme."""

    light: Palette
    dark: Palette


class Switchboard(_Strict):
    """The person to call: what the number is, and the number as it is written."""

    name: str = Field(min_length=1)
    phone: str = Field(pattern=r"^0\d( \d\d){4}$")


class Identity(_Strict):
    """What the pages say of themselves; `publisher`, the contacts, `legal_basis` and `host` may be empty, and the pages then say so."""

    name: str = Field(min_length=1)
    short_name: str = Field(min_length=1, max_length=20)
    territory: str = Field(min_length=1)
    tagline: str
    switchboard: Switchboard
    publisher: str = ""
    contact_email: str = ""
    data_protection_contact: str = ""
    legal_basis: str = ""
    host: str = ""
    colours: Colours


def read(path: Path) -> Identity:
    """Read the file at `path`; raise IdentityError."""
    try:
        return Identity.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise IdentityError(f"{path.name} : illisible ({type(error).__name__})") from error
    except ValidationError as error:
        faults = "\n  ".join(f"{'.'.join(map(str, one['loc']))} : {one['msg']}" for one in error.errors())
        raise IdentityError(f"{path.name} :\n  {faults}") from error


@cache
def load() -> Identity:
    """Return the identity of this assistant; raise IdentityError."""
    return read(DATA / "identity.yml")
