"""The two lists by which new leads are let through, or put into quarantine."""

from __future__ import annotations

from sqlalchemy import UniqueConstraint
from sqlalchemy.orm import Mapped

from portal.extensions import db
from portal.models.columns import CompanyId, Id, Made, Str, of_company, one_of
from portal.routing.quarantine import Clue, Verdict


class QuarantineEntry(db.Model):  # type: ignore[name-defined,misc]
    """One line of the allow list or the block list; nothing stands on both."""

    __tablename__ = "quarantine_entries"

    company_id: Mapped[CompanyId]
    id: Mapped[Id]
    verdict: Mapped[Str]
    clue: Mapped[Str]
    # As people write it, and as it is compared.
    text: Mapped[Str]
    value: Mapped[Str]
    created_at: Mapped[Made]

    __table_args__ = (
        of_company(),
        UniqueConstraint("company_id", "clue", "value"),
        one_of("verdict", Verdict),
        one_of("clue", Clue),
    )
