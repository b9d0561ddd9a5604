"""The demo's data, made through the operations people use."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest
from sqlalchemy import DateTime, func, select, text
from sqlalchemy.dialects.postgresql import aggregate_order_by

from portal import create_app
from portal.config import Settings
from portal.demo import seed as seeding
from portal.demo.backdating import AHEAD
from portal.demo.cast import CAST, COMPANY, GROUPS, IN_THE_SOUTH, PASSWORD, SORTINGS, TEAMS
from portal.demo.drip import KEY_FILE
from portal.demo.plan import HOME, LEADS, WEEKS, plans
from portal.extensions import Base, db
from portal.models import Company, Contact, Conversion, Lead, Offer, Pool, ReplayState, Rule, Team, TimelineItem, User
from portal.models.tenancy import inside_company
from portal.operations.check import check_all, ledger_breaches
from portal.operations.passwords import matching_account
from portal.operations.people import change_user
from portal.operations.setup_apply import plan_setup
from portal.operations.wiping import wipe_demo
from portal.queries import across
from portal.queries.replays import draft_now, last_replays
from tests.page import Browser
from tests.servers import Servers, own_database

SEEDING_MAY_TAKE = timedelta(minutes=10)


@dataclass(frozen=True)
class Demo:
    """A database with the demo in it."""

    settings: Settings
    began: datetime

    @contextmanager
    def inside(self) -> Iterator[None]:
        with create_app(self.settings).app_context():
            (company_id,) = across.company_ids()
            with inside_company(company_id):
                yield
            db.engine.dispose()


@pytest.fixture(scope="module")
def demo(servers: Servers, worker_number: int, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """The whole demo, made once: nothing here changes it."""
    with own_database(servers) as name:
        settings = servers.settings(name, worker_number)
        settings = replace(settings, instance_dir=tmp_path_factory.mktemp("demo"))
        began = datetime.now(UTC)
        assert seeding.seed(settings)
        yield Demo(settings, began)


@pytest.fixture
def small(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Settings for a demo of a few leads only."""
    monkeypatch.setattr(seeding, "plans", lambda now, random: plans(now, random)[-30:])
    return replace(settings, instance_dir=tmp_path)


def count(statement: Any) -> int:
    return int(db.session.execute(select(func.count()).select_from(statement.subquery())).scalar_one())


class TestTheCompany:
    def test_has_twelve_people_in_three_teams(self, demo: Demo) -> None:
        with demo.inside():
            about = db.session.execute(select(Company)).scalar_one()
            assert (about.name, about.is_demo) == (COMPANY, True)
            assert set(db.session.scalars(select(Team.name))) == set(TEAMS)
            people = {user.email: user for user in db.session.scalars(select(User))}
            assert people.keys() == {worker.email for worker in CAST}
            assert len(people) == 12
            assert [user.name for user in people.values() if not user.active] == ["Luis Ortega"]
            assert [user.name for user in people.values() if not user.available] == ["Emma Novak"]
            assert [user.name for user in people.values() if user.open_cap] == ["Dev Patel"]
            assert {role for user in people.values() for role in user.roles} >= {
                "owner", "admin", "manager", "agent", "trusted_employee"
            }  # fmt: skip

    def test_has_pools_with_default_assignees_and_a_rule_that_points_at_the_everyday_one(self, demo: Demo) -> None:
        with demo.inside():
            pools = {pool.id: pool.name for pool in db.session.scalars(select(Pool))}
            assert set(pools.values()) == {group.name for group in GROUPS}
            rule = db.session.execute(select(Rule).where(Rule.is_default)).scalar_one()
            assert pools[rule.pool_id] == GROUPS[0].name
            told = "SELECT count(DISTINCT pool_id) FROM pool_defaults"
            assert db.session.execute(text(told)).scalar_one() == len(GROUPS)

    def test_sorts_its_leads_by_type_and_town_and_has_a_rule_that_is_paused(self, demo: Demo) -> None:
        with demo.inside():
            ours = (~Rule.is_default, Rule.team_id.is_(None))
            rules = db.session.scalars(select(Rule).where(*ours).order_by(Rule.position)).all()
            assert [(rule.name, rule.paused) for rule in rules] == [
                (sorting.name, sorting.paused) for sorting in SORTINGS
            ]
            handed_out = dict(
                db.session.execute(select(Lead.rule_id, func.count()).group_by(Lead.rule_id)).tuples().all()
            )
            small, south, compared = rules
            assert handed_out.get(small.id, 0) >= 10
            assert handed_out.get(south.id, 0) >= 10
            assert compared.id not in handed_out

    def test_has_a_team_that_sorts_its_leads_itself(self, demo: Demo) -> None:
        with demo.inside():
            own = db.session.scalars(select(Rule).where(Rule.team_id.is_not(None))).all()
            assert [rule.name for rule in own] == [sorting.name for sorting in IN_THE_SOUTH.sortings]
            team = db.session.get_one(Team, (own[0].company_id, own[0].team_id))
            sent = db.session.scalars(select(Rule).where(Rule.to_team_id == team.id)).one()
            assert (team.name, sent.name) == (IN_THE_SOUTH.team, "South of Austin")
            by_own_rule = select(func.count()).select_from(Lead).where(Lead.rule_id == own[0].id)
            assert db.session.scalar(by_own_rule)
            by_default = (
                select(func.count()).select_from(Lead).where(Lead.rule_id == sent.id, Lead.pool_id.is_not(None))
            )
            assert db.session.scalar(by_default)

    def test_has_a_draft_with_other_weights_and_a_replay_that_waits_for_the_worker(self, demo: Demo) -> None:
        with demo.inside():
            draft = draft_now()
            assert draft is not None
            (replay,) = last_replays(5)
            assert (replay.state, replay.draft) == (ReplayState.WAITING, draft.data)
            assert replay.until - replay.since == timedelta(days=14)
            owner = db.session.get_one(User, (replay.company_id, replay.asked_by))
            differences = [str(each) for each in plan_setup(draft.data, by=owner)]
            assert len(differences) == 2
            assert all("weight" in each for each in differences)

    def test_lets_the_four_who_are_printed_sign_in(self, demo: Demo) -> None:
        with create_app(demo.settings).app_context():
            for worker in CAST[:4]:
                account = matching_account(worker.email, PASSWORD)
                assert account is not None, worker.email
                assert len(across.memberships_of(account.id)) == 1
            db.engine.dispose()


