"""The versions of how the company hands out leads."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func, select

from portal.errors import NotFound
from portal.extensions import db
from portal.models import RuleSet
from portal.models.tenancy import working_company


def versions_before(number: int | None, most: int) -> Sequence[RuleSet]:
    """Versions, the newest first.

    Args:
        number: only those below it; None = from the newest on.
    """
    statement = select(RuleSet).where(RuleSet.company_id == working_company())
    if number is not None:
        statement = statement.where(RuleSet.number < number)
    return db.session.scalars(statement.order_by(RuleSet.number.desc()).limit(most)).all()


def version(number: int) -> RuleSet:
    """One version. Raises NotFound."""
    its = (RuleSet.company_id == working_company(), RuleSet.number == number)
    found: RuleSet | None = db.session.scalar(select(RuleSet).where(*its)) if number < 2**31 else None
    if found is None:
        raise NotFound("There is no such version.")
    return found


def newest_number() -> int | None:
    """The number of the version in use; None where nothing was changed yet."""
    return db.session.scalar(select(func.max(RuleSet.number)).where(RuleSet.company_id == working_company()))
