"""Where leads go: the rules, in the order they are looked at. The company's default rule is its last, and stays.

A team may have a list of its own, for the leads that rules send to it. All lists are locked together: who moves one
rule moves the others, and two rules at once could send leads round in a circle that neither makes alone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, TypedDict, Unpack
from uuid import UUID

from sqlalchemy import func, select

from portal.errors import Conflict, Invalid, NotFound
from portal.extensions import db
from portal.models import Company, Pool, Rule, Team, User, new_id
from portal.operations import auditing, waiting
from portal.operations.auditing import Subject
from portal.operations.complaints import Complaints, refuse_unknown
from portal.operations.hours_check import complain_about_hours
from portal.operations.pools_for_new_leads import complain_about_pool
from portal.operations.seen import refuse_stale
from portal.operations.transaction import operation
from portal.permissions import Right, is_reached, require, require_company_wide, require_over
from portal.routing.chain import check_ways
from portal.routing.conditions import check_conditions

MOST_RULES = 500

# What the default rule may not be: it takes every lead there is, always.
_ONLY_OF_OTHERS = frozenset({"conditions", "strictness", "hours", "paused", "team_id"})


class RuleChanges(TypedDict, total=False):
    """What people and programs set on a rule; conditions and strictness as `routing.conditions` reads them, hours as
    `routing.hours` does. `team_id` is whose list it stands in, None for the company's. It sends leads to a pool or to
    a team, `to_team_id`: naming one lets go of the other."""

    name: str
    conditions: Mapping[str, Any]
    strictness: Mapping[str, str]
    hours: Mapping[str, Any] | None
    team_id: UUID | None
    pool_id: UUID | None
    to_team_id: UUID | None
    paused: bool


@operation
def make_rule(*, by: User, like: Rule | None = None, **fields: Unpack[RuleChanges]) -> Rule:
    """A new rule, looked at after all others of its list but the default rule.

    Args:
        like: the rule it is a copy of: where that one leads may be out of the user's reach, and is no new choice.

    Raises:
        Forbidden: no right to.
        NotFound: the list is of a team the right to does not reach.
        Invalid: a field makes no sense.
        Conflict: there are too many already.
    """
    _require_list(by, fields.get("team_id"))
    if "name" not in fields:
        raise Invalid.field("name", "A rule needs a name.")
    others = _locked_rules(by)
    if len(others) > MOST_RULES:
        raise Conflict(f"A company has at most {MOST_RULES} rules. Delete one you no longer need first.")
    columns = _checked(fields, by, like)
    rule = Rule(company_id=by.company_id, id=new_id(), position=_behind(others, columns.get("team_id")), **columns)
    db.session.add(rule)
    db.session.flush()
    _refuse_circles([*others, rule])
    auditing.added(by, Subject.RULE, rule.id, rule.name, _facts(rule))
    waiting.drain_soon(by.company_id)
    return rule


@operation
def change_rule(rule_id: UUID, *, by: User, seen: str | None = None, **changes: Unpack[RuleChanges]) -> Rule:
    """Change some fields of a rule; of the default rule, its name and where it sends leads. In another list it stands
    behind the others.

    Args:
        seen: a mark of the rule the changes were made to, where many fields are sent at once.

    Raises:
        NotFound: no such rule.
        Forbidden: no right to.
        Invalid: a field makes no sense, or is none of the default rule's.
        Stale: somebody else changed the rule since it was seen.
    """
    rules = _locked_rules(by)
    rule = _reached(rule_id, rules, by)
    refuse_stale(seen, rule, RuleChanges.__annotations__)
    columns = _checked(changes, by, rule)
    fixed = sorted(_ONLY_OF_OTHERS & columns.keys()) if rule.is_default else []
    if fixed:
        raise Invalid.field(fixed[0], "The default rule takes every lead, always; only its name and pool can change.")
    if columns.get("team_id", rule.team_id) != rule.team_id:
        _require_list(by, columns["team_id"])
        columns["position"] = _behind(rules, columns["team_id"])
    before = _facts(rule)
    for name, value in columns.items():
        setattr(rule, name, value)
    db.session.flush()
    _refuse_circles(rules)
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
    original = _reached(rule_id, _locked_rules(by), by)
    if original.is_default:
        raise Conflict("There is one default rule. Make a new rule instead.")
    columns = {name: getattr(original, name) for name in RuleChanges.__annotations__}
    name = f"Copy of {original.name}"[:200]
    copy = make_rule(by=by, like=original, **columns | {"name": name, "paused": True})
    order = [rule.id for rule in _list_of(original, _locked_rules(by)) if rule.id != copy.id]
    order.insert(order.index(original.id) + 1, copy.id)
    order_rules(order, by=by)
    return copy


@operation
def order_rules(rule_ids: Sequence[UUID], *, by: User) -> None:
    """Put the rules of one list into this order; the default rule is the company's last, and may be left out.

    Raises:
        Forbidden: no right to.
        NotFound: the list is of a team the right to does not reach.
        Invalid: it names not each rule of one list once.
    """
    everything = {rule.id: rule for rule in _locked_rules(by)}
    first = everything.get(rule_ids[0]) if rule_ids else None
    team_id = first.team_id if first else None
    _require_list(by, team_id)
    listed = {rule.id: rule for rule in everything.values() if rule.team_id == team_id}
    default = [rule.id for rule in listed.values() if rule.is_default]
    wanted = list(rule_ids[:-1]) if default and rule_ids and rule_ids[-1] in default else list(rule_ids)
    if set(default) & set(wanted):
        raise Invalid.field("ids", "The default rule is the last; it takes what no other rule takes.")
    if set(wanted) != listed.keys() - set(default) or len(set(wanted)) != len(wanted):
        raise Invalid.field("ids", "Name each rule of one list once, in the order they shall be looked at.")
    before = [rule.name for rule in listed.values()]
    for position, rule_id in enumerate(wanted, start=1):
        listed[rule_id].position = position
    db.session.flush()
    after = [listed[rule_id].name for rule_id in (*wanted, *default)]
    subject, what = _order_of(team_id, default)
    auditing.changed(by, Subject.RULE, subject, what, {"order": before}, {"order": after})
    waiting.drain_soon(by.company_id)


def _order_of(team_id: UUID | None, default: Sequence[UUID]) -> tuple[UUID, str]:
    """What the log of changes calls the order of a list: the company's goes by its default rule, another by its
    team."""
    if team_id is None:
        return default[0], "Order of the rules"
    return team_id, f"Order of the rules of team “{_name_of_team(team_id)}”"


@operation
def move_rule(rule_id: UUID, places: int, *, by: User) -> None:
    """Move a rule up (places below zero) or down; at the end of the list it stays where it is.

    Raises:
        NotFound: no such rule.
        Forbidden: no right to.
        Conflict: it is the default rule.
    """
    rules = _locked_rules(by)
    rule = _reached(rule_id, rules, by)
    if rule.is_default:
        raise Conflict("The default rule is the last; it takes what no other rule takes.")
    order = [each.id for each in _list_of(rule, rules)]
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
    rule = _reached(rule_id, _locked_rules(by), by)
    if rule.is_default:
        raise Conflict(f"“{rule.name}” is the default rule; it cannot be removed. Point it at no pool instead.")
    auditing.removed(by, Subject.RULE, rule.id, rule.name, _facts(rule))
    rule.deleted_at = db.session.scalar(select(func.clock_timestamp()))
    db.session.flush()
    waiting.drain_soon(by.company_id)


@operation
def point_rule(rule_id: UUID, pool_id: UUID | None, *, by: User) -> Rule:
    """Send the leads a rule takes to a pool; to none, and they wait for a person. Errors as in `change_rule`."""
    return change_rule(rule_id, by=by, pool_id=pool_id, to_team_id=None)


def _require_list(by: User, team_id: UUID | None) -> None:
    """Raise unless the user may set up the rules of this team; None = the company's own."""
    if team_id is None:
        require_company_wide(by, Right.DISTRIBUTION)
    else:
        require_over(by, Right.DISTRIBUTION, team_id, what="team")


