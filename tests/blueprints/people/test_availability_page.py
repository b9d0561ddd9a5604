"""The page that says what somebody can and when they are there."""

from __future__ import annotations

import pytest
from apiflask import APIFlask

from portal.operations.postcodes import import_postcodes
from tests.cast import Company
from tests.factories import make_pool
from tests.page import Browser, sign_in


@pytest.fixture
def owner(app: APIFlask, company: Company) -> Browser:
    return sign_in(app, company.owner)


def test_everything_typed_is_saved_and_shown_again(owner: Browser, company: Company) -> None:
    typed = {
        "presence": "away",
        "time_zone": "Europe/Madrid",
        "hours_kind": "these",
        "monday": "09:00-17:00",
        "exceptions": "2026-12-24 closed",
        "day_cap": "3",
        "tags": "Roof\nMálaga",
        "languages": "es",
        "excluded_lead_types": "Rental",
        "locations": "36.72, -4.42 25 km",
    }
    page = owner.open(f"/people/{company.agent.id}").press_link("Availability").press("Save", **typed)
    before = company.owner.api.get(f"/users/{company.agent.id}").json
    assert before["tags"] == ["Roof", "Málaga"]
    assert before["locations"] == [{"lat": 36.72, "lng": -4.42, "radius_km": 25}]
    assert before["hours"] == {"monday": [["09:00", "17:00"]], "exceptions": {"2026-12-24": []}}
    assert (before["caps"]["day"], before["presence"], before["time_zone"]) == (3, "away", "Europe/Madrid")
    page.press("Save")
    assert company.owner.api.get(f"/users/{company.agent.id}").json == before


@pytest.mark.parametrize(
    ("field", "typed"),
    [("monday", "9-17"), ("exceptions", "soon closed"), ("locations", "Málaga"), ("tags", "x" * 201)],
)
def test_what_makes_no_sense_comes_back_and_nothing_is_saved(
    owner: Browser, company: Company, field: str, typed: str
) -> None:
    path = f"/people/{company.agent.id}/availability"
    page = owner.open(path).press("Save", status=422, hours_kind="these", tuesday="09:00-17:00", **{field: typed})
    assert page.error_of(field)
    assert company.owner.api.get(f"/users/{company.agent.id}").json["hours"] is None


def test_leave_is_noted_said_and_removed(owner: Browser, company: Company) -> None:
    make_pool(company, [company.agent])
    page = owner.open(f"/people/{company.agent.id}/availability")
    page = page.press("Note it", first_day="2020-01-01", last_day="2099-01-01", status=422)
    assert "at most 1000 days" in page.words
    page = page.press("Note it", first_day="2026-01-01", last_day="2027-06-01")
    assert "would not get it: on leave until 1 June 2027" in page.words
    page = page.press("Remove 2026-01-01 to 2027-06-01")
    assert "None are noted" in page.words


def test_agents_and_strangers_do_not_reach_it(app: APIFlask, company: Company, other_company: Company) -> None:
    path = f"/people/{company.colleague.id}/availability"
    sign_in(app, company.agent).open(path, status=403)
    sign_in(app, other_company.owner).open(path, status=404)


def test_a_place_may_be_typed_as_a_postcode(owner: Browser, company: Company) -> None:
    with company.inside():
        import_postcodes(["US;00021;36.72;-4.42"])
    path = f"/people/{company.agent.id}/availability"
    owner.open(path).press("Save", locations="00021 25\n00021-1234 2.5 km")
    assert company.owner.api.get(f"/users/{company.agent.id}").json["locations"] == [
        {"postcode": "00021", "lat": 36.72, "lng": -4.42, "radius_km": 25},
        {"postcode": "00021-1234", "lat": 36.72, "lng": -4.42, "radius_km": 2.5},
    ]
    page = owner.open(path)
    assert page.value_of("locations") == "00021 25 km\n00021-1234 2.5 km"
    company.owner.api.patch("/company", {"country": "ES"})
    owner.open(path).press("Save", day_cap="7")
    kept = company.owner.api.get(f"/users/{company.agent.id}").json
    assert kept["caps"]["day"] == 7
    assert [place["lat"] for place in kept["locations"]] == [36.72, 36.72]
    company.owner.api.patch("/company", {"country": "US"})
    refused = owner.open(path).press("Save", status=422, locations="99999 25")
    assert "No centre is known for the postcode 99999 in US" in str(refused.error_of("locations"))
