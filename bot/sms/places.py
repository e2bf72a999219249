"""Places by SMS: as much of each as two messages hold, the telephone first to stay and the rest shortened in turn."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from bot.directory import kinds
from bot.sms.text import CALL, fits, to_gsm
from bot.text import normalise

_MORE = "SUITE : d'autres lieux"
_DAY = re.compile(r"\b(?:lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche)\b")
#: Between two hours: "9h à 12h" is "9h-12h".
_SPAN = re.compile(r"(?<=\dh) à (?=\d)|(?<=\dh\d\d) à (?=\d)")

#: Between a kind and what tells the place: "CCAS de Sète", "Caf de l'Hérault, site de Béziers".
_LINKING = re.compile(r"^[\s,–—-]*(?:de l['’]Hérault[\s,–—-]*|(?:de|du|des)\s|d['’])?")

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
    said = normalise(f"{place.get('name')} {place.get('address')}")
    return "" if normalise(town) in said else town


def _reached(place: Place) -> str:
    """Return the town and the telephone; the address when no telephone is known, the site when it has neither."""
    if place.get("phone"):
        return _joined(_town(place), _phone(place))
    return _joined(place.get("address"), _town(place)) or str(place.get("url") or "")


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


def listed(message: Mapping[str, Any]) -> str:
    """Return the words of `message` followed by its places, numbered when there are several, and the way to others.

    What two messages cannot hold is told shorter. No place is left out: what still does not fit waits for SUITE.
    """
    text, places = message["text"], message["places"]
    if len(places) == 1 and places[0].get("details"):
        return _one(text, places[0])
    named = [{**place, "name": _short(place, text)} for place in places] if len(places) > 1 else places
    for source in (f" {_source(places)}", ""):
        for ending in (f" {_MORE}", f" {CALL}") if message["choices"] else ("",):
            for write in _WRITERS:
                told = to_gsm(f"{text} {_list(named, write)}{source}{ending}")
                if fits(told):
                    return told
    return to_gsm(f"{text} {_list(named, _WRITERS[-1])}{f' {_MORE}' if message['choices'] else ''}")


def _short(place: Place, text: str) -> str:
    """Return the name of a place without its kind, when `text` has just said it: "Lunel" for "France services Lunel"."""
    kind, name = re.split(r"[,(]", kinds.label(place["kind"]))[0].strip(), str(place["name"])
    rest = _LINKING.sub("", name[len(kind) :])
    said = name.lower().startswith(kind.lower()) and kind in text and rest[:1].isalpha()
    return f"{rest[0].upper()}{rest[1:]}" if said else name


def _list(places: Sequence[Place], write: Writer) -> str:
    if len(places) == 1:
        return f"{write(places[0])}."
    return "  ".join(f"{number} {write(place)}." for number, place in enumerate(places, start=1))


def _one(text: str, place: Place) -> str:
    """Tell all that is known of one place, what is needed to go there first; days are shortened when that is enough."""
    contact = _joined(place["name"], place.get("address"), _town(place), _phone(place), _far(place))
    hours, source = place.get("hours") or "", _source([place])
    told = [contact, place.get("opening"), hours, place.get("access"), place["details"].get("email")]
    whole = to_gsm(f"{text} {_sentences(told)} {source}")
    if fits(whole):
        return whole
    told[2] = _DAY.sub(lambda day: day[0][:3], _SPAN.sub("-", to_gsm(hours)))
    return to_gsm(f"{text} {_sentences(told)} {source}")


def _sentences(told: Sequence[str | None]) -> str:
    return " ".join(f"{one if '@' in one else one[0].upper() + one[1:].rstrip('.')}." for one in told if one)
