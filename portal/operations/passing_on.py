"""Routing leads that are stored already: passed on after an offer, waiting, or routed again by hand."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from uuid import UUID

from sqlalchemy.exc import DBAPIError

from portal.models import LeadState, WorkKind
from portal.models.tenancy import working_company
from portal.operations.distribution import Round, in_any_case
from portal.operations.routable import Routable
from portal.operations.writes import Row
from portal.queries import routing_facts
from portal.queries.reassignments import Running, running_of
from portal.queries.routing_facts import History
from portal.queries.setup import Setup, setup_of
from portal.routing.decision import Decision
from portal.routing.facts import LeadFacts, Outcome, RuleCheck, RuleMatch

log = logging.getLogger(__name__)

Matching = Callable[[LeadFacts, Row, Setup, Round], RuleMatch | None]
Only = Callable[[Decision], bool]


def round_of_pool(pool_id: UUID | None, *, cause: str) -> Round:
    """A round under the pool's lock, by the settings of the company entered."""
    company_id = working_company()
    return Round(company_id, pool_id, setup=setup_of(company_id), cause=cause)


def pass_on(round_: Round, lead_ids: Sequence[UUID], only: Only = in_any_case) -> int:
    """Hand leads, locked by this transaction, out in the round's pool, in the order given.

    One that has an owner goes on in its reassignment, which is in that pool.

    Args:
        only: which decisions to carry out; a lead about which another one is made stays as it is.

    Returns:
        How many went to somebody.
    """
    return _hand_out(round_, lead_ids, _same_pool, only)


def route_afresh(round_: Round, lead_ids: Sequence[UUID], only: Only = in_any_case) -> int:
    """The same for leads whose pool the rules name now; the round is in that pool.

    One for which they name another pool since the round began stays as it is, and waiting leads are looked at again.
    """
    return _hand_out(round_, lead_ids, _by_the_rules, only)


def _hand_out(round_: Round, lead_ids: Sequence[UUID], match: Matching, only: Only) -> int:
    if not lead_ids:
        return 0
    if len(lead_ids) > 1:
        round_.lock_members()
    setup = setup_of(round_.company_id)
    stored = routing_facts.stored_leads(round_.company_id, lead_ids, setup.tagger)
    owned = [lead_id for lead_id in lead_ids if stored[lead_id][1]["state"] == LeadState.OWNED]
    running = running_of(owned) if owned else {}
    in_line = {lead_id: one.id for lead_id, one in running.items()}
    histories = routing_facts.histories(round_.company_id, lead_ids, in_line)
    went = 0
    for lead_id in lead_ids:
        facts, state = stored[lead_id]
        if lead_id in owned:
            if lead_id in running:
                went += _went(round_, _reassigned(facts, state, histories[lead_id], running[lead_id]), only)
            continue
        met = match(facts, state, setup, round_)
        if met is None:
            round_.writes.work(WorkKind.DRAIN, round_.company_id, round_.at)
        else:
            went += _went(round_, Routable(facts, met, state, histories[lead_id]), only)
    return went


def _reassigned(facts: LeadFacts, state: Row, history: History, running: Running) -> Routable:
    """A lead on its way from its owner to somebody else. No rule sent it, and the owner is left out."""
    history.had_in = state["pool_id"]
    return Routable(
        replace(facts, taken_from=running.owner_id), RuleMatch(None, ()), state, history, running=running
    )  # fmt: skip


def _went(round_: Round, lead: Routable, only: Only) -> bool:
    """Hand one lead out. One that routing cannot deal with must not keep the others from going their way."""
    before = dict(lead.state)
    try:
        decision = round_.hand_out(lead, only)
    except DBAPIError:
        # There is no transaction left to go on with.
        raise
    except Exception:
        log.exception("Routing failed for lead %s; it waits", lead.id)
        lead.state |= before
        round_.leave_waiting(lead)
        return False
    return only(decision) and (bool(decision.chosen) or decision.outcome is Outcome.POND)


def _by_the_rules(facts: LeadFacts, state: Row, setup: Setup, round_: Round) -> RuleMatch | None:
    """None when the rules name another pool by now, whose lock is not held."""
    match = setup.match(facts, round_.at)
    return match if match.pool_id == round_.named else None


def _same_pool(facts: LeadFacts, state: Row, setup: Setup, round_: Round) -> RuleMatch | None:
    """The rule that sent the lead to its pool: a lead on its way stays in the pool it is in, whatever rules say now."""
    rule = next((rule for rule in setup.all_rules() if rule.id == state["rule_id"]), None)
    if rule is None:
        return RuleMatch(None, ())
    team = setup.team_of(rule)
    listed = setup.teams.get(rule.team_id) if rule.team_id else None
    check = RuleCheck(rule.id, rule.name, True, "sent the lead to this pool", listed.name if listed else None)
    return RuleMatch(rule, (check,), team)
