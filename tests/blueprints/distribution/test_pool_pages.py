"""The pool pages."""

from __future__ import annotations

import pytest
from apiflask import APIFlask

from portal.extensions import db
from portal.models import Pool, PoolMember, Rule, new_id
from portal.operations import rules
from portal.queries.pools import pool_views
from tests.cast import Company, Person
from tests.factories import make_lead, make_offer, make_pool, make_team, make_user
from tests.page import Browser, Page, sign_in


@pytest.fixture
def owner(app: APIFlask, company: Company) -> Browser:
    return sign_in(app, company.owner)


def weight(person: Person) -> str:
    return f"weight_{person.id.hex}"


def pool_called(company: Company, name: str) -> Pool:
    with company.inside():
        pool = db.session.scalars(db.select(Pool).where(Pool.name == name)).one()
        db.session.expunge(pool)
        return pool


def members_of(company: Company, pool: Pool) -> dict[str, int]:
    with company.inside():
        [view] = pool_views([pool.id])
        return {str(user_id): weight for user_id, weight in view.members}


def row_of(page: Page, name: str) -> str:
    rows = (" ".join("".join(row.itertext()).split()) for row in page.root.iter("tr"))
    return next(words for words in rows if name in words)


def steps_under(page: Page, heading: str) -> list[str]:
    """The list items of the section with this heading."""
    for section in page.root.iter("section"):
        if any("".join(h.itertext()) == heading for h in section.iter("h2")):
            return [" ".join("".join(item.itertext()).split()) for item in section.iter("li")]
    raise AssertionError(f"no section {heading}")


class TestTwoAdmins:
    def test_who_saves_second_is_told_and_undoes_nothing(self, app: APIFlask, company: Company) -> None:
        pool = make_pool(company, [company.agent], name="Solar")
        first, second = sign_in(app, company.owner), sign_in(app, company.owner)
        theirs, mine = first.open(f"/pools/{pool.id}/edit"), second.open(f"/pools/{pool.id}/edit")
        theirs.press("Save", max_offers="3")
        refused = mine.press("Save", status=422, name="Sun")
        assert "Somebody changed this pool" in refused.words
        assert refused.value_of("name") == "Sun"
        assert (pool_called(company, "Solar")).max_offers == 3

    def test_once_looked_at_again_it_is_saved(self, app: APIFlask, company: Company) -> None:
        pool = make_pool(company, [company.agent], name="Solar")
        sign_in(app, company.owner).open(f"/pools/{pool.id}/edit").press("Save", max_offers="3")
        sign_in(app, company.owner).open(f"/pools/{pool.id}/edit").press("Save", name="Sun")
        assert pool_called(company, "Sun").max_offers == 3


class TestList:
    def test_an_empty_page_says_what_a_pool_is_for(self, owner: Browser) -> None:
        page = owner.open("/pools")
        assert "No pool yet" in page.words
        assert "no pool is set for new leads" in page.words
        assert page.press_link("Make the first pool").h1 == "New pool"

    def test_it_says_who_would_get_a_lead_now(self, owner: Browser, company: Company) -> None:
        make_pool(company, [company.agent], name="Solar", window_seconds=90)
        page = owner.open("/pools")
        assert f"It would be offered to {company.agent.name} for 1 minute 30 seconds." in page.words
        assert "Gets new leads" in page.words

    def test_a_pool_that_assigns_says_so(self, owner: Browser, company: Company) -> None:
        make_pool(company, [company.agent], delivery="assign")
        assert f"It would be given to {company.agent.name} at once." in owner.open("/pools").words

    def test_when_the_line_is_empty_the_next_step_is_told(self, owner: Browser, company: Company) -> None:
        make_pool(company, [], [company.manager, company.owner])
        told = f"It would wait, and {company.manager.name} and {company.owner.name} would be told."
        assert told in owner.open("/pools").words

    def test_it_has_no_dead_links(self, owner: Browser, company: Company) -> None:
        pool = make_pool(company, [company.agent])
        assert owner.open("/pools").dead_links() == []
        assert owner.open(f"/pools/{pool.id}").dead_links() == []


