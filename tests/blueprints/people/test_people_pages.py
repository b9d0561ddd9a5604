"""The people pages."""

from __future__ import annotations

from typing import Any

import pytest
from apiflask import APIFlask

from portal.extensions import db
from portal.models import Account, Cause, Lead, Message, User, new_id
from tests.cast import Company, Person
from tests.factories import make_lead, make_offer, make_pool, make_team, make_user
from tests.page import Browser, Page, sign_in


@pytest.fixture
def owner(app: APIFlask, company: Company) -> Browser:
    return sign_in(app, company.owner)


def row_of(page: Page, name: str) -> str:
    """The words of the table row that names somebody."""
    for row in page.root.iter("tr"):
        words = " ".join("".join(row.itertext()).split())
        if name in words:
            return words
    raise AssertionError(f"no row for {name}")


def user_by_email(company: Company, email: str) -> User:
    with company.inside():
        user = db.session.scalars(db.select(User).where(User.email == email)).one()
        db.session.expunge(user)
        return user


def changed(company: Company, person: Person, **columns: Any) -> None:
    with company.inside():
        for name, value in columns.items():
            setattr(person.user(), name, value)
        db.session.commit()


class TestList:
    def test_it_shows_everybody_with_role_and_address(self, owner: Browser, company: Company) -> None:
        page = owner.open("/people")
        assert page.h1 == "People"
        assert "Manager" in row_of(page, company.manager.name)
        assert company.agent.email in row_of(page, company.agent.name)

    def test_it_says_who_gets_leads_now_and_why_others_do_not(self, owner: Browser, company: Company) -> None:
        changed(company, company.colleague, available=False)
        make_user(company, "Full Felix", open_cap=1)
        felix = user_by_email(company, make_user(company, "Gus Gone", active=False).email)
        page = owner.open("/people")
        assert "Gets leads" in row_of(page, company.agent.name)
        assert "No leads: paused" in row_of(page, company.colleague.name)
        assert "Not in this role" in row_of(page, company.manager.name)
        assert "Deactivated" in row_of(page, felix.name)

    def test_it_counts_open_leads_against_the_cap(self, owner: Browser, company: Company) -> None:
        full = make_user(company, "Full Felix", open_cap=2)
        make_lead(company, full)
        assert "1 of 2" in row_of(owner.open("/people"), full.name)
        make_lead(company, full)
        assert "No leads: at 2 of 2 open leads" in row_of(owner.open("/people"), full.name)

    def test_it_finds_by_a_part_of_name_or_address(self, owner: Browser, company: Company) -> None:
        page = owner.open("/people?q=mara")
        assert company.manager.name in page.words
        assert company.agent.name not in page.words
        assert "Nobody found" in owner.open("/people?q=100%25").words

    def test_it_is_narrowed_to_a_team_and_those_below(self, owner: Browser, company: Company) -> None:
        west = make_team(company, "West")
        below = make_user(company, "Nina North", team_id=make_team(company, "Seattle", parent_id=west.id).id)
        inside = make_user(company, "Willy West", team_id=west.id)
        page = owner.open("/people").form("/people").send(team=str(west.id))
        assert inside.name in page.words
        assert below.name in page.words
        assert company.agent.email not in page.words
        assert "Nobody found" in page.form("/people").send(q="zelda").words

    @pytest.mark.parametrize("team", ["nonsense", "0190a7d4-0000-7000-8000-000000000000"])
    def test_a_team_there_is_not_answers_kindly(self, owner: Browser, team: str) -> None:
        owner.open(f"/people?team={team}", status=404)

    def test_another_companys_team_does_not_exist(self, owner: Browser, other_company: Company) -> None:
        theirs = make_team(other_company, "Theirs")
        owner.open(f"/people?team={theirs.id}", status=404)
        assert "Theirs" not in owner.open("/people").words

    def test_open_leads_lead_to_the_list_of_them(self, owner: Browser, company: Company) -> None:
        make_lead(company, company.agent)
        page = owner.open("/people").press_link(f"Open leads of {company.agent.name}: 1")
        assert page.address == f"/leads?bucket=assigned&owner={company.agent.id}"

    def test_an_editor_sees_numbers_but_no_way_to_leads_they_may_not_see(self, app: APIFlask, company: Company) -> None:
        make_lead(company, company.agent)
        page = sign_in(app, make_user(company, "Edna Editor", roles=["editor"])).open("/people")
        assert "1" in row_of(page, company.agent.name)
        assert not [link for link in page.links if "owner=" in link]

    def test_a_long_name_is_shown_whole_to_those_who_listen(self, owner: Browser, company: Company) -> None:
        make_user(company, "Y" * 200)
        assert "Y" * 200 in owner.open("/people").words

    def test_nobody_of_another_company_is_shown(self, owner: Browser, stranger: Person) -> None:
        assert stranger.email not in owner.open("/people").words
        assert "Nobody found" in owner.open(f"/people?q={stranger.email}").words

    def test_it_has_no_dead_links(self, owner: Browser) -> None:
        assert owner.open("/people").dead_links() == []


