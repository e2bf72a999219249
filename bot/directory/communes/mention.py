"""What is found in a message, and what it comes to."""

from dataclasses import dataclass

from bot.directory.communes.elsewhere import Elsewhere
from bot.directory.communes.gazetteer import Commune


@dataclass(frozen=True)
class Mention:
    """Words `start` to `end` (excluded) of a message that name a place.

    `candidates`: the communes of the Hérault that it may be, the likeliest first; none when it is `elsewhere`.
    `district`: a part of a town or an unsure spelling, that yields to a name. `postcode`: digits only.
    `unsure`: a name one letter from ours that is also one elsewhere, to be asked.
    """

    start: int
    end: int
    candidates: tuple[Commune, ...] = ()
    elsewhere: Elsewhere | None = None
    district: bool = False
    postcode: bool = False
    unsure: bool = False

    @property
    def commune(self) -> Commune | None:
        """The commune, when there is no doubt."""
        return self.candidates[0] if len(self.candidates) == 1 and not self.unsure else None


@dataclass(frozen=True)
class Where:
    """What a message says of where: a commune for sure, several to be asked, or a place elsewhere; or nothing."""

    commune: Commune | None = None
    possible: tuple[Commune, ...] = ()
    elsewhere: Elsewhere | None = None
