"""Pointing the default rule at a pool."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from portal.errors import Conflict, Forbidden, Invalid, NotFound
from portal.extensions import db
from portal.models import AuditEntry, Rule, Tag
from portal.operations import rules
from portal.operations.pools import delete_pool
from portal.operations.rules import point_rule
from portal.queries.rules import default_rule
from portal.queries.rules import rules as all_rules
from tests.cast import Company
from tests.factories import make_pool
from tests.operations import sights
from tests.operations.acts import arrive, change_company, drain


def test_leads_go_to_the_pool_the_default_rule_names_from_then_on(company: Company) -> None:
    pool = make_pool(company, [company.agent], default_rule=False)
    assert arrive(company).outcome == "unassigned"
    with company.inside():
        point_rule(company.default_rule_id, pool.id, by=company.owner.user())
    assert arrive(company).outcome == "offered"
    with company.inside():
        point_rule(company.default_rule_id, None, by=company.owner.user())
        assert default_rule().pool_id is None
    assert arrive(company).outcome == "unassigned"


def test_a_deleted_pool_is_no_pool(company: Company) -> None:
    pool = make_pool(company, default_rule=False)
    with company.inside():
        delete_pool(pool.id, by=company.owner.user())
        with pytest.raises(Invalid) as refused:
            point_rule(company.default_rule_id, pool.id, by=company.owner.user())
    assert [error.field for error in refused.value.errors] == ["pool_id"]


def test_another_companys_pool_and_rule_are_unknown(company: Company, other_company: Company) -> None:
    foreign = make_pool(other_company, default_rule=False)
    with company.inside():
        with pytest.raises(Invalid):
            point_rule(company.default_rule_id, foreign.id, by=company.owner.user())
        with pytest.raises(NotFound):
            point_rule(other_company.default_rule_id, None, by=company.owner.user())


def test_only_who_sets_up_distribution_may(company: Company) -> None:
    for person in (company.manager, company.agent):
        with company.inside(), pytest.raises(Forbidden):
            point_rule(company.default_rule_id, None, by=person.user())


class TestRulesWithConditions:
    """The first rule a lead meets names its pool; the default rule takes the rest."""

    @pytest.fixture
    def pools(self, company: Company) -> tuple[UUID, UUID]:
        """The default rule's pool, and another."""
        usual = make_pool(company, [company.agent])
        return usual.id, make_pool(company, [company.colleague], default_rule=False).id

    def test_a_lead_that_fits_goes_to_the_rules_pool_and_says_why(
        self, company: Company, pools: tuple[UUID, UUID]
    ) -> None:
        rule = make(company, name="Coast", pool_id=pools[1], conditions={"city": ["Málaga", "Marbella"]})
        inland, coast = arrive(company), arrive(company, location={"city": "malaga"})
        assert [inland.pool_id, coast.pool_id] == list(pools)
        assert coast.rule_id == rule.id
        checks = sights.decisions(company, inland.lead_id)[0].data["rules"]
        assert [(check["name"], check["met"]) for check in checks] == [("Coast", False), ("Everything else", True)]
        assert checks[0]["why"] == "city is blank"

    def test_a_tag_found_in_what_the_customer_wrote_counts(self, company: Company, pools: tuple[UUID, UUID]) -> None:
        make(company, name="Roofs", pool_id=pools[1], conditions={"tag": ["roof repair"]})
        assert arrive(company, text="A ROOF repair, please").pool_id == pools[0]
        with company.inside():
            db.session.add(Tag(company_id=company.id, text="Roof repair", normal="roof repair"))
            db.session.commit()
        taken = arrive(company, text="A ROOF repair, please")
        assert (taken.pool_id, taken.tags_found) == (pools[1], ("Roof repair",))

    def test_outside_its_hours_a_lead_falls_to_the_next_rule(self, company: Company, pools: tuple[UUID, UUID]) -> None:
        closed_today = {"monday": [["09:00", "17:00"]], "exceptions": {}}
        today = datetime.now(UTC).date()
        days = (today - timedelta(days=1), today, today + timedelta(days=1))
        closed_today["exceptions"] = {f"{day}": [] for day in days}
        make(company, name="Never now", pool_id=pools[1], hours=closed_today)
        assert arrive(company).pool_id == pools[0]

    def test_a_paused_rule_is_passed_over_until_it_is_resumed(self, company: Company, pools: tuple[UUID, UUID]) -> None:
        rule = make(company, name="All", pool_id=pools[1], paused=True)
        assert arrive(company).pool_id == pools[0]
        with company.inside():
            rules.change_rule(rule.id, by=company.owner.user(), paused=False)
        assert arrive(company).pool_id == pools[1]

    def test_a_deleted_rule_hands_out_no_more_and_is_still_named(
        self, company: Company, pools: tuple[UUID, UUID]
    ) -> None:
        rule = make(company, name="All", pool_id=pools[1])
        taken = arrive(company)
        with company.inside():
            rules.delete_rule(rule.id, by=company.owner.user())
            assert [each.name for each in all_rules()] == ["Everything else"]
        assert sights.lead(company, taken.lead_id).rule_id == rule.id
        assert arrive(company).pool_id == pools[0]

    def test_a_waiting_lead_goes_to_a_rule_made_for_it(self, company: Company) -> None:
        pool = make_pool(company, [company.agent], default_rule=False)
        point(company, make_pool(company, default_rule=False).id)
        change_company(company, fallback_any_active=False)
        taken = arrive(company)
        assert taken.state == "unassigned"
        make(company, name="All", pool_id=pool.id)
        drain(company)
        assert sights.lead(company, taken.lead_id).pool_id == pool.id


