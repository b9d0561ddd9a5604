"""Due work: what must happen, as rows. The queue only carries their ids about."""

from __future__ import annotations

from enum import StrEnum

from sqlalchemy import Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.extensions import db
from portal.models.columns import CompanyId, Id, Made, Moment, Ref, Str, of_company, one_of


class WorkKind(StrEnum):
    """What there is to do, and with what: an offer, a message, the company's waiting leads, those it holds, a lead
    somebody is reminded of, or one whose customer its owner has yet to contact."""

    END_OFFER = "end_offer"
    SEND_MESSAGE = "send_message"
    DRAIN = "drain"
    RELEASE = "release"
    REMIND = "remind"
    REPLAY = "replay"
    CONTACT = "contact"


class DueWork(db.Model):  # type: ignore[name-defined,misc]
    """One piece of work, deleted in the transaction that does it."""

    __tablename__ = "due_work"

    company_id: Mapped[CompanyId]
    id: Mapped[Id]
    kind: Mapped[Str]
    # The offer, message, company or lead it is about.
    subject_id: Mapped[Ref]
    # Work of one group is done in one transaction: the offer's pool, or the lead's.
    group_id: Mapped[Ref | None]
    due_at: Mapped[Moment]
    attempts: Mapped[int] = mapped_column(server_default=text("0"))
    # Only for work that leaves the house: who holds it until when. A late holder's fence no longer matches.
    leased_until: Mapped[Moment | None]
    fence: Mapped[int] = mapped_column(server_default=text("0"))
    last_error: Mapped[Str | None]
    created_at: Mapped[Made]

    __table_args__ = (
        of_company(),
        one_of("kind", WorkKind),
        UniqueConstraint("company_id", "kind", "subject_id"),
        Index(None, "kind", "due_at"),
    )
