"""The tree of teams."""

from __future__ import annotations

import pytest
from apiflask import APIFlask

from tests.cast import Company
from tests.factories import make_team, make_user
from tests.page import Browser, Page, sign_in


@pytest.fixture
def owner(app: APIFlask, company: Company) -> Browser:
    return sign_in(app, company.owner)


def path_to(page: Page, name: str) -> list[str]:
    """The teams above this one in the tree, and itself."""

    def walk(element: object, above: list[str]) -> list[str] | None:
        for item in element.findall("./li"):  # type: ignore[attr-defined]
            here = [*above, item.find("./a").text]
            if here[-1] == name:
                return here
            for below in item.findall("./ul"):
                found = walk(below, here)
                if found:
                    return found
        return None

    tree = next(ul for ul in page.root.iter("ul") if ul.get("class") == "tree")
    found = walk(tree, [])
    assert found is not None, f"{name} is not in the tree"
    return found


def test_an_empty_page_says_what_teams_are_for(owner: Browser) -> None:
    assert "No teams yet" in owner.open("/settings/teams").words


def test_teams_stand_below_each_other(owner: Browser) -> None:
    page = owner.open("/settings/teams").press("Add the team", name="West")
    west = page.press_link("West").address.rsplit("/", 1)[1]
    page = owner.open("/settings/teams").press("Add the team", name="Seattle", parent_id=west)
    assert path_to(page, "Seattle") == ["West", "Seattle"]


def test_a_team_is_renamed_and_moved(owner: Browser, company: Company) -> None:
    west, east = make_team(company, "West"), make_team(company, "East")
    page = owner.open(f"/settings/teams/{west.id}").press("Save", name="Far West", parent_id=str(east.id))
    assert path_to(page, "Far West") == ["East", "Far West"]


def test_a_team_cannot_stand_below_itself(owner: Browser, company: Company) -> None:
    west = make_team(company, "West")
    below = make_team(company, "Seattle", parent_id=west.id)
    page = owner.open(f"/settings/teams/{west.id}")
    page = page.press("Save", status=422, parent_id=str(below.id))
    assert "below itself" in page.error_of("parent_id")
    assert page.press("Save", status=422, parent_id=str(west.id)).error_of("parent_id")


@pytest.mark.parametrize(("name", "objection"), [("", "Please type the team's name."), ("West", "already")])
def test_a_name_must_be_there_and_free(owner: Browser, company: Company, name: str, objection: str) -> None:
    make_team(company, "West")
    page = owner.open("/settings/teams").press("Add the team", status=422, name=name)
    assert objection in page.error_of("name")
    assert page.value_of("name") == name


def test_an_empty_team_is_removed(owner: Browser, company: Company) -> None:
    team = make_team(company, "West")
    page = owner.open(f"/settings/teams/{team.id}").press("Remove")
    assert "The team “West” is removed." in page.words
    owner.open(f"/settings/teams/{team.id}", status=404)


def test_a_team_with_people_stays(owner: Browser, company: Company) -> None:
    team = make_team(company, "West")
    make_user(company, team_id=team.id)
    page = owner.open(f"/settings/teams/{team.id}").press("Remove", status=422)
    assert "Users still belong to this team" in page.words


def test_another_companys_team_does_not_exist(owner: Browser, other_company: Company) -> None:
    theirs = make_team(other_company, "Theirs")
    owner.open(f"/settings/teams/{theirs.id}", status=404)
    token = owner.open("/settings/teams").form("/logout").fields["csrf_token"]
    for act in ("", "/remove"):
        owner.post(f"/settings/teams/{theirs.id}{act}", {"csrf_token": token, "name": "Mine"}, status=404)
    assert "Theirs" not in owner.open("/settings/teams").words


def test_agents_and_managers_are_refused(app: APIFlask, company: Company) -> None:
    for person in (company.agent, company.manager):
        sign_in(app, person).open("/settings/teams", status=403)
