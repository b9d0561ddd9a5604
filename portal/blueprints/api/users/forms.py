"""What is sent about users."""

from __future__ import annotations

from portal.blueprints.api.fields import Choice, Flag, Form, Id, Part, Several, Text, Whole
from portal.models import LeadAccess
from portal.operations.people import MOST_OPEN_CAP, OpenLeads


class Caps(Form):
    """How many leads somebody gets at most."""

    later = frozenset({"day", "week", "month"})
    open = Whole(least=0, most=MOST_OPEN_CAP, allow_none=True)


class UserForm(Form):
    """A user's fields, each as wanted."""

    later = frozenset({"tags", "hours", "time_zone", "excluded_lead_types", "languages", "locations"})
    name = Text()
    email = Text()
    phone = Text(allow_none=True)
    # Built-in roles by name, the company's own by id.
    roles = Several(Text())
    lead_access = Several(Choice(LeadAccess))
    team_id = Id(allow_none=True)
    active = Flag()
    available = Flag()
    caps = Part(Caps)


class NewUserForm(UserForm):
    """A user to add, or to change if somebody with this address works here."""

    email = Text(required=True)


class DeactivationForm(Form):
    """What becomes of the open leads of somebody who leaves."""

    open_leads = Choice(OpenLeads, load_default=OpenLeads.KEEP)
    to = Id(allow_none=True, load_default=None)
