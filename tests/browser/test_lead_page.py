"""The lead page in a real browser: quick by htmx, gentle to typed words, and the same without scripts."""

from __future__ import annotations

from uuid import UUID

import pytest
from playwright.sync_api import Page as Tab
from playwright.sync_api import expect

from tests.browser.conftest import Windows
from tests.browser.test_every_page import LOOKS, TOO_LOW, note, violations
from tests.cast import Company
from tests.factories import make_closed_lead, make_lead, make_offer, make_pool
from tests.operations import sights
from tests.operations.acts import arrive, attempt, comment, memo, save

STAYS = "window.isTheSame = true"


@pytest.fixture
def lead_id(company: Company) -> UUID:
    """A lead of the agent."""
    told = {"name": "Edgar Ash", "phone": "+14155550123", "email": "edgar@ash.example", "text": "The cellar is damp."}
    return arrive(company, **told, assignee=company.agent.email).lead_id


def stream(tab: Tab) -> str:
    return tab.locator("#lead-stream").inner_text()


def test_a_comment_is_sent_without_loading_the_page_anew(windows: Windows, company: Company, lead_id: UUID) -> None:
    with windows.open(company.agent, width=360) as window:
        tab = window.new_page()
        tab.goto(f"/leads/{lead_id}")
        tab.evaluate(STAYS)
        tab.fill("#write", "They answer after five.")
        tab.get_by_role("button", name="Post").click()
        expect(tab.locator("#lead-stream")).to_contain_text("They answer after five.")
        expect(tab.locator("#said")).to_contain_text("Comment sent.")
        expect(tab.locator("#write")).to_have_value("")
        # Refused, it is in place too, and its words with it.
        tab.get_by_role("button", name="Post").click()
        expect(tab.locator("#lead-write")).to_contain_text("Write something first.")
        assert tab.evaluate("window.isTheSame")
    assert sights.kinds(company, lead_id).count("comment") == 1


def test_typed_words_outlive_a_closed_page_and_a_lost_connection(
    windows: Windows, company: Company, lead_id: UUID
) -> None:
    with windows.open(company.agent) as window:
        tab = window.new_page()
        tab.goto(f"/leads/{lead_id}")
        tab.fill("#write", "Long and thoughtful")
        tab.goto("/leads")
        tab.goto(f"/leads/{lead_id}")
        expect(tab.locator("#write")).to_have_value("Long and thoughtful")
        expect(tab.locator("[data-draft-said]")).to_contain_text("here again")
        window.set_offline(True)
        tab.get_by_role("button", name="Post").click()
        expect(tab.locator("[data-draft-said]")).to_contain_text("no connection")
        expect(tab.locator("#write")).to_have_value("Long and thoughtful")
        window.set_offline(False)
        tab.wait_for_timeout(1100)
        tab.get_by_role("button", name="Post").click()
        expect(tab.locator("#lead-stream")).to_contain_text("Long and thoughtful")
        # Written: it does not come again.
        tab.reload()
        expect(tab.locator("#write")).to_have_value("")
    assert sights.kinds(company, lead_id).count("comment") == 1


def test_words_that_arrived_without_this_page_being_told_are_not_written_twice(
    windows: Windows, company: Company, lead_id: UUID
) -> None:
    with windows.open(company.agent) as window:
        tab = window.new_page()
        tab.goto(f"/leads/{lead_id}")
        tab.fill("#write", "On a train, in a tunnel")
        # It is carried out, and the answer is lost on the way.
        window.route("**/entries", lambda route: (route.fetch(), route.abort())[-1])
        tab.get_by_role("button", name="Post").click()
        expect(tab.locator("[data-draft-said]")).to_contain_text("no connection")
        assert sights.kinds(company, lead_id).count("comment") == 1
        window.unroute("**/entries")
        # Elsewhere in the meantime: whatever the server remembered of it was told there.
        window.new_page().goto(f"/leads/{lead_id}")
        tab.goto(f"/leads/{lead_id}")
        expect(tab.locator("#write")).to_have_value("On a train, in a tunnel")
        tab.get_by_role("button", name="Post").click()
        expect(tab.locator("#said")).to_contain_text("Comment sent.")
    assert sights.kinds(company, lead_id).count("comment") == 1


