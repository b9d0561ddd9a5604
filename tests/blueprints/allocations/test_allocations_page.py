"""Lead Allocations: everybody who may receive, with a number beside each."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from apiflask import APIFlask
from werkzeug.test import TestResponse

from portal.extensions import db
from portal.models import Rule
from portal.queries.pools import pool_views
from tests.cast import Company, Person
from tests.factories import make_pool, make_user
from tests.page import Browser, Page, sign_in

HTMX = {"HX-Request": "true", "HX-Request-Type": "partial", "Sec-Fetch-Site": "same-origin"}


@pytest.fixture
def owner(app: APIFlask, company: Company) -> Browser:
    return sign_in(app, company.owner)


def weight(person: Person) -> str:
    return f"weight_{person.id.hex}"


def weights_in(company: Company, pool_id: UUID) -> dict[UUID, int]:
    with company.inside():
        [view] = pool_views([pool_id])
        return dict(view.members)


def row_of(page: Page, person: Person) -> str:
    rows = (" ".join("".join(row.itertext()).split()) for row in page.root.iter("tr"))
    return next(words for words in rows if person.name in words)


def typed_at_once(page: Page, person: Person, value: str, **more: Any) -> TestResponse:
    """What htmx sends when one number was changed: the whole form, as it stands."""
    fields = page.form("/allocations").fields.to_dict() | {weight(person): value} | more
    return page.browser.client.post(f"/allocations/{person.id}", data=fields, headers=HTMX)


class TestPage:
    def test_without_a_pool_it_says_what_is_missing(self, owner: Browser) -> None:
        page = owner.open("/allocations")
        assert "No pool hands out new leads yet" in page.words
        assert page.press_link("Choose a pool").h1 == "Rules"

    def test_everybody_who_may_receive_stands_there_with_number_and_share(
        self, owner: Browser, company: Company
    ) -> None:
        make_pool(company, {company.agent: 3, company.colleague: 1})
        page = owner.open("/allocations")
        assert page.value_of(weight(company.agent)) == "3"
        assert "75 %" in row_of(page, company.agent)
        assert "25 %" in row_of(page, company.colleague)
        assert page.value_of(weight(company.owner)) == ""
        assert page.value_of(weight(company.manager)) is None
        assert page.dead_links() == []

    def test_it_says_who_gets_none_now_and_why(self, owner: Browser, company: Company) -> None:
        gone = make_user(company, "Gus Gone", active=False)
        make_pool(company, {make_user(company, "Paula Paused", available=False): 1, gone: 2})
        page = owner.open("/allocations")
        assert "gets none now: paused" in page.words
        assert "gets none now: no longer active" in row_of(page, gone)

    def test_it_says_what_happens_to_a_lead_now_and_who_follows(self, owner: Browser, company: Company) -> None:
        make_pool(company, [company.agent])
        page = owner.open("/allocations")
        assert f"It would be offered to {company.agent.name}" in page.words
        assert "Who is next" in page.words


class TestSavingAll:
    def test_the_button_saves_every_number_that_changed(self, owner: Browser, company: Company) -> None:
        pool = make_pool(company, {company.agent: 3, company.colleague: 1})
        typed = {weight(company.agent): "", weight(company.colleague): "4", weight(company.owner): "0"}
        assert "Saved." in owner.open("/allocations").press("Save", **typed).words
        assert weights_in(company, pool.id) == {company.colleague.id: 4, company.owner.id: 0}

    @pytest.mark.parametrize(
        ("value", "objection"), [("1001", "from 0 to 1000"), ("-1", "whole number"), ("x", "whole")]
    )
    def test_a_wrong_number_says_so_and_saves_nothing(
        self, owner: Browser, company: Company, value: str, objection: str
    ) -> None:
        pool = make_pool(company, {company.agent: 3, company.colleague: 1})
        typed = {weight(company.agent): value, weight(company.colleague): "9"}
        page = owner.open("/allocations").press("Save", status=422, **typed)
        assert objection in row_of(page, company.agent)
        assert (page.value_of(weight(company.agent)), page.value_of(weight(company.colleague))) == (value, "9")
        assert weights_in(company, pool.id) == {company.agent.id: 3, company.colleague.id: 1}

    def test_a_number_somebody_else_changed_is_told_and_nothing_of_mine_is_lost(
        self, app: APIFlask, company: Company
    ) -> None:
        pool = make_pool(company, {company.agent: 3, company.colleague: 1})
        mine = sign_in(app, company.owner).open("/allocations")
        sign_in(app, company.owner).open("/allocations").press("Save", **{weight(company.agent): "5"})
        typed = {weight(company.agent): "7", weight(company.colleague): "9"}
        refused = mine.press("Save", status=422, **typed)
        assert "Somebody set this to 5 meanwhile, so your 7 was not saved" in row_of(refused, company.agent)
        assert (refused.value_of(weight(company.agent)), refused.value_of(weight(company.colleague))) == ("5", "9")
        refused.press("Save", **{weight(company.agent): "7"})
        assert weights_in(company, pool.id) == {company.agent.id: 7, company.colleague.id: 9}

    def test_numbers_of_others_may_change_meanwhile(self, app: APIFlask, company: Company) -> None:
        pool = make_pool(company, {company.agent: 3, company.colleague: 1})
        mine = sign_in(app, company.owner).open("/allocations")
        sign_in(app, company.owner).open("/allocations").press("Save", **{weight(company.agent): "5"})
        mine.press("Save", **{weight(company.colleague): "9"})
        assert weights_in(company, pool.id) == {company.agent.id: 5, company.colleague.id: 9}

    def test_another_pool_since_is_told(self, owner: Browser, company: Company) -> None:
        first = make_pool(company, {company.agent: 3})
        page = owner.open("/allocations")
        second = make_pool(company, {company.agent: 3})
        refused = page.press("Save", status=422, **{weight(company.agent): "5"})
        assert "Another pool hands out new leads now" in refused.words
        assert weights_in(company, first.id) == weights_in(company, second.id) == {company.agent.id: 3}

    def test_no_pool_any_more_is_told(self, owner: Browser, company: Company) -> None:
        make_pool(company, {company.agent: 3})
        page = owner.open("/allocations")
        with company.inside():
            db.session.get_one(Rule, (company.id, company.default_rule_id)).pool_id = None
            db.session.commit()
        page.press("Save", status=409)


class TestSavingOne:
    def test_one_number_is_saved_and_every_share_comes_back(self, owner: Browser, company: Company) -> None:
        pool = make_pool(company, {company.agent: 1, company.colleague: 1})
        answer = typed_at_once(owner.open("/allocations"), company.agent, "3")
        assert answer.status_code == 200
        assert weights_in(company, pool.id) == {company.agent.id: 3, company.colleague.id: 1}
        assert f'id="share-{company.agent.id.hex}" hx-swap-oob="true"' in answer.text
        assert f'id="share-{company.colleague.id.hex}" hx-swap-oob="true"' in answer.text
        assert "75 %" in answer.text
        assert "25 %" in answer.text
        assert "<html" not in answer.text

    def test_what_others_typed_and_did_not_save_is_left_alone(self, owner: Browser, company: Company) -> None:
        pool = make_pool(company, {company.agent: 1, company.colleague: 1})
        page = owner.open("/allocations")
        answer = typed_at_once(page, company.agent, "3", **{weight(company.colleague): "not ready"})
        assert answer.status_code == 200
        assert weights_in(company, pool.id) == {company.agent.id: 3, company.colleague.id: 1}

    def test_a_wrong_number_is_told_beside_it(self, owner: Browser, company: Company) -> None:
        pool = make_pool(company, {company.agent: 1})
        answer = typed_at_once(owner.open("/allocations"), company.agent, "1001")
        assert answer.status_code == 422
        assert "from 0 to 1000" in answer.text
        assert 'aria-invalid="true"' in answer.text
        assert weights_in(company, pool.id) == {company.agent.id: 1}

    def test_who_types_second_is_told(self, app: APIFlask, company: Company) -> None:
        pool = make_pool(company, {company.agent: 1})
        mine, theirs = (sign_in(app, company.owner).open("/allocations") for _ in range(2))
        assert typed_at_once(theirs, company.agent, "5").status_code == 200
        answer = typed_at_once(mine, company.agent, "7")
        assert answer.status_code == 422
        assert "Somebody set this to 5 meanwhile" in answer.text
        assert weights_in(company, pool.id) == {company.agent.id: 5}

    @pytest.mark.parametrize("seen", ["", "-1", "1.0", "nonsense", "9" * 40])
    def test_what_was_never_seen_counts_as_changed(self, owner: Browser, company: Company, seen: str) -> None:
        pool = make_pool(company, {company.agent: 1})
        seen_field = {f"seen_{company.agent.id.hex}": seen}
        assert typed_at_once(owner.open("/allocations"), company.agent, "5", **seen_field).status_code == 422
        assert weights_in(company, pool.id) == {company.agent.id: 1}

    def test_a_field_it_does_not_have_is_refused(self, owner: Browser, company: Company) -> None:
        make_pool(company, {company.agent: 1})
        assert typed_at_once(owner.open("/allocations"), company.agent, "5", role="owner").status_code == 422


class TestRights:
    @pytest.mark.parametrize("who", ["agent", "manager"])
    def test_agents_and_managers_are_refused(self, app: APIFlask, company: Company, who: str) -> None:
        pool = make_pool(company, {company.agent: 1})
        fields = sign_in(app, company.owner).open("/allocations").form("/allocations").fields
        browser = sign_in(app, getattr(company, who))
        browser.open("/allocations", status=403)
        fields["csrf_token"] = browser.open("/me").form("/me").fields["csrf_token"]
        fields[weight(company.agent)] = "5"
        for address in ("/allocations", f"/allocations/{company.agent.id}"):
            browser.post(address, fields, status=403)
        assert weights_in(company, pool.id) == {company.agent.id: 1}

    def test_an_editor_may(self, app: APIFlask, company: Company) -> None:
        make_pool(company, {company.agent: 1})
        editor = sign_in(app, make_user(company, "Edna Editor", roles=["editor"]))
        assert "Saved." in editor.open("/allocations").press("Save", **{weight(company.agent): "5"}).words

    def test_another_companys_people_are_not_there(
        self, owner: Browser, company: Company, other_company: Company
    ) -> None:
        theirs = make_pool(other_company, {other_company.agent: 1})
        make_pool(company, {company.agent: 1})
        page = owner.open("/allocations")
        assert other_company.agent.email not in page.words
        fields = page.form("/allocations").fields.to_dict()
        owner.post(f"/allocations/{other_company.agent.id}", fields, status=404)
        refused = owner.post("/allocations", fields | {weight(other_company.agent): "5"}, status=422)
        assert "no field" in refused.words
        owner.post("/allocations", fields | {"pool": str(theirs.id), weight(company.agent): "5"}, status=422)
        assert weights_in(other_company, theirs.id) == {other_company.agent.id: 1}