class TestItsLeads:
    def test_are_four_hundred_in_every_state(self, demo: Demo) -> None:
        with demo.inside():
            states = Counter(db.session.execute(select(Lead.state, Lead.waiting_for)).tuples())
        assert states.total() == LEADS
        assert states["offering", None] == 7
        assert states["unassigned", "catch_all"] == 5
        assert states["unassigned", "person"] == 7
        assert states["held", None] == 0
        assert states["quarantined", None] == 2
        assert 150 <= states["closed", None] <= 190
        assert 180 <= states["owned", None] <= 230

    def test_are_closed_for_every_reason_and_often_won(self, demo: Demo) -> None:
        with demo.inside():
            reasons = Counter(db.session.scalars(select(Lead.close_reason).where(Lead.state == "closed")))
        assert len(reasons) == 7
        assert reasons.most_common(1)[0][0] == "won"
        assert min(reasons.values()) >= 3

    def test_come_by_every_channel_more_on_weekdays_and_in_office_hours(self, demo: Demo) -> None:
        with demo.inside():
            rows = db.session.execute(select(Lead.channel, Lead.created_at)).tuples().all()
        assert {channel for channel, _ in rows} == {
            "web", "phone", "sms", "chat", "email", "sheet", "csv", "api", "manual"
        }  # fmt: skip
        at = [created.astimezone(HOME) for _, created in rows]
        weekend = sum(1 for each in at if each.weekday() >= 5)
        office = sum(1 for each in at if 8 <= each.hour < 18)
        assert weekend / 2 < (LEADS - weekend) / 5
        assert office > LEADS / 2

    def test_have_a_story(self, demo: Demo) -> None:
        with demo.inside():
            kinds = Counter(db.session.scalars(select(TimelineItem.kind)))
            offers = Counter(db.session.execute(select(Offer.state, Offer.kind)).tuples())
            assert kinds.keys() >= {
                "created", "touch", "held", "released", "quarantined", "decision", "offered", "accepted", "declined",
                "missed", "withdrawn", "assigned", "unassigned", "comment", "memo", "status", "conversion",
                "contact_attempt", "closed", "reopened",
            }  # fmt: skip
            assert offers["accepted", "second_chance"] > 3
            assert offers["waiting", "second_chance"] == 1
            assert count(select(Lead.id).where(Lead.needs_attention)) == 4
            assert count(select(Conversion.lead_id)) > 100
            several = (
                select(Contact.id).join(Lead, Lead.contact_id == Contact.id).group_by(Contact.company_id, Contact.id)
            )
            assert count(several.having(func.count() > 1)) > 10
            assert count(select(Lead.id).where(func.cardinality(Lead.flags) > 0)) >= 1

    def test_leave_the_present_to_the_present(self, demo: Demo) -> None:
        """Only what is fresh waits to be sent; what is on offer ends within its window."""
        with demo.inside():
            pending = text("SELECT count(*) FROM messages WHERE state = 'pending'")
            assert db.session.execute(pending).scalar_one() < 40
            # What is being reassigned is on offer for a day.
            of_new_leads = select(Offer.expires_at).where(Offer.state == "open", Offer.reassignment_id.is_(None))
            ends = db.session.scalars(of_new_leads).all()
        assert all(demo.began < end < demo.began + timedelta(seconds=305) + SEEDING_MAY_TAKE for end in ends)