def _reached(rule_id: UUID, rules: Sequence[Rule], by: User) -> Rule:
    """One of the rules, locked, of a list the user may set up."""
    require(by, Right.DISTRIBUTION)
    rule = next((rule for rule in rules if rule.id == rule_id), None)
    if rule is None:
        raise NotFound("There is no such rule.")
    if rule.team_id is None:
        require_company_wide(by, Right.DISTRIBUTION)
    require_over(by, Right.DISTRIBUTION, rule.team_id, what="rule")
    return rule


def _list_of(rule: Rule, rules: Sequence[Rule]) -> list[Rule]:
    """Those of the list a rule stands in, but the default rule."""
    return [each for each in rules if each.team_id == rule.team_id and not each.is_default]


def _locked_rules(by: User) -> Sequence[Rule]:
    """All rules in their order, locked in that of their ids: who moves one moves the others."""
    ours = (Rule.company_id == by.company_id, Rule.deleted_at.is_(None))
    db.session.scalars(select(Rule.id).where(*ours).order_by(Rule.id).with_for_update(key_share=True)).all()
    in_order = select(Rule).where(*ours).order_by(Rule.is_default, Rule.position, Rule.id)
    return db.session.scalars(in_order.execution_options(populate_existing=True)).all()


def _behind(rules: Sequence[Rule], team_id: UUID | None) -> int:
    listed = (rule.position for rule in rules if rule.team_id == team_id and not rule.is_default)
    return 1 + max(listed, default=0)


