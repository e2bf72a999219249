"""When the site's accessibility was last looked at, and with which tools: `data/accessibility.yml`."""

from datetime import date
from functools import cache

import yaml
from pydantic import BaseModel, ConfigDict

from bot.paths import DATA


class Tools(BaseModel):
    """Versions of the tools, as they name themselves."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    axe: str
    chromium: str
    vnu: str
    w3m: str


class Statement(BaseModel):
    """What `/accessibilite` says of the tests."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    tested_on: date
    tools: Tools


@cache
def load() -> Statement:
    """Return the statement; raise OSError, yaml.YAMLError, pydantic.ValidationError."""
    return Statement.model_validate(yaml.safe_load((DATA / "accessibility.yml").read_text(encoding="utf-8")))
