"""One link to the offer page in each of its states."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from portal import models
from portal.tokens import offer_token
from tests.cast import Company
from tests.factories import make_contact, make_lead, make_offer, make_pool, make_user

CUSTOMER = "Wanda Hidden"
PHONE = "+14155550199"

# What is known of every lead here: much of it, so that a page that cannot bear much shows it.
ROOF: dict[str, Any] = {
    "lead_type": "Roofing",
    "source": "Website",
    "language": "en",
    "text": "Ring me about solar.\nWe moved in last month and the roof leaks over the kitchen.",
    "tags_found": ["solar", "leaking roof"],
    "price": {"min": "18000", "max": "25000", "currency": "EUR"},
    "location": {"city": "Leeds", "postcode": "LS1 4AP", "address": "7 Quiet Row", "country": "GB"},
    "fields": {"roof": "slate"},
}


def link_to(company: Company, offer: models.Offer) -> str:
    """The page of an offer."""
    with company.app.app_context():
        return f"/o/{offer_token(company.id, offer.id)}"


def make_states(company: Company) -> dict[str, str]:
    """A link for each state, by name. Each belongs to another agent: one's offers show on one's other pages."""
    pool = make_pool(company, [company.agent, company.colleague])
    contact = make_contact(company, CUSTOMER, phone=PHONE, email="wanda@hidden.example")
    now = datetime.now(UTC)

    def offered(owner: Any = None, **columns: Any) -> str:
        agent = make_user(company, "Abe Agent")
        lead = make_lead(company, agent if owner == "agent" else owner, contact=contact, **ROOF)
        offer = make_offer(company, lead, agent, pool, **columns)
        return link_to(company, offer)

    ended = {"ended_at": now}
    missed = {"state": "missed", "ended_at": now, "expires_at": now - timedelta(seconds=5)}
    return {
        "open": offered(seconds=277),
        "one-of-three": _one_of_three(company, pool),
        "accepted": offered("agent", state="accepted", **ended),
        "declined": offered(state="declined", **ended),
        "missed": offered(**missed),
        "missed-twice": offered(kind="second_chance", **missed),
        "in-line": offered(state="waiting", kind="second_chance", expires_at=None),
        "taken": offered(company.colleague, **missed),
        "withdrawn": offered(state="withdrawn", **ended),
        "sign-in": offered("agent", state="accepted", ended_at=now - timedelta(hours=25)),
        "no-longer-owned": offered(company.colleague, state="accepted", **ended),
        "refused": "/o/nonsense",
    }


def _one_of_three(company: Company, pool: models.Pool) -> str:
    agent = make_user(company, "Bea Busy")
    shapes: tuple[tuple[str | None, float], ...] = (("Windows", 1500), ("Heat pump for a house with two flats", 95))
    for lead_type, seconds in shapes:
        lead = make_lead(company, lead_type=lead_type, location={"city": "York"})
        make_offer(company, lead, agent, pool, seconds=seconds)
    return link_to(company, make_offer(company, make_lead(company, **ROOF), agent, pool, seconds=600))
