"""Tags: texts looked for in incoming leads; agents carry them too."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, UniqueConstraint
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, mapped_column

from portal.extensions import db
from portal.models.columns import CompanyId, Id, Made, Str, of_company, one_of
from portal.routing.tags import TagKind


class Tag(db.Model):  # type: ignore[name-defined,misc]
    """One text the company looks for, and what it does when it is found."""

    __tablename__ = "tags"

    company_id: Mapped[CompanyId]
    id: Mapped[Id]
    # As people write it, and as it is compared: without case, accents and width.
    text: Mapped[Str]
    normal: Mapped[Str]
    kind: Mapped[Str] = mapped_column(server_default=TagKind.PREFERENTIAL.value)
    weight: Mapped[int] = mapped_column(server_default=sql("50"))
    created_at: Mapped[Made]

    __table_args__ = (
        of_company(),
        UniqueConstraint("company_id", "normal"),
        one_of("kind", TagKind),
        CheckConstraint("weight BETWEEN 0 AND 1000", name="weight"),
    )