class TestOnePool:
    def test_weights_are_shown_with_their_shares(self, owner: Browser, company: Company) -> None:
        pool = make_pool(company, {company.agent: 2, company.colleague: 1})
        page = owner.open(f"/pools/{pool.id}")
        assert "67 %" in row_of(page, company.agent.name)
        assert "33 %" in row_of(page, company.colleague.name)

    def test_turns_are_told_in_words_after_a_lead(self, owner: Browser, company: Company) -> None:
        pool = make_pool(company, {company.agent: 2, company.colleague: 1}, delivery="assign")
        company.owner.api.post("/leads", {"phone": "+14155550123"})
        page = owner.open(f"/pools/{pool.id}")
        assert "0.33 of a lead ahead" in row_of(page, company.agent.name)
        assert "owed 0.33 of a lead" in row_of(page, company.colleague.name)
        assert "Gets leads" in row_of(page, company.agent.name)

    def test_the_next_five_turns_are_shown(self, owner: Browser, company: Company) -> None:
        pool = make_pool(company, {company.agent: 2, company.colleague: 1})
        assert steps_under(owner.open(f"/pools/{pool.id}"), "Who is next") == [
            company.agent.name,
            company.agent.name,
            company.colleague.name,
            company.agent.name,
            company.agent.name,
        ]

    def test_it_says_why_a_member_gets_nothing(self, owner: Browser, company: Company) -> None:
        paused = make_user(company, "Paula Paused", available=False)
        pool = make_pool(company, {paused: 1, company.agent: 0})
        page = owner.open(f"/pools/{pool.id}")
        assert "No leads: paused" in row_of(page, paused.name)
        assert "No leads: paused in this pool" in row_of(page, company.agent.name)
        assert "Nobody can take a lead now" in page.words

    def test_it_says_what_this_pool_would_do_with_a_lead(self, owner: Browser, company: Company) -> None:
        in_use = make_pool(company, [company.agent])
        other = make_pool(company, [company.colleague], delivery="assign", default_rule=False)
        assert f"It would be offered to {company.agent.name}" in owner.open(f"/pools/{in_use.id}").words
        told = f"No rule sends leads here. If one came all the same: It would be given to {company.colleague.name}"
        assert told in owner.open(f"/pools/{other.id}").words

    def test_the_steps_follow_the_settings(self, owner: Browser, company: Company) -> None:
        pool = make_pool(company, [company.agent], [company.manager], window_seconds=120, max_offers=3)
        steps = " ".join(steps_under(owner.open(f"/pools/{pool.id}"), "What happens to a lead"))
        assert "They have 2 minutes to accept" in steps
        assert "at most 3 people" in steps
        assert f"it is given to {company.manager.name}, the default assignee" in steps

    def test_the_steps_pass_by_default_assignees_who_have_left(self, owner: Browser, company: Company) -> None:
        gone = make_user(company, "Gus Gone", active=False)
        only_gone = make_pool(company, [company.agent], [gone])
        steps = " ".join(steps_under(owner.open(f"/pools/{only_gone.id}"), "What happens to a lead"))
        assert "it is given to whoever else in the company can take it" in steps
        one_left = make_pool(company, [company.agent], [gone, company.manager], default_rule=False)
        steps = " ".join(steps_under(owner.open(f"/pools/{one_left.id}"), "What happens to a lead"))
        assert f"it waits with an alarm, and {company.manager.name} is told" in steps
        assert "Gus Gone" not in steps


