"""The company's rules, in the order they are looked at."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select

from portal.errors import NotFound
from portal.extensions import db
from portal.models import Rule
from portal.models.tenancy import working_company


def rules() -> Sequence[Rule]:
    """All rules; the default rule, which takes every lead, is the last."""
    return db.session.scalars(
        select(Rule)
        .where(Rule.company_id == working_company(), Rule.deleted_at.is_(None))
        .order_by(Rule.is_default, Rule.position, Rule.id)
    ).all()


def rule_named(rule_id: UUID) -> Rule:
    """One rule of the company entered. Raises NotFound."""
    rule = db.session.get(Rule, (working_company(), rule_id))
    if rule is None or rule.deleted_at is not None:
        raise NotFound("There is no such rule.")
    return rule


def default_rule() -> Rule:
    """The rule every company has: the last, which cannot be removed."""
    return db.session.scalars(select(Rule).where(Rule.company_id == working_company(), Rule.is_default)).one()
