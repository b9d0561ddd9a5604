"""Eight people and programs at once, in pools that lead on to each other: no lead is lost, nobody waits for ever, and
every ledger is what its entries come to.

Each thread draws its acts from a seed of its own; a failure names the seeds.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from random import Random
from uuid import UUID

import pytest
from sqlalchemy import select

from portal.errors import Conflict, Forbidden, Invalid, NotFound
from portal.models import Lead, Offer, Pool
from portal.operations.bulk_hand_out import hand_out_unassigned
from portal.queries.leads import LeadFilters
from tests.cast import Company, Person
from tests.consistency import assert_consistent
from tests.factories import make_pool, make_team, make_user
from tests.operations import sights
from tests.operations.acts import (
    accept,
    agent_at_work,
    arrive,
    assign,
    change_company,
    change_pool,
    change_user,
    decline,
    drain,
    end_due,
    end_windows,
    route_again,
    set_members,
    take,
)

REFUSALS = (Conflict, Forbidden, Invalid, NotFound)
THREADS, ACTS = 8, 25


class World:
    """Three pools in a chain, a pond beside them, and whoever works there."""

    def __init__(self, company: Company) -> None:
        self.company = company
        change_company(company, fallback_any_active=False)
        names = ("Ana", "Ben", "Cy", "Di", "Eve", "Fay")
        self.people = [make_user(company, name, open_cap=cap) for name, cap in zip(names, (3, None) * 3, strict=True)]
        one, two, three = self.people[:3], self.people[2:5], self.people[3:]
        team = make_team(company, "North", default_user_id=self.people[5].id)
        self.third = make_pool(company, three, name="Third", picker="least_loaded", delivery="assign")
        self.second = make_pool(company, two, name="Second", delivery="broadcast", next_pool_id=self.third.id)
        self.pond = make_pool(company, self.people, name="Pond", delivery="pond", pond_limit=3)
        self.first = make_pool(
            company, one, name="First", max_offers=2, last_call_seconds=60, next_pool_id=self.second.id, team_id=team.id
        )

    @property
    def pools(self) -> list[Pool]:
        return [self.first, self.second, self.third]


def acts_of(world: World, random: Random) -> list[Callable[[], object]]:
    """What somebody may do next, the usual more often."""
    company = world.company
    person = random.choice(world.people)
    pool = random.choice(world.pools)

    def offer_of(one: Person) -> UUID:
        found = sights.rows(company, select(Offer).where(Offer.user_id == one.id, Offer.state == "open"))
        if not found:
            raise Conflict("Nothing is on offer to them.")
        return random.choice(list(found)).id

    def lead_in(*states: str) -> UUID:
        found = sights.rows(company, select(Lead).where(Lead.state.in_(states)))
        if not found:
            raise Conflict("There is no such lead.")
        return random.choice(list(found)).id

    def windows_pass() -> None:
        end_windows(company, offer_of(person))
        end_due(company)

    def hand_out_many() -> None:
        with agent_at_work(company.owner) as owner:
            hand_out_unassigned(by=owner, filters=LeadFilters(), pool_id=random.choice([None, pool.id]), most=20)

    def edit_members() -> None:
        some = random.sample(world.people, random.randint(1, 4))
        set_members(company, pool.id, {one: random.randint(0, 3) for one in some})

    return [
        *[lambda: arrive(company)] * 4,
        *[lambda: accept(person, offer_of(person))] * 3,
        *[lambda: decline(person, offer_of(person))] * 3,
        *[windows_pass] * 3,
        edit_members,
        lambda: change_pool(company, pool.id, next_pool_id=random.choice([None, *(one.id for one in world.pools)])),
        lambda: change_user(company, person, available=random.random() < 0.7),
        lambda: assign(company.manager, lead_in("owned", "offering", "unassigned"), random.choice([person, None])),
        lambda: route_again(company.manager, lead_in("unassigned")),
        lambda: take(person, lead_in("unassigned", "offering")),
        lambda: drain(company),
        hand_out_many,
        lambda: change_pool(company, world.first.id, delivery=random.choice(["offer", "assign", "broadcast"])),
    ]


@pytest.mark.parametrize("seed", [1, 2])
def test_whatever_eight_do_at_once_every_lead_has_its_place_and_every_ledger_adds_up(
    company: Company, seed: int
) -> None:
    world = World(company)
    faults: list[str] = []
    done: Counter[str] = Counter()

    def work(number: int) -> None:
        random = Random(seed * 100 + number)
        for _ in range(ACTS):
            act = random.choice(acts_of(world, random))
            try:
                act()
                done["done"] += 1
            except REFUSALS:
                done["refused"] += 1
            except Exception as fault:  # noqa: BLE001 (told below)
                faults.append(f"seed {seed * 100 + number}: {fault!r}")

    threads = [threading.Thread(target=work, args=(number,)) for number in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=120)
    assert not any(thread.is_alive() for thread in threads)
    assert faults == []
    # Something really happened: what is refused alone would prove nothing.
    assert done["done"] > THREADS * ACTS / 4
    assert_consistent(company)
