"""Where leads go: the rules, in the order they are looked at. The default rule is the last, and stays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypedDict, Unpack
from uuid import UUID

from sqlalchemy import func, select

from portal.errors import Conflict, Invalid, NotFound
from portal.extensions import db
from portal.models import Company, Pool, Rule, User, new_id
from portal.operations import auditing, waiting
from portal.operations.auditing import Subject
from portal.operations.complaints import Complaints, refuse_unknown
from portal.operations.seen import refuse_stale
from portal.operations.transaction import operation
from portal.permissions import Right, require_company_wide
from portal.routing.conditions import check_conditions
from portal.routing.hours import HoursError, parse_hours

MOST_RULES = 500

# What the default rule may not be: it takes every lead there is, always.
_ONLY_OF_OTHERS = frozenset({"conditions", "strictness", "hours", "paused"})


class RuleChanges(TypedDict, total=False):
    """What people and programs set on a rule; conditions and strictness as `routing.conditions` reads them, hours as
    `routing.hours` does."""

    name: str
    conditions: Mapping[str, Any]
    strictness: Mapping[str, str]
    hours: Mapping[str, Any] | None
    pool_id: UUID | None
    paused: bool


@operation
def make_rule(*, by: User, **fields: Unpack[RuleChanges]) -> Rule:
    """A new rule, looked at after all others but the default rule.

    Raises:
        Forbidden: no right to.
        Invalid: a field makes no sense.
        Conflict: there are too many already.
    """
    require_company_wide(by, Right.DISTRIBUTION)
    if "name" not in fields:
        raise Invalid.field("name", "A rule needs a name.")
    others = _locked_rules(by)
    if len(others) > MOST_RULES:
        raise Conflict(f"A company has at most {MOST_RULES} rules. Delete one you no longer need first.")
    columns = _checked(fields, by)
    rule = Rule(company_id=by.company_id, id=new_id(), position=_behind(others), **columns)
    db.session.add(rule)
    db.session.flush()
    auditing.added(by, Subject.RULE, rule.id, rule.name, _facts(rule))
    waiting.drain_soon(by.company_id)
    return rule


@operation
def change_rule(rule_id: UUID, *, by: User, seen: str | None = None, **changes: Unpack[RuleChanges]) -> Rule:
    """Change some fields of a rule; of the default rule, its name and pool.

    Args:
        seen: a mark of the rule the changes were made to, where many fields are sent at once.

    Raises:
        NotFound: no such rule.
        Forbidden: no right to.
        Invalid: a field makes no sense, or is none of the default rule's.
        Stale: somebody else changed the rule since it was seen.
    """
    require_company_wide(by, Right.DISTRIBUTION)
    rule = _locked(rule_id, by)
    refuse_stale(seen, rule, RuleChanges.__annotations__)
    columns = _checked(changes, by)
    fixed = sorted(_ONLY_OF_OTHERS & columns.keys()) if rule.is_default else []
    if fixed:
        raise Invalid.field(fixed[0], "The default rule takes every lead, always; only its name and pool can change.")
    before = _facts(rule)
    for name, value in columns.items():
        setattr(rule, name, value)
    db.session.flush()
    auditing.changed(by, Subject.RULE, rule.id, rule.name, before, _facts(rule))
    waiting.drain_soon(by.company_id)
    return rule


@operation
def copy_rule(rule_id: UUID, *, by: User) -> Rule:
    """A copy of a rule, right behind it and paused, so that nothing changes until somebody wants it to.

    Raises:
        NotFound: no such rule.
        Forbidden: no right to.
        Conflict: it is the default rule, of which there is one; or there are too many.
    """
    require_company_wide(by, Right.DISTRIBUTION)
    original = _locked(rule_id, by)
    if original.is_default:
        raise Conflict("There is one default rule. Make a new rule instead.")
    columns = {name: getattr(original, name) for name in RuleChanges.__annotations__}
    name = f"Copy of {original.name}"[:200]
    copy = make_rule(by=by, **columns | {"name": name, "paused": True})
    order = [rule.id for rule in _locked_rules(by) if not rule.is_default and rule.id != copy.id]
    order.insert(order.index(original.id) + 1, copy.id)
    order_rules(order, by=by)
    return copy


@operation
def order_rules(rule_ids: Sequence[UUID], *, by: User) -> None:
    """Put the rules into this order; the default rule is last, and may be left out.

    Raises:
        Forbidden: no right to.
        Invalid: it names not each rule once.
    """
    require_company_wide(by, Right.DISTRIBUTION)
    rules = {rule.id: rule for rule in _locked_rules(by)}
    default = next(rule.id for rule in rules.values() if rule.is_default)
    wanted = list(rule_ids[:-1]) if rule_ids and rule_ids[-1] == default else list(rule_ids)
    if default in wanted:
        raise Invalid.field("ids", "The default rule is the last; it takes what no other rule takes.")
    if set(wanted) != rules.keys() - {default} or len(set(wanted)) != len(wanted):
        raise Invalid.field("ids", "Name each rule once, in the order they shall be looked at.")
    before = [rule.name for rule in rules.values()]
    for position, rule_id in enumerate(wanted, start=1):
        rules[rule_id].position = position
    db.session.flush()
    after = [rules[rule_id].name for rule_id in (*wanted, default)]
    auditing.changed(by, Subject.RULE, default, "Order of the rules", {"order": before}, {"order": after})
    waiting.drain_soon(by.company_id)


@operation
def move_rule(rule_id: UUID, places: int, *, by: User) -> None:
    """Move a rule up (places below zero) or down; at the end of the list it stays where it is.

    Raises:
        NotFound: no such rule.
        Forbidden: no right to.
        Conflict: it is the default rule.
    """
    require_company_wide(by, Right.DISTRIBUTION)
    if _locked(rule_id, by).is_default:
        raise Conflict("The default rule is the last; it takes what no other rule takes.")
    order = [rule.id for rule in _locked_rules(by) if not rule.is_default]
    here = order.index(rule_id)
    order.insert(max(0, here + places), order.pop(here))
    order_rules(order, by=by)


@operation
def delete_rule(rule_id: UUID, *, by: User) -> None:
    """Take a rule out of use; leads it handed out go on naming it.

    Raises:
        NotFound: no such rule.
        Forbidden: no right to.
        Conflict: it is the default rule.
    """
    require_company_wide(by, Right.DISTRIBUTION)
    rule = _locked(rule_id, by)
    if rule.is_default:
        raise Conflict(f"“{rule.name}” is the default rule; it cannot be removed. Point it at no pool instead.")
    auditing.removed(by, Subject.RULE, rule.id, rule.name, _facts(rule))
    rule.deleted_at = db.session.scalar(select(func.clock_timestamp()))
    db.session.flush()
    waiting.drain_soon(by.company_id)


@operation
def point_rule(rule_id: UUID, pool_id: UUID | None, *, by: User) -> Rule:
    """Send the leads a rule takes to a pool; to none, and they wait for a person. Errors as in `change_rule`."""
    return change_rule(rule_id, by=by, pool_id=pool_id)


def _locked(rule_id: UUID, by: User) -> Rule:
    rule = next((rule for rule in _locked_rules(by) if rule.id == rule_id), None)
    if rule is None:
        raise NotFound("There is no such rule.")
    return rule


def _locked_rules(by: User) -> Sequence[Rule]:
    """All rules in their order, locked in that of their ids: who moves one moves the others."""
    ours = (Rule.company_id == by.company_id, Rule.deleted_at.is_(None))
    db.session.scalars(select(Rule.id).where(*ours).order_by(Rule.id).with_for_update(key_share=True)).all()
    in_order = select(Rule).where(*ours).order_by(Rule.is_default, Rule.position, Rule.id)
    return db.session.scalars(in_order.execution_options(populate_existing=True)).all()


def _behind(rules: Sequence[Rule]) -> int:
    return 1 + max((rule.position for rule in rules if not rule.is_default), default=0)


def _checked(changes: RuleChanges, by: User) -> dict[str, Any]:
    """The columns as they are stored. Raises Invalid with every complaint."""
    refuse_unknown(changes, RuleChanges.__annotations__)
    wrong = Complaints()
    columns: dict[str, Any] = dict(changes)
    if "name" in changes:
        columns["name"] = wrong.name("name", changes["name"])
    for field, message in check_conditions(changes.get("conditions", {}), changes.get("strictness", {})):
        wrong.add(field if field.startswith(("conditions", "strictness")) else f"conditions.{field}", message)
    if changes.get("hours") is not None:
        _complain_about_hours(wrong, changes["hours"], by)
    if changes.get("pool_id") is not None:
        _complain_about_pool(wrong, changes["pool_id"])
    wrong.raise_if_any()
    return columns


def _complain_about_hours(wrong: Complaints, hours: Any, by: User) -> None:
    try:
        parse_hours(hours, db.session.get_one(Company, by.company_id).time_zone)
    except HoursError as error:
        wrong.add("hours" if error.field == "hours" else f"hours.{error.field}", str(error))


def _complain_about_pool(wrong: Complaints, pool_id: UUID | None) -> None:
    # Locked, so that the pool is not deleted, nor made a group, between this look and our commit.
    found = select(Pool.for_reassignment).where(Pool.id == pool_id, Pool.deleted_at.is_(None))
    for_reassignment = db.session.scalar(found.with_for_update(read=True))
    if for_reassignment is None:
        wrong.add("pool_id", "There is no such pool.")
    elif for_reassignment:
        wrong.add("pool_id", "This pool is for reassignments, not for new leads. Choose another one.")


def _facts(rule: Rule) -> dict[str, Any]:
    """What the log of changes tells of a rule; its pool by name."""
    columns = {name: getattr(rule, name) for name in RuleChanges.__annotations__ if name != "pool_id"}
    pool = None if rule.pool_id is None else db.session.scalar(select(Pool.name).where(Pool.id == rule.pool_id))
    return columns | {"pool": pool}
