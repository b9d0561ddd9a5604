"""The offer page in every state, by real presses, without a browser's cookies or scripts."""

from __future__ import annotations

import gzip
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from apiflask import APIFlask
from sqlalchemy import select, text
from werkzeug.test import TestResponse

from portal import models
from portal.extensions import db
from portal.operations.arrival import Arriving, Taken, holder_for
from portal.operations.intake import take_in
from portal.tokens import offer_token
from tests.cast import Company, Person
from tests.factories import make_contact, make_lead, make_offer, make_pool
from tests.offer_states import link_to, make_states
from tests.page import Browser, Page

SECRETS = ("Wanda", "5550199", "555 0199", "hidden.example", "Quiet Row", "LS1", "CRM-77", "slate", "Ring me")


@dataclass(frozen=True)
class Proposal:
    """A lead taken in and offered to the agent, and the agent's link."""

    company: Company
    lead_id: UUID
    offer_id: UUID
    agent: Person
    link: str

    def open(self, **options: Any) -> Page:
        """A fresh browser without any cookie opens the link."""
        return Browser(self.company.app, self.company.app.test_client(use_cookies=False)).open(self.link, **options)

    def press(self, act: str, *, status: int = 200, headers: dict[str, str] | None = None, **fields: Any) -> Page:
        browser = Browser(self.company.app, self.company.app.test_client(use_cookies=False))
        return browser.post(f"{self.link}/{act}", fields, status=status, headers=headers or {})

    def change(self, statement: str, **values: Any) -> None:
        """Change rows by hand, to bring about a state no press leads to in a test's time."""
        with self.company.inside():
            known = {"offer": self.offer_id, "lead": self.lead_id}
            db.session.execute(text(statement), known | values)
            db.session.commit()

    def let_time_run_out(self) -> None:
        self.change("UPDATE offers SET expires_at = clock_timestamp() - interval '1 second' WHERE id = :offer")
        self.change("UPDATE due_work SET due_at = clock_timestamp() - interval '1 second' WHERE subject_id = :offer")

    def end_due(self) -> None:
        from portal.operations.offers import end_due

        with self.company.inside():
            pool_id = db.session.execute(select(models.Offer.pool_id).where(models.Offer.id == self.offer_id)).scalar()
            assert pool_id is not None
            end_due(self.company.id, pool_id)

    def row(self) -> Any:
        """The offer's columns as they stand."""
        with self.company.inside():
            return db.session.execute(select(*models.Offer.__table__.c).where(models.Offer.id == self.offer_id)).one()

    def everything(self) -> list[Any]:
        """All rows of offers, leads, timeline, due work and messages, to see that nothing has changed."""
        with self.company.inside():
            tables = ("offers", "leads", "timeline", "due_work", "messages", "ledger_entries", "ledger_accounts")
            return [
                sorted(map(str, db.session.execute(text(f"SELECT to_jsonb(t) - 'seen_at' FROM {table} t")).scalars()))
                for table in tables
            ]


WANDA = Arriving(
    name="Wanda Hidden",
    phone="+1 415 555 0199",
    email="wanda@hidden.example",
    text="Ring me about solar",
    external_id="CRM-77",
    lead_type="Roofing",
    source="Website",
    tags=("solar",),
    fields={"roof": "slate"},
    price={"min": "1000.00", "max": "2000.00", "currency": "EUR"},
    location={"city": "Leeds", "postcode": "LS1 4AP", "address": "7 Quiet Row"},
)


@pytest.fixture
def proposal(company: Company) -> Proposal:
    """Wanda's lead, taken in and offered to one of two agents."""
    make_pool(company, [company.agent, company.colleague])
    with company.inside():
        settings = db.session.get(models.Company, company.id)
        assert settings is not None
        taken = take_in(WANDA, holder=holder_for(company.owner.user(), settings))
        assert isinstance(taken, Taken)
    return proposal_of(company, taken.lead_id)


def proposal_of(company: Company, lead_id: UUID) -> Proposal:
    with company.inside():
        offer = db.session.execute(
            select(models.Offer).where(models.Offer.lead_id == lead_id).order_by(models.Offer.id.desc()).limit(1)
        ).scalar_one()
        agent = company.agent if offer.user_id == company.agent.id else company.colleague
        return Proposal(company, lead_id, offer.id, agent, f"/o/{offer_token(company.id, offer.id)}")


