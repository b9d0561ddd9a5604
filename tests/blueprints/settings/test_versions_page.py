"""The versions, what each changed, and the way back."""

from __future__ import annotations

from apiflask import APIFlask

from tests.cast import Company
from tests.page import sign_in


def changed_twice(company: Company) -> None:
    pool = company.owner.api.post("/pools", {"name": "Buyers"}).json["id"]
    company.owner.api.patch(f"/pools/{pool}", {"window_seconds": 60})


def test_a_version_says_what_it_changed_and_is_gone_back_to_after_a_question(app: APIFlask, company: Company) -> None:
    owner = sign_in(app, company.owner)
    assert "No versions yet" in owner.open("/settings/versions").words
    changed_twice(company)
    assert "/settings/versions" in owner.open("/settings").links
    page = owner.open("/settings/versions")
    assert "pool “Buyers”, window seconds: 300 → 60" in page.words
    assert page.words.count("In use") == 1
    page = page.press_link("Roll back to version 1")
    assert "window seconds: 60 → 300" in page.words
    page = page.press("Roll back")
    assert "as in version 1 from the next one on" in page.words
    assert "Rolled back to version 1." in page.words
    assert company.owner.api.get("/pools").json["items"][0]["window_seconds"] == 300
    assert "already" in owner.open("/settings/versions/1/roll-back").words


def test_two_versions_are_compared(app: APIFlask, company: Company) -> None:
    changed_twice(company)
    owner = sign_in(app, company.owner)
    page = owner.open("/settings/versions").press_link("Version 1")
    assert "window seconds: 300 → 60" in page.words
    assert "Nothing is different" in owner.open("/settings/versions/1?with=1").words
    for nowhere in ("/settings/versions/9", "/settings/versions/1?with=9", "/settings/versions/1?with=x"):
        owner.open(nowhere, status=404)


def test_what_cannot_be_gone_back_to_is_said_before_anything_is_pressed(app: APIFlask, company: Company) -> None:
    team = company.owner.api.post("/teams", {"name": "North"}).json["id"]
    pool = company.owner.api.post("/pools", {"name": "Buyers", "team_id": team}).json["id"]
    company.owner.api.patch(f"/pools/{pool}", {"team_id": None})
    assert company.owner.api.delete(f"/teams/{team}").status_code == 204
    page = sign_in(app, company.owner).open("/settings/versions/2/roll-back")
    assert "There is no team called “North”" in page.words


def test_more_than_a_page_of_them_goes_on(app: APIFlask, company: Company) -> None:
    pool = company.owner.api.post("/pools", {"name": "Buyers"}).json["id"]
    for seconds in range(60, 82):
        company.owner.api.patch(f"/pools/{pool}", {"window_seconds": seconds})
    page = sign_in(app, company.owner).open("/settings/versions").press_link("Older")
    assert "Version 3" in page.words
    assert "Version 1" in page.words


def test_agents_and_managers_do_not_reach_them(app: APIFlask, company: Company) -> None:
    changed_twice(company)
    for person in (company.agent, company.manager):
        for path in ("/settings/versions", "/settings/versions/1", "/settings/versions/1/roll-back"):
            sign_in(app, person).open(path, status=403)