class TestMaking:
    def test_those_who_receive_leads_are_listed_and_nobody_is_a_member_yet(
        self, owner: Browser, company: Company
    ) -> None:
        page = owner.open("/pools/new")
        assert page.value_of(weight(company.agent)) == ""
        assert page.value_of(weight(company.manager)) is None
        page.press("Make the pool", name="Empty")
        assert members_of(company, pool_called(company, "Empty")) == {}

    def test_everybody_is_taken_in_alike_by_one_box_but_for_numbers_of_their_own(
        self, owner: Browser, company: Company
    ) -> None:
        typed = {weight(company.agent): "3", weight(company.owner): "0"}
        owner.open("/pools/new").press("Make the pool", name="All", everybody="y", **typed)
        assert members_of(company, pool_called(company, "All")) == {
            str(company.agent.id): 3,
            str(company.colleague.id): 1,
            str(company.owner.id): 0,
        }

    def test_a_pool_is_made_and_gets_new_leads(self, owner: Browser, company: Company) -> None:
        typed = {weight(company.agent): "2", weight(company.colleague): "", weight(company.owner): ""}
        page = owner.open("/pools/new").press(
            "Make the pool",
            name="Solar",
            window="45",
            window_unit="seconds",
            max_offers="0",
            default_1=str(company.manager.id),
            default_mode="tell",
            **typed,
        )
        assert "The pool “Solar” is ready." in page.words
        pool = pool_called(company, "Solar")
        assert (pool.delivery, pool.window_seconds, pool.max_offers, pool.default_mode) == ("offer", 45, 0, "tell")
        assert members_of(company, pool) == {str(company.agent.id): 2}
        with company.inside():
            rule = db.session.get_one(Rule, (company.id, company.default_rule_id))
            assert rule.pool_id == pool.id

    def test_a_second_pool_does_not_take_the_new_leads_unasked(self, owner: Browser, company: Company) -> None:
        first = make_pool(company, [company.agent], name="First")
        owner.open("/pools/new").press("Make the pool", name="Second")
        with company.inside():
            assert db.session.get_one(Rule, (company.id, company.default_rule_id)).pool_id == first.id

    @pytest.mark.parametrize(
        ("field", "value", "objection"),
        [
            ("name", "", "Please give the pool a name."),
            ("name", "Taken", "There is a pool with this name already."),
            ("window", "0", "Use a time from 5 seconds to 24 hours."),
            ("window", "1000000", "Use a time from 5 seconds to 24 hours."),
            ("last_call", "1441", "Use a time from 5 seconds to 24 hours."),
            ("contact", "721", "Use a time from 5 seconds to 30 days."),
            ("agent_tags", "solar: -1", "“solar: -1” cannot be read."),
            ("agent_tags", ": 5", "“: 5” cannot be read."),
            ("agent_tags", "solar: 2, 50, 3", "“solar: 2, 50, 3” cannot be read."),
            ("window", "five", "whole number"),
            ("window", "", "how long an offer stands"),
            ("max_offers", "1001", "from 0 to 1000"),
            ("delivery", "telepathy", "Not a valid choice"),
        ],
    )
    def test_each_field_says_what_is_wrong_and_keeps_what_was_typed(
        self, owner: Browser, company: Company, field: str, value: str, objection: str
    ) -> None:
        make_pool(company, name="Taken", default_rule=False)
        typed = {"name": "Solar", "window": "30", "window_unit": "seconds", field: value}
        page = owner.open("/pools/new").press("Make the pool", status=422, **typed)
        assert objection in page.error_of(field)
        if field != "delivery":
            assert {name: page.value_of(name) for name in typed} == typed

    def test_a_wrong_weight_is_shown_beside_the_person(self, owner: Browser, company: Company) -> None:
        name = weight(company.agent)
        page = owner.open("/pools/new").press("Make the pool", status=422, name="Solar", **{name: "1001"})
        assert "from 0 to 1000" in page.error_of(name)
        page = page.press("Make the pool", status=422, **{name: "a lot"})
        assert "whole number" in page.error_of(name)
        assert page.value_of(name) == "a lot"

    def test_a_default_assignee_named_twice_is_refused(self, owner: Browser, company: Company) -> None:
        twice = {"default_1": str(company.manager.id), "default_2": str(company.manager.id)}
        page = owner.open("/pools/new").press("Make the pool", status=422, name="Solar", **twice)
        assert "in the list twice" in page.error_of("default_2")


class TestChanging:
    def test_the_form_starts_with_what_is_set(self, owner: Browser, company: Company) -> None:
        pool = make_pool(company, {company.agent: 3}, [company.manager], window_seconds=7200, name="Solar")
        page = owner.open(f"/pools/{pool.id}").press_link("Edit")
        assert (page.value_of("window"), page.value_of("window_unit")) == ("2", "hours")
        assert page.value_of(weight(company.agent)) == "3"
        assert page.value_of(weight(company.colleague)) == ""
        assert page.value_of("default_1") == str(company.manager.id)

    def test_members_come_and_go_by_their_weights(self, owner: Browser, company: Company) -> None:
        pool = make_pool(company, {company.agent: 3})
        page = owner.open(f"/pools/{pool.id}/edit")
        page = page.press("Save", **{weight(company.agent): "", weight(company.colleague): "0"})
        assert "Saved." in page.words
        assert members_of(company, pool) == {str(company.colleague.id): 0}

    def test_somebody_who_cannot_receive_any_more_stays_in_the_form(self, owner: Browser, company: Company) -> None:
        gone = make_user(company, "Gus Gone", active=False)
        pool = make_pool(company, {gone: 2, company.agent: 1})
        page = owner.open(f"/pools/{pool.id}/edit")
        assert page.value_of(weight(gone)) == "2"
        page.press("Save")
        assert members_of(company, pool) == {str(gone.id): 2, str(company.agent.id): 1}


