"""What would happen to a lead, were it to come in now. Nothing changes."""

from __future__ import annotations

from typing import Any

from portal.operations.arrival import Arriving
from portal.operations.keeping_back import stop_for
from portal.operations.placing import placed
from portal.queries.across import KeyHolder
from portal.queries.setup import setup_of
from portal.queries.what_if import decision_now
from portal.routing.decision import Decision
from portal.routing.facts import LeadFacts


def preview(arriving: Arriving, *, holder: KeyHolder) -> Decision:
    """The decision a new lead like this would get, as things stand.

    Unlocked: by the time a lead does come in, turns may have been played. Somebody named, or who had the contact's
    last lead, is not looked at: this is what routing says.
    """
    return decision_now(holder.company_id, _facts(arriving, holder))


def kept_back(arriving: Arriving, *, holder: KeyHolder) -> str | None:
    """Why a new lead like this would be kept in quarantine or held before it is handed out; None = it would not be."""
    points, setup = arriving.points(holder.country), setup_of(holder.company_id)
    stopped = stop_for(setup, points, _facts(arriving, holder))
    return None if stopped is None else stopped.why


def _facts(arriving: Arriving, holder: KeyHolder) -> LeadFacts:
    arriving = placed(arriving, holder.country)
    return arriving.facts(arriving.points(holder.country), None, setup_of(holder.company_id).tagger)


def first_and_then(decision: Decision) -> tuple[Decision, list[Decision]]:
    """The first pool's decision, and the steps of the ladder that follow it."""
    first, *then = decision.stages
    return first, then


def as_answer(decision: Decision) -> dict[str, Any]:
    """The first pool's decision with the ladder's steps under `then`, each as `routing.explain.as_data` tells it."""
    first, then = first_and_then(decision)
    return first.as_data() | {"then": [step.as_data() for step in then]}
