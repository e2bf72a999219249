"""Places by SMS: as much of each as two messages hold, the telephone first to stay and the rest shortened in turn."""

import re
from collections.abc import Callable, Sequence
from typing import Any

from bot.sms.text import parts, to_gsm

MAX_PARTS = 2
_MORE = "SUITE : d'autres lieux"

Place = dict[str, Any]
Writer = Callable[[Place], str]


def _joined(*pieces: str | None) -> str:
    return ", ".join(piece for piece in pieces if piece)


def _phone(place: Place) -> str:
    """Write the number without spaces, so that no phone cuts it."""
    return re.sub(r"\s", "", place.get("phone") or "")


def _far(place: Place) -> str:
    distance = place.get("distance_km")
    if distance is None:
        return ""
    if place.get("approximate") and distance < 0.1:
        return "dans la commune"
    return f"{'env. ' if place.get('approximate') else ''}{distance:.1f} km".replace(".", ",").replace("env,", "env.")


def _opening(place: Place) -> str:
    """Write when it is open, short: "ouvert jusqu'à 17h30"."""
    text = (place.get("opening") or "").replace("en principe ", "").replace("maintenant, ", "")
    return re.sub(r"(\d) h(?: (\d\d))?", r"\1h\2", text)


def _town(place: Place) -> str:
    """Return the town, unless the name or the address says it already."""
    town = str(place.get("city") or "")
    said = f"{place.get('name')} {place.get('address')}".lower()
    return "" if town.lower() in said else town


def _reached(place: Place) -> str:
    """Return the town and the telephone; the address when no telephone is known."""
    return _joined(_town(place), _phone(place)) if place.get("phone") else _joined(place.get("address"), _town(place))


def _source(places: Sequence[Place]) -> str:
    """Return where the first place comes from, and its year."""
    first = places[0]
    year = str(first.get("source_date") or "")[:4]
    return f"(source {first['source'].split(',')[0]}{' ' + year if year else ''})"


#: From all that is useful to what nobody can do without.
_WRITERS: tuple[Writer, ...] = (
    lambda place: _joined(
        place["name"], place.get("address"), _town(place), _phone(place), _far(place), _opening(place)
    ),
    lambda place: _joined(place["name"], place.get("address"), _town(place), _phone(place), _far(place)),
    lambda place: _joined(place["name"], _reached(place), _far(place), _opening(place)),
    lambda place: _joined(place["name"], _reached(place), _far(place)),
    lambda place: _joined(place["name"], _reached(place)),
)


def with_places(text: str, places: Sequence[Place], more: bool) -> str:
    """Return `text` followed by the places, numbered when there are several, in MAX_PARTS messages at most.

    A place alone is told with its conditions and hours. What does not fit is shortened, the farthest places last to be
    left out. `more` tells that the person may ask for others.
    """
    if not places:
        return to_gsm(text)
    if len(places) == 1 and places[0].get("details"):
        return _one(text, places[0])
    for kept in range(len(places), 0, -1):
        ending = f" {_MORE}" if more else ""
        for source in (f" {_source(places)}", ""):
            for write in _WRITERS if kept == len(places) else _WRITERS[:2]:
                listed = " ".join(
                    f"{number} {write(place)}." if kept > 1 else f"{write(place)}."
                    for number, place in enumerate(places[:kept], start=1)
                )
                message = to_gsm(f"{text} {listed}{ending}{source}")
                if parts(message) <= MAX_PARTS:
                    return message
    return to_gsm(text)


def _one(text: str, place: Place) -> str:
    """Tell all of one place that fits."""
    hours = re.sub(r"(\d) h(?: (\d\d))?", r"\1h\2", place.get("hours") or "")
    contact = _joined(place["name"], place.get("address"), _town(place), _phone(place), _far(place))
    for rest in (
        (hours, place.get("access"), place["details"].get("email")),
        (hours, place.get("access")),
        (hours,),
        (),
    ):
        message = to_gsm(
            " ".join(
                filter(None, (text, f"{contact}.", *(f"{one}." for one in rest if one), _source([place])))
            ).replace("..", ".")
        )
        if parts(message) <= MAX_PARTS:
            return message
    return to_gsm(f"{text} {contact}")