class TestRights:
    @pytest.mark.parametrize("address", ["/people", "/people/new"])
    def test_agents_and_managers_are_refused(self, app: APIFlask, company: Company, address: str) -> None:
        for person in (company.agent, company.manager):
            sign_in(app, person).open(address, status=403)

    def test_signed_out_people_are_asked_to_sign_in(self, app: APIFlask, company: Company) -> None:
        assert Browser(app).open("/people").h1 == "Sign in"

    def test_another_companys_person_does_not_exist(self, owner: Browser, company: Company, stranger: Person) -> None:
        form = owner.open(f"/people/{company.agent.id}").form(f"/people/{company.agent.id}").fields
        for address in (f"/people/{stranger.id}", f"/people/{stranger.id}/deactivate", f"/people/{new_id()}"):
            owner.open(address, status=404)
        for act in ("", "/deactivate", "/activate", "/invite"):
            owner.post(f"/people/{stranger.id}{act}", form, status=404)

    def test_an_editor_cannot_open_somebody_above(self, app: APIFlask, company: Company) -> None:
        editor = sign_in(app, make_user(company, "Edna Editor", roles=["editor"]))
        assert "stands above yours" in editor.open(f"/people/{company.owner.id}", status=403).words
        page = editor.open("/people")
        assert f"/people/{company.owner.id}" not in page.links
        assert f"/people/{company.agent.id}" in page.links

    def test_an_editor_is_offered_only_roles_they_may_give(self, app: APIFlask, company: Company) -> None:
        page = sign_in(app, make_user(company, "Edna Editor", roles=["editor"])).open("/people/new")
        offered = [box.get("value") for box in page.root.iter("input") if box.get("name") == "roles"]
        assert offered == ["editor", "trusted_employee", "agent"]

    def test_a_role_not_offered_is_refused(self, app: APIFlask, company: Company) -> None:
        page = sign_in(app, make_user(company, "Edna Editor", roles=["editor"])).open("/people/new")
        page = page.press("Add", status=422, name="Nina", email="nina@example.com", roles=["owner"])
        assert page.error_of("roles")


class TestAdding:
    def test_a_new_person_gets_a_mail_with_a_link(self, owner: Browser, company: Company) -> None:
        team = make_team(company, "West")
        page = owner.open("/people/new").press(
            "Add",
            name="Nina Neu",
            email="Nina@Example.com",
            phone="+1 415 555 0199",
            roles=["agent", "manager"],
            lead_access=["mine"],
            team_id=str(team.id),
            open_cap="7",
        )
        assert "Nina Neu is added" in page.words
        nina = user_by_email(company, "nina@example.com")
        assert (nina.roles, nina.lead_access, nina.team_id, nina.open_cap) == (
            ["manager", "agent"],
            ["mine"],
            team.id,
            7,
        )
        with company.inside():
            message = db.session.scalars(db.select(Message).where(Message.user_id == nina.id)).one()
            assert (message.cause, message.facts) == (Cause.ACCOUNT, {"link": "set_password"})

    def test_nothing_typed_is_lost_when_something_is_wrong(self, owner: Browser) -> None:
        page = owner.open("/people/new").press(
            "Add", status=422, name="Nina", email="not an address", open_cap="many", lead_access=["mine"], roles=[]
        )
        assert page.error_of("open_cap") == "Please type a whole number in digits, such as 5."
        assert page.error_of("roles") == "Please choose at least one role."
        assert (page.value_of("name"), page.value_of("email"), page.value_of("open_cap")) == (
            "Nina",
            "not an address",
            "many",
        )
        assert page.form("/people/new").fields.getlist("lead_access") == ["mine"]

    @pytest.mark.parametrize(
        ("field", "value", "objection"),
        [
            ("name", "", "Please type a name."),
            ("name", "\u200b", "something people can see"),
            ("email", "x@", "not an e-mail address"),
            ("phone", "none", "no digits"),
            ("open_cap", "-1", "whole number"),
            ("open_cap", "99999999", "from 0 to"),
        ],
    )
    def test_each_field_says_what_is_wrong(self, owner: Browser, field: str, value: str, objection: str) -> None:
        typed = {"name": "Nina", "email": "nina@example.com", field: value}
        assert objection in owner.open("/people/new").press("Add", status=422, **typed).error_of(field)

    def test_an_address_that_works_here_already_is_refused(self, owner: Browser, company: Company) -> None:
        page = owner.open("/people/new").press("Add", status=422, name="Twin", email=company.agent.email.upper())
        assert "works here already" in page.error_of("email")