def assert_nothing_of_the_customer(page: Page) -> None:
    told = page.html + str(page.response.headers)
    told = told.replace(page.address, "")
    for secret in SECRETS:
        assert secret not in told, f"{secret} stands in {page.address}"


def test_an_open_offer_shows_what_helps_to_decide_and_nothing_of_the_customer(proposal: Proposal) -> None:
    page = proposal.open()
    assert page.h1 == "A lead for you"
    for known in (
        "Roofing",
        "Leeds",
        "1,000 to 2,000 EUR",
        "solar",
        "Website",
        "just now",
        "appear as soon as you accept",
    ):
        assert known in page.words
    # Without JavaScript: "until 14:05:30 UTC (4 min left)".
    assert re.search(r"until \d\d:\d\d:\d\d UTC \(4 min left\)", page.words)
    assert [form.action for form in page.forms] == [f"{proposal.link}/accept", f"{proposal.link}/decline"]
    assert_nothing_of_the_customer(page)


HEADINGS = {
    "open": "A lead for you",
    "one-of-three": "A lead for you",
    "accepted": "This lead is yours",
    "declined": "You declined this lead",
    "missed": "The time for this lead is over",
    "missed-twice": "The time for this lead is over",
    "in-line": "You are in line for this lead",
    "taken": "This lead is taken",
    "withdrawn": "This lead is no longer on offer",
    "sign-in": "Please sign in to see this lead",
    "no-longer-owned": "Please sign in to see this lead",
    "refused": "This link leads nowhere",
}


def test_each_state_says_what_it_is_and_only_the_accepted_one_names_the_customer(company: Company) -> None:
    for name, link in make_states(company).items():
        status = 404 if name == "refused" else 200
        page = Browser(company.app, company.app.test_client(use_cookies=False)).open(link, status=status)
        assert page.h1 == page.title == HEADINGS[name], name
        assert ("Wanda Hidden" in page.words) == (name == "accepted")
        for answer in answers_under(company, link):
            told = str(answer.headers) + answer.text
            assert "Set-Cookie" not in answer.headers
            assert [answer.headers[header] for header in QUIET] == list(QUIET.values()), answer.request.path
            if name != "accepted":
                assert [secret for secret in SECRETS if secret in told.replace(link, "")] == [], answer.request.path


QUIET = {"Referrer-Policy": "no-referrer", "Cache-Control": "no-store", "X-Robots-Tag": "noindex"}


def answers_under(company: Company, link: str) -> list[TestResponse]:
    """Every address below a link, asked for in every way that is not a press on the page."""
    client = company.app.test_client(use_cookies=False)
    elsewhere = {"Sec-Fetch-Site": "cross-site"}
    return [
        client.get(link),
        client.head(link),
        client.get(f"{link}/contact.vcf"),
        *(client.get(f"{link}/{act}") for act in ("accept", "decline", "again")),
        *(client.post(f"{link}/{act}", headers=elsewhere) for act in ("accept", "decline", "again")),
    ]


def test_the_packed_page_says_nothing_else(proposal: Proposal) -> None:
    answer = proposal.company.app.test_client().get(proposal.link, headers={"Accept-Encoding": "gzip"})
    assert answer.headers["Content-Encoding"] == "gzip"
    assert answer.headers["Cache-Control"] == "no-store"
    assert "A lead for you" in gzip.decompress(answer.data).decode()


def test_every_state_without_a_press_leads_on(company: Company) -> None:
    """Nobody stands before a page with nothing to do next."""
    for name, link in make_states(company).items():
        page = Browser(company.app).open(link, status=404 if name == "refused" else 200)
        assert page.forms or any(way.startswith("/leads") for way in page.links), name


@pytest.mark.parametrize(("look", "shown"), [("dark", "dark"), ("light", "light"), ('"><b>', None), (None, None)])
def test_the_look_chosen_in_the_portal_counts_here_too(proposal: Proposal, look: str | None, shown: str | None) -> None:
    client = proposal.company.app.test_client()
    if look:
        client.set_cookie("look", look)
    assert Browser(proposal.company.app, client).open(proposal.link).root.get("data-look") == shown


def test_a_demo_says_so(proposal: Proposal) -> None:
    assert "Demo" not in proposal.open().words
    proposal.change("UPDATE companies SET is_demo = true")
    assert "Demo" in proposal.open().words


