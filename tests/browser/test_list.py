"""The lead list in a real browser: parts swapped in place, what changes meanwhile, keys."""

from __future__ import annotations

import re

import pytest
from apiflask import APIFlask
from playwright.sync_api import Page as Tab
from playwright.sync_api import expect

from portal.extensions import db
from tests.browser.conftest import Windows
from tests.cast import Company, Person
from tests.factories import make_contact, make_lead, make_offer, make_pool


def hear_of(tab: Tab, lead_id: object) -> None:
    """As the stream tells of a lead that changed."""
    tab.evaluate("id => document.dispatchEvent(new CustomEvent('live:lead', {detail: {id, version: 1}}))", str(lead_id))


def rename(company: Company, lead: object, name: str) -> None:
    with company.inside():
        db.session.execute(
            db.text(
                "UPDATE contacts SET name = :name FROM leads WHERE leads.contact_id = contacts.id AND leads.id = :id"
            ),
            {"name": name, "id": lead.id},  # type: ignore[attr-defined]
        )
        db.session.commit()


def give(company: Company, lead: object, person: Person) -> None:
    with company.inside():
        db.session.execute(
            db.text(
                "UPDATE leads SET state = 'owned', owner_id = :owner, waiting_for = NULL,"
                " assigned_at = clock_timestamp() WHERE id = :id"
            ),
            {"owner": person.id, "id": lead.id},  # type: ignore[attr-defined]
        )
        db.session.commit()


@pytest.fixture
def tab(windows: Windows, company: Company) -> Tab:
    return windows.open(company.owner).new_page()


def test_tabs_filters_and_search_swap_the_list_alone(company: Company, tab: Tab) -> None:
    make_lead(company, contact=make_contact(company, "Fay Free"))
    make_lead(company, company.agent, contact=make_contact(company, "Ola Owned"))
    pool = make_pool(company, [company.agent])
    make_offer(company, make_lead(company, contact=make_contact(company, "Onno Offered")), company.agent, pool)
    tab.goto("/leads")
    tab.evaluate("window.same = true")
    tab.get_by_role("link", name="Assigned 1").click()
    expect(tab.get_by_role("link", name="Ola Owned")).to_be_visible()
    expect(tab).to_have_url(re.compile("bucket=assigned"))
    expect(tab.get_by_role("link", name="Assigned 1")).to_be_focused()
    tab.get_by_role("link", name="Unassigned 2").click()
    tab.get_by_role("link", name="On offer 1").click()
    expect(tab.get_by_role("link", name="Fay Free")).to_have_count(0)
    expect(tab).to_have_url(re.compile("status=offering"))
    tab.get_by_role("link", name="Clear all").click()
    expect(tab.get_by_role("link", name="Fay Free")).to_be_visible()
    expect(tab.get_by_role("table")).to_be_focused()
    tab.get_by_role("searchbox").fill("fay")
    tab.keyboard.press("Enter")
    expect(tab.get_by_role("link", name="Onno Offered")).to_have_count(0)
    expect(tab.get_by_role("searchbox")).to_be_focused()
    expect(tab).to_have_url(re.compile("q=fay"))
    assert tab.evaluate("window.same") is True
    tab.go_back()
    expect(tab.get_by_role("link", name="Onno Offered")).to_be_visible()
    tab.reload()
    expect(tab.get_by_role("link", name="Onno Offered")).to_be_visible()


def test_where_nobody_owns_a_lead_its_source_has_the_room_of_the_owner(company: Company, tab: Tab) -> None:
    make_lead(company, source="Trade fair in Munich")
    make_lead(company, company.agent, source="Trade fair in Munich")
    tab.goto("/leads?bucket=unassigned")
    source = tab.get_by_role("cell", name="Trade fair in Munich")
    assert source.evaluate("cell => cell.scrollWidth <= cell.clientWidth")
    for name in ("Owner", "Accepted in"):
        expect(tab.get_by_role("columnheader", name=name)).to_have_count(0)
    assert (
        tab.get_by_role("row").first.get_by_role("columnheader").count() == tab.locator("tbody td:visible").count() + 1
    )
    tab.goto("/leads?bucket=assigned")
    for name in ("Owner", "Accepted in"):
        expect(tab.get_by_role("columnheader", name=name)).to_be_visible()


def test_a_press_with_control_opens_another_window(company: Company, tab: Tab) -> None:
    make_lead(company, company.agent)
    tab.goto("/leads")
    with tab.context.expect_page() as opened:
        tab.get_by_role("link", name="Assigned 1").click(modifiers=["Control"])
    expect(opened.value).to_have_url(re.compile("bucket=assigned"))
    expect(tab).to_have_url(re.compile("/leads$"))


def test_a_new_lead_is_told_of_and_comes_when_one_asks(company: Company, tab: Tab) -> None:
    make_lead(company, contact=make_contact(company, "Fay First"))
    tab.goto("/leads")
    lead = make_lead(company, contact=make_contact(company, "Nora New"))
    before = tab.get_by_role("link", name="Fay First").bounding_box()
    hear_of(tab, lead.id)
    button = tab.get_by_role("status").get_by_role("button", name="1 new lead")
    expect(button).to_be_visible()
    expect(tab.get_by_role("link", name="Unassigned 2")).to_be_visible()
    expect(tab.get_by_role("link", name="Nora New")).to_have_count(0)
    assert tab.get_by_role("link", name="Fay First").bounding_box() == before
    button.click()
    expect(tab.get_by_role("link", name="Nora New")).to_be_focused()
    expect(button).to_have_count(0)


