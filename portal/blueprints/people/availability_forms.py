"""What somebody can and when they are there, and the days they are away."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Self
from uuid import UUID

from wtforms import DateField, HiddenField, RadioField, SelectField, ValidationError
from wtforms.fields.choices import SelectChoice

from portal.blueprints.forms import Lines, PortalForm, Whole, id_or_none, lines_of, menu, needed
from portal.blueprints.hours_form import HoursForm, typed_hours
from portal.blueprints.once import OnceForm
from portal.blueprints.settings.forms import time_zones
from portal.models import User
from portal.models.tenancy import working_company
from portal.operations import availability
from portal.operations.availability import Availability
from portal.operations.seen import mark
from portal.queries.choices import assignees
from portal.queries.clock import database_time
from portal.routing.facts import Presence

PRESENCE_NAMES = {Presence.AVAILABLE: "Available", Presence.AWAY: "Away", Presence.OFFLINE: "Offline"}

_PLACE = re.compile(r"\s*(?P<lat>-?[\d.]+)\s*,\s*(?P<lng>-?[\d.]+)\s+(?P<radius_km>[\d.]+)\s*(km)?\s*", re.IGNORECASE)


_POSTCODE = re.compile(r"\s*(?P<postcode>[^,;]+?)\s+(?P<radius_km>[\d.]+)\s*(km)?\s*", re.IGNORECASE)


class AvailabilityForm(HoursForm):
    """Everything gates ask about one person, but for what their page has already."""

    # The places the person has, by the line each is shown as.
    present: Mapping[str, Mapping[str, Any]] = MappingProxyType({})

    seen = HiddenField()
    presence = RadioField(
        "Presence",
        choices=menu((presence.value, name) for presence, name in PRESENCE_NAMES.items()),
        description="What they set themselves. It counts where the company's settings say so.",
    )
    day_cap = Whole("Most leads a day", description="Empty = no limit.")
    week_cap = Whole("Most leads a week", description="From Monday on.")
    month_cap = Whole("Most leads a month")
    tags = Lines("Tags they carry", description="One a line: what they are good at, as it stands in leads.")
    excluded_lead_types = Lines("Lead types they do not take", description="One a line.")
    languages = Lines(
        "Languages they speak",
        description="One a line, as leads name them, such as de. Empty = never asked about.",
    )
    locations = Lines(
        "Places they work in",
        description="One a line: a postcode and the kilometres around it, such as 78704 25, or latitude, longitude and "
        "kilometres, such as 36.72, -4.42 25. Empty = anywhere.",
    )
    time_zone = SelectField("Their time zone", coerce=lambda value: value or None)

    def offer(self, company_zone: str, user: User) -> Self:
        """Fill the menu of zones, and keep in mind the places the person has."""
        self.present = {_written(place): place for place in user.locations}
        zones = ((zone, zone.replace("_", " ")) for zone in time_zones(user.time_zone or company_zone))
        self.time_zone.choices = menu([("", "The company's"), *zones])
        return self

    def wanted(self) -> dict[str, Any]:
        """What was typed, as the operations take it."""
        listed = ("tags", "excluded_lead_types", "languages")
        lists = {name: lines_of(self[name].data) for name in listed}
        # A line nobody touched stays the place it was, whatever is known of its postcode by now.
        places = [self.present.get(line) or _place(line) for line in lines_of(self.locations.data)]
        self.aliases = {
            **self.aliases_of_hours("hours"),
            **{f"caps.{period}": f"{period}_cap" for period in ("day", "week", "month")},
            **{f"{name}.{number}": name for name in listed for number in range(len(lists[name]))},
        }
        return {
            **lists,
            "locations": places,
            "hours": self.hours(),
            "time_zone": self.time_zone.data,
            "presence": self.presence.data,
            **{f"{period}_cap": self[f"{period}_cap"].data for period in ("day", "week", "month")},
        }


def typed_availability(user: User) -> dict[str, Any]:
    """What the form of this person starts with."""
    columns = {name: getattr(user, name) for name in Availability.__annotations__}
    return {
        **columns,
        **typed_hours(user.hours),
        **{name: "\n".join(columns[name]) for name in ("tags", "excluded_lead_types", "languages")},
        "locations": "\n".join(map(_written, user.locations)),
        "seen": mark(columns),
    }


class LeaveForm(OnceForm):
    """Days away, the first and the last included."""

    first_day = DateField("First day", [needed("Please choose the first day.")])
    last_day = DateField("Last day", [needed("Please choose the last day.")])
    stand_in_id = SelectField(
        "Who covers meanwhile",
        coerce=id_or_none,
        description="They see the open leads, may work on them, and are told when a customer writes again.",
    )

    def offer(self, user_id: UUID) -> Self:
        """Fill the menu: everybody else who is active."""
        self.stand_in_id.choices = stand_in_menu(user_id)
        return self

    def validate_last_day(self, field: DateField) -> None:
        """Days that are over everywhere would be noted, and then be shown nowhere."""
        first, last, yesterday = self.first_day.data, field.data, (database_time() - timedelta(days=1)).date()
        if first and last and first <= last < yesterday:
            raise ValidationError("These days are over. Choose a last day from today on.")

    def note(self, user_id: UUID, by: User) -> UUID:
        """Note the leave that was typed; its id. Errors as in `availability.add_leave`."""
        first, last, stand_in_id = self.first_day.data, self.last_day.data, self.stand_in_id.data
        return availability.add_leave(user_id, first, last, by=by, stand_in_id=stand_in_id).id


class StandInForm(PortalForm):
    """Who covers for somebody while they are paused."""

    stand_in_id = SelectField("Who covers while paused", id="paused_stand_in", coerce=id_or_none)

    def offer(self, user_id: UUID) -> Self:
        """Fill the menu: everybody else who is active."""
        self.stand_in_id.choices = stand_in_menu(user_id)
        return self


def stand_in_menu(user_id: UUID) -> list[SelectChoice]:
    """Those who may stand in for somebody: whoever else works on leads."""
    others = ((str(one.id), one.name) for one in assignees(working_company()) if one.id != user_id)
    return menu([("", "Nobody"), *others])


def _place(line: str) -> Mapping[str, Any]:
    """A place as it was typed; what is none is left for the operation to complain about."""
    found = _PLACE.fullmatch(line) or _POSTCODE.fullmatch(line)
    try:
        return (
            {name: value if name == "postcode" else float(value) for name, value in found.groupdict().items()}
            if found
            else {}
        )
    except ValueError:
        return {}


def _written(place: Mapping[str, Any]) -> str:
    lat, lng, radius = (_digits(place[name]) for name in ("lat", "lng", "radius_km"))
    where = place.get("postcode") or f"{lat}, {lng}"
    return f"{where} {radius} km"


def _digits(value: float) -> str:
    """All of a number, without an exponent: what is shown is what is saved again."""
    return f"{Decimal(repr(value)).normalize():f}"
