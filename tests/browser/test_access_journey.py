"""An owner with a phone sets up who may see and do what: a manager of a team, two trusted employees, isolation."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page as Tab
from playwright.sync_api import expect

from portal.extensions import db
from portal.models import Contact, User
from tests.browser.conftest import Windows
from tests.cast import Company, Person
from tests.factories import make_lead


def add_person(tab: Tab, name: str, role: str, team: str) -> None:
    """From the list of people to the list of people."""
    tab.goto("/people")
    tab.get_by_role("link", name="Add somebody").click()
    tab.get_by_label("Name", exact=True).fill(name)
    tab.get_by_label("E-mail", exact=True).fill(f"{name.split()[0].lower()}@example.com")
    tab.get_by_role("checkbox", name=re.compile("^Agent:")).uncheck()
    tab.get_by_role("checkbox", name=re.compile(f"^{role}:")).check()
    tab.get_by_label("Team", exact=True).select_option(label=team)
    tab.get_by_role("button", name="Add", exact=True).click()
    expect(tab.get_by_text(f"{name} is added")).to_be_visible()


def person_called(company: Company, name: str) -> Person:
    with company.inside():
        user = db.session.scalars(db.select(User).where(User.name == name)).one()
        return Person(company.app, company.id, user.id, user.account_id, user.name, user.email)


def leads_shown(tab: Tab) -> set[str]:
    """The names of the customers listed in all buckets."""
    found: set[str] = set()
    for bucket in ("unassigned", "mine", "assigned"):
        tab.goto(f"/leads?bucket={bucket}")
        found |= set(tab.locator("table.leads tbody th a").all_inner_texts())
    return found


@pytest.mark.parametrize(("scheme", "scripts"), [("light", True), ("dark", False)])
def test_a_manager_two_trusted_employees_and_isolation_on_a_phone(
    windows: Windows, company: Company, scheme: str, scripts: bool
) -> None:
    with windows.open(company.owner, width=360, scheme=scheme, scripts=scripts) as window:
        tab = window.new_page()
        tab.goto("/settings/teams")
        tab.get_by_label("Name", exact=True).fill("North")
        tab.get_by_role("button", name="Add the team").click()
        add_person(tab, "Mona Manager", "Manager", "North")
        add_person(tab, "Tara Trusted", "Trusted employee", "North")
        add_person(tab, "Timo Trusted", "Trusted employee", "No team")
        tab.goto("/settings/company")
        tab.get_by_label("Agents see only leads they own").check()
        tab.get_by_role("button", name="Save").click()
        tab.goto("/people")
        tab.get_by_role("link", name="Mona Manager").click()
        expect(tab.get_by_text("Every lead of North and the teams below it.")).to_be_visible()
        tab.goto("/people")
        tab.get_by_role("link", name="Timo Trusted").click()
        expect(tab.get_by_text("Nothing else: the company shows agents no other leads.")).to_be_visible()
        tab.goto("/audit?what=settings")
        expect(tab.get_by_text("Agents see only their own leads")).to_be_visible()
        width = tab.evaluate("document.documentElement.scrollWidth")
        assert width <= 360

    mona, tara, timo = (person_called(company, name) for name in ("Mona Manager", "Tara Trusted", "Timo Trusted"))
    with company.inside():
        north = tara.user().team_id
    waiting, hers, his = (
        make_lead(company, text="waiting"),
        make_lead(company, tara, team_id=north),
        make_lead(company, timo),
    )
    names = {lead.id: _customer(company, lead.contact_id) for lead in (waiting, hers, his)}
    for person, sees in ((mona, {hers.id}), (tara, {hers.id}), (timo, {his.id}), (company.owner, set(names))):
        with windows.open(person, width=360, scheme=scheme, scripts=scripts) as window:
            assert leads_shown(window.new_page()) == {names[lead_id] for lead_id in sees}, person.name


def _customer(company: Company, contact_id: object) -> str:
    with company.inside():
        return str(db.session.get_one(Contact, (company.id, contact_id)).name)
