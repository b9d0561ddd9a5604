"""A lead's way through routing, told in sentences: what `portal explain` prints."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select

from portal.extensions import db
from portal.models import TimelineItem, TimelineKind
from portal.models.tenancy import working_company
from portal.queries.decisions import decisions

MOST_DECISIONS = 200
# They decide nothing, and are not for everybody.
_WORDS_OF_PEOPLE = (TimelineKind.COMMENT, TimelineKind.MEMO)


def story_of(lead_id: UUID) -> list[dict[str, str]]:
    """Everything that decided about a lead, oldest first: `at` (RFC 3339), `who`, `text`.

    A routing decision is followed by its whole reasoning. Empty when the company entered has no such lead.
    """
    told = {str(decision.id): decision.sentences for decision in decisions(working_company(), lead_id, MOST_DECISIONS)}
    items = db.session.scalars(
        select(TimelineItem)
        .where(
            TimelineItem.company_id == working_company(),
            TimelineItem.lead_id == lead_id,
            TimelineItem.kind.not_in(_WORDS_OF_PEOPLE),
        )
        .order_by(TimelineItem.id)
    )
    story = []
    for item in items:
        line = {"at": item.at.isoformat(timespec="seconds"), "who": item.actor_name}
        reasoning = told.get((item.after or {}).get("decision_id", ""), ())
        said = item.text or item.kind
        story += [{**line, "text": text} for text in (said, *(one for one in reasoning if one != said))]
    return story
