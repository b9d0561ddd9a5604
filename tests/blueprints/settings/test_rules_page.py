"""The page of rules."""

from __future__ import annotations

import pytest
from apiflask import APIFlask
from sqlalchemy import select

from portal.extensions import db
from portal.models import Rule
from portal.queries.rules import rules as all_rules
from tests.cast import Company
from tests.factories import make_pool
from tests.page import Browser, sign_in


@pytest.fixture
def owner(app: APIFlask, company: Company) -> Browser:
    return sign_in(app, company.owner)


def pool_of_default_rule(company: Company) -> object:
    with company.inside():
        return db.session.get_one(Rule, (company.id, company.default_rule_id)).pool_id


def menu_of(company: Company) -> str:
    return f"rule-{company.default_rule_id.hex}-goes_to"


def test_without_a_pool_the_way_to_make_one_is_shown(owner: Browser) -> None:
    page = owner.open("/settings/rules")
    assert "no pool is set" in page.words
    assert page.press_link("Make the first pool").h1 == "New pool"


def test_the_default_rule_is_pointed_at_a_pool_and_back(owner: Browser, company: Company) -> None:
    pool = make_pool(company, [company.agent], default_rule=False)
    page = owner.open("/settings/rules").press("Save", **{menu_of(company): str(pool.id)})
    assert pool_of_default_rule(company) == pool.id
    assert f"offered to {company.agent.name}" in page.words
    page.press("Save", **{menu_of(company): ""})
    assert pool_of_default_rule(company) is None


def test_another_companys_pool_cannot_be_chosen(owner: Browser, company: Company, other_company: Company) -> None:
    theirs = make_pool(other_company)
    page = owner.open("/settings/rules").press("Save", status=422, **{menu_of(company): str(theirs.id)})
    assert "Not a valid choice" in page.error_of(menu_of(company))
    assert pool_of_default_rule(company) is None


def test_another_companys_rule_does_not_exist(owner: Browser, other_company: Company) -> None:
    token = owner.open("/settings/rules").form("/logout").fields["csrf_token"]
    owner.post(f"/settings/rules/{other_company.default_rule_id}", {"csrf_token": token}, status=404)


def test_agents_and_managers_are_refused(app: APIFlask, company: Company) -> None:
    for person in (company.agent, company.manager):
        sign_in(app, person).open("/settings/rules", status=403)


