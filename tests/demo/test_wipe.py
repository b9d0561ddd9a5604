"""Wiping a demo: everything made up goes, of this company only, and only where it was made up."""

from __future__ import annotations

from uuid import UUID

import pytest
from apiflask import APIFlask
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from portal.errors import Conflict, Forbidden
from portal.extensions import db
from portal.jobs import shell
from portal.jobs.timeouts import drain, end_offers
from portal.models import Account, Company, DueWork, KeyScope, Rule, User
from portal.models.tenancy import enter_company, leave_company
from portal.operations import keys
from portal.operations.check import check_all
from portal.operations.sending import Claim, begin
from portal.operations.wiping import wipe_demo
from tests import cast
from tests.blueprints.api.database_state import nothing_changes
from tests.cast import Person
from tests.consistency import assert_consistent
from tests.demo.made_up import TENANT_TABLES, contents_of, fill, make_demo, rows_of
from tests.factories import make_pool, make_team, make_user
from tests.operations.acts import agent_at_work, arrive
from tests.page import Browser, Page, sign_in

# What makes a company: its only user and the default rule. Its own lists of words are settings, nothing made up.
LEFT = {"companies": 1, "users": 1, "rules": 1}
WORDS = ("conversion_statuses", "lost_reasons")


@pytest.fixture
def demo(app: APIFlask) -> cast.Company:
    made = make_demo(app)
    fill(made)
    return made


def wipe(person: Person) -> None:
    with agent_at_work(person) as user:
        wipe_demo(by=user)


def emails(app: APIFlask) -> set[str]:
    with app.app_context():
        return set(db.session.scalars(select(Account.email)))


class TestWhatGoes:
    def test_every_table_of_a_company_is_emptied(self, demo: cast.Company) -> None:
        before = rows_of(demo)
        empty = {*TENANT_TABLES, "companies"} - before.keys()
        assert not empty, f"nothing in {empty} to wipe: this test would prove nothing, see made_up.fill"
        wipe(demo.owner)
        words = {table: before[table] for table in WORDS}
        assert rows_of(demo) == LEFT | words, "a new table? A migration of its own has to add it to wipe_demo"

    def test_its_lists_of_words_stay(self, demo: cast.Company) -> None:
        before = contents_of(demo)
        wipe(demo.owner)
        after = contents_of(demo)
        assert [after[table] for table in WORDS] == [before[table] for table in WORDS]

    def test_the_owner_is_left_alone_in_a_company_that_is_no_demo(self, demo: cast.Company) -> None:
        wipe(demo.owner)
        with demo.inside():
            (user,) = db.session.scalars(select(User)).all()
            (rule,) = db.session.scalars(select(Rule)).all()
            assert (user.id, user.roles, user.active, user.team_id) == (demo.owner.id, ["owner"], True, None)
            assert (rule.id, rule.is_default, rule.pool_id) == (demo.default_rule_id, True, None)
            assert db.session.get_one(Company, demo.id).is_demo is False
        assert_consistent(demo)

    def test_a_team_everything_was_sent_to_goes_and_the_default_rule_stays(self, demo: cast.Company) -> None:
        team = make_team(demo)
        pool = make_pool(demo)
        api = demo.owner.api
        assert api.patch(f"/teams/{team.id}", {"default_pool_id": str(pool.id)}).status_code == 200
        assert api.post("/rules", {"name": "Its own", "team_id": str(team.id)}).status_code == 201
        assert api.patch(f"/rules/{demo.default_rule_id}", {"to_team_id": str(team.id)}).status_code == 200
        wipe(demo.owner)
        with demo.inside():
            (rule,) = db.session.scalars(select(Rule)).all()
            assert (rule.id, rule.pool_id, rule.to_team_id) == (demo.default_rule_id, None, None)

    def test_the_sign_ins_of_people_who_work_nowhere_else_go(self, app: APIFlask, demo: cast.Company) -> None:
        wipe(demo.owner)
        assert emails(app) == {demo.owner.email}

    @pytest.mark.parametrize("active", [True, False])
    def test_who_works_elsewhere_too_keeps_their_sign_in(
        self, app: APIFlask, demo: cast.Company, other_company: cast.Company, active: bool
    ) -> None:
        with other_company.inside():
            other = {"email": demo.agent.email, "name": "Ana", "account_id": demo.agent.account_id, "active": active}
            db.session.add(User(company_id=other_company.id, **other))
            db.session.commit()
        wipe(demo.owner)
        assert demo.agent.email in emails(app)
        assert demo.colleague.email not in emails(app)

    def test_keys_made_before_open_nothing_any_more(self, demo: cast.Company) -> None:
        key, intake = demo.owner.api, demo.owner.intake
        wipe(demo.owner)
        assert key.get("/leads").status_code == 401
        assert intake.post("/leads", {"name": "Late", "phone": "+1 415 555 0102"}).status_code == 401

    def test_one_can_begin_at_once(self, demo: cast.Company) -> None:
        wipe(demo.owner)
        taken = arrive(demo)
        assert (taken.state, taken.waiting_for) == ("unassigned", "person")
        assert_consistent(demo)


