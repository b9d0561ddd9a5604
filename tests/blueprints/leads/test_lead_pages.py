"""The list and the lead page: what they show to whom, and what people do there, by real forms."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from apiflask import APIFlask
from sqlalchemy import select, text

from portal import models
from portal.extensions import db
from tests.cast import Company, Person
from tests.factories import make_contact, make_lead, make_offer, make_pool, make_user
from tests.page import sign_in


def lead_row(company: Company, lead_id: UUID) -> Any:
    with company.inside():
        return db.session.execute(select(*models.Lead.__table__.c).where(models.Lead.id == lead_id)).one()


def everything(company: Company) -> list[Any]:
    with company.inside():
        return [
            sorted(map(str, db.session.execute(text(f"SELECT to_jsonb(t) FROM {table} t")).scalars()))
            for table in ("leads", "offers", "timeline", "messages", "ledger_accounts")
        ]


def test_signed_out_people_are_shown_the_way_in(app: APIFlask, company: Company) -> None:
    lead = make_lead(company)
    for address in ("/leads", f"/leads/{lead.id}", "/leads/new"):
        response = app.test_client().get(address)
        assert response.status_code == 303
        assert response.location.startswith("/login?next=")


def test_the_lead_page_shows_contact_timeline_and_reasons(app: APIFlask, company: Company) -> None:
    make_pool(company, [company.agent], delivery="assign")
    page = sign_in(app, company.owner).open("/leads/new")
    page = page.press("Add this lead", name="Edgar Ash", phone="415 555 0123", text="Damp cellar", source="Fair")
    assert page.h1 == "Edgar Ash"
    for known in ("+14155550123", "Damp cellar", company.agent.name, "next in turn", "Came in"):
        assert known in page.words
    assert "tel:+14155550123" in page.links
    assert [link for link in page.dead_links() if link.startswith("/leads")] == []
    handouts = page.browser.open(f"{page.address}?kind=handout")
    assert f"{company.agent.name} is next in turn" in handouts.words
    state = page.browser.open(f"{page.address}?kind=state")
    assert "Nothing of this kind has happened yet" in state.words


def test_a_new_lead_can_be_kept_or_given(app: APIFlask, company: Company) -> None:
    make_pool(company, [company.agent], delivery="assign")
    browser = sign_in(app, company.manager)
    kept = browser.open("/leads/new").press("Add this lead", name="Kit Kept", hand_out="keep")
    assert "Nobody yet" in kept.words
    given = browser.open("/leads/new").press(
        "Add this lead", name="Gil Given", hand_out="give", assignee=company.colleague.id
    )
    assert f"{company.colleague.name} since" in given.words


def test_a_new_lead_needs_something_to_keep(app: APIFlask, company: Company) -> None:
    before = everything(company)
    page = sign_in(app, company.manager).open("/leads/new").press("Add this lead", status=422)
    assert "Give a name, a phone number" in page.error_of("name")
    page = page.press("Add this lead", status=422, name="Gil", hand_out="give")
    assert "Choose who gets it" in page.error_of("assignee")
    assert everything(company) == before


def test_a_known_customer_is_recognised(app: APIFlask, company: Company) -> None:
    browser = sign_in(app, company.manager)
    first = browser.open("/leads/new").press("Add this lead", name="Edgar", phone="4155550123", hand_out="keep")
    again = browser.open("/leads/new").press("Add this lead", phone="+1 415 555 0123", text="Me again", hand_out="keep")
    assert again.address == first.address
    assert "Me again" in again.words


def test_assigning_and_unassigning_by_the_menu(app: APIFlask, company: Company) -> None:
    lead = make_lead(company)
    page = sign_in(app, company.manager).open(f"/leads/{lead.id}").press("Assign", user_id=company.agent.id)
    assert f"{company.agent.name} owns it now" in page.words
    assert lead_row(company, lead.id).owner_id == company.agent.id
    page = page.press("Unassign")
    assert "Nobody owns it now" in page.words
    assert lead_row(company, lead.id).waiting_for == "person"
    with company.inside():
        causes = db.session.execute(select(models.Message.cause).order_by(models.Message.id)).scalars().all()
    assert causes == ["assigned", "reassigned_away"]


def test_assigning_needs_somebody_chosen_and_says_so_on_the_lead_page(app: APIFlask, company: Company) -> None:
    lead = make_lead(company)
    page = sign_in(app, company.manager).open(f"/leads/{lead.id}").press("Assign")
    assert "Choose who gets the lead" in page.words
    assert lead_row(company, lead.id).owner_id is None
    page = page.press("Assign", user_id=company.agent.id)
    assert f"{company.agent.name} owns it now" in page.words


def test_assigning_to_somebody_who_has_left_meanwhile_is_said_on_the_lead_page(app: APIFlask, company: Company) -> None:
    lead, leaver = make_lead(company), make_user(company, "Lou Leaver")
    page = sign_in(app, company.manager).open(f"/leads/{lead.id}")
    with company.inside():
        db.session.execute(text("UPDATE users SET active = false WHERE id = :id"), {"id": leaver.id})
        db.session.commit()
    page = page.press("Assign", user_id=leaver.id)
    assert page.root.findall(".//div[@role='status']") != []
    assert page.form(f"/leads/{lead.id}/assign")
    assert lead_row(company, lead.id).owner_id is None


@pytest.mark.parametrize("act", ["assign", "take", "route", "close", "reopen"])
def test_the_address_of_an_act_leads_back_to_its_lead(app: APIFlask, company: Company, act: str) -> None:
    lead = make_lead(company)
    before = everything(company)
    response = sign_in(app, company.manager).client.get(f"/leads/{lead.id}/{act}")
    assert (response.status_code, response.location) == (303, f"/leads/{lead.id}")
    assert everything(company) == before


def test_the_way_back_to_the_list_is_named_as_one_would_say_it(app: APIFlask, company: Company) -> None:
    lead = make_lead(company, company.agent)
    assert "My leads" in sign_in(app, company.agent).open(f"/leads/{lead.id}").words
    assert "Assigned leads" in sign_in(app, company.owner).open(f"/leads/{lead.id}").words


def test_the_menu_offers_active_receivers_with_load_and_absence(app: APIFlask, company: Company) -> None:
    make_lead(company, company.agent)
    make_user(company, "Away Abe", available=False, open_cap=5)
    make_user(company, "Gone Gus", active=False)
    lead = make_lead(company)
    page = sign_in(app, company.manager).open(f"/leads/{lead.id}")
    options = [option.text for option in page.root.findall(".//select[@id='user_id']/option")]
    assert f"{company.agent.name} (1 open)" in options
    assert "Away Abe (0 open of 5, away)" in options
    assert not any("Gone Gus" in (option or "") for option in options)
    assert not any(company.manager.name in (option or "") for option in options)


def test_taking_a_lead_oneself(app: APIFlask, company: Company) -> None:
    both = make_user(company, "Bo Both", roles=["manager", "agent"])
    lead = make_lead(company, company.agent)
    page = sign_in(app, both).open(f"/leads/{lead.id}").press("Take it myself")
    assert "This lead is yours now" in page.words
    assert lead_row(company, lead.id).owner_id == both.id


def test_a_default_assignee_takes_a_lead_that_waits_for_them(app: APIFlask, company: Company) -> None:
    pool = make_pool(company, [], defaults=[company.agent], default_mode="tell")
    lead = make_lead(company, waiting_for="catch_all", alarmed_at=datetime.now(UTC), pool_id=pool.id)
    assert not any(
        form.action.endswith("/take") for form in sign_in(app, company.colleague).open(f"/leads/{lead.id}").forms
    )
    page = sign_in(app, company.agent).open(f"/leads/{lead.id}").press("Take it myself")
    assert "This lead is yours now" in page.words
    assert lead_row(company, lead.id).owner_id == company.agent.id


def test_routing_again_by_hand(app: APIFlask, company: Company) -> None:
    lead = make_lead(company)
    make_pool(company, [company.agent], delivery="assign")
    page = sign_in(app, company.manager).open(f"/leads/{lead.id}").press("Hand out by the rules")
    assert lead_row(company, lead.id).owner_id == company.agent.id
    assert company.agent.name in page.words


def test_closing_asks_for_a_reason_and_reopening_gives_it_back(app: APIFlask, company: Company) -> None:
    lead = make_lead(company, company.agent)
    page = sign_in(app, company.agent).open(f"/leads/{lead.id}")
    refused = page.press("Close this lead", status=422)
    assert "Choose a reason" in refused.error_of("reason")
    refused = refused.press("Close this lead", status=422, reason="other")
    assert "Say in a few words" in refused.error_of("close-note")
    closed = refused.press("Close this lead", reason="won", note="Signed on Monday")
    assert "Signed on Monday" in closed.words
    assert lead_row(company, lead.id).close_reason == "won"
    opened = closed.press("Reopen this lead")
    assert lead_row(company, lead.id).state == "owned"
    assert "Open again" in opened.words


ACTS = {
    "assign": {"user_id": "nobody"},
    "take": {},
    "route": {},
    "close": {"reason": "won"},
    "reopen": {},
}


@pytest.mark.parametrize("act", ["assign", "take", "route"])
def test_who_may_not_hand_out_sees_no_control_and_is_refused(app: APIFlask, company: Company, act: str) -> None:
    lead = make_lead(company)
    browser = sign_in(app, company.agent)
    page = browser.open(f"/leads/{lead.id}")
    assert not any(form.action.endswith(act) for form in page.forms)
    before = everything(company)
    token = page.form(f"/leads/{lead.id}/close").fields["csrf_token"]
    fields = {**ACTS[act], "csrf_token": token, "user_id": str(company.agent.id)}
    assert browser.client.post(f"/leads/{lead.id}/{act}", data=fields).status_code == 403
    assert everything(company) == before


@pytest.mark.parametrize("act", ACTS)
def test_a_lead_of_another_company_cannot_be_seen_or_changed(
    app: APIFlask, company: Company, stranger: Person, act: str
) -> None:
    lead = make_lead(company, company.agent)
    browser = sign_in(app, stranger)
    before = everything(company)
    token = browser.open("/leads/new").form("/leads/new").fields["csrf_token"]
    assert browser.client.post(f"/leads/{lead.id}/{act}", data={**ACTS[act], "csrf_token": token}).status_code == 404
    assert browser.client.get(f"/leads/{lead.id}").status_code == 404
    assert browser.client.get(f"/leads/{lead.id}/contact.vcf").status_code == 404
    assert everything(company) == before


@pytest.mark.parametrize("act", ACTS)
def test_a_post_without_the_forms_token_changes_nothing(app: APIFlask, company: Company, act: str) -> None:
    lead = make_lead(company)
    before = everything(company)
    response = sign_in(app, company.owner).client.post(f"/leads/{lead.id}/{act}", data=ACTS[act])
    assert 400 <= response.status_code < 500
    assert everything(company) == before


def test_closing_takes_an_agent_back_to_their_list_when_the_lead_leaves_their_sight(
    app: APIFlask, company: Company
) -> None:
    narrow = make_user(company, "Nina Narrow", lead_access=["mine"], roles=["agent"])
    manager = make_user(company, "Max Manager", roles=["manager"])
    lead = make_lead(company, narrow)
    page = sign_in(app, manager).open(f"/leads/{lead.id}").press("Assign", user_id=company.agent.id)
    assert page.h1 != "Leads"
    assert sign_in(app, narrow).client.get(f"/leads/{lead.id}").status_code == 404


def test_the_customers_words_are_text(app: APIFlask, company: Company) -> None:
    nasty = "<script>alert(1)</script>"
    lead = make_lead(
        company,
        company.agent,
        contact=make_contact(company, nasty, email="a&b@x.example"),
        text=nasty,
        tags_found=[nasty],
        lead_type=nasty,
        source=nasty,
        fields={nasty: nasty},
        location={"address": nasty, "city": '"><b>'},
    )
    browser = sign_in(app, company.agent)
    for address in ("/leads?bucket=mine", f"/leads/{lead.id}"):
        assert "<script>alert" not in browser.open(address).html


def test_a_user_without_any_bucket_is_told_so(app: APIFlask, company: Company) -> None:
    blind = make_user(company, "Bea Blind", roles=["editor"], lead_access=[])
    assert "No leads are shown to you" in sign_in(app, blind).open("/leads").words


SECRETS = ("Wanda", "5550199", "555-0199", "hidden.example", "Quiet Row", "LS1", "CRM-77", "slate", "Ring me")


@pytest.fixture
def hidden(company: Company) -> models.Lead:
    """Wanda's lead, on offer to somebody."""
    contact = make_contact(company, "Wanda Hidden", phone="+14155550199", email="wanda@hidden.example")
    lead = make_lead(
        company,
        contact=contact,
        text="Ring me about solar",
        external_id="CRM-77",
        lead_type="Roofing",
        fields={"roof": "slate"},
        location={"city": "Leeds", "postcode": "LS1 4AP", "address": "7 Quiet Row"},
    )
    make_offer(company, lead, company.agent, make_pool(company, [company.agent]))
    return lead


