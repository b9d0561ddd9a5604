"""From a lead to a decision: the rules name a pool, its gates say who may, its picker says who does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from operator import attrgetter
from types import MappingProxyType
from typing import NamedTuple
from uuid import UUID

from portal.routing import gates, ledger, pickers
from portal.routing.decision import Decision
from portal.routing.facts import (
    Asking,
    Candidate,
    Credit,
    Delivery,
    LeadFacts,
    Outcome,
    Policy,
    PoolFacts,
    Refusal,
    Rule,
    RuleCheck,
    RuleMatch,
    Stage,
    TeamRules,
)
from portal.routing.hours import WeeklyHours, is_open
from portal.routing.scene import AS_USUAL, Scene

OUTCOMES: Mapping[Delivery, Outcome] = {
    Delivery.ASSIGN: Outcome.ASSIGN,
    Delivery.OFFER: Outcome.OFFER,
    Delivery.BROADCAST: Outcome.BROADCAST,
    Delivery.POND: Outcome.POND,
}
"""What has to be done with the chosen, by the pool's delivery."""


NO_TEAMS: Mapping[UUID, TeamRules] = MappingProxyType({})


def match_rules(
    lead: LeadFacts,
    rules: Sequence[Rule],
    now: datetime | None = None,
    teams: Mapping[UUID, TeamRules] = NO_TEAMS,
) -> RuleMatch:
    """The first rule `lead` meets at `now`, from the top; the default rule, the last, takes every lead.

    Where the rule sends it to one of `teams`, the walk goes on with that team's list. Saving refuses teams that send
    leads round; the walk ends all the same where it comes to a team for the second time.

    Raises ValueError for a rule with conditions of a kind routing does not know, or with hours while `now` is not
    given: to pass over them would send leads where nobody wanted them.
    """
    checks: list[RuleCheck] = []
    decides = _first_met(rules, lead, now, None, teams, checks)
    team = _sent_to(decides, teams)
    passed: set[UUID] = set()
    while team is not None and team.id not in passed:
        passed.add(team.id)
        met = _first_met(team.rules, lead, now, team, teams, checks)
        if met is None:
            break
        decides, team = met, _sent_to(met, teams) or team
    return RuleMatch(decides, tuple(checks), team)


def _first_met(
    rules: Sequence[Rule],
    lead: LeadFacts,
    now: datetime | None,
    team: TeamRules | None,
    teams: Mapping[UUID, TeamRules],
    checks: list[RuleCheck],
) -> Rule | None:
    """The first rule met of one list, which is `team`'s; every look at one is added to `checks`."""
    for rule in rules:
        met, why = _check(rule, lead, now)
        ahead = _sent_to(rule, teams) if met else None
        checks.append(
            RuleCheck(rule.id, rule.name, met, why, team.name if team else None, ahead.name if ahead else None)
        )
        if met:
            return rule
    return None


def _sent_to(rule: Rule | None, teams: Mapping[UUID, TeamRules]) -> TeamRules | None:
    return teams.get(rule.to_team_id) if rule is not None and rule.to_team_id is not None else None


def _check(rule: Rule, lead: LeadFacts, now: datetime | None) -> tuple[bool, str]:
    if rule.is_default:
        return True, "takes every lead"
    if rule.paused:
        return False, "paused"
    if rule.hours is not None and not _is_in_hours(rule, rule.hours, now):
        return False, "outside its hours"
    try:
        return rule.tests.check(lead)
    except ValueError as error:
        raise ValueError(f"rule {rule.name!r}: {error}") from error


def _is_in_hours(rule: Rule, hours: WeeklyHours, now: datetime | None) -> bool:
    if now is None:
        raise ValueError(f"rule {rule.name!r}: its hours need a moment to be held against")
    return is_open(hours, now)


def hand_out(
    lead: LeadFacts,
    pool: PoolFacts,
    match: RuleMatch | None,
    asking: Asking,
    now: datetime,
    policy: Policy = AS_USUAL,
) -> Decision:
    """One look at the pool: those who asked for a second chance first, then the line.

    When there is nobody, the outcome is WAIT: the ladder goes on from there. In a pond the outcome is POND, and nobody
    is chosen either. The stage is LINE, or NEXT_POOL for a lead that was handed on to this pool.
    """
    scene = Scene(lead, policy, now)
    if not asking.second_chances:
        return _line(scene, pool, match, asking, now)
    again = _second_chance(scene, pool, match, asking, now)
    return again if again.chosen else _line(scene, pool, match, asking, now, before=again)


def unrouted(lead: LeadFacts, match: RuleMatch | None, now: datetime) -> Decision:
    """No routing is set up for `lead`: the rule it meets names no pool. It waits, calmly, for a person."""
    return Decision(lead, None, match, now, Stage.WAITING, Outcome.WAIT, (), note="The rule names no pool.")


def without_pool(lead: LeadFacts, match: RuleMatch, now: datetime) -> Decision:
    """Where the ladder begins for a lead that came to a team whose rules and default pool do not take it: there is no
    line, and the team's people come first."""
    note = f"Team “{match.team.name}” names no pool for it." if match.team else None
    return Decision(lead, None, match, now, Stage.LINE, Outcome.WAIT, (), note=note)


