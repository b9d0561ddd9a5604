"""Lists a company has a few dozen of are paged like the long ones."""

from __future__ import annotations

import pytest

from tests.cast import Api, Company
from tests.factories import make_pool, make_team


@pytest.fixture
def lists(company: Company) -> Company:
    for number in range(3):
        make_pool(company, name=f"Pool {number}", default_rule=False)
        make_team(company, f"Team {number}")
    return company


@pytest.mark.parametrize("path", ["/pools", "/teams"])
def test_pages_together_are_the_whole_list(lists: Company, api: Api, path: str) -> None:
    whole = [item["id"] for item in api.get(path).json["items"]]
    assert len(whole) == 3
    paged, cursor = [], ""
    while cursor is not None:
        page = api.get(f"{path}?limit=2" + (f"&cursor={cursor}" if cursor else "")).json
        assert len(page["items"]) <= 2
        paged += [item["id"] for item in page["items"]]
        cursor = page["next"]
    assert paged == whole


@pytest.mark.parametrize("path", ["/pools", "/teams", "/rules", "/keys"])
@pytest.mark.parametrize(("query", "field"), [("limit=0", "limit"), ("cursor=nowhere", "cursor"), ("page=2", "page")])
def test_what_makes_no_sense_is_refused_by_name(api: Api, path: str, query: str, field: str) -> None:
    refused = api.get(f"{path}?{query}")
    assert refused.status_code == 422
    assert [error["field"] for error in refused.json["errors"]] == [field]
