"""Workers are killed while held leads are let go one by one, while leads nobody called about go on to others, and
in a replay: each lead goes once and in its turn, and the replay comes to what it always comes to."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest

from tests.faults.promises import wait_until_settled
from tests.faults.shop import Shop, open_shop
from tests.faults.stack import Stack, eventually
from tests.supervisor.conftest import needs_linux

pytestmark = [pytest.mark.fault, needs_linux]

AGENTS = ("ana", "ben", "cem")
HELD = 8
SPACING = 5
"""Seconds between two held leads."""
UNCALLED = 40
PAST_LEADS = 20_000
LEASE_AND_MORE = 60.0
"""Seconds within which another worker has finished what a killed one held."""

_RELEASES = """
    SELECT lead_id, at FROM timeline WHERE kind = 'released' ORDER BY at"""
_COPY_LEADS = """
    INSERT INTO leads SELECT (jsonb_populate_record(NULL::leads, to_jsonb(l) || jsonb_build_object('id', c.lead))).*
    FROM (SELECT * FROM leads ORDER BY id DESC LIMIT 1) l, copies c"""
_COPY_DECISIONS = """
    INSERT INTO decisions
    SELECT (jsonb_populate_record(NULL::decisions,
        to_jsonb(d) || jsonb_build_object('id', c.decision, 'lead_id', c.lead))).*
    FROM (SELECT * FROM decisions ORDER BY id DESC LIMIT 1) d, copies c"""
# As if the hour had passed.
_TIME_IS_UP = """
    UPDATE due_work SET created_at = created_at - interval '2 hours', due_at = now()
    WHERE kind = 'contact' AND subject_id = ANY (%s::uuid[]) RETURNING 1"""
_ENDED = "SELECT count(*) FROM reassignments WHERE state <> 'running'"
_REASSIGNED = """
    SELECT state, each, count(*) FROM (
        SELECT lead_id, state, count(*) OVER (PARTITION BY lead_id) AS each FROM reassignments) r
    GROUP BY state, each"""
_TIMES_RUNNING = """
    SELECT count(*), count(*) FILTER (WHERE due_at > now()) FROM due_work
    WHERE kind = 'contact' AND subject_id = ANY (%s::uuid[])"""
_HELD = "SELECT count(*) FROM leads WHERE state = 'held'"


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    with Stack({}) as running:
        yield running.start()


@pytest.fixture(scope="module")
def shop(stack: Stack) -> Shop:
    return open_shop(stack, AGENTS, delivery="assign")


def test_held_leads_go_once_each_in_their_turn_and_never_two_at_a_time(stack: Stack, shop: Shop) -> None:
    shop.api.patch("/company", manual_intercept=True, hold_spacing_seconds=SPACING)
    ids = [shop.api.post("/leads", name=f"Held {number}")["id"] for number in range(HELD)]
    assert stack.number(_HELD) == HELD
    shop.api.patch("/company", manual_intercept=False)
    for left in (HELD - 1, HELD - 3, HELD - 5):
        eventually(lambda still=left: stack.number(_HELD) <= still, f"only {left} to be held")
        stack.kill_and_wait("quick")
    eventually(lambda: stack.number(_HELD) == 0, "every held lead to go", within=HELD * SPACING + LEASE_AND_MORE)
    went = stack.rows(_RELEASES)
    assert [str(lead_id) for lead_id, _ in went] == ids
    pauses = [(later - sooner).total_seconds() for (_, sooner), (_, later) in pairwise(went)]
    # One that went late takes nothing from the pause of the next but one.
    assert min(pauses) > SPACING / 2
    assert sum(pauses) > SPACING * (HELD - 1) - SPACING / 2
    assert {owner for (owner,) in stack.rows("SELECT count(*) FROM leads GROUP BY owner_id")} == {2, 3}
    wait_until_settled(stack)
    stack.assert_sound()


def test_leads_nobody_called_about_go_on_once_though_workers_are_killed(stack: Stack, shop: Shop) -> None:
    shop.api.patch(f"/pools/{shop.pool_id}", contact_within=3600)
    had = {lead["id"]: lead["owner_id"] for lead in (owned(shop, number) for number in range(UNCALLED))}
    halves = list(had)[: UNCALLED // 2], list(had)[UNCALLED // 2 :]
    for half in halves:
        # Many at once, so that a worker is killed somewhere among them.
        assert len(stack.rows(_TIME_IS_UP, half)) == len(half)
        stack.kill_and_wait("quick")
    eventually(lambda: stack.number(_ENDED) == UNCALLED, "each to have gone on", within=LEASE_AND_MORE)
    assert stack.rows(_REASSIGNED) == [("done", 1, UNCALLED)]
    has = {str(lead_id): str(owner_id) for lead_id, owner_id in stack.rows("SELECT id, owner_id FROM leads")}
    assert [lead_id for lead_id, owner_id in had.items() if has[lead_id] == owner_id] == []
    # Each new owner has the same time, none of the old ones has any left.
    assert stack.rows(_TIMES_RUNNING, list(had)) == [(UNCALLED, UNCALLED)]
    shop.api.patch(f"/pools/{shop.pool_id}", contact_within=None)
    wait_until_settled(stack)
    stack.assert_sound()


def owned(shop: Shop, number: int) -> dict[str, Any]:
    """A new lead, which is somebody's at once."""
    lead: dict[str, Any] = shop.api.post("/leads", name=f"Uncalled {number}")
    return lead


