"""Marks of what somebody saw."""

from __future__ import annotations

from types import SimpleNamespace
from uuid import UUID

import pytest

from portal.operations.seen import Stale, digests, mark, refuse_stale

FIELDS = dict.fromkeys(("name", "roles", "team_id"))
ROW = SimpleNamespace(name="Ana : x", roles=["agent"], team_id=UUID(int=7), secret="not for forms")


def mark_of(row: SimpleNamespace, *names: str) -> str:
    return mark({name: getattr(row, name) for name in names or FIELDS})


def test_what_still_looks_the_same_passes() -> None:
    refuse_stale(mark_of(ROW), ROW, FIELDS)
    refuse_stale(mark_of(ROW, "name"), SimpleNamespace(**vars(ROW) | {"roles": ["owner"]}), FIELDS)


def test_who_did_not_look_is_not_asked() -> None:
    refuse_stale(None, ROW, FIELDS)


@pytest.mark.parametrize(
    ("change", "told"),
    [({"name": "Ben"}, ("name",)), ({"roles": ["owner"], "team_id": None}, ("roles", "team_id"))],
)
def test_what_changed_is_named(change: dict[str, object], told: tuple[str, ...]) -> None:
    with pytest.raises(Stale) as refusal:
        refuse_stale(mark_of(ROW), SimpleNamespace(**vars(ROW) | change), FIELDS)
    assert refusal.value.changed == told


@pytest.mark.parametrize("seen", ["", " ", "nonsense", mark_of(ROW, "secret"), f"{mark_of(ROW)} secret:1"])
def test_what_is_no_mark_of_these_fields_is_refused(seen: str) -> None:
    with pytest.raises(Stale):
        refuse_stale(seen, ROW, FIELDS)


def test_a_mark_can_be_taken_apart_whatever_a_value_holds() -> None:
    assert digests(mark_of(ROW)).keys() == FIELDS.keys()