def test_accepting_shows_the_whole_lead_with_one_tap_actions(proposal: Proposal) -> None:
    page = proposal.open().press("Accept")
    assert page.h1 == "This lead is yours"
    for known in ("Wanda Hidden", "+14155550199", "Ring me about solar", "7 Quiet Row", "slate"):
        assert known in page.words
    assert "tel:+14155550199" in page.links
    assert "sms:+14155550199" in page.links
    assert "mailto:wanda@hidden.example" in page.links
    assert any(link.startswith("https://www.google.com/maps") for link in page.links)
    card = proposal.company.app.test_client().get(f"{proposal.link}/contact.vcf")
    assert card.mimetype == "text/vcard"
    assert "FN:Wanda Hidden\r\n" in card.get_data(as_text=True)
    assert "Wanda" not in page.title


def test_pressing_accept_twice_is_one_act(proposal: Proposal) -> None:
    first = proposal.press("accept")
    changed = proposal.everything()
    second = proposal.press("accept")
    assert (first.h1, second.h1) == ("This lead is yours", "This lead is yours")
    assert proposal.everything() == changed


def test_declining_passes_the_lead_on_and_keeps_the_reason(proposal: Proposal) -> None:
    declined = proposal.press("decline", reason="No time")
    assert declined.h1 == "You declined this lead"
    assert (proposal.row().state, proposal.row().reason) == ("declined", "No time")
    assert proposal_of(proposal.company, proposal.lead_id).agent != proposal.agent
    assert_nothing_of_the_customer(declined)


def test_pressing_decline_twice_is_one_act(proposal: Proposal) -> None:
    proposal.press("decline")
    changed = proposal.everything()
    assert proposal.press("decline", reason="No time").h1 == "You declined this lead"
    assert proposal.everything() == changed


def test_an_offer_past_its_end_is_missed_even_before_a_worker_ends_it(proposal: Proposal) -> None:
    proposal.let_time_run_out()
    page = proposal.open()
    assert page.h1 == "The time for this lead is over"
    assert proposal.row().state == "open"
    assert_nothing_of_the_customer(page)


def test_accepting_too_late_is_said_and_changes_nothing(proposal: Proposal) -> None:
    proposal.let_time_run_out()
    before = proposal.everything()
    late = proposal.press("accept", status=409)
    assert late.h1 == "The time for this lead is over"
    assert proposal.everything() == before
    assert_nothing_of_the_customer(late)


@pytest.mark.parametrize("ended", [True, False], ids=["ended by a worker", "not yet ended"])
def test_another_chance_puts_the_agent_in_line_and_then_next(proposal: Proposal, ended: bool) -> None:
    proposal.let_time_run_out()
    if ended:
        proposal.end_due()
    in_line = proposal.open().press("Give me another chance")
    assert in_line.h1 == "You are in line for this lead"
    assert_nothing_of_the_customer(in_line)
    other = proposal_of_other(proposal)
    assert other.press("decline").h1 == "You declined this lead"
    assert proposal.open().h1 == "A lead for you"
    assert proposal.press("accept").h1 == "This lead is yours"


def proposal_of_other(proposal: Proposal) -> Proposal:
    """The offer that is open to the other agent now."""
    company = proposal.company
    with company.inside():
        offer = db.session.execute(
            select(models.Offer).where(
                models.Offer.lead_id == proposal.lead_id,
                models.Offer.user_id != proposal.agent.id,
                models.Offer.state == "open",
            )
        ).scalar_one()
        agent = company.agent if offer.user_id == company.agent.id else company.colleague
        return Proposal(company, proposal.lead_id, offer.id, agent, f"/o/{offer_token(company.id, offer.id)}")


def test_asking_twice_is_one_act(proposal: Proposal) -> None:
    proposal.let_time_run_out()
    proposal.end_due()
    proposal.press("again")
    changed = proposal.everything()
    assert proposal.press("again").h1 == "You are in line for this lead"
    assert proposal.everything() == changed


def test_a_second_miss_has_no_button(proposal: Proposal) -> None:
    proposal.let_time_run_out()
    proposal.end_due()
    proposal.press("again")
    proposal_of_other(proposal).press("decline")
    proposal.change(
        "UPDATE offers SET expires_at = clock_timestamp() - interval '1 second' "
        "WHERE lead_id = :lead AND state = 'open'"
    )
    page = proposal.open()
    assert page.h1 == "The time for this lead is over"
    assert "your second chance" in page.words
    assert page.forms == []


