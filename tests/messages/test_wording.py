"""What we say: the exact words, so that a change of wording is seen and read."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from portal.messages import AboutLead, Customer, Facts, Links, Remark, Window, causes_worded, render

SNAPSHOTS = Path(__file__).parent / "snapshots"
OPENED = datetime(2026, 11, 21, 13, 0, 30, tzinfo=UTC)
CUSTOMER = Customer(
    name="Carla Customer",
    phones=("+4930123456 ext. 7",),
    emails=("carla@customer.example",),
    address="Hauptstraße 5, 10115 Berlin",
    text="Hello,\nplease call after six.\n\nCarla",
)
FACTS = Facts(
    cause="offer",
    recipient="Ana Agent",
    company="Acme Solar",
    zone=ZoneInfo("Europe/Berlin"),
    links=Links(
        offer="https://leads.example.com/o/TOKEN",
        lead="https://leads.example.com/leads/LEAD",
        account="https://leads.example.com/set-password/TOKEN",
    ),
    lead=AboutLead(
        lead_type="Solar roof",
        source="Website",
        language="de",
        location={
            "city": "Berlin",
            "region": "Berlin",
            "country": "DE",
            "postcode": "10115",
            "address": "Hauptstraße 5",
        },
        price={"min": "18000", "max": "25000.50", "currency": "EUR"},
        tags=("battery", "flat roof"),
    ),
    window=Window(OPENED, OPENED + timedelta(minutes=5)),
)

REMARK = Remark("Mara Manager", "Have you called?\n\n@Ana Agent, she waits.", "Carla Customer")
LEAD_LINK = Links(lead="https://leads.example.com/leads/LEAD")

SITUATIONS = {
    "offer": FACTS,
    "missed": replace(FACTS, cause="missed", may_ask_again=True, lead_state="offering"),
    "missed_and_nobody_has_it": replace(FACTS, cause="missed", may_ask_again=True, lead_state="unassigned"),
    "missed_twice": replace(FACTS, cause="missed", lead_state="unassigned"),
    "missed_and_taken": replace(FACTS, cause="missed", lead_state="owned"),
    "missed_and_mine_since": replace(FACTS, cause="missed", lead_state="owned", owns=True),
    "missed_and_closed": replace(FACTS, cause="missed", lead_state="closed"),
    "missed_and_held": replace(FACTS, cause="missed", lead_state="held"),
    "last_call": replace(FACTS, cause="last_call"),
    "offer_reminder": replace(FACTS, cause="offer_reminder"),
    "assigned": replace(FACTS, cause="assigned", customer=CUSTOMER, links=Links(lead=FACTS.links.lead)),
    "assigned_gone_on": replace(FACTS, cause="assigned", links=Links(lead=FACTS.links.lead)),
    "accepted_copy": replace(FACTS, cause="accepted_copy", customer=CUSTOMER),
    "reassigned_away": replace(FACTS, cause="reassigned_away", reason="Mara Manager took the offer back."),
    "touch": replace(FACTS, cause="touch", customer=CUSTOMER, window=None, links=Links(lead=FACTS.links.lead)),
    "comment_to_owner": replace(FACTS, cause="comment", remark=REMARK, owns=True, window=None, links=LEAD_LINK),
    "comment_to_manager": replace(FACTS, cause="comment", remark=REMARK, window=None, links=LEAD_LINK),
    "comment_gone_on": replace(FACTS, cause="comment", window=None, links=LEAD_LINK),
    "mention": replace(FACTS, cause="mention", remark=REMARK, window=None, links=LEAD_LINK),
    "catch_all": replace(FACTS, cause="catch_all", window=None, links=Links(lead=FACTS.links.lead)),
    "alarm_nobody": replace(FACTS, cause="alarm", alarm="nobody", reason="Nobody in Sales is available."),
    "alarm_routing_failed": replace(FACTS, cause="alarm", alarm="routing_failed"),
    "alarm_fallback": replace(FACTS, cause="alarm", alarm="fallback"),
    "account_new": replace(FACTS, cause="account", purpose="set_password"),
    "account_reset": replace(FACTS, cause="account", purpose="reset"),
}


@pytest.mark.parametrize("situation", SITUATIONS)
def test_the_words_are_those_we_agreed_on(situation: str) -> None:
    """The snapshot is the wording as people read it; write it anew by deleting it and running this test."""
    words = render(SITUATIONS[situation])
    said = f"Subject: {words.subject}\n\n{words.text}"
    snapshot = SNAPSHOTS / f"{situation}.txt"
    if not snapshot.exists():
        snapshot.write_text(said, encoding="utf-8")
        pytest.fail(f"{snapshot.name} was missing and has been written; read it and run the test again.")
    assert said == snapshot.read_text(encoding="utf-8")


def test_every_cause_with_words_is_shown_here() -> None:
    assert {facts.cause for facts in SITUATIONS.values()} == causes_worded()


@pytest.mark.parametrize(
    "cause", ["offer", "last_call", "offer_reminder", "missed", "catch_all", "alarm", "reassigned_away"]
)
def test_messages_to_others_than_the_owner_never_name_the_customer(cause: str) -> None:
    words = render(replace(FACTS, cause=cause, customer=CUSTOMER))
    for part in (words.subject, words.text, words.html):
        for secret in ("Carla", "4930123456", "customer.example", "Hauptstraße", "after six"):
            assert secret not in part


@pytest.mark.parametrize("situation", SITUATIONS)
def test_text_and_html_say_the_same(situation: str) -> None:
    words = render(SITUATIONS[situation])
    in_html = " ".join(_text_of(words.html).split())
    for paragraph in words.text.split("\n\n"):
        if "https://" not in paragraph:
            for said in _pieces(paragraph):
                assert said in in_html


@pytest.mark.parametrize("situation", SITUATIONS)
def test_every_link_is_in_both_forms_and_listed(situation: str) -> None:
    words = render(SITUATIONS[situation])
    for link in words.links:
        assert link in words.text
        assert f'href="{link}"' in words.html


def test_accept_and_decline_lead_to_the_page_where_one_decides() -> None:
    words = render(FACTS)
    assert words.links == ("https://leads.example.com/o/TOKEN",)
    assert words.html.count('href="https://leads.example.com/o/TOKEN"') == 2


def test_a_customer_cannot_write_html_into_our_mails() -> None:
    hostile = replace(CUSTOMER, name="<script>alert(1)</script>", text='<img src=x onerror="x">')
    words = render(replace(FACTS, cause="assigned", customer=hostile))
    assert "<script>" not in words.html
    assert "<img" not in words.html
    assert "&lt;script&gt;" in words.html


def test_a_line_break_from_outside_stays_out_of_the_subject() -> None:
    lead = replace(FACTS.lead, lead_type="Roof\r\nBcc: everybody@example.com")
    assert render(replace(FACTS, lead=lead)).subject == "New lead for you: Roof Bcc: everybody@example.com, Berlin, DE"


def test_a_very_long_type_leaves_a_readable_subject() -> None:
    words = render(replace(FACTS, lead=replace(FACTS.lead, lead_type="x" * 5000)))
    assert len(words.subject) == 150
    assert words.subject.endswith("…")


def test_times_are_told_in_the_companys_zone_by_name() -> None:
    there = replace(FACTS, zone=ZoneInfo("America/New_York"))
    assert "08:05:30 on Saturday, 21 November (America/New_York)" in " ".join(render(there).text.split())


def test_nothing_known_still_makes_a_whole_message() -> None:
    words = render(replace(FACTS, lead=AboutLead()))
    assert words.subject == "New lead for you: Acme Solar"
    assert "None" not in words.text


def _pieces(paragraph: str) -> list[str]:
    """What a paragraph says, without the marks that only the text has."""
    if paragraph.startswith(">"):
        return [line.lstrip("> ") for line in paragraph.splitlines()]
    if paragraph.startswith("-- "):
        return [paragraph.removeprefix("-- \n").strip()]
    if all(": " in line for line in paragraph.splitlines()):
        return [piece for line in paragraph.splitlines() for piece in line.split(": ", 1)]
    return [" ".join(paragraph.split())]


def _text_of(html: str) -> str:
    class Reader(HTMLParser):
        said = ""

        def handle_data(self, data: str) -> None:
            self.said += f" {data}"

    reader = Reader()
    reader.feed(html)
    return reader.said
