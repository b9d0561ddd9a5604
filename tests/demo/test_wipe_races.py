"""Leads keep coming in, and people keep working, at the very moment the demo is wiped."""

from __future__ import annotations

import threading
import time
from functools import partial
from hashlib import sha256
from itertools import count
from uuid import UUID

import pytest
from apiflask import APIFlask

from portal.errors import Conflict
from portal.extensions import db
from portal.models import User
from portal.operations.check import check_all
from portal.operations.wiping import wipe_demo
from portal.queries import across
from tests import cast
from tests.cast import Api
from tests.demo.made_up import fill, make_demo, rows_of
from tests.operations.acts import accept, agent_at_work, arrive, assign
from tests.operations.sights import open_offer
from tests.races.at_once import Act, at_once

SENDERS = 6
LEFT = {"companies", "users", "rules", "conversion_statuses", "lost_reasons"}


@pytest.fixture
def demo(app: APIFlask) -> cast.Company:
    made = make_demo(app)
    fill(made)
    return made


def wipe(demo: cast.Company) -> None:
    with agent_at_work(demo.owner) as user:
        wipe_demo(by=user)


@pytest.mark.parametrize("with_key", [True, False], ids=["idempotency key", "no idempotency key"])
def test_a_lead_that_comes_in_meanwhile_is_gone_or_refused(app: APIFlask, demo: cast.Company, with_key: bool) -> None:
    numbers, answers, is_over = count(), [], threading.Event()

    def send(api: Api) -> None:
        while not is_over.is_set():
            number = next(numbers)
            headers = {"Idempotency-Key": f"lead-{number}"} if with_key else {}
            answers.append(api.post("/leads", {"name": f"Number {number}"}, headers=headers).status_code)

    senders = [threading.Thread(target=send, args=(Api(app, demo.owner.key("intake")),)) for _ in range(SENDERS)]
    for sender in senders:
        sender.start()
    try:
        while len(answers) < 3 * SENDERS:
            time.sleep(0.01)
        wipe(demo)
        enough = len(answers) + 3 * SENDERS
        while len(answers) < enough:
            time.sleep(0.01)
    finally:
        is_over.set()
        for sender in senders:
            sender.join(30)
    assert set(answers) == {201, 401}
    assert rows_of(demo).keys() <= LEFT
    with app.app_context():
        assert check_all() == []


def test_a_lead_whose_key_was_read_before_is_waited_for(app: APIFlask, demo: cast.Company) -> None:
    """The request has shown its key and not yet stored its lead when the wipe begins."""
    key = demo.owner.key("intake")
    is_read, may_go_on = threading.Event(), threading.Event()

    def hold() -> None:
        with app.app_context():
            assert across.enter_by_key(sha256(key.encode()).digest()) is not None
            is_read.set()
            may_go_on.wait(10)
            db.session.commit()

    holder = threading.Thread(target=hold)
    holder.start()
    assert is_read.wait(10)
    threading.Timer(0.3, may_go_on.set).start()
    began = time.monotonic()
    wipe(demo)
    assert time.monotonic() - began > 0.2, "the wipe did not wait for the request"
    holder.join()


def test_what_people_do_at_that_moment_is_done_before_or_refused(app: APIFlask, demo: cast.Company) -> None:
    acts: list[Act] = [lambda: wipe(demo), lambda: wipe(demo)]
    for _ in range(6):
        offer = open_offer(demo, arrive(demo).lead_id)
        acts.append(partial(accept, _agent(demo, offer.user_id), offer.id))
        acts.append(partial(assign, demo.manager, offer.lead_id, demo.agent))
    first, second, *_ = at_once(*map(_unless_gone, acts))
    assert isinstance(first, Conflict) != isinstance(second, Conflict), "it is wiped once"
    assert rows_of(demo).keys() <= LEFT
    with app.app_context():
        assert check_all() == []


def _unless_gone(act: Act) -> Act:
    """Whoever is not there any more when their turn comes does nothing: `Person.user` finds nobody."""

    def run() -> object:
        try:
            return act()
        except AssertionError as gone:
            return gone

    return run


def _agent(demo: cast.Company, user_id: UUID) -> cast.Person:
    with demo.inside():
        user = db.session.get_one(User, (demo.id, user_id))
        return cast.Person(demo.app, demo.id, user.id, user.account_id, user.name, user.email)


def test_somebody_just_joining_another_company_keeps_their_sign_in(
    app: APIFlask, demo: cast.Company, other_company: cast.Company
) -> None:
    is_added, may_commit = threading.Event(), threading.Event()

    def join() -> None:
        with other_company.inside():
            joining = {"name": "Ana", "email": demo.agent.email, "account_id": demo.agent.account_id}
            db.session.add(User(company_id=other_company.id, **joining))
            db.session.flush()
            is_added.set()
            may_commit.wait(10)
            db.session.commit()

    joiner = threading.Thread(target=join)
    joiner.start()
    assert is_added.wait(10)
    threading.Timer(0.3, may_commit.set).start()
    wipe(demo)
    joiner.join()
    with app.app_context():
        assert across.account_with_email(demo.agent.email) is not None
        assert across.account_with_email(demo.colleague.email) is None
