"""The rows of a lead that comes in: contact, numbers and addresses, source, the message itself."""

from __future__ import annotations

from uuid import UUID

from portal.models import ActorType, TimelineKind
from portal.operations.arrival import Arrival
from portal.operations.writes import Row, Writes
from portal.routing.facts import LeadFacts
from portal.routing.lead_tags import tags_held
from portal.routing.tags import normal_value


def lead_rows(arrival: Arrival, writes: Writes, facts: LeadFacts) -> Row:
    """Contact, lead, first touch and `created`; gives the lead's row, whose state the caller fills in.

    Args:
        facts: the lead as routing sees it, its id given.
    """
    message, lead_id = arrival.message, facts.id
    assert lead_id is not None
    row: Row = {
        "id": lead_id,
        "contact_id": contact_rows(arrival, writes, arrival.recognition.contact_id),
        "external_id": message.external_id,
        "source": message.source,
        "channel": message.channel,
        "lead_type": message.lead_type,
        "text": message.text,
        "language": message.language,
        "fields": message.fields,
        "location": message.location,
        "price": message.price,
        "tags_found": tag_rows(writes, facts),
        "flags": arrival.flags,
        "received_at": message.received_at,
        "created_at": writes.at,
        "last_activity_at": writes.at,
    }
    writes.add_row("leads", row)
    alias_row(arrival, writes, lead_id)
    touch_row(arrival, writes, lead_id)
    by_hand = arrival.by.type is ActorType.USER
    text = "Entered by hand." if by_hand else f"Came in from {message.source or message.channel}."
    writes.record(lead_id, TimelineKind.CREATED, arrival.by, text=text, after={"source": message.source})
    return row


def tag_rows(writes: Writes, facts: LeadFacts) -> list[str]:
    """The tags a lead keeps; those sent along that nobody has heard of yet are made."""
    known = {normal_value(tag.text) for tag in facts.found}
    for text in facts.tags:
        if (normal := normal_value(text)) not in known:
            writes.add("tags", text=text, normal=normal)
    return tags_held(facts.tags, facts.found)


def contact_rows(arrival: Arrival, writes: Writes, known: UUID | None) -> UUID:
    """The contact, if it is a new one, and its numbers and addresses that nobody is known by yet."""
    contact_id = known or writes.add("contacts", name=arrival.message.name)
    for point in arrival.points:
        # One that cannot be compared would be added again with every message: only a new contact gets it.
        if point.value is not None or known is None:
            writes.add(
                "contact_keys",
                contact_id=contact_id,
                kind=point.kind,
                raw=point.raw,
                value=point.value,
                extension=point.extension,
                doubtful=point.doubtful,
            )
    return contact_id


def alias_row(arrival: Arrival, writes: Writes, lead_id: UUID) -> None:
    """The sender's own id for the lead."""
    message = arrival.message
    if message.external_id:
        writes.add("lead_aliases", lead_id=lead_id, source=message.source or "", external_id=message.external_id)


def touch_row(arrival: Arrival, writes: Writes, lead_id: UUID) -> None:
    """The message itself, as it was sent; a source nobody has heard of yet is made."""
    message = arrival.message
    if message.source and not arrival.facts.source_exists:
        writes.add("sources", name=message.source)
    writes.add(
        "touches",
        lead_id=lead_id,
        channel=message.channel,
        source=message.source,
        text=message.text,
        payload=message.payload,
        at=writes.at,
    )
