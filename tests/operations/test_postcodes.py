"""Where postcodes are: taken in from a list, and looked up when people and leads are kept."""

from __future__ import annotations

from typing import Any

import pytest
from apiflask import APIFlask
from sqlalchemy import func, select

from portal.errors import Invalid
from portal.extensions import db
from portal.models import Postcode
from portal.operations.postcodes import import_postcodes
from portal.queries.postcodes import centre_of, readings
from tests.cast import Company
from tests.factories import make_pool
from tests.operations import sights
from tests.operations.acts import arrive

GEONAMES = "ES\t28013\tMadrid\tMadrid\tMD\tMadrid\tM\tMadrid\t28079\t40.42\t-3.7074\t4\n"
PLAIN = ["country;postcode;lat;lng\n", "US;00011;30.243;-97.765\n", "\n", "us;00012;30.207;-97.798\n"]


def count() -> int:
    return db.session.scalar(select(func.count()).select_from(Postcode)) or 0


class TestTakingInAList:
    def test_a_plain_list_and_one_of_geonames_are_read(self, app: APIFlask) -> None:
        with app.app_context():
            assert import_postcodes([*PLAIN]) == {"US": 2}
            assert import_postcodes([GEONAMES]) == {"ES": 1}
            assert centre_of("ES", "28013") == (40.42, -3.7074)
            assert centre_of("us", " 00011 ") == (30.243, -97.765)

    def test_twice_is_once_and_puts_right_what_is_there(self, app: APIFlask) -> None:
        with app.app_context():
            import_postcodes(["US,10001,40.1,-73.1"])
            before = count()
            import_postcodes(["US,10001,40.75,-73.99"])
            assert (count(), centre_of("US", "10001")) == (before, (40.75, -73.99))

    def test_the_middle_of_places_that_share_a_postcode_counts(self, app: APIFlask) -> None:
        with app.app_context():
            import_postcodes(["DE;01067;51.0;13.0", "DE;01067;52.0;15.0"])
            assert centre_of("DE", "01067") == (51.5, 14.0)

    @pytest.mark.parametrize(
        "line",
        [
            "US;00011;30.243",
            "US;00011;north;-97.765",
            "US;00011;91;-97.765",
            "US;00011;nan;-97.765",
            "US;00011;30.243;-181",
            "Texas;00011;30.243;-97.765",
            "US;--;30.243;-97.765",
            f"US;{'7' * 21};30.243;-97.765",
        ],
    )
    def test_a_line_that_makes_no_sense_is_named_and_nothing_is_kept(self, app: APIFlask, line: str) -> None:
        with app.app_context():
            before = count()
            with pytest.raises(Invalid, match="Nothing was kept") as refused:
                import_postcodes(["FR;75001;48.8;2.3", line])
            assert [error.field for error in refused.value.errors] == ["line 2"]
            db.session.rollback()
            assert count() == before

    def test_a_list_with_nothing_in_it_is_refused(self, app: APIFlask) -> None:
        with app.app_context(), pytest.raises(Invalid, match="no postcode in this file"):
            import_postcodes(["country;postcode;lat;lng", ""])


@pytest.mark.parametrize(
    ("country", "written", "forms"),
    [
        ("US", "00011-1234", ["000111234", "00011"]),
        ("GB", "SW1A 1AA", ["SW1A1AA", "SW1A"]),
        ("GB", "sw1a1aa", ["SW1A1AA", "SW1A"]),
        ("CA", "K1A0B1", ["K1A0B1", "K1A"]),
        ("DE", "01067", ["01067"]),
        ("DE", "– ", []),
    ],
)
def test_a_postcode_is_looked_for_as_a_whole_and_by_its_first_part(
    country: str, written: str, forms: list[str]
) -> None:
    assert readings(country, written) == forms


class TestPeople:
    def place(self, company: Company, status: int = 200, **place: Any) -> Any:
        path = f"/users/{company.agent.id}"
        answer = company.owner.api.patch(path, {"locations": [{"radius_km": 25, **place}]})
        assert answer.status_code == status, answer.text
        return answer.json

    def test_a_place_by_postcode_keeps_the_centre(self, company: Company) -> None:
        with company.inside():
            import_postcodes(PLAIN)
        told = self.place(company, postcode="00011")["locations"]
        assert told == [{"postcode": "00011", "lat": 30.243, "lng": -97.765, "radius_km": 25}]
        assert self.place(company, **told[0])["locations"] == told, "as it was told it may be sent again"

    def test_an_unknown_one_is_refused_by_its_name_with_what_to_do(self, company: Company) -> None:
        [error] = self.place(company, status=422, postcode="99999")["errors"]
        assert error["field"] == "locations.0.postcode"
        assert error["message"] == (
            "No centre is known for the postcode 99999 in US. Give its lat and lng, or have the country's postcodes "
            "imported."
        )

    def test_neither_postcode_nor_coordinates_is_no_place(self, company: Company) -> None:
        fields = {error["field"] for error in self.place(company, status=422)["errors"]}
        assert fields == {"locations.0.lat", "locations.0.lng"}


class TestLeads:
    def lands(self, company: Company, **location: Any) -> Any:
        return sights.lead(company, arrive(company, location=location).lead_id)

    def test_one_with_a_postcode_goes_to_who_works_there(self, company: Company) -> None:
        with company.inside():
            import_postcodes([*PLAIN, GEONAMES])
        make_pool(company, [company.agent, company.colleague], delivery="assign")
        near, far = {"postcode": "00011", "radius_km": 20}, {"lat": 40.4, "lng": -3.7, "radius_km": 20}
        company.owner.api.patch(f"/users/{company.agent.id}", {"locations": [near]})
        company.owner.api.patch(f"/users/{company.colleague.id}", {"locations": [far]})
        austin = [self.lands(company, postcode="00012") for _ in range(2)]
        assert {lead.owner_id for lead in austin} == {company.agent.id}
        assert austin[0].location == {"postcode": "00012", "lat": 30.207, "lng": -97.798}
        assert self.lands(company, postcode="28013", country="ES").owner_id == company.colleague.id

    def test_coordinates_that_were_sent_stay(self, company: Company) -> None:
        with company.inside():
            import_postcodes(PLAIN)
        lead = self.lands(company, postcode="00011", lat=1.0, lng=2.0)
        assert (lead.location["lat"], lead.location["lng"]) == (1.0, 2.0)

    def test_an_unknown_postcode_is_kept_and_has_no_coordinates(self, company: Company) -> None:
        assert self.lands(company, postcode="99999").location == {"postcode": "99999"}

    def test_a_preview_looks_it_up_as_well(self, company: Company) -> None:
        with company.inside():
            import_postcodes(PLAIN)
        make_pool(company, [company.agent], delivery="assign")
        company.owner.api.patch(f"/users/{company.agent.id}", {"locations": [{"postcode": "00011", "radius_km": 20}]})
        told = company.owner.api.post("/preview", {"phone": "+14155550100", "location": {"postcode": "00012"}})
        assert told.json["chosen"] == [str(company.agent.id)]
