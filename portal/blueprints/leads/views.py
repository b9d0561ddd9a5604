"""The lead list and the lead page."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import Response, make_response, render_template, request, url_for
from flask.typing import ResponseReturnValue

from portal.blueprints.leads import vcard, wording
from portal.blueprints.leads.blueprint import blueprint
from portal.blueprints.leads.forms import Close
from portal.blueprints.leads.narrowing import NAMES, bucket_named, chips, filters_from
from portal.errors import NotFound
from portal.models import LeadState, User
from portal.permissions import Right, may
from portal.queries.choices import assignees, is_default_assignee, people_by_name, pools_by_name, source_names
from portal.queries.decisions import decisions
from portal.queries.lead_rows import LeadRow, rows_page
from portal.queries.leads import Bucket, LeadView, called_without_customer, lead_for, open_buckets
from portal.queries.timeline import entries_page, touches
from portal.routing.facts import WaitingFor
from portal.sign_in import current_company, signed_in, signed_in_user

TAGS_SHOWN = 3
ENTRIES_SHOWN = 50
TOUCHES_SHOWN = 20
DECISIONS_SHOWN = 20


class ShownRow(NamedTuple):
    """A row of the list in words."""

    href: str
    called: str
    badge: str
    tone: str
    needs_attention: bool
    lead_type: str
    source: str
    tags: str
    owner: str
    arrived: str
    arrived_exact: str
    active: str
    until: str | None


@blueprint.get("")
@signed_in
def list_leads() -> ResponseReturnValue:
    """A bucket, 50 rows at a time, narrowed by what the address says."""
    user, company = signed_in_user(), current_company()
    zone = ZoneInfo(company.time_zone)
    bucket = bucket_named(request.args.get("bucket"), default=_first_bucket(user))
    page, counts = rows_page(user, bucket, filters_from(request.args, zone), request.args.get("cursor"))
    now = datetime.now(UTC)
    kept = {name: request.args[name] for name in NAMES if request.args.get(name, "").strip()}
    here: dict[str, Any] = {"bucket": bucket.value, **kept}
    return render_template(
        "leads/list.html",
        bucket=bucket.value,
        tabs=[
            (name.value, wording.BUCKET_NAMES[name], str(count), f"/leads?bucket={name}")
            for name, count in counts.items()
        ],
        rows=[_shown(row, now, zone) for row in page.items],
        kept=kept,
        chips=chips(bucket, kept, _names_in(kept, user.company_id)),
        narrow_url=url_for("leads.narrow", **here),
        clear_url=f"/leads?bucket={bucket}",
        older_url=url_for("leads.list_leads", **here, cursor=page.next) if page.next else None,
        newest_url=url_for("leads.list_leads", **here) if request.args.get("cursor") else None,
        may_add=may_add(user),
        may_assign=may(user, Right.ASSIGN),
        can_see_any=bool(counts),
    )


@blueprint.get("/narrow")
@signed_in
def narrow() -> ResponseReturnValue:
    """A page of filters; its form leads back to the list."""
    company = current_company()
    bucket = bucket_named(request.args.get("bucket"), default=Bucket.UNASSIGNED)
    filters_from(request.args, ZoneInfo(company.time_zone))
    return render_template(
        "leads/narrow.html",
        bucket=bucket.value,
        bucket_name=wording.BUCKET_NAMES[bucket],
        given={name: request.args.get(name, "") for name in NAMES},
        states=[(state.value, wording.STATE_NAMES[state]) for state in LeadState],
        sources=[(name, name) for name in source_names(company.id)],
        people=people_by_name(company.id),
        pools=pools_by_name(company.id),
        clear_url=url_for("leads.list_leads", bucket=bucket.value),
    )


@blueprint.get("/<uuid:lead_id>")
@signed_in
def show_lead(lead_id: UUID) -> ResponseReturnValue:
    """Everything of one lead."""
    return page_of_lead(lead_for(signed_in_user(), lead_id), Close(formdata=None))


def page_of_lead(lead: LeadView, close_form: Close, status: int = 200) -> Response:
    """The lead page, with the close form as it stands after a try."""
    user, company = signed_in_user(), current_company()
    group = request.args.get("kind", "")
    kinds = wording.KIND_GROUPS[group][1] if group in wording.KIND_GROUPS else None
    shown = not lead.masked
    may_assign = may(user, Right.ASSIGN)
    timeline = entries_page(company.id, lead.id, kinds, request.args.get("cursor"), ENTRIES_SHOWN) if shown else None
    page = render_template(
        "leads/page.html",
        lead=lead,
        group=group,
        groups=[(key, name) for key, (name, _) in wording.KIND_GROUPS.items()],
        timeline=timeline,
        touches=touches(company.id, lead.id, TOUCHES_SHOWN) if shown else [],
        decisions=decisions(company.id, lead.id, DECISIONS_SHOWN) if shown else [],
        assignees=assignees(company.id) if may_assign else [],
        may_assign=may_assign,
        may_take=may_take(user, lead),
        may_close=shown,
        close_form=close_form,
        badge=wording.state_badge(lead.state, lead.waiting_for, lead.close_reason),
        words=wording,
        now=datetime.now(UTC),
        clock_zone=ZoneInfo(company.time_zone),
    )
    return make_response(page, status)


@blueprint.get("/<uuid:lead_id>/contact.vcf")
@signed_in
def contact_card(lead_id: UUID) -> ResponseReturnValue:
    """The customer as a card every phone's address book can read."""
    lead = lead_for(signed_in_user(), lead_id)
    if lead.contact is None:
        raise NotFound("The customer of this lead is not shown to you.")
    return vcard.download(lead.contact, lead.location)


