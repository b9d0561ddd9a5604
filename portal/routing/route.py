"""From a lead to a decision: the rules name a pool, its gates say who may, its picker says who does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from portal.routing import gates, ledger
from portal.routing.decision import Decision
from portal.routing.facts import (
    Asking,
    Candidate,
    Credit,
    Delivery,
    LeadFacts,
    Outcome,
    PoolFacts,
    Rule,
    RuleCheck,
    RuleMatch,
    Stage,
)
from portal.routing.hours import WeeklyHours, is_open
from portal.routing.pickers import PICKERS

OUTCOMES: Mapping[Delivery, Outcome] = {Delivery.ASSIGN: Outcome.ASSIGN, Delivery.OFFER: Outcome.OFFER}
"""What has to be done with the chosen, by the pool's delivery."""


def match_rules(lead: LeadFacts, rules: Sequence[Rule], now: datetime | None = None) -> RuleMatch:
    """The first rule `lead` meets at `now`, from the top; the default rule, the last, takes every lead.

    Raises ValueError for a rule with conditions of a kind routing does not know, or with hours while `now` is not
    given: to pass over them would send leads where nobody wanted them.
    """
    checks: list[RuleCheck] = []
    for rule in rules:
        check = _check(rule, lead, now)
        checks.append(check)
        if check.met:
            return RuleMatch(rule, tuple(checks))
    return RuleMatch(None, tuple(checks))


def _check(rule: Rule, lead: LeadFacts, now: datetime | None) -> RuleCheck:
    if rule.is_default:
        return RuleCheck(rule.id, rule.name, True, "takes every lead")
    if rule.paused:
        return RuleCheck(rule.id, rule.name, False, "paused")
    if rule.hours is not None and not _is_in_hours(rule, rule.hours, now):
        return RuleCheck(rule.id, rule.name, False, "outside its hours")
    try:
        met, why = rule.tests.check(lead)
    except ValueError as error:
        raise ValueError(f"rule {rule.name!r}: {error}") from error
    return RuleCheck(rule.id, rule.name, met, why)


def _is_in_hours(rule: Rule, hours: WeeklyHours, now: datetime | None) -> bool:
    if now is None:
        raise ValueError(f"rule {rule.name!r}: its hours need a moment to be held against")
    return is_open(hours, now)


def hand_out(lead: LeadFacts, pool: PoolFacts, match: RuleMatch | None, asking: Asking, now: datetime) -> Decision:
    """One look at the pool: those who asked for a second chance first, then the line.

    When there is nobody, the outcome is WAIT on the stage LINE: the ladder goes on from there.
    """
    if not asking.second_chances:
        return _line(lead, pool, match, asking, now)
    again = _second_chance(lead, pool, match, asking, now)
    return again if again.chosen else _line(lead, pool, match, asking, now, before=again)


def unrouted(lead: LeadFacts, match: RuleMatch | None, now: datetime) -> Decision:
    """No routing is set up for `lead`: the rule it meets names no pool. It waits, calmly, for a person."""
    return Decision(lead, None, match, now, Stage.WAITING, Outcome.WAIT, (), note="The rule names no pool.")


def _line(
    lead: LeadFacts,
    pool: PoolFacts,
    match: RuleMatch | None,
    asking: Asking,
    now: datetime,
    before: Decision | None = None,
) -> Decision:
    members = pool.members
    refusals = gates.refusals(members, lead)
    eligible = [member for member, refused in zip(members, refusals, strict=True) if refused is None]
    credit = Credit.SECOND if asking.offers_made else Credit.TURN
    note = _why_nobody(pool, asking, eligible)
    if note:
        return Decision(
            lead, pool, match, now, Stage.LINE, Outcome.WAIT, (), members, refusals, credit, None, note, before
        )
    pick = PICKERS[pool.picker](eligible, credit)
    outcome = OUTCOMES[pool.delivery]
    return Decision(
        lead, pool, match, now, Stage.LINE, outcome, (pick.user_id,), members, refusals, credit, pick.step, None, before
    )


def _why_nobody(pool: PoolFacts, asking: Asking, eligible: Sequence[Candidate]) -> str | None:
    if not pool.members:
        return "The pool has no members."
    if not eligible:
        return "Nobody in the line can take it."
    if pool.delivery is Delivery.OFFER and 0 < pool.max_offers <= asking.offers_made:
        return f"The line is used up: {asking.offers_made} of {pool.max_offers} offers were made."
    return None


def _second_chance(
    lead: LeadFacts, pool: PoolFacts, match: RuleMatch | None, asking: Asking, now: datetime
) -> Decision:
    """The first in order of pressing who may still get it. Not counted in `max_offers`, and no turn is played."""
    members = {member.user_id: member for member in pool.members}
    waiting = [members[user_id] for user_id in asking.second_chances if user_id in members]
    refusals = gates.refusals(waiting, lead, gates.SECOND_CHANCE)
    chosen = tuple(one.user_id for one, refused in zip(waiting, refusals, strict=True) if refused is None)[:1]
    outcome = OUTCOMES[pool.delivery] if chosen else Outcome.WAIT
    note = None if chosen else "Nobody who asked for another chance can take it now."
    return Decision(lead, pool, match, now, Stage.SECOND_CHANCE, outcome, chosen, waiting, refusals, note=note)


class Turn(NamedTuple):
    """A place in the order to come: who, and the nano-leads they are owed by then."""

    user_id: UUID
    name: str
    owed: int


def who_is_next(pool: PoolFacts, count: int, now: datetime) -> list[Turn]:
    """The next `count` first hand-outs of `pool` for a plain lead, as things stand. Fewer when caps fill up."""
    turns: list[Turn] = []
    for _ in range(count):
        decision = hand_out(LeadFacts(), pool, None, Asking(), now)
        if decision.step is None:
            break
        step = decision.step
        turns.append(Turn(step.chosen, step.members[step.place].name, step.owed))
        pool = ledger.apply(pool, decision, now)
    return turns
