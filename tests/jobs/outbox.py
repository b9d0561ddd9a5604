"""Messages and their due work, as tests write and read them."""

from __future__ import annotations

from itertools import count
from uuid import UUID

from sqlalchemy import select, update

from portal.extensions import db
from portal.models import Cause, DueWork, Message, WorkKind
from portal.operations.messages import say
from portal.operations.transaction import operation
from portal.queries import across
from tests.cast import Company, Person

_numbers = count(1)


def told(company: Company, person: Person, cause: Cause = Cause.ACCOUNT, lead_id: UUID | None = None) -> UUID:
    """A message that is due now."""
    about = f"test {next(_numbers)}"
    facts = {"link": "set_password"} if cause == Cause.ACCOUNT else {}
    with company.inside():
        operation(say)(cause, person.user(), about=about, lead_id=lead_id, facts=facts)
        return db.session.scalars(select(Message.id).where(Message.about == about)).one()


def message(company: Company, message_id: UUID) -> Message:
    """The message as it is now."""
    with company.inside():
        row = db.session.get(Message, (company.id, message_id))
        assert row is not None
        db.session.expunge(row)
        return row


def work(company: Company, message_id: UUID) -> DueWork | None:
    """Its due work as it is now; None when nothing is left to do."""
    with company.inside():
        row = db.session.scalar(select(DueWork).where(DueWork.subject_id == message_id))
        if row is not None:
            db.session.expunge(row)
        return row


def due_ids(company: Company) -> list[UUID]:
    """Rows of due work of messages that are due now."""
    with company.inside():
        return [due.id for due in across.work_due([WorkKind.SEND_MESSAGE], 1000)]


def make_due_now(company: Company) -> None:
    """As if the pauses between attempts were over."""
    with company.inside():
        db.session.execute(update(DueWork).values(due_at=db.func.clock_timestamp()))
        db.session.commit()


def end_leases(company: Company) -> None:
    """As if whoever held messages was killed half a minute ago."""
    with company.inside():
        db.session.execute(update(DueWork).values(leased_until=db.func.clock_timestamp()))
        db.session.commit()
