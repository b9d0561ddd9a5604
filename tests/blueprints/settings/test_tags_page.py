"""The page of tags."""

from __future__ import annotations

import pytest
from apiflask import APIFlask

from tests.cast import Company
from tests.page import Browser, sign_in


@pytest.fixture
def owner(app: APIFlask, company: Company) -> Browser:
    return sign_in(app, company.owner)


def test_a_tag_is_added_changed_and_removed(owner: Browser, company: Company) -> None:
    assert "/settings/tags" in owner.open("/settings").html
    page = owner.open("/settings/tags").press("Add", text="Roof repair", kind="required", weight="70")
    assert company.owner.api.get("/tags").json["items"][0]["weight"] == 70
    page = page.press_link("Roof repair").press("Save", weight="80")
    assert company.owner.api.get("/tags").json["items"][0] | {"id": ""} == {
        "id": "",
        "text": "Roof repair",
        "kind": "required",
        "weight": 80,
    }
    page = page.press_link("Roof repair").press("Remove the tag")
    assert "No tags yet" in page.words


def test_a_tag_there_is_already_and_a_weight_too_great_are_refused(owner: Browser) -> None:
    page = owner.open("/settings/tags").press("Add", text="Málaga")
    page = page.press("Add", status=422, text="MALAGA")
    assert "this tag already" in page.error_of("text")
    assert page.press("Add", status=422, text="Roof", weight="1001").error_of("weight")


def test_agents_managers_and_strangers_do_not_reach_it(app: APIFlask, company: Company, other_company: Company) -> None:
    for person in (company.agent, company.manager):
        sign_in(app, person).open("/settings/tags", status=403)
    tag = company.owner.api.post("/tags", {"text": "Roof"}).json
    sign_in(app, other_company.owner).open(f"/settings/tags/{tag['id']}", status=404)
