"""The tree of teams."""

from __future__ import annotations

import pytest

from portal.errors import Conflict, Forbidden, Invalid, NotFound
from portal.operations.teams import change_team, delete_team, make_team
from portal.queries.people import teams
from tests.cast import Company
from tests.factories import make_user


def test_teams_stand_below_each_other(company: Company) -> None:
    with company.inside():
        by = company.owner.user()
        north = make_team(by=by, name="North")
        leeds = make_team(by=by, name="Leeds", parent_id=north.id)
        assert change_team(leeds.id, by=by, name="Leeds East").parent_id == north.id
        assert change_team(leeds.id, by=by, parent_id=None).parent_id is None
        assert [team.name for team in teams()] == ["Leeds East", "North"]


def test_no_team_stands_below_itself(company: Company) -> None:
    with company.inside():
        by = company.owner.user()
        top = make_team(by=by, name="Top")
        middle = make_team(by=by, name="Middle", parent_id=top.id)
        low = make_team(by=by, name="Low", parent_id=middle.id)
        for parent in (top, middle, low):
            with pytest.raises(Invalid) as refused:
                change_team(top.id, by=by, parent_id=parent.id)
            assert [error.field for error in refused.value.errors] == ["parent_id"]


def test_one_name_may_stand_at_two_places_but_not_twice_at_one(company: Company) -> None:
    with company.inside():
        by = company.owner.user()
        north = make_team(by=by, name="North")
        make_team(by=by, name="Sales", parent_id=north.id)
        make_team(by=by, name="Sales")
        for parent_id in (north.id, None):
            with pytest.raises(Invalid):
                make_team(by=by, name="Sales", parent_id=parent_id)


def test_only_a_team_nothing_belongs_to_can_be_removed(company: Company) -> None:
    with company.inside():
        by = company.owner.user()
        north = make_team(by=by, name="North")
        leeds = make_team(by=by, name="Leeds", parent_id=north.id)
        with pytest.raises(Conflict):
            delete_team(north.id, by=by)
        delete_team(leeds.id, by=by)
        delete_team(north.id, by=by)
        with pytest.raises(NotFound):
            delete_team(north.id, by=by)
        east = make_team(by=by, name="East")
    make_user(company, team_id=east.id)
    with company.inside(), pytest.raises(Conflict):
        delete_team(east.id, by=company.owner.user())


def test_only_who_looks_after_people_may(company: Company) -> None:
    for person in (company.manager, company.agent):
        with company.inside(), pytest.raises(Forbidden):
            make_team(by=person.user(), name="Mine")