def test_a_replay_whose_worker_was_killed_comes_to_the_same(stack: Stack, shop: Shop) -> None:
    shop.api.post("/leads", name="The pattern")
    with copies_of_the_newest_lead(stack, PAST_LEADS):
        whole = ended(shop, asked(shop))
        assert whole["state"] == "done"
        assert whole["result"]["today"]["leads"] > PAST_LEADS
        replay_id = asked(shop)
        eventually(lambda: shop.api.get(f"/replays/{replay_id}")["played"] > 0, "the replay to be played")
        kill_its_worker(stack)
        assert shop.api.get(f"/replays/{replay_id}")["state"] == "running", "it was over before anybody was killed"
        again = ended(shop, replay_id)
    assert again["error"] is None, stack.output[-3000:]
    assert (again["state"], again["result"]) == ("done", whole["result"])
    assert stack.number("SELECT count(*) FROM due_work WHERE kind = 'replay'") == 0
    stack.assert_sound()


@contextmanager
def copies_of_the_newest_lead(stack: Stack, count: int) -> Iterator[None]:
    """So many more leads of days gone by, each with its decision; gone again afterwards, for they have no story."""
    with stack.database() as database:
        database.execute(
            "CREATE TABLE copies AS SELECT gen_random_uuid() AS lead, gen_random_uuid() AS decision "
            f"FROM generate_series(1, {count})"
        )
        database.execute(_COPY_LEADS)
        database.execute(_COPY_DECISIONS)
        database.execute("ANALYZE leads, decisions")
    try:
        yield
    finally:
        with stack.database() as database:
            database.execute("DELETE FROM decisions WHERE id IN (SELECT decision FROM copies)")
            database.execute("DELETE FROM leads WHERE id IN (SELECT lead FROM copies)")
            database.execute("DROP TABLE copies")


def asked(shop: Shop) -> str:
    """Ask for a replay of the last hour against the set-up as it is."""
    now = datetime.now(UTC)
    wanted = {"from": (now - timedelta(hours=1)).isoformat(), "to": (now + timedelta(minutes=1)).isoformat()}
    return str(shop.api.post("/replays", **wanted, draft={})["id"])


def ended(shop: Shop, replay_id: str) -> dict[str, Any]:
    """The replay, once it is over."""

    def is_over() -> bool:
        return shop.api.get(f"/replays/{replay_id}")["state"] in ("done", "failed")

    eventually(is_over, "the replay to end", within=3 * LEASE_AND_MORE)
    found: dict[str, Any] = shop.api.get(f"/replays/{replay_id}")
    return found


def kill_its_worker(stack: Stack) -> None:
    """The outside worker and the job it runs."""
    children = stack.children_of(stack.pid_of("outside"))
    assert children, "nobody plays it"
    for child in children:
        os.kill(child, signal.SIGKILL)
    stack.kill_and_wait("outside")
