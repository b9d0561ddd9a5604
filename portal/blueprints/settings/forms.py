"""Forms of the settings area."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from types import MappingProxyType
from typing import Any, Self
from uuid import UUID
from zoneinfo import available_timezones

from wtforms import BooleanField, RadioField, SelectField, SelectMultipleField, TextAreaField

from portal.blueprints.forms import Line, PortalForm, Whole, id_or_none, menu, needed
from portal.blueprints.meanwhile import SharedForm
from portal.blueprints.once import OnceForm
from portal.blueprints.people.wording import GRANT_NAMES
from portal.blueprints.settings.rule_ways import WayField
from portal.models import Company, KeyScope, ReturningContacts, StatusGroup, Team, User
from portal.queries.choices import Assignee
from portal.routing.facts import PresenceMode

# Old names and counters of hours, which nobody looks for in a menu.
_HIDDEN_ZONES = ("Etc/", "SystemV/", "US/", "posix/", "right/", "Brazil/", "Canada/", "Chile/", "Mexico/")


GROUP_NAMES = {StatusGroup.IN_PROGRESS: "In progress", StatusGroup.WON: "Won", StatusGroup.LOST: "Lost"}


def time_zones(present: str) -> list[str]:
    """The zones of a menu: one name per place, UTC first, and the present one whatever it is."""
    places = (zone for zone in available_timezones() if "/" in zone and not zone.startswith(_HIDDEN_ZONES))
    return list(dict.fromkeys(("UTC", *sorted({*places, present}))))


class Holidays(TextAreaField):  # type: ignore[misc]
    """Days with what is celebrated, one a line; the data is a mapping as the company's column has it."""

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read the lines; what is no day is left for the operation to complain about."""
        lines = [line.split(None, 1) for line in (valuelist[0] if valuelist else "").splitlines() if line.strip()]
        days = [day for day, *_ in lines]
        self.data = {day: "".join(rest).strip() or "Holiday" for day, *rest in lines}
        if len(set(days)) < len(days):
            raise ValueError("A day stands there twice. Put it on one line.")

    def _value(self) -> str:
        return "\n".join(f"{day} {called}" for day, called in (self.data or {}).items())


class CompanyForm(SharedForm):
    """The company's own settings."""

    name = Line("Name", [needed("Please type the company's name.")])
    time_zone = SelectField("Time zone", description="Days, hours and times on all pages are counted in it.")
    country = Line(
        "Country",
        [needed("Please type a country.")],
        description="Two letters, such as US, DE or ES. Phone numbers without a country code are read as from there.",
    )
    fallback_any_active = BooleanField(
        "When nobody in the pool can take a lead, ask everybody else",
        description="Off: it waits with an alarm until somebody of the pool can take it.",
    )
    catch_all_reminder_minutes = Whole(
        "Remind default assignees every so many minutes",
        description="Of a lead that waits for them, until somebody deals with it. Empty = never.",
    )
    returning_contacts = RadioField(
        "A customer comes back after their lead was closed",
        choices=menu(
            [
                (
                    ReturningContacts.PREVIOUS_OWNER.value,
                    "The person who had them before gets the new lead, if they can",
                ),
                (ReturningContacts.ROUTE.value, "The new lead is handed out like any other"),
            ]
        ),
    )
    named_counts_as_turn = BooleanField(
        "A lead given by name or by hand counts as a turn",
        description="On: whoever gets one that way waits a little longer for the next.",
    )
    presence_mode = RadioField(
        "Presence people set themselves",
        choices=menu(
            [
                (PresenceMode.IGNORE.value, "Does not count"),
                (PresenceMode.SKIP_OFFLINE.value, "Whoever is offline is passed by"),
                (PresenceMode.ONLY_AVAILABLE.value, "Only who is available is given leads"),
            ]
        ),
    )
    self_service_pause = BooleanField(
        "People may pause themselves and note days away",
        description="Off: whoever looks after people does it for them.",
    )
    holidays = Holidays(
        "Holidays", description="One a line, such as 2026-12-25 Christmas. Nobody is given leads on these days."
    )
    untagged_qualify_all = BooleanField(
        "In pools that match by tags, a lead without any tag is for everybody",
        description="Off: it goes on to the steps for leads nobody takes.",
    )
    email_as_tag = BooleanField("Somebody's e-mail address found in a lead speaks for them")
    name_as_tag = BooleanField("… and so does their full name")
    isolate_leads = BooleanField(
        "Agents see only leads they own",
        description="Managers see the leads of their teams, and admins and owners all leads, in any case.",
    )
    unassigned_visible_when_isolated = BooleanField(
        "… and those nobody owns yet", description="Only where agents see no more than they own."
    )

    mask_names_in_why = BooleanField(
        "Agents see no names of others in “Why”",
        description="They read “Agent 1” or “another agent” instead. Managers see the names.",
    )

    def offer(self, company: Company) -> CompanyForm:
        """Fill the menu of zones."""
        self.time_zone.choices = menu((zone, zone.replace("_", " ")) for zone in time_zones(company.time_zone))
        return self


