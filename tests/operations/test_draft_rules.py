"""Rules of the draft: a change of one rule, and what is said of it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from portal.errors import Conflict, Forbidden, Invalid, NotFound
from portal.operations import draft_rules, drafts
from portal.operations.draft_changes import TeamNamed, path_of, rules_of, with_rule_added, with_team
from portal.operations.drafted import Drafted
from tests.cast import Company
from tests.factories import make_pool, make_team

DEFAULT = {"name": "Rest", "default": True}
NORTH = TeamNamed(UUID(int=1), "North")


def begin(company: Company) -> str:
    """A draft; its mark."""
    with company.inside():
        return drafts.mark_of(drafts.begin_draft(by=company.owner.user()))


def complaints(refused: pytest.ExceptionInfo[Invalid]) -> dict[str, str]:
    return {error.field: error.message for error in refused.value.errors}


def test_a_new_rule_stands_behind_all_but_the_default_rule() -> None:
    data = {"rules": [{"name": "A"}, DEFAULT]}
    changed, place = with_rule_added(data, {"name": "B"})
    assert ([rule["name"] for rule in changed["rules"]], place) == (["A", "B", "Rest"], 1)
    assert data == {"rules": [{"name": "A"}, DEFAULT]}


def test_a_team_the_draft_says_nothing_of_gets_a_place_in_it() -> None:
    changed, place = with_rule_added({"teams": [{"name": "East"}]}, {"name": "A"}, NORTH)
    # That it has no defaults of its own is what leaving it out meant.
    no_defaults = {"default_pool": None, "default_user": None}
    assert changed["teams"][1] == {"id": str(NORTH.id), "name": "North", "rules": [{"name": "A"}], **no_defaults}
    assert path_of(changed, NORTH, place) == "teams.1.rules.0"
    assert path_of(changed, NORTH) == "teams.1"


def test_a_team_is_found_by_its_id_before_its_name() -> None:
    theirs = {"id": str(NORTH.id), "name": "Called otherwise", "rules": [{"name": "A"}]}
    other = {"id": str(UUID(int=2)), "name": "North", "rules": []}
    assert rules_of({"teams": [other, theirs]}, NORTH) == [{"name": "A"}]
    assert rules_of({"teams": [other]}, NORTH) == []
    assert rules_of({"teams": [{"name": "North", "rules": [{"name": "B"}]}]}, NORTH) == [{"name": "B"}]


@pytest.mark.parametrize("data", [{}, {"teams": [{"name": "North"}]}])
def test_what_a_draft_leaves_out_is_not_changed(data: dict[str, Any]) -> None:
    assert rules_of(data, NORTH) is None
    with pytest.raises(Conflict, match="leaves"):
        with_rule_added(data, {"name": "A"}, NORTH)


def test_a_draft_without_teams_takes_no_defaults_of_one() -> None:
    with pytest.raises(Conflict, match="leaves the teams out"):
        with_team({}, NORTH, {"default_pool": "Buyers"})


def test_what_is_wrong_is_said_of_the_fields_of_the_rule(company: Company) -> None:
    begin(company)
    nowhere: dict[str, Any] = {"name": "A", "pool": "Nowhere"}
    with company.inside(), pytest.raises(Invalid) as refused:
        draft_rules.make_draft_rule(nowhere, by=company.owner.user())
    assert list(complaints(refused)) == ["pool"]
    never = {"name": "A", "conditions": {"price": {"min": "much"}}, "hours": {}}
    with company.inside(), pytest.raises(Invalid) as refused:
        draft_rules.make_draft_rule(never, by=company.owner.user())
    assert set(complaints(refused)) == {"conditions.price.min", "hours"}


def test_what_is_wrong_elsewhere_says_where(company: Company) -> None:
    make_pool(company, [company.agent], name="Buyers")
    begin(company)
    company.owner.api.patch(f"/users/{company.agent.id}", {"email": "other@example.com"})
    with company.inside(), pytest.raises(Invalid) as refused:
        draft_rules.make_draft_rule({"name": "A"}, by=company.owner.user())
    [(field, said)] = complaints(refused).items()
    assert field == "pools.0.members.0.user"
    assert said.startswith("Elsewhere in the draft, pools.0.members.0.user: ")


def test_only_a_rule_that_was_seen_is_changed(company: Company) -> None:
    company.owner.api.post("/rules", {"name": "A"})
    begin(company)
    with company.inside():
        drafted = Drafted.now()
        assert drafted is not None
        rule = drafted.rule(0)
        assert rule is not None
        draft_rules.change_draft_rule(0, {"paused": True}, by=company.owner.user(), seen=rule.seen)
        for place, seen in ((0, rule.seen), (0, ""), (1, rule.seen), (7, rule.seen), (-1, rule.seen)):
            with pytest.raises(Conflict, match="changed or moved"):
                draft_rules.change_draft_rule(place, {"paused": False}, by=company.owner.user(), seen=seen)


def test_a_place_that_is_none_is_not_found(company: Company) -> None:
    seen = begin(company)
    for act in (draft_rules.copy_draft_rule, draft_rules.remove_draft_rule):
        with company.inside(), pytest.raises(NotFound):
            act(5, by=company.owner.user(), seen=seen)


def test_the_default_rule_is_neither_copied_nor_removed_nor_passed(company: Company) -> None:
    company.owner.api.post("/rules", {"name": "A"})
    seen = begin(company)
    with company.inside():
        by = company.owner.user()
        with pytest.raises(Conflict, match="one default rule"):
            draft_rules.copy_draft_rule(1, by=by, seen=seen)
        with pytest.raises(Conflict, match="cannot be removed"):
            draft_rules.remove_draft_rule(1, by=by, seen=seen)
        draft_rules.move_draft_rule(0, 1, by=by, seen=seen)
        drafted = Drafted.now()
        assert drafted is not None
        assert [rule.is_default for rule in drafted.rules() or ()] == [False, True]


def test_a_copy_says_all_that_its_original_leaves_to_the_rule_there_is(company: Company) -> None:
    company.owner.api.post("/rules", {"name": "A", "conditions": {"city": ["Austin"]}})
    with company.inside():
        by = company.owner.user()
        drafts.save_draft({"rules": [{"name": "A"}, {"name": "Everything else", "default": True}]}, by=by)
        drafted = Drafted.now()
        assert drafted is not None
        draft_rules.copy_draft_rule(0, by=by, seen=drafted.mark)
        drafts.publish_draft(by=company.owner.user())
    copy = company.owner.api.get("/rules").json["items"][1]
    assert (copy["name"], copy["paused"], copy["conditions"]) == ("Copy of A", True, {"city": ["Austin"]})


def test_a_draft_knows_the_ids_of_the_teams_its_new_rules_name(company: Company) -> None:
    north = make_team(company, "North").id
    begin(company)
    with company.inside():
        draft_rules.make_draft_rule({"name": "A", "to_team": "North"}, by=company.owner.user())
        drafted = Drafted.now()
        assert drafted is not None
        assert drafted.draft is not None
        assert drafted.draft.data["team_ids"] == {"North": str(north)}


def test_who_may_not_publish_a_draft_may_not_change_its_rules(company: Company) -> None:
    seen = begin(company)
    with company.inside():
        for person in (company.agent, company.manager):
            with pytest.raises(Forbidden):
                draft_rules.make_draft_rule({"name": "A"}, by=person.user())
            with pytest.raises(Forbidden):
                draft_rules.move_draft_rule(0, 1, by=person.user(), seen=seen)
