"""Live updates when parts of it are away: nothing fails, nobody waits, and what comes back catches up."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import redis
from apiflask import APIFlask
from structlog.testing import capture_logs

from portal.config import Settings
from portal.live.announcer import LONGEST_LINE, Announcer
from portal.live.news import LeadNews, OfferNews, channel_of, decoded
from portal.models import LeadAccess, new_id
from portal.permissions import Sight
from portal.tokens import Reader
from tests.cast import Company
from tests.factories import make_pool
from tests.live.listening import Listener, OwnValkey, own_valkey
from tests.web import PATIENCE, events_of, running_web

NOWHERE = "redis://127.0.0.1:1/0"


@pytest.fixture
def own(tmp_path: Path) -> Iterator[OwnValkey]:
    with own_valkey(tmp_path) as started:
        yield started


@pytest.fixture
def reader() -> Reader:
    return Reader(new_id(), Sight(new_id(), frozenset(LeadAccess)))


def test_a_stream_outlives_a_valkey_that_is_killed(
    app: APIFlask, settings: Settings, own: OwnValkey, reader: Reader
) -> None:
    announcer, before, after = Announcer(own.url), new_id(), new_id()
    with running_web(replace(settings, redis_url=own.url)) as web:
        page = Listener(web.url + events_of(app, reader))
        announcer.announce(reader.company_id, [OfferNews(before, 1, reader.user_id)])
        assert page.next() == ("offer", {"id": str(before), "version": 1})
        own.kill()
        announcer.announce(reader.company_id, [LeadNews(new_id(), 2, (None,))])
        assert page.is_told_nothing()
        own.start()
        # Whatever was said meanwhile: the page asks for all it shows.
        assert page.next() == ("again", {})
        assert announcer.finish(within=PATIENCE)
        announcer.announce(reader.company_id, [OfferNews(after, 3, reader.user_id)])
        kind, data = page.next()
        if kind == "lead":
            # The line waited for Valkey, and what was in it was still told.
            kind, data = page.next()
        assert (kind, data["id"]) == ("offer", str(after))
        assert not page.ended.is_set()


def test_what_was_announced_while_valkey_was_away_is_told_when_it_is_back(own: OwnValkey, reader: Reader) -> None:
    announcer, told = Announcer(own.url), OfferNews(new_id(), 1, reader.user_id)
    own.kill()
    announcer.announce(reader.company_id, [told])
    assert not announcer.finish(within=0.3)
    own.start()
    with redis.Redis.from_url(own.url) as client, client.pubsub() as subscription:
        subscription.subscribe(channel_of(reader.company_id))
        assert subscription.get_message(timeout=PATIENCE) is not None
        heard = subscription.get_message(ignore_subscribe_messages=True, timeout=PATIENCE)
    assert heard is not None
    assert decoded(heard["data"]) == [told]
    assert announcer.finish(within=PATIENCE)


def test_announcing_to_nobody_waits_for_nothing_and_is_one_line_in_the_log(reader: Reader) -> None:
    with capture_logs() as logs:
        announcer = Announcer(NOWHERE)
        began = time.perf_counter()
        for version in range(LONGEST_LINE + 100):
            announcer.announce(reader.company_id, [LeadNews(new_id(), version, (None,))])
        assert time.perf_counter() - began < 5
        # Long enough to have been tried more than once.
        assert not announcer.finish(within=1.5)
    assert [line["event"] for line in logs] == ["live_updates_away"]


def test_leads_come_in_as_ever_without_a_queue(
    app: APIFlask, company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_pool(company, [company.agent], delivery="offer")
    monkeypatch.setitem(app.extensions, "announcer", Announcer(NOWHERE))
    assert company.owner.api.post("/leads", {"name": "Carla", "phone": "+14155550188"}).status_code == 201


def test_a_forked_process_tells_its_own_news_and_not_its_parents(own: OwnValkey, reader: Reader) -> None:
    announcer = Announcer(own.url)
    with redis.Redis.from_url(own.url) as client, client.pubsub() as subscription:
        subscription.subscribe(channel_of(reader.company_id))
        assert subscription.get_message(timeout=PATIENCE) is not None
        announcer.announce(reader.company_id, [OfferNews(new_id(), 1, reader.user_id)])
        child = os.fork()
        if child == 0:
            announcer.announce(reader.company_id, [OfferNews(new_id(), 2, reader.user_id)])
            os._exit(0 if announcer.finish(within=PATIENCE) else 1)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        assert announcer.finish(within=PATIENCE)
        heard = []
        while message := subscription.get_message(ignore_subscribe_messages=True, timeout=0.5):
            heard += [one.version for one in decoded(message["data"])]
    assert sorted(heard) == [1, 2]
