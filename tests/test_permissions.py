"""Who may do what, and who sees which lead."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import pytest
from sqlalchemy import select

from portal import models
from portal.errors import Forbidden, NotFound
from portal.extensions import db
from portal.models import Lead, LeadAccess, Role, TimelineItem, User
from portal.permissions import (
    Isolation,
    Right,
    comment_shown_to_row,
    in_assigned,
    in_closed,
    in_mine,
    in_unassigned,
    is_masked,
    may,
    may_work_on,
    outranks,
    require,
    rights_of,
    sight_of,
    unmasked_leads,
    visible_leads,
)
from portal.queries.timeline import timeline_page
from portal.rights import powers_of
from tests.cast import Company, Person
from tests.factories import make_closed_lead, make_lead, make_offer, make_pool, make_user


def a_user(*roles: str, active: bool = True, lead_access: tuple[str, ...] = ("unassigned", "mine", "assigned")) -> User:
    return User(roles=list(roles), active=active, lead_access=list(lead_access), own_grants=[], name="Somebody")


class TestRights:
    def test_add_up_over_roles(self) -> None:
        both = rights_of(a_user("manager", "agent"))
        assert both == rights_of(a_user("manager")) | rights_of(a_user("agent"))
        assert {Right.SEE_ALL, Right.RECEIVE} <= both

    def test_end_with_deactivation(self) -> None:
        assert rights_of(a_user("owner", active=False)) == frozenset()

    def test_of_a_role_that_does_not_exist_are_an_error_and_not_a_no(self) -> None:
        with pytest.raises(ValueError, match="superuser"):
            powers_of(["superuser"])

    @pytest.mark.parametrize(
        ("role", "has", "lacks"),
        [
            ("owner", Right.OWNERSHIP, None),
            ("admin", Right.COMPANY, Right.OWNERSHIP),
            ("editor", Right.DISTRIBUTION, Right.ASSIGN),
            ("manager", Right.ASSIGN, Right.RECEIVE),
            ("trusted_employee", Right.RECEIVE, Right.SEE_ALL),
            ("agent", Right.RECEIVE, Right.ASSIGN),
        ],
    )
    def test_of_the_built_in_roles(self, role: str, has: Right, lacks: Right | None) -> None:
        assert may(a_user(role), has)
        assert lacks is None or not may(a_user(role), lacks)

    def test_that_are_missing_are_named(self) -> None:
        with pytest.raises(Forbidden, match="assign"):
            require(a_user("agent"), Right.ASSIGN)

    @pytest.mark.parametrize(
        ("one", "other", "above"),
        [
            ("owner", "admin", False),
            ("admin", "owner", True),
            ("editor", "admin", True),
            ("editor", "agent", False),
            ("manager", "agent", False),
            ("agent", "manager", True),
        ],
    )
    def test_say_who_stands_above_whom(self, one: str, other: str, above: bool) -> None:
        assert outranks(a_user(one), a_user(other)) is above


def names_of_what(
    company: Company, person: Person, *, isolation: Isolation = Isolation.OFF, unmasked: bool = False
) -> set[str]:
    """The texts of the leads a person sees; tests give each lead its name as text."""
    with company.inside():
        user = person.user()
        statement = select(Lead.text).where(visible_leads(user, isolation))
        if unmasked:
            statement = statement.where(unmasked_leads(user))
        return set(db.session.scalars(statement))


@pytest.fixture
def leads(company: Company) -> Company:
    make_lead(company, text="waiting")
    make_lead(company, company.agent, text="the agent's")
    make_lead(company, company.colleague, text="the colleague's")
    make_closed_lead(company, company.agent, text="the agent's, closed")
    make_closed_lead(company, company.colleague, text="the colleague's, closed")
    make_closed_lead(company, text="nobody's, closed")
    return company


UNOWNED = {"waiting", "nobody's, closed"}
AGENTS = {"the agent's", "the agent's, closed"}
COLLEAGUES = {"the colleague's", "the colleague's, closed"}


@pytest.mark.parametrize(
    ("boxes", "sees"),
    [
        # One's own stay in sight without a box, or a lead would be accepted and never seen.
        ([], AGENTS),
        (["unassigned"], UNOWNED | AGENTS),
        (["mine"], AGENTS),
        (["assigned"], COLLEAGUES | AGENTS),
        (["unassigned", "mine"], UNOWNED | AGENTS),
        (["unassigned", "mine", "assigned"], UNOWNED | AGENTS | COLLEAGUES),
    ],
)
def test_boxes_say_what_an_agent_sees(leads: Company, boxes: list[str], sees: set[str]) -> None:
    with leads.inside():
        leads.agent.user().lead_access = boxes
        db.session.commit()
    assert names_of_what(leads, leads.agent) == sees


def test_isolation_leaves_an_agent_their_own(leads: Company) -> None:
    assert names_of_what(leads, leads.agent, isolation=Isolation.OWN) == AGENTS


@pytest.mark.parametrize("isolation", Isolation)
def test_who_sees_all_sees_all(leads: Company, isolation: Isolation) -> None:
    assert names_of_what(leads, leads.manager, isolation=isolation) == UNOWNED | AGENTS | COLLEAGUES


def test_who_was_deactivated_sees_nothing(leads: Company) -> None:
    gone = make_user(leads, "Gone", ["owner"], active=False)
    assert names_of_what(leads, gone) == set()


def test_buckets_are_by_state_and_owner(leads: Company) -> None:
    with leads.inside():
        user = leads.agent.user()
        for bucket, holds in (
            (in_unassigned(), {"waiting"}),
            (in_mine(user), {"the agent's"}),
            (in_assigned(user), {"the colleague's"}),
            (in_closed(), {"the agent's, closed", "the colleague's, closed", "nobody's, closed"}),
        ):
            assert set(db.session.scalars(select(Lead.text).where(bucket))) == holds


def test_a_lead_on_offer_is_masked_until_it_is_owned(company: Company) -> None:
    pool = make_pool(company, [company.agent])
    lead = make_lead(company, text="on offer")
    make_offer(company, lead, company.agent, pool)
    for person, masked in ((company.agent, True), (company.colleague, True), (company.manager, False)):
        with company.inside():
            assert is_masked(person.user(), db.session.get_one(Lead, (company.id, lead.id))) is masked
        assert names_of_what(company, person, unmasked=True) == (set() if masked else {"on offer"})


def test_its_owner_sees_the_customer_and_a_colleague_still_does_not(company: Company) -> None:
    make_lead(company, company.agent, text="taken", was_offered=True)
    assert names_of_what(company, company.agent, unmasked=True) == {"taken"}
    assert names_of_what(company, company.colleague, unmasked=True) == set()


@pytest.mark.parametrize("isolation", Isolation)
def test_the_rule_without_a_database_is_the_rule_of_the_filter(leads: Company, isolation: Isolation) -> None:
    """Over all roles, boxes, isolation, activity and owners."""
    every = [
        (roles, boxes, active)
        for roles in (*((role,) for role in Role), ("manager", "agent"), ("agent", "trusted_employee"))
        for count in range(len(LeadAccess) + 1)
        for boxes in combinations(LeadAccess, count)
        for active in (True, False)
    ]
    with leads.inside():
        stored = db.session.execute(select(Lead.id, Lead.owner_id)).all()
        assert {owner for _, owner in stored} == {None, leads.agent.id, leads.colleague.id}
        for roles, boxes, active in every:
            user = User(id=leads.agent.id, roles=list(roles), lead_access=list(boxes), own_grants=[], active=active)
            seen = set(db.session.scalars(select(Lead.id).where(visible_leads(user, isolation))))
            told = {lead_id for lead_id, owner in stored if sight_of(user, isolation).sees(owner, None)}
            assert told == seen, (roles, boxes, active)


WORDS = {"comment", "comment to Ben", "memo", "memo for managers"}


@pytest.fixture
def written_on(company: Company) -> models.Lead:
    """A lead of the agent with every kind of words on it."""
    lead = make_lead(company, company.agent)
    said = (
        ("comment", "everyone", {}),
        ("comment to Ben", "everyone", {"mentioned": [str(company.colleague.id)]}),
        ("memo", "everyone", None),
        ("memo for managers", "managers", None),
    )
    with company.inside():
        for words, visibility, after in said:
            db.session.add(
                TimelineItem(
                    company_id=company.id,
                    lead_id=lead.id,
                    kind=words.partition(" ")[0],
                    actor_type="user",
                    actor_id=company.manager.id,
                    actor_name="Mara Manager",
                    text=words,
                    after=after,
                    visibility=visibility,
                )
            )
        db.session.commit()
    return lead


def reads(company: Company, person: Person, lead: models.Lead) -> set[str | None]:
    """What somebody reads of a lead's timeline; nothing where they do not see the lead at all."""
    with company.inside():
        try:
            return {entry.text for entry in timeline_page(person.user(), lead.id).items}
        except NotFound:
            return set()


