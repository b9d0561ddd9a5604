"""What each form has made, so that a second press finds it."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import Index, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from portal.extensions import db
from portal.models.columns import CompanyId, Made, Ref, same_company


class UsedForm(db.Model):  # type: ignore[name-defined,misc]
    """One act done by a form, kept for a day."""

    __tablename__ = "used_forms"

    company_id: Mapped[CompanyId]
    user_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    # Names the act: the opening of the form, and what was sent with it.
    form_key: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    at: Mapped[Made]
    made_id: Mapped[Ref]

    __table_args__ = (
        same_company("user_id", "users", ondelete="CASCADE"),
        Index(None, "company_id", "at"),
    )
