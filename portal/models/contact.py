"""The customer: a person known by normalised phone numbers and e-mail addresses."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.extensions import db
from portal.models.columns import CompanyId, Id, Made, Ref, Str, of_company, one_of, same_company
from portal.routing.recognise import KeyKind


class Contact(db.Model):  # type: ignore[name-defined,misc]
    """A person who asked. May have several leads over time, at most one of them open."""

    __tablename__ = "contacts"

    company_id: Mapped[CompanyId]
    id: Mapped[Id]
    name: Mapped[Str | None]
    created_at: Mapped[Made]

    __table_args__ = (of_company(),)


class ContactKey(db.Model):  # type: ignore[name-defined,misc]
    """One phone number or e-mail address of a contact, as it came and as it is compared."""

    __tablename__ = "contact_keys"

    company_id: Mapped[CompanyId]
    id: Mapped[Id]
    contact_id: Mapped[Ref]
    kind: Mapped[Str]
    # As the sender wrote it.
    raw: Mapped[Str]
    # E.164 or the lower-case address; None when it could not be read, and then it never matches anybody.
    value: Mapped[Str | None]
    # Digits to dial after the number is answered.
    extension: Mapped[Str | None]
    # Possible but not valid for its country: kept, shown with a mark.
    doubtful: Mapped[bool] = mapped_column(server_default=text("false"))
    created_at: Mapped[Made]

    __table_args__ = (
        same_company("contact_id", "contacts"),
        one_of("kind", KeyKind),
        CheckConstraint("value IS NOT NULL OR doubtful", name="unreadable_is_doubtful"),
        Index(
            "uq_contact_keys_value",
            "company_id",
            "kind",
            "value",
            unique=True,
            postgresql_where=text("value IS NOT NULL"),
        ),
        Index(None, "company_id", "contact_id"),
    )
