"""What each act announces to open pages, heard where it is told: on the company's channel."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
import redis
from sqlalchemy import select, update

from portal.extensions import db
from portal.live.news import LeadNews, News, OfferNews, channel_of, decoded
from portal.models import DueWork, Offer
from portal.operations import closing, offers, taking
from portal.operations.assignment import assign
from portal.operations.people import deactivate
from tests.cast import Company, Person
from tests.factories import make_lead, make_offer, make_pool, make_user

LEAD = {"name": "Carla Customer", "phone": "+14155550188", "text": "How much is solar for us?"}


@dataclass
class Channel:
    """Everything that is told to the company's pages."""

    subscription: Any

    def told(self, within: float = 5.0) -> list[News]:
        """What the last act announced."""
        until = time.monotonic() + within
        while time.monotonic() < until:
            message = self.subscription.get_message(ignore_subscribe_messages=True, timeout=0.1)
            if message:
                return decoded(message["data"])
        return []

    def offers(self) -> set[tuple[UUID, UUID]]:
        """The offers the last act changed, with their agents."""
        return {(one.id, one.user_id) for one in self.told() if isinstance(one, OfferNews)}

    def leads(self) -> dict[UUID, set[UUID | None]]:
        """The leads the last act changed, with who owns or owned them."""
        return {one.id: set(one.owners) for one in self.told() if isinstance(one, LeadNews)}

    def is_silent(self) -> bool:
        return not self.told(within=0.3)


@pytest.fixture
def channel(company: Company, valkey: str) -> Iterator[Channel]:
    with redis.Redis.from_url(valkey) as client, client.pubsub() as subscription:
        subscription.subscribe(channel_of(company.id))
        assert subscription.get_message(timeout=5) is not None
        yield Channel(subscription)


@dataclass
class Offered:
    """A lead on offer to the agent; the colleague is next."""

    lead_id: UUID
    offer_id: UUID


@pytest.fixture
def offered(company: Company) -> Offered:
    pool = make_pool(company, [company.agent, company.colleague], delivery="offer")
    lead = make_lead(company)
    return Offered(lead.id, make_offer(company, lead, company.agent, pool).id)


def act(company: Company, by: Person, work: Callable[[Any], object]) -> None:
    with company.inside():
        work(by.user())


def newest_offer_of(company: Company, person: Person) -> UUID:
    with company.inside():
        found = db.session.scalar(select(Offer.id).where(Offer.user_id == person.id).order_by(Offer.id.desc()).limit(1))
        assert found is not None
        return found


def test_a_lead_that_comes_in_and_is_offered(company: Company, channel: Channel) -> None:
    make_pool(company, [company.agent], delivery="offer")
    told = company.owner.api.post("/leads", LEAD).get_json()
    news = channel.told()
    offer_id = UUID(told["routing"]["offers"][0])
    assert [one for one in news if isinstance(one, OfferNews)] == [
        OfferNews(offer_id, news[0].version, company.agent.id)
    ]
    assert [one for one in news if isinstance(one, LeadNews)] == [LeadNews(UUID(told["id"]), news[0].version, (None,))]


def test_a_lead_that_comes_in_and_is_assigned_is_nobodys_at_no_moment(company: Company, channel: Channel) -> None:
    make_pool(company, [company.agent], delivery="assign")
    told = company.owner.api.post("/leads", LEAD).get_json()
    assert channel.leads() == {UUID(told["id"]): {company.agent.id}}


def test_a_message_on_an_open_lead(company: Company, channel: Channel) -> None:
    make_pool(company, [company.agent], delivery="assign")
    told = company.owner.api.post("/leads", LEAD).get_json()
    channel.told()
    company.owner.api.post("/leads", LEAD | {"text": "Are you there?"})
    assert channel.leads() == {UUID(told["id"]): {company.agent.id}}


def test_accepting(company: Company, channel: Channel, offered: Offered) -> None:
    act(company, company.agent, lambda by: offers.accept(offered.offer_id, by=by))
    news = channel.told()
    assert {type(one): one.id for one in news} == {OfferNews: offered.offer_id, LeadNews: offered.lead_id}
    assert {owner for one in news if isinstance(one, LeadNews) for owner in one.owners} == {None, company.agent.id}


def test_declining_tells_both_the_one_and_the_next(company: Company, channel: Channel, offered: Offered) -> None:
    act(company, company.agent, lambda by: offers.decline(offered.offer_id, by=by))
    told = channel.offers()
    next_one = newest_offer_of(company, company.colleague)
    assert told == {(offered.offer_id, company.agent.id), (next_one, company.colleague.id)}


