"""Versions of how a company hands out leads: one is kept whenever something of it changes, and any can be gone back to.

Every operation that changes pools, rules, tags or settings writes the log of changes; that is where a version is asked
for, and right before the commit it is made, once for the whole transaction.
"""

from __future__ import annotations

from sqlalchemy import select

from portal.errors import Conflict, NotFound
from portal.extensions import db
from portal.models import Company, RuleSet, User, new_id
from portal.operations import tag_members
from portal.operations.setup_apply import apply_setup
from portal.operations.setup_difference import Difference
from portal.operations.setup_told import setup_now
from portal.operations.transaction import operation
from portal.permissions import Right, require_company_wide


def keep_version(by: User, note: str | None = None) -> RuleSet:
    """The set-up as it is now, as a version of its own unless the newest one is the same.

    Args:
        note: what it was made for, as a sentence.
    """
    # Two changes at the same time become two versions, one after the other.
    db.session.execute(select(Company.id).where(Company.id == by.company_id).with_for_update(key_share=True))
    data = setup_now(by.company_id, with_ids=True)
    newest = _newest(by)
    if newest is not None and newest.data == data:
        return newest
    number = 1 if newest is None else newest.number + 1
    made = RuleSet(
        company_id=by.company_id,
        id=new_id(),
        number=number,
        data=data,
        made_by=by.id,
        made_by_name=by.name,
        note=note,
    )
    db.session.add(made)
    db.session.flush()
    return made


@operation
def roll_back(number: int, *, by: User) -> list[Difference]:
    """Make the set-up what version `number` was, as a new version. Gives what changed.

    Raises:
        Forbidden: no right to.
        NotFound: no such version.
        Invalid: it names somebody or something there is no more; says where.
        Conflict: nothing would change, or a pool that came later has open offers.
    """
    require_company_wide(by, Right.DISTRIBUTION)
    tag_members.lock()
    version = db.session.scalar(
        select(RuleSet).where(RuleSet.company_id == by.company_id, RuleSet.number == number)
    )  # fmt: skip
    if version is None:
        raise NotFound("There is no such version.")
    found = apply_setup(version.data, by=by)
    if not found:
        raise Conflict(f"Everything is as in version {number} already.")
    keep_version(by, f"Rolled back to version {number}.")
    return found


def _newest(by: User) -> RuleSet | None:
    found = select(RuleSet).where(RuleSet.company_id == by.company_id)
    return db.session.scalar(found.order_by(RuleSet.number.desc()).limit(1))
