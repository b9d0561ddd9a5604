"""Making a company, and its settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypedDict, Unpack
from uuid import UUID

from sqlalchemy import select

from portal.errors import Invalid
from portal.extensions import db
from portal.models import Company, KeyScope, ReturningContacts, Role, Rule, User, new_id, start_lists
from portal.models.tenancy import enter_company
from portal.operations import auditing, holding, keys, reminders, waiting
from portal.operations.auditing import Subject
from portal.operations.complaints import Complaints, refuse_unknown
from portal.operations.hours_check import complain_about_hours
from portal.operations.passwords import checked_hash
from portal.operations.people import account_for, invite
from portal.operations.seen import refuse_stale
from portal.operations.transaction import operation
from portal.permissions import Right, require
from portal.routing.facts import PerformanceInRouting, PresenceMode
from portal.routing.holding import LEAST_SPACING, MOST_SPACING

DEFAULT_RULE = "Everything else"
GREATEST_RATE_LIMIT = 100_000
MOST_HOLIDAYS = 500
RAREST_REMINDER = 7 * 24 * 60
"""In minutes: once a week."""

# What decides who can be given a lead: waiting leads are looked at again.
_ELIGIBILITY = frozenset(
    {
        "fallback_any_active",
        "presence_mode",
        "holidays",
        "untagged_qualify_all",
        "name_as_tag",
        "email_as_tag",
        "time_zone",
    }
)

# What decides whether leads are held, and until when.
_HOLDING = frozenset({"manual_intercept", "opening_hours", "time_zone"})


class CompanyChanges(TypedDict, total=False):
    """The settings of a company that work. `rate_limit` in requests a second and key; `opening_hours` as
    `routing.hours` reads them, None = always open."""

    name: str
    time_zone: str
    country: str
    fallback_any_active: bool
    # None = never.
    catch_all_reminder_minutes: int | None
    returning_contacts: str
    named_counts_as_turn: bool
    isolate_leads: bool
    unassigned_visible_when_isolated: bool
    currency: str
    rate_limit: int
    presence_mode: str
    manual_intercept: bool
    opening_hours: Mapping[str, Any] | None
    hold_spacing_seconds: int
    holidays: Mapping[str, str]
    untagged_qualify_all: bool
    performance_in_routing: str | None
    name_as_tag: bool
    email_as_tag: bool
    self_service_pause: bool
    mask_names_in_why: bool


@dataclass(frozen=True, slots=True)
class Created:
    """A new company. The API key is shown this once."""

    company_id: UUID
    user_id: UUID
    api_key: str


@operation
def create_company(
    *,
    name: str,
    email: str,
    person: str | None = None,
    password: str | None = None,
    time_zone: str = "UTC",
    country: str = "US",
) -> Created:
    """A company with its owner, its default rule, its lists and a full API key. The session then sees this company.

    Args:
        email: the owner signs in with it; somebody with an account already owns one company more.
        person: the owner's name; the front of the address when None.
        password: None = the owner is sent a link to set one.

    Raises:
        Invalid: a field makes no sense, or a password was given for an account that has one.
    """
    wrong = Complaints()
    columns = {
        "name": wrong.name("name", name),
        "time_zone": wrong.time_zone("time_zone", time_zone),
        "country": wrong.country("country", country),
    }
    address = wrong.email("email", email)
    owner_name = wrong.name("person", person if person is not None else email.partition("@")[0])
    wrong.raise_if_any()
    company = Company(id=new_id(), **columns)
    enter_company(company.id)
    db.session.add(company)
    db.session.flush()
    owner = _add_owner(company, owner_name, address, password)  # type: ignore[arg-type]  # checked above
    db.session.add(Rule(company_id=company.id, id=new_id(), name=DEFAULT_RULE, is_default=True))
    db.session.add_all(start_lists(company.id))
    db.session.flush()
    _keep_first_version(owner)
    _key, api_key = keys.make_key(by=owner, scope=KeyScope.FULL)
    return Created(company.id, owner.id, api_key)


def _keep_first_version(owner: User) -> None:
    # Versions are told by what operations can set, those here among them: a ring, were it read at the top.
    from portal.operations.versions import keep_version

    keep_version(owner, "As the company began.")


def _add_owner(company: Company, name: str, email: str, password: str | None) -> User:
    account, may_have_link = account_for(email)
    if password is not None:
        if account.password is not None:
            raise Invalid.field("password", "This address has an account with a password already. Leave it out.")
        account.password = checked_hash(password, [email, name, company.name])
    owner = User(
        company_id=company.id, id=new_id(), account_id=account.id, name=name, email=email, roles=[Role.OWNER.value]
    )
    db.session.add(owner)
    db.session.flush()
    db.session.refresh(owner)
    if account.password is None:
        invite(owner, with_link=may_have_link)
    return owner


@operation
def change_company(*, by: User, seen: str | None = None, **changes: Unpack[CompanyChanges]) -> Company:
    """Change settings of one's company; they count from the next lead on.

    Args:
        seen: a mark of the settings the changes were made to, where many are sent at once.

    Raises:
        Forbidden: no right to.
        Invalid: a field makes no sense.
        Stale: somebody else changed them since they were seen.
    """
    require(by, Right.COMPANY)
    refuse_unknown(changes, CompanyChanges.__annotations__)
    wrong = Complaints()
    columns = {name: _check(wrong, name, value) for name, value in changes.items()}
    if changes.get("opening_hours") is not None:
        complain_about_hours(wrong, changes["opening_hours"], columns.get("time_zone") or _zone_of(by), "opening_hours")
    wrong.raise_if_any()
    company = db.session.scalars(
        select(Company)
        .where(Company.id == by.company_id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    ).one()
    refuse_stale(seen, company, CompanyChanges.__annotations__)
    before = auditing.fields_of(company, CompanyChanges.__annotations__)
    for name, value in columns.items():
        setattr(company, name, value)
    now = auditing.fields_of(company, CompanyChanges.__annotations__)
    auditing.changed(by, Subject.SETTINGS, company.id, "Company", before, now)
    if before["catch_all_reminder_minutes"] != company.catch_all_reminder_minutes:
        reminders.plan_anew(company)
    if _ELIGIBILITY & columns.keys():
        waiting.drain_soon(by.company_id)
    if _HOLDING & columns.keys():
        holding.plan_anew(by.company_id)
    return company


def _zone_of(by: User) -> str:
    return db.session.get_one(Company, by.company_id).time_zone


def _check(wrong: Complaints, name: str, value: Any) -> Any:
    match name:
        case "name":
            return wrong.name(name, value)
        case "time_zone":
            return wrong.time_zone(name, value)
        case "country":
            return wrong.country(name, value)
        case "returning_contacts":
            return wrong.one_of(name, value, ReturningContacts)
        case "currency":
            return wrong.currency(name, value)
        case "rate_limit":
            return wrong.whole(name, value, 1, GREATEST_RATE_LIMIT)
        case "catch_all_reminder_minutes":
            return None if value is None else wrong.whole(name, value, 1, RAREST_REMINDER)
        case "presence_mode":
            return wrong.one_of(name, value, PresenceMode)
        case "performance_in_routing":
            return None if value is None else wrong.one_of(name, value, PerformanceInRouting)
        case "hold_spacing_seconds":
            return wrong.whole(name, value, LEAST_SPACING, MOST_SPACING)
        case "opening_hours":
            return value
        case "holidays":
            return _holidays(wrong, value)
        case _:
            return bool(value)


def _holidays(wrong: Complaints, value: Mapping[str, str]) -> dict[str, str]:
    """Days nobody is given leads, each with what is celebrated."""
    if len(value) > MOST_HOLIDAYS:
        wrong.add("holidays", f"Use at most {MOST_HOLIDAYS} of them; these are {len(value)}.")
        return {}
    found = {}
    for day, called in value.items():
        field = f"holidays.{day[:20]}"
        read = wrong.day(field, day) if day else None
        name = wrong.name(field, called if isinstance(called, str) else None)
        if read is None:
            wrong.add(field, "Name each by its day, such as 2026-12-25.")
        else:
            found[read.isoformat()] = name or ""
    return dict(sorted(found.items()))