def test_time_running_out(company: Company, channel: Channel, offered: Offered) -> None:
    with company.inside():
        pool_id = db.session.get_one(Offer, (company.id, offered.offer_id)).pool_id
        past = datetime.now(UTC) - timedelta(seconds=1)
        db.session.execute(update(Offer).where(Offer.id == offered.offer_id).values(expires_at=past))
        _plan_end(company, offered.offer_id, pool_id, past)
        assert offers.end_due(company.id, pool_id) == 1
    told = channel.offers()
    assert told == {
        (offered.offer_id, company.agent.id),
        (newest_offer_of(company, company.colleague), company.colleague.id),
    }


def test_asking_again(company: Company, channel: Channel, offered: Offered) -> None:
    with company.inside():
        ended = {"state": "missed", "ended_at": datetime.now(UTC)}
        db.session.execute(update(Offer).where(Offer.id == offered.offer_id).values(**ended))
        db.session.commit()
    act(company, company.agent, lambda by: offers.ask_again(offered.offer_id, by=by))
    assert channel.offers() == {(newest_offer_of(company, company.agent), company.agent.id)}


def test_taking_an_offer_back(company: Company, channel: Channel, offered: Offered) -> None:
    act(company, company.owner, lambda by: offers.recall(offered.offer_id, by=by))
    assert channel.offers() == {(offered.offer_id, company.agent.id)}


def test_giving_a_lead_on_offer_to_somebody(company: Company, channel: Channel, offered: Offered) -> None:
    act(company, company.owner, lambda by: assign(offered.lead_id, company.colleague.id, by=by))
    news = channel.told()
    assert {(one.id, one.user_id) for one in news if isinstance(one, OfferNews)} == {
        (offered.offer_id, company.agent.id)
    }
    assert {owner for one in news if isinstance(one, LeadNews) for owner in one.owners} == {
        None,
        company.colleague.id,
    }


def test_giving_a_lead_from_one_to_another_tells_both(company: Company, channel: Channel) -> None:
    lead = make_lead(company, company.agent)
    act(company, company.owner, lambda by: assign(lead.id, company.colleague.id, by=by))
    assert channel.leads() == {lead.id: {company.agent.id, company.colleague.id}}


def test_taking_a_lead_back(company: Company, channel: Channel) -> None:
    lead = make_lead(company, company.agent)
    act(company, company.owner, lambda by: assign(lead.id, None, by=by))
    assert channel.leads() == {lead.id: {company.agent.id, None}}


def test_closing_and_opening_again(company: Company, channel: Channel) -> None:
    lead = make_lead(company, company.agent)
    act(company, company.agent, lambda by: closing.close(lead.id, reason="won", note=None, by=by))
    assert channel.leads() == {lead.id: {company.agent.id}}
    act(company, company.agent, lambda by: closing.reopen(lead.id, by=by))
    assert channel.leads() == {lead.id: {company.agent.id}}


def test_routing_a_waiting_lead(company: Company, channel: Channel) -> None:
    make_pool(company, [company.agent], delivery="assign")
    lead = make_lead(company)
    act(company, company.owner, lambda by: taking.route_again(lead.id, by=by))
    assert channel.leads() == {lead.id: {None, company.agent.id}}


def test_letting_somebody_go(company: Company, channel: Channel) -> None:
    leaver = make_user(company, "Lea Leaver")
    pool = make_pool(company, [leaver, company.colleague], delivery="offer")
    lead = make_lead(company)
    offer = make_offer(company, lead, leaver, pool)
    act(company, company.owner, lambda by: deactivate(leaver.id, by=by))
    assert (offer.id, leaver.id) in channel.offers()


def test_a_press_that_comes_too_late_announces_nothing(company: Company, channel: Channel, offered: Offered) -> None:
    act(company, company.owner, lambda by: assign(offered.lead_id, company.colleague.id, by=by))
    channel.told()
    assert company.agent.api.post(f"/offers/{offered.offer_id}/accept").status_code == 409
    assert channel.is_silent()


def test_nothing_of_the_customer_travels(company: Company, channel: Channel) -> None:
    make_pool(company, [company.agent], delivery="offer")
    company.owner.api.post("/leads", LEAD)
    message = None
    while message is None:
        message = channel.subscription.get_message(ignore_subscribe_messages=True, timeout=5)
    assert not any(word in message["data"].decode() for word in ("Carla", "4155550188", "solar"))


def _plan_end(company: Company, offer_id: UUID, pool_id: UUID, due_at: datetime) -> None:
    db.session.add(
        DueWork(company_id=company.id, kind="end_offer", subject_id=offer_id, group_id=pool_id, due_at=due_at)
    )
    db.session.commit()
