"""What is sent about users."""

from __future__ import annotations

from portal.blueprints.api.fields import Choice, Day, Figure, Flag, Form, Free, Id, Part, Several, Text, Whole
from portal.models import LeadAccess
from portal.operations.availability import MOST_CAP
from portal.operations.people import MOST_OPEN_CAP, OpenLeads
from portal.routing.facts import Presence

HOURS = """Weekly working hours in the user's time zone, or else the company's: `{"monday": [["09:00", "17:00"]],
"exceptions": {"2026-12-24": []}}`; a day left out is free. null = at all hours."""


class Caps(Form):
    """How many leads somebody gets at most: open at a time, and a day, a week from Monday and a month in the company's
    time zone."""

    open = Whole(least=0, most=MOST_OPEN_CAP, allow_none=True)
    day = Whole(least=0, most=MOST_CAP, allow_none=True)
    week = Whole(least=0, most=MOST_CAP, allow_none=True)
    month = Whole(least=0, most=MOST_CAP, allow_none=True)


class PlaceForm(Form):
    """A place somebody works in: its middle, in degrees or as a postcode of the company's country, and how far around
    it they go."""

    postcode = Text()
    lat = Figure()
    lng = Figure()
    radius_km = Figure(required=True)


class UserForm(Form):
    """A user's fields, each as wanted."""

    tags = Several(Text())
    excluded_lead_types = Several(Text())
    languages = Several(Text())
    locations = Several(Part(PlaceForm))
    hours = Free(allow_none=True, metadata={"description": HOURS})
    time_zone = Text(allow_none=True)
    presence = Choice(Presence)
    name = Text()
    email = Text()
    phone = Text(allow_none=True)
    # Built-in roles by name, the company's own by id.
    roles = Several(Text())
    lead_access = Several(Choice(LeadAccess))
    team_id = Id(allow_none=True)
    active = Flag()
    available = Flag()
    # Who looks after their open leads while they are paused; null = nobody.
    stand_in_id = Id(allow_none=True)
    caps = Part(Caps)


class NewUserForm(UserForm):
    """A user to add, or to change if somebody with this address works here."""

    email = Text(required=True)


class ReceivingForm(Form):
    """Whom to look at; without a pool, everybody who may receive leads."""

    pool = Id(load_default=None)


class DeactivationForm(Form):
    """What becomes of the open leads of somebody who leaves."""

    open_leads = Choice(OpenLeads, load_default=OpenLeads.KEEP)
    to = Id(allow_none=True, load_default=None)


class LeaveForm(Form):
    """Days somebody is away, the first and the last included."""

    first_day = Day(required=True)
    last_day = Day(required=True)
    # Who looks after their open leads meanwhile, and is told when a customer writes again.
    stand_in_id = Id(allow_none=True, load_default=None)
