"""Lambert-93 (EPSG:2154) → longitude and latitude: the inverse of a conformal conic with two parallels, in closed form.

Thirty lines instead of PROJ and its 40 MB of wheels: one fixed projection of one ellipsoid, exact to the millimetre, checked in
tests against PROJ and a published point. RGF93 is taken for WGS 84 (they differ by less than a metre).
"""

from math import atan, atan2, copysign, cos, degrees, exp, hypot, log, radians, sin, sqrt, tan

_A, _F = 6378137.0, 1 / 298.257222101  # GRS 80, metres
_E = sqrt(2 * _F - _F * _F)
_LAT_0, _LAT_1, _LAT_2, _LON_0 = (radians(one) for one in (46.5, 44.0, 49.0, 3.0))
_X_0, _Y_0 = 700_000.0, 6_600_000.0


def _isometric(latitude: float) -> float:
    return log(tan(radians(45) + latitude / 2) * ((1 - _E * sin(latitude)) / (1 + _E * sin(latitude))) ** (_E / 2))


def _normal(latitude: float) -> float:
    return _A / sqrt(1 - (_E * sin(latitude)) ** 2)


_N = log(_normal(_LAT_2) * cos(_LAT_2) / (_normal(_LAT_1) * cos(_LAT_1))) / (_isometric(_LAT_1) - _isometric(_LAT_2))
_C = _normal(_LAT_1) * cos(_LAT_1) / _N * exp(_N * _isometric(_LAT_1))
_Y_POLE = _Y_0 + _C * exp(-_N * _isometric(_LAT_0))


def to_wgs84(x: float, y: float) -> tuple[float, float]:
    """Return (latitude, longitude) in degrees of a point in metres."""
    east, south = x - _X_0, _Y_POLE - y
    radius = copysign(hypot(east, south), _N)
    isometric = -log(radius / _C) / _N
    latitude = 2 * atan(exp(isometric)) - radians(90)
    for _ in range(8):
        swollen = ((1 + _E * sin(latitude)) / (1 - _E * sin(latitude))) ** (_E / 2)
        latitude = 2 * atan(swollen * exp(isometric)) - radians(90)
    return degrees(latitude), degrees(_LON_0 + atan2(east, south) / _N)
