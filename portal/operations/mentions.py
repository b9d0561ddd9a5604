"""Finding “@Name” in what somebody wrote: active users of the company who may see the lead it is about."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from uuid import UUID

from sqlalchemy import and_, select

from portal.extensions import db
from portal.models import Company, Lead, User
from portal.permissions import comes_to_row, seen_by_row, unmasked_to_row

MOST_MENTIONS = 20


def mentioned_in(text: str, lead: Lead, *, by: User) -> list[UUID]:
    """Who is mentioned, in the order of the text, without the writer and without those who do not see the customer.

    A name counts in full and in any case; a first name too, while only one active user has it.
    """
    if "@" not in text:
        return []
    people = db.session.scalars(select(User).where(User.company_id == lead.company_id, User.active)).all()
    named = [user for user in _named(text, people) if user.id != by.id][:MOST_MENTIONS]
    shown_to = _who_sees(lead, named)
    return [user.id for user in named if user.id in shown_to]


def _named(text: str, people: Sequence[User]) -> list[User]:
    bearers = _bearers(people, lambda user: _plain(user.name).partition(" ")[0])
    bearers |= _bearers(people, lambda user: _plain(user.name))
    # Two who bear one name: nobody knows who is meant.
    by_name = {name: users[0] for name, users in bearers.items() if name and len(users) == 1}
    if not by_name:
        return []
    # The longest first, so that “@Ana Agent” is not read as “@Ana”; not inside an address such as carla@ana.example.
    names = "|".join(map(re.escape, sorted(by_name, key=len, reverse=True)))
    found = re.finditer(rf"(?<![\w.@])@({names})(?![\w@]|\.\w)", _plain(text))
    return list(dict.fromkeys(by_name[match[1]] for match in found))


def _bearers(people: Sequence[User], name_of: Callable[[User], str]) -> dict[str, list[User]]:
    bearers: dict[str, list[User]] = {}
    for user in people:
        bearers.setdefault(name_of(user), []).append(user)
    return bearers


def _plain(text: str) -> str:
    return " ".join(text.split()).casefold()


def _who_sees(lead: Lead, users: Sequence[User]) -> set[UUID]:
    """Those of the users who see the lead and its customer."""
    shown = and_(seen_by_row(Lead.owner_id, Lead.team_id, comes_to_row()), unmasked_to_row())
    statement = (
        select(User.id)
        .join(Company, Company.id == User.company_id)
        .join(Lead, Lead.company_id == User.company_id)
        .where(Lead.company_id == lead.company_id, Lead.id == lead.id, User.id.in_([user.id for user in users]), shown)
    )
    return set(db.session.scalars(statement))