class TestTheOrder:
    """Rules are looked at from the top; the default rule is the last, whatever is done."""

    def test_new_rules_stand_before_the_default_rule(self, company: Company) -> None:
        for name in "AB":
            make(company, name=name)
        assert order(company) == ["A", "B", "Everything else"]

    def test_moving_goes_as_far_as_the_ends(self, company: Company) -> None:
        made = {name: make(company, name=name).id for name in "ABC"}
        for name, places in (("C", -1), ("A", -1), ("B", 5)):
            with company.inside():
                rules.move_rule(made[name], places, by=company.owner.user())
        assert order(company) == ["A", "C", "B", "Everything else"]

    def test_a_copy_stands_behind_and_is_paused(self, company: Company) -> None:
        first = make(company, name="A", conditions={"source": ["Ad"]})
        make(company, name="B")
        with company.inside():
            copy = rules.copy_rule(first.id, by=company.owner.user())
            assert (copy.paused, copy.conditions) == (True, {"source": ["Ad"]})
        assert order(company) == ["A", "Copy of A", "B", "Everything else"]

    def test_an_order_names_each_rule_once(self, company: Company, other_company: Company) -> None:
        a, b = make(company, name="A").id, make(company, name="B").id
        default = company.default_rule_id
        for wrong in ([a], [a, a], [default, a, b], [a, b, other_company.default_rule_id]):
            with company.inside(), pytest.raises(Invalid):
                rules.order_rules(wrong, by=company.owner.user())
        with company.inside():
            rules.order_rules([b, a, default], by=company.owner.user())
        assert order(company) == ["B", "A", "Everything else"]

    def test_the_default_rule_cannot_be_paused_moved_copied_or_removed(self, company: Company) -> None:
        default, by = company.default_rule_id, company.owner
        acts: list[Callable[[], object]] = [
            lambda: rules.change_rule(default, by=by.user(), paused=True),
            lambda: rules.change_rule(default, by=by.user(), conditions={"source": ["Ad"]}),
            lambda: rules.move_rule(default, -1, by=by.user()),
            lambda: rules.copy_rule(default, by=by.user()),
            lambda: rules.delete_rule(default, by=by.user()),
        ]
        for act in acts:
            with company.inside(), pytest.raises((Conflict, Invalid)):
                act()


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"conditions": {"colour": ["red"]}}, "conditions.colour"),
        ({"conditions": {"price": {"min": "5", "max": "3"}}}, "conditions.price"),
        ({"conditions": {"fields": {"rooms": {"like": "3"}}}}, "conditions.fields.rooms"),
        ({"conditions": {"city": ["x"] * 201}}, "conditions.city"),
        ({"strictness": {"city": "sometimes"}}, "strictness.city"),
        ({"hours": {"monday": []}}, "hours"),
        ({"hours": {"monday": [["9", "17:00"]]}}, "hours.monday"),
        ({"hours": {"someday": [["09:00", "17:00"]]}}, "hours.someday"),
        ({"name": " "}, "name"),
    ],
)
def test_what_makes_no_sense_is_refused_by_the_field(company: Company, wrong: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as refused:
        make(company, **{"name": "A"} | wrong)
    assert field in [error.field for error in refused.value.errors]


def test_every_change_is_in_the_log(company: Company) -> None:
    rule = make(company, name="A")
    with company.inside():
        rules.change_rule(rule.id, by=company.owner.user(), conditions={"source": ["Ad"]})
        rules.delete_rule(rule.id, by=company.owner.user())
    entries = sights.rows(company, select(AuditEntry).where(AuditEntry.subject_id == rule.id).order_by(AuditEntry.id))
    assert [entry.action for entry in entries] == ["added", "changed", "removed"]


def make(company: Company, **fields: Any) -> Rule:
    with company.inside():
        return rules.make_rule(by=company.owner.user(), **fields)


def point(company: Company, pool_id: UUID) -> None:
    with company.inside():
        point_rule(company.default_rule_id, pool_id, by=company.owner.user())


def order(company: Company) -> list[str]:
    with company.inside():
        return [rule.name for rule in all_rules()]
