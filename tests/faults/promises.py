"""What must be true when the dust has settled: held against what those outside were promised."""

from __future__ import annotations

from tests.faults.crowd import Agents, Senders
from tests.faults.mailbox import Mailbox
from tests.faults.stack import Stack, eventually

MOST_COPIES = 2

_UNSETTLED = """
    SELECT (SELECT count(*) FROM offers WHERE state = 'open')
         + (SELECT count(*) FROM due_work WHERE kind IN ('end_offer', 'drain', 'send_message'))"""

_UNHAPPY = "SELECT cause, state, attempts, error FROM messages WHERE state <> 'sent'"


def wait_until_settled(stack: Stack, within: float = 90.0) -> float:
    """Wait until no offer runs and nothing is left to do; give the seconds it took."""
    return eventually(lambda: stack.number(_UNSETTLED) == 0, "every offer to end and every message to be sent", within)


def assert_nothing_lost_or_doubled(stack: Stack, *senders: Senders) -> None:
    """Every request that was sent made one lead, and its id is the one that was acknowledged."""
    for sender in senders:
        assert sender.faults == []
        assert len(sender.acknowledged) == len(sender.posts)
    promised = sorted((post.body["text"], post.id) for sender in senders for post in sender.posts)
    stored = sorted((text, str(lead_id)) for text, lead_id in stack.rows("SELECT text, id FROM leads"))
    assert stored == promised
    touches = stack.rows("SELECT lead_id, count(*) FROM touches GROUP BY lead_id HAVING count(*) > 1")
    assert touches == []


def assert_acceptances_stand(stack: Stack, agents: Agents) -> None:
    """Who was told the lead is theirs has it, and nobody else was ever given it."""
    assert agents.faults == []
    owners = {
        str(lead): str(owner) for lead, owner in stack.rows("SELECT id, owner_id FROM leads WHERE state = 'owned'")
    }
    assert agents.accepted.items() <= owners.items()
    twice = "SELECT lead_id FROM offers WHERE state = 'accepted' GROUP BY lead_id HAVING count(*) > 1"
    assert stack.rows(twice) == []


def assert_ended_on_time(stack: Stack, seconds: float) -> float:
    """No offer ended before its window, none later than so many seconds after; gives the latest."""
    ended = "SELECT extract(epoch FROM ended_at - expires_at)::float FROM offers WHERE state = 'missed'"
    late = [row[0] for row in stack.rows(ended)]
    assert late, "no offer ran out, so nothing was shown"
    assert min(late) >= 0
    assert max(late) <= seconds
    answered_late = "SELECT id FROM offers WHERE state IN ('accepted', 'declined') AND ended_at > expires_at"
    assert stack.rows(answered_late) == []
    return max(late)


def assert_messages_arrived(stack: Stack, mailbox: Mailbox) -> None:
    """Every message was taken by the server, at most twice, and is known to have been sent."""
    assert stack.rows(_UNHAPPY) == []
    copies = mailbox.copies()
    written = {f"<{message_id}@127.0.0.1>" for (message_id,) in stack.rows("SELECT id FROM messages")}
    assert copies.keys() == written
    assert [name for name, number in copies.items() if number > MOST_COPIES] == []
