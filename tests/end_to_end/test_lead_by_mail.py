"""The main job from the outside only: `portal up`, real mail, links and forms; no browser and no JavaScript."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.end_to_end.visitor import Visitor
from tests.faults.mailbox import Letter, Mailbox
from tests.faults.promises import wait_until_settled
from tests.faults.shop import PASSWORD, Shop, open_shop
from tests.faults.stack import Stack
from tests.supervisor.conftest import needs_linux

pytestmark = needs_linux

LEAD = {
    "name": "Carla Customer",
    "phone": "+1 415 555 0123",
    "email": "carla@customer.example",
    "text": "My roof faces south, please call after six.",
    "lead_type": "solar",
    "location": {"city": "Oakland", "address": "12 Elm Street"},
}
OF_THE_CUSTOMER = ("Carla", "555 01", "5550123", "carla@", "roof", "after six", "Elm Street")
SECOND_PASSWORD = "seven green lanterns"


@pytest.fixture(scope="module")
def mailbox() -> Iterator[Mailbox]:
    with Mailbox() as running:
        yield running


@pytest.fixture(scope="module")
def stack(mailbox: Mailbox) -> Iterator[Stack]:
    with Stack({"MAIL_SERVER": "127.0.0.1", "MAIL_PORT": str(mailbox.port)}) as running:
        yield running.start()


@pytest.fixture(scope="module")
def shop(stack: Stack) -> Shop:
    return open_shop(stack, ("ana", "ben"))


def link_in(letter: Letter, path: str) -> str:
    """The one address in the letter that leads there, the same in text and HTML."""
    pattern = rf"https?://[^\s\"<>]*{path}[^\s\"<>]*"
    in_text, in_html = set(re.findall(pattern, letter.text)), set(re.findall(pattern, letter.html))
    assert in_text, letter.text
    assert len(in_text) == 1
    assert in_html, letter.html
    return in_text.pop()


def nothing_of_the_customer(*texts: str) -> bool:
    return not any(word in text for text in texts for word in OF_THE_CUSTOMER)


def test_a_lead_is_missed_by_one_agent_and_accepted_by_the_next(stack: Stack, shop: Shop, mailbox: Mailbox) -> None:
    taken = shop.api.post("/leads", **LEAD)
    first, second = offered_first(shop, taken)

    asked = mailbox.wait_for(first, "New lead for you")
    assert nothing_of_the_customer(asked.text, asked.html, asked.subject)
    with Visitor() as agent:
        shown = agent.open(link_in(asked, "/o/"))
        assert "A lead for you" in shown.words
        assert nothing_of_the_customer(shown.source)

        gone = mailbox.wait_for(first, "Missed")
        assert nothing_of_the_customer(gone.text, gone.html)
        missed = agent.open(link_in(gone, "/o/"))
        assert "The time for this lead is over" in missed.words
        assert nothing_of_the_customer(missed.source)

    with Visitor() as agent:
        shown = agent.open(link_in(mailbox.wait_for(second, "New lead for you"), "/o/"))
        mine = agent.press(shown, "Accept")
        assert "This lead is yours" in mine.words
        for detail in ("Carla Customer", "carla@customer.example", "My roof faces south"):
            assert detail in mine.words
        assert "tel:+14155550123" in mine.source
    copy = mailbox.wait_for(second, "You accepted")
    assert "Carla Customer" in copy.text
    assert "carla@customer.example" in copy.text

    assert_owned_and_explained(stack, shop, taken["id"], shop.agents[second])


def offered_first(shop: Shop, taken: dict[str, Any]) -> tuple[str, str]:
    """The addresses of the agent who is asked now, and of the other one."""
    asked_now = shop.api.get("/offers", lead=taken["id"])["items"][0]["user_id"]
    first, *others = sorted(shop.agents, key=lambda email: shop.agents[email] != asked_now)
    return first, others[0]


def assert_owned_and_explained(stack: Stack, shop: Shop, lead_id: str, owner_id: str) -> None:
    """What a manager finds out about a lead two agents were asked for."""
    lead = shop.api.get(f"/leads/{lead_id}")
    assert (lead["state"], lead["owner_id"]) == ("owned", owner_id)
    kinds = [entry["kind"] for entry in shop.api.items(f"/leads/{lead_id}/timeline")]
    told = [kind for kind in reversed(kinds) if kind != "decision"]
    assert told == ["created", "offered", "missed", "offered", "accepted"]
    explained = stack.portal("explain", lead_id)
    assert explained.returncode == 0, explained.stderr
    for name in ("Ana Agent", "Ben Agent", "Everybody"):
        assert name in explained.stdout
    wait_until_settled(stack)
    stack.assert_sound()


def test_a_lead_nobody_can_get_raises_an_alarm_and_goes_to_the_first_who_can(stack: Stack, mailbox: Mailbox) -> None:
    otto = "otto.owner@example.com"
    shop = open_shop(stack, ("cem", "dora"), "Beta Roofs", otto, default_assignee_ids=[], default_mode=None)
    shop.api.patch("/company", fallback_any_active=False)
    for agent_id in shop.agents.values():
        shop.api.patch(f"/users/{agent_id}", available=False)

    taken = shop.api.post("/leads", **LEAD)
    assert (taken["state"], taken["waiting_for"]) == ("unassigned", "routing")
    alarm = mailbox.wait_for(otto, "A lead needs you")
    assert link_in(alarm, "/leads/") == f"{stack.url}/leads/{taken['id']}"
    with Visitor() as owner:
        page = owner.press(owner.open(link_in(alarm, "/leads/")), "Sign in", email=otto, password=PASSWORD)
        assert page.url == f"{stack.url}/leads/{taken['id']}"
        assert "carla@customer.example" in page.words

    shop.api.patch(f"/users/{shop.agents['dora@example.com']}", available=True)
    asked = mailbox.wait_for("dora@example.com", "New lead for you")
    with Visitor() as agent:
        declined = agent.press(agent.open(link_in(asked, "/o/")), "Decline")
        assert "You declined this lead" in declined.words
    lead = shop.api.get(f"/leads/{taken['id']}")
    assert (lead["state"], lead["waiting_for"]) == ("unassigned", "routing")

    shop.api.patch(f"/users/{shop.agents['cem@example.com']}", available=True)
    with Visitor() as agent:
        shown = agent.open(link_in(mailbox.wait_for("cem@example.com", "New lead for you"), "/o/"))
        assert "This lead is yours" in agent.press(shown, "Accept").words
    wait_until_settled(stack)
    stack.assert_sound()


def test_a_new_agent_sets_a_password_by_mail_and_sees_the_list(stack: Stack, shop: Shop, mailbox: Mailbox) -> None:
    added = shop.api.post("/users", name="Nora New", email="nora@example.com")
    lead = shop.api.post("/leads", name="Erik Customer", phone="+1 415 555 0188", assignee=added["id"])
    assert lead["owner_id"] == added["id"]
    letter = mailbox.wait_for("nora@example.com", "Your account")
    with Visitor() as nora:
        page = nora.open(link_in(letter, "/set-password/"))
        refused = nora.press(page, "Set password", status=422, password="short")
        page = nora.press(refused, "Set password", password=SECOND_PASSWORD)
        assert "Your password is set" in page.words
        page = nora.press(page, "Sign in", email="nora@example.com", password=SECOND_PASSWORD)
        listed = nora.open(f"{stack.url}/leads?bucket=mine")
        assert "Erik Customer" in listed.words
    with Visitor() as somebody:
        over = somebody.open(link_in(letter, "/set-password/"), status=404)
        assert "password" in over.words
