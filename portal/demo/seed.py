"""Fills an empty database with the demo company, through the same operations people use."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from uuid import UUID

from sqlalchemy import select, text

from portal import create_app
from portal.config import Settings
from portal.demo.backdating import backdate
from portal.demo.cast import CAST, COMPANY, GOOD_AT, GROUPS, PASSWORD, SPAMMERS, TAGS, TEAMS, TIME_ZONE, Group, Worker
from portal.demo.customers import BY_HAND, Customers
from portal.demo.drip import KEY_FILE
from portal.demo.handed_on import hand_one_on
from portal.demo.lead_stories import lead_story
from portal.demo.plan import WEEKS, Comes, plans
from portal.demo.scene import Scene
from portal.demo.staff_stories import STORIES
from portal.demo.told_time import Story, ToldTime
from portal.demo.trial import try_other_weights
from portal.demo.unfinished import remove_unfinished
from portal.extensions import db
from portal.models import Account, Company, KeyScope, LedgerAccount, Pool, TagMember, Team, User
from portal.models.member_caps import MemberCaps
from portal.models.tenancy import inside_company, leave_company
from portal.operations import company, keys, people, pools, postcodes, quarantine_lists, rules
from portal.operations.roles import make_role
from portal.operations.tags import make_tag
from portal.operations.teams import make_team
from portal.operations.transaction import operation
from portal.queries import across
from portal.queries.clock import database_time
from portal.queries.people import active_owner_ids
from portal.queries.rules import default_rule

_SEED = 42

POSTCODES = Path(__file__).with_name("postcodes.csv")
"""Where the customers' postcodes are."""
_ACTS_AT_ONCE = 20
# The people were there some days before the first lead.
_FOUNDED = timedelta(weeks=WEEKS, days=6)


def seed(settings: Settings) -> bool:
    """Make the demo company, unless the database holds a company already. One that was interrupted is begun again.

    Returns:
        Whether there is a demo company now; not when it was wiped, or when somebody has a company of their own here.
    """
    app = create_app(settings)
    # Nobody has a page open yet that would have to hear of four weeks' changes.
    app.extensions.pop("announcer", None)
    with app.app_context():
        remove_unfinished()
        key_file = settings.instance_dir / KEY_FILE
        if not across.company_ids():
            print("Making the demo company. Its four weeks take a quarter of a minute.", flush=True)
            _write(key_file, _make_company())
        is_demo = _keep_key(key_file)
        leave_company()
        db.engine.dispose()
    return is_demo


def _make_company() -> str:
    """People, leads and all that happened, told and then backdated. Gives the key new leads are sent with.

    In many transactions: rows that every lead changes (an agent, their account in the ledger) would slow all of it
    down, were their old versions kept until the end. Nothing of it is shown before the last one.
    """
    told = ToldTime(database_time())
    told.begin(told.until - _FOUNDED, _founding(told, Random(_SEED)))  # noqa: S311 (the same demo every time)
    while _tell_some(told):
        pass
    return _finish(told)


@operation
def _tell_some(told: ToldTime) -> bool:
    # Begun again after a power failure anyway.
    db.session.execute(text("SET LOCAL synchronous_commit = off"))
    return told.tell(_ACTS_AT_ONCE)


@operation
def _finish(told: ToldTime) -> str:
    """Give everything its time. With the key, made last, the company is finished."""
    about = _the_company()
    backdate(about.id, told.marks)
    _leave_to_the_past(about.id, told.until)
    hand_one_on(_its_owner())
    try_other_weights(_its_owner(), told.until)
    _, secret = keys.make_key(by=_its_owner(), scope=KeyScope.INTAKE)
    return secret


def _founding(told: ToldTime, random: Random) -> Story:
    """People and pools; then everything else begins."""
    made = company.create_company(
        name=COMPANY, email=CAST[0].email, person=CAST[0].name, password=PASSWORD, time_zone=TIME_ZONE
    )
    about = _the_company()
    about.is_demo = True
    scene = Scene(told, random, about)
    company.change_company(by=scene.user(made.user_id), fallback_any_active=False)
    _people(scene, made.user_id)
    yield told.now + timedelta(hours=2)
    _tags(scene)
    _pools(scene)
    for story in STORIES:
        told.begin(told.now, story(scene))
    customers = Customers(random)
    for number, plan in enumerate(plans(told.until, random)):
        asked = customers.one(BY_HAND if plan.comes is Comes.KEPT else None)
        # Chance of its own: what happens to one lead must not depend on what happened to others meanwhile.
        of_its_own = replace(scene, random=Random(f"{_SEED} {number}"))  # noqa: S311
        told.begin(plan.at, lead_story(of_its_own, plan, asked))


def _the_company() -> Company:
    return db.session.execute(select(Company)).scalar_one()