class TestChanging:
    def test_changes_are_saved(self, owner: Browser, company: Company) -> None:
        page = owner.open(f"/people/{company.agent.id}")
        assert page.value_of("email") == company.agent.email
        page = page.press("Save", name="Ana Anders", available=None, roles=["trusted_employee"])
        assert page.h1 == "Ana Anders"
        assert "Gets no leads now: paused" in page.words
        assert user_by_email(company, company.agent.email).roles == ["trusted_employee"]

    def test_somebody_in_a_team_stays_there_when_something_else_changes(self, owner: Browser, company: Company) -> None:
        north = make_team(company, "North")
        member = make_user(company, "Nina North", team_id=north.id)
        page = owner.open(f"/people/{member.id}")
        assert page.value_of("team_id") == str(north.id)
        page.press("Save", name="Nina Newname")
        person = user_by_email(company, member.email)
        assert (person.name, person.team_id) == ("Nina Newname", north.id)

    def test_the_last_owner_cannot_step_down(self, owner: Browser, company: Company) -> None:
        page = owner.open(f"/people/{company.owner.id}").press("Save", status=422, roles=["agent"])
        assert "at least one owner" in page.words

    def test_a_script_in_a_name_is_only_text(self, owner: Browser, company: Company) -> None:
        page = owner.open(f"/people/{company.agent.id}").press("Save", name="<script>alert(1)</script>")
        assert page.h1 == "<script>alert(1)</script>"


class TestOnePerson:
    def test_it_says_that_they_are_next(self, owner: Browser, company: Company) -> None:
        make_pool(company, [company.agent], window_seconds=60)
        page = owner.open(f"/people/{company.agent.id}")
        assert f"{company.agent.name} would be offered it for 1 minute." in page.words

    def test_it_says_why_they_are_not_and_who_is(self, owner: Browser, company: Company) -> None:
        make_pool(company, [company.agent, company.colleague], delivery="assign")
        changed(company, company.colleague, available=False)
        page = owner.open(f"/people/{company.colleague.id}")
        assert f"{company.colleague.name} would not get it: paused." in page.words
        assert f"It would be given to {company.agent.name} at once." in page.words

    def test_it_says_how_long_until_their_turn(self, owner: Browser, company: Company) -> None:
        make_pool(company, {company.agent: 2, company.colleague: 1})
        page = owner.open(f"/people/{company.colleague.id}")
        assert f"{company.colleague.name} would get the 3rd lead from now." in page.words

    def test_it_says_when_they_are_not_in_the_pool(self, owner: Browser, company: Company) -> None:
        make_pool(company, {company.agent: 1, company.owner: 0}, name="Solar")
        page = owner.open(f"/people/{company.colleague.id}")
        assert f"{company.colleague.name} is not in the pool “Solar”." in page.words
        assert "has weight 0 in the pool “Solar”." in owner.open(f"/people/{company.owner.id}").words

    def test_without_a_pool_it_says_that(self, owner: Browser, company: Company) -> None:
        assert "no pool is set for new leads" in owner.open(f"/people/{company.agent.id}").words

    def test_it_shows_what_they_hold(self, owner: Browser, company: Company) -> None:
        pool = make_pool(company, {company.agent: 3, company.colleague: 1}, name="Solar")
        make_lead(company, company.agent)
        page = owner.open(f"/people/{company.agent.id}")
        assert "weight 3 · 75 %" in page.words
        assert f"/pools/{pool.id}" in page.links
        assert f"/leads?bucket=assigned&owner={company.agent.id}" in page.links
        assert page.dead_links() == []


