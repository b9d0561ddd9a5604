"""Two admins who change one thing at the same instant: one is saved, the other is told."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from portal.errors import Conflict
from portal.operations import drafts, people, pools
from portal.operations.draft_changes import with_pool
from portal.operations.replays import start_replay
from portal.operations.seen import Stale, mark
from portal.queries.pools import standings
from portal.queries.replays import draft_now
from tests.cast import Company, Person
from tests.consistency import assert_consistent
from tests.factories import make_pool
from tests.races.at_once import THREADS, at_once, done, refused


def test_one_of_many_who_change_a_weight_is_saved_and_the_others_are_told(company: Company) -> None:
    pool = make_pool(company, [company.agent, company.colleague])

    def set_weight(weight: int) -> Callable[[], int]:
        def act() -> int:
            with company.inside():
                change = pools.WeightChange(company.agent.id, 1, weight)
                pools.set_weights(pool.id, [change], by=company.owner.user())
                return weight

        return act

    results = at_once(*(set_weight(weight) for weight in range(2, 2 + THREADS)))
    assert [type(refusal) for refusal in refused(results)] == [Conflict] * (THREADS - 1)
    with company.inside():
        weights = {standing.user_id: standing.weight for standing in standings(pool.id)}
    assert weights == {company.agent.id: done(results)[0], company.colleague.id: 1}


def test_people_who_come_and_go_at_once_leave_the_ledger_whole(company: Company) -> None:
    pool = make_pool(company, [company.agent])
    others = (company.colleague, company.manager, company.owner)

    def change(person: Person, was: int | None, weight: int | None) -> Callable[[], None]:
        def act() -> None:
            with company.inside():
                change = pools.WeightChange(person.id, was, weight)
                pools.set_weights(pool.id, [change], by=company.owner.user())

        return act

    results = at_once(change(company.agent, 1, None), *(change(person, None, 2) for person in others))
    assert refused(results) == []
    with company.inside():
        assert {standing.user_id for standing in standings(pool.id)} == {person.id for person in others}
    assert_consistent(company)


def test_one_of_many_who_save_a_person_is_saved_and_the_others_are_told(company: Company) -> None:
    with company.inside():
        seen = mark({"name": company.agent.name})

    def rename(number: int) -> Callable[[], str]:
        def act() -> str:
            with company.inside():
                return people.change_user(
                    company.agent.id, by=company.owner.user(), seen=seen, name=f"Ana {number}"
                ).name

        return act

    results = at_once(*(rename(number) for number in range(8)))
    assert [type(refusal) for refusal in refused(results)] == [Stale] * 7
    with company.inside():
        assert company.agent.user().name == done(results)[0]


def test_of_many_who_ask_for_a_replay_one_gets_it(company: Company) -> None:
    until = datetime.now(UTC)

    def ask() -> None:
        with company.inside():
            start_replay({}, until - timedelta(days=1), until, by=company.owner.user())

    results = at_once(*[ask] * THREADS)
    assert [type(refusal) for refusal in refused(results)] == [Conflict] * (THREADS - 1)


def test_a_draft_is_begun_once_and_one_of_many_who_change_it_is_saved(company: Company) -> None:
    make_pool(company, [company.agent], name="Buyers")

    def begin() -> None:
        with company.inside():
            drafts.begin_draft(by=company.owner.user())

    results = at_once(*[begin] * THREADS)
    assert [type(refusal) for refusal in refused(results)] == [Conflict] * (THREADS - 1)

    with company.inside():
        draft = draft_now()
        assert draft is not None
        seen, data = drafts.mark_of(draft), draft.data

    def save(window: int) -> Callable[[], int]:
        def act() -> int:
            with company.inside():
                # As a page does that shows the draft before it saves.
                draft_now()
                drafts.save_draft(
                    with_pool(data, 0, {"window_seconds": window}, [1]), by=company.owner.user(), seen=seen
                )
                return window

        return act

    results = at_once(*(save(10 * (place + 1)) for place in range(THREADS)))
    assert [type(refusal) for refusal in refused(results)] == [Conflict] * (THREADS - 1)
    with company.inside():
        draft = draft_now()
        assert draft is not None
        assert draft.data["pools"][0]["window_seconds"] == done(results)[0]
