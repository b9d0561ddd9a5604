"""One operation, one transaction."""

from __future__ import annotations

import threading
from uuid import UUID

import pytest
from sqlalchemy import select, text

from portal.extensions import db
from portal.models import Contact, Team, new_id
from portal.operations.transaction import after_commit, operation
from tests.cast import Company


def add_team(company: Company, name: str) -> None:
    db.session.add(Team(company_id=company.id, name=name))
    db.session.flush()


def names(company: Company) -> list[str]:
    with company.inside():
        return list(db.session.scalars(select(Team.name).order_by(Team.name)))


def test_what_returns_is_kept(company: Company) -> None:
    with company.inside():
        operation(add_team)(company, "North")
    assert names(company) == ["North"]


def test_what_raises_leaves_nothing(company: Company) -> None:
    @operation
    def half_way() -> None:
        add_team(company, "North")
        raise KeyError("something broke")

    with company.inside(), pytest.raises(KeyError):
        half_way()
    assert names(company) == []


def test_an_operation_inside_another_is_kept_or_lost_with_it(company: Company) -> None:
    @operation
    def outer() -> None:
        operation(add_team)(company, "North")
        raise KeyError("after the inner one returned")

    with company.inside(), pytest.raises(KeyError):
        outer()
    assert names(company) == []


def test_effects_wait_for_the_commit(company: Company) -> None:
    seen: list[list[str]] = []

    @operation
    def with_effect() -> None:
        after_commit(lambda: seen.append(names(company)))
        add_team(company, "North")
        assert seen == []

    with company.inside():
        with_effect()
    assert seen == [["North"]]


def test_effects_of_what_raised_never_happen(company: Company) -> None:
    happened: list[str] = []

    @operation
    def fails() -> None:
        after_commit(lambda: happened.append("no"))
        raise KeyError("no")

    with company.inside():
        with pytest.raises(KeyError):
            fails()
        operation(add_team)(company, "North")
    assert happened == []


def test_one_that_lost_a_deadlock_is_run_again(company: Company) -> None:
    first, second = new_id(), new_id()
    with company.inside():
        db.session.add_all(
            [Contact(company_id=company.id, id=first, name="A"), Contact(company_id=company.id, id=second, name="B")]
        )
        db.session.commit()
    both_hold_one = threading.Barrier(2, timeout=10)
    tries: list[str] = []

    @operation
    def rename(name: str, one: UUID, other: UUID) -> None:
        tries.append(name)
        for place, team_id in enumerate((one, other)):
            db.session.execute(
                text("UPDATE contacts SET name = :name WHERE id = :id"), {"name": f"{name}{place}", "id": team_id}
            )
            if place == 0 and tries.count(name) == 1:
                both_hold_one.wait()

    def run(name: str, one: UUID, other: UUID) -> None:
        with company.inside():
            rename(name, one, other)

    threads = [
        threading.Thread(target=run, args=("left", first, second)),
        threading.Thread(target=run, args=("right", second, first)),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    # One of them lost and went again, perhaps twice; whoever came last renamed both.
    assert len(tries) > 2
    with company.inside():
        called = list(db.session.scalars(select(Contact.name).order_by(Contact.name)))
    assert called in (["left0", "left1"], ["right0", "right1"])
