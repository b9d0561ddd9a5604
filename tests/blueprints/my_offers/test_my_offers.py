"""The agent's own offers: the page of them, the pop-up on every page, and pressing in either."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID

import pytest
from apiflask import APIFlask
from sqlalchemy import func, select, update

from portal.blueprints.my_offers.now import ASIDE_COOKIE
from portal.extensions import db
from portal.models import Lead, Offer, Pool
from portal.operations.assignment import assign
from tests.cast import Company, Person
from tests.factories import make_contact, make_lead, make_offer, make_pool, make_user
from tests.page import Browser, Page, sign_in

CUSTOMER = ("Carla", "+1415", "customer.example", "Sunset Road", "LS1 4DY", "Please call me")

_numbers = count(1)


@pytest.fixture
def pool(company: Company) -> Pool:
    return make_pool(company, [company.agent, company.colleague], delivery="offer", window_seconds=300)


@pytest.fixture
def agent(app: APIFlask, company: Company) -> Browser:
    return sign_in(app, company.agent)


def offered(company: Company, pool: Pool, agent: Person, *, seconds: float = 300, **lead: Any) -> Offer:
    """A lead on offer, about which everything is known."""
    number = next(_numbers)
    phone, email = f"+1415555{number:04d}", f"carla.{number}@customer.example"
    contact = make_contact(company, "Carla Customer", phone=phone, email=email)
    facts: dict[str, Any] = {
        "lead_type": "Roofing",
        "location": {"address": "12 Sunset Road", "city": "Leeds", "region": "Yorkshire", "postcode": "LS1 4DY"},
        "price": {"min": 4000, "max": 9000, "currency": "GBP"},
        "tags_found": ["slate", "urgent"],
        "text": "Please call me about my roof.",
    }
    return make_offer(company, make_lead(company, contact=contact, **(facts | lead)), agent, pool, seconds=seconds)


def state_of(company: Company, offer: Offer) -> str:
    with company.inside():
        return db.session.get_one(Offer, (company.id, offer.id)).state


def pop_up(page: Page) -> str:
    """What the pop-up says; empty when there is none."""
    found = page.find(".//aside[@id='offers-now']")
    return "" if found is None or found.get("hidden") is not None else " ".join("".join(found.itertext()).split())


# The page


def test_open_offers_are_stacked_soonest_end_first(company: Company, pool: Pool, agent: Browser) -> None:
    offered(company, pool, company.agent, seconds=200, lead_type="Later")
    offered(company, pool, company.agent, seconds=100, lead_type="Sooner")
    page = agent.open("/offers")
    headings = ["".join(heading.itertext()) for heading in page.root.iter("h2")]
    assert headings == ["Sooner in Leeds", "Later in Leeds"]
    assert "Yorkshire · 4,000 to 9,000 GBP" in page.words
    assert "slate" in page.words


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("exclusive", "yours to answer until"),
        ("second_chance", "yours to answer until"),
        ("broadcast", "others are asked too, and the first to accept has it; open until"),
        ("last_call", "others are asked too, and the first to accept has it; open until"),
    ],
)
def test_an_offer_says_whether_others_are_asked_too(
    company: Company, pool: Pool, agent: Browser, kind: str, said: str
) -> None:
    make_offer(company, make_lead(company), company.agent, pool, kind=kind)
    assert said in agent.open("/offers").words


def test_nothing_of_the_customer_is_in_the_page_or_in_the_pop_up(company: Company, pool: Pool, agent: Browser) -> None:
    offered(company, pool, company.agent)
    for address in ("/offers", "/me"):
        assert not [word for word in CUSTOMER if word in agent.open(address).html]


def test_accepting_leads_to_the_lead_and_its_customer(company: Company, pool: Pool, agent: Browser) -> None:
    offer = offered(company, pool, company.agent)
    page = agent.open("/offers").press("Accept")
    assert page.address == f"/leads/{offer.lead_id}"
    assert "Carla Customer" in page.words
    assert state_of(company, offer) == "accepted"


def test_pressing_accept_twice_is_one_act(company: Company, pool: Pool, agent: Browser) -> None:
    offered(company, pool, company.agent)
    page = agent.open("/offers")
    assert page.press("Accept").address == page.press("Accept").address


def test_declining_keeps_the_reason_and_passes_it_on(company: Company, pool: Pool, agent: Browser) -> None:
    offer = offered(company, pool, company.agent)
    page = agent.open("/offers").press("Decline", reason="Too far away")
    assert "Declined. It goes to the next one." in page.words
    assert "You declined just now: Too far away." in page.words
    with company.inside():
        assert db.session.get_one(Offer, (company.id, offer.id)).reason == "Too far away"
        next_one = db.session.scalars(select(Offer.user_id).where(Offer.state == "open")).one()
    assert next_one == company.colleague.id


def test_too_late_is_said_plainly(company: Company, pool: Pool, agent: Browser) -> None:
    offer = offered(company, pool, company.agent)
    page = agent.open("/offers")
    with company.inside():
        assign(offer.lead_id, company.colleague.id, by=company.owner.user())
    late = page.press("Accept", status=409)
    assert "This lead is already taken." in late.words
    assert "Ben" not in late.words
    # Reloading where the press led shows the offers again.
    assert agent.open(late.address).address == "/offers"


def test_a_missed_offer_has_another_chance_once(company: Company, pool: Pool, agent: Browser) -> None:
    missed = offered(company, pool, company.agent)
    end(company, missed, "missed")
    make_offer(company, lead_of(company, missed), company.colleague, pool)
    page = agent.open("/offers")
    assert "Missed" in page.words
    page = page.press("Give me another chance at Roofing in Leeds")
    assert "You are in line: you are asked next if it frees up." in page.words
    assert "In line" in page.words
    assert "Give me another chance" not in page.words


def test_a_missed_offer_of_a_lead_that_is_taken_has_no_button(company: Company, pool: Pool, agent: Browser) -> None:
    missed = offered(company, pool, company.agent)
    end(company, missed, "missed")
    with company.inside():
        assign(missed.lead_id, company.colleague.id, by=company.owner.user())
    assert "Give me another chance" not in agent.open("/offers").words


def test_an_offer_whose_time_is_over_is_missed_before_anybody_has_ended_it(
    company: Company, pool: Pool, agent: Browser
) -> None:
    offered(company, pool, company.agent, seconds=-1)
    page = agent.open("/offers")
    assert "Nothing is on offer to you" in page.words
    assert "Time ran out just now." in page.words


def test_only_the_newest_offer_of_a_lead_says_how_it_ended(company: Company, pool: Pool, agent: Browser) -> None:
    first = offered(company, pool, company.agent)
    end(company, first, "missed")
    second = make_offer(company, lead_of(company, first), company.agent, pool, kind="second_chance")
    end(company, second, "declined")
    page = agent.open("/offers")
    assert "Declined" in page.words
    assert "Missed" not in page.words


def test_an_empty_page_says_what_will_be_here(agent: Browser) -> None:
    assert "Nothing is on offer to you" in agent.open("/offers").words


def test_somebody_elses_offer_is_not_there(
    app: APIFlask, company: Company, other_company: Company, pool: Pool, agent: Browser
) -> None:
    theirs = offered(company, pool, company.colleague)
    strangers = sign_in(app, other_company.agent)
    for browser in (agent, strangers):
        assert "Roofing" not in browser.open("/offers").words
        for act in ("accept", "decline", "again"):
            token = browser.open("/me").value_of("csrf_token")
            browser.post(f"/offers/{theirs.id}/{act}", {"csrf_token": token}, status=404)
    assert state_of(company, theirs) == "open"


def test_a_press_without_the_forms_token_does_nothing(company: Company, pool: Pool, agent: Browser) -> None:
    offer = offered(company, pool, company.agent)
    assert agent.client.post(f"/offers/{offer.id}/accept").status_code in (400, 403)
    assert state_of(company, offer) == "open"


def test_the_page_is_for_those_who_receive_leads(app: APIFlask, company: Company) -> None:
    manager = sign_in(app, company.manager)
    manager.open("/offers", status=403)
    manager.open("/offers/now", status=403)
    assert "/offers" not in manager.open("/leads").links


# The pop-up


def test_every_page_of_an_agent_shows_what_is_open(company: Company, pool: Pool, agent: Browser) -> None:
    offered(company, pool, company.agent, seconds=250, lead_type="Later")
    offered(company, pool, company.agent, seconds=100, lead_type="Sooner")
    for address in ("/leads", "/me"):
        page = agent.open(address)
        assert pop_up(page).startswith("2 leads for you 1 min left Sooner in Leeds Yorkshire · 4,000 to 9,000 GBP")
        assert "and 1 more" in pop_up(page)
        count = page.find(".//*[@data-offers-count]")
        assert count is not None
        assert count.text == "2"


def test_there_is_no_pop_up_without_an_offer_nor_for_those_who_receive_none(
    app: APIFlask, company: Company, pool: Pool, agent: Browser
) -> None:
    assert pop_up(agent.open("/me")) == ""
    manager = sign_in(app, company.manager)
    assert manager.open("/leads").find(".//aside[@id='offers-now']") is None


def test_the_page_of_offers_carries_no_second_copy(company: Company, pool: Pool, agent: Browser) -> None:
    offered(company, pool, company.agent)
    assert agent.open("/offers").find(".//aside[@id='offers-now']") is None


def test_accepting_in_the_pop_up(company: Company, pool: Pool, agent: Browser) -> None:
    offer = offered(company, pool, company.agent)
    assert agent.open("/me").press("Accept").address == f"/leads/{offer.lead_id}"


def test_declining_in_the_pop_up_leads_back_to_the_page(company: Company, pool: Pool, agent: Browser) -> None:
    offer = offered(company, pool, company.agent)
    page = agent.open("/leads?bucket=mine").press("Decline")
    assert page.address == "/leads?bucket=mine"
    assert state_of(company, offer) == "declined"


@pytest.mark.parametrize("foreign", ["https://evil.example/", "//evil.example", "/\\evil.example"])
def test_declining_leads_to_no_other_site(company: Company, pool: Pool, agent: Browser, foreign: str) -> None:
    offered(company, pool, company.agent)
    assert agent.open("/me").press("Decline", next=foreign).address == "/offers"


def test_the_part_alone_is_what_the_page_holds(company: Company, pool: Pool, agent: Browser) -> None:
    offer = offered(company, pool, company.agent)
    headers = {"HX-Request": "true", "HX-Current-URL": "/leads?bucket=closed"}
    part = agent.client.get("/offers/now", headers=headers).get_data(as_text=True)
    assert part.strip().startswith("<aside")
    assert f"/offers/{offer.id}/accept" in part
    assert 'name="next" value="/leads?bucket=closed"' in part


def test_a_part_of_the_page_of_offers_is_its_list(company: Company, pool: Pool, agent: Browser) -> None:
    offered(company, pool, company.agent)
    part = agent.client.get("/offers", headers={"HX-Request": "true"}).get_data(as_text=True)
    assert part.strip().startswith('<div class="stack narrow my-offers"')


def test_what_was_put_aside_stays_so_until_another_offer_comes(company: Company, pool: Pool, agent: Browser) -> None:
    first = offered(company, pool, company.agent)
    agent.client.set_cookie(ASIDE_COOKIE, str(first.id))
    assert is_open(agent.open("/me")) is False
    offered(company, pool, company.agent, seconds=600)
    assert is_open(agent.open("/me")) is True


def test_a_cookie_of_nonsense_harms_nothing(company: Company, pool: Pool, agent: Browser) -> None:
    offered(company, pool, company.agent)
    agent.client.set_cookie(ASIDE_COOKIE, "..%00<script>" * 50)
    assert is_open(agent.open("/me")) is True


def is_open(page: Page) -> bool:
    details = page.find(".//aside[@id='offers-now']/details")
    assert details is not None
    return details.get("open") is not None


def end(company: Company, offer: Offer, state: str) -> None:
    with company.inside():
        db.session.execute(
            update(Offer).where(Offer.id == offer.id).values(state=state, ended_at=datetime.now(UTC) - timedelta(0))
        )
        db.session.commit()


def lead_of(company: Company, offer: Offer) -> Lead:
    with company.inside():
        lead = db.session.get_one(Lead, (company.id, offer.lead_id))
        db.session.expunge(lead)
        return lead


def test_asking_costs_one_statement_that_reads_no_table_from_end_to_end(company: Company, pool: Pool) -> None:
    from portal.queries.my_offers import _OPEN

    others = [make_user(company) for _ in range(3)]
    for other in [company.agent, *others]:
        offered(company, pool, other)
    with company.inside():
        _fill(company, pool.id, company.agent.id)
        db.session.execute(select(func.set_config("plan_cache_mode", "force_custom_plan", True)))
        rows = db.session.connection().exec_driver_sql(
            f"EXPLAIN {_OPEN}", {"company": company.id, "user": company.agent.id}
        )
        plan = "\n".join(row[0] for row in rows)
    assert "Seq Scan on offers" not in plan, plan
    assert "ix_offers_user" not in plan, plan


def _fill(company: Company, pool_id: UUID, agent_id: UUID) -> None:
    """Months of offers that ended."""
    connection = db.session.connection()
    names = {"company": company.id, "pool": pool_id, "agent": agent_id}
    connection.exec_driver_sql(
        "INSERT INTO offers (company_id, id, lead_id, user_id, pool_id, state, kind, expires_at, ended_at) "
        "SELECT %(company)s, gen_random_uuid(), l.id, %(agent)s, %(pool)s, 'missed', 'exclusive', now(), now() "
        "FROM generate_series(1, 2000) n, leads l WHERE l.company_id = %(company)s",
        names,
    )
    db.session.commit()
    with db.engine.connect() as analysing:
        analysing.execution_options(isolation_level="AUTOCOMMIT")
        analysing.exec_driver_sql("SET ROLE NONE")
        analysing.exec_driver_sql("ANALYZE offers")
        analysing.exec_driver_sql("ANALYZE leads")
    db.engine.dispose()