def _refuse_circles(rules: Sequence[Rule]) -> None:
    """Raise Invalid where rules of teams send leads on in a circle, paused ones included: they may be resumed."""
    ways = defaultdict[UUID, list[UUID]](list)
    for rule in rules:
        if rule.team_id is not None and rule.to_team_id is not None:
            ways[rule.team_id].append(rule.to_team_id)
    loop = check_ways(dict(ways))
    if loop is not None:
        told = " → ".join(f"“{_name_of_team(team_id)}”" for team_id in (*loop, loop[0]))
        raise Invalid.field(
            "to_team_id", f"Leads would go round in a circle: {told}. Choose a team that does not send them back."
        )


def _checked(changes: RuleChanges, by: User, rule: Rule | None = None) -> dict[str, Any]:
    """The columns as they are stored. Raises Invalid with every complaint."""
    refuse_unknown(changes, RuleChanges.__annotations__)
    wrong = Complaints()
    columns: dict[str, Any] = dict(changes)
    if "name" in changes:
        columns["name"] = wrong.name("name", changes["name"])
    for field, message in check_conditions(changes.get("conditions", {}), changes.get("strictness", {})):
        wrong.add(field if field.startswith(("conditions", "strictness")) else f"conditions.{field}", message)
    hours = changes.get("hours")
    # What it has already may have run out since, and must not be in the way of other changes.
    if hours is not None and hours != (rule and rule.hours):
        complain_about_hours(wrong, hours, db.session.get_one(Company, by.company_id).time_zone)
    _complain_about_the_way(wrong, changes, by, rule)
    wrong.raise_if_any()
    # To a pool or to a team: the one that is named lets go of the other.
    if changes.get("pool_id") is not None:
        columns["to_team_id"] = None
    elif changes.get("to_team_id") is not None:
        columns["pool_id"] = None
    return columns


def _complain_about_the_way(wrong: Complaints, changes: RuleChanges, by: User, rule: Rule | None) -> None:
    """About the list a rule stands in, and where it sends leads; not about what somebody whose right reaches further
    chose before, and stays."""
    pool_id, to_team_id = changes.get("pool_id"), changes.get("to_team_id")
    if pool_id is not None and to_team_id is not None:
        wrong.add("to_team_id", "A rule sends leads to a pool or to a team. Leave one of the two out.")
    if pool_id is not None and pool_id != (rule and rule.pool_id):
        complain_about_pool(wrong, "pool_id", pool_id, by)
    if to_team_id is not None and to_team_id != (rule and rule.to_team_id) and not _is_there(to_team_id, by):
        wrong.add("to_team_id", "There is no such team.")
    team_id = changes.get("team_id")
    if team_id is not None and team_id != (rule and rule.team_id) and not _is_there(team_id, by):
        wrong.add("team_id", "There is no such team.")


def _is_there(team_id: UUID, by: User) -> bool:
    """Whether it is a team the user may set up; locked, so that it is not removed between this look and our commit."""
    its = (Team.company_id == by.company_id, Team.id == team_id)
    found = db.session.scalar(select(Team.id).where(*its).with_for_update(read=True))
    return found is not None and is_reached(by, Right.DISTRIBUTION, team_id)


def _facts(rule: Rule) -> dict[str, Any]:
    """What the log of changes tells of a rule; its pool and teams by name."""
    named = ("pool_id", "team_id", "to_team_id")
    columns = {name: getattr(rule, name) for name in RuleChanges.__annotations__ if name not in named}
    pool = None if rule.pool_id is None else db.session.scalar(select(Pool.name).where(Pool.id == rule.pool_id))
    return columns | {"pool": pool, "to_team": _name_of_team(rule.to_team_id), "team": _name_of_team(rule.team_id)}


def _name_of_team(team_id: UUID | None) -> str | None:
    return None if team_id is None else db.session.scalar(select(Team.name).where(Team.id == team_id))
