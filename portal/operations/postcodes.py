"""Taking in where postcodes are, from a list somebody has: GeoNames' own, or a plain one.

GeoNames' lists (https://download.geonames.org/export/zip, CC BY 4.0) have twelve columns between tabs, as their
readme.txt says; of those the country, the postcode, the latitude and the longitude are read. A plain list has these
four and nothing else, between semicolons, commas or tabs; a line of heads may come first.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from math import isfinite
from typing import NamedTuple

from portal.errors import Invalid
from portal.models.statements import run
from portal.operations.transaction import operation
from portal.queries.postcodes import LONGEST, Centre, normal_postcode

GEONAMES_COLUMNS, PLAIN_COLUMNS = 12, 4
AT_ONCE = 10_000
LONGEST_LINE = 2000

_PUT = """
    INSERT INTO postcodes (country, postcode, lat, lng)
    SELECT * FROM unnest(%(countries)s::text[], %(postcodes)s::text[], %(lats)s::float8[], %(lngs)s::float8[])
    ON CONFLICT (country, postcode) DO UPDATE SET lat = excluded.lat, lng = excluded.lng"""


class Line(NamedTuple):
    """A line of a list."""

    country: str
    postcode: str
    centre: Centre


@operation
def import_postcodes(lines: Iterable[str]) -> Mapping[str, int]:
    """Keep the centres in a list. What is there already is put right; nothing is taken away.

    Where several places share a postcode, as in GeoNames' lists, its centre is the middle of them.

    Returns:
        How many postcodes of each country were in it.

    Raises:
        Invalid: a line makes no sense; named by its number, and nothing is kept.
    """
    centres = _middles(_read(lines))
    if not centres:
        raise Invalid.field("file", "There is no postcode in this file.")
    rows = list(centres.items())
    for start in range(0, len(rows), AT_ONCE):
        part = rows[start : start + AT_ONCE]
        run(
            _PUT,
            {
                "countries": [country for (country, _), _ in part],
                "postcodes": [postcode for (_, postcode), _ in part],
                "lats": [centre.lat for _, centre in part],
                "lngs": [centre.lng for _, centre in part],
            },
        )
    return Counter(country for country, _ in centres)


def _middles(found: Iterable[Line]) -> dict[tuple[str, str], Centre]:
    sums: dict[tuple[str, str], tuple[float, float, int]] = {}
    for country, postcode, centre in found:
        lat, lng, count = sums.get((country, postcode), (0.0, 0.0, 0))
        sums[country, postcode] = (lat + centre.lat, lng + centre.lng, count + 1)
    return {key: Centre(lat / count, lng / count) for key, (lat, lng, count) in sums.items()}


def _read(lines: Iterable[str]) -> Iterator[Line]:
    for number, line in enumerate(lines, start=1):
        parts = _parts(line.strip("\r\n\ufeff"))
        if not any(parts) or (number == 1 and _are_heads(parts)):
            continue
        yield _line(number, parts)


def _parts(line: str) -> list[str]:
    mark = next((mark for mark in "\t;," if mark in line), "\t")
    return [part.strip().strip('"') for part in line[:LONGEST_LINE].split(mark)]


def _are_heads(parts: list[str]) -> bool:
    return parts[0].lower() in ("country", "country code", "country_code")


def _line(number: int, parts: list[str]) -> Line:
    if len(parts) not in (PLAIN_COLUMNS, GEONAMES_COLUMNS):
        _refuse(number, "has neither the four parts country, postcode, latitude and longitude, nor GeoNames' twelve")
    country, postcode = parts[0].upper(), normal_postcode(parts[1])
    lat, lng = parts[2:4] if len(parts) == PLAIN_COLUMNS else parts[9:11]
    if not (len(country) == 2 and country.isascii() and country.isalpha()):
        _refuse(number, "does not begin with the two letters of a country, such as US")
    if not 0 < len(postcode) <= LONGEST:
        _refuse(number, f"has no postcode of at most {LONGEST} letters and digits")
    return Line(
        country, postcode, Centre(_degrees(number, "latitude", lat, 90), _degrees(number, "longitude", lng, 180))
    )


def _degrees(number: int, what: str, written: str, most: int) -> float:
    try:
        value = float(written)
    except ValueError:
        value = float("nan")
    if not isfinite(value) or abs(value) > most:
        _refuse(number, f"has no {what} from {-most} to {most}")
    return value


def _refuse(number: int, what: str) -> None:
    raise Invalid.field(f"line {number}", f"This line {what}. Nothing was kept; correct it and import the file again.")
