"""Finding where a lead is that names a postcode but no spot on the map: routing itself looks nothing up."""

from __future__ import annotations

from dataclasses import replace

from portal.operations.arrival import Arriving
from portal.queries.postcodes import centre_of


def placed(arriving: Arriving, country: str) -> Arriving:
    """The message with the centre of its postcode, where it names no coordinates of its own and the centre is known.

    Args:
        country: the company's, for a message that names none; two letters.
    """
    known = arriving.location or {}
    postcode = str(known.get("postcode") or "").strip()
    if not postcode or known.get("lat") is not None or known.get("lng") is not None:
        return arriving
    centre = centre_of(str(known.get("country") or country), postcode)
    return arriving if centre is None else replace(arriving, location={**known, **centre._asdict()})