def told_in_messages(company: Company, person: Person, lead: models.Lead) -> set[str | None]:
    """The comments on a lead whose words a message to somebody may hold."""
    on_lead = (TimelineItem.company_id == Lead.company_id) & (TimelineItem.lead_id == Lead.id)
    statement = (
        select(TimelineItem.text)
        .join(Lead, on_lead)
        .join(User, (User.company_id == Lead.company_id) & (User.id == person.id))
        .join(models.Company, models.Company.id == Lead.company_id)
        .where(Lead.id == lead.id, TimelineItem.kind == "comment", comment_shown_to_row())
    )
    with company.inside():
        return set(db.session.scalars(statement))


READERS: list[tuple[str, str, dict[str, Any], set[str]]] = [
    # who, in which situation, columns of the lead, reads
    ("owner", "", {}, WORDS),
    ("manager", "", {}, WORDS),
    ("agent", "owns it", {}, {"comment", "comment to Ben", "memo"}),
    ("agent", "owned it until it was closed", {"state": "closed"}, {"comment", "comment to Ben", "memo"}),
    ("agent", "owned it once", {"owner": "other"}, {"memo"}),
    ("colleague", "is mentioned", {}, {"comment to Ben", "memo"}),
    ("colleague", "is mentioned, but isolated", {"isolated": True}, set()),
    ("colleague", "is mentioned, but it is masked", {"was_offered": True}, set()),
    ("other", "", {}, {"memo"}),
    ("other", "sees it masked", {"was_offered": True}, set()),
    ("other", "is isolated", {"isolated": True}, set()),
    ("manager", "of a masked lead", {"was_offered": True}, WORDS),
    ("manager", "in an isolating company", {"isolated": True}, WORDS),
    ("gone", "was deactivated", {}, set()),
    ("stranger", "works elsewhere", {}, set()),
]