class TestRulesWithConditions:
    """Made, changed, moved, paused, copied and deleted on the page."""

    def test_a_rule_is_made_and_reads_as_a_sentence(self, owner: Browser, company: Company) -> None:
        pool = make_pool(company, [company.agent], default_rule=False)
        page = owner.open("/settings/rules").press_link("New rule")
        typed = {
            "name": "Coast",
            "goes_to": str(pool.id),
            "city": "Málaga\nMarbella",
            "price_min": "100,000",
            "custom": "rooms = 3 | 4\nnotes contains pool",
            "hours_kind": "these",
            "monday": "09:00-12:00, 13:00–17:00",
            "exceptions": "2026-12-24 closed",
        }
        page = page.press("Make the rule", **typed)
        assert "city is Málaga or Marbella; price from 100000; notes contains pool; rooms is 3 or 4" in page.words
        assert "Mon 09:00-12:00 and 13:00-17:00" in page.words
        rule = stored(company, "Coast")
        assert rule.conditions == {
            "city": ["Málaga", "Marbella"],
            "price": {"min": "100000"},
            "fields": {"rooms": {"one_of": ["3", "4"]}, "notes": {"contains": "pool"}},
        }
        assert rule.hours == {
            "monday": [["09:00", "12:00"], ["13:00", "17:00"]],
            "exceptions": {"2026-12-24": []},
        }

    def test_what_was_saved_is_what_the_form_shows_again(self, owner: Browser, company: Company) -> None:
        page = owner.open("/settings/rules/new").press(
            "Make the rule",
            name="Coast",
            city="Ronda",
            has_phone="yes",
            blank_passes=["city", "custom"],
            custom="rooms = 3",
            lead_type="Roof",
            hours_kind="these",
            sunday="22:00-06:00",
            exceptions="2026-12-31 09:00-12:00",
        )
        before = stored(company, "Coast")
        page.press_link("Coast").press("Save")
        after = stored(company, "Coast")
        assert (before.conditions, before.strictness, before.hours) == (after.conditions, after.strictness, after.hours)
        assert after.strictness == {"city": "exact_or_empty", "fields.rooms": "exact_or_empty"}

    @pytest.mark.parametrize(
        ("field", "typed"),
        [
            ("monday", "9-17"),
            ("exceptions", "someday closed"),
            ("price_min", "cheap"),
            ("custom", "rooms"),
            ("postcode", "*"),
            ("hours_kind", "these"),
        ],
    )
    def test_what_makes_no_sense_comes_back_at_its_field(
        self, owner: Browser, company: Company, field: str, typed: str
    ) -> None:
        kind = "these" if field in ("monday", "exceptions") else "always"
        sent = {"name": "Coast", "city": "Ronda", "hours_kind": kind, field: typed}
        page = owner.open("/settings/rules/new").press("Make the rule", status=422, **sent)
        assert page.error_of(field)
        with company.inside():
            assert db.session.scalars(select(Rule).where(Rule.name == "Coast")).all() == []

    def test_a_rule_for_every_lead_that_leads_nowhere_is_asked_about(self, owner: Browser, company: Company) -> None:
        page = owner.open("/settings/rules/new").press("Make the rule", status=422, name="Coast")
        assert "take every lead and give it to nobody" in page.error_of("goes_to")
        pool = make_pool(company, [company.agent], default_rule=False)
        page = owner.open("/settings/rules/new").press("Make the rule", name="Nights", goes_to=pool.id)
        assert "The rule “Nights” is there." in page.words
        hours = {"hours_kind": "these", "sunday": "00:00-24:00"}
        page = owner.open("/settings/rules/new").press("Make the rule", name="Sundays wait", **hours)
        assert "The rule “Sundays wait” is there." in page.words

    @pytest.mark.parametrize("typed", ["rooms", "rooms =", "= 3"])
    def test_a_field_of_ones_own_that_cannot_be_read_is_told_how_to_be_written(
        self, owner: Browser, typed: str
    ) -> None:
        page = owner.open("/settings/rules/new").press("Make the rule", status=422, name="Rooms", custom=typed)
        assert page.error_of("custom").endswith("Write it like rooms = 3, size = 3 | 4, or notes contains pool.")

    def test_rules_are_moved_paused_copied_and_deleted(self, owner: Browser, company: Company) -> None:
        page = owner.open("/settings/rules")
        for name in ("First", "Second"):
            page = page.press_link("New rule").press("Make the rule", name=name, city="Ronda")
        page = page.press("Move up: Second")
        assert names(company) == ["Second", "First", "Everything else"]
        page = page.press("Pause: Second")
        assert stored(company, "Second").paused
        page = page.press("Resume: Second").press("Copy: Second")
        assert page.h1 == "Edit Copy of Second"
        page = page.press("Save").press_link("Delete: Copy of Second").press("Delete")
        assert names(company) == ["Second", "First", "Everything else"]
        assert not stored(company, "Second").paused

    def test_rules_are_put_into_the_order_they_were_dragged_into(self, owner: Browser, company: Company) -> None:
        page = owner.open("/settings/rules")
        for name in ("First", "Second"):
            page = page.press_link("New rule").press("Make the rule", name=name, city="Ronda")
        form = page.form("/settings/rules/order")
        ids = [str(stored(company, name).id) for name in ("Second", "First")]
        owner.post("/settings/rules/order", {"csrf_token": form.fields["csrf_token"], "rule": ids})
        assert names(company) == ["Second", "First", "Everything else"]
        owner.post("/settings/rules/order", {"csrf_token": form.fields["csrf_token"], "rule": ids[:1]}, status=409)

    def test_two_people_at_one_rule_do_not_undo_each_other(self, owner: Browser, company: Company) -> None:
        owner.open("/settings/rules/new").press("Make the rule", name="Coast", city="Ronda")
        page = owner.open(f"/settings/rules/{stored(company, 'Coast').id}/edit")
        owner.open(f"/settings/rules/{stored(company, 'Coast').id}/edit").press("Save", city="Marbella")
        assert "Somebody changed this" in page.press("Save", status=422, city="Estepona").words
        assert stored(company, "Coast").conditions == {"city": ["Marbella"]}


def stored(company: Company, name: str) -> Rule:
    with company.inside():
        rule = db.session.scalars(select(Rule).where(Rule.name == name, Rule.deleted_at.is_(None))).one()
        db.session.expunge(rule)
        return rule


def names(company: Company) -> list[str]:
    with company.inside():
        return [rule.name for rule in all_rules()]


class TestWhatAProgramSaid:
    """The page does not change what it shows in fewer words."""

    def test_strictness_of_single_fields_stays_while_their_box_does(self, owner: Browser, company: Company) -> None:
        own = {"rooms": {"equals": "3"}, "roof": {"equals": "flat"}}
        conditions = {"city": ["Ronda"], "source": ["Ad"], "fields": own}
        strictness = {"city": "exact_or_empty", "fields.rooms": "exact_or_empty"}
        made = company.owner.api.post("/rules", {"name": "Coast", "conditions": conditions, "strictness": strictness})
        path = f"/settings/rules/{made.json['id']}/edit"
        owner.open(path).press("Save", language="es")
        assert stored(company, "Coast").strictness == strictness
        owner.open(path).press("Save", blank_passes=["language"])
        assert stored(company, "Coast").strictness == {"language": "exact_or_empty"}

    @pytest.mark.parametrize(
        ("field", "typed"), [("custom", "rooms = 3\nrooms = 4"), ("exceptions", "2026-12-24 closed\n2026-12-24 closed")]
    )
    def test_a_name_that_stands_there_twice_is_said(self, owner: Browser, field: str, typed: str) -> None:
        sent = {"name": "Coast", "city": "Ronda", "hours_kind": "these", "monday": "09:00-17:00", field: typed}
        assert "twice" in owner.open("/settings/rules/new").press("Make the rule", status=422, **sent).error_of(field)
