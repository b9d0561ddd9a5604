"""“What can this person see and do”, in words."""

from __future__ import annotations

import pytest
from apiflask import APIFlask

from tests.cast import Company
from tests.factories import holds_too, make_own_role, make_team, make_user
from tests.page import sign_in


@pytest.mark.parametrize(
    ("roles", "boxes", "in_team", "isolated", "says", "never"),
    [
        (["owner"], [], False, True, "Every lead of the company.", "No leads"),
        (["manager"], [], True, True, "Every lead of North and the teams below it.", "Every lead of the company"),
        (["manager"], [], False, False, "Every lead of the company.", "teams below"),
        (["agent"], ["unassigned"], False, False, "Leads nobody owns yet. Their own leads.", "Leads of colleagues."),
        (["agent"], ["unassigned", "assigned"], False, True, "Their own leads. Nothing else", "Leads nobody owns"),
        (["editor"], [], False, False, "No leads: no box is ticked.", "Their own leads."),
    ],
)
def test_the_page_of_a_person_says_what_they_see(
    app: APIFlask,
    company: Company,
    roles: list[str],
    boxes: list[str],
    in_team: bool,
    isolated: bool,
    says: str,
    never: str,
) -> None:
    team = make_team(company, "North").id if in_team else None
    person = make_user(company, "Vic Viewer", roles, lead_access=boxes, team_id=team)
    company.owner.api.patch("/company", {"isolate_leads": isolated})
    words = sign_in(app, company.owner).open(f"/people/{person.id}").words
    told = words.partition("can see and do")[2].partition("What they hold")[0]
    assert says in told
    assert never not in told


def test_it_says_how_far_a_right_reaches(app: APIFlask, company: Company) -> None:
    person = make_user(company, "Lea", team_id=make_team(company, "North").id)
    holds_too(company, person, make_own_role(company, "people:team", "distribution"))
    words = sign_in(app, company.owner).open(f"/people/{person.id}").words
    assert "Adds, changes and deactivates people of North and the teams below." in words
    assert "Sets up pools and rules." in words
