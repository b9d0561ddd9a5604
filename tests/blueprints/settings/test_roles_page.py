"""Roles on pages: made, changed, removed; what one lacks is greyed out with the reason."""

from __future__ import annotations

from apiflask import APIFlask

from portal.permissions import Right, rights_of
from tests.cast import Company
from tests.factories import holds_too, make_own_role, make_user
from tests.page import sign_in


def test_an_admin_makes_a_role_and_gives_it(app: APIFlask, company: Company) -> None:
    owner = sign_in(app, company.owner)
    made = owner.open("/settings/roles/new").press("Make the role", name="Dispatcher", grants=["assign", "reports"])
    assert "The role “Dispatcher” is there" in made.words
    assert "Hands out leads, reports" in made.words or "hands out leads, reports" in made.words
    [role] = company.owner.api.get("/roles").json["items"][6:]
    person = owner.open(f"/people/{company.agent.id}").press("Save", roles=["agent", role["id"]])
    assert "Dispatcher" in person.words
    assert "Hands out and takes back leads they see." in person.words
    with company.inside():
        assert rights_of(company.agent.user()) == {Right.RECEIVE, Right.ASSIGN, Right.REPORTS}


def test_a_role_is_changed_for_all_and_removed_when_nobody_has_it(app: APIFlask, company: Company) -> None:
    role = make_own_role(company, "export", name="Exporter")
    holds_too(company, company.agent, role)
    owner = sign_in(app, company.owner)
    page = owner.open(f"/settings/roles/{role.id}")
    assert "1 person has this role." in page.words
    refused = page.press("Remove", status=422)
    assert "Ana Agent still hold" in refused.words
    assert "Saved." in page.press("Save", grants=["reports"]).words
    with company.inside():
        assert Right.REPORTS in rights_of(company.agent.user())
    owner.open(f"/people/{company.agent.id}").press("Save", roles=["agent"])
    assert "is removed" in owner.open(f"/settings/roles/{role.id}").press("Remove").words


def test_what_one_lacks_is_greyed_out_with_the_reason(app: APIFlask, company: Company) -> None:
    editor = sign_in(app, make_user(company, roles=["editor"]))
    page = editor.open("/settings/roles/new")
    assert "You do not have this right yourself, so you cannot give it." in page.words
    grey = {box.get("value") for box in page.root.iter("input") if box.get("disabled") is not None}
    assert "assign" in grey
    assert "people" not in grey


def test_a_role_above_oneself_can_be_looked_at_only(app: APIFlask, company: Company) -> None:
    role = make_own_role(company, "export")
    editor = sign_in(app, make_user(company, roles=["editor"]))
    assert "so you cannot change it" in editor.open(f"/settings/roles/{role.id}").words


def test_who_saves_second_is_told(app: APIFlask, company: Company) -> None:
    role = make_own_role(company, "export", name="Exporter")
    page = sign_in(app, company.owner).open(f"/settings/roles/{role.id}")
    company.owner.api.patch(f"/roles/{role.id}", {"name": "Sender"})
    refused = page.press("Save", grants=["reports"], status=422)
    assert "Somebody" in refused.words
    assert company.owner.api.get(f"/roles/{role.id}").json["rights"] == ["export"]


def test_ownership_is_handed_over_and_whoever_did_it_stays_signed_in(app: APIFlask, company: Company) -> None:
    owner = sign_in(app, company.owner)
    page = owner.open("/settings/ownership").press("Hand over", to=str(company.manager.id))
    assert "Handed over. You are an admin from now on." in page.words
    owner.open("/settings/ownership", status=403)
    sign_in(app, company.manager).open("/settings/ownership")


def test_boxes_that_decide_nothing_are_greyed_out_and_kept(app: APIFlask, company: Company) -> None:
    owner = sign_in(app, company.owner)
    page = owner.open(f"/people/{company.manager.id}")
    assert "A role of theirs shows all leads." in page.words
    page.press("Save", name="Mia M")
    assert company.owner.api.get(f"/users/{company.manager.id}").json["lead_access"] == [
        "unassigned",
        "mine",
        "assigned",
    ]
