"""Pointing the default rule at a pool."""

from __future__ import annotations

import pytest

from portal.errors import Forbidden, Invalid, NotFound
from portal.operations.pools import delete_pool
from portal.operations.rules import point_rule
from portal.queries.rules import default_rule
from tests.cast import Company
from tests.factories import make_pool
from tests.operations.acts import arrive


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
