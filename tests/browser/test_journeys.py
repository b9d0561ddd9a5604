"""What people come to do, from end to end: a real portal with its workers, real mail, a real browser.

On a phone and at a desk, light and dark, by keyboard alone and with scripts off.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from zlib import crc32

import pytest
from playwright.sync_api import Browser as Chromium

from tests.browser.hand import WAYS, Hand, Way, hand_of
from tests.faults.mailbox import Letter, Mailbox
from tests.faults.promises import wait_until_settled
from tests.faults.shop import PASSWORD, Shop, open_shop
from tests.faults.stack import Stack
from tests.supervisor.conftest import needs_linux

pytestmark = needs_linux

ways = pytest.mark.parametrize("way", WAYS, ids=str)

LEAD = {
    "name": "Carla Customer",
    "text": "My roof faces south, please call after six.",
    "lead_type": "Solar",
    "location": {"city": "Oakland", "address": "12 Elm Street"},
}
A_WHILE = 600
"""Seconds an offer stands where nobody shall miss it."""


@pytest.fixture(scope="module")
def mailbox() -> Iterator[Mailbox]:
    with Mailbox() as running:
        yield running


@pytest.fixture(scope="module")
def stack(mailbox: Mailbox) -> Iterator[Stack]:
    with Stack({"MAIL_SERVER": "127.0.0.1", "MAIL_PORT": str(mailbox.port)}) as running:
        yield running.start()


@pytest.fixture
def olive(request: pytest.FixtureRequest) -> str:
    """The address of the owner of this test's own company."""
    return f"olive-{crc32(request.node.name.encode()):x}@example.com"


@pytest.fixture
def shop_with(stack: Stack, olive: str) -> Iterator[Any]:
    """Opens a company of this test's own, with people no other test has."""

    def open_one(*agents: str, **pool: Any) -> Shop:
        mark = olive.partition("@")[0].removeprefix("olive-")
        return open_shop(stack, [f"{name}-{mark}" for name in agents], f"Shop {mark}", olive, **pool)

    yield open_one
    wait_until_settled(stack)
    stack.assert_sound()


def link_in(letter: Letter, path: str) -> str:
    found = re.search(rf"https?://[^\s\"<>]*{path}[^\s\"<>]*", letter.text)
    assert found, letter.text
    return found[0]


def post_lead(shop: Shop, **fields: Any) -> tuple[dict[str, Any], str]:
    """A lead comes in; its answer, and the address of the agent who is offered it."""
    taken = shop.api.post("/leads", **(LEAD | fields))
    return taken, who_is_asked(shop, taken["id"])


def who_is_asked(shop: Shop, lead_id: str) -> str:
    asked = shop.api.get("/offers", lead=lead_id, state="open")["items"][0]["user_id"]
    return next(email for email, user_id in shop.agents.items() if user_id == asked)


def give_password(shop: Shop, email: str, mailbox: Mailbox, hand: Hand) -> None:
    """Set a password by the link in the welcome mail."""
    hand.open(link_in(mailbox.wait_for(email, "Your account"), "/set-password/"))
    hand.type("New password", PASSWORD)
    hand.press("Set password")
    hand.sees("Your password is set")


@ways
def test_from_the_mail_to_the_closed_lead(
    way: Way, chromium: Chromium, stack: Stack, mailbox: Mailbox, shop_with: Any
) -> None:
    shop = shop_with("ana", window_seconds=A_WHILE)
    taken, ana = post_lead(shop, phone="+1 415 555 0123")
    with hand_of(chromium, stack.url, way) as hand:
        give_password(shop, ana, mailbox, hand)
        hand.open(link_in(mailbox.wait_for(ana, "New lead for you"), "/o/"))
        hand.is_at("A lead for you")
        hand.press("Accept")
        hand.is_at("This lead is yours")
        hand.sees("Carla Customer", "My roof faces south")
        hand.open(f"/leads/{taken['id']}")
        hand.sign_in(ana, PASSWORD)
        hand.is_at("Carla Customer")
        close_with_feedback(hand)
    lead = shop.api.get(f"/leads/{taken['id']}")
    assert (lead["state"], lead["close_reason"], lead["conversion"]["contact_status"]) == ("closed", "won", "contacted")
    kinds = [entry["kind"] for entry in shop.api.items(f"/leads/{taken['id']}/timeline")]
    assert {"accepted", "contact_attempt", "comment", "conversion", "closed"} <= set(kinds)


def close_with_feedback(hand: Hand) -> None:
    """Log the call, comment, say what came of it, close."""
    hand.unfold("Log an attempt")
    hand.press("Reached them", inside="#lead-attempt")
    hand.sees("Contact attempt")
    hand.type("Write", "She signs on Friday.")
    hand.press("Post", inside="#lead-write")
    hand.sees("She signs on Friday.")
    hand.choose("Status", "Won", inside="#lead-feedback")
    hand.press("Save feedback")
    hand.sees("Conversion")
    hand.unfold("End this engagement")
    hand.choose("Why does it end?", "Won")
    hand.press("Close this lead")
    hand.sees("Closed. You can reopen it here at any time.")


@ways
def test_one_misses_and_the_next_accepts(
    way: Way, chromium: Chromium, stack: Stack, mailbox: Mailbox, shop_with: Any
) -> None:
    shop = shop_with("ana", "ben", window_seconds=15)
    with hand_of(chromium, stack.url, way) as first, hand_of(chromium, stack.url, way) as second:
        taken, slow = post_lead(shop, phone="+1 415 555 0124")
        quick = next(email for email in shop.agents if email != slow)
        first.open(link_in(mailbox.wait_for(slow, "New lead for you"), "/o/"))
        first.is_at("A lead for you")
        second.open(link_in(mailbox.wait_for(quick, "New lead for you"), "/o/"))
        if not way.scripts:
            first.tab.reload()
        first.is_at("The time for this lead is over")
        second.press("Accept")
        second.is_at("This lead is yours")
        first.press("Give me another chance")
        first.is_at("This lead is taken")
    assert shop.api.get(f"/leads/{taken['id']}")["owner_id"] == shop.agents[quick]


@ways
def test_an_admin_builds_a_pool_and_watches_a_lead_go(
    way: Way, chromium: Chromium, stack: Stack, olive: str, shop_with: Any
) -> None:
    shop = shop_with("ana", "ben")
    ana = next(iter(shop.agents.values()))
    name = shop.api.get(f"/users/{ana}")["name"]
    with hand_of(chromium, stack.url, way) as hand:
        hand.open("/pools/new")
        hand.sign_in(olive, PASSWORD)
        hand.is_at("New pool")
        hand.type("Name", "Night shift")
        hand.tick("Hand out new leads with this pool")
        hand.tick("Assign: it is theirs at once")
        hand.type(f"Weight of {name}", "1")
        hand.press("Make the pool")
        hand.is_at("Pools")
        hand.sees("Night shift", f"It would be given to {name}")
        hand.open("/leads?bucket=assigned")
        hand.is_at("Leads")
        taken = shop.api.post("/leads", **LEAD, phone="+1 415 555 0125")
        if way.scripts:
            hand.press("1 new lead")
        else:
            hand.tab.reload()
        hand.press("Carla Customer", "link")
        hand.is_at("Carla Customer")
        hand.sees(name, "Night shift", "next in turn")
    assert taken["owner_id"] == ana
