"""One field of a place, made sure of or left out: a wrong number or a point in the sea is worse than none."""

import re
from functools import lru_cache
from math import asin, cos, radians, sin, sqrt

import phonenumbers

from bot.directory import hours
from bot.directory.communes import Commune

#: Numbers that only exist in France and have no nine-digit form: 3230, 119, 116 006…
_SHORT = re.compile(r"^(?:1\d{1,2}|3\d{3}|116\d{3})$")
#: Metropolitan France, with room (degrees).
_LATITUDES, _LONGITUDES = (41.0, 51.5), (-5.5, 10.0)
#: A point farther than this from the centre of the commune that is named with it is a mistake (the widest commune of the Hérault is 18 km across).
_FAR_KM = 25.0
_EARTH_KM = 6371.0
_DATE = re.compile(r"^\d{4}(?:-(?:0[1-9]|1[0-2])(?:-(?:0[1-9]|[12]\d|3[01]))?)?$")

Point = tuple[float, float]


def distance_km(a: Point, b: Point) -> float:
    """Return the great-circle distance between two points (latitude, longitude in degrees), in kilometres."""
    (lat_a, lon_a), (lat_b, lon_b) = ((radians(lat), radians(lon)) for lat, lon in (a, b))
    half = sin((lat_b - lat_a) / 2) ** 2 + cos(lat_a) * cos(lat_b) * sin((lon_b - lon_a) / 2) ** 2
    return 2 * _EARTH_KM * asin(min(1.0, sqrt(half)))


@lru_cache(maxsize=4096)
def phone(raw: str) -> str | None:
    """Return a French telephone number as it is written here ("04 67 67 67 67", "3230"), or None when `raw` is none."""
    digits = re.sub(r"[\s.\-]", "", raw)
    if _SHORT.match(digits):
        return f"{digits[:3]} {digits[3:]}" if digits.startswith("116") and len(digits) == 6 else digits
    try:
        number = phonenumbers.parse(raw, "FR")
    except phonenumbers.NumberParseException:
        return None
    if number.country_code != 33 or not phonenumbers.is_valid_number(number):
        return None
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.NATIONAL))


def opening_hours(raw: str) -> str | None:
    """Return opening hours in OpenStreetMap's syntax as given, or None when they do not parse."""
    return raw if hours.parse(raw) is not None else None


def point(latitude: float, longitude: float, commune: Commune | None) -> tuple[Point | None, str | None]:
    """Return where a place is, and what was wrong with its coordinates (a French sentence), None when nothing was.

    Swapped coordinates are put right; those outside France, or far from the commune named with them, are left out.
    """
    fault = None
    if _inside(longitude, latitude) and not _inside(latitude, longitude):
        latitude, longitude, fault = longitude, latitude, "latitude et longitude inversées, remises en ordre"
    if not _inside(latitude, longitude):
        return None, "coordonnées hors de France, laissées de côté"
    if commune is not None:
        away = distance_km((latitude, longitude), (commune.latitude, commune.longitude))
        if away > _FAR_KM:
            return None, f"coordonnées à {away:.0f} km de {commune.name}, laissées de côté"
    return (latitude, longitude), fault


def _inside(latitude: float, longitude: float) -> bool:
    return _LATITUDES[0] <= latitude <= _LATITUDES[1] and _LONGITUDES[0] <= longitude <= _LONGITUDES[1]


def is_partial_date(raw: str) -> bool:
    """Tell whether `raw` is a day, a month or a year: "2024-08-01", "2024-08", "2024"."""
    return bool(_DATE.match(raw))