@pytest.mark.parametrize(("who", "situation", "columns", "expected"), READERS, ids=[f"{w} {s}" for w, s, *_ in READERS])
def test_who_reads_what_of_what_people_write(
    company: Company,
    other_company: Company,
    written_on: models.Lead,
    who: str,
    situation: str,
    columns: dict[str, Any],
    expected: set[str],
) -> None:
    people = {
        "owner": company.owner,
        "manager": company.manager,
        "agent": company.agent,
        "colleague": company.colleague,
        "other": make_user(company, "Olga Other"),
        "gone": make_user(company, "Gina Gone", ["manager"], active=False),
    }
    with company.inside():
        lead = db.session.get_one(Lead, (company.id, written_on.id))
        lead.was_offered = columns.get("was_offered", False)
        if columns.get("owner"):
            lead.owner_id = people["other"].id
        if columns.get("state") == "closed":
            lead.state, lead.closed_at, lead.close_reason = "closed", lead.created_at, "won"
        db.session.get_one(models.Company, company.id).isolate_leads = columns.get("isolated", False)
        db.session.commit()
    home, reader = (other_company, other_company.owner) if who == "stranger" else (company, people[who])
    assert reads(home, reader, written_on) == expected
    # A message quotes what its recipient may read on the page by then, and nothing else.
    assert told_in_messages(home, reader, written_on) == {words for words in expected if words.startswith("comment")}


@pytest.mark.parametrize(
    ("roles", "owns", "active", "may_work"),
    [
        (["owner"], False, True, True),
        (["manager"], False, True, True),
        (["agent"], True, True, True),
        (["agent"], False, True, False),
        (["editor"], False, True, False),
        (["agent"], True, False, False),
        (["manager"], False, False, False),
    ],
)
def test_owner_and_managers_work_on_a_lead(roles: list[str], owns: bool, active: bool, may_work: bool) -> None:
    user = a_user(*roles, active=active)
    user.id = models.new_id()
    owned = models.Lead(state="closed", owner_id=user.id if owns else models.new_id())
    assert may_work_on(user, owned) is may_work
    assert may_work_on(user, models.Lead(state="unassigned")) is (may_work and not owns)