class TestWhatStays:
    def test_another_company_is_as_it_was(self, app: APIFlask, demo: cast.Company, other_company: cast.Company) -> None:
        fill(other_company)
        other_demo = make_demo(app, "Another demo")
        fill(other_demo)
        before = contents_of(other_company), contents_of(other_demo)
        wipe(demo.owner)
        assert (contents_of(other_company), contents_of(other_demo)) == before
        assert_consistent(other_company)

    def test_a_company_with_real_data_is_refused(self, app: APIFlask, company: cast.Company) -> None:
        fill(company)
        with nothing_changes(app), pytest.raises(Conflict, match="no demo"):
            wipe(company.owner)

    @pytest.mark.parametrize("role", ["admin", "editor", "manager", "trusted_employee", "agent"])
    def test_only_an_owner_may(self, app: APIFlask, demo: cast.Company, role: str) -> None:
        person = make_user(demo, roles=[role])
        with nothing_changes(app), pytest.raises(Forbidden):
            wipe(person)

    def test_a_second_wipe_finds_no_demo(self, app: APIFlask, demo: cast.Company) -> None:
        wipe(demo.owner)
        with nothing_changes(app), pytest.raises(Conflict):
            wipe(demo.owner)


class TestTheFunctionItself:
    """Whoever calls it past the operation gets no further."""

    def call(self, company_id: UUID | None, keeper: UUID) -> None:
        if company_id is not None:
            enter_company(company_id)
        try:
            db.session.execute(text("SELECT wipe_demo(:keeper)"), {"keeper": keeper})
            db.session.commit()
        finally:
            leave_company()

    def test_works_on_the_company_entered_only(self, app: APIFlask, demo: cast.Company, company: cast.Company) -> None:
        with app.app_context(), nothing_changes(app):
            for entered in (None, company.id):
                with pytest.raises(DBAPIError, match="no demo"):
                    self.call(entered, demo.owner.id)

    def test_keeps_nobody_but_an_active_owner(self, app: APIFlask, demo: cast.Company, company: cast.Company) -> None:
        past = make_user(demo, roles=["owner"], active=False)
        with app.app_context(), nothing_changes(app):
            for keeper in (demo.manager.id, past.id, company.owner.id):
                with pytest.raises(DBAPIError, match="only an owner"):
                    self.call(demo.id, keeper)

    @pytest.mark.parametrize("table", ["timeline", "decisions", "leads", "messages", "users", "accounts"])
    def test_there_is_no_other_way_to_delete_what_happened(self, demo: cast.Company, table: str) -> None:
        with demo.inside(), pytest.raises(DBAPIError, match="permission denied"):
            db.session.execute(text(f"DELETE FROM {table}"))


