"""Where leads go: pointing a rule at a pool."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select

from portal.errors import Invalid, NotFound
from portal.extensions import db
from portal.models import Pool, Rule, User
from portal.operations import auditing, waiting
from portal.operations.auditing import Subject
from portal.operations.transaction import operation
from portal.permissions import Right, require_company_wide


@operation
def point_rule(rule_id: UUID, pool_id: UUID | None, *, by: User) -> Rule:
    """Send the leads a rule takes to a pool; to none, and they wait for a person.

    Raises:
        NotFound: no such rule.
        Forbidden: no right to.
        Invalid: no such pool.
    """
    require_company_wide(by, Right.DISTRIBUTION)
    rule = db.session.scalars(
        select(Rule).where(Rule.company_id == by.company_id, Rule.id == rule_id).with_for_update(key_share=True)
    ).one_or_none()
    if rule is None:
        raise NotFound("There is no such rule.")
    if pool_id is not None and not _is_in_use(pool_id):
        raise Invalid.field("pool_id", "There is no such pool.")
    before = {"pool": _pool_name(rule.pool_id)}
    rule.pool_id = pool_id
    auditing.changed(by, Subject.RULE, rule.id, rule.name, before, {"pool": _pool_name(pool_id)})
    waiting.drain_soon(by.company_id)
    return rule


def _pool_name(pool_id: UUID | None) -> str | None:
    return None if pool_id is None else db.session.scalar(select(Pool.name).where(Pool.id == pool_id))


def _is_in_use(pool_id: UUID) -> bool:
    # Locked, so that the pool is not deleted between this look and our commit.
    found = select(Pool.id).where(Pool.id == pool_id, Pool.deleted_at.is_(None)).with_for_update(read=True)
    return db.session.scalar(found) is not None
