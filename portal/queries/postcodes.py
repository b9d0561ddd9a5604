"""Where a postcode is."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import select

from portal.extensions import db
from portal.models import Postcode


class Centre(NamedTuple):
    """A place in degrees."""

    lat: float
    lng: float


_NO_PART = re.compile(r"[^A-Z0-9]")
_FIRST_PART = re.compile(r"[A-Z0-9]+")

LONGEST = 20

# Of these countries the public lists know the first part only, and people may write it together with the rest.
_AREA: dict[str, slice] = {"GB": slice(None, -3), "CA": slice(None, 3), "IE": slice(None, 3)}


def normal_postcode(written: str) -> str:
    """A postcode as it is kept: in capitals, without spaces and hyphens."""
    return _NO_PART.sub("", written.upper())


def readings(country: str, written: str) -> Sequence[str]:
    """What a postcode may be known by, the whole of it first: of `78704-1234` or `SW1A 1AA` the first part will do."""
    whole, first = normal_postcode(written), _FIRST_PART.search(written.upper())
    area = whole[_AREA[country]] if country in _AREA else ""
    return list(dict.fromkeys(filter(None, (whole, first and first[0], area))))


def centre_of(country: str | None, written: str) -> Centre | None:
    """The centre of a postcode, by its country's two letters; None where it is not known."""
    code = (country or "").strip().upper()
    forms = readings(code, written[:100])
    if not forms:
        return None
    rows = db.session.execute(select(Postcode).where(Postcode.country == code, Postcode.postcode.in_(forms))).scalars()
    found = {row.postcode: Centre(row.lat, row.lng) for row in rows}
    return next((found[form] for form in forms if form in found), None)