class TestTheBanner:
    SAYS = "This is a demo company with made-up people."

    @pytest.mark.parametrize("address", ["/leads", "/people", "/pools", "/outbox", "/settings", "/me"])
    def test_is_on_every_page_of_a_demo_company(self, app: APIFlask, demo: cast.Company, address: str) -> None:
        assert self.SAYS in sign_in(app, demo.owner).open(address).words

    def test_has_its_button_for_owners_only(self, app: APIFlask, demo: cast.Company) -> None:
        page = sign_in(app, demo.manager).open("/leads")
        assert self.SAYS in page.words
        assert "Wipe it" not in page.words

    def test_is_on_no_page_of_another_company(self, app: APIFlask, company: cast.Company) -> None:
        assert self.SAYS not in sign_in(app, company.owner).open("/leads").words

    def test_goes_with_the_demo(self, app: APIFlask, demo: cast.Company) -> None:
        page = sign_in(app, demo.owner).open("/leads").press("Wipe it and begin with an empty company")
        assert self.SAYS not in page.words


class TestThePress:
    def test_one_press_empties_the_company_and_says_what_to_do_next(self, app: APIFlask, demo: cast.Company) -> None:
        browser = sign_in(app, demo.owner)
        page = press(browser)
        assert page.h1 == "The demo is wiped"
        assert page.dead_links() == []
        assert browser.open("/leads?bucket=unassigned").status == 200

    def test_pressing_twice_is_one_act(self, app: APIFlask, demo: cast.Company) -> None:
        browser = sign_in(app, demo.owner)
        press(browser)
        assert press(browser).h1 == "The demo is wiped"

    def test_everybody_else_is_signed_out(self, app: APIFlask, demo: cast.Company) -> None:
        agent = sign_in(app, demo.agent)
        assert agent.open("/me").h1 == "My settings"
        press(sign_in(app, demo.owner))
        assert agent.open("/me").h1 == "Sign in"

    def test_who_is_no_owner_is_refused(self, app: APIFlask, demo: cast.Company) -> None:
        with nothing_changes(app):
            press(sign_in(app, demo.manager), status=403)
            sign_in(app, demo.manager).open("/demo/wiped", status=403)

    def test_a_company_that_is_no_demo_is_refused(self, app: APIFlask, company: cast.Company) -> None:
        browser = sign_in(app, company.owner)
        with nothing_changes(app):
            assert "no demo" in press(browser, status=409).words

    def test_without_the_token_of_a_form_nothing_happens(self, app: APIFlask, demo: cast.Company) -> None:
        browser = sign_in(app, demo.owner)
        with nothing_changes(app):
            browser.client.post("/demo/wipe")
            assert browser.client.get("/demo/wipe").status_code == 405

    def test_nobody_is_let_in_without_signing_in(self, app: APIFlask) -> None:
        assert Browser(app).open("/demo/wiped").h1 == "Sign in"


class TestWorkThatWasDue:
    def test_does_nothing_when_it_comes_too_late(self, app: APIFlask, demo: cast.Company) -> None:
        with demo.inside():
            due = db.session.scalars(select(DueWork)).all()
            ending = [(work.company_id, work.group_id) for work in due if work.kind == "end_offer"]
            sending = [work for work in due if work.kind == "send_message"]
            assert ending
            assert sending
            claims = [Claim(demo.id, work.id, work.subject_id, 1) for work in sending]
        wipe(demo.owner)
        shell.work_for(app)
        with nothing_changes(app):
            for company_id, pool_id in ending:
                assert end_offers(str(company_id), str(pool_id)) == 0
            assert drain(str(demo.id)) == 0
            with demo.inside():
                assert [begin(claim) for claim in claims] == [None] * len(claims)
        with app.app_context():
            assert check_all() == []


def test_the_owner_can_make_a_key_again(demo: cast.Company) -> None:
    wipe(demo.owner)
    with agent_at_work(demo.owner) as user:
        keys.make_key(by=user, scope=KeyScope.INTAKE)
    assert rows_of(demo)["keys"] == 1


def press(browser: Browser, *, status: int = 200) -> Page:
    """As from the banner, with the token any form of the page carries: for those, too, who are shown no button."""
    token = browser.open("/me").form("/me").fields["csrf_token"]
    return browser.post("/demo/wipe", {"csrf_token": token}, status=status)