class TestDeleting:
    def test_a_pool_no_rule_names_is_deleted_after_one_question(self, owner: Browser, company: Company) -> None:
        pool = make_pool(company, [company.agent], name="Old", default_rule=False)
        page = owner.open(f"/pools/{pool.id}").press_link("Delete…").press("Delete")
        assert "The pool “Old” is deleted." in page.words
        owner.open(f"/pools/{pool.id}", status=404)

    def test_a_pool_in_use_stays_with_the_reason(self, owner: Browser, company: Company) -> None:
        pool = make_pool(company, [company.agent])
        page = owner.open(f"/pools/{pool.id}")
        assert "The rule “Everything else” sends leads to this pool" in page.words
        assert f"/pools/{pool.id}/delete" not in page.links
        page = owner.open(f"/pools/{pool.id}/delete")
        assert not [form for form in page.forms if form.action == f"/pools/{pool.id}/delete"]
        token = page.form("/logout").fields["csrf_token"]
        refused = owner.post(f"/pools/{pool.id}/delete", {"csrf_token": token}, status=422)
        assert "sends leads to this pool" in refused.words
        owner.open(f"/pools/{pool.id}")

    def test_a_pool_with_an_open_offer_stays(self, owner: Browser, company: Company) -> None:
        pool = make_pool(company, [company.agent], default_rule=False)
        make_offer(company, make_lead(company), company.agent, pool)
        page = owner.open(f"/pools/{pool.id}/delete")
        assert "still open" in page.words
        token = page.form("/logout").fields["csrf_token"]
        assert "still open" in owner.post(f"/pools/{pool.id}/delete", {"csrf_token": token}, status=422).words


class TestRights:
    def test_agents_and_managers_are_refused(self, app: APIFlask, company: Company) -> None:
        pool = make_pool(company, [company.agent])
        for person in (company.agent, company.manager):
            browser = sign_in(app, person)
            for address in ("/pools", "/pools/new", f"/pools/{pool.id}", f"/pools/{pool.id}/edit"):
                browser.open(address, status=403)

    def test_an_editor_may(self, app: APIFlask, company: Company) -> None:
        editor = sign_in(app, make_user(company, "Edna Editor", roles=["editor"]))
        assert "is ready" in editor.open("/pools/new").press("Make the pool", name="Hers").words

    def test_another_companys_pool_does_not_exist(
        self, owner: Browser, company: Company, other_company: Company, stranger: Person
    ) -> None:
        theirs = make_pool(other_company, [other_company.agent], name="Theirs")
        fields = owner.open("/pools/new").form("/pools/new").fields
        for address in ("", "/edit", "/delete"):
            owner.open(f"/pools/{theirs.id}{address}", status=404)
        for act in ("/edit", "/delete"):
            owner.post(f"/pools/{theirs.id}{act}", fields, status=404)
        assert "Theirs" not in owner.open("/pools").words

    def test_another_companys_people_cannot_be_named(
        self, owner: Browser, company: Company, other_company: Company
    ) -> None:
        fields = owner.open("/pools/new").form("/pools/new").fields.to_dict()
        theirs = other_company.agent
        page = owner.post("/pools/new", fields | {"name": "X", weight(theirs): "1"}, status=422)
        assert "no field" in page.words
        page = owner.post("/pools/new", fields | {"name": "X", "default_1": str(theirs.id)}, status=422)
        assert page.error_of("default_1")
        with company.inside():
            assert db.session.scalars(db.select(PoolMember)).all() == []

    def test_a_pool_that_never_was_does_not_exist(self, owner: Browser) -> None:
        owner.open(f"/pools/{new_id()}", status=404)
        owner.open("/pools/nonsense", status=404)


def test_a_rule_that_is_paused_sends_no_leads_and_still_holds_its_pool(owner: Browser, company: Company) -> None:
    pool = make_pool(company, [company.agent], name="Chargers", default_rule=False)
    with company.inside():
        by, ask = company.owner.user(), {"lead_type": ["EV charger"]}
        rules.make_rule(by=by, name="Small jobs", conditions=ask, pool_id=pool.id, paused=True)
    assert "Not in use" in owner.open("/pools").words
    page = owner.open(f"/pools/{pool.id}")
    assert "No rule sends leads here" in page.words
    assert "Not yet. The rule “Small jobs” sends leads to this pool." in page.words
    owner.open("/settings/rules").press("Resume")
    assert "Gets new leads" in owner.open("/pools").words
    assert "Gets leads by the rule “Small jobs”" in owner.open(f"/pools/{pool.id}").words


