"""The company's own lists: statuses, reasons, admin contacts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import pytest
from apiflask import APIFlask

from portal.errors import Conflict, Forbidden, Invalid, NotFound
from portal.models.conversion import START_REASONS, START_STATUSES
from portal.models.tenancy import inside_company
from portal.operations import conversion_lists
from portal.operations.company import change_company, create_company
from portal.queries.conversion import first_status, lost_reasons, statuses
from portal.queries.people import admin_contact_ids
from tests.cast import Company
from tests.factories import make_user


def did(company: Company, work: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    with company.inside():
        return work(*args, by=company.owner.user(), **kwargs)


def names(company: Company, listed: Callable[[], Any] = statuses) -> list[str]:
    with company.inside():
        return [each.name for each in listed() if each.active]


def id_of(company: Company, name: str, listed: Callable[[], Any] = statuses) -> UUID:
    with company.inside():
        found: UUID = next(each.id for each in listed() if each.name == name)
        return found


def test_a_new_company_starts_with_both_lists(app: APIFlask) -> None:
    with app.app_context():
        made = create_company(name="Acme", email="olive@example.com")
        with inside_company(made.company_id):
            assert [(each.name, each.status_group) for each in statuses()] == list(START_STATUSES)
            assert [each.name for each in lost_reasons()] == list(START_REASONS)
            assert first_status().name == "Open"


def test_a_status_is_added_renamed_and_moved(company: Company) -> None:
    did(company, conversion_lists.add_status, name="On hold", group="in_progress")
    did(company, conversion_lists.change_status, id_of(company, "On hold"), name="Paused")
    for _ in range(9):
        did(company, conversion_lists.move_status, id_of(company, "Paused"), up=True)
    assert names(company) == ["Paused", "Open", "Qualified", "Quoted", "Won", "Lost", "Not valid"]
    with company.inside():
        assert first_status().name == "Paused"
    did(company, conversion_lists.move_status, id_of(company, "Paused"), up=False)
    assert names(company)[:2] == ["Open", "Paused"]


def test_a_reason_is_added_renamed_moved_and_taken_out_of_use(company: Company) -> None:
    did(company, conversion_lists.add_reason, name="Moved away")
    did(company, conversion_lists.change_reason, id_of(company, "Price", lost_reasons), name="Too dear")
    did(company, conversion_lists.move_reason, id_of(company, "Moved away", lost_reasons), up=True)
    did(company, conversion_lists.change_reason, id_of(company, "Too dear", lost_reasons), active=False)
    assert names(company, lost_reasons)[-2:] == ["Moved away", "Not a customer for us"]
    assert "Too dear" not in names(company, lost_reasons)


def test_a_status_of_each_group_stays(company: Company) -> None:
    with pytest.raises(Conflict, match="“Won” is the last status of the group “won”"):
        did(company, conversion_lists.change_status, id_of(company, "Won"), active=False)
    did(company, conversion_lists.change_status, id_of(company, "Lost"), active=False)
    with pytest.raises(Conflict, match="“Not valid” is the last"):
        did(company, conversion_lists.change_status, id_of(company, "Not valid"), active=False)
    did(company, conversion_lists.change_status, id_of(company, "Lost"), active=True)
    did(company, conversion_lists.change_status, id_of(company, "Not valid"), active=False)


def test_a_reason_stays(company: Company) -> None:
    for name in START_REASONS[1:]:
        did(company, conversion_lists.change_reason, id_of(company, name, lost_reasons), active=False)
    with pytest.raises(Conflict, match="last reason"):
        did(company, conversion_lists.change_reason, id_of(company, "Price", lost_reasons), active=False)


def test_leads_start_at_the_next_status_when_the_first_is_out_of_use(company: Company) -> None:
    did(company, conversion_lists.change_status, id_of(company, "Open"), active=False)
    with company.inside():
        assert first_status().name == "Qualified"


@pytest.mark.parametrize("name", ["", "  ", "\u200b", "two\nlines", "x" * 61, "won", "a\x00"], ids=ascii)
def test_names_are_short_visible_and_free(company: Company, name: str) -> None:
    with pytest.raises(Invalid) as refused:
        did(company, conversion_lists.add_status, name=name, group="won")
    assert [error.field for error in refused.value.errors] == ["name"]
    with pytest.raises(Invalid):
        did(company, conversion_lists.change_status, id_of(company, "Open"), name=name)


def test_a_name_out_of_use_is_brought_back_rather_than_doubled(company: Company) -> None:
    did(company, conversion_lists.change_status, id_of(company, "Quoted"), active=False)
    with pytest.raises(Invalid, match="bring that one back"):
        did(company, conversion_lists.add_status, name="quoted", group="won")


def test_groups_are_three(company: Company) -> None:
    with pytest.raises(Invalid, match="in_progress, won, lost"):
        did(company, conversion_lists.add_status, name="Maybe", group="maybe")


def test_a_list_has_an_end(company: Company) -> None:
    for number in range(44):
        did(company, conversion_lists.add_status, name=f"Status {number}", group="won")
    with pytest.raises(Conflict, match="50"):
        did(company, conversion_lists.add_status, name="One more", group="won")


def test_only_those_who_look_after_the_company_change_them(company: Company, other_company: Company) -> None:
    for person in (company.manager, company.agent):
        with company.inside(), pytest.raises(Forbidden):
            conversion_lists.add_status(by=person.user(), name="Mine", group="won")
    theirs = id_of(other_company, "Open")
    for unknown in (theirs, uuid4()):
        with pytest.raises(NotFound):
            did(company, conversion_lists.change_status, unknown, name="Ours")


def test_admin_contacts_are_people_who_manage(company: Company) -> None:
    gone = make_user(company, "Gone", ["manager"], active=False)
    for nobody in (company.agent.id, gone.id, uuid4()):
        with pytest.raises(Invalid) as refused:
            did(company, conversion_lists.set_admin_contacts, [company.owner.id, nobody])
        assert [error.field for error in refused.value.errors] == ["admin_contacts"]
    did(company, conversion_lists.set_admin_contacts, [company.owner.id])
    did(company, conversion_lists.set_admin_contacts, [company.manager.id])
    with company.inside():
        assert admin_contact_ids(company.id) == [company.manager.id]
    did(company, conversion_lists.set_admin_contacts, [])
    with company.inside():
        assert admin_contact_ids(company.id) == []


def test_the_currency_is_one_that_exists(company: Company) -> None:
    with company.inside():
        assert change_company(by=company.owner.user(), currency=" eur ").currency == "EUR"
    for nonsense in ("", "EURO", "XYZ", "E1R", "€"):
        with company.inside(), pytest.raises(Invalid):
            change_company(by=company.owner.user(), currency=nonsense)
