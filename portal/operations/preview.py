"""What would happen to a lead, were it to come in now. Nothing changes."""

from __future__ import annotations

from typing import Any

from portal.operations.arrival import Arriving
from portal.queries import routing_facts
from portal.queries.across import KeyHolder
from portal.routing import ladder
from portal.routing.decision import Decision
from portal.routing.facts import Asking
from portal.routing.route import hand_out, match_rules, unrouted


def preview(arriving: Arriving, *, holder: KeyHolder) -> Decision:
    """The decision a new lead like this would get, as things stand.

    Unlocked: by the time a lead does come in, turns may have been played. Somebody named, or who had the contact's
    last lead, is not looked at: this is what routing says.
    """
    company_id = holder.company_id
    facts = arriving.facts(arriving.points(holder.country), None)
    match = match_rules(facts, routing_facts.rules(company_id))
    now = routing_facts.database_clock()
    if match.rule is None or match.rule.pool_id is None:
        return unrouted(facts, match, now)
    pool = routing_facts.pool_facts(company_id, match.rule.pool_id)
    line = hand_out(facts, pool, match, Asking(), now)
    if line.chosen:
        return line
    everyone = (lambda: routing_facts.everyone(company_id)) if holder.fallback_any_active else None
    return ladder.climb(facts, pool, everyone, line, now)


def first_and_then(decision: Decision) -> tuple[Decision, list[Decision]]:
    """The first pool's decision, and the steps of the ladder that follow it."""
    first, *then = decision.stages
    return first, then


def as_answer(decision: Decision) -> dict[str, Any]:
    """The first pool's decision with the ladder's steps under `then`, each as `routing.explain.as_data` tells it."""
    first, then = first_and_then(decision)
    return first.as_data() | {"then": [step.as_data() for step in then]}
