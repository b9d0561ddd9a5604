"""Rules of teams changed by several people at the same instant."""

from __future__ import annotations

from uuid import UUID

import pytest

from portal.operations import rules, teams
from portal.queries.people import teams as all_teams
from portal.queries.pools import pool_names
from portal.queries.rules import rules as rules_of
from portal.queries.rules import rules_of_all
from tests.cast import Company
from tests.factories import make_pool, make_team
from tests.operations.acts import delete_pool
from tests.races.at_once import at_once, done, refused


def make(company: Company, **fields: object) -> UUID:
    with company.inside():
        return rules.make_rule(by=company.owner.user(), **fields).id  # type: ignore[arg-type]


@pytest.mark.parametrize("turn", range(3))
def test_two_people_close_no_circle_together(company: Company, turn: int) -> None:
    ring = [make_team(company, name).id for name in ("North", "South", "West", "East")]
    ways = list(zip(ring, [*ring[1:], ring[0]], strict=True))

    def send(team_id: UUID, on_to: UUID) -> UUID:
        return make(company, name="On", team_id=team_id, to_team_id=on_to)

    results = at_once(*[lambda way=way: send(*way) for way in ways])
    assert (len(done(results)), len(refused(results))) == (len(ring) - 1, 1)
    with company.inside():
        assert len([rule for rule in rules_of_all() if rule.to_team_id]) == len(ring) - 1


def test_two_lists_are_put_into_order_at_once(company: Company) -> None:
    lists: list[UUID | None] = [None, make_team(company, "North").id]
    ids = {team_id: [make(company, name=name, team_id=team_id) for name in "ABCD"] for team_id in lists}

    def order(team_id: UUID | None, rule_ids: list[UUID]) -> None:
        with company.inside():
            rules.order_rules(rule_ids, by=company.owner.user())

    at_once(*[lambda team_id=team_id: order(team_id, ids[team_id][::-1]) for team_id in lists * 4])
    for team_id in lists:
        with company.inside():
            assert [rule.name for rule in rules_of(team_id) if not rule.is_default] == list("DCBA")


@pytest.mark.parametrize("turn", range(3))
def test_a_team_is_not_removed_under_a_rule_nor_a_pool_under_a_team(company: Company, turn: int) -> None:
    north, rest = make_team(company, "North").id, make_pool(company, name="Rest", default_rule=False).id

    def remove_team() -> None:
        with company.inside():
            teams.delete_team(north, by=company.owner.user())

    def name_pool() -> None:
        with company.inside():
            teams.change_team(north, by=company.owner.user(), default_pool_id=rest)

    results = at_once(
        remove_team,
        name_pool,
        lambda: delete_pool(company, rest),
        lambda: make(company, name="There", to_team_id=north),
        lambda: make(company, name="Its own", team_id=north),
    )
    assert refused(results), "all of it at once cannot be"
    with company.inside():
        team = next((team for team in all_teams() if team.id == north), None)
        named = {each for rule in rules_of_all() for each in (rule.team_id, rule.to_team_id) if each}
        pools = set(pool_names())
        assert named <= ({north} if team else set())
        assert team is None or team.default_pool_id in {None, *pools}