class CurrencyForm(PortalForm):
    """What values are counted in."""

    currency = Line(
        "Currency",
        [needed("Please type a currency.")],
        description="Three letters, such as USD or EUR. New values are in it unless somebody says otherwise.",
    )


class AdminContactsForm(PortalForm):
    """Who is told when a lead's owner comments."""

    admin_contacts = SelectMultipleField(
        "Told of comments by owners",
        coerce=lambda value: UUID(str(value)),
        description="Nobody ticked: all owners, admins and managers are told.",
    )

    def offer(self, people: Iterable[User]) -> AdminContactsForm:
        """Fill the boxes with those who manage."""
        self.admin_contacts.choices = menu((str(user.id), user.name) for user in people)
        return self


class WordForm(PortalForm):
    """An entry of one of the company's lists."""

    name = Line("Name", [needed("Please type a name.")])


class ReasonForm(PortalForm):
    """A new reason for losing a lead."""

    name = Line("New reason", [needed("Please type a name.")])


class StatusForm(PortalForm):
    """A new conversion status."""

    name = Line("New status", [needed("Please type a name.")])
    group = SelectField(
        "Counts as",
        choices=menu([(group.value, name) for group, name in GROUP_NAMES.items()]),
        description="For figures and reports. It stays for good.",
    )


class DefaultRuleForm(PortalForm):
    """Where the default rule sends leads."""

    aliases = MappingProxyType({"pool_id": "goes_to", "to_team_id": "goes_to"})

    goes_to = WayField("Leads go to")


class RestForm(PortalForm):
    """Who gets what is sent to a team and none of its own rules takes."""

    default_pool_id = SelectField("The rest goes to")
    default_user_id = SelectField(
        "Default user", description="Gets it where no pool is chosen, and what nobody in the team's pools took."
    )

    def fill(
        self, pools: Iterable[tuple[str, str]], people: Iterable[tuple[str, str]], pool_now: str, user_now: str
    ) -> Self:
        """Fill the menus, from what is sent and what is shown; who and what is chosen now can stay."""
        named = [("", "No pool: the default user, then others of the team"), *pools]
        self.default_pool_id.choices = menu(_with_now(named, pool_now))
        self.default_user_id.choices = menu(_with_now([("", "Nobody"), *people], user_now))
        return self


class TeamRestForm(RestForm):
    """The same for the set-up that counts."""

    def offer(self, pools: Iterable[tuple[UUID, str]], people: Sequence[Assignee], team: Team) -> Self:
        """Fill the menus with what is in reach."""
        return self.fill(
            [(str(pool_id), name) for pool_id, name in pools],
            [(str(one.id), one.name) for one in people],
            str(team.default_pool_id or ""),
            str(team.default_user_id or ""),
        )

    def wanted(self) -> dict[str, Any]:
        """What was chosen, as the operations take it."""
        return {
            "default_pool_id": id_or_none(self.default_pool_id.data),
            "default_user_id": id_or_none(self.default_user_id.data),
        }


