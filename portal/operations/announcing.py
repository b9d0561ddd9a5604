"""What open pages are told, taken from the rows an operation writes: so no operation has to think of it.

Every change of a lead has its timeline entry, and entries about an offer name it and its agent.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeAlias
from uuid import UUID

from flask import current_app

from portal.extensions import db
from portal.live.announcer import Announcer
from portal.live.news import LeadNews, News, OfferNews
from portal.models import Cause, Lead
from portal.models.tenancy import working_company
from portal.operations.transaction import after_commit

Row = dict[str, Any]
Teams: TypeAlias = Mapping[UUID, Collection[UUID | None]]


def news_of(rows: Mapping[str, Sequence[Row]], version: int, teams: Teams) -> list[News]:
    """The leads and offers that changed, each once.

    Args:
        rows: by part, as `Writes` collects them.
        version: of all these changes.
        teams: by lead, whose it was and is.
    """
    entries = rows.get("timeline", ())
    return [*_offers(entries, version), *_leads(rows, entries, version, teams)]


def announce(company_id: UUID, news: list[News]) -> None:
    """Tell open pages once the running operation is committed; nobody when it is rolled back."""
    announcer: Announcer | None = current_app.extensions.get("announcer")
    if news and announcer is not None:
        after_commit(lambda: announcer.announce(company_id, news))


def announce_lead(lead: Lead, at: datetime) -> None:
    """Tell open pages of a lead that changed without an entry of its own: something on it was written anew.

    Args:
        at: when, by the database's clock.
    """
    announce(lead.company_id, [LeadNews(lead.id, int(at.timestamp() * 1_000_000), (lead.owner_id,), (lead.team_id,))])


def _offers(entries: Sequence[Row], version: int) -> list[News]:
    agents: dict[UUID, UUID] = {}
    for entry in entries:
        after = entry["after"]
        if after and "offer_id" in after:
            agents[after["offer_id"]] = after.get("user_id") or after["owner_id"]
    return [OfferNews(offer_id, version, agent) for offer_id, agent in agents.items()]


def _leads(
    rows: Mapping[str, Sequence[Row]],
    entries: Sequence[Row],
    version: int,
    teams: Teams,
) -> list[News]:
    new = {row["id"] for row in rows.get("leads", ())}
    now = {row["id"]: row["owner_id"] for part in ("leads", "lead_changes") for row in rows.get(part, ())}
    called = _called(rows.get("messages", ()))
    owners: dict[UUID, set[UUID | None]] = {}
    for entry in entries:
        lead_id, before = entry["lead_id"], entry["before"]
        if lead_id not in owners:
            owners[lead_id] = {now[lead_id] if lead_id in now else _owner_of(lead_id)}
        if before and "owner_id" in before and lead_id not in new:
            owners[lead_id].add(before["owner_id"])
    return [
        LeadNews(lead_id, version, tuple(found), tuple(teams.get(lead_id, (None,))), tuple(called[lead_id]))
        for lead_id, found in owners.items()
    ]


def _called(said: Sequence[Row]) -> Mapping[UUID, Sequence[UUID]]:
    """By lead, the default assignees who are told with this change that it waits for them."""
    called: defaultdict[UUID, list[UUID]] = defaultdict(list)
    for row in said:
        if row["cause"] == Cause.CATCH_ALL:
            called[row["lead_id"]].append(row["user_id"])
    return called


def _owner_of(lead_id: UUID) -> UUID | None:
    """From the session, which holds every lead that is locked and not written here."""
    lead = db.session.get(Lead, (working_company(), lead_id))
    return lead.owner_id if lead is not None else None
