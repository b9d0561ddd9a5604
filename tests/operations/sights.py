"""What is there to be seen afterwards: rows, loaded and detached, asked for in the field's words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select

from portal import models
from portal.extensions import db
from portal.queries.timeline import timeline_page
from tests.cast import Company, Person


def lead(company: Company, lead_id: UUID) -> models.Lead:
    return _one(company, select(models.Lead).where(models.Lead.id == lead_id))


def offer(company: Company, offer_id: UUID) -> models.Offer:
    return _one(company, select(models.Offer).where(models.Offer.id == offer_id))


def offers(company: Company, lead_id: UUID) -> Sequence[models.Offer]:
    """All offers of a lead, oldest first."""
    return rows(company, select(models.Offer).where(models.Offer.lead_id == lead_id).order_by(models.Offer.id))


def open_offer(company: Company, lead_id: UUID) -> models.Offer:
    """The one offer that is open."""
    [found] = [one for one in offers(company, lead_id) if one.state == "open"]
    return found


def holder(company: Company, lead_id: UUID) -> UUID:
    """Who has the lead on offer."""
    return open_offer(company, lead_id).user_id


def newest(company: Company, lead_id: UUID, agent: Person) -> models.Offer:
    """The agent's latest offer of a lead."""
    return [one for one in offers(company, lead_id) if one.user_id == agent.id][-1]


def timeline(company: Company, lead_id: UUID) -> list[models.TimelineItem]:
    item = models.TimelineItem
    return list(rows(company, select(item).where(item.lead_id == lead_id).order_by(item.id)))


def kinds(company: Company, lead_id: UUID) -> list[str]:
    """The kinds of a lead's entries, in order."""
    return [entry.kind for entry in timeline(company, lead_id)]


def told(company: Company, lead_id: UUID) -> list[tuple[str, UUID]]:
    """Who was told what about a lead: (cause, user), sorted."""
    said = rows(company, select(models.Message).where(models.Message.lead_id == lead_id))
    return sorted((message.cause, message.user_id) for message in said)


def feedback(company: Company, lead_id: UUID) -> models.Conversion | None:
    """What became of a lead; None while nobody has said."""
    found = rows(company, select(models.Conversion).where(models.Conversion.lead_id == lead_id))
    return found[0] if found else None


def read_by(company: Company, person: Person, lead_id: UUID) -> list[tuple[str, str | None]]:
    """Kind and text of the entries a person reads, oldest first."""
    with company.inside():
        return [(entry.kind, entry.text) for entry in timeline_page(person.user(), lead_id).items[::-1]]


def decisions(company: Company, lead_id: UUID) -> Sequence[models.Decision]:
    row = models.Decision
    return rows(company, select(row).where(row.lead_id == lead_id).order_by(row.id))


def standing(company: Company, pool_id: UUID) -> dict[UUID, tuple[int, int]]:
    """Turn and second-choice credit of each member, in nano-leads."""
    account = models.LedgerAccount
    found = rows(company, select(account).where(account.pool_id == pool_id))
    return {one.user_id: (one.credit, one.second_credit) for one in found}


def entries(company: Company, pool_id: UUID) -> list[tuple[str, str]]:
    """Kind and credit of the ledger's entries, in order."""
    entry = models.LedgerEntry
    found = rows(company, select(entry).where(entry.pool_id == pool_id).order_by(entry.at, entry.id))
    return [(one.kind, one.credit) for one in found]


def work(company: Company, kind: str) -> Sequence[models.DueWork]:
    return rows(company, select(models.DueWork).where(models.DueWork.kind == kind))


def count(company: Company, table: Any) -> int:
    return len(rows(company, select(table)))


def rows(company: Company, statement: Select[Any]) -> Sequence[Any]:
    with company.inside():
        found = db.session.scalars(statement).all()
        for row in found:
            db.session.expunge(row)
        return found


def _one(company: Company, statement: Select[Any]) -> Any:
    [found] = rows(company, statement)
    return found


def reassignments(company: Company, lead_id: UUID) -> Sequence[models.Reassignment]:
    """All reassignments of a lead, oldest first."""
    one = models.Reassignment
    return rows(company, select(one).where(one.lead_id == lead_id).order_by(one.id))