def test_a_tap_on_call_offers_to_log_it(windows: Windows, company: Company, lead_id: UUID) -> None:
    with windows.open(company.agent, width=360) as window:
        tab = window.new_page()
        tab.goto(f"/leads/{lead_id}")
        # Chromium without a telephone would only complain.
        tab.evaluate("document.querySelectorAll('[href^=\"sms:\"]').forEach(each => { each.href = '#write-head' })")
        tab.get_by_role("link", name="Text", exact=True).click()
        expect(tab.locator("#lead-attempt")).to_be_in_viewport()
        expect(tab.get_by_role("radio", name="Text")).to_be_checked()
        tab.fill("#attempt-remark", "Asked for a time.")
        tab.get_by_role("button", name="No answer").click()
        expect(tab.locator("#lead-stream")).to_contain_text("Sent a text. Asked for a time.")
        # The card that nobody was changing tells of it.
        expect(tab.get_by_role("radio", name="Tried")).to_be_checked()
        assert "asked" not in (tab.locator("#lead-attempt").get_attribute("class") or "")


def test_feedback_asks_what_goes_with_the_status_and_saves_in_place(
    windows: Windows, company: Company, lead_id: UUID
) -> None:
    with windows.open(company.agent) as window:
        tab = window.new_page()
        tab.goto(f"/leads/{lead_id}")
        tab.evaluate(STAYS)
        expect(tab.locator("#lost-reason")).to_be_hidden()
        expect(tab.locator("#actual-value")).to_be_hidden()
        tab.select_option("#feedback-status", label="Lost")
        expect(tab.locator("#lost-reason")).to_be_visible()
        tab.get_by_role("button", name="Save feedback").click()
        expect(tab.locator("#lead-feedback")).to_contain_text("Say why it was lost")
        tab.select_option("#lost-reason", label="Price")
        tab.wait_for_timeout(1100)
        tab.get_by_role("button", name="Save feedback").click()
        expect(tab.locator("#said")).to_contain_text("Feedback saved.")
        expect(tab.locator("#lead-stream")).to_contain_text("Status: Open → Lost.")
        assert tab.evaluate("window.isTheSame")


def test_who_saves_second_sees_both_values_and_loses_nothing(windows: Windows, company: Company, lead_id: UUID) -> None:
    with windows.open(company.agent, width=360) as window:
        tab = window.new_page()
        tab.goto(f"/leads/{lead_id}")
        tab.fill("#feedback-note", "Mine")
        save(company.manager, lead_id, note="Theirs", expected_value="7")
        tab.get_by_role("button", name="Save feedback").click()
        card = tab.locator("#lead-feedback")
        expect(card).to_contain_text("Somebody was quicker.")
        expect(card).to_contain_text("it is “Theirs” now, and you wrote “Mine”")
        expect(tab.locator("#feedback-note")).to_have_value("Mine")
        assert violations(tab) == []
        tab.wait_for_timeout(1100)
        tab.get_by_role("button", name="Save feedback").click()
        expect(tab.locator("#said")).to_contain_text("Feedback saved.")
    row = sights.feedback(company, lead_id)
    assert row is not None
    assert (row.note, str(row.expected_value)) == ("Mine", "7.00")


def test_one_kind_of_entries_is_shown_in_place_and_has_an_address(
    windows: Windows, company: Company, lead_id: UUID
) -> None:
    comment(company.agent, lead_id, "Only words.")
    with windows.open(company.agent) as window:
        tab = window.new_page()
        tab.goto(f"/leads/{lead_id}")
        tab.evaluate(STAYS)
        tab.get_by_role("link", name="Comments and memos").click()
        expect(tab.locator("#lead-stream")).not_to_contain_text("Came in")
        assert "Only words." in stream(tab)
        assert tab.url.endswith(f"/leads/{lead_id}?kind=words")
        assert tab.evaluate("window.isTheSame")
        tab.reload()
        assert "Came in from" not in stream(tab)


def test_an_entry_is_written_anew_in_place(windows: Windows, company: Company, lead_id: UUID) -> None:
    entry = memo(company.agent, lead_id, "Frist")
    with windows.open(company.agent) as window:
        tab = window.new_page()
        tab.goto(f"/leads/{lead_id}")
        tab.locator(f"#edit-{entry} summary").click()
        tab.fill(f"#anew-{entry}", "First")
        tab.locator(f"#edit-{entry}").get_by_role("button", name="Save").click()
        expect(tab.locator(f"#entry-{entry}")).to_contain_text("edited")
        expect(tab.locator(f"#entry-{entry} .note")).to_have_text("First")