def _with_now(choices: list[tuple[str, str]], chosen: str) -> list[tuple[str, str]]:
    """The choices, with what is chosen now among them."""
    is_there = not chosen or chosen in dict(choices)
    return choices if is_there else [choices[0], (chosen, "As it is now"), *choices[1:]]


class KeyForm(OnceForm):
    """A new key: what it may do, and as whom."""

    aliases = MappingProxyType({"as": "as_email"})

    scope = RadioField(
        "What the key may do",
        choices=menu(
            [
                (KeyScope.INTAKE.value, "Send leads in, and nothing else: for websites and forms"),
                (KeyScope.FULL.value, "Everything its person may do: for programs you trust"),
            ]
        ),
        default=KeyScope.INTAKE.value,
    )
    as_email = SelectField("Acts as")

    def offer(self, people: Sequence[tuple[str, str]]) -> KeyForm:
        """Fill the menu of those it may act as: (address, name)."""
        self.as_email.choices = menu(people)
        return self


class TeamForm(PortalForm):
    """A team's name and place in the tree."""

    name = Line("Name", [needed("Please type the team's name.")])
    parent_id = SelectField("Below", coerce=id_or_none)
    default_user_id = SelectField(
        "Default user",
        coerce=id_or_none,
        description="Gets leads of the team's pools that nobody there took, before the others of the team.",
    )

    def offer(
        self, teams: Sequence[Team], people: Sequence[Assignee], found: Team | None = None, *, company_wide: bool
    ) -> Self:
        """Fill the menus of teams it may stand below, and of people.

        Args:
            found: the team this form is about; None = a new one.
            company_wide: whether it may stand at the top.
        """
        others = [(str(team.id), team.name) for team in teams if found is None or team.id != found.id]
        if company_wide:
            others = [("", "No team: at the top"), *others]
        elif found is not None and all(team.id != found.parent_id for team in teams):
            # One's own team stays where it stands: what is above it is not one's own.
            others = [(str(found.parent_id or ""), "Where it is"), *others]
        self.parent_id.choices = menu(others)
        named = found.default_user_id if found else None
        kept = [] if named is None or any(one.id == named for one in people) else [(str(named), "Who it is now")]
        self.default_user_id.choices = menu([("", "Nobody"), *kept, *((str(one.id), one.name) for one in people)])
        return self

    def wanted(self) -> dict[str, Any]:
        """What was typed, as the operations take it."""
        return {
            "name": self.name.data,
            "parent_id": self.parent_id.data,
            "default_user_id": self.default_user_id.data,
        }


class NewTeamForm(OnceForm, TeamForm):
    """A team to be made."""


class RoleForm(SharedForm):
    """A role of the company's own."""

    name = Line("Name", [needed("Please type the role's name.")])
    grants = SelectMultipleField("What it lets people do", [needed("Please choose at least one right.")])

    aliases = MappingProxyType({"rights": "grants"})

    def offer(self) -> Self:
        """Fill the list of rights."""
        self.grants.choices = menu((grant, f"{text[0].upper()}{text[1:]}") for grant, text in GRANT_NAMES.items())
        return self


class NewRoleForm(OnceForm, RoleForm):
    """A role to be made."""


class OwnershipForm(PortalForm):
    """Who the company is handed to."""

    to = SelectField(
        "New owner", [needed("Please choose somebody.")], coerce=lambda value: UUID(str(value)) if value else None
    )

    def offer(self, people: Iterable[User]) -> OwnershipForm:
        """Fill the menu of people."""
        self.to.choices = menu([("", "Choose somebody"), *((str(user.id), user.name) for user in people)])
        return self