class TestTheLadder:
    def test_the_whole_way_is_set_on_the_form_and_drawn_on_the_page(self, owner: Browser, company: Company) -> None:
        make_pool(company, [company.colleague], name="Second", default_rule=False)
        pool = make_pool(company, [company.agent], name="First")
        form = owner.open(f"/pools/{pool.id}/edit")
        second = pool_called(company, "Second").id
        page = form.press("Save", last_call="10", last_call_unit="minutes", next_pool_id=str(second))
        steps = steps_under(page, "What happens to a lead")
        titles = [
            "Whose turn it is",
            "The offer",
            "Another chance",
            "Last call",
            "The next pool",
            "Anybody else",
            "Alarm",
        ]
        assert [step.split(" ", 1)[0] for step in steps] == [title.split(" ", 1)[0] for title in titles]
        assert "Everybody who missed it may still take it for 10 minutes" in page.words
        assert "it is handed on to the pool “Second”" in page.words
        assert "Leads are handed on to it by First." in owner.open(f"/pools/{second}").words
        again = owner.open(f"/pools/{pool.id}/edit")
        assert (again.value_of("last_call"), again.value_of("next_pool_id")) == ("10", str(second))

    def test_a_circle_is_refused_beside_the_field_with_its_way(self, owner: Browser, company: Company) -> None:
        second = make_pool(company, [company.colleague], name="Second", default_rule=False)
        pool = make_pool(company, [company.agent], name="First", next_pool_id=second.id)
        page = owner.open(f"/pools/{second.id}/edit").press("Save", status=422, next_pool_id=str(pool.id))
        assert "Leads would go round in a circle" in page.words

    def test_a_pond_says_how_it_works_and_keeps_its_limit(self, owner: Browser, company: Company) -> None:
        pool = make_pool(company, [company.agent], name="Pond")
        page = owner.open(f"/pools/{pool.id}/edit").press("Save", delivery="pond", pond_limit="3")
        assert "Lies in the pond until a member takes it" in page.words
        assert "at most 3 in a day for each" in page.words
        assert "It would lie in the pond “Pond” until a member takes it." in page.words
        assert "Members take leads out of the pond themselves." in page.words

    def test_the_team_of_a_pool_is_a_step_of_its_own(self, owner: Browser, company: Company) -> None:
        team = make_team(company, "North", default_user_id=company.colleague.id)
        pool = make_pool(company, [company.agent], team_id=team.id)
        words = owner.open(f"/pools/{pool.id}").words
        assert f"Then it is for the team “North”: {company.colleague.name} first" in words


class TestTagsAsMembers:
    def test_a_tag_typed_with_its_weight_brings_in_who_carries_it_and_is_shown_again(
        self, owner: Browser, company: Company
    ) -> None:
        company.owner.api.patch(f"/users/{company.agent.id}", {"tags": ["Solar"]})
        pool = make_pool(company, [company.colleague])
        page = owner.open(f"/pools/{pool.id}/edit").press("Save", agent_tags="Solar: 3, 20\nWind")
        assert members_of(company, pool) == {str(company.agent.id): 3, str(company.colleague.id): 1}
        assert company.agent.name in row_of(page, company.agent.name)
        edit = owner.open(f"/pools/{pool.id}/edit")
        assert edit.value_of("agent_tags") == "Solar: 3, 20\nWind: 1"
        assert edit.value_of(weight(company.agent)) == "", "who is in by a tag has no number of their own"
        assert "in by the tag solar" in edit.words
        edit.press("Save")
        assert members_of(company, pool) == {str(company.agent.id): 3, str(company.colleague.id): 1}
        owner.open(f"/pools/{pool.id}/edit").press("Save", agent_tags="")
        assert members_of(company, pool) == {str(company.colleague.id): 1}

    def test_a_weight_that_is_too_great_comes_back(self, owner: Browser, company: Company) -> None:
        page = owner.open("/pools/new").press("Make the pool", status=422, name="Sun", agent_tags="Solar: 5000")
        assert page.error_of("agent_tags")


