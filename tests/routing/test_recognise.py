"""Who is writing."""

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.routing.recognise import (
    ContactKey,
    KeyKind,
    KeyMatch,
    Recognised,
    ReturningContacts,
    contact_keys,
    normal_email,
    resolve,
)

from .crew import id_of, minutes_ago

CARLA, CARL, OWNER, OTHER = (id_of(name) for name in ("Carla", "Carl", "owner", "other"))


def known(contact, lead=None, *, by=KeyKind.PHONE, ago=1.0, is_open=False, owner=None):
    """A key of the message that belongs to `contact`, beside one lead of theirs, active so many minutes ago."""
    return KeyMatch(by, contact, lead and id_of(lead), is_open, minutes_ago(ago) if lead else None, owner)


class TestKeys:
    def test_come_sorted_and_without_doubles(self):
        keys = contact_keys(["+34600111222", "+34600111222"], ["Ana@Example.com ", "ana@example.com"], ["v1"])
        assert keys == (
            ContactKey(KeyKind.EMAIL, "ana@example.com"),
            ContactKey(KeyKind.PHONE, "+34600111222"),
            ContactKey(KeyKind.VISITOR, "v1"),
        )
        assert keys == tuple(sorted(keys))

    def test_of_two_messages_are_in_one_order_however_they_are_written(self):
        assert contact_keys(["+2", "+1"]) == contact_keys(["+1", "+2"])

    def test_of_a_message_that_names_nobody_are_none(self):
        assert contact_keys() == ()

    @pytest.mark.parametrize(
        ("written", "compared"),
        [
            (" Ana@Example.COM\t", "ana@example.com"),
            ("ａｎａ@example.com", "ana@example.com"),
            ("MÜLLER@example.com", "müller@example.com"),
            ("mu\u0308ller@example.com", "müller@example.com"),
            ("\u00a0ana@example.com\u3000", "ana@example.com"),
        ],
    )
    def test_compare_addresses_without_case_width_or_space_around(self, written, compared):
        assert normal_email(written) == compared

    @given(st.text())
    def test_compare_an_address_with_itself_once_normalised(self, written):
        assert normal_email(normal_email(written)) == normal_email(written)


class TestAMessage:
    def test_of_somebody_never_heard_of_is_new(self):
        said = resolve([])
        assert (said.outcome, said.contact_id, said.warnings) == (Recognised.NEW, None, ())

    def test_of_a_contact_with_an_open_lead_attaches_to_it(self):
        said = resolve([known(CARLA, "old", owner=OWNER), known(CARLA, "current", is_open=True, ago=9)])
        assert (said.outcome, said.contact_id, said.lead_id) == (Recognised.ATTACH, CARLA, id_of("current"))

    def test_attaches_to_the_most_recently_active_of_several_open_leads(self):
        leads = [known(CARLA, "first", is_open=True, ago=5), known(CARLA, "second", is_open=True, ago=2)]
        for rows in permutations(leads):
            assert resolve(rows).lead_id == id_of("second")

    def test_of_a_contact_with_only_closed_leads_returns_to_who_had_them_last(self):
        leads = [known(CARLA, "first", owner=OTHER, ago=50), known(CARLA, "second", owner=OWNER, ago=20)]
        for rows in permutations(leads):
            said = resolve(rows)
            assert (said.outcome, said.contact_id, said.previous_owner) == (Recognised.RETURNING, CARLA, OWNER)
            assert said.lead_id is None

    def test_returns_to_the_last_owner_past_a_later_lead_nobody_owned(self):
        leads = [known(CARLA, "owned", owner=OWNER, ago=50), known(CARLA, "never owned", ago=20)]
        assert resolve(leads).previous_owner == OWNER

    def test_of_a_returning_contact_has_no_previous_owner_where_the_company_routes_them(self):
        said = resolve([known(CARLA, "old", owner=OWNER)], ReturningContacts.ROUTE)
        assert (said.outcome, said.previous_owner) == (Recognised.RETURNING, None)

    @pytest.mark.parametrize("rows", [[known(CARLA, "never owned")], [known(CARLA)]])
    def test_of_a_contact_whose_leads_nobody_ever_owned_counts_as_new(self, rows):
        said = resolve(rows)
        assert (said.outcome, said.contact_id, said.previous_owner) == (Recognised.NEW, CARLA, None)


class TestTwoContacts:
    def test_the_phone_wins_and_the_lead_is_flagged(self):
        rows = [known(CARL, "his", by=KeyKind.EMAIL, is_open=True, ago=1), known(CARLA, "hers", is_open=True, ago=99)]
        for order in permutations(rows):
            said = resolve(order)
            assert (said.contact_id, said.lead_id) == (CARLA, id_of("hers"))
            assert said.warnings == ("possible_duplicate",)

    def test_the_phone_wins_even_where_only_the_address_has_an_open_lead(self):
        rows = [known(CARL, "his", by=KeyKind.EMAIL, is_open=True), known(CARLA)]
        said = resolve(rows)
        assert (said.outcome, said.contact_id) == (Recognised.NEW, CARLA)

    def test_an_address_wins_over_a_chat_visitor(self):
        rows = [known(CARL, "his", by=KeyKind.VISITOR), known(CARLA, "hers", by=KeyKind.EMAIL)]
        assert resolve(rows).contact_id == CARLA

    def test_of_two_phones_the_more_recently_active_contact_wins(self):
        rows = [known(CARL, "his", ago=9), known(CARLA, "hers", ago=2)]
        for order in permutations(rows):
            assert (resolve(order).contact_id, resolve(order).warnings) == (CARLA, ("possible_duplicate",))

    def test_one_contact_by_two_keys_is_no_duplicate(self):
        rows = [known(CARLA, "hers", is_open=True), known(CARLA, "hers", by=KeyKind.EMAIL, is_open=True)]
        assert resolve(rows).warnings == ()
