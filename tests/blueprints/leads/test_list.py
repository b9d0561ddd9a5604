"""The list: what it shows to whom, how it is narrowed, and that its part is the same as its page."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from apiflask import APIFlask
from sqlalchemy import event

from portal.extensions import db
from portal.models import statements
from tests.cast import Company
from tests.factories import make_closed_lead, make_contact, make_lead, make_offer, make_pool, make_user
from tests.page import Page, sign_in

PART = {"HX-Request": "true", "HX-Request-Type": "partial"}


def cells(page: Page, name: str) -> dict[str, str]:
    """The row of the lead called so, by the heads of its columns."""
    heads = [" ".join("".join(head.itertext()).split()) for head in page.root.findall(".//thead//th")]
    for row in page.root.findall(".//tbody/tr"):
        texts = [" ".join("".join(cell.itertext()).split()) for cell in row]
        if texts[0] == name:
            return dict(zip(heads, texts, strict=True))
    raise AssertionError(f"no row of {name}")


def test_buckets_show_their_leads_with_counts(app: APIFlask, company: Company) -> None:
    make_lead(company, contact=make_contact(company, "Fay Free"), source="Website", lead_type="Roofing")
    make_lead(company, company.agent, contact=make_contact(company, "Mia Mine"))
    make_closed_lead(company, company.agent, contact=make_contact(company, "Cleo Closed"))
    browser = sign_in(app, company.owner)
    page = browser.open("/leads")
    assert "Unassigned 1" in page.words
    assert "Assigned 1" in page.words
    assert "Fay Free" in page.words
    assert "Website" in page.words
    assert "Mia Mine" in browser.open("/leads?bucket=assigned").words
    assert "Cleo Closed Won" in browser.open("/leads?bucket=closed").words
    assert "Mia Mine" in sign_in(app, company.agent).open("/leads").words


def test_a_lead_without_a_name_is_called_by_its_number(app: APIFlask, company: Company) -> None:
    make_lead(company, contact=make_contact(company, None, phone="+14155550123"))
    assert "+14155550123" in sign_in(app, company.owner).open("/leads").words


@pytest.mark.parametrize("bucket", ["unassigned", "mine", "assigned", "closed"])
def test_an_empty_bucket_says_what_will_be_here(app: APIFlask, company: Company, bucket: str) -> None:
    page = sign_in(app, company.manager).open(f"/leads?bucket={bucket}")
    assert page.find(".//div[@class='empty']/h2") is not None
    assert [link for link in page.dead_links() if link.startswith("/leads")] == []


def test_older_leads_are_one_plain_link_away(app: APIFlask, company: Company) -> None:
    contact = make_contact(company, "Nora Newest")
    for _ in range(51):
        make_lead(company, contact=contact)
    page = sign_in(app, company.owner).open("/leads")
    older = next(link for link in page.links if "cursor=" in link)
    assert len(page.root.findall(".//tbody/tr")) == 50
    assert len(page.browser.open(older).root.findall(".//tbody/tr")) == 1


def test_search_and_filters_live_in_the_address(app: APIFlask, company: Company) -> None:
    make_lead(company, contact=make_contact(company, "Edgar Ash"), source="Website")
    make_lead(company, contact=make_contact(company, "Nobody Else"), source="Fair")
    browser = sign_in(app, company.owner)
    found = browser.open("/leads").form("/leads").send(q="edgar")
    assert "Edgar Ash" in found.words
    assert "Nobody Else" not in found.words
    narrowed = browser.open("/leads?bucket=unassigned&source=Fair")
    assert "Nobody Else" in narrowed.words
    assert "Source: Fair" in narrowed.words
    assert "Edgar Ash" not in narrowed.words
    assert "Nothing found here" in browser.open("/leads?q=xyzzy").words


def test_the_filter_page_leads_back_to_the_narrowed_list(app: APIFlask, company: Company) -> None:
    make_lead(company, company.agent, contact=make_contact(company, "Edgar Ash"))
    make_lead(company, company.colleague, contact=make_contact(company, "Nobody Else"))
    browser = sign_in(app, company.owner)
    page = browser.open("/leads/narrow?bucket=assigned")
    narrowed = page.form("/leads").send(owner=company.agent.id)
    assert "Edgar Ash" in narrowed.words
    assert "Nobody Else" not in narrowed.words
    assert f"Owner: {company.agent.name}" in narrowed.words


@pytest.mark.parametrize(
    "query",
    [
        "bucket=nowhere",
        "status=gone",
        "owner=me",
        "pool=7",
        "since=yesterday",
        "cursor=here",
        "q=%00",
        "q=" + "x" * 201,
    ],
)
def test_an_address_that_makes_no_sense_is_refused_in_words(app: APIFlask, company: Company, query: str) -> None:
    assert sign_in(app, company.owner).client.get(f"/leads?{query}").status_code == 422


def test_a_row_tells_what_one_hands_out_by(app: APIFlask, company: Company) -> None:
    came = datetime.now(UTC) - timedelta(hours=3)
    make_lead(
        company,
        company.agent,
        contact=make_contact(company, "Edgar Ash"),
        source="Website",
        lead_type="Solar",
        tags_found=["roof", "battery", "urgent", "south"],
        received_at=came,
        assigned_at=came + timedelta(minutes=4),
        last_activity_at=datetime.now(UTC) - timedelta(days=1, minutes=1),
    )
    row = cells(sign_in(app, company.owner).open("/leads?bucket=assigned"), "Edgar Ash")
    assert row == {
        "Lead": "Edgar Ash",
        "Source": "Website",
        "Type": "Solar",
        "Tags": "roof+3",
        "State": "Owned",
        "Owner": "AA Ana Agent",
        "Came in": "3 h ago",
        "Last active": "1 day ago",
        "Accepted in": "4 min",
    }


def test_what_is_shortened_is_whole_in_its_title(app: APIFlask, company: Company) -> None:
    make_lead(company, tags_found=["roof", "battery", "urgent"], lead_type="A type with a long name")
    page = sign_in(app, company.owner).open("/leads")
    titles = {element.get("title") for element in page.root.iter() if element.get("title")}
    assert {"roof, battery, urgent", "A type with a long name"} <= titles


def test_a_lead_on_offer_counts_down(app: APIFlask, company: Company) -> None:
    lead = make_lead(company, contact=make_contact(company, "Edgar Ash"))
    make_offer(company, lead, company.agent, make_pool(company, [company.agent]), seconds=240)
    page = sign_in(app, company.owner).open("/leads")
    clock = page.find(".//td/span[@data-countdown]")
    assert clock is not None
    left = datetime.fromisoformat(clock.get("data-end", "")) - datetime.fromisoformat(clock.get("data-now", ""))
    assert 200 < left.total_seconds() <= 240
    assert 238 <= int(clock.get("data-window", "")) <= 240
    assert re.fullmatch(r"On offer, until \d\d:\d\d", cells(page, "Edgar Ash")["State"])


def test_the_states_of_unassigned_are_chips_with_counts(app: APIFlask, company: Company) -> None:
    make_lead(company, contact=make_contact(company, "Walt Waiting"))
    make_lead(
        company,
        contact=make_contact(company, "Hal Held"),
        state="held",
        waiting_for=None,
        held_reason="manual_intercept",
    )
    pool = make_pool(company, [company.agent])
    for name in ("Ona Offered", "Olaf Offered"):
        make_offer(company, make_lead(company, contact=make_contact(company, name)), company.agent, pool)
    browser = sign_in(app, company.owner)
    page = browser.open("/leads")
    assert "On offer 2 Waiting 1 Held 1" in page.words
    page = page.press_link("On offer 2")
    assert {"Ona Offered", "Olaf Offered"} == {row.find("th/a").text for row in page.root.findall(".//tbody/tr")}  # type: ignore[union-attr]
    assert "On offer 2 Waiting 1 Held 1" in page.words
    assert "Walt Waiting" in page.press_link("On offer 2").words
    assert "On offer Waiting Held" in browser.open("/leads?q=Offered").words


def test_one_state_alone_is_no_choice(app: APIFlask, company: Company) -> None:
    make_lead(company)
    page = sign_in(app, company.owner).open("/leads")
    assert page.find(".//ul[@aria-label='Filters']") is None


def test_a_filter_in_use_can_be_taken_off(app: APIFlask, company: Company) -> None:
    make_lead(company, contact=make_contact(company, "Edgar Ash"), source="Website")
    make_lead(company, contact=make_contact(company, "Nobody Else"), source="Fair")
    page = sign_in(app, company.owner).open("/leads?source=Fair&since=2020-01-01")
    assert "Edgar Ash" not in page.words
    page = page.press_link("Take off the filter Source: Fair")
    assert "since=2020-01-01" in page.address
    assert "Edgar Ash" in page.words
    assert page.press_link("Clear all").address.endswith("/leads?bucket=unassigned")


def test_another_bucket_is_searched_for_the_same(app: APIFlask, company: Company) -> None:
    make_lead(company, company.agent, contact=make_contact(company, "Edgar Ash"))
    make_lead(company, company.agent, contact=make_contact(company, "Nobody Else"))
    page = sign_in(app, company.owner).open("/leads?q=edgar&status=unassigned").press_link("Assigned 2")
    assert "q=edgar" in page.address
    assert "status" not in page.address
    assert "Edgar Ash" in page.words
    assert "Nobody Else" not in page.words


def test_the_part_is_what_the_page_holds_in_its_place(app: APIFlask, company: Company) -> None:
    make_lead(company, company.agent, contact=make_contact(company, "Edgar Ash"), tags_found=["roof"])
    make_lead(company)
    client = sign_in(app, company.owner).client
    for address in ("/leads", "/leads?bucket=assigned", "/leads?bucket=assigned&q=edgar", "/leads?bucket=closed"):
        page, part = client.get(address), client.get(address, headers=PART)
        assert part.text.startswith('<div class="stack" id="leads"')
        assert "<html" not in part.text
        assert part.text.strip() in page.text
        for answer in (page, part):
            assert {"hx-request", "hx-request-type", "cookie"} <= {name.lower() for name in answer.vary}
            assert answer.headers["Cache-Control"] == "no-store"


def test_names_from_outside_stay_text(app: APIFlask, company: Company) -> None:
    naughty = "<b onmouseover=alert(1)>&amp;\"'{{ 7*7 }}"
    contact = make_contact(company, naughty)
    make_lead(company, contact=contact, source=naughty, lead_type=naughty, tags_found=[naughty])
    browser = sign_in(app, company.owner)
    # Twice: the second time it comes as it was kept.
    for _ in range(2):
        page = browser.open("/leads")
        row = cells(page, naughty)
        assert row["Source"] == row["Type"] == row["Tags"] == naughty
        assert page.find(".//td//b") is None


def test_rows_that_were_kept_stay_in_their_company(app: APIFlask, company: Company, other_company: Company) -> None:
    """The markup of a row is kept between requests, by what it says: never by where it stands."""
    make_lead(company, contact=make_contact(company, "Edgar Ash"))
    make_lead(other_company, contact=make_contact(other_company, "Olga Other"))
    ours, theirs = sign_in(app, company.owner), sign_in(app, other_company.owner)
    for _ in range(2):
        assert "Olga Other" not in ours.open("/leads").words
        assert "Edgar Ash" not in theirs.open("/leads").words


def test_a_row_that_was_kept_is_made_anew_when_the_lead_changes(app: APIFlask, company: Company) -> None:
    contact = make_contact(company, "Edgar Ash")
    lead = make_lead(company, contact=contact)
    browser = sign_in(app, company.owner)
    assert cells(browser.open("/leads"), "Edgar Ash")["State"] == "Unassigned"
    browser.open(f"/leads/{lead.id}").press("Assign", user_id=company.agent.id)
    assert cells(browser.open("/leads?bucket=assigned"), "Edgar Ash")["Owner"] == "AA Ana Agent"


def test_what_is_masked_is_in_no_row(app: APIFlask, company: Company) -> None:
    lead = make_lead(company, contact=make_contact(company, "Edgar Ash"), lead_type="Solar", location={"city": "Leeds"})
    make_offer(company, lead, company.colleague, make_pool(company, [company.colleague]))
    # First somebody to whom it is shown: what was kept for them is not what others get.
    assert "Edgar Ash" in sign_in(app, company.owner).open("/leads").words
    page = sign_in(app, company.agent).open("/leads?bucket=unassigned")
    assert "Solar in Leeds" in page.words
    assert "Edgar Ash" not in page.html


def test_one_row_alone_is_the_row_of_the_list(app: APIFlask, company: Company) -> None:
    lead = make_lead(company, company.agent, contact=make_contact(company, "Edgar Ash"))
    client = sign_in(app, company.owner).client
    row = client.get(f"/leads/{lead.id}/row", headers=PART)
    assert row.text in client.get("/leads?bucket=assigned").text
    assert client.get(f"/leads/{lead.id}/row").location == f"/leads/{lead.id}"


def test_a_row_one_may_not_see_does_not_exist(app: APIFlask, company: Company, other_company: Company) -> None:
    lead = make_lead(company, company.colleague)
    blind = make_user(company, "Bea Blind", lead_access=["mine"])
    for person in (blind, other_company.owner):
        assert sign_in(app, person).client.get(f"/leads/{lead.id}/row", headers=PART).status_code == 404


def test_the_list_takes_two_statements(app: APIFlask, company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who looks, and what they see: each one more is a round to the database for the page people open most."""
    make_lead(company, company.agent)
    browser = sign_in(app, company.owner)
    browser.open("/leads?bucket=assigned")
    sent: list[str] = []
    execute = statements._execute

    def noted(statement: str, parameters: Any = None) -> Any:
        sent.append(statement)
        return execute(statement, parameters)

    monkeypatch.setattr(statements, "_execute", noted)
    with app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", lambda *given: sent.append(given[2]))
    browser.open("/leads?bucket=assigned")
    assert len(sent) == 2, sent