def test_a_taken_lead_names_nobody(proposal: Proposal) -> None:
    proposal.let_time_run_out()
    proposal.end_due()
    other = proposal_of_other(proposal)
    other.press("accept")
    page = proposal.open()
    assert page.h1 == "This lead is taken"
    assert page.forms == []
    assert other.agent.name.split()[0] not in page.html
    assert_nothing_of_the_customer(page)
    assert proposal.press("again", status=409).h1 == "This lead is taken"


def test_a_waiting_second_chance_ends_when_the_lead_is_taken(proposal: Proposal) -> None:
    proposal.let_time_run_out()
    proposal.end_due()
    proposal.press("again")
    proposal_of_other(proposal).press("accept")
    assert proposal.open().h1 == "This lead is taken"


def test_a_recalled_offer_is_no_longer_on_offer(proposal: Proposal) -> None:
    from portal.operations.offers import recall

    with proposal.company.inside():
        recall(proposal.offer_id, by=proposal.company.owner.user())
    page = proposal.open()
    assert page.h1 == "This lead is no longer on offer"
    assert page.forms == []
    assert proposal.press("accept", status=409).h1 == "This lead is no longer on offer"
    assert_nothing_of_the_customer(page)


def test_a_closed_lead_is_no_longer_on_offer(proposal: Proposal) -> None:
    from portal.operations.closing import close

    with proposal.company.inside():
        close(proposal.lead_id, reason="duplicate", note=None, by=proposal.company.owner.user())
    assert proposal.open().h1 == "This lead is no longer on offer"


def test_the_lead_is_shown_under_the_link_for_a_day(proposal: Proposal) -> None:
    proposal.press("accept")
    proposal.change("UPDATE offers SET ended_at = ended_at - interval '23 hours 59 minutes' WHERE id = :offer")
    assert proposal.open().h1 == "This lead is yours"
    proposal.change("UPDATE offers SET ended_at = ended_at - interval '1 minute' WHERE id = :offer")
    page = proposal.open()
    assert page.h1 == "Please sign in to see this lead"
    assert_nothing_of_the_customer(page)
    assert card_status(proposal) == 404


def card_status(proposal: Proposal) -> int:
    return proposal.company.app.test_client().get(f"{proposal.link}/contact.vcf").status_code


def test_the_lead_is_shown_only_while_the_agent_owns_it(proposal: Proposal) -> None:
    from portal.operations.assignment import assign

    proposal.press("accept")
    assert card_status(proposal) == 200
    with proposal.company.inside():
        assign(proposal.lead_id, None, by=proposal.company.manager.user())
    page = proposal.open()
    assert page.h1 == "Please sign in to see this lead"
    assert card_status(proposal) == 404
    assert_nothing_of_the_customer(page)


def test_an_agent_who_has_left_sees_nothing_under_the_link(proposal: Proposal) -> None:
    proposal.press("accept")
    proposal.change("UPDATE users SET active = false WHERE id = :user", user=proposal.agent.id)
    page = proposal.open()
    assert page.h1 == "This lead is no longer on offer"
    assert_nothing_of_the_customer(page)
    assert card_status(proposal) == 404
    before = proposal.everything()
    proposal.press("accept", status=409)
    assert proposal.everything() == before


@pytest.mark.parametrize("act", ["accept", "decline", "again"])
def test_reloading_the_page_after_a_press_that_came_too_late_shows_the_offer_and_decides_nothing(
    proposal: Proposal, act: str
) -> None:
    before = proposal.everything()
    reloaded = proposal.company.app.test_client().get(f"{proposal.link}/{act}", follow_redirects=True)
    assert (reloaded.status_code, reloaded.request.path) == (200, proposal.link)
    assert "A lead for you" in reloaded.text
    assert proposal.everything() == before


@pytest.mark.parametrize("look", ["GET", "HEAD", "prefetch"])
def test_looking_decides_nothing(proposal: Proposal, look: str) -> None:
    before = proposal.everything()
    headers = {"Sec-Purpose": "prefetch"} if look == "prefetch" else {}
    client = proposal.company.app.test_client()
    for _ in range(2):
        client.open(proposal.link, method="HEAD" if look == "HEAD" else "GET", headers=headers)
    assert proposal.everything() == before
    assert (proposal.row().seen_at is not None) == (look == "GET")


