"""Who sees which lead and may do what with it, over every way to ask: the specification's table, cell by cell.

The expected values were written by hand from the specification (file 4 "Access", file 6 "Roles and rights"), not taken
from the code. A row is a viewer, a column a lead; `.` = as if it did not exist, `m` = seen with its customer masked,
`f` = seen in full.
"""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass
from typing import Any

import pytest
from apiflask import APIFlask
from sqlalchemy import func, update

from portal import models
from portal.extensions import db
from portal.permissions import Right, comes_to_row, may, seen_by_row, sight_of
from portal.queries.buckets import Bucket, bucket_counts, isolation_for
from portal.routing.facts import WaitingFor
from tests.access.html import lead_ids_in
from tests.blueprints.api.database_state import nothing_changes
from tests.cast import Company, Person
from tests.factories import (
    holds_too,
    make_closed_lead,
    make_lead,
    make_offer,
    make_own_role,
    make_pool,
    make_team,
    make_user,
)
from tests.page import sign_in

LEADS = (
    "waiting",
    "waiting, North",
    "waiting, North below",
    "waiting, South",
    "calling",
    "on offer to another",
    "mine",
    "another's",
    "another's, North",
    "another's, South",
    "closed, mine",
    "closed, another's",
    "closed, nobody's",
    "covered",
)

ALL, NONE = ("unassigned", "mine", "assigned"), ()


@dataclass(frozen=True)
class Viewer:
    """One who looks: a row of the table."""

    roles: tuple[str, ...]
    sees: str
    boxes: tuple[str, ...] = ALL
    isolation: str = "off"
    team: str | None = None
    # Rights of a role of the company's own, held beside the others.
    own: tuple[str, ...] = ()

    def __str__(self) -> str:
        parts = ["+".join((*self.roles, *self.own)), "/".join(self.boxes) or "no box", self.isolation, self.team or "-"]
        return " ".join(parts)


EVERYTHING = "ffffffffffffff"
OWN_ONLY = "....f.f...f..f"

TABLE = [
    # Boxes, without isolation. Whoever receives leads sees their own whatever is ticked.
    Viewer(("agent",), "fffffmffffffff"),
    Viewer(("agent",), "fffffmffffffff", team="North"),
    Viewer(("agent",), OWN_ONLY, NONE),
    Viewer(("agent",), "fffffmf...f.ff", ("unassigned",)),
    Viewer(("agent",), OWN_ONLY, ("mine",)),
    Viewer(("agent",), "....f.ffffff.f", ("assigned",)),
    Viewer(("trusted_employee",), "fffffmffffffff"),
    Viewer(("trusted_employee",), "....f.ffffff.f", ("mine", "assigned")),
    Viewer(("editor",), "fffffmffffffff"),
    Viewer(("editor",), "....f........f", NONE),
    # Isolation narrows all who do not see everything, whatever the boxes say.
    Viewer(("agent",), OWN_ONLY, isolation="own"),
    Viewer(("trusted_employee",), OWN_ONLY, isolation="own"),
    Viewer(("editor",), OWN_ONLY, isolation="own"),
    Viewer(("agent",), "fffffmf...f.ff", NONE, "own_and_unassigned"),
    Viewer(("agent",), "fffffmf...f.ff", ALL, "own_and_unassigned", "South"),
    # See-all overrides boxes and isolation; within the team of a manager who has one.
    Viewer(("owner",), EVERYTHING, NONE, "own", "South"),
    Viewer(("admin",), EVERYTHING, NONE, "own", "North"),
    Viewer(("manager",), EVERYTHING, NONE, "own"),
    Viewer(("manager",), ".ff.f.f.f.f..f", ALL, "off", "North"),
    Viewer(("manager",), ".ff.f.f.f.f..f", NONE, "own", "North"),
    Viewer(("manager",), "..f.f.f...f..f", ALL, "off", "North below"),
    Viewer(("manager",), "...ff.f..ff..f", ALL, "own_and_unassigned", "South"),
    # Several roles add up.
    Viewer(("manager", "trusted_employee"), EVERYTHING, NONE, "own"),
    Viewer(("manager", "agent"), ".ff.f.f.f.f..f", ALL, "off", "North"),
    Viewer(("admin", "manager"), EVERYTHING, NONE, "own", "North"),
    # Roles of the company's own. `assign` sees what the boxes say, unmasked.
    Viewer(("agent",), EVERYTHING, ALL, own=("assign",)),
    Viewer(("agent",), "fffffff...f.ff", ("unassigned",), own=("assign",)),
    Viewer(("agent",), OWN_ONLY, ALL, "own", own=("assign",)),
    Viewer(("agent",), EVERYTHING, NONE, "own", own=("see_all",)),
    Viewer(("agent",), ".ff.f.f.f.f..f", ALL, "off", "North", own=("see_all",)),
    Viewer(("agent",), "fffffmffffffff", own=("people", "distribution", "reports", "audit")),
]