def _line(
    scene: Scene,
    pool: PoolFacts,
    match: RuleMatch | None,
    asking: Asking,
    now: datetime,
    before: Decision | None = None,
) -> Decision:
    is_first = not (asking.offers_made or asking.had_before)
    credit = None if asking.handed_on else pickers.credit_of(pool, is_first=is_first)
    found = look(scene, pool, credit, asking.offers_made)
    kept = credit if pool.delivery in ONE_AT_A_TIME else None
    stage = Stage.NEXT_POOL if asking.handed_on else Stage.LINE
    return Decision(
        scene.lead, pool, match, now, stage, found.outcome, found.chosen, found.candidates, found.refusals,
        kept, found.step, found.note, before,
    )  # fmt: skip


class Found(NamedTuple):
    """What one look at a pool came to; the fields mean what they mean in a Decision."""

    outcome: Outcome
    chosen: tuple[UUID, ...]
    candidates: Sequence[Candidate]
    refusals: Sequence[Refusal | None]
    step: ledger.Step | None = None
    note: str | None = None


ONE_AT_A_TIME = frozenset({Delivery.ASSIGN, Delivery.OFFER})
"""Deliveries that choose one person, whose turn it then is."""


def look(scene: Scene, pool: PoolFacts, credit: Credit | None, offers_made: int) -> Found:
    """Who of `pool` gets the lead. A turn is played on `credit`; None: no ledger is kept."""
    members = pickers.considered(pool)
    refusals = gates.refusals(members, scene, pickers.WAYS_IN[pool.picker])
    eligible = [member for member, refused in zip(members, refusals, strict=True) if refused is None]
    if pool.delivery is Delivery.POND and (eligible or _is_anybody_away(refusals)):
        return Found(Outcome.POND, (), members, refusals, note=IN_THE_POND)
    note = _why_nobody(pool, offers_made, members, eligible)
    if note:
        return Found(Outcome.WAIT, (), members, refusals, note=note)
    if pool.delivery is Delivery.BROADCAST:
        told = tuple(one.user_id for one in sorted(eligible, key=attrgetter("tie_order", "user_id")))
        return Found(Outcome.BROADCAST, told, members, refusals)
    pick = pickers.pick(eligible, scene, pool, credit, _forfeiting(pool, members, refusals))
    return Found(OUTCOMES[pool.delivery], (pick.user_id,), members, refusals, pick.step)


def _forfeiting(
    pool: PoolFacts, members: Sequence[Candidate], refusals: Sequence[Refusal | None]
) -> Sequence[Candidate]:
    """Those who are at a cap, where that costs them what they are owed."""
    if not pool.forfeit_at_cap:
        return ()
    pairs = zip(members, refusals, strict=True)
    return [one for one, refused in pairs if refused is not None and refused.gate in gates.CAPPED]


IN_THE_POND = "It lies in the pond for whoever takes it."


def _is_anybody_away(refusals: Sequence[Refusal | None]) -> bool:
    return any(refused is not None and refused.gate in gates.AWAY for refused in refusals)


def _why_nobody(
    pool: PoolFacts, offers_made: int, members: Sequence[Candidate], eligible: Sequence[Candidate]
) -> str | None:
    if not pool.members:
        return "The pool has no members."
    if not members:
        return "The pool names nobody for its leads."
    if not eligible:
        return "Nobody in the line can take it."
    if pool.delivery is Delivery.OFFER and 0 < pool.max_offers <= offers_made:
        return f"The line is used up: {offers_made} of {pool.max_offers} offers were made."
    return None


def _second_chance(scene: Scene, pool: PoolFacts, match: RuleMatch | None, asking: Asking, now: datetime) -> Decision:
    """The first in order of pressing who may still get it. Not counted in `max_offers`, and no turn is played."""
    members = {member.user_id: member for member in pool.members}
    waiting = [members[user_id] for user_id in asking.second_chances if user_id in members]
    refusals = gates.refusals(waiting, scene, pickers.way_back(pool))
    chosen = tuple(one.user_id for one, refused in zip(waiting, refusals, strict=True) if refused is None)[:1]
    given = Outcome.ASSIGN if pool.delivery is Delivery.ASSIGN else Outcome.OFFER
    outcome = given if chosen else Outcome.WAIT
    note = None if chosen else "Nobody who asked for another chance can take it now."
    return Decision(scene.lead, pool, match, now, Stage.SECOND_CHANCE, outcome, chosen, waiting, refusals, note=note)


class Turn(NamedTuple):
    """A place in the order to come: who, and the nano-leads they are owed by then."""

    user_id: UUID
    name: str
    owed: int


def who_is_next(pool: PoolFacts, count: int, now: datetime, policy: Policy = AS_USUAL) -> list[Turn]:
    """The next `count` first hand-outs of `pool` for a plain lead, as things stand. Fewer when caps fill up; none where
    no turns are kept: a named user, all at once, or a pond."""
    turns: list[Turn] = []
    for _ in range(count):
        decision = hand_out(LeadFacts(), pool, None, Asking(), now, policy)
        if decision.step is None:
            break
        step = decision.step
        turns.append(Turn(step.chosen, step.members[step.place].name, step.owed))
        pool = ledger.apply(pool, decision, now)
    return turns
