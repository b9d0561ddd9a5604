"""What would happen to a lead that came now, as things stand. Nothing is locked and nothing changes."""

from __future__ import annotations

from uuid import UUID

from portal.queries import routing_facts
from portal.queries.clock import database_time
from portal.queries.setup import setup_of
from portal.routing import ladder
from portal.routing.decision import Decision
from portal.routing.facts import Asking, LeadFacts, PoolFacts, RuleMatch
from portal.routing.route import hand_out, unrouted


def decision_now(company_id: UUID, lead: LeadFacts, *, fallback_any_active: bool) -> Decision:
    """The decision a new lead would get; by the time one does come in, turns may have been played.

    Args:
        fallback_any_active: the company's setting.
    """
    match = setup_of(company_id).match(lead)
    if match.rule is None or match.rule.pool_id is None:
        return unrouted(lead, match, database_time())
    pool = routing_facts.pool_facts(company_id, match.rule.pool_id)
    return _down_the_ladder(company_id, lead, pool, match, fallback_any_active=fallback_any_active)


def decision_in_pool(company_id: UUID, pool_id: UUID, lead: LeadFacts, *, fallback_any_active: bool) -> Decision:
    """The decision for a lead that reaches this pool, whatever the rules say. Raises NotFound."""
    pool = routing_facts.pool_facts(company_id, pool_id)
    return _down_the_ladder(company_id, lead, pool, None, fallback_any_active=fallback_any_active)


def _down_the_ladder(
    company_id: UUID, lead: LeadFacts, pool: PoolFacts, match: RuleMatch | None, *, fallback_any_active: bool
) -> Decision:
    now = database_time()
    line = hand_out(lead, pool, match, Asking(), now)
    if line.chosen:
        return line
    everyone = (lambda: routing_facts.everyone(company_id)) if fallback_any_active else None
    return ladder.climb(lead, pool, everyone, line, now)