class TestTwoAdmins:
    def test_who_saves_second_is_told_what_changed_and_keeps_what_they_typed(
        self, app: APIFlask, company: Company
    ) -> None:
        team = make_team(company, "West")
        mine = sign_in(app, company.owner).open(f"/people/{company.agent.id}")
        theirs = sign_in(app, company.owner).open(f"/people/{company.agent.id}")
        theirs.press("Save", team_id=str(team.id), open_cap="5", roles=["agent", "manager"])
        refused = mine.press("Save", status=422, name="Ana Anders", open_cap="7")
        assert "Somebody changed this while you were writing" in refused.words
        assert "Somebody set this to “5” meanwhile" in refused.error_of("open_cap")
        assert "What they set is shown" in refused.error_of("team_id")
        assert "What they set is shown" in refused.error_of("roles")
        assert user_by_email(company, company.agent.email).name == company.agent.name
        assert "Saved." in refused.press("Save").words
        user = user_by_email(company, company.agent.email)
        assert (user.name, user.team_id, user.open_cap) == ("Ana Anders", team.id, 7)
        assert user.roles == ["manager", "agent"]

    def test_somebody_who_pauses_meanwhile_stays_paused(self, app: APIFlask, company: Company) -> None:
        page = sign_in(app, company.owner).open(f"/people/{company.agent.id}")
        sign_in(app, company.agent).open("/me").press("Pause new leads")
        page.press("Save", status=422, phone="+1 415 555 0100").press("Save")
        user = user_by_email(company, company.agent.email)
        assert (user.phone, user.available) == ("+1 415 555 0100", False)

    def test_a_mistake_does_not_hide_that_it_changed_meanwhile(self, app: APIFlask, company: Company) -> None:
        mine = sign_in(app, company.owner).open(f"/people/{company.agent.id}")
        sign_in(app, company.owner).open(f"/people/{company.agent.id}").press("Save", phone="+1 415 555 0100")
        wrong = mine.press("Save", status=422, open_cap="many")
        assert "Somebody changed" not in wrong.words
        assert "Somebody changed" in wrong.press("Save", status=422, open_cap="3").words


class TestLeaving:
    def test_it_is_asked_once_and_says_what_happens(self, owner: Browser, company: Company) -> None:
        lead = make_lead(company)
        make_offer(company, lead, company.agent, make_pool(company, [company.agent]))
        page = owner.open(f"/people/{company.agent.id}").press_link("Deactivate…")
        assert "1 open offer is withdrawn" in page.words
        page = page.press("Deactivate")
        assert "is deactivated" in page.words
        assert not user_by_email(company, company.agent.email).active

    def test_open_leads_may_be_given_to_a_colleague(self, owner: Browser, company: Company) -> None:
        lead = make_lead(company, company.agent)
        page = owner.open(f"/people/{company.agent.id}/deactivate")
        missing = page.press("Deactivate", status=422, open_leads="give")
        assert missing.error_of("to") == "Please choose who gets the leads."
        missing.press("Deactivate", open_leads="give", to=str(company.colleague.id))
        with company.inside():
            assert db.session.get_one(Lead, (company.id, lead.id)).owner_id == company.colleague.id

    def test_the_last_owner_cannot_leave(self, owner: Browser, company: Company) -> None:
        page = owner.open(f"/people/{company.owner.id}/deactivate").press("Deactivate", status=422)
        assert "at least one owner" in page.words

    def test_somebody_may_come_back(self, owner: Browser, company: Company) -> None:
        gone = make_user(company, "Gus Gone", active=False)
        page = owner.open(f"/people/{gone.id}").press("Activate")
        assert "is active again" in page.words
        assert user_by_email(company, gone.email).active


class TestInvitingAgain:
    def test_a_fresh_mail_goes_out(self, owner: Browser, company: Company) -> None:
        page = owner.open(f"/people/{company.agent.id}").press("Send the mail again")
        assert "is on its way" in page.words
        with company.inside():
            message = db.session.scalars(db.select(Message).where(Message.user_id == company.agent.id)).one()
            assert message.facts == {"link": "set_password"}

    def test_it_is_not_offered_to_somebody_with_a_password(self, owner: Browser, company: Company) -> None:
        with company.inside():
            db.session.get_one(Account, company.agent.account_id).password = "$argon2id$something"
            db.session.commit()
        page = owner.open(f"/people/{company.agent.id}")
        assert "Send the mail again" not in page.words
        page = owner.post(
            f"/people/{company.agent.id}/invite", {"csrf_token": page.form("/logout").fields["csrf_token"]}
        )
        assert "has set a password already" in page.words

    def test_no_link_goes_out_to_an_account_that_works_elsewhere_too(
        self, owner: Browser, company: Company, stranger: Person
    ) -> None:
        with company.inside():
            db.session.add(
                User(company_id=company.id, id=new_id(), account_id=stranger.account_id, name="S", email=stranger.email)
            )
            db.session.commit()
        user = user_by_email(company, stranger.email)
        owner.open(f"/people/{user.id}").press("Send the mail again")
        with company.inside():
            message = db.session.scalars(db.select(Message).where(Message.user_id == user.id)).one()
            assert message.facts == {}
