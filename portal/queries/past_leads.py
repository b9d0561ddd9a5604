"""Leads of days gone by as a replay plays them: what they were, who answered how, and who was away."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from portal.models import statements
from portal.queries import routing_facts
from portal.queries.setup import Setup
from portal.routing import gates
from portal.routing.facts import Asked
from portal.routing.replay import PastLead

AT_ONCE = 1_000

# Routed at all: whom somebody named, or who wrote again, was never handed out, even if it was reassigned later.
_CAME_IN = """
    FROM leads l
    WHERE l.company_id = %(company)s AND l.created_at >= %(since)s AND l.created_at < %(until)s AND l.id > %(after)s
      AND EXISTS (SELECT 1 FROM decisions d WHERE d.company_id = l.company_id AND d.lead_id = l.id
                  AND d.reassignment_id IS NULL)"""

_PAGE = f"SELECT l.id, l.created_at {_CAME_IN} ORDER BY l.id LIMIT %(limit)s"

_COUNT = f"SELECT count(*) {_CAME_IN}"

# One who took it in the end did not leave it.
_ANSWERS = """
    SELECT o.lead_id, o.user_id, bool_or(o.state = 'declined') FROM offers o
    WHERE o.company_id = %(company)s AND o.lead_id = ANY (%(leads)s) AND o.reassignment_id IS NULL
    GROUP BY o.lead_id, o.user_id
    HAVING bool_or(o.state IN ('declined', 'missed')) AND NOT bool_or(o.state = 'accepted')"""

# What was noted when it came in: later decisions are about a later moment.
_AWAY = """
    SELECT f.lead_id, (c ->> 'user_id')::uuid, c ->> 'gate'
    FROM (SELECT DISTINCT ON (d.lead_id) d.lead_id, d.data FROM decisions d
          WHERE d.company_id = %(company)s AND d.lead_id = ANY (%(leads)s) AND d.reassignment_id IS NULL
          ORDER BY d.lead_id, d.id) f,
         jsonb_array_elements(f.data -> 'candidates') c
    WHERE c ->> 'gate' = ANY (%(gates)s)"""


# What a pool lets its members have in a time is counted anew.
_NOTED = gates.AWAY - {gates.pool_caps.__name__}


def count_past_leads(company_id: UUID, since: datetime, until: datetime) -> int:
    """How many routed leads came in from `since` on and before `until`."""
    ((count,),) = statements.rows(_COUNT, _period(company_id, since, until))
    return int(count)


def past_leads(company_id: UUID, since: datetime, until: datetime, setup: Setup) -> Iterator[list[PastLead]]:
    """The same leads in the order they came, a page at a time.

    Args:
        setup: says what the tags found in them are worth.
    """
    parameters = _period(company_id, since, until) | {"limit": AT_ONCE}
    while page := statements.rows(_PAGE, parameters):
        yield _as_they_came(company_id, page, setup)
        parameters["after"] = page[-1][0]


def _period(company_id: UUID, since: datetime, until: datetime) -> dict[str, Any]:
    return {"company": company_id, "since": since, "until": until, "after": UUID(int=0)}


def _as_they_came(company_id: UUID, page: Sequence[Any], setup: Setup) -> list[PastLead]:
    ids = [lead_id for lead_id, _ in page]
    facts = routing_facts.stored_leads(company_id, ids, setup.tagger)
    about: dict[str, Any] = {"company": company_id, "leads": ids}
    answers: dict[UUID, dict[UUID, Asked]] = {lead_id: {} for lead_id in ids}
    for lead_id, user_id, declined in statements.rows(_ANSWERS, about):
        answers[lead_id][user_id] = Asked.DECLINED if declined else Asked.MISSED
    away: dict[UUID, set[UUID]] = {lead_id: set() for lead_id in ids}
    full: dict[UUID, set[UUID]] = {lead_id: set() for lead_id in ids}
    for lead_id, user_id, gate in statements.rows(_AWAY, about | {"gates": list(_NOTED)}):
        (full if gate in gates.CAPPED else away)[lead_id].add(user_id)
    return [
        PastLead(facts[lead_id][0], at, answers[lead_id], frozenset(away[lead_id]), frozenset(full[lead_id]))
        for lead_id, at in page
    ]