def test_a_lead_of_another_bucket_is_not_told_of(company: Company, tab: Tab) -> None:
    make_lead(company, contact=make_contact(company, "Fay First"))
    tab.goto("/leads")
    hear_of(tab, make_lead(company, company.agent).id)
    expect(tab.get_by_role("link", name="Assigned 1")).to_be_visible()
    expect(tab.locator("#leads-news button")).to_have_count(0)


def test_a_lead_that_is_shown_is_put_right_where_it_stands(company: Company, tab: Tab) -> None:
    changing = make_lead(company, contact=make_contact(company, "Otto Old"))
    going = make_lead(company, contact=make_contact(company, "Gwen Going"))
    make_lead(company, contact=make_contact(company, "Tina Top"))
    tab.goto("/leads")
    tab.get_by_role("link", name="Otto Old").focus()
    before = tab.get_by_role("link", name="Otto Old").bounding_box()
    rename(company, changing, "Otto New")
    give(company, going, company.agent)
    hear_of(tab, changing.id)
    hear_of(tab, going.id)
    expect(tab.get_by_role("link", name="Otto New")).to_be_focused()
    after = tab.get_by_role("link", name="Otto New").bounding_box()
    assert after == before
    row = tab.get_by_role("row").filter(has_text="Gwen Going")
    expect(row).to_have_class(re.compile("moved"))
    expect(row).to_contain_text(company.agent.name)
    tab.get_by_role("button", name="1 changed").click()
    expect(tab.get_by_role("link", name="Gwen Going")).to_have_count(0)


def test_after_a_break_everything_is_asked_for(company: Company, tab: Tab) -> None:
    lead = make_lead(company, contact=make_contact(company, "Otto Old"))
    tab.goto("/leads")
    rename(company, lead, "Otto New")
    make_lead(company)
    tab.evaluate("document.dispatchEvent(new CustomEvent('live:again', {detail: {}}))")
    expect(tab.get_by_role("link", name="Otto New")).to_be_visible()
    expect(tab.get_by_role("button", name="1 new lead")).to_be_visible()


def test_older_leads_come_as_one_nears_the_end(company: Company, tab: Tab) -> None:
    contact = make_contact(company, "Nora Newest")
    oldest = make_lead(company, contact=make_contact(company, "Olga Oldest"))
    for _ in range(55):
        make_lead(company, contact=contact)
    tab.goto("/leads")
    assert tab.locator("tbody tr").count() == 50
    tab.mouse.wheel(0, 20_000)
    expect(tab.locator(f"#lead-{oldest.id}")).to_be_attached()
    expect(tab.locator("tbody tr")).to_have_count(56)
    expect(tab.get_by_role("link", name="Older")).to_have_count(0)
    expect(tab).to_have_url(re.compile("/leads$"))


def test_the_list_by_keys(company: Company, tab: Tab) -> None:
    second = make_lead(company, contact=make_contact(company, "Sam Second"))
    make_lead(company, contact=make_contact(company, "Fay First"))
    tab.goto("/leads")
    tab.keyboard.press("j")
    expect(tab.get_by_role("link", name="Fay First")).to_be_focused()
    tab.keyboard.press("j")
    expect(tab.get_by_role("link", name="Sam Second")).to_be_focused()
    tab.keyboard.press("k")
    expect(tab.get_by_role("link", name="Fay First")).to_be_focused()
    tab.keyboard.press("/")
    expect(tab.get_by_role("searchbox")).to_be_focused()
    tab.keyboard.type("jack?")
    expect(tab.get_by_role("searchbox")).to_have_value("jack?")
    tab.get_by_role("link", name="Sam Second").focus()
    tab.keyboard.press("a")
    expect(tab).to_have_url(re.compile(f"/leads/{second.id}#owner-head"))
    tab.go_back()
    tab.get_by_role("link", name="Sam Second").focus()
    tab.keyboard.press("c")
    expect(tab).to_have_url(re.compile(f"/leads/{second.id}#comment"))
    tab.go_back()
    tab.get_by_role("link", name="Sam Second").focus()
    tab.keyboard.press("Enter")
    expect(tab).to_have_url(re.compile(f"/leads/{second.id}$"))


def test_keys_are_listed_and_can_be_switched_off(company: Company, tab: Tab) -> None:
    make_lead(company, contact=make_contact(company, "Fay First"))
    tab.goto("/leads")
    tab.keyboard.press("?")
    dialog = tab.get_by_role("dialog", name="Keys")
    expect(dialog).to_be_visible()
    dialog.get_by_label("Use these keys").uncheck()
    dialog.get_by_role("button", name="Close").click()
    tab.reload()
    tab.keyboard.press("?")
    tab.keyboard.press("j")
    expect(dialog).to_be_hidden()
    expect(tab.get_by_role("link", name="Fay First")).not_to_be_focused()
    tab.get_by_role("button", name="Keys").click()
    dialog.get_by_label("Use these keys").check()
    tab.keyboard.press("Escape")
    tab.keyboard.press("j")
    expect(tab.get_by_role("link", name="Fay First")).to_be_focused()


def test_without_scripts_no_button_is_dead(windows: Windows, company: Company, app: APIFlask) -> None:
    make_lead(company, company.agent, contact=make_contact(company, "Ola Owned"))
    tab = windows.open(company.owner, scripts=False).new_page()
    tab.goto("/leads")
    expect(tab.get_by_role("button", name="Keys")).to_be_hidden()
    tab.get_by_role("link", name="Assigned 1").click()
    tab.get_by_role("searchbox").fill("ola")
    tab.get_by_role("button", name="Search").click()
    expect(tab.get_by_role("link", name="Ola Owned")).to_be_visible()
