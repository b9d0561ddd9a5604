"""Messages at the same instant: one person is one contact with one lead, one request is done once, nothing is left."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor, wait
from functools import partial
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from portal import models
from portal.extensions import db
from portal.operations import distribution
from portal.operations.intake import Keep, KeptTaken, Taken
from portal.operations.locking import lock_lead
from portal.operations.passing_on import pass_on, round_of_pool
from portal.operations.transaction import operation
from tests.cast import Company
from tests.consistency import assert_consistent
from tests.factories import make_pool, make_user
from tests.operations import sights
from tests.operations.acts import arrive, change_company, change_user, close, come_in, drain, set_members
from tests.races.at_once import THREADS, at_once, done, refused

ANA = "+14155550101"


def outcomes(results: list[Any]) -> dict[str, int]:
    found = [result.outcome for result in results]
    return {outcome: found.count(outcome) for outcome in found}


def test_first_messages_of_one_person_make_one_lead(company: Company) -> None:
    make_pool(company, [company.agent, company.colleague], delivery="assign")
    results = at_once(*[partial(arrive, company, phone=ANA)] * THREADS)
    assert outcomes(results) == {"assigned": 1, "attached": THREADS - 1}
    assert len({taken.lead_id for taken in results}) == 1
    assert sights.count(company, models.Contact) == 1
    assert sights.count(company, models.Touch) == THREADS
    assert_consistent(company)


def test_people_who_share_an_address_are_one_contact_whichever_comes_first(company: Company) -> None:
    make_pool(company, [company.agent], delivery="assign")
    messages = [partial(arrive, company, phone=f"+14155550{n:03d}", email="carla@example.com") for n in range(100, 132)]
    results = at_once(*messages)
    assert sights.count(company, models.Contact) == 1
    assert len({taken.lead_id for taken in results}) == 1
    assert_consistent(company)


def test_the_same_request_many_times_is_done_once_and_answered_the_same(company: Company) -> None:
    make_pool(company, [company.agent], delivery="assign")
    company.owner.key()
    [key] = sights.rows(company, select(models.Key))

    def answer(taken: Taken) -> tuple[int, dict[str, Any]]:
        return 201, {"id": str(taken.lead_id), "routing": {"outcome": taken.outcome}}

    kept = Keep(key.id, "k1", b"body", answer)
    results = at_once(*[partial(come_in, company, kept=kept, text="Please call")] * THREADS)
    [first] = [result for result in results if isinstance(result, Taken)]
    answers = [result for result in results if isinstance(result, KeptTaken)]
    assert answers == [KeptTaken(201, {"id": str(first.lead_id), "routing": {"outcome": "assigned"}})] * (THREADS - 1)
    assert sights.count(company, models.Lead) == 1
    assert_consistent(company)


def test_the_same_external_id_many_times_is_one_lead(company: Company) -> None:
    make_pool(company, [company.agent], delivery="assign")
    results = at_once(*[partial(arrive, company, external_id="7", source="Form")] * THREADS)
    assert outcomes(results) == {"assigned": 1, "updated": THREADS - 1}
    assert sights.count(company, models.Lead) == 1
    assert sights.count(company, models.Source) == 1
    assert_consistent(company)


def test_writing_while_the_lead_is_closed_is_a_touch_or_a_new_lead(company: Company) -> None:
    make_pool(company, [company.agent, company.colleague], delivery="assign")
    first = arrive(company, phone=ANA)
    results = at_once(
        partial(close, company.agent, first.lead_id), *[partial(arrive, company, phone=ANA)] * (THREADS - 1)
    )
    assert refused(results) == []
    made = {taken.lead_id for taken in results[1:]} - {first.lead_id}
    assert len(made) <= 1
    for lead_id in made:
        assert sights.lead(company, lead_id).owner_id == first.owner_id
    assert sights.count(company, models.Touch) == THREADS
    assert_consistent(company)


def test_leads_at_once_go_round_like_leads_one_by_one(company: Company) -> None:
    people = [company.agent, company.colleague, make_user(company), make_user(company)]
    make_pool(company, people, delivery="assign")
    results = at_once(*[partial(arrive, company)] * THREADS)
    owners = [taken.owner_id for taken in results]
    assert [owners.count(person.id) for person in people] == [THREADS // 4] * 4
    assert_consistent(company)


def test_no_lead_is_left_waiting_when_somebody_becomes_free_while_leads_come_in(company: Company) -> None:
    change_company(company, fallback_any_active=False)
    make_pool(company, [company.agent], delivery="assign")
    change_user(company, company.agent, available=False)
    for _ in range(6):
        arrive(company)
    results = at_once(
        partial(change_user, company, company.agent, available=True),
        *[partial(drain, company)] * 7,
        *[partial(arrive, company)] * 24,
    )
    assert refused(results) == []
    waiting = sights.rows(company, select(models.Lead).where(models.Lead.state == "unassigned"))
    # Whoever was missed is still called for: the work of draining is there as long as somebody waits.
    assert bool(waiting) <= bool(sights.work(company, "drain"))
    drain(company)
    states = {lead.state for lead in sights.rows(company, select(models.Lead))}
    assert (states, sights.count(company, models.Lead)) == ({"owned"}, 30)
    assert_consistent(company)


def test_editing_members_while_leads_come_in_keeps_the_books(company: Company) -> None:
    cy, di = make_user(company, "Cy"), make_user(company, "Di")
    pool = make_pool(company, [company.agent, company.colleague, cy], delivery="assign")
    crews = [
        {company.agent: 1, company.colleague: 2},
        {company.agent: 3, cy: 1, di: 1},
        {company.colleague: 1, di: 0},
        {company.agent: 1, company.colleague: 1, cy: 1, di: 1},
    ]
    results = at_once(
        *[partial(set_members, company, pool.id, crew) for crew in crews * 2],
        *[partial(arrive, company)] * 24,
    )
    assert refused(results) == []
    assert {taken.state for taken in results[8:]} == {"owned"}
    assert_consistent(company)


def test_somebody_who_leaves_while_leads_come_in_keeps_no_offer(company: Company) -> None:
    make_pool(company, [company.agent, company.colleague])
    results = at_once(
        partial(change_user, company, company.agent, active=False), *[partial(arrive, company)] * (THREADS - 1)
    )
    assert refused(results) == []
    holders = {offer.user_id for offer in sights.rows(company, select(models.Offer)) if offer.state == "open"}
    assert holders == {company.colleague.id}
    assert_consistent(company)


def test_letting_somebody_go_waits_for_the_offer_that_is_just_being_made_to_them(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The offer would be there only after their offers had been withdrawn."""
    make_pool(company, [company.agent, company.colleague])
    route, threads = distribution.hand_out, ThreadPoolExecutor(1)
    leaving: list[Future[None]] = []

    def meanwhile(*given: Any) -> Any:
        monkeypatch.undo()
        leaving.append(threads.submit(partial(change_user, company, company.agent, active=False)))
        # Long enough to have gone through, did it not wait for the pool.
        wait(leaving, timeout=1)
        return route(*given)

    monkeypatch.setattr(distribution, "hand_out", meanwhile)
    taken = arrive(company)
    leaving[0].result(timeout=30)
    assert sights.offer(company, taken.offers[0]).state == "withdrawn"
    assert sights.holder(company, taken.lead_id) == company.colleague.id
    assert_consistent(company)


def test_a_cap_holds_over_several_pools(company: Company) -> None:
    change_company(company, fallback_any_active=False)
    change_user(company, company.agent, open_cap=5)
    leads = [arrive(company).lead_id for _ in range(24)]
    pools = [make_pool(company, [company.agent], delivery="assign", default_rule=False).id for _ in range(3)]

    @operation
    def hand_out(pool_id: UUID, lead_ids: list[UUID]) -> int:
        round_ = round_of_pool(pool_id, cause="a race")
        for lead_id in lead_ids:
            lock_lead(lead_id)
        went = pass_on(round_, lead_ids)
        round_.writes.flush()
        return went

    def in_pool(place: int) -> int:
        with company.inside():
            mine = leads[place * 3 : place * 3 + 3]
            return hand_out(pools[place % 3], mine)

    given = done(at_once(*[partial(in_pool, place) for place in range(8)]))
    assert sum(given) == 5
    with company.inside():
        owned = db.session.scalars(select(models.Lead).where(models.Lead.state == "owned")).all()
        assert len(owned) == 5
    assert_consistent(company)
