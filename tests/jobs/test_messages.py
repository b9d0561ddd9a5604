"""Sending messages: once, again after a refusal, never a third time into the unknown."""

from __future__ import annotations

import threading
import time
from itertools import pairwise
from uuid import UUID

import pytest
from apiflask import APIFlask
from sqlalchemy import update

from portal.extensions import db
from portal.integrations.breaker import MOST_FAILURES
from portal.jobs import messages as jobs
from portal.jobs.messages import send_messages
from portal.jobs.shell import stopping
from portal.models import Cause, Message, MessageState
from portal.operations import sending
from portal.operations.sending import MOST_ATTEMPTS, Claim
from portal.queue import WorkQueue
from tests.cast import Company
from tests.factories import make_contact, make_lead
from tests.jobs.outbox import due_ids, end_leases, make_due_now, message, told, work
from tests.smtp import DROP, MailServer, free_port, send_through


def claimed(company: Company) -> list[Claim]:
    """What a worker holds that is about to be killed or held up."""
    ids = due_ids(company)
    with company.inside():
        return sending.claim(company.id, ids)


def test_a_message_is_sent_once(company: Company, mail: MailServer) -> None:
    said = told(company, company.agent)
    send_messages()
    send_messages()
    assert len(mail.messages) == 1
    assert mail.messages[0]["To"] == company.agent.email
    kept = message(company, said)
    assert (kept.state, kept.attempts, kept.error) == (MessageState.SENT, 1, None)
    assert kept.sent_at is not None
    assert work(company, said) is None


def test_many_messages_of_several_companies_go_out_together(
    company: Company, other_company: Company, mail: MailServer
) -> None:
    for _ in range(60):
        told(company, company.agent)
        told(other_company, other_company.agent)
    assert send_messages() == 120
    assert len(mail.messages) == len(set(mail.ids)) == 120