# Who looks after others' leads, and hands them out; masked leads refuse whatever quotes the customer.
MANAGES = {"owner", "admin", "manager"}


@dataclass(frozen=True)
class World:
    """The viewer, and every lead of the table in the order of its columns."""

    company: Company
    viewer: Person
    leads: dict[str, models.Lead]


def set_up(company: Company, row: Viewer) -> World:
    """The company of one row. Whoever looks may also export: a right of its own that shows nobody more."""
    north, south = make_team(company, "North"), make_team(company, "South")
    below = make_team(company, "North below", parent_id=north.id)
    teams = {"North": north.id, "South": south.id, "North below": below.id}
    viewer = make_user(company, "Vic Viewer", row.roles, lead_access=list(row.boxes), team_id=teams.get(row.team or ""))
    holds_too(company, viewer, make_own_role(company, "export", *row.own))
    with company.inside():
        about = db.session.get_one(models.Company, company.id)
        about.isolate_leads = row.isolation != "off"
        about.unassigned_visible_when_isolated = row.isolation == "own_and_unassigned"
        db.session.commit()
    pool = make_pool(company, [company.colleague])
    leads = {name: _lead(company, name, viewer, teams) for name in LEADS}
    call_for(company, leads["calling"], viewer)
    cover(company, leads["covered"], viewer)
    make_offer(company, leads["on offer to another"], company.colleague, pool)
    return World(company, viewer, leads)


def call_for(company: Company, lead: models.Lead, viewer: Person) -> None:
    """Have a lead that somebody missed wait for the viewer, a default assignee of its pool."""
    pool = make_pool(company, [company.colleague], [viewer])
    with company.inside():
        now = func.now()
        waits = {"waiting_for": WaitingFor.CATCH_ALL, "pool_id": pool.id, "was_offered": True, "alarmed_at": now}
        db.session.execute(update(models.Lead).where(models.Lead.id == lead.id).values(**waits))
        db.session.commit()


def cover(company: Company, lead: models.Lead, viewer: Person) -> None:
    """Have the viewer look after a lead that was on offer once, for an owner who is paused."""
    away = make_user(company, "Al Away", available=False, stand_in_id=viewer.id)
    with company.inside():
        owned = {"state": "owned", "owner_id": away.id, "waiting_for": None, "was_offered": True}
        db.session.execute(update(models.Lead).where(models.Lead.id == lead.id).values(**owned))
        db.session.commit()
        db.session.expire_all()
    lead.owner_id = away.id


def _lead(company: Company, name: str, viewer: Person, teams: dict[str, Any]) -> models.Lead:
    """A lead as its column says; each has a word of its own to be searched by."""
    state, _, team = name.partition(", ")
    whose = {"mine": viewer, "another's": company.colleague, "nobody's": None}
    columns: dict[str, Any] = {"text": f"word{LEADS.index(name):02d} please call", "tags_found": []}
    if state == "closed":
        return make_closed_lead(company, whose[team], **columns)
    return make_lead(company, whose.get(state), team_id=teams.get(team), **columns)


@pytest.mark.parametrize("row", TABLE, ids=str)
def test_every_way_to_ask_shows_what_the_table_says(app: APIFlask, company: Company, row: Viewer) -> None:
    world = set_up(company, row)
    expected = dict(zip(LEADS, row.sees, strict=True))
    ids = {name: str(lead.id) for name, lead in world.leads.items()}
    seen = {name for name, how in expected.items() if how != "."}
    full = {name for name, how in expected.items() if how == "f"}
    browser, api = sign_in(app, world.viewer), world.viewer.api

    def named(found: set[str]) -> set[str]:
        return {name for name, lead_id in ids.items() if lead_id in found}

    # One lead by its address: page, row, API.
    for name, lead_id in ids.items():
        status = 200 if name in seen else 404
        assert browser.open(f"/leads/{lead_id}", status=status).status == status, name
        assert browser.client.get(f"/leads/{lead_id}/row", headers={"HX-Request": "true"}).status_code == status, name
        answer = api.get(f"/leads/{lead_id}")
        assert answer.status_code == status, name
        if status == 200:
            assert answer.json["masked"] is (expected[name] == "m"), name
            assert (answer.json["contact"]["id"] is None) is (expected[name] == "m"), name

    # Lists and counts.
    listed: set[str] = set()
    with company.inside():
        counts = {bucket: count.value for bucket, count in bucket_counts(world.viewer.user()).items()}
    for bucket in Bucket:
        in_api = {lead["id"] for lead in api.get(f"/leads?bucket={bucket}").json["items"]}
        on_page = lead_ids_in(browser.open(f"/leads?bucket={bucket}"))
        assert named(on_page) == named(in_api), bucket
        assert len(in_api) == counts.get(bucket, 0), bucket
        listed |= in_api
    assert named(listed) == seen
    assert named({lead["id"] for lead in api.get("/leads").json["items"]}) == seen

    # Search finds a word of the customer's where it is shown, and nowhere else.
    for place, name in enumerate(LEADS):
        found = {lead["id"] for lead in api.get(f"/leads?q=word{place:02d}").json["items"]}
        assert found == ({ids[name]} if name in full else set()), name

    # The file holds the same leads, and of masked ones nothing of the customer.
    exported: dict[str, dict[str, str]] = {}
    for bucket in Bucket:
        text = browser.client.get(f"/leads/export.csv?bucket={bucket}").get_data(as_text=True)
        exported |= {line["Id"]: line for line in csv.DictReader(io.StringIO(text.removeprefix("\ufeff")))}
    assert named(set(exported)) == seen
    assert {name for name in seen if re.match(r"word\d\d ", exported[ids[name]]["Text"])} == full

    # Live updates, and the rule for many users at once that chooses whom to write to.
    with company.inside():
        user = world.viewer.user()
        sight = sight_of(user, isolation_for(user))
        # A lead that calls for somebody is told to them by name, with the change that made it call.
        told = {name for name, lead in world.leads.items() if sight.sees(lead.owner_id, lead.team_id)}
        assert told | {"calling"} == seen
        for name, lead in world.leads.items():
            rule = seen_by_row(models.Lead.owner_id, models.Lead.team_id, comes_to_row())
            statement = db.select(models.User.id).join(models.Company, models.Company.id == models.User.company_id)
            statement = statement.join(models.Lead, models.Lead.company_id == models.User.company_id)
            chosen = set(db.session.scalars(statement.where(models.Lead.id == lead.id, rule)))
            assert (world.viewer.id in chosen) is (name in seen), name


