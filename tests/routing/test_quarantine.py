"""The allow list is looked at first, then the block list."""

from __future__ import annotations

from typing import Any

import pytest

from portal.routing.facts import LeadFacts
from portal.routing.quarantine import Clue, Entry, Quarantine, Verdict
from portal.routing.recognise import ContactKey, KeyKind

PHONE = ContactKey(KeyKind.PHONE, "+14155550101")
EMAIL = ContactKey(KeyKind.EMAIL, "ana@mail.example.com")
BLOCK, ALLOW = Verdict.BLOCK, Verdict.ALLOW


def blocked(*entries: tuple[Verdict, Clue, str], keys: tuple[ContactKey, ...] = (), **facts: Any) -> str | None:
    found = Quarantine(Entry(*entry) for entry in entries).blocks(LeadFacts(**facts), keys)
    return str(found) if found else None


def test_empty_lists_stop_nothing() -> None:
    assert blocked(keys=(PHONE, EMAIL), text="Buy now") is None
    assert blocked((ALLOW, Clue.ADDRESS, "ana@mail.example.com"), keys=(EMAIL,)) is None


@pytest.mark.parametrize(
    ("clue", "value"),
    [
        (Clue.PHONE, "+14155550101"),
        (Clue.ADDRESS, "ana@mail.example.com"),
        (Clue.DOMAIN, "mail.example.com"),
        (Clue.DOMAIN, "example.com"),
        (Clue.TEXT, "buy now"),
    ],
)
def test_each_clue_stops_a_lead_and_says_by_what(clue: Clue, value: str) -> None:
    assert blocked((BLOCK, clue, value), keys=(PHONE, EMAIL), text="Please BUY  now!") == f"the {clue} “{value}”"


@pytest.mark.parametrize(
    ("clue", "value"),
    [
        (Clue.PHONE, "+14155550102"),
        (Clue.ADDRESS, "na@mail.example.com"),
        (Clue.DOMAIN, "ample.com"),
        (Clue.DOMAIN, "other.mail.example.com"),
        (Clue.TEXT, "buy no"),
    ],
)
def test_what_is_only_alike_stops_nothing(clue: Clue, value: str) -> None:
    assert blocked((BLOCK, clue, value), keys=(PHONE, EMAIL), text="Please buy now!") is None


@pytest.mark.parametrize(
    "allowed", [(Clue.PHONE, "+14155550101"), (Clue.DOMAIN, "example.com"), (Clue.TEXT, "invoice")]
)
def test_what_is_allowed_comes_through_whatever_is_blocked(allowed: tuple[Clue, str]) -> None:
    by_all = [(BLOCK, Clue.ADDRESS, "ana@mail.example.com"), (BLOCK, Clue.TEXT, "buy now")]
    assert blocked(*by_all, keys=(PHONE, EMAIL), text="Invoice: buy now") is not None
    assert blocked(*by_all, (ALLOW, *allowed), keys=(PHONE, EMAIL), text="Invoice: buy now") is None


def test_words_are_looked_for_in_the_subject_and_in_the_text_only_where_there_is_none() -> None:
    words = (BLOCK, Clue.TEXT, "cheap clicks")
    assert blocked(words, fields={"Subject": "Cheap clicks"}, text="Hello") is not None
    assert blocked(words, fields={"subject": "Roof"}, text="I saw an ad for cheap clicks") is None
    assert blocked(words, fields={"subject": "  "}, text="Cheap clicks") is not None
    assert blocked(words, fields={"subject": ["Roof"], "ad": "cheap clicks"}, text="Hello") is None