def set_state(company: Company, lead: models.Lead, state: str, owner: Person | None) -> None:
    shapes: dict[str, dict[str, Any]] = {
        "offering": {},
        "waiting": {"state": "unassigned", "waiting_for": "person"},
        "owned": {"state": "owned", "owner_id": owner and owner.id},
        "closed": {
            "state": "closed",
            "owner_id": owner and owner.id,
            "closed_at": datetime.now(UTC),
            "close_reason": "won",
        },
    }
    if shapes[state]:
        with company.inside():
            db.session.execute(models.Lead.__table__.update().where(models.Lead.id == lead.id).values(shapes[state]))
            db.session.commit()


@pytest.mark.parametrize("state", ["offering", "waiting", "owned", "closed"])
@pytest.mark.parametrize("viewer", ["owner", "manager", "agent", "colleague", "editor", "trusted"])
def test_the_customer_is_shown_to_nobody_but_the_owner_and_managers(
    app: APIFlask, company: Company, hidden: models.Lead, state: str, viewer: str
) -> None:
    set_state(company, hidden, state, company.colleague)
    person = {
        "editor": lambda: make_user(company, "Ed Editor", roles=["editor"]),
        "trusted": lambda: make_user(company, "Tia Trusted", roles=["trusted_employee"]),
    }.get(viewer, lambda: getattr(company, viewer))()
    shown = viewer in ("owner", "manager") or (viewer == "colleague" and state in ("owned", "closed"))
    bucket = {"offering": "unassigned", "waiting": "unassigned", "closed": "closed"}.get(
        state, "mine" if viewer == "colleague" else "assigned"
    )
    browser = sign_in(app, person)
    surfaces = [
        f"/leads?bucket={bucket}",
        f"/leads?bucket={bucket}&q=Wanda",
        f"/leads?bucket={bucket}&q=415+555+0199",
        f"/leads/{hidden.id}",
        f"/leads/{hidden.id}?kind=customer",
        f"/leads/{hidden.id}/contact.vcf",
    ]
    for address in surfaces:
        response = browser.client.get(address)
        told = response.text + str([(k, v) for k, v in response.headers if k != "X-Request-Id"])
        told = told.replace('value="Wanda"', "").replace('value="415 555 0199"', "").replace("q=Wanda", "")
        found = [secret for secret in SECRETS if secret in told.replace(str(hidden.id), "")]
        if shown:
            assert found, f"{viewer} should see the customer at {address}"
        else:
            assert not found, f"{viewer} sees {found} at {address}"
    if not shown:
        assert browser.client.get(surfaces[-1]).status_code == 404
        page = browser.open(f"/leads/{hidden.id}")
        assert page.h1 == "Roofing in Leeds"
        assert not any(form.action.startswith("/leads") for form in page.forms)