class TestItsTimes:
    def test_go_over_four_weeks_and_none_lies_ahead(self, demo: Demo) -> None:
        with demo.inside():
            first, last = db.session.execute(select(func.min(Lead.created_at), func.max(Lead.created_at))).one()
            assert timedelta(weeks=WEEKS) - timedelta(days=3) < last - first < timedelta(weeks=WEEKS)
            assert demo.began - last < timedelta(minutes=1)
            for table, column in times():
                newest = db.session.execute(text(f"SELECT max({column}) FROM {table}")).scalar_one()
                oldest = db.session.execute(text(f"SELECT min({column}) FROM {table}")).scalar_one()
                assert newest is None or newest <= demo.began + SEEDING_MAY_TAKE, (table, column)
                assert oldest is None or oldest > demo.began - timedelta(weeks=6), (table, column)

    @pytest.mark.parametrize("table", ["timeline", "offers", "decisions", "messages", "ledger_entries", "leads"])
    def test_stand_in_the_order_of_the_ids(self, demo: Demo, table: str) -> None:
        column = "created_at" if table in ("offers", "messages", "leads") else "at"
        before = f"lag({column}) OVER (ORDER BY id)"
        backwards = f"SELECT count(*) FROM (SELECT {column} < {before} AS is_back FROM {table}) t WHERE is_back"
        with demo.inside():
            assert db.session.execute(text(backwards)).scalar_one() == 0

    def test_are_told_in_decisions_as_everywhere(self, demo: Demo) -> None:
        apart = "SELECT count(*) FROM decisions WHERE abs(extract(epoch FROM (data ->> 'at')::timestamptz - at)) > 1"
        with demo.inside():
            assert db.session.execute(text(apart)).scalar_one() == 0

    def test_make_windows_as_long_as_their_pool_says(self, demo: Demo) -> None:
        wrong = (
            "SELECT count(*) FROM offers o JOIN decisions d ON d.id = o.decision_id JOIN pools p ON p.id = o.pool_id "
            "WHERE o.expires_at <> d.at + make_interval(secs => p.window_seconds) "
            "OR (o.state = 'missed' AND o.ended_at < o.expires_at) "
            "OR (o.state = 'accepted' AND o.ended_at > o.expires_at)"
        )
        with demo.inside():
            assert db.session.execute(text(wrong)).scalar_one() == 0


def times() -> Iterator[tuple[str, str]]:
    """Every time of a company's rows that is told of the past."""
    for table in Base.metadata.sorted_tables:
        for column in table.columns:
            if isinstance(column.type, DateTime) and column.name not in AHEAD.get(table.name, ()):
                yield table.name, column.name


def test_every_rule_holds(demo: Demo) -> None:
    with create_app(demo.settings).app_context():
        assert check_all(late_by=None, mail=True) == []
        assert ledger_breaches() == []
        db.engine.dispose()


def test_its_pages_open(demo: Demo) -> None:
    """Also those of leads that have been through a lot."""
    app = create_app(demo.settings)
    owner = Browser(app)
    owner.open("/login").press("Sign in", email=CAST[0].email, password=PASSWORD)
    for address in ("/dashboard", "/offers", "/people", "/pools", "/allocations", "/outbox"):
        owner.open(address)
    for bucket in ("unassigned", "mine", "assigned", "closed"):
        owner.open(f"/leads?bucket={bucket}")
    with demo.inside():
        told = select(func.count()).where(TimelineItem.lead_id == Lead.id).scalar_subquery()
        eventful = db.session.scalars(select(Lead.id).order_by(told.desc()).limit(12)).all()
        odd = db.session.scalars(select(Lead.id).where(Lead.state.in_(("held", "quarantined", "offering")))).all()
        waiting = db.session.scalars(select(Lead.id).where(Lead.state == "unassigned")).all()
    for lead_id in (*eventful, *odd, *waiting):
        owner.open(f"/leads/{lead_id}")
    with app.app_context():
        db.engine.dispose()


