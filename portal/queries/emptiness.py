"""Whether a company has begun."""

from __future__ import annotations

from sqlalchemy import exists, select

from portal.extensions import db
from portal.models import Lead, Pool, User
from portal.models.tenancy import working_company


def is_empty() -> bool:
    """The company entered has one person, and neither a pool nor a lead yet."""
    company_id = working_company()
    begun = exists().where(Lead.company_id == company_id) | exists().where(Pool.company_id == company_id)
    people = select(User.id).where(User.company_id == company_id).limit(2)
    return not db.session.scalar(select(begun)) and len(db.session.scalars(people).all()) == 1
