"""Making and changing pools; members who come and go."""

from __future__ import annotations

from uuid import UUID

import pytest
from sqlalchemy import func, select

from portal.errors import Conflict, Forbidden, Invalid, NotFound
from portal.extensions import db
from portal.models import DueWork, LedgerAccount, Pool, PoolDefault, PoolMember, User
from portal.operations import pools
from portal.queries.pools import standings
from tests.cast import Company, Person
from tests.consistency import assert_consistent
from tests.factories import make_pool, make_user
from tests.operations.acts import arrive


def make(company: Company, *people: Person, **fields: object) -> UUID:
    """A pool through the operation, each person with weight 1, and the default rule pointed at it."""
    from portal.operations.rules import point_rule

    with company.inside():
        members = [(person.id, 1) for person in people]
        pool = pools.make_pool(by=company.owner.user(), **({"name": "Roofs", "members": members} | fields))  # type: ignore[arg-type]
        point_rule(company.default_rule_id, pool.id, by=company.owner.user())
        return pool.id


def credits_of(company: Company, pool_id: UUID) -> dict[UUID, int]:
    with company.inside():
        rows = db.session.execute(
            select(LedgerAccount.user_id, LedgerAccount.credit).where(LedgerAccount.pool_id == pool_id)
        )
        return {row.user_id: row.credit for row in rows}


def test_a_new_pool_has_the_usual_settings(company: Company) -> None:
    with company.inside():
        pool = pools.make_pool(by=company.owner.user(), name=" Roofs ")
        assert (pool.name, pool.picker, pool.delivery) == ("Roofs", "rotation", "offer")
        assert (pool.window_seconds, pool.max_offers, pool.default_mode) == (300, 8, None)


def test_members_start_with_an_account_at_zero(company: Company) -> None:
    pool_id = make(company, company.agent, company.colleague)
    assert credits_of(company, pool_id) == {company.agent.id: 0, company.colleague.id: 0}
    assert_consistent(company)


def test_whoever_stays_keeps_their_credit_and_a_newcomer_starts_at_zero(company: Company) -> None:
    pool_id = make(company, company.agent, company.colleague)
    arrive(company)
    before = credits_of(company, pool_id)
    assert set(before.values()) != {0}
    newcomer = make_user(company)
    with company.inside():
        people = (company.agent, company.colleague, newcomer)
        pools.set_members(pool_id, [(person.id, 5) for person in people], by=company.owner.user())
    assert credits_of(company, pool_id) == before | {newcomer.id: 0}
    assert_consistent(company)


def test_what_a_leaver_was_owed_passes_to_those_who_stay_not_to_newcomers(company: Company) -> None:
    pool_id = make(company, company.agent, company.colleague)
    arrive(company)
    newcomer = make_user(company)
    with company.inside():
        pools.set_members(pool_id, [(company.agent.id, 1), (newcomer.id, 1)], by=company.owner.user())
    assert credits_of(company, pool_id) == {company.agent.id: 0, newcomer.id: 0}
    assert_consistent(company)


def test_all_members_can_leave_and_come_back(company: Company) -> None:
    pool_id = make(company, company.agent, company.colleague)
    arrive(company)
    with company.inside():
        pools.set_members(pool_id, [], by=company.owner.user())
        assert standings(pool_id) == []
        pools.set_members(pool_id, [(company.agent.id, 3)], by=company.owner.user())
    assert credits_of(company, pool_id) == {company.agent.id: 0}
    assert_consistent(company)


def test_a_removed_member_keeps_the_offer_they_hold(company: Company) -> None:
    pool_id = make(company, company.agent)
    (offer_id,) = arrive(company).offers
    with company.inside():
        from portal.operations.offers import accept

        pools.set_members(pool_id, [], by=company.owner.user())
        assert accept(offer_id, by=company.agent.user()).state == "accepted"
    assert_consistent(company)


def test_default_assignees_keep_their_order(company: Company) -> None:
    pool_id = make(company)
    wanted = [company.manager.id, company.owner.id, company.agent.id]
    with company.inside():
        pools.change_pool(pool_id, by=company.owner.user(), default_assignee_ids=wanted)
        pools.change_pool(pool_id, by=company.owner.user(), default_assignee_ids=wanted[::-1])
        found = db.session.scalars(select(PoolDefault.user_id).order_by(PoolDefault.position)).all()
    assert found == wanted[::-1]


def test_a_change_touches_only_what_it_names(company: Company) -> None:
    pool_id = make(company, company.agent, window_seconds=60, max_offers=3, default_assignee_ids=[company.manager.id])
    with company.inside():
        pool = pools.change_pool(pool_id, by=company.owner.user(), name="Walls")
        assert (pool.name, pool.window_seconds, pool.max_offers) == ("Walls", 60, 3)
        assert db.session.scalar(select(func.count()).select_from(PoolMember)) == 1
        assert db.session.scalar(select(func.count()).select_from(PoolDefault)) == 1


def test_two_pools_in_use_never_share_a_name_but_a_deleted_one_frees_it(company: Company) -> None:
    make_pool(company, name="Roofs", default_rule=False)
    with company.inside():
        with pytest.raises(Invalid):
            pools.make_pool(by=company.owner.user(), name="Roofs")
        first = db.session.scalars(select(Pool.id)).one()
        pools.delete_pool(first, by=company.owner.user())
        assert pools.make_pool(by=company.owner.user(), name="Roofs").id != first


def test_a_pool_a_rule_points_at_cannot_be_deleted(company: Company) -> None:
    pool_id = make(company)
    with company.inside(), pytest.raises(Conflict):
        pools.delete_pool(pool_id, by=company.owner.user())