def test_a_scanner_that_follows_every_link_decides_nothing(proposal: Proposal) -> None:
    before = proposal.everything()
    client = proposal.company.app.test_client()
    todo, done = [proposal.link], set()
    while todo:
        address = todo.pop()
        done.add(address)
        response = client.get(address)
        if response.mimetype != "text/html":
            continue
        page = Page(Browser(proposal.company.app, client), address, response.status_code, response.text, response)
        found = [*page.links, *(form.action for form in page.forms)]
        todo += [link for link in found if link.startswith("/") and link not in done]
    assert f"{proposal.link}/accept" in done
    assert proposal.everything() == before


@pytest.mark.parametrize("act", ["accept", "decline", "again"])
@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "none"},
        {"Origin": "https://elsewhere.example"},
        {"Sec-Fetch-Site": "same-origin", "Sec-Purpose": "prefetch"},
    ],
)
def test_a_press_from_elsewhere_is_refused(proposal: Proposal, act: str, headers: dict[str, str]) -> None:
    before = proposal.everything()
    page = proposal.press(act, status=403, headers=headers)
    assert_nothing_of_the_customer(page)
    assert proposal.everything() == before


@pytest.mark.parametrize(
    "headers",
    [{"Sec-Fetch-Site": "same-origin", "Origin": "null"}, {"Origin": "http://localhost"}, {"Origin": "null"}, {}],
)
def test_a_press_on_the_page_itself_counts_in_every_browser(proposal: Proposal, headers: dict[str, str]) -> None:
    assert proposal.press("accept", headers=headers).h1 == "This lead is yours"


def test_the_link_is_kept_by_nothing_and_passed_on_to_nobody(proposal: Proposal) -> None:
    for page in (proposal.open(), proposal.press("accept", status=403, headers={"Sec-Fetch-Site": "cross-site"})):
        headers = page.response.headers
        assert headers["Referrer-Policy"] == "no-referrer"
        assert headers["Cache-Control"] == "no-store"
        assert headers["X-Robots-Tag"] == "noindex"
        assert "Set-Cookie" not in headers


def test_the_first_view_is_small(proposal: Proposal) -> None:
    page = proposal.open()
    files = [element.get("href") for element in page.root.iter("link")]
    files += [element.get("src") for element in page.root.iter("script")]
    assert len(files) == 4
    client = proposal.company.app.test_client(use_cookies=False)
    weight = 0
    for address in (proposal.link, *filter(None, files)):
        answer = client.get(address, headers={"Accept-Encoding": "gzip, deflate, br"})
        weight += len(answer.data) + sum(len(name) + len(value) + 4 for name, value in answer.headers.items())
    assert weight <= 15_000


@pytest.mark.parametrize(
    "change",
    [
        lambda t: t[:-1],
        lambda t: t[:-2] + ("AA" if t[-2:] != "AA" else "BB"),
        lambda t: "x",
        lambda t: t + "A",
        lambda t: "%00",
    ],
    ids=["cut", "changed", "nonsense", "longer", "NUL"],
)
def test_a_wrong_link_leads_to_one_plain_page(proposal: Proposal, change: Callable[[str], str]) -> None:
    token = proposal.link.removeprefix("/o/")
    page = Browser(proposal.company.app).open(f"/o/{change(token)}", status=404)
    assert page.h1 == "This link leads nowhere"
    assert_nothing_of_the_customer(page)
    for act in ("accept", "decline", "again"):
        Browser(proposal.company.app).post(f"/o/{change(token)}/{act}", status=404)


def test_a_link_into_another_company_leads_nowhere(proposal: Proposal, other_company: Company) -> None:
    before = proposal.everything()
    with proposal.company.app.app_context():
        forged = offer_token(other_company.id, proposal.offer_id)
    browser = Browser(proposal.company.app)
    assert browser.open(f"/o/{forged}", status=404).h1 == "This link leads nowhere"
    assert browser.post(f"/o/{forged}/accept", status=404).h1 == "This link leads nowhere"
    assert proposal.everything() == before