class TestLimits:
    def limits_of(self, page: Page, person: Person) -> list[str | None]:
        return [page.value_of(f"limit_{person.id.hex}_{what}") for what in ("open", "day", "week", "month")]

    def test_what_is_typed_is_kept_shown_and_told(self, owner: Browser, company: Company) -> None:
        pool = make_pool(company, [company.agent, company.colleague])
        edit = owner.open(f"/pools/{pool.id}/edit")
        typed = {f"limit_{company.agent.id.hex}_{what}": value for what, value in (("open", "5"), ("week", "9"))}
        page = edit.press("Save", **typed)
        assert "at most 5 open, 9 a week" in row_of(page, company.agent.name)
        assert "at most" not in row_of(page, company.colleague.name)
        full = owner.open(f"/pools/{pool.id}/edit").press("Save", **{f"limit_{company.agent.id.hex}_open": "0"})
        assert "No leads: at 0 of 0 open leads in" in row_of(full, company.agent.name)
        owner.open(f"/pools/{pool.id}/edit").press("Save", **typed)
        edit = owner.open(f"/pools/{pool.id}/edit")
        assert self.limits_of(edit, company.agent) == ["5", "", "9", ""]
        edit.press("Save", **dict.fromkeys(typed, ""))
        assert self.limits_of(owner.open(f"/pools/{pool.id}/edit"), company.agent) == [""] * 4

    def test_for_a_tag_they_are_those_of_each_who_carries_it(self, owner: Browser, company: Company) -> None:
        company.owner.api.patch(f"/users/{company.agent.id}", {"tags": ["solar"]})
        pool = make_pool(company)
        company.owner.api.put(f"/pools/{pool.id}/members", {"members": [{"agent_tag": "solar"}]})
        edit = owner.open(f"/pools/{pool.id}/edit")
        assert "Everybody tagged “solar”, each" in edit.words
        page = edit.press("Save", limit_tag0_day="2")
        assert "at most 2 a day" in row_of(page, company.agent.name)
        owner.open(f"/pools/{pool.id}/edit").press("Save", agent_tags="solar: 4")
        [member] = company.owner.api.get(f"/pools/{pool.id}").json["members"]
        assert (member["weight"], member["caps"]["day"]) == (4, 2)

    def test_nonsense_comes_back_beside_its_field(self, owner: Browser, company: Company) -> None:
        pool = make_pool(company, [company.agent])
        name = f"limit_{company.agent.id.hex}_open"
        for typed in ("many", "2000000"):
            page = owner.open(f"/pools/{pool.id}/edit").press("Save", status=422, **{name: typed})
            assert page.error_of(name)

    def test_whether_the_full_lose_what_they_are_owed_is_a_box(self, owner: Browser, company: Company) -> None:
        pool = make_pool(company, [company.agent])
        owner.open(f"/pools/{pool.id}/edit").press("Save", forfeit_at_cap="y")
        assert company.owner.api.get(f"/pools/{pool.id}").json["forfeit_at_cap"] is True


class TestOwnedLeads:
    def test_the_time_to_log_a_contact_is_typed_in_a_unit_and_told(self, owner: Browser, company: Company) -> None:
        pool = make_pool(company, [company.agent], name="First")
        page = owner.open(f"/pools/{pool.id}/edit").press("Save", contact="4", contact_unit="hours")
        assert "logs no contact within 4 hours" in page.words
        again = owner.open(f"/pools/{pool.id}/edit")
        assert (again.value_of("contact"), again.value_of("contact_unit")) == ("4", "hours")
        page = again.press("Save", contact="31", contact_unit="hours").browser.open(f"/pools/{pool.id}/edit")
        too_long = page.press("Save", status=422, contact="900", contact_unit="hours")
        assert "to 30 days" in too_long.error_of("contact")

    def test_a_pool_for_reassignments_says_so_and_is_offered_to_no_rule(self, owner: Browser, company: Company) -> None:
        pool = make_pool(company, [company.agent], name="Second try", default_rule=False)
        page = owner.open(f"/pools/{pool.id}/edit").press("Save", for_reassignment="y")
        assert "For leads that have an owner and shall have another" in page.words
        assert "its owner keeps it, and managers are told" in page.words
        assert "If somebody's lead were handed to it: it would be offered to" in page.words
        assert "For reassignments" in owner.open("/pools").words
        assert str(pool.id) not in str(owner.open("/settings/rules").forms)