def test_a_pool_with_open_offers_cannot_be_deleted(company: Company) -> None:
    from portal.operations.rules import point_rule

    pool_id = make(company, company.agent)
    arrive(company)
    with company.inside():
        point_rule(company.default_rule_id, None, by=company.owner.user())
        with pytest.raises(Conflict):
            pools.delete_pool(pool_id, by=company.owner.user())


def test_a_deleted_pool_is_gone_for_every_change(company: Company) -> None:
    pool = make_pool(company, default_rule=False)
    with company.inside():
        by = company.owner.user()
        pools.delete_pool(pool.id, by=by)
        for change in (
            lambda: pools.delete_pool(pool.id, by=by),
            lambda: pools.change_pool(pool.id, by=by, name="Back"),
            lambda: pools.set_members(pool.id, [], by=by),
        ):
            with pytest.raises(NotFound):
                change()


def test_only_who_sets_up_distribution_may_change_pools(company: Company) -> None:
    pool = make_pool(company)
    editor = make_user(company, roles=["editor"])
    for person in (company.manager, company.agent):
        with company.inside():
            for change in (
                lambda by: pools.make_pool(by=by, name="Walls"),
                lambda by: pools.change_pool(pool.id, by=by, name="Walls"),
                lambda by: pools.set_members(pool.id, [], by=by),
                lambda by: pools.delete_pool(pool.id, by=by),
            ):
                with pytest.raises(Forbidden):
                    change(person.user())
    with company.inside():
        assert pools.change_pool(pool.id, by=editor.user(), name="Walls").name == "Walls"


def test_an_edit_makes_waiting_leads_be_looked_at(company: Company) -> None:
    pool = make_pool(company)
    with company.inside():
        pools.set_members(pool.id, [(company.agent.id, 1)], by=company.owner.user())
        assert db.session.scalar(select(func.count()).where(DueWork.kind == "drain")) == 1
        assert db.session.scalar(select(func.count()).select_from(User)) == 4


class TestSingleWeights:
    def set_weight(self, company: Company, pool_id: UUID, person: Person, was: int | None, weight: int | None) -> None:
        with company.inside():
            pools.set_weights(pool_id, [pools.WeightChange(person.id, was, weight)], by=company.owner.user())

    def weights(self, company: Company, pool_id: UUID) -> dict[UUID, int]:
        with company.inside():
            return {standing.user_id: standing.weight for standing in standings(pool_id)}

    def test_one_changes_and_the_others_stay(self, company: Company) -> None:
        pool_id = make(company, company.agent, company.colleague)
        arrive(company)
        before = credits_of(company, pool_id)
        self.set_weight(company, pool_id, company.agent, 1, 5)
        assert self.weights(company, pool_id) == {company.agent.id: 5, company.colleague.id: 1}
        assert credits_of(company, pool_id) == before
        assert_consistent(company)

    def test_coming_and_leaving_keep_the_ledger_whole(self, company: Company) -> None:
        pool_id = make(company, company.agent, company.colleague)
        arrive(company)
        self.set_weight(company, pool_id, company.agent, 1, None)
        self.set_weight(company, pool_id, company.manager, None, 3)
        assert credits_of(company, pool_id) == {company.colleague.id: 0, company.manager.id: 0}
        assert_consistent(company)

    def test_a_change_of_somebody_else_is_no_conflict(self, company: Company) -> None:
        pool_id = make(company, company.agent, company.colleague)
        self.set_weight(company, pool_id, company.agent, 1, 5)
        self.set_weight(company, pool_id, company.colleague, 1, 7)
        assert self.weights(company, pool_id) == {company.agent.id: 5, company.colleague.id: 7}

    def test_who_saves_second_is_told_and_nothing_is_saved(self, company: Company) -> None:
        pool_id = make(company, company.agent, company.colleague)
        self.set_weight(company, pool_id, company.agent, 1, 5)
        changes = [pools.WeightChange(company.colleague.id, 1, 9), pools.WeightChange(company.agent.id, 1, 7)]
        with company.inside(), pytest.raises(Conflict) as refusal:
            pools.set_weights(pool_id, changes, by=company.owner.user())
        assert [error.field for error in refusal.value.errors] == [f"weights.{company.agent.id}"]
        assert self.weights(company, pool_id) == {company.agent.id: 5, company.colleague.id: 1}

    def test_two_who_want_the_same_both_have_it(self, company: Company) -> None:
        pool_id = make(company, company.agent)
        self.set_weight(company, pool_id, company.agent, 1, 5)
        self.set_weight(company, pool_id, company.agent, 1, 5)
        assert self.weights(company, pool_id) == {company.agent.id: 5}

    @pytest.mark.parametrize("weight", [-1, 1001])
    def test_a_weight_out_of_range_is_refused(self, company: Company, weight: int) -> None:
        pool_id = make(company, company.agent)
        with pytest.raises(Invalid):
            self.set_weight(company, pool_id, company.agent, 1, weight)

    def test_a_stranger_is_no_member(self, company: Company, stranger: Person) -> None:
        pool_id = make(company, company.agent)
        with pytest.raises(Invalid):
            self.set_weight(company, pool_id, stranger, None, 1)

    def test_it_needs_the_right_and_the_company(self, company: Company, other_company: Company) -> None:
        pool_id = make(company, company.agent)
        change = [pools.WeightChange(company.agent.id, 1, 2)]
        with company.inside(), pytest.raises(Forbidden):
            pools.set_weights(pool_id, change, by=company.agent.user())
        with other_company.inside(), pytest.raises(NotFound):
            pools.set_weights(pool_id, change, by=other_company.owner.user())
