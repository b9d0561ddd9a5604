"""The one module that looks across companies, before one is known: sign-in, API keys, due work.

Everything here calls a function of the database that reads just the columns it needs (migration 0001); the
application's own role could not run these queries itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import select

from portal.extensions import db
from portal.models import Account
from portal.models.statements import rows
from portal.models.tenancy import enter_company


@dataclass(frozen=True, slots=True)
class KeyHolder:
    """Whose key a request came with, and the settings of their company that every intake needs."""

    company_id: UUID
    key_id: UUID
    user_id: UUID
    scope: str
    country: str
    time_zone: str
    fallback_any_active: bool
    returning_contacts: str
    named_counts_as_turn: bool
    rate_limit: int


class Membership(NamedTuple):
    """One company an account works for."""

    company_id: UUID
    company_name: str
    user_id: UUID


class Due(NamedTuple):
    """One piece of due work. `group_id` is set where work of one group is done together."""

    company_id: UUID
    id: UUID
    kind: str
    subject_id: UUID
    group_id: UUID | None
    due_at: datetime


class DueGroup(NamedTuple):
    """Due work that is done together: of one company and kind and, where there is one, of one group."""

    company_id: UUID
    kind: str
    group_id: UUID | None
    due_at: datetime


def enter_by_key(digest: bytes) -> KeyHolder | None:
    """The holder of an API key by its SHA-256 digest; the session then sees their company. None = no such key."""
    found = rows("SELECT * FROM enter_by_key(%(digest)s)", {"digest": digest})
    if not found:
        return None
    holder = KeyHolder(*found[0])
    enter_company(holder.company_id, already_set=True)
    return holder


def memberships_of(account_id: UUID) -> list[Membership]:
    """The companies an account is an active user of, by name."""
    return [Membership(*row) for row in rows("SELECT * FROM memberships_of(%(id)s)", {"id": account_id})]


def account_with_email(email: str) -> Account | None:
    """The account that signs in with this address, in any spelling of case."""
    return db.session.scalar(select(Account).where(Account.email == email.strip().lower()))


def work_due(kinds: Sequence[str], at_most: int) -> list[Due]:
    """What is due now and held by nobody, longest overdue first."""
    found = rows("SELECT * FROM work_due(%(kinds)s, %(at_most)s)", {"kinds": list(kinds), "at_most": at_most})
    return [Due(*row) for row in found]


def groups_due(kinds: Sequence[str], at_most: int) -> list[DueGroup]:
    """The groups that have something due now, longest overdue first: of thousands of offers, a few pools.

    Counted together by the database: a pulse that read every row would take the time their work needs.
    """
    grouped = (
        "SELECT company_id, kind, group_id, min(due_at) FROM work_due(%(kinds)s, %(at_most)s) "
        "GROUP BY company_id, kind, group_id ORDER BY min(due_at)"
    )
    return [DueGroup(*row) for row in rows(grouped, {"kinds": list(kinds), "at_most": at_most})]


def work_waiting() -> list[tuple[str, int, datetime]]:
    """Overdue work by kind: how much, and since when the oldest is due."""
    return [(kind, waiting, oldest) for kind, waiting, oldest in rows("SELECT * FROM work_waiting()")]


def company_ids() -> list[UUID]:
    """Every company, for commands that go through all of them one by one."""
    return [row[0] for row in rows("SELECT * FROM company_ids()")]
