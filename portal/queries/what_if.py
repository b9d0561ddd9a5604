"""What would happen to a lead that came now, as things stand. Nothing is locked and nothing changes."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from portal.queries import routing_facts
from portal.queries.clock import database_time
from portal.queries.setup import Setup, setup_of
from portal.routing import ladder
from portal.routing.decision import Decision
from portal.routing.facts import Asking, Candidate, LeadFacts, PoolFacts, RuleMatch
from portal.routing.holding import Hold
from portal.routing.route import Turn, hand_out, unrouted, who_is_next, without_pool


def decision_now(company_id: UUID, lead: LeadFacts) -> Decision:
    """The decision a new lead would get; by the time one does come in, turns may have been played."""
    setup = setup_of(company_id)
    match = setup.match(lead)
    if match.pool_id is not None:
        return _in_pool(company_id, match.pool_id, lead, match, setup)
    if match.is_for_people_of_team:
        return _climbed(company_id, None, without_pool(lead, match, database_time()), setup)
    return unrouted(lead, match, database_time())


def hold_now(company_id: UUID) -> Hold | None:
    """Why a lead that came in now would be held, and until when; None = it would not be."""
    holding = setup_of(company_id).holding
    # Most companies hold nothing, and do without a question to the clock.
    return holding.hold(database_time()) if holding.intercept or holding.depends_on_time else None


def decision_on(company_id: UUID, lead_id: UUID) -> Decision:
    """The decision a stored lead would get that nobody was asked about yet."""
    facts, _ = routing_facts.stored_leads(company_id, [lead_id], setup_of(company_id).tagger)[lead_id]
    return decision_now(company_id, facts)


def decision_in_pool(company_id: UUID, pool_id: UUID, lead: LeadFacts) -> Decision:
    """The decision for a lead that reaches this pool, whatever the rules say. Raises NotFound."""
    return _in_pool(company_id, pool_id, lead, None, setup_of(company_id))


def _in_pool(company_id: UUID, pool_id: UUID, lead: LeadFacts, match: RuleMatch | None, setup: Setup) -> Decision:
    pool, now = routing_facts.pool_facts(company_id, pool_id, setup), database_time()
    line = hand_out(lead, pool, match, Asking(), now, setup.policy)
    return line if line.chosen else _climbed(company_id, pool, line, setup)


def _climbed(company_id: UUID, pool: PoolFacts | None, line: Decision, setup: Setup) -> Decision:
    """The end of the ladder, with the people of the team whose lead it is: the rule's, else the pool's."""
    in_team = line.match.team.id if line.match and line.match.team else pool.team_id if pool else None
    team = None if in_team is None else routing_facts.team_facts(company_id, in_team, setup)

    def everyone() -> Sequence[Candidate]:
        return routing_facts.everyone(company_id, setup)

    return ladder.climb(line.lead, pool, everyone, line, line.at, setup.policy, team=team)


def turns_to_come(company_id: UUID, pool_id: UUID, count: int) -> list[Turn]:
    """Who is next in this pool for a plain lead, as things stand. Raises NotFound."""
    setup = setup_of(company_id)
    return who_is_next(routing_facts.pool_facts(company_id, pool_id, setup), count, database_time(), setup.policy)