class TestStartingAgain:
    def test_keeps_what_is_there(self, small: Settings) -> None:
        assert seeding.seed(small)
        before, key = contents(small), (small.instance_dir / KEY_FILE).read_text(encoding="ascii")
        assert seeding.seed(small)
        assert contents(small) == before
        assert (small.instance_dir / KEY_FILE).read_text(encoding="ascii") == key

    def test_makes_a_lost_key_again(self, small: Settings) -> None:
        seeding.seed(small)
        (small.instance_dir / KEY_FILE).unlink()
        seeding.seed(small)
        path = small.instance_dir / KEY_FILE
        assert path.read_text(encoding="ascii").startswith("bt_intake_")
        assert path.stat().st_mode & 0o077 == 0

    def test_begins_anew_when_it_was_interrupted(self, small: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
        def interrupted(told: Any) -> str:
            raise KeyboardInterrupt

        with monkeypatch.context() as patch:
            patch.setattr(seeding, "_finish", interrupted)
            with pytest.raises(KeyboardInterrupt):
                seeding.seed(small)
        assert contents(small)["leads"] == 30, "there is half a company to begin with"
        assert seeding.seed(small)
        after = contents(small)
        assert (after["leads"], after["companies"], after["accounts"]) == (30, 1, len(CAST))
        with create_app(small).app_context():
            assert check_all(late_by=None) == []
            db.engine.dispose()

    def test_leaves_a_wiped_demo_alone(self, small: Settings) -> None:
        seeding.seed(small)
        with create_app(small).app_context():
            (company_id,) = across.company_ids()
            with inside_company(company_id):
                owner = db.session.execute(select(User).where(User.email == CAST[0].email)).scalar_one()
                change_user(owner.id, by=owner, email="me@example.com")
                wipe_demo(by=owner)
            db.engine.dispose()
        before = contents(small)
        assert not seeding.seed(small)
        assert contents(small) == before
        assert not (small.instance_dir / KEY_FILE).exists(), "no new leads for a company of one's own"


def test_two_demos_are_the_same(small: Settings, servers: Servers, worker_number: int) -> None:
    with own_database(servers) as name:
        other = replace(small, database_url=servers.settings(name, worker_number).database_url)
        assert seeding.seed(small)
        assert seeding.seed(other)
        assert told_of(small) == told_of(other)


def test_a_plan_is_the_same_whenever_it_is_made() -> None:
    monday = datetime(2026, 6, 1, 9, 30, tzinfo=HOME)
    for now in (monday, monday + timedelta(days=5, hours=14), monday + timedelta(days=200)):
        planned = plans(now, Random(1))
        assert len(planned) + sum(plan.comes_back for plan in planned) == LEADS
        assert all(now - timedelta(weeks=WEEKS) < plan.at < now for plan in planned)
        assert planned == sorted(planned, key=lambda plan: plan.at)
        assert planned == plans(now, Random(1))


def contents(settings: Settings) -> dict[str, int]:
    with create_app(settings).app_context():
        (company_id,) = across.company_ids()
        with inside_company(company_id):
            found = {
                table.name: int(db.session.execute(select(func.count()).select_from(table)).scalar_one())
                for table in Base.metadata.sorted_tables
            }
        db.engine.dispose()
    return found


def told_of(settings: Settings) -> list[tuple[Any, ...]]:
    """Each lead with its customer, state, owner and story, without the moments."""
    in_order = aggregate_order_by(text("' '"), TimelineItem.id)
    story = select(func.string_agg(TimelineItem.kind + TimelineItem.actor_name, in_order)).where(
        TimelineItem.lead_id == Lead.id
    )
    with create_app(settings).app_context():
        (company_id,) = across.company_ids()
        with inside_company(company_id):
            rows = db.session.execute(
                select(Contact.name, Lead.state, Lead.close_reason, User.name, story.scalar_subquery())
                .join(Contact, Contact.id == Lead.contact_id)
                .outerjoin(User, User.id == Lead.owner_id)
                .order_by(Lead.id)
            )
            told = [tuple(row) for row in rows]
        db.engine.dispose()
    return told
