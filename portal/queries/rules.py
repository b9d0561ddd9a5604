"""The company's rules and those of its teams, in the order they are looked at."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from sqlalchemy import func, select

from portal.errors import NotFound
from portal.extensions import db
from portal.models import Decision, Rule, User
from portal.models.ids import first_id_of
from portal.models.tenancy import working_company
from portal.permissions import Right, require_company_wide, require_over
from portal.queries.clock import database_time


def rules(team_id: UUID | None = None) -> Sequence[Rule]:
    """The rules of one list.

    Args:
        team_id: of this team; None = the company's, of which the default rule, which takes every lead, is the last.
    """
    return [rule for rule in rules_of_all() if rule.team_id == team_id]


def rules_of_all() -> Sequence[Rule]:
    """The rules of every list, each list in its order."""
    return db.session.scalars(
        select(Rule)
        .where(Rule.company_id == working_company(), Rule.deleted_at.is_(None))
        .order_by(Rule.is_default, Rule.position, Rule.id)
    ).all()


def rules_sending_to(team_id: UUID) -> Sequence[str]:
    """The names of the rules that send leads to this team now."""
    return [rule.name for rule in rules_of_all() if rule.to_team_id == team_id and not rule.paused]


def rule_named(rule_id: UUID) -> Rule:
    """One rule of the company entered. Raises NotFound."""
    rule = db.session.get(Rule, (working_company(), rule_id))
    if rule is None or rule.deleted_at is not None:
        raise NotFound("There is no such rule.")
    return rule


def reached_rule(user: User, rule_id: UUID) -> Rule:
    """One rule of a list the user may set up. Raises NotFound, and Forbidden for the company's own."""
    rule = rule_named(rule_id)
    if rule.team_id is None:
        require_company_wide(user, Right.DISTRIBUTION)
    require_over(user, Right.DISTRIBUTION, rule.team_id, what="rule")
    return rule


def default_rule() -> Rule:
    """The rule every company has: the last, which cannot be removed."""
    return db.session.scalars(select(Rule).where(Rule.company_id == working_company(), Rule.is_default)).one()


def rules_no_lead_met(days: int) -> dict[UUID, Rule]:
    """Rules that no lead met in the last `days`, by id. Left out are paused ones, those made meanwhile, the default
    rule, and those that send leads to a team, where another rule may decide; and all of them when no lead was routed at
    all."""
    since = database_time() - timedelta(days=days)
    met = set(
        db.session.scalars(
            select(func.distinct(Decision.rule_id)).where(
                # No rule sends a lead that is reassigned.
                Decision.company_id == working_company(),
                Decision.id >= first_id_of(since),
                Decision.rule_id.is_not(None),
            )
        )
    )
    if not met:
        return {}
    left_out = [rule.id for rule in rules_of_all() if rule.is_default or rule.paused or rule.to_team_id]
    could = [rule for rule in rules_of_all() if rule.id not in left_out and rule.created_at <= since]
    return {rule.id: rule for rule in could if rule.id not in met}
