"""Rows for tests, valid unless told otherwise. Each function commits and gives the row back, loaded and detached.

They write through the models, not through operations: no messages, decisions or ledger steps come along. A test about
what happens when a lead comes in uses the API or `operations.intake`.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any, TypeVar
from uuid import UUID

from apiflask import APIFlask

from portal import models
from portal.extensions import db
from tests.cast import Company, Person

Row = TypeVar("Row")

_numbers = count(1)


def person_in(app: APIFlask, company_id: UUID, name: str, roles: Iterable[str] = ("agent",), **columns: Any) -> Person:
    """An account and its user, added to the running session."""
    return people_in(app, company_id, [(name, roles)], **columns)[0]


def people_in(
    app: APIFlask, company_id: UUID, named: Iterable[tuple[str, Iterable[str]]], **columns: Any
) -> list[Person]:
    """The same for several, by name and roles, in two statements: almost every test begins with a cast of four."""
    people, users = [], []
    for name, roles in named:
        email = f"{name.split()[0].lower()}.{next(_numbers)}@example.com"
        account = models.Account(id=models.new_id(), email=email, fs_uniquifier=models.new_id().hex)
        db.session.add(account)
        person = Person(app, company_id, models.new_id(), account.id, name, email)
        shown = {"name": name, "email": email, "roles": list(roles)}
        users.append(models.User(company_id=company_id, id=person.id, account_id=account.id, **shown, **columns))
        people.append(person)
    db.session.flush()
    db.session.add_all(users)
    db.session.flush()
    return people


def make_user(company: Company, name: str | None = None, roles: Iterable[str] = ("agent",), **columns: Any) -> Person:
    """One more person in the company."""
    with company.inside():
        person = person_in(company.app, company.id, name or f"Person {next(_numbers)}", roles, **columns)
        db.session.commit()
        return person


def make_team(company: Company, name: str | None = None, **columns: Any) -> models.Team:
    """A team; `parent_id` puts it below another."""
    return _kept(company, models.Team(company_id=company.id, name=name or f"Team {next(_numbers)}", **columns))


def make_own_role(company: Company, *grants: str, name: str | None = None) -> models.OwnRole:
    """A role of the company's own with these rights."""
    return _kept(
        company, models.OwnRole(company_id=company.id, name=name or f"Role {next(_numbers)}", grants=list(grants))
    )


def holds_too(company: Company, person: Person, role: models.OwnRole) -> None:
    """Give somebody a role of the company's own beside those they have."""
    with company.inside():
        user = person.user()
        user.roles = [*user.roles, str(role.id)]
        user.own_grants = sorted({*user.own_grants, *role.grants})
        db.session.commit()


def make_pool(
    company: Company,
    members: Iterable[Person] | dict[Person, int] = (),
    defaults: Iterable[Person] = (),
    *,
    name: str | None = None,
    default_rule: bool = True,
    **columns: Any,
) -> models.Pool:
    """A pool with its members' ledger accounts at zero.

    Args:
        members: people, or people with their weights (weight 1 otherwise).
        defaults: default assignees, in order.
        default_rule: point the company's default rule at it.
        columns: of the pool: `delivery`, `window_seconds`, `max_offers`, `default_mode`.
    """
    weights = members if isinstance(members, dict) else dict.fromkeys(members, 1)
    pool = models.Pool(company_id=company.id, id=models.new_id(), name=name or f"Pool {next(_numbers)}", **columns)
    with company.inside():
        db.session.add(pool)
        db.session.flush()
        ids = {"company_id": company.id, "pool_id": pool.id}
        for order, (person, weight) in enumerate(weights.items()):
            db.session.add(models.PoolMember(**ids, user_id=person.id, weight=weight))
            db.session.add(models.LedgerAccount(**ids, user_id=person.id, tie_order=order))
        for position, person in enumerate(defaults, start=1):
            db.session.add(models.PoolDefault(**ids, user_id=person.id, position=position))
        if default_rule:
            rule = db.session.get(models.Rule, (company.id, company.default_rule_id))
            assert rule is not None
            rule.pool_id = pool.id
        db.session.commit()
        return _loaded(pool)


def make_contact(
    company: Company, name: str | None = "Carla Customer", *, phone: str | None = None, email: str | None = None
) -> models.Contact:
    """A customer; `phone` in E.164 form."""
    contact = models.Contact(company_id=company.id, id=models.new_id(), name=name)
    with company.inside():
        db.session.add(contact)
        db.session.flush()
        for kind, value in (("phone", phone), ("email", email)):
            if value is not None:
                db.session.add(
                    models.ContactKey(
                        company_id=company.id, contact_id=contact.id, kind=kind, raw=value, value=value.lower()
                    )
                )
        db.session.commit()
        return _loaded(contact)


def make_lead(
    company: Company, owner: Person | None = None, *, contact: models.Contact | None = None, **columns: Any
) -> models.Lead:
    """A lead: owned when an owner is given, else waiting for a person. A contact of its own unless one is given."""
    number = next(_numbers)
    if contact is None:
        contact = make_contact(company, f"Customer {number}", phone=f"+1917555{number % 10000:04d}")
    shape: dict[str, Any] = (
        {"state": "owned", "owner_id": owner.id, "assigned_at": datetime.now(UTC)}
        if owner is not None
        else {"state": "unassigned", "waiting_for": "person"}
    )
    defaults: dict[str, Any] = {"fields": {}, "tags_found": [], "flags": [], "text": "Please call me about solar."}
    lead = models.Lead(company_id=company.id, contact_id=contact.id, **(defaults | shape | columns))
    return _kept(company, lead)


def make_closed_lead(company: Company, owner: Person | None = None, **columns: Any) -> models.Lead:
    """A closed lead; it keeps the name of its former owner."""
    shape: dict[str, Any] = {
        "state": "closed",
        "waiting_for": None,
        "owner_id": owner.id if owner else None,
        "closed_at": datetime.now(UTC),
        "close_reason": "won",
    }
    return make_lead(company, owner, **(shape | columns))


def make_offer(
    company: Company, lead: models.Lead, agent: Person, pool: models.Pool, *, seconds: float = 300, **columns: Any
) -> models.Offer:
    """An open exclusive offer whose window ends in that many seconds; the lead is set to offering."""
    with company.inside():
        offered = db.session.get(models.Lead, (company.id, lead.id))
        assert offered is not None
        if offered.state == "unassigned":
            offered.state, offered.waiting_for, offered.alarmed_at = "offering", None, None
        offered.was_offered, offered.pool_id = True, pool.id
        db.session.commit()
    shape: dict[str, Any] = {
        "state": "open",
        "kind": "exclusive",
        "expires_at": datetime.now(UTC) + timedelta(seconds=seconds),
    }
    offer = models.Offer(company_id=company.id, lead_id=lead.id, user_id=agent.id, pool_id=pool.id, **(shape | columns))
    return _kept(company, offer)


def _kept(company: Company, row: Row) -> Row:
    with company.inside():
        db.session.add(row)
        db.session.commit()
        return _loaded(row)


def _loaded(row: Row) -> Row:
    """With the database's own defaults filled in, and out of the session: leaving it would empty the row again."""
    db.session.refresh(row)
    db.session.expunge(row)
    return row
