"""The lead list: buckets, search, filters; and the page of filters."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import Response, redirect, render_template, request
from flask.typing import ResponseReturnValue

from portal import htmx
from portal.blueprints.csv_answers import csv_answer
from portal.blueprints.leads import rows, wording
from portal.blueprints.leads.blueprint import blueprint
from portal.blueprints.leads.exporting import EXPORTED, exported
from portal.blueprints.leads.narrowing import (
    NAMES,
    address,
    bucket_named,
    chips,
    filters_from,
    given_in,
    state_chips,
    tabs,
)
from portal.blueprints.leads.views import may_add
from portal.models import LeadState, User
from portal.permissions import Right, may
from portal.queries.buckets import Bucket, Looking
from portal.queries.choices import people_by_name, pools_by_name, source_names
from portal.queries.lead_rows import row_for, rows_page
from portal.sign_in import (
    current_company,
    right_required,
    signed_in,
    signed_in_to_read,
    signed_in_user,
    signed_in_viewer,
)


@blueprint.get("")
@signed_in_to_read
def list_leads() -> ResponseReturnValue:
    """A bucket, 50 rows at a time, narrowed by what the address says."""
    viewer = signed_in_viewer()
    user = viewer.as_user
    looking = Looking.of(user)
    zone = ZoneInfo(viewer.company.time_zone)
    # A plain dict: a look into Werkzeug's for something that is not there costs an exception.
    asked = request.args.to_dict()
    bucket = bucket_named(asked.get("bucket"), default=_first_bucket(user, looking))
    cursor = asked.get("cursor")
    shown = rows_page(user, bucket, filters_from(asked, zone), cursor, looking=looking)
    given = given_in(asked)
    head = rows.head(
        bucket.value,
        tuple(tabs(shown.counts, given)),
        tuple(given.items()),
        tuple(state_chips(bucket, given, shown.states)),
        tuple(chips(bucket, given, _names_in(given, viewer.company_id))),
        address(bucket, given, at="/leads/narrow"),
        address(bucket),
    )
    return htmx.render(
        "leads/list.html",
        "part",
        bucket=bucket.value,
        bucket_name=wording.BUCKET_NAMES[bucket],
        head=head,
        rows=rows.body(shown.page.items, datetime.now(UTC), zone),
        given=given,
        clear_url=address(bucket),
        older_url=address(bucket, given, cursor=shown.page.next) if shown.page.next else None,
        newest_url=address(bucket, given) if cursor else None,
        sees_unassigned=Bucket.UNASSIGNED in looking.buckets,
        may_add=may_add(user),
        hand_out_url=address(bucket, given, at="/leads/hand-out")
        if bucket == Bucket.UNASSIGNED and may(user, Right.ASSIGN)
        else None,
        export_url=address(bucket, given, at="/leads/export.csv") if may(user, Right.EXPORT) else None,
        can_see_any=bool(shown.counts),
    )


@blueprint.get("/export.csv")
@right_required(Right.EXPORT)
def export() -> Response:
    """The leads of a bucket as a file, narrowed as the list is; of masked ones only what the list shows."""
    user, zone = signed_in_user(), ZoneInfo(current_company().time_zone)
    bucket = bucket_named(request.args.get("bucket"), default=Bucket.MINE)
    filters = filters_from(request.args, zone)
    return csv_answer(f"leads-{bucket.value}.csv", EXPORTED, user, lambda viewer: exported(viewer, bucket, filters))


@blueprint.get("/<uuid:lead_id>/row")
@signed_in_to_read
def show_row(lead_id: UUID) -> ResponseReturnValue:
    """The row of one lead as it is now, for a page that shows it; a person who comes here is shown the lead."""
    viewer = signed_in_viewer()
    row = row_for(viewer.as_user, lead_id)
    if not htmx.is_part():
        return redirect(f"/leads/{lead_id}", code=303)
    return str(rows.body([row], datetime.now(UTC), ZoneInfo(viewer.company.time_zone)))


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
        clear_url=address(bucket),
        back_url=address(bucket, given_in(request.args)),
        words=wording,
    )


def _first_bucket(user: User, looking: Looking) -> Bucket:
    """Where the list opens: at what is to be handed out for those who hand out, else at one's own leads."""
    buckets = looking.buckets
    if may(user, Right.ASSIGN) or Bucket.MINE not in buckets:
        return next(iter(buckets), Bucket.MINE)
    return Bucket.MINE


def _names_in(given: Mapping[str, Any], company_id: UUID) -> dict[str, str]:
    """Names for the ids among the filters; read only when there are any."""
    named: dict[str, str] = {}
    if "owner" in given:
        named |= {str(each): name for each, name in people_by_name(company_id)}
    if "pool" in given:
        named |= {str(each): name for each, name in pools_by_name(company_id)}
    return named
