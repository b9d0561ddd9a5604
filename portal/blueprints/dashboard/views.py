"""What needs somebody now, and how the last days went."""

from __future__ import annotations

from typing import NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import render_template, url_for
from flask.typing import ResponseReturnValue

from portal.blueprints.dashboard.blueprint import blueprint
from portal.blueprints.dashboard.wording import day_in_words, time_in_words
from portal.blueprints.distribution.now import sentence_now
from portal.blueprints.leads.narrowing import NEEDS_NAMES
from portal.charts import bars
from portal.errors import Forbidden
from portal.models import LeadState
from portal.permissions import has_dashboard
from portal.queries.buckets import Bucket
from portal.queries.dashboard import (
    DAYS_SHOWN,
    leads_a_day,
    on_offer_now,
    open_per_person,
    time_to_accept,
    what_needs_somebody,
)
from portal.queries.leads import Needs
from portal.sign_in import current_company, signed_in, signed_in_user

WEEK = 7
# Days named below the chart: as many as a phone has room for.
LABELS = 5


class Want(NamedTuple):
    """Leads that want somebody for one reason: how many, why, and the list of them."""

    number: str
    words: str
    url: str
    tone: str


# In which bucket such leads are, and how loudly that is said.
_WHERE = {
    Needs.HANDING_OUT: (Bucket.UNASSIGNED, "bad"),
    Needs.CATCH_ALL: (Bucket.UNASSIGNED, "bad"),
    Needs.ATTENTION: (Bucket.ASSIGNED, "warn"),
}


@blueprint.get("")
@signed_in
def page() -> ResponseReturnValue:
    """The figures, each leading to the leads it counts."""
    viewer, zone = signed_in_user(), ZoneInfo(current_company().time_zone)
    if not has_dashboard(viewer):
        raise Forbidden("The dashboard is for those who look after the leads of others.")
    days = leads_a_day(viewer, zone)
    return render_template(
        "dashboard/page.html",
        now=sentence_now(),
        wants=[_want(need, str(count)) for need, count in what_needs_somebody(viewer).items() if count.value],
        on_offer=str(on_offer_now(viewer)),
        on_offer_url=url_for("leads.list_leads", bucket=Bucket.UNASSIGNED.value, status=LeadState.OFFERING.value),
        today=days[-1][1],
        week=sum(count for _, count in days[-WEEK:]),
        accepted_in=time_in_words(median) if (median := time_to_accept(viewer)) is not None else None,
        chart=bars([(day_in_words(day), count) for day, count in days], labels=LABELS),
        has_leads=any(count for _, count in days),
        days_shown=DAYS_SHOWN,
        people=[(person, _leads_of(person.user_id)) for person in open_per_person(viewer)],
    )


def _want(need: Needs, number: str) -> Want:
    bucket, tone = _WHERE[need]
    return Want(number, NEEDS_NAMES[need], url_for("leads.list_leads", bucket=bucket.value, needs=need.value), tone)


def _leads_of(user_id: UUID) -> str:
    bucket = Bucket.MINE if user_id == signed_in_user().id else Bucket.ASSIGNED
    return url_for("leads.list_leads", bucket=bucket.value, owner=user_id)
