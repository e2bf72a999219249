"""Tests for bot.web.maps: where the link to the map leads."""

from typing import Any

import pytest

from bot.web.maps import map_url

ADDRESS = {"address": "84 rue de la Libération", "postcode": "34400", "city": "Lunel"}
POINT = {"latitude": 43.6, "longitude": 4.13512345}


@pytest.mark.parametrize(
    ("place", "url"),
    [
        ({**ADDRESS, **POINT}, "https://www.openstreetmap.org/?mlat=43.60000&mlon=4.13512#map=18/43.60000/4.13512"),
        (
            {**ADDRESS, **POINT, "approximate": True},
            "https://www.openstreetmap.org/search?query=84+rue+de+la+Lib%C3%A9ration%2C+34400%2C+Lunel",
        ),
        (ADDRESS, "https://www.openstreetmap.org/search?query=84+rue+de+la+Lib%C3%A9ration%2C+34400%2C+Lunel"),
        ({**POINT, "latitude": None, "address": "", "city": "Lunel"}, None),
        ({}, None),
    ],
)
def test_map(place: dict[str, Any], url: str | None) -> None:
    """The point when it is known for sure, else a search of the address, else nothing."""
    assert map_url(place) == url
