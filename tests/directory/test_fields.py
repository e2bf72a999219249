"""Tests for bot.directory.fields: a doubtful field is put right or left out, never shown."""

import pytest

from bot.directory import communes, fields

SETE = communes.load().by_insee["34301"]


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        ("04 67 67 67 67", "04 67 67 67 67"), ("0467676767", "04 67 67 67 67"), ("+33 4 67 67 67 67", "04 67 67 67 67"), ("04.67.67.67.67", "04 67 67 67 67"),
        ("3230", "3230"), ("32 30", "3230"), ("119", "119"), ("116 006", "116 006"), ("0 800 235 236", "0 800 23 52 36"),
        ("néant", None), ("", None), ("00 00 00 00 00", None), ("04 67", None), ("+34 91 123 45 67", None), ("0467676767 / 0467676768", None), ("9" * 500, None),
    ],
)  # fmt: skip
def test_phone(raw: str, clean: str | None) -> None:
    """A French number is written as here, whatever its spelling; "néant" and half numbers are none."""
    assert fields.phone(raw) == clean


def test_point_stays() -> None:
    """A point in its commune is kept as it is."""
    assert fields.point(43.41, 3.69, SETE) == ((43.41, 3.69), None)


def test_swapped_point_is_put_right() -> None:
    """Longitude and latitude given the wrong way round come back in order, and it is said."""
    point, fault = fields.point(3.69, 43.41, SETE)
    assert point == (43.41, 3.69)
    assert fault
    assert "inversées" in fault


@pytest.mark.parametrize(("latitude", "longitude"), [(0.0, 0.0), (43.0, 4.5), (48.85, 2.35), (-43.4, 3.7), (1e9, 1e9)])
def test_point_elsewhere_is_left_out(latitude: float, longitude: float) -> None:
    """A point off Africa, in the sea, in Paris or beyond the globe is not the Sète that it claims."""
    point, fault = fields.point(latitude, longitude, SETE)
    assert point is None
    assert fault


def test_distance() -> None:
    """Montpellier to Béziers is about sixty kilometres as the crow flies; a point is no distance from itself."""
    a, b = (communes.load().by_insee[insee] for insee in ("34172", "34032"))
    assert fields.distance_km((a.latitude, a.longitude), (b.latitude, b.longitude)) == pytest.approx(60, abs=5)
    assert fields.distance_km((43.6, 3.9), (43.6, 3.9)) == 0


@pytest.mark.parametrize(("raw", "sound"), [("2024-08-01", True), ("2024-08", True), ("2024", True), ("08/2024", False), ("2024-13", False), ("récemment", False)])  # fmt: skip
def test_partial_date(raw: str, sound: bool) -> None:
    """A date is as precise as its source."""
    assert fields.is_partial_date(raw) is sound
