"""The form for one person."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from types import MappingProxyType
from typing import Any, Self
from uuid import UUID

from wtforms import BooleanField, RadioField, SelectField, SelectMultipleField
from wtforms.fields import TelField
from wtforms.validators import ValidationError

from portal.blueprints.forms import Email, Line, PortalForm, Whole, menu, needed, one_line, trimmed
from portal.blueprints.meanwhile import SharedForm
from portal.blueprints.once import OnceForm
from portal.blueprints.people.wording import ACCESS_NAMES, ROLE_MEANINGS, ROLE_NAMES, grants_in_words
from portal.models import LeadAccess, Role, User
from portal.operations.people import OpenLeads
from portal.permissions import Right, powers, reaches_company
from portal.queries.people import teams_reached
from portal.queries.people_now import PersonNow
from portal.queries.roles import own_roles
from portal.rights import powers_of


class PersonForm(SharedForm):
    """What there is to say about somebody."""

    aliases = MappingProxyType({"caps.open": "open_cap"})

    name = Line("Name", [needed("Please type a name.")])
    email = Email("E-mail", [needed("Please type an e-mail address.")])
    phone = TelField("Phone", [one_line], filters=[trimmed])
    roles = SelectMultipleField("Roles", [needed("Please choose at least one role.")], default=[Role.AGENT])
    lead_access = SelectMultipleField(
        "Sees which leads",
        choices=menu((box.value, ACCESS_NAMES[box]) for box in LeadAccess),
        default=[box.value for box in LeadAccess],
        description="Admins and owners see all leads, and managers those of their team, whatever is ticked here.",
    )
    team_id = SelectField("Team", coerce=lambda value: UUID(str(value)) if value else None)
    available = BooleanField("Takes new leads", default=True, description="Off = paused: new leads go to others.")
    open_cap = Whole("Most open leads", description="With this many open leads they are passed by. Empty = no limit.")

    def offer(self, by: User, present: Sequence[str] = ()) -> Self:
        """Fill the menus: teams, and the roles `by` may give or the person has already."""
        held = powers(by)
        built_in = [role for role in Role if role in present or held.covers(powers_of([role]))]
        own = [role for role in own_roles() if str(role.id) in present or held.covers(powers_of((), role.grants))]
        self.roles.choices = menu(
            [
                *((role.value, f"{ROLE_NAMES[role]}: {ROLE_MEANINGS[role]}") for role in built_in),
                *((str(role.id), f"{role.name}: {grants_in_words(role.grants)}") for role in own),
            ]
        )
        nowhere = [("", "No team")] if reaches_company(by, Right.PEOPLE) else []
        reached = teams_reached(by, Right.PEOPLE)
        self.team_id.choices = menu([*nowhere, *((str(team.id), team.name) for team in reached)])
        return self

    def wanted(self) -> dict[str, Any]:
        """What was typed, as the operations take it."""
        return {
            "name": self.name.data,
            "email": self.email.data,
            "phone": self.phone.data or None,
            "roles": self.roles.data,
            "lead_access": self.lead_access.data,
            "team_id": self.team_id.data,
            "available": self.available.data,
            "open_cap": self.open_cap.data,
        }


class NewPersonForm(OnceForm, PersonForm):
    """Somebody new."""


class DeactivateForm(PortalForm):
    """What becomes of the open leads of somebody who leaves."""

    open_leads = RadioField(
        "What shall happen with their open leads?",
        choices=menu(
            [
                (OpenLeads.KEEP.value, "Keep them in place, marked for somebody to look after"),
                (OpenLeads.GIVE.value, "Give them to one colleague"),
                (OpenLeads.ROUTE.value, "Hand them out again by the rules"),
                (OpenLeads.UNASSIGN.value, "Put them back to Unassigned"),
            ]
        ),
        default=OpenLeads.KEEP.value,
    )
    to = SelectField("Colleague", coerce=lambda value: UUID(str(value)) if value else None)

    def offer(self, colleagues: Iterable[PersonNow]) -> DeactivateForm:
        """Fill the menu of those who may receive leads."""
        people = [(str(one.user.id), one.user.name) for one in colleagues]
        self.to.choices = menu([("", "Choose somebody"), *people])
        return self

    def validate_to(self, field: SelectField) -> None:
        """Giving needs somebody to give to."""
        if self.open_leads.data == OpenLeads.GIVE and field.data is None:
            raise ValidationError("Please choose who gets the leads.")

    @property
    def receiver(self) -> UUID | None:
        """Who gets the leads; the menu counts only where giving was chosen."""
        chosen: UUID | None = self.to.data
        return chosen if self.open_leads.data == OpenLeads.GIVE else None