def test_only_wrong_links_are_counted_and_good_ones_always_open(app: APIFlask, proposal: Proposal) -> None:
    client = app.test_client()
    answers = [client.get(f"/o/guess{number}").status_code for number in range(31)]
    assert answers == [404] * 30 + [429]
    assert int(client.get("/o/guess").headers["Retry-After"]) > 0
    assert proposal.open().h1 == "A lead for you"


def test_an_old_link_shows_the_newest_offer(proposal: Proposal) -> None:
    from portal.operations.offers import recall
    from portal.operations.taking import route_again

    with proposal.company.inside():
        recall(proposal.offer_id, by=proposal.company.owner.user())
    for _ in range(2):
        with proposal.company.inside():
            route_again(proposal.lead_id, by=proposal.company.owner.user())
        newest = proposal_of(proposal.company, proposal.lead_id)
        if newest.agent == proposal.agent:
            break
        with proposal.company.inside():
            recall(newest.offer_id, by=proposal.company.owner.user())
    assert newest.agent == proposal.agent
    assert proposal.open().h1 == "A lead for you"
    assert proposal.press("accept").h1 == "This lead is yours"


def waiting_beside(page: Page) -> list[str]:
    """What the page says of the agent's other offers, in its order."""
    stack = page.root.find(".//section[@id='others']")
    assert stack is not None
    return [" ".join("".join(each.itertext()).split()) for each in stack.iter("span") if each.get("class") == "called"]


def led_on_to(page: Page) -> list[str]:
    """The links to those offers."""
    return [link.get("href", "") for link in page.root.iterfind(".//section[@id='others']//a")]


def offered_to(proposal: Proposal, person: Person, lead_type: str, seconds: float = 100, **columns: Any) -> str:
    """Another offer, and its link."""
    company = proposal.company
    lead = make_lead(company, contact=make_contact(company, "Wanda"), lead_type=lead_type, text="Ring me")
    pool = make_pool(company, default_rule=False)
    return link_to(company, make_offer(company, lead, person, pool, seconds=seconds, **columns))


def test_several_open_offers_stand_together_soonest_end_first(proposal: Proposal) -> None:
    assert waiting_beside(proposal.open()) == []
    offered_to(proposal, proposal.agent, "Windows", seconds=900)
    offered_to(proposal, proposal.agent, "Heat pumps", seconds=30)
    page = proposal.open()
    assert waiting_beside(page) == ["Heat pumps", "Windows"]
    assert "2 more leads wait for you, and one ends sooner" in page.words
    assert_nothing_of_the_customer(page)
    other = next(link for link in page.links if link.startswith("/o/") and link != proposal.link)
    there = Browser(proposal.company.app).open(other)
    assert waiting_beside(there) == ["Roofing in Leeds", "Windows"]
    assert there.press("Accept").h1 == "This lead is yours"
    assert proposal.row().state == "open"


def test_only_what_is_open_to_the_same_agent_stands_beside_an_offer(proposal: Proposal, other_company: Company) -> None:
    other = proposal.company.colleague if proposal.agent == proposal.company.agent else proposal.company.agent
    offered_to(proposal, other, "A colleague's")
    offered_to(proposal, proposal.agent, "Run out", seconds=-1)
    offered_to(proposal, proposal.agent, "Declined", state="declined", ended_at=datetime.now(UTC))
    lead = make_lead(other_company, lead_type="Of another company")
    make_offer(other_company, lead, other_company.agent, make_pool(other_company))
    assert waiting_beside(proposal.open()) == []


def test_a_link_leads_on_to_other_offers_while_it_is_fresh_and_not_when_found_later(proposal: Proposal) -> None:
    proposal.press("decline")
    offered_to(proposal, proposal.agent, "Windows", seconds=4000)
    assert waiting_beside(proposal.open()) == ["Windows"]
    proposal.change("UPDATE offers SET ended_at = ended_at - interval '14 minutes 50 seconds' WHERE id = :offer")
    assert waiting_beside(proposal.open()) == ["Windows"]
    proposal.change("UPDATE offers SET ended_at = ended_at - interval '10 seconds' WHERE id = :offer")
    page = proposal.open()
    assert waiting_beside(page) == []
    assert not any(link.startswith("/o/") for link in page.links)


