"""Random histories of pools of every kind, people coming, going, resting, tagged and weighed otherwise meanwhile: after
each step every rule holds, and every ledger is what its entries come to.

A failing history is printed with its steps and the blob that replays it.
"""

from __future__ import annotations

from contextlib import suppress
from itertools import product
from typing import Any

import pytest
from apiflask import APIFlask
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from sqlalchemy import select

from portal.errors import Conflict, Forbidden, NotFound
from portal.models import Lead, Offer, TagMember
from portal.operations import pools
from portal.operations.ledger_rebuild import differences
from portal.routing.facts import NANO, Delivery, Picker
from tests.cast import make_company
from tests.consistency import assert_consistent
from tests.factories import make_pool, make_user
from tests.operations import acts, sights

NAMES = ("Ana", "Ben", "Cy", "Di")
PEOPLE = st.sampled_from(NAMES)
TAGS = st.lists(st.sampled_from(["roof", "boiler"]), unique=True)

# Turns are handed out evenly as far as people can take them; what people take or are given by hand is only counted.
MOST_CREDIT = 3 * NANO


class Histories(RuleBasedStateMachine):
    """One company with one pool."""

    def __init__(self, app: APIFlask, picker: Picker, delivery: Delivery) -> None:
        super().__init__()
        self.app, self.picker, self.delivery = app, picker, delivery

    @initialize(weights=st.lists(st.integers(0, 3), min_size=4, max_size=4), points=st.integers(-60, 60))
    def begin(self, weights: list[int], points: int) -> None:
        self.company = make_company(self.app, "Acme Solar", fallback_any_active=False)
        for text, weight in (("roof", 30), ("boiler", 50)):
            self.company.owner.api.post("/tags", {"text": text, "weight": weight})
        self.people = {name: make_user(self.company, name) for name in NAMES}
        self.pool_id = make_pool(
            self.company,
            {self.people[name]: weight for name, weight in zip(NAMES, weights, strict=True)},
            picker=self.picker.value,
            delivery=self.delivery.value,
            single_user_id=self.people["Ana"].id if self.picker is Picker.SINGLE else None,
            max_offers=3,
            pond_limit=2 if self.delivery is Delivery.POND else None,
        ).id
        self.points = points

    # Leads, and what people do with them

    @rule(tags=TAGS)
    def arrive(self, tags: list[str]) -> None:
        acts.arrive(self.company, text=f"About my {' and '.join(tags)}", phone=acts.somebody())

    @rule(data=st.data())
    def answer(self, data: st.DataObject) -> None:
        offers = self.rows(select(Offer).where(Offer.state == "open").order_by(Offer.id))
        if not offers:
            return
        offer, how = data.draw(st.sampled_from(offers)), data.draw(st.sampled_from(["accept", "decline", "miss"]))
        agent = next(one for one in self.people.values() if one.id == offer.user_id)
        if how == "miss":
            acts.miss(self.company, offer.id)
        else:
            getattr(acts, how)(agent, offer.id)

    @rule(name=PEOPLE, data=st.data())
    def take(self, name: str, data: st.DataObject) -> None:
        waiting = self.rows(select(Lead).where(Lead.state == "unassigned").order_by(Lead.id))
        if not waiting:
            return
        with suppress(Conflict, Forbidden, NotFound):
            acts.take(self.people[name], data.draw(st.sampled_from(waiting)).id)

    @rule(data=st.data())
    def close(self, data: st.DataObject) -> None:
        owned = self.rows(select(Lead).where(Lead.state == "owned").order_by(Lead.id))
        if owned:
            acts.close(self.company.manager, data.draw(st.sampled_from(owned)).id)

    @rule()
    def drain(self) -> None:
        acts.drain(self.company)
        assert acts.drain(self.company) == 0, "who could be given a lead got it at once"

    # People come, go, rest and weigh otherwise

    @rule(name=PEOPLE, available=st.booleans(), cap=st.one_of(st.none(), st.integers(0, 2)), tags=TAGS)
    def change_person(self, name: str, available: bool, cap: int | None, tags: list[str]) -> None:
        acts.change_user(self.company, self.people[name], available=available, open_cap=cap, tags=tags)

    @rule(name=PEOPLE)
    def leave_the_company_or_come_back(self, name: str) -> None:
        acts.change_user(self.company, self.people[name], active=not self.is_active(name))

    @rule(weights=st.dictionaries(PEOPLE, st.integers(0, 3)), tag=st.one_of(st.none(), st.integers(0, 3)))
    def edit_members(self, weights: dict[str, int], tag: int | None) -> None:
        """Some people, and perhaps whoever carries a tag."""
        members = [(self.people[name].id, weight) for name, weight in weights.items()]
        with acts.agent_at_work(self.company.owner) as owner:
            pools.change_pool(
                self.pool_id,
                by=owner,
                members=members,
                agent_tags={} if tag is None else {"roof": TagMember(tag, self.points)},
            )

    # After each step

    @invariant()
    def every_rule_holds(self) -> None:
        if not hasattr(self, "pool_id"):
            return
        assert_consistent(self.company)
        with self.company.inside():
            assert differences(self.company.id) == []

    @invariant()
    def credits_sum_to_zero_and_stay_small(self) -> None:
        if not hasattr(self, "pool_id"):
            return
        standing = sights.standing(self.company, self.pool_id).values()
        assert sum(turn for turn, _ in standing) == 0
        assert sum(second for _, second in standing) == 0
        if self.delivery in (Delivery.ASSIGN, Delivery.OFFER):
            assert all(abs(credit) < MOST_CREDIT for both in standing for credit in both)

    # Ways to say it

    def rows(self, statement: Any) -> list[Any]:
        return list(sights.rows(self.company, statement))

    def is_active(self, name: str) -> bool:
        with self.company.inside():
            return self.people[name].user().active


@pytest.mark.parametrize(("picker", "delivery"), list(product(Picker, Delivery)))
def test_any_history_of_a_pool_of_any_kind_keeps_every_rule(app: APIFlask, picker: Picker, delivery: Delivery) -> None:
    run_state_machine_as_test(
        lambda: Histories(app, picker, delivery),
        settings=settings(
            max_examples=2,
            stateful_step_count=20,
            deadline=None,
            print_blob=True,
            phases=[Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink],
            suppress_health_check=list(HealthCheck),
        ),
    )
