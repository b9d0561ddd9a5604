"""Who is told of what, over real streams: an operation is committed, and pages that may know of it hear at once."""

from __future__ import annotations

import re
import socket
import time
from contextlib import closing
from uuid import UUID

import httpx
import pytest
from apiflask import APIFlask

from portal.blueprints.live.views import ROUNDED
from portal.extensions import db
from portal.live.announcer import Announcer
from portal.live.hub import KEPT_SECONDS, MOST_UNTOLD
from portal.live.news import LeadNews, OfferNews
from portal.models import Company as CompanyRow
from portal.models import LeadAccess, new_id
from portal.operations import assignment, offers
from portal.operations.transaction import operation
from portal.permissions import Sight
from portal.tokens import LIVE_SECONDS, Reader
from tests.cast import Company
from tests.factories import make_lead, make_pool, make_user
from tests.live.conftest import Listen, reader_of
from tests.live.listening import Listener
from tests.web import PATIENCE, Web, events_of

LEAD = {"name": "Carla Customer", "phone": "+14155550188", "text": "How much is solar for us?"}


def post_lead(company: Company, **more: str) -> tuple[UUID, list[UUID]]:
    """A lead comes in: its id, and its offers'."""
    answer = company.owner.api.post("/leads", LEAD | more)
    assert answer.status_code == 201, answer.text
    told = answer.get_json()
    return UUID(told["id"]), [UUID(each) for each in told["routing"]["offers"]]


def test_an_offer_is_told_to_its_agent_and_the_lead_to_who_sees_it(company: Company, listen: Listen) -> None:
    make_pool(company, [company.agent], delivery="offer")
    agent, owner = listen(company, company.agent), listen(company, company.owner)
    lead, [offer] = post_lead(company)
    assert agent.told(2) == [("lead", lead), ("offer", offer)]
    assert owner.told(1) == [("lead", lead)]
    assert owner.is_told_nothing()


def test_nothing_but_ids_and_versions_is_told(company: Company, listen: Listen) -> None:
    make_pool(company, [company.agent], delivery="offer")
    agent = listen(company, company.agent)
    post_lead(company)
    assert {frozenset(data) for _, data in (agent.next(), agent.next())} == {frozenset({"id", "version"})}
    assert "Carla" not in "".join(agent.raw)


def test_the_address_a_page_carries_is_never_too_old_to_begin_with() -> None:
    """Or every page would fetch all it shows twice."""
    assert ROUNDED + 5 < KEPT_SECONDS


def test_versions_grow_with_every_change(company: Company, listen: Listen) -> None:
    agent = listen(company, company.agent)
    make_pool(company, [company.agent], delivery="offer")
    post_lead(company)
    before = {kind: data["version"] for kind, data in (agent.next(), agent.next())}
    accept_open_offer(company)
    after = {kind: data["version"] for kind, data in (agent.next(), agent.next())}
    assert before.keys() == after.keys() == {"lead", "offer"}
    assert all(after[kind] > before[kind] for kind in after)


def test_when_an_offer_ends_its_agent_is_told(company: Company, listen: Listen) -> None:
    make_pool(company, [company.agent, company.colleague], delivery="offer")
    lead, [first] = post_lead(company)
    agent = listen(company, company.agent)
    # What came in while this page was made is told again.
    assert ("offer", first) in agent.told(2)
    with company.inside():
        offers.decline(first, by=company.agent.user())
    assert agent.told(2) == [("lead", lead), ("offer", first)]


def test_what_is_rolled_back_is_not_told(company: Company, listen: Listen) -> None:
    lead = make_lead(company)
    owner = listen(company, company.owner)

    @operation
    def fails() -> None:
        assignment.assign(lead.id, company.agent.id, by=company.owner.user())
        raise KeyError("after the change was written")

    with company.inside(), pytest.raises(KeyError):
        fails()
    assert owner.is_told_nothing()


def test_one_change_is_told_once(company: Company, listen: Listen) -> None:
    lead = make_lead(company)
    owner = listen(company, company.owner)
    assign(company, lead.id)
    assert owner.told(1) == [("lead", lead.id)]
    assert owner.is_told_nothing()


def test_another_company_never_hears_of_it(company: Company, other_company: Company, listen: Listen) -> None:
    make_pool(company, [company.agent], delivery="offer")
    stranger = listen(other_company, other_company.owner)
    ours = listen(company, company.owner)
    post_lead(company)
    ours.next()
    assert stranger.is_told_nothing()


@pytest.mark.parametrize(
    ("boxes", "told"),
    [
        ([], ["mine"]),
        (["unassigned"], ["unassigned", "mine"]),
        (["mine"], ["mine"]),
        (["assigned"], ["mine", "assigned"]),
    ],
)
def test_an_agent_is_told_what_their_boxes_hold(
    company: Company, listen: Listen, boxes: list[str], told: list[str]
) -> None:
    watcher = make_user(company, "Wes Watcher", lead_access=boxes)
    leads = {"unassigned": make_lead(company), "mine": make_lead(company, watcher)}
    leads["assigned"] = make_lead(company, company.agent)
    heard = listen(company, watcher)
    for lead in leads.values():
        company.owner.api.patch(f"/leads/{lead.id}", {"text": "Changed."})
    assert heard.told(len(told)) == [("lead", leads[box].id) for box in told]
    assert heard.is_told_nothing()