def test_two_workers_at_once_send_everything_once(company: Company, mail: MailServer) -> None:
    for _ in range(40):
        told(company, company.agent)
    workers = [threading.Thread(target=send_messages) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert len(mail.messages) == len(set(mail.ids)) == 40


def test_a_temporary_refusal_is_followed_by_another_attempt(company: Company, mail: MailServer) -> None:
    mail.answers.append("451 Greylisted, come back later")
    said = told(company, company.agent)
    send_messages()
    kept, left = message(company, said), work(company, said)
    assert (kept.state, kept.error) == (MessageState.PENDING, "451 Greylisted, come back later")
    assert left is not None
    assert left.leased_until is None
    assert due_ids(company) == []
    make_due_now(company)
    send_messages()
    assert len(mail.messages) == 1
    kept = message(company, said)
    assert (kept.state, kept.attempts, kept.error) == (MessageState.SENT, 2, None)


def test_a_final_refusal_ends_as_failed_with_the_servers_words(company: Company, mail: MailServer) -> None:
    mail.refused[company.agent.email] = "550 5.1.1 No such user here"
    said = told(company, company.agent)
    send_messages()
    kept = message(company, said)
    assert (kept.state, kept.attempts, kept.error) == (MessageState.FAILED, 1, "550 5.1.1 No such user here")
    assert work(company, said) is None


def test_attempts_end_at_some_point(company: Company, mail: MailServer) -> None:
    mail.answers.extend(["451 Not today"] * (MOST_ATTEMPTS + 5))
    said = told(company, company.agent)
    for _ in range(MOST_ATTEMPTS + 2):
        make_due_now(company)
        send_messages()
    kept = message(company, said)
    assert (kept.state, kept.attempts, kept.error) == (MessageState.FAILED, MOST_ATTEMPTS, "451 Not today")
    assert work(company, said) is None
    assert mail.messages == []


def test_pauses_grow_and_differ() -> None:
    pauses = [[sending.pause_before(attempt).total_seconds() for _ in range(50)] for attempt in range(1, 8)]
    assert all(max(sooner) < min(later) for sooner, later in pairwise(pauses))
    assert all(len(set(same)) > 10 for same in pauses)
    assert max(sending.pause_before(100).total_seconds() for _ in range(50)) <= 3600 * 1.2


def test_a_crash_between_sending_and_recording_makes_one_more_copy_that_is_recognised(
    company: Company, mail: MailServer
) -> None:
    said = told(company, company.agent)
    lose_the_record(company, mail)
    end_leases(company)
    send_messages()
    assert len(mail.messages) == 2
    assert len(set(mail.ids)) == 1
    assert message(company, said).state == MessageState.SENT


def test_after_two_such_crashes_there_is_no_third_copy(company: Company, mail: MailServer) -> None:
    said = told(company, company.agent)
    for _ in range(2):
        lose_the_record(company, mail)
        end_leases(company)
    send_messages()
    assert len(mail.messages) == 2
    kept = message(company, said)
    assert kept.state == MessageState.FAILED
    assert kept.error is not None
    assert "not sent a third time" in kept.error


def test_a_line_that_drops_after_everything_was_handed_over_costs_one_more_copy_at_most(
    company: Company, mail: MailServer
) -> None:
    mail.answers.extend([DROP] * 5)
    said = told(company, company.agent)
    for _ in range(5):
        make_due_now(company)
        send_messages()
    assert len(mail.messages) == 2
    assert len(set(mail.ids)) == 1
    assert message(company, said).state == MessageState.FAILED


def test_refusals_between_two_unknowns_do_not_hide_the_first(company: Company, mail: MailServer) -> None:
    mail.answers.extend([DROP, "451 Later", DROP, "250 OK"])
    said = told(company, company.agent)
    for _ in range(4):
        make_due_now(company)
        send_messages()
    assert len(mail.messages) == 2
    assert message(company, said).state == MessageState.FAILED


def test_a_worker_held_up_past_its_lease_changes_nothing_afterwards(company: Company, mail: MailServer) -> None:
    said = told(company, company.agent)
    (held_up,) = claimed(company)
    end_leases(company)
    mail.answers.append("451 Later")
    send_messages()
    before, left_before = message(company, said), work(company, said)
    with company.inside():
        assert sending.begin(held_up) is None
        assert not sending.renew(held_up)
        assert not sending.sent(held_up)
        assert not sending.failed(held_up, jobs.DeliveryError("late", permanent=True))
        sending.give_back([held_up])
    after, left_after = message(company, said), work(company, said)
    assert (after.state, after.attempts, after.error) == (before.state, before.attempts, before.error)
    assert left_before is not None
    assert left_after is not None
    assert (left_after.fence, left_after.due_at) == (left_before.fence, left_before.due_at)


def test_a_held_message_is_nobody_elses(company: Company, mail: MailServer) -> None:
    told(company, company.agent)
    ids = due_ids(company)
    with company.inside():
        assert len(sending.claim(company.id, ids)) == 1
        assert sending.claim(company.id, ids) == []
    assert send_messages() == 0
    assert mail.messages == []


def test_without_a_mail_server_messages_stay_in_the_outbox(company: Company) -> None:
    said = told(company, company.agent)
    send_messages()
    kept = message(company, said)
    assert (kept.state, kept.attempts) == (MessageState.PENDING, 0)
    assert work(company, said) is None


def test_a_message_that_cannot_be_written_does_not_hold_up_the_others(company: Company, mail: MailServer) -> None:
    poison = told(company, company.agent)
    spoil(company, poison)
    good = [told(company, company.agent) for _ in range(5)]
    send_messages()
    assert len(mail.messages) == 5
    assert {message(company, said).state for said in good} == {MessageState.SENT}
    for _ in range(MOST_ATTEMPTS):
        make_due_now(company)
        send_messages()
    kept = message(company, poison)
    assert kept.state == MessageState.FAILED
    assert kept.error == "It could not be written: KeyError"


def test_a_server_that_is_down_leaves_most_messages_their_attempts(
    company: Company, app: APIFlask, monkeypatch: pytest.MonkeyPatch
) -> None:
    send_through(app, free_port(), monkeypatch)
    said = [told(company, company.agent) for _ in range(50)]
    send_messages()
    tried = [each for each in said if message(company, each).attempts]
    assert MOST_FAILURES <= len(tried) <= MOST_FAILURES + jobs.THREADS
    untouched = [left for each in said if each not in tried and (left := work(company, each)) is not None]
    assert len(untouched) == 50 - len(tried)
    assert all(left.attempts == 0 and left.leased_until is None for left in untouched)
    assert send_messages() == 0


def test_when_the_server_is_back_one_message_goes_ahead_and_all_follow(
    company: Company, app: APIFlask, monkeypatch: pytest.MonkeyPatch, mail: MailServer
) -> None:
    queue: WorkQueue = app.extensions["queue"]
    queue.raise_flag("suspect:email", 60)
    said = [told(company, company.agent) for _ in range(12)]
    send_messages()
    assert {message(company, each).state for each in said} == {MessageState.SENT}
    assert not queue.has_flag("suspect:email")


def test_while_the_server_is_still_down_only_one_message_tries(
    company: Company, app: APIFlask, monkeypatch: pytest.MonkeyPatch
) -> None:
    send_through(app, free_port(), monkeypatch)
    queue: WorkQueue = app.extensions["queue"]
    queue.raise_flag("suspect:email", 60)
    said = [told(company, company.agent) for _ in range(12)]
    send_messages()
    assert [message(company, each).attempts for each in said].count(1) == 1


def test_asked_to_end_it_finishes_what_is_on_the_line_and_gives_the_rest_back(
    company: Company, mail: MailServer
) -> None:
    def ask_to_end() -> None:
        stopping.set()
        time.sleep(0.3)

    mail.before_answer = ask_to_end
    said = [told(company, company.agent) for _ in range(40)]
    send_messages()
    states = [message(company, each).state for each in said]
    assert 1 <= states.count(MessageState.SENT) <= jobs.THREADS
    assert len(mail.messages) == states.count(MessageState.SENT)
    assert len(due_ids(company)) == states.count(MessageState.PENDING)


def test_the_message_of_a_lead_names_the_customer_to_its_owner_only(company: Company, mail: MailServer) -> None:
    lead = make_lead(company, company.agent, contact=make_contact(company, "Carla Customer", phone="+14155550123"))
    for person in (company.agent, company.colleague):
        told(company, person, Cause.ASSIGNED, lead_id=lead.id)
    send_messages()
    said = {sent["To"]: sent.as_string() for sent in mail.messages}
    assert "Carla Customer" in said[company.agent.email]
    assert "+14155550123" in said[company.agent.email]
    assert "Carla" not in said[company.colleague.email]
    assert "5550123" not in said[company.colleague.email]


def lose_the_record(company: Company, mail: MailServer) -> None:
    """A worker that was killed right after the server took the message."""
    for claim in claimed(company):
        with company.inside():
            outgoing = sending.begin(claim)
            assert outgoing is not None
            words = jobs._words(claim)
        letter = jobs.Mail(outgoing.message_id, outgoing.to, outgoing.written_at, words)
        with company.app.app_context():
            sender = jobs.Sender(company.app.extensions["settings"])
            sender.send(letter)
            sender.close()


def spoil(company: Company, message_id: UUID) -> None:
    """A message there are no words for."""
    with company.inside():
        db.session.execute(update(Message).where(Message.id == message_id).values(cause=Cause.FOLLOW_UP))
        db.session.commit()
