"""A company with something on every page: people in all states, a pool with turns, leads, offers, messages."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from apiflask import APIFlask

from portal.extensions import db
from portal.models import Account, ConversionStatus, Key, LostReason, Offer, Pool, User, new_id
from portal.operations import rules
from portal.operations.drafts import begin_draft
from portal.tokens import AccountPurpose, account_token, offer_token
from tests.cast import Company, Person, make_company
from tests.factories import holds_too, make_closed_lead, make_lead, make_own_role, make_pool, make_team, make_user
from tests.operations.acts import agent_at_work, change_company, reassign
from tests.page import Browser, Page, sign_in


@dataclass(frozen=True)
class Shown:
    """A page to look at: who looks, and where. `person` None = signed out."""

    name: str
    person: Person | None
    path: str


@dataclass(frozen=True)
class Scene:
    """The company, and every page of it worth looking at."""

    company: Company
    pages: list[Shown]


# What a company has nothing of on its first day.
EMPTY_THERE = (
    "/pools",
    "/allocations",
    "/outbox",
    "/audit",
    "/settings/teams",
    "/settings/keys",
    "/settings/roles",
    "/settings/rules",
)
BUCKETS = ("mine", "unassigned", "assigned", "closed")


def make_scene(app: APIFlask, company: Company) -> Scene:
    """Fill the company and name the pages."""
    owner = company.owner
    # With its banner on every page.
    change_company(company, is_demo=True)
    make_team(company, "Field", parent_id=make_team(company, "West").id)
    team = make_team(company, "East")
    role = make_own_role(company, "assign", "people:team", name="Dispatcher")
    holds_too(company, company.colleague, role)
    paused = make_user(company, "Paula Paused", available=False, open_cap=3)
    make_user(company, "Gus Gone", active=False)
    pool = make_pool(company, {company.agent: 3, company.colleague: 2, paused: 1, owner: 0}, [company.manager])
    rule_id, _ = make_rules(company, pool)
    owner.api.post("/rules", {"name": "Of the east", "team_id": str(team.id), "conditions": {"city": ["Boston"]}})
    tag_id = owner.api.post("/tags", {"text": "Roof repair", "kind": "required"}).json["id"]
    owner.api.post("/quarantine-entries", {"verdict": "block", "clue": "domain", "text": "cheap-clicks.example"})
    days = {"first_day": "2026-12-24", "last_day": "2027-01-06"}
    owner.api.post(f"/users/{company.agent.id}/leaves", days)
    mine = make_lead(company, company.agent, source="Website", lead_type="Solar")
    make_lead(company, source="Trade fair")
    closed = make_closed_lead(company, company.colleague)
    bare = make_company(app, "Bare Walls")
    with agent_at_work(owner) as by:
        begin_draft(by=by)
    works_twice = make_user(company, "Tess Twice")
    also_works_in(bare, works_twice)
    owner.api.post("/leads", {"name": "Carla Customer", "phone": "+14155550188", "text": "How much is solar for us?"})
    owner.key("intake")
    key_id = _first(company, Key).id
    status, reason = _first(company, ConversionStatus), _first(company, LostReason)
    offer = _first(company, Offer)
    offered_to = next(person for person in (company.agent, company.colleague) if person.id == offer.user_id)
    with app.app_context():
        link = offer_token(company.id, offer.id)
        account = db.session.get_one(Account, company.colleague.account_id)
        password_link = account_token(account, AccountPurpose.SET_PASSWORD, datetime.now(UTC))
    group = make_pool(company, [company.colleague], name="Second try", default_rule=False, for_reassignment=True)
    going_round = make_lead(company, company.agent, source="Website", lead_type="Roof")
    reassign(company.manager, going_round.id, group.id)
    return Scene(
        company,
        [
            Shown("login", None, "/login"),
            Shown("forgot", None, "/forgot"),
            Shown("set-password", None, f"/set-password/{password_link}"),
            Shown("link-over", None, "/set-password/nonsense"),
            Shown("not-found", None, "/nowhere"),
            Shown("offer", None, f"/o/{link}"),
            Shown("offers", offered_to, "/offers"),
            Shown("offers-none", owner, "/offers"),
            Shown("me-with-offer", offered_to, "/me"),
            Shown("logout", owner, "/logout"),
            Shown("dashboard", owner, "/dashboard"),
            Shown("me", company.agent, "/me"),
            Shown("leads-mine", company.agent, "/leads?bucket=mine"),
            Shown("leads-unassigned", owner, "/leads?bucket=unassigned"),
            Shown("leads-assigned", owner, "/leads?bucket=assigned"),
            Shown("leads-closed", owner, "/leads?bucket=closed"),
            Shown("lead", owner, f"/leads/{mine.id}"),
            Shown("lead-reassign", owner, f"/leads/{mine.id}/reassign"),
            Shown("lead-edit", owner, f"/leads/{mine.id}/edit"),
            Shown("lead-reassigned", owner, f"/leads/{going_round.id}"),
            Shown("lead-offered", offered_to, f"/leads/{offer.lead_id}"),
            Shown("lead-new", owner, "/leads/new"),
            Shown("people", owner, "/people"),
            Shown("receiving", owner, f"/people/receiving?pool={pool.id}"),
            Shown("person", owner, f"/people/{company.agent.id}"),
            Shown("person-new", owner, "/people/new"),
            Shown("deactivate", owner, f"/people/{company.agent.id}/deactivate"),
            Shown("forbidden", company.agent, "/people"),
            Shown("pools", owner, "/pools"),
            Shown("pool", owner, f"/pools/{pool.id}"),
            Shown("pool-edit", owner, f"/pools/{pool.id}/edit"),
            Shown("pool-delete", owner, f"/pools/{pool.id}/delete"),
            Shown("allocations", owner, "/allocations"),
            Shown("settings", owner, "/settings"),
            Shown("company", owner, "/settings/company"),
            Shown("conversion", owner, "/settings/conversion"),
            Shown("hand-out", owner, "/leads/hand-out"),
            Shown("holding", owner, "/settings/holding"),
            Shown("rules", owner, "/settings/rules"),
            Shown("rule", owner, f"/settings/rules/{rule_id}/edit"),
            Shown("rule-new", owner, "/settings/rules/new"),
            Shown("rule-delete", owner, f"/settings/rules/{rule_id}/delete"),
            Shown("tags", owner, "/settings/tags"),
            Shown("tag", owner, f"/settings/tags/{tag_id}"),
            Shown("quarantine", owner, "/settings/quarantine"),
            Shown("preview", owner, "/settings/preview"),
            Shown("draft", owner, "/settings/draft"),
            Shown("draft-pool", owner, "/settings/draft/pools/1"),
            Shown("draft-rule", owner, "/settings/draft/rules/1/edit"),
            Shown("draft-rule-new", owner, "/settings/draft/rules/new"),
            Shown("draft-rule-delete", owner, "/settings/draft/rules/1/delete"),
            Shown("draft-team", owner, f"/settings/draft/teams/{team.id}/rules"),
            Shown("draft-team-rule", owner, f"/settings/draft/teams/{team.id}/rules/1/edit"),
            Shown("draft-team-rule-new", owner, f"/settings/draft/teams/{team.id}/rules/new"),
            Shown("draft-team-rule-delete", owner, f"/settings/draft/teams/{team.id}/rules/1/delete"),
            Shown("versions", owner, "/settings/versions"),
            Shown("version", owner, "/settings/versions/1"),
            Shown("version-roll-back", owner, "/settings/versions/1/roll-back"),
            Shown("availability", owner, f"/people/{company.agent.id}/availability"),
            Shown("teams", owner, "/settings/teams"),
            Shown("team", owner, f"/settings/teams/{team.id}"),
            Shown("team-rules", owner, f"/settings/teams/{team.id}/rules"),
            Shown("team-rule-new", owner, f"/settings/teams/{team.id}/rules/new"),
            Shown("keys", owner, "/settings/keys"),
            Shown("key-revoke", owner, f"/settings/keys/{key_id}/revoke"),
            Shown("roles", owner, "/settings/roles"),
            Shown("role", owner, f"/settings/roles/{role.id}"),
            Shown("role-new", owner, "/settings/roles/new"),
            Shown("ownership", owner, "/settings/ownership"),
            Shown("audit", owner, "/audit"),
            Shown("manager", owner, f"/people/{company.manager.id}"),
            Shown("outbox", owner, "/outbox"),
            Shown("first-steps", owner, "/demo/wiped"),
            Shown("which-company", works_twice, "/which-company"),
            Shown("leads-narrow", owner, "/leads/narrow?bucket=assigned"),
            Shown("leads-nothing-found", owner, "/leads?bucket=assigned&q=submarine"),
            Shown("lead-closed", owner, f"/leads/{closed.id}"),
            Shown("pool-new", owner, "/pools/new"),
            Shown("feedback-status", owner, f"/settings/conversion/statuses/{status.id}"),
            Shown("feedback-reason", owner, f"/settings/conversion/reasons/{reason.id}"),
            Shown("styleguide", owner, "/styleguide"),
            Shown("api-docs", None, "/api/docs"),
            Shown("api-forms", None, "/api/docs/forms"),
            *(Shown(f"{path[1:].replace('/', '-')}-empty", bare.owner, path) for path in EMPTY_THERE),
            Shown("dashboard-empty", bare.manager, "/dashboard"),
            *(Shown(f"leads-{each}-empty", bare.agent, f"/leads?bucket={each}") for each in BUCKETS),
        ],
    )


def make_rules(company: Company, pool: Pool) -> tuple[UUID, UUID]:
    """Two rules with conditions, neither of which takes the leads of other tests: by town, and by type and hours."""
    with company.inside():
        by_town = rules.make_rule(
            by=company.owner.user(),
            name="The south",
            conditions={"city": ["San Antonio", "Boerne"], "postcode": ["782*"], "tag": ["second quote"]},
            strictness={"postcode": "exact_or_empty"},
            pool_id=pool.id,
        )
        by_type = rules.make_rule(
            by=company.owner.user(),
            name="Chargers",
            conditions={"lead_type": ["EV charger"], "price": {"min": "2000", "max": "9000"}, "has_phone": True},
            pool_id=pool.id,
            paused=True,
        )
        return by_town.id, by_type.id


def also_works_in(company: Company, person: Person) -> None:
    """Somebody of one company is an agent of another, too."""
    with company.inside():
        columns = {"account_id": person.account_id, "name": person.name, "email": person.email}
        db.session.add(User(company_id=company.id, id=new_id(), roles=["agent"], **columns))
        db.session.commit()


def forms_that_came_back(app: APIFlask, scene: Scene) -> dict[str, Page]:
    """Pages that only a POST shows: forms with errors, and a key that was just made."""
    owner = sign_in(app, scene.company.owner)
    sent: dict[str, Callable[[], Page]] = {
        "login": lambda: Browser(app).open("/login").press("Sign in", status=422, email="a@b.example", password="x"),
        "person": lambda: owner.open("/people/new").press("Add", status=422, open_cap="many", roles=[]),
        "pool": lambda: owner.open("/pools/new").press("Make the pool", status=422, window="4", window_unit="seconds"),
        "company": lambda: owner.open("/settings/company").press("Save", status=422, country="nowhere"),
        "draft-rule": lambda: owner.open("/settings/draft/rules/1/edit").press(
            "Save in the draft", status=422, name="", price_min="a lot", hours_kind="these", monday="nine"
        ),
        "key": lambda: owner.open("/settings/keys").press("Make the key"),
    }
    return {name: send() for name, send in sent.items()}


def _first(company: Company, table: type) -> Any:
    with company.inside():
        row = db.session.scalars(db.select(table).order_by(table.id)).first()
        assert row is not None
        db.session.expunge(row)
        return row