def test_isolation_narrows_it_to_own_leads(company: Company, listen: Listen) -> None:
    with company.inside():
        db.session.get_one(CompanyRow, company.id).isolate_leads = True
        db.session.commit()
    mine, other = make_lead(company, company.agent), make_lead(company, company.colleague)
    agent = listen(company, company.agent)
    for lead in (other, mine):
        company.owner.api.patch(f"/leads/{lead.id}", {"text": "Changed."})
    assert agent.told(1) == [("lead", mine.id)]
    assert agent.is_told_nothing()


def test_who_loses_a_lead_is_told_of_it(company: Company, listen: Listen) -> None:
    watcher = make_user(company, "Wes Watcher", lead_access=["mine"])
    lead = make_lead(company, watcher)
    heard = listen(company, watcher)
    assign(company, lead.id)
    assert heard.told(1) == [("lead", lead.id)]
    company.owner.api.patch(f"/leads/{lead.id}", {"text": "No longer theirs."})
    assert heard.is_told_nothing()


def test_a_page_made_a_moment_ago_is_told_what_it_missed(company: Company, app: APIFlask, web: Web) -> None:
    make_pool(company, [company.agent], delivery="offer")
    events = events_of(app, reader_of(company, company.agent))
    # The page is on its way to the browser; only then does it open its stream.
    lead, [offer] = post_lead(company)
    time.sleep(0.2)
    assert Listener(web.url + events).told(2) == [("lead", lead), ("offer", offer)]


def test_a_page_that_comes_back_later_is_told_to_ask_again(company: Company, app: APIFlask, web: Web) -> None:
    events = events_of(app, reader_of(company, company.agent), time.time() - 60)
    assert Listener(web.url + events).next() == ("again", {})


def test_a_token_we_did_not_make_opens_nothing(company: Company, app: APIFlask, web: Web) -> None:
    good = events_of(app, reader_of(company, company.agent))
    place = len(good) // 2
    changed = good[:place] + ("A" if good[place] != "A" else "B") + good[place + 1 :]
    for address in ("/events", "/events?token=", "/events?token=nonsense", changed, good + "x", good[:-1]):
        answer = httpx.get(web.url + address)
        assert (answer.status_code, answer.headers["content-type"]) == (403, "text/plain; charset=utf-8"), address


def test_a_token_of_another_company_does_not_open_ours(
    company: Company, other_company: Company, app: APIFlask, web: Web
) -> None:
    ours = events_of(app, reader_of(company, company.agent))
    theirs = events_of(app, reader_of(other_company, other_company.agent))
    head = len("/events?token=") + 21
    assert httpx.get(web.url + ours[:head] + theirs[head:]).status_code == 403


def test_an_old_token_opens_nothing(company: Company, app: APIFlask, web: Web) -> None:
    events = events_of(app, reader_of(company, company.agent), time.time() - LIVE_SECONDS - 1)
    assert httpx.get(web.url + events).status_code == 401


def test_a_stream_ends_when_its_token_is_too_old(company: Company, app: APIFlask, web: Web) -> None:
    events = events_of(app, reader_of(company, company.agent), time.time() - LIVE_SECONDS + 1.5)
    heard = Listener(web.url + events)
    assert [heard.next()[0], heard.next()[0]] == ["again", "renew"]
    assert heard.ended.wait(5)
    assert heard.ended_in_order


def test_a_reader_who_does_not_keep_up_is_cut_off(app: APIFlask, web: Web, valkey: str) -> None:
    reader = Reader(new_id(), Sight(new_id(), frozenset(LeadAccess)))
    quick = Listener(web.url + events_of(app, reader))
    announcer, cut_before = Announcer(valkey), streams_cut(web)
    with closing(socket.socket()) as slow:
        slow.settimeout(PATIENCE)
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        slow.connect(web.address)
        slow.sendall(f"GET {events_of(app, reader)} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        for turn in range(400):
            news = [LeadNews(new_id(), version, (None,)) for version in range(MOST_UNTOLD // 2)]
            announcer.announce(reader.company_id, news)
            assert announcer.finish(within=PATIENCE)
            if turn % 10 == 9 and streams_cut(web) > cut_before:
                break
        assert streams_cut(web) == cut_before + 1
        received = slow.recv(65536)
        while chunk := slow.recv(1 << 20):
            received = chunk
        assert not received.endswith(b"0\r\n\r\n"), "it was ended in order"
    # Others do not suffer for it.
    mine = new_id()
    announcer.announce(reader.company_id, [OfferNews(mine, 1, reader.user_id)])
    while quick.next()[1].get("id") != str(mine):
        pass


def streams_cut(web: Web) -> float:
    counted = httpx.get(f"{web.url}/metrics").text
    found = re.search(r"^baton_streams_dropped_total ([0-9.e+]+)$", counted, re.MULTILINE)
    return float(found[1]) if found else 0.0


def accept_open_offer(company: Company) -> None:
    offer = company.agent.api.get("/offers?state=open").get_json()["items"][0]
    assert company.agent.api.post(f"/offers/{offer['id']}/accept").status_code == 200


def assign(company: Company, lead_id: UUID) -> None:
    with company.inside():
        assignment.assign(lead_id, company.colleague.id, by=company.owner.user())
