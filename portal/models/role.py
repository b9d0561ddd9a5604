"""A company's own roles: a name and a set of rights, held by any number of people.

Who holds one has its id among `User.roles`, and what it lets them do in `User.own_grants`.
"""

from __future__ import annotations

from sqlalchemy import CheckConstraint, UniqueConstraint
from sqlalchemy.orm import Mapped

from portal.extensions import db
from portal.models.columns import CompanyId, Id, Made, Str, Texts, of_company
from portal.rights import GRANTS


class OwnRole(db.Model):  # type: ignore[name-defined,misc]
    """A role the company made for itself."""

    __tablename__ = "roles"

    company_id: Mapped[CompanyId]
    id: Mapped[Id]
    name: Mapped[Str]
    # As `portal.rights.GRANTS` writes them.
    grants: Mapped[Texts]
    created_at: Mapped[Made]

    __table_args__ = (
        of_company(),
        UniqueConstraint("company_id", "name"),
        CheckConstraint(f"grants <@ ARRAY[{', '.join(repr(grant) for grant in GRANTS)}]", name="grants"),
    )