def test_an_open_page_follows_what_others_do_and_leaves_typed_words_alone(
    windows: Windows, company: Company, lead_id: UUID
) -> None:
    with windows.open(company.agent) as window:
        tab = window.new_page()
        tab.goto(f"/leads/{lead_id}")
        tab.evaluate(STAYS)
        tab.fill("#write", "I am just writing")
        comment(company.manager, lead_id, "How is it going?")
        save(company.manager, lead_id, status="Quoted")
        # What a page is told when it should ask for all it shows; and of one lead.
        tab.evaluate("document.dispatchEvent(new CustomEvent('countdown:unsure'))")
        news = "document.dispatchEvent(new CustomEvent('live:lead', {detail: {id: '%s', version: 1}}))"
        tab.evaluate(news % lead_id)
        expect(tab.locator("#lead-stream")).to_contain_text("How is it going?")
        expect(tab.locator("#feedback-status option:checked")).to_have_text("Quoted")
        expect(tab.locator("#write")).to_have_value("I am just writing")
        assert tab.evaluate("window.isTheSame")
        # Feedback somebody is changing stays as they have it.
        tab.fill("#feedback-note", "Mine")
        save(company.manager, lead_id, status="Won")
        tab.evaluate(news % lead_id)
        tab.wait_for_timeout(500)
        expect(tab.locator("#feedback-note")).to_have_value("Mine")
        expect(tab.locator("#feedback-status option:checked")).to_have_text("Quoted")


def test_all_of_it_works_without_scripts(windows: Windows, company: Company, lead_id: UUID) -> None:
    with windows.open(company.agent, width=360, scripts=False) as window:
        tab = window.new_page()
        tab.goto(f"/leads/{lead_id}")
        tab.fill("#write", "Plainly said.")
        tab.get_by_role("button", name="Post").click()
        assert "Plainly said." in stream(tab)
        tab.locator("#attempt summary").click()
        tab.get_by_role("button", name="Reached them").click()
        assert "Called, and reached them." in stream(tab)
        tab.select_option("#feedback-status", label="Won")
        tab.fill("#actual-value", "900")
        tab.get_by_role("button", name="Save feedback").click()
        assert "Status: Open → Won. Value: 900.00 USD." in stream(tab)
        tab.locator("#close summary").click()
        tab.select_option("#reason", "won")
        tab.fill("#close-note", "Signed.")
        tab.get_by_role("button", name="Close this lead").click()
        assert "Closed: won" in tab.locator("#lead-head").inner_text()
        tab.get_by_role("button", name="Reopen this lead").click()
        assert "Owned" in tab.locator("#lead-head").inner_text()


@pytest.mark.parametrize(("width", "scheme"), LOOKS)
def test_every_state_of_it_passes(windows: Windows, company: Company, lead_id: UUID, width: int, scheme: str) -> None:
    comment(company.agent, lead_id, "Called.")
    memo(company.manager, lead_id, "Watch.", "managers")
    attempt(company.agent, lead_id)
    offered, pool = make_lead(company, text="Word " * 10_000), make_pool(company, [company.agent])
    make_offer(company, offered, company.agent, pool)
    closed = make_closed_lead(company, company.agent, close_note="Signed.")
    shown = {
        "its owner's": (company.agent, lead_id),
        "a manager's": (company.manager, lead_id),
        "a colleague's": (company.colleague, lead_id),
        "on offer": (company.manager, offered.id),
        "masked": (company.colleague, offered.id),
        "closed": (company.agent, closed.id),
    }
    faults: dict[str, list[str]] = {}
    for name, (person, shown_id) in shown.items():
        with windows.open(person, width=width, scheme=scheme) as window:
            tab = window.new_page()
            complaints: list[str] = []
            tab.on("console", lambda said, to=complaints: note(said, to))  # type: ignore[misc]
            tab.goto(f"/leads/{shown_id}")
            tab.evaluate("document.querySelectorAll('main details').forEach(each => { each.open = true })")
            found = [*violations(tab), *complaints]
            if tab.evaluate("document.documentElement.scrollWidth") > width:
                found.append("wider than the screen")
            if width < 400:
                found += tab.evaluate(TOO_LOW)
            if found:
                faults[name] = found
    assert faults == {}
