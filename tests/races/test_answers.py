"""Who was first is settled by the database: presses, the clock and hand-outs at the same instant."""

from __future__ import annotations

from functools import partial

import pytest
from sqlalchemy import text

from portal.errors import Conflict
from portal.extensions import db
from tests.cast import Company
from tests.consistency import assert_consistent
from tests.factories import make_pool, make_user
from tests.operations import sights
from tests.operations.acts import accept, arrive, ask_again, assign, change_company, decline, end_due, end_windows, miss
from tests.races.at_once import THREADS, at_once, done, refused

ROUNDS = range(4)


def ends_in(company: Company, seconds: float) -> None:
    """Open offers end that much from now, by the database's clock."""
    with company.inside():
        for statement in (
            "UPDATE offers SET expires_at = clock_timestamp() + make_interval(secs => :seconds) WHERE state = 'open'",
            "UPDATE due_work SET due_at = clock_timestamp() + make_interval(secs => :seconds) WHERE kind = 'end_offer'",
        ):
            db.session.execute(text(statement), {"seconds": seconds})
        db.session.commit()


def test_one_agent_pressing_accept_many_times_accepts_once(company: Company) -> None:
    make_pool(company, [company.agent, company.colleague])
    taken = arrive(company)
    results = at_once(*[partial(accept, company.agent, taken.offers[0])] * THREADS)
    assert refused(results) == []
    assert sights.kinds(company, taken.lead_id).count("accepted") == 1
    assert sights.lead(company, taken.lead_id).owner_id == company.agent.id
    assert_consistent(company)


def test_stale_offers_lose_to_the_one_that_is_open(company: Company) -> None:
    cy = make_user(company, "Cy")
    make_pool(company, [company.agent, company.colleague, cy])
    taken = arrive(company)
    miss(company)
    declined = sights.open_offer(company, taken.lead_id)
    decline(company.colleague, declined.id)
    chance = ask_again(company.agent, taken.offers[0])
    running = sights.open_offer(company, taken.lead_id)
    stale = [(company.agent, taken.offers[0]), (company.agent, chance.id), (company.colleague, declined.id)]
    presses = [partial(accept, cy, running.id)] * 8
    presses += [partial(accept, agent, offer_id) for agent, offer_id in stale * 8]
    results = at_once(*presses)
    assert refused(results[:8]) == []
    assert all(isinstance(result, Conflict) for result in results[8:])
    assert sights.lead(company, taken.lead_id).owner_id == cy.id
    assert_consistent(company)


@pytest.mark.parametrize("_round", ROUNDS)
def test_of_all_who_are_told_at_once_one_wins(company: Company, _round: int) -> None:
    people = [company.agent, company.colleague, *(make_user(company) for _ in range(4))]
    pool = make_pool(company, people, delivery="broadcast")
    taken = arrive(company)
    offers = {offer.user_id: offer.id for offer in sights.offers(company, taken.lead_id)}
    results = at_once(*[partial(accept, person, offers[person.id]) for person in people * 2])
    lead = sights.lead(company, taken.lead_id)
    winners = [person for person, result in zip(people * 2, results, strict=True) if not isinstance(result, Conflict)]
    assert {person.id for person in winners} == {lead.owner_id}
    assert sorted(offer.state for offer in sights.offers(company, taken.lead_id)) == ["accepted"] + ["withdrawn"] * 5
    assert [kind for kind, _ in sights.entries(company, pool.id)] == ["charge"]
    assert_consistent(company)


@pytest.mark.parametrize("_round", ROUNDS)
def test_the_last_answers_of_many_pass_a_lead_on_once(company: Company, _round: int) -> None:
    change_company(company, fallback_any_active=False)
    people = [company.agent, company.colleague, make_user(company), make_user(company)]
    make_pool(company, people, delivery="broadcast")
    taken = arrive(company)
    offers = {offer.user_id: offer.id for offer in sights.offers(company, taken.lead_id)}
    at_once(*[partial(decline, person, offers[person.id]) for person in people])
    assert sights.lead(company, taken.lead_id).waiting_for == "routing"
    assert len(sights.decisions(company, taken.lead_id)) == 2
    assert_consistent(company)


@pytest.mark.parametrize("_round", ROUNDS)
def test_accepting_at_the_very_end_either_counts_or_was_missed(company: Company, _round: int) -> None:
    make_pool(company, [company.agent, company.colleague])
    taken = arrive(company)
    ends_in(company, 0.02)
    results = at_once(*[partial(accept, company.agent, taken.offers[0]), partial(end_due, company)] * (THREADS // 2))
    while end_due(company):
        pass
    lead, offer = sights.lead(company, taken.lead_id), sights.offer(company, taken.offers[0])
    if offer.state == "accepted":
        assert (lead.state, lead.owner_id) == ("owned", company.agent.id)
        assert refused(results) == []
    else:
        assert (offer.state, lead.state) == ("missed", "offering")
        assert sights.holder(company, taken.lead_id) == company.colleague.id
    assert_consistent(company)


@pytest.mark.parametrize("_round", ROUNDS)
def test_declining_at_the_very_end_passes_on_once(company: Company, _round: int) -> None:
    cy = make_user(company, "Cy")
    make_pool(company, [company.agent, company.colleague, cy])
    taken = arrive(company)
    ends_in(company, 0.02)
    at_once(*[partial(decline, company.agent, taken.offers[0]), partial(end_due, company)] * (THREADS // 2))
    while end_due(company):
        pass
    offers = sights.offers(company, taken.lead_id)
    assert [offer.state for offer in offers] in (["declined", "open"], ["missed", "open"])
    assert_consistent(company)


def test_many_offers_ended_by_many_workers_each_pass_on_once(company: Company) -> None:
    change_company(company, fallback_any_active=False)
    make_pool(company, [company.agent, company.colleague])
    leads = [arrive(company).lead_id for _ in range(12)]
    end_windows(company)
    ended = at_once(*[partial(end_due, company, limit=3)] * 16)
    assert sum(done(ended)) == 12 - end_due(company)
    assert [len(sights.offers(company, lead_id)) for lead_id in leads] == [2] * 12
    assert_consistent(company)


@pytest.mark.parametrize("_round", ROUNDS)
def test_handing_out_while_the_agent_accepts_leaves_one_owner(company: Company, _round: int) -> None:
    make_pool(company, [company.agent])
    taken = arrive(company)
    at_once(
        *[
            partial(accept, company.agent, taken.offers[0]),
            partial(assign, company.manager, taken.lead_id, company.colleague),
        ]
        * (THREADS // 2)
    )
    lead = sights.lead(company, taken.lead_id)
    assert lead.state == "owned"
    # A hand-out stands, before or after the acceptance: nobody accepts what is owned.
    assert lead.owner_id == company.colleague.id
    assert sights.offer(company, taken.offers[0]).state in ("accepted", "withdrawn")
    assert sights.kinds(company, taken.lead_id).count("accepted") <= 1
    assert_consistent(company)


def test_asking_again_many_times_makes_one_place_in_line(company: Company) -> None:
    make_pool(company, [company.agent, company.colleague])
    taken = arrive(company)
    miss(company)
    results = at_once(*[partial(ask_again, company.agent, taken.offers[0])] * THREADS)
    assert len({chance.id for chance in results}) == 1
    assert_consistent(company)
