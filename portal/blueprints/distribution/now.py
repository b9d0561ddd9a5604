"""“If a lead came now”: the sentence every page carries that decides about it."""

from __future__ import annotations

from uuid import UUID

from portal.blueprints.distribution import wording
from portal.permissions import INSIGHT, rights_of
from portal.queries.people_now import PersonNow
from portal.queries.pool_ties import rules_sending, teams_sending
from portal.queries.pools import pool_named
from portal.queries.setup import setup_of
from portal.queries.what_if import decision_in_pool, decision_now, hold_now, turns_to_come
from portal.routing.decision import Decision
from portal.routing.facts import LeadFacts, Outcome
from portal.routing.route import Turn, who_is_next
from portal.sign_in import current_company, signed_in_user

NEXT_SHOWN = 5
TURNS_LOOKED_AHEAD = 50
SOMEBODY_ELSE = UUID(int=0)
"""Who owns a lead in a question about whoever might own it: nobody here."""


def sentence_now() -> str:
    """What would happen to a plain lead now."""
    return _unless_held(wording.if_a_lead_came(_decision()))


def _unless_held(said: str) -> str:
    """What would happen, behind that the company holds new leads now, if it does."""
    company = current_company()
    hold = hold_now(company.id)
    if hold is None:
        return said
    return f"{wording.if_it_were_held(hold, company.time_zone)} If it were let go now: {said}"


def sentence_for_viewer() -> str | None:
    """The same for whoever may know how leads are handed out; None for anybody else."""
    return sentence_now() if rights_of(signed_in_user()) & INSIGHT else None


def sentence_for_pool(pool_id: UUID) -> str:
    """What would happen to a plain lead that reached this pool now. Raises NotFound."""
    company = current_company()
    if pool_named(pool_id).for_reassignment:
        return _if_an_owned_lead_came(company.id, pool_id)
    decision = decision_in_pool(company.id, pool_id, LeadFacts())
    said = wording.if_a_lead_came(decision)
    is_sent = rules_sending(pool_id) or teams_sending(pool_id)
    return _unless_held(said) if is_sent else f"No rule sends leads here. If one came all the same: {said}"


def _if_an_owned_lead_came(company_id: UUID, pool_id: UUID) -> str:
    decision = decision_in_pool(company_id, pool_id, LeadFacts(taken_from=SOMEBODY_ELSE))
    if decision.chosen or decision.outcome is Outcome.POND:
        said = wording.if_a_lead_came(decision)
        return f"If somebody's lead were handed to it: {said[0].lower()}{said[1:]}"
    return "If somebody's lead were handed to it: nobody could take it now, so it would stay with its owner."


def sentence_for_person(person: PersonNow) -> str:
    """Whether this person would get a plain lead now, and if not, why not and who would."""
    return _unless_held(_for_person(person))


def _for_person(person: PersonNow) -> str:
    decision, user_id, name = _decision(), person.user.id, wording.short(person.user.name)
    if user_id in decision.chosen:
        return wording.if_it_came_to(name, decision)
    if person.refused:
        return f"{name} would not get it: {person.refused}. {wording.if_a_lead_came(decision)}"
    return f"{wording.if_a_lead_came(decision)} {_place_of(user_id, name, decision)}".rstrip()


def turns_of(pool_id: UUID) -> list[Turn]:
    """Who is next in this pool, the first few. Raises NotFound."""
    return turns_to_come(current_company().id, pool_id, NEXT_SHOWN)


def _place_of(user_id: UUID, name: str, decision: Decision) -> str:
    """Where somebody stands who could get a lead, but not this one."""
    pool = decision.pool
    if pool is None:
        return ""
    weight = next((member.weight for member in pool.members if member.user_id == user_id), None)
    if not weight:
        return f"{name} {'is not in' if weight is None else 'has weight 0 in'} the pool “{pool.name}”."
    turns = who_is_next(pool, TURNS_LOOKED_AHEAD, decision.at, setup_of(current_company().id).policy)
    place = next((number for number, turn in enumerate(turns, start=1) if turn.user_id == user_id), None)
    if place is None:
        return f"The turn of {name} comes later."
    return f"{name} would get the {wording.ordinal(place)} lead from now."


def _decision() -> Decision:
    company = current_company()
    return decision_now(company.id, LeadFacts())
