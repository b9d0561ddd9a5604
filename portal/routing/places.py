"""How far two places on earth are apart."""

from __future__ import annotations

from math import asin, cos, radians, sin, sqrt

EARTH_KM = 6371.0088
"""The mean radius of the earth (IUGG)."""


def distance_km(lat: float, lng: float, other_lat: float, other_lng: float) -> float:
    """Kilometres along the great circle between two places in degrees, by the haversine formula: within 0.6 %."""
    north, south = radians(lat), radians(other_lat)
    half = sin((south - north) / 2) ** 2 + cos(north) * cos(south) * sin(radians(other_lng - lng) / 2) ** 2
    return 2 * EARTH_KM * asin(min(1.0, sqrt(half)))
