"""What somebody can, and when they are there: tags, languages, places, hours, caps, presence and leave."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, TypedDict
from uuid import UUID

from sqlalchemy import func, select

from portal.errors import Conflict, Forbidden, Invalid, NotFound
from portal.extensions import db
from portal.models import Company, Leave, User, new_id
from portal.operations import auditing, waiting
from portal.operations.auditing import Subject
from portal.operations.complaints import Complaints
from portal.operations.hours_check import complain_about_hours
from portal.operations.transaction import operation
from portal.permissions import Right, is_reached, may, outranks
from portal.queries.people import users_by_id
from portal.queries.postcodes import centre_of
from portal.routing.facts import Presence
from portal.routing.tags import normal_value

MOST_CAP = 1_000_000
MOST_TEXTS = 200
LONGEST_TEXT = 200
MOST_PLACES = 50
LONGEST_POSTCODE = 40
GREATEST_RADIUS_KM = 20_000
MOST_LEAVES = 100
LONGEST_LEAVE_DAYS = 1000


class Availability(TypedDict, total=False):
    """Columns of a user that are checked here. Caps are numbers of leads; places are circles of radius_km around lat
    and lng, or around the centre of a postcode."""

    day_cap: int | None
    week_cap: int | None
    month_cap: int | None
    tags: Sequence[str]
    excluded_lead_types: Sequence[str]
    languages: Sequence[str]
    locations: Sequence[Mapping[str, Any]]
    hours: Mapping[str, Any] | None
    time_zone: str | None
    presence: str


FIELDS = frozenset(Availability.__annotations__)


def check(wrong: Complaints, name: str, value: Any, company: Company) -> Any:
    """A column of a user as it is stored; complaints go by the name the API gives the field."""
    match name:
        case "day_cap" | "week_cap" | "month_cap":
            field = f"caps.{name.removesuffix('_cap')}"
            return None if value is None else wrong.whole(field, value, 0, MOST_CAP)
        case "tags" | "excluded_lead_types" | "languages":
            return _texts(wrong, name, value)
        case "locations":
            return _places(wrong, value, company)
        case "hours":
            if value is not None:
                complain_about_hours(wrong, value, company.time_zone)
            return value
        case "time_zone":
            return None if value is None else wrong.time_zone(name, value)
        case _:
            return wrong.one_of(name, value, Presence)


def _texts(wrong: Complaints, field: str, values: Sequence[str]) -> list[str]:
    """Short texts, each once whatever its case and accents."""
    if len(values) > MOST_TEXTS:
        wrong.add(field, f"Use at most {MOST_TEXTS} of them; these are {len(values)}.")
        return []
    checked = [wrong.name(f"{field}.{place}", value, most=LONGEST_TEXT) for place, value in enumerate(values)]
    return list({normal_value(text): text for text in checked if text}.values())


def _places(wrong: Complaints, values: Sequence[Mapping[str, Any]], company: Company) -> list[dict[str, Any]]:
    if len(values) > MOST_PLACES:
        wrong.add("locations", f"Use at most {MOST_PLACES} places; these are {len(values)}.")
        return []
    return [_place(wrong, f"locations.{number}", value, company) for number, value in enumerate(values)]


def _place(wrong: Complaints, field: str, value: Mapping[str, Any], company: Company) -> dict[str, Any]:
    """A circle. One that is given by a postcode alone gets its centre now, and keeps it."""
    postcode = wrong.text(f"{field}.postcode", value.get("postcode"), most=LONGEST_POSTCODE)
    if postcode and value.get("lat") is None and value.get("lng") is None:
        centre = centre_of(company.country, postcode)
        if centre is None:
            known = f"No centre is known for the postcode {postcode} in {company.country}."
            wrong.add(f"{field}.postcode", f"{known} Give its lat and lng, or have the country's postcodes imported.")
            return {}
        value = {**value, **centre._asdict()}
    return _circle(wrong, field, value) | ({"postcode": postcode} if postcode else {})


def _circle(wrong: Complaints, field: str, value: Mapping[str, Any]) -> dict[str, Any]:
    bounds = {"lat": (-90, 90), "lng": (-180, 180), "radius_km": (0, GREATEST_RADIUS_KM)}
    for name, (least, most) in bounds.items():
        given = value.get(name)
        if isinstance(given, bool) or not isinstance(given, int | float) or not least <= given <= most:
            wrong.add(f"{field}.{name}", f"Use a number from {least} to {most:,}.")
    return {name: value.get(name, 0) for name in bounds}


def check_stand_in(wrong: Complaints, field: str, stand_in_id: UUID | None, user_id: UUID | None) -> UUID | None:
    """Who looks after the open leads of a user who is away: somebody else who is active here."""
    if stand_in_id is None:
        return None
    stand_in = users_by_id([stand_in_id]).get(stand_in_id)
    if stand_in is None:
        wrong.add(field, "There is no such user.")
    elif not stand_in.active:
        wrong.add(field, f"{stand_in.name} is not active any more. Choose somebody else.")
    elif stand_in_id == user_id:
        wrong.add(field, "Choose somebody else: nobody stands in for themselves.")
    return stand_in_id


@operation
def add_leave(user_id: UUID, first: date, last: date, *, by: User, stand_in_id: UUID | None = None) -> Leave:
    """Note days somebody is away, the first and the last included. They come back by themselves.

    Args:
        stand_in_id: who looks after their open leads meanwhile, and is told when a customer writes again.

    Raises:
        NotFound: no such user.
        Forbidden: somebody above; or oneself, and the company does not let people do that.
        Invalid: the days make no sense, or the stand-in is not somebody else who is active.
        Conflict: there are too many already.
    """
    user = _reached(user_id, by)
    if last < first:
        raise Invalid.field("last_day", "The last day is before the first.")
    if (last - first).days > LONGEST_LEAVE_DAYS:
        raise Invalid.field("last_day", f"Use at most {LONGEST_LEAVE_DAYS} days; deactivate somebody who left.")
    here = select(func.count()).where(
        Leave.company_id == by.company_id, Leave.user_id == user_id, Leave.last_day >= func.current_date() - 1
    )
    if (db.session.scalar(here) or 0) >= MOST_LEAVES:
        raise Conflict(f"There are {MOST_LEAVES} leaves noted already. Remove old ones first.")
    wrong = Complaints()
    check_stand_in(wrong, "stand_in_id", stand_in_id, user_id)
    wrong.raise_if_any()
    leave = Leave(
        company_id=by.company_id,
        id=new_id(),
        user_id=user.id,
        first_day=first,
        last_day=last,
        stand_in_id=stand_in_id,
    )
    db.session.add(leave)
    db.session.flush()
    auditing.changed(by, Subject.PERSON, user.id, user.name, {}, _in_log(leave))
    waiting.drain_soon(by.company_id)
    return leave


@operation
def remove_leave(user_id: UUID, leave_id: UUID, *, by: User) -> None:
    """Forget days somebody was to be away; errors as in `add_leave`."""
    user = _reached(user_id, by)
    leave = db.session.get(Leave, (by.company_id, leave_id))
    if leave is None or leave.user_id != user_id:
        raise NotFound("There is no such leave.")
    auditing.changed(by, Subject.PERSON, user.id, user.name, _in_log(leave), {})
    db.session.delete(leave)
    db.session.flush()
    waiting.drain_soon(by.company_id)


def _in_log(leave: Leave) -> dict[str, str]:
    told = {"leave": f"{leave.first_day} to {leave.last_day}"}
    if leave.stand_in_id is None:
        return told
    return told | {"stand_in": users_by_id([leave.stand_in_id])[leave.stand_in_id].name}


def require_self_service(by: User) -> None:
    """Raise Forbidden unless the company lets people say themselves when they are away."""
    if not db.session.get_one(Company, by.company_id).self_service_pause:
        raise Forbidden("Your company has people paused by those who look after them. Ask an admin or your manager.")


def _reached(user_id: UUID, by: User) -> User:
    user = db.session.get(User, (by.company_id, user_id))
    looks_after = user is not None and may(by, Right.PEOPLE) and is_reached(by, Right.PEOPLE, user.team_id)
    if user is None or not (looks_after or user.id == by.id):
        raise NotFound("There is no such user.")
    if not looks_after:
        require_self_service(by)
    elif user.id != by.id and outranks(by, user):
        raise Forbidden("This person holds a right you do not have yourself. Ask somebody who has it.")
    return user