def may_add(user: User) -> bool:
    """Who may type in leads by hand: those who hand them out, and those who get them."""
    return may(user, Right.ASSIGN) or may(user, Right.RECEIVE)


def may_take(user: User, lead: LeadView) -> bool:
    """Whether “take it myself” would work: for those who hand out, and for default assignees who were told."""
    if not may(user, Right.RECEIVE) or lead.owner_id == user.id or lead.state == LeadState.CLOSED:
        return False
    if may(user, Right.ASSIGN):
        return True
    return lead.waiting_for == WaitingFor.CATCH_ALL and is_default_assignee(user, lead.pool_id)


def _first_bucket(user: User) -> Bucket:
    """Where the list opens: at what is to be handed out for those who hand out, else at one's own leads."""
    buckets = open_buckets(user)
    if may(user, Right.ASSIGN) or Bucket.MINE not in buckets:
        return next(iter(buckets), Bucket.MINE)
    return Bucket.MINE


def _names_in(kept: dict[str, str], company_id: UUID) -> dict[str, str]:
    """Names for the ids among the filters; read only when there are any."""
    named: dict[str, str] = {}
    if "owner" in kept:
        named |= {str(each): name for each, name in people_by_name(company_id)}
    if "pool" in kept:
        named |= {str(each): name for each, name in pools_by_name(company_id)}
    return named


def _shown(row: LeadRow, now: datetime, zone: ZoneInfo) -> ShownRow:
    badge, tone = wording.state_badge(row.state, row.waiting_for, row.close_reason)
    more = len(row.tags_found) - TAGS_SHOWN
    return ShownRow(
        f"/leads/{row.id}",
        row.called or (called_without_customer(row.lead_type, row.city) if row.masked else "No name given"),
        badge,
        tone,
        row.needs_attention,
        row.lead_type or "",
        row.source or "",
        ", ".join(row.tags_found[:TAGS_SHOWN]) + (f" and {more} more" if more > 0 else ""),
        row.owner_name or "",
        wording.ago(row.arrived_at, now),
        wording.exact(row.arrived_at, zone),
        wording.ago(row.last_activity_at, now),
        wording.hour(row.offer_until, zone) if row.offer_until else None,
    )
