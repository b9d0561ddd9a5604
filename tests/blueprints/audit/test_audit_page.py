"""The page of the log of changes, and its file."""

from __future__ import annotations

import csv
import io

import pytest
from apiflask import APIFlask

from portal.operations.people import change_user
from tests.cast import Company
from tests.page import sign_in


@pytest.fixture
def changed(company: Company) -> Company:
    for person, name in ((company.agent, "Anna"), (company.colleague, "=cmd|' /C calc'!A0")):
        with company.inside():
            change_user(person.id, by=company.owner.user(), name=name)
    company.owner.api.patch("/company", {"isolate_leads": True})
    return company


def test_it_shows_what_was_and_what_is(app: APIFlask, changed: Company) -> None:
    words = sign_in(app, changed.owner).open("/audit").words
    assert "Ana Agent → Anna" in words
    assert "Agents see only their own leads no → yes" in words


@pytest.mark.parametrize(
    ("asked", "shows", "hides"),
    [
        ("what=settings", "no → yes", "Anna"),
        ("what=person", "Anna", "no → yes"),
        ("since=2999-01-01", "No changes like that", "Anna"),
        ("until=2000-01-01", "No changes like that", "Anna"),
        ("since=2000-01-01&until=2999-01-01", "Anna", "No changes"),
    ],
)
def test_it_is_narrowed_by_kind_and_day(app: APIFlask, changed: Company, asked: str, shows: str, hides: str) -> None:
    page = sign_in(app, changed.owner).open(f"/audit?{asked}")
    main = page.words.partition("Show all")[2]
    assert shows in main
    assert hides not in main


def test_it_is_narrowed_by_who(app: APIFlask, changed: Company) -> None:
    owner = sign_in(app, changed.owner)
    assert "Anna" in owner.open(f"/audit?who={changed.owner.id}").words.partition("Show all")[2]
    assert "No changes like that" in owner.open(f"/audit?who={changed.agent.id}").words


@pytest.mark.parametrize("asked", ["what=nonsense", "who=nonsense"])
def test_what_there_is_not_is_not_found(app: APIFlask, changed: Company, asked: str) -> None:
    sign_in(app, changed.owner).open(f"/audit?{asked}", status=404)


@pytest.mark.parametrize("asked", ["since=yesterday", "until=0001-01-01", "until=9999-12-31", "cursor=x"])
def test_what_makes_no_sense_is_refused(app: APIFlask, changed: Company, asked: str) -> None:
    sign_in(app, changed.owner).open(f"/audit?{asked}", status=422)


def test_the_file_holds_the_same_and_no_formula(app: APIFlask, changed: Company) -> None:
    answer = sign_in(app, changed.owner).client.get("/audit/log.csv?what=person")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="baton-changes.csv"'
    lines = list(csv.DictReader(io.StringIO(answer.get_data(as_text=True).removeprefix("\ufeff"))))
    assert [(line["Who"], line["Field"], line["After"]) for line in lines] == [
        (changed.owner.name, "name", "'=cmd|' /C calc'!A0"),
        (changed.owner.name, "name", "Anna"),
    ]


def test_it_is_for_those_who_may_read_it(app: APIFlask, company: Company) -> None:
    for person in (company.agent, company.manager):
        browser = sign_in(app, person)
        browser.open("/audit", status=403)
        assert browser.client.get("/audit/log.csv").status_code == 403


def test_of_what_is_new_it_leaves_out_what_holds_nothing(app: APIFlask, company: Company) -> None:
    company.owner.api.post("/users", {"name": "Nia New", "email": "nia@example.com"})
    words = sign_in(app, company.owner).open("/audit?what=person").words
    assert "As it was made Name Nia New" in words
    assert "Phone" not in words
    assert "Most open leads" not in words


def test_rules_tags_and_hours_read_as_words(app: APIFlask, company: Company) -> None:
    api = company.owner.api
    api.post("/tags", {"text": "Roof repair"})
    rule = {"name": "Coast", "conditions": {"city": ["Ronda"]}, "hours": {"monday": [["09:00", "17:00"]]}}
    api.post("/rules", rule)
    words = sign_in(app, company.owner).open("/audit").words
    assert "Tag Roof repair" in words
    assert "city: Ronda" in words
    assert "monday: 09:00 17:00" in words
    assert "{" not in words