def test_the_links_it_led_on_to_lead_no_further_than_it_would_itself(proposal: Proposal) -> None:
    offered_to(proposal, proposal.agent, "Windows", seconds=4000)
    [led_to] = led_on_to(proposal.open())
    offered_to(proposal, proposal.agent, "Heat pumps", seconds=4000)
    there = Browser(proposal.company.app).open(led_to)
    assert waiting_beside(there) == ["Roofing in Leeds", "Heat pumps"]
    led_further = led_on_to(there)[1]
    proposal.press("decline")
    proposal.change("UPDATE offers SET ended_at = ended_at - interval '15 minutes' WHERE id = :offer")
    for link in (led_to, led_further):
        page = Browser(proposal.company.app).open(link)
        assert (page.h1, waiting_beside(page)) == ("A lead for you", [])


def test_an_old_link_does_not_become_fresh_with_a_newer_offer_of_the_same_lead(proposal: Proposal) -> None:
    proposal.press("decline")
    proposal.change("UPDATE offers SET ended_at = ended_at - interval '15 minutes' WHERE id = :offer")
    proposal.change("UPDATE offers SET state = 'withdrawn', ended_at = clock_timestamp() WHERE state = 'open'")
    with proposal.company.inside():
        pool_id = db.session.scalar(select(models.Offer.pool_id).where(models.Offer.id == proposal.offer_id))
        lead = db.session.get_one(models.Lead, (proposal.company.id, proposal.lead_id))
        pool = db.session.get_one(models.Pool, (proposal.company.id, pool_id))
        db.session.expunge_all()
    newest = link_to(proposal.company, make_offer(proposal.company, lead, proposal.agent, pool))
    offered_to(proposal, proposal.agent, "Windows", seconds=4000)
    assert waiting_beside(Browser(proposal.company.app).open(newest)) == ["Windows"]
    page = proposal.open()
    assert (page.h1, waiting_beside(page)) == ("A lead for you", [])


def test_nothing_stands_beside_the_offer_of_somebody_who_has_left(proposal: Proposal) -> None:
    offered_to(proposal, proposal.agent, "Windows")
    proposal.change("UPDATE users SET active = false WHERE id = :user", user=proposal.agent.id)
    assert waiting_beside(proposal.open()) == []


def test_who_missed_a_lead_nobody_has_is_told_that_it_comes_at_once(proposal: Proposal) -> None:
    proposal.let_time_run_out()
    proposal.end_due()
    assert "you are next if they do not take it" in proposal.open().words
    proposal.change("UPDATE offers SET state = 'withdrawn', ended_at = clock_timestamp() WHERE state = 'open'")
    proposal.change("UPDATE leads SET state = 'unassigned', waiting_for = 'person' WHERE id = :lead")
    page = proposal.open()
    assert "Nobody has it yet" in page.words
    assert page.press("Give me another chance").h1 == "A lead for you"


def test_of_a_lead_nobody_has_it_is_not_said_that_it_was_passed_on(proposal: Proposal) -> None:
    proposal.let_time_run_out()
    proposal.end_due()
    proposal.change("UPDATE offers SET state = 'withdrawn', ended_at = clock_timestamp() WHERE state = 'open'")
    proposal.change("UPDATE leads SET state = 'unassigned', waiting_for = 'person' WHERE id = :lead")
    proposal.open().press("Give me another chance")
    # The second chance runs out, too.
    proposal.change("UPDATE offers SET state = 'missed', ended_at = clock_timestamp() WHERE state = 'open'")
    proposal.change("UPDATE leads SET state = 'unassigned', waiting_for = 'person' WHERE id = :lead")
    page = proposal.open()
    assert "Nobody has the lead yet" in page.words
    assert "second chance" in page.words
    assert "passed on" not in page.words


def test_times_are_told_in_the_companys_zone(company: Company) -> None:
    with company.inside():
        db.session.execute(text("UPDATE companies SET time_zone = 'Asia/Kolkata'"))
        db.session.commit()
    lead = make_lead(company, contact=make_contact(company, "Wanda"))
    offer = make_offer(company, lead, company.agent, make_pool(company, [company.agent]), seconds=240.9)
    proposal = proposal_of(company, lead.id)
    assert offer.expires_at is not None
    local = offer.expires_at.astimezone(UTC) + timedelta(hours=5, minutes=30)
    assert f"until {local:%H:%M:%S} IST" in proposal.open().words
    assert datetime.now(UTC) < offer.expires_at
