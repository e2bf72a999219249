"""Where a place is, on OpenStreetMap's site: an address that the person may follow, never fetched by our pages."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

_SITE = "https://www.openstreetmap.org/"


def map_url(place: Mapping[str, Any]) -> str | None:
    """Return the page of the map at the place's point, else a search of its address, else None."""
    latitude, longitude = place.get("latitude"), place.get("longitude")
    if latitude is not None and longitude is not None and not place.get("approximate"):
        at = f"{latitude:.5f}", f"{longitude:.5f}"
        return f"{_SITE}?{urlencode({'mlat': at[0], 'mlon': at[1]})}#map=18/{at[0]}/{at[1]}"
    if not place.get("address"):
        return None
    where = [str(place[key]) for key in ("address", "postcode", "city") if place.get(key)]
    return f"{_SITE}search?{urlencode({'query': ', '.join(where)})}"
