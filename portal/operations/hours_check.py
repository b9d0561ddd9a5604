"""What is refused of hours, whoever keeps them: what cannot be read, and what never opens again."""

from __future__ import annotations

from typing import Any

from portal.operations.complaints import Complaints
from portal.queries.clock import database_time
from portal.routing.hours import HoursError, next_opening, parse_hours


def complain_about_hours(wrong: Complaints, hours: Any, zone: str, field: str = "hours") -> None:
    """Complain about hours that make no sense, at the day or date that is wrong.

    Args:
        hours: as `routing.hours` reads them.
        zone: the IANA name of the zone they are in.
        field: where they stand.
    """
    try:
        opens = next_opening(parse_hours(hours, zone), database_time())
    except HoursError as error:
        wrong.add(field if error.field == "hours" else f"{field}.{error.field}", str(error))
        return
    if opens is None:
        wrong.add(field, "These hours never open any more: the dates they are open on are over.")