def _people(scene: Scene, owner_id: UUID) -> None:
    owner = scene.user(owner_id)
    people.change_user(owner.id, by=owner, phone=CAST[0].phone)
    scene.staff[CAST[0].first_name] = owner
    teams = {name: make_team(by=owner, name=name) for name in TEAMS}
    with POSTCODES.open(encoding="utf-8") as centres:
        postcodes.import_postcodes(centres)
    password = db.session.get_one(Account, owner.account_id).password
    for worker in CAST[1:]:
        scene.staff[worker.first_name] = _add(worker, teams, owner, password)
    reader = make_role(by=owner, name="Reader of reports", grants=["reports", "export"])
    chloe = scene.staff["Chloe"]
    people.change_user(chloe.id, by=owner, roles=[*chloe.roles, str(reader.id)])


def _tags(scene: Scene) -> None:
    for said, weight in TAGS.items():
        make_tag(by=scene.owner, text=said, weight=weight)
    quarantine_lists.add_entry(by=scene.owner, verdict="block", clue="domain", text=SPAMMERS)
    quarantine_lists.add_entry(by=scene.owner, verdict="block", clue="text", text="guest post")
    quarantine_lists.add_entry(by=scene.owner, verdict="allow", clue="domain", text="texas-solar-fair.example")
    for name, carried in GOOD_AT.items():
        people.change_user(scene.staff[name].id, by=scene.owner, tags=carried)


def _add(worker: Worker, teams: dict[str, Team], owner: User, password: str | None) -> User:
    user = people.add_user(
        by=owner,
        name=worker.name,
        email=worker.email,
        phone=worker.phone,
        roles=worker.roles,
        team_id=teams[worker.team].id if worker.team else None,
        open_cap=worker.open_cap,
        locations=[{"postcode": worker.place[0], "radius_km": worker.place[1]}] if worker.place else [],
    )
    account = across.account_with_email(worker.email)
    assert account is not None
    # Everybody has the same one, and making it takes longer than anything else here: it is made once, for the owner.
    account.password = password
    return user


def _pools(scene: Scene) -> None:
    for group in GROUPS:
        scene.pools[group.name] = _make_pool(scene, group)
    rules.point_rule(default_rule().id, scene.pools[GROUPS[0].name].id, by=scene.owner)


def _make_pool(scene: Scene, group: Group) -> Pool:
    pool = pools.make_pool(
        by=scene.owner,
        name=group.name,
        delivery=group.delivery,
        window_seconds=group.window,
        max_offers=group.max_offers,
        pond_limit=group.pond_limit,
        for_reassignment=group.for_reassignment,
        # The everyday pool gets its default assignees once they were missed.
        default_assignee_ids=[] if group is GROUPS[0] else [scene.staff[name].id for name in group.defaults],
        agent_tags={tag: TagMember(weight) for tag, weight in group.tags.items()},
        members=[(scene.staff[name].id, weight) for name, weight in group.members.items()],
        caps={scene.staff[name].id: MemberCaps(open=most) for name, most in group.open_caps.items()},
    )
    # Otherwise drawn anew each time: who comes first among equals shall be the same in every demo.
    for place, name in enumerate(group.members):
        account = db.session.scalars(
            select(LedgerAccount).where(LedgerAccount.pool_id == pool.id, LedgerAccount.user_id == scene.staff[name].id)
        ).one()
        account.tie_order = place
    db.session.flush()
    return pool


def _leave_to_the_past(company_id: UUID, now: datetime) -> None:
    """Nobody is written to about what is long over: it was sent then, as far as the demo goes."""
    named = {"company": company_id, "until": now - timedelta(minutes=30)}
    db.session.execute(
        text(
            "UPDATE messages SET state = 'sent', attempts = 1, sent_at = created_at + interval '2 seconds' "
            "WHERE company_id = :company AND created_at < :until"
        ),
        named,
    )
    db.session.execute(
        text(
            "DELETE FROM due_work w USING messages m WHERE w.company_id = :company AND w.kind = 'send_message' "
            "AND m.company_id = w.company_id AND m.id = w.subject_id AND m.state = 'sent'"
        ),
        named,
    )


def _keep_key(path: Path) -> bool:
    """The key of the demo, made again where its file was lost; no file where there is no demo any more."""
    for company_id in across.company_ids():
        with inside_company(company_id):
            if _the_company().is_demo:
                if not path.exists():
                    _, secret = keys.make_key(by=_its_owner(), scope=KeyScope.INTAKE)
                    _write(path, secret)
                return True
    path.unlink(missing_ok=True)
    return False


def _its_owner() -> User:
    """Olivia, unless somebody made the demo their own and changed who owns it."""
    return db.session.get_one(User, (_the_company().id, min(active_owner_ids())))


def _write(path: Path, secret: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(secret)
