"""Adding people, changing them, letting them go; and who may."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from sqlalchemy import func, select

from portal.errors import Conflict, Forbidden, Invalid, NotFound, ProductError
from portal.extensions import db
from portal.models import Account, Cause, DueWork, Lead, LeadState, Message, Offer, User
from portal.operations import people
from tests.cast import Company, Person
from tests.consistency import assert_consistent
from tests.factories import make_pool, make_team, make_user
from tests.operations.acts import arrive


def messages_to(company: Company, user_id: object) -> list[Message]:
    with company.inside():
        found = list(db.session.scalars(select(Message).where(Message.user_id == user_id)))
        db.session.expunge_all()
        return found


def test_a_new_user_has_the_usual_settings_and_is_written_to(company: Company) -> None:
    with company.inside():
        user = people.add_user(by=company.owner.user(), name="  Nia New ", email=" Nia@Example.com ")
        assert (user.name, user.email) == ("Nia New", "nia@example.com")
        assert (user.active, user.available, user.open_cap) == (True, True, None)
        assert user.roles == ["agent"]
        assert user.lead_access == ["unassigned", "mine", "assigned"]
        user_id = user.id
    (message,) = messages_to(company, user_id)
    assert (message.cause, message.to, message.facts) == (Cause.ACCOUNT, "nia@example.com", {"link": "set_password"})


def test_one_person_has_one_account_in_all_companies(company: Company, other_company: Company) -> None:
    with company.inside():
        first = people.add_user(by=company.owner.user(), name="Nia", email="nia@example.com").account_id
    with other_company.inside():
        second = people.add_user(by=other_company.owner.user(), name="Nia", email="NIA@example.com")
        assert second.account_id == first
        user_id = second.id
    (message,) = messages_to(other_company, user_id)
    # A link shown to the second company would open the first one too.
    assert message.facts == {}


def test_nobody_works_twice_in_a_company(company: Company) -> None:
    with company.inside(), pytest.raises(Invalid) as refused:
        people.add_user(by=company.owner.user(), name="Ana", email=company.agent.email.upper())
    assert [error.field for error in refused.value.errors] == ["email"]


def test_the_same_person_added_twice_at_once_is_one_user(company: Company) -> None:
    barrier = Barrier(4)

    def add() -> str:
        with company.inside():
            by = company.owner.user()
            barrier.wait()
            try:
                people.add_user(by=by, name="Nia", email="nia@example.com")
            except Invalid:
                return "refused"
            return "added"

    with ThreadPoolExecutor(4) as pool:
        ends = sorted(each.result() for each in [pool.submit(add) for _ in range(4)])
    assert ends == ["added", "refused", "refused", "refused"]
    with company.inside():
        assert db.session.scalar(select(func.count()).where(User.email == "nia@example.com")) == 1
        assert db.session.scalar(select(func.count()).where(Account.email == "nia@example.com")) == 1


@pytest.mark.parametrize(
    ("by", "roles", "allowed"),
    [
        (["owner"], ["owner"], True),
        (["admin"], ["admin"], True),
        (["admin"], ["owner"], False),
        (["editor"], ["agent"], True),
        (["editor"], ["editor"], True),
        (["editor"], ["admin"], False),
        (["editor"], ["manager"], False),
        (["editor", "manager"], ["manager"], True),
        (["manager"], ["agent"], False),
        (["agent"], ["agent"], False),
    ],
)
def test_nobody_gives_a_right_they_do_not_hold(
    company: Company, by: list[str], roles: list[str], allowed: bool
) -> None:
    giver = make_user(company, roles=by)
    with company.inside():
        if allowed:
            assert people.add_user(by=giver.user(), name="Nia", email="nia@example.com", roles=roles).roles == roles
        else:
            with pytest.raises(Forbidden):
                people.add_user(by=giver.user(), name="Nia", email="nia@example.com", roles=roles)
            assert db.session.scalar(select(func.count()).where(Account.email == "nia@example.com")) == 0


def test_nobody_changes_somebody_above_them(company: Company) -> None:
    editor, admin = make_user(company, roles=["editor"]), make_user(company, roles=["admin"])
    for by, above in ((editor, admin), (admin, company.owner)):
        for changes in ({"name": "Mallory"}, {"active": False}, {"roles": ["agent"]}, {"email": "m@example.com"}):
            with company.inside(), pytest.raises(Forbidden):
                people.change_user(above.id, by=by.user(), **changes)


def test_nobody_raises_their_own_rights(company: Company) -> None:
    admin, editor = make_user(company, roles=["admin"]), make_user(company, roles=["editor"])
    for person in (admin, editor, company.manager, company.agent):
        with company.inside(), pytest.raises(Forbidden):
            people.change_user(person.id, by=person.user(), roles=["owner"])


def test_everybody_may_pause_themselves_and_correct_their_name(company: Company) -> None:
    with company.inside():
        me = people.change_user(company.agent.id, by=company.agent.user(), name="Ana A.", phone="1", available=False)
        assert (me.name, me.phone, me.available) == ("Ana A.", "1", False)
        with pytest.raises(Forbidden):
            people.change_user(company.agent.id, by=company.agent.user(), open_cap=None)


def test_without_the_right_colleagues_are_as_good_as_unknown(company: Company) -> None:
    with company.inside(), pytest.raises(NotFound):
        people.change_user(company.colleague.id, by=company.agent.user(), name="Mallory")


def test_the_last_owner_stays(company: Company) -> None:
    for changes in ({"active": False}, {"roles": ["admin"]}):
        with company.inside(), pytest.raises(Conflict):
            people.change_user(company.owner.id, by=company.owner.user(), **changes)
    second = make_user(company, roles=["owner"])
    with company.inside():
        people.change_user(company.owner.id, by=second.user(), roles=["agent"])


def test_two_owners_who_step_down_at_once_leave_one(company: Company) -> None:
    second = make_user(company, roles=["owner"])
    barrier = Barrier(2)

    def step_down(person: Person) -> str:
        with company.inside():
            me = person.user()
            barrier.wait()
            try:
                people.change_user(person.id, by=me, roles=["agent"])
            except ProductError as error:
                return type(error).__name__
            return "done"

    with ThreadPoolExecutor(2) as pool:
        ends = sorted(each.result() for each in [pool.submit(step_down, one) for one in (company.owner, second)])
    assert ends == ["Conflict", "done"]


def test_other_roles_end_the_sessions_of_before(company: Company) -> None:
    with company.inside():
        before = db.session.get_one(Account, company.agent.account_id).fs_uniquifier
        people.change_user(company.agent.id, by=company.owner.user(), roles=["agent"])
        assert db.session.get_one(Account, company.agent.account_id, populate_existing=True).fs_uniquifier == before
        people.change_user(company.agent.id, by=company.owner.user(), roles=["manager"])
        assert db.session.get_one(Account, company.agent.account_id, populate_existing=True).fs_uniquifier != before


def test_every_complaint_is_told_at_once(company: Company) -> None:
    with company.inside(), pytest.raises(Invalid) as refused:
        people.add_user(by=company.owner.user(), name="", email="nonsense", roles=["king"], open_cap=-1)
    assert [error.field for error in refused.value.errors] == ["name", "email", "roles.0", "caps.open"]


@pytest.mark.parametrize("changes", [{"available": True}, {"roles": ["agent"]}, {"open_cap": 9}, {"active": True}])
def test_whoever_may_have_become_eligible_makes_waiting_leads_be_looked_at(
    company: Company, changes: dict[str, object]
) -> None:
    with company.inside():
        people.change_user(company.agent.id, by=company.owner.user(), **changes)  # type: ignore[arg-type]
        assert db.session.scalar(select(func.count()).where(DueWork.kind == "drain")) == 1


def test_a_team_can_be_chosen_only_where_it_is(company: Company, other_company: Company) -> None:
    own, foreign = make_team(company), make_team(other_company)
    with company.inside():
        assert people.change_user(company.agent.id, by=company.owner.user(), team_id=own.id).team_id == own.id
        with pytest.raises(Invalid):
            people.change_user(company.agent.id, by=company.owner.user(), team_id=foreign.id)


class TestDeactivating:
    """Letting somebody go."""

    def test_offers_are_withdrawn_at_once_and_the_next_is_asked(self, company: Company) -> None:
        make_pool(company, [company.agent, company.colleague])
        lead = arrive(company)
        with company.inside():
            (offer,) = db.session.scalars(select(Offer))
            asked, other = offer.user_id, ({company.agent.id, company.colleague.id} - {offer.user_id}).pop()
            people.change_user(asked, by=company.owner.user(), active=False)
            states = dict(db.session.execute(select(Offer.user_id, Offer.state)).all())
        assert states == {asked: "withdrawn", other: "open"}
        assert lead.lead_id
        assert_consistent(company)

    def test_open_leads_stay_and_are_marked_until_the_owner_is_back(self, company: Company) -> None:
        lead = self.owned_by(company, company.agent)
        with company.inside():
            people.change_user(company.agent.id, by=company.owner.user(), active=False)
            kept = db.session.get_one(Lead, (company.id, lead), populate_existing=True)
            assert (kept.owner_id, kept.needs_attention) == (company.agent.id, True)
            people.change_user(company.agent.id, by=company.owner.user(), active=True)
            assert not db.session.get_one(Lead, (company.id, lead), populate_existing=True).needs_attention
        assert_consistent(company)

    @pytest.mark.parametrize(
        ("way", "state"),
        [("keep", LeadState.OWNED), ("unassign", LeadState.UNASSIGNED), ("route", LeadState.OFFERING)],
    )
    def test_open_leads_go_where_they_are_sent(self, company: Company, way: str, state: LeadState) -> None:
        lead = self.owned_by(company, company.agent)
        make_pool(company, [company.agent, company.colleague])
        with company.inside():
            people.deactivate(company.agent.id, by=company.owner.user(), open_leads=way)
            left = db.session.get_one(Lead, (company.id, lead), populate_existing=True)
            assert (left.state, left.needs_attention) == (state, way == "keep")
        assert_consistent(company)

    def test_open_leads_can_be_given_to_somebody(self, company: Company) -> None:
        lead = self.owned_by(company, company.agent)
        with company.inside():
            people.deactivate(company.agent.id, by=company.owner.user(), open_leads="give", to=company.colleague.id)
            left = db.session.get_one(Lead, (company.id, lead), populate_existing=True)
            assert (left.owner_id, left.needs_attention) == (company.colleague.id, False)
        assert_consistent(company)

    def test_who_may_not_hand_out_leads_may_only_keep_them(self, company: Company) -> None:
        editor = make_user(company, roles=["editor"])
        with company.inside():
            with pytest.raises(Forbidden):
                people.deactivate(company.agent.id, by=editor.user(), open_leads="unassign")
            assert db.session.get_one(User, (company.id, company.agent.id), populate_existing=True).active
            assert not people.deactivate(company.agent.id, by=editor.user()).active

    @staticmethod
    def owned_by(company: Company, person: Person) -> object:
        return arrive(company, assignee=str(person.id)).lead_id