@pytest.mark.parametrize("row", TABLE, ids=str)
def test_every_act_is_allowed_where_the_table_says(app: APIFlask, company: Company, row: Viewer) -> None:
    world = set_up(company, row)
    expected = dict(zip(LEADS, row.sees, strict=True))
    api, roles, own = world.viewer.api, set(row.roles), set(row.own)
    assigns = bool(roles & MANAGES) or "assign" in own
    manages = bool(roles & MANAGES) or bool(own & {"assign", "see_all"})

    hidden = [world.leads[name].id for name, how in expected.items() if how == "."]
    with nothing_changes(app):
        for lead_id in hidden:
            for method, path, body in acts(company.agent):
                answer = api.call(method, f"/leads/{lead_id}{path}", json=body)
                # Without the right to hand out, being told so says nothing about the lead.
                allowed = {404} if assigns or path not in ("/assign", "/route") else {403, 404}
                assert answer.status_code in allowed, (method, path, answer.text)

    for name, how in expected.items():
        lead, mine = world.leads[name], name in ("mine", "closed, mine", "covered")
        if how == ".":
            continue
        memo = api.post(f"/leads/{lead.id}/entries", {"kind": "memo", "text": "A dog"}).status_code
        assert memo == (403 if how == "m" else 201), name
        comment = api.post(f"/leads/{lead.id}/entries", {"kind": "comment", "text": "A dog"}).status_code
        assert comment == (201 if how == "f" and (manages or mine) else 403), name
        if not name.startswith("closed"):
            given = api.post(f"/leads/{lead.id}/assign", {"user_id": str(company.agent.id)}).status_code
            assert given == (200 if assigns or name == "calling" else 403), name


def acts(receiver: Person) -> list[tuple[str, str, dict[str, Any] | None]]:
    """Every call on a lead, with a body that would do something."""
    return [
        ("PATCH", "", {"lead_type": "roof"}),
        ("POST", "/assign", {"user_id": str(receiver.id)}),
        ("POST", "/route", None),
        ("POST", "/take", None),
        ("POST", "/close", {"reason": "won"}),
        ("POST", "/reopen", None),
        ("GET", "/timeline", None),
        ("GET", "/decisions", None),
        ("POST", "/entries", {"kind": "memo", "text": "A dog"}),
        ("POST", "/entries", {"kind": "comment", "text": "A dog"}),
        ("POST", "/attempts", {"way": "call", "reached": True}),
        ("PUT", "/conversion", {"note": "Mine now"}),
    ]


def test_the_table_is_about_every_role_box_isolation_and_team() -> None:
    assert {role for row in TABLE for role in row.roles} == set(models.Role)
    assert {box for row in TABLE for box in row.boxes} == set(ALL)
    assert {row.isolation for row in TABLE} == {"off", "own", "own_and_unassigned"}
    assert {row.team for row in TABLE} == {None, "North", "North below", "South"}


def test_who_may_not_export_gets_no_file(app: APIFlask, company: Company) -> None:
    with company.inside():
        assert not may(company.manager.user(), Right.EXPORT)
    assert sign_in(app, company.manager).client.get("/leads/export.csv").status_code == 403
    assert "/leads/export.csv" not in sign_in(app, company.manager).open("/leads").html
    make_lead(company, company.owner)
    assert "/leads/export.csv" in sign_in(app, company.owner).open("/leads?bucket=mine").html
