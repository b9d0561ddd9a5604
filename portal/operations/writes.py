"""The rows one operation adds or changes, written in a single statement.

Intake, offers and expiry are the hot path: a round trip and a plan for each row would cost more than the rows. Rows
travel as JSON and become typed rows in the database. All parts of the statement see the snapshot from before it, so
no part may rest on what another writes: an offer is ended in a statement before the one that makes the next offer.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

import msgspec

from portal.models import Cause, TimelineKind, Visibility, WorkKind, new_id
from portal.models.lead import LEAD_STATE_COLUMNS
from portal.models.statements import rows
from portal.operations.actors import Actor
from portal.operations.announcing import announce, news_of

Row = dict[str, Any]


def _insert(table: str, columns: str, on_conflict: str = "") -> str:
    return (
        f"INSERT INTO {table} ({columns}) SELECT {columns} "
        f"FROM jsonb_populate_recordset(NULL::{table}, %({table})s::jsonb) {on_conflict}"
    )


_LEAD_COLUMNS = (
    "company_id, id, contact_id, external_id, source, channel, lead_type, text, language, fields, location, price, "
    "tags_found, flags, received_at, created_at, last_activity_at, " + ", ".join(LEAD_STATE_COLUMNS)
)

# A lead is its owner's team's. While nobody owns it, it is that of the rule that decided about it, or of the pool that
# looks after it, as is a new one whose owner has no team; and where none of them is of a team, it stays whose it was.
_BY_THE_RULES = """coalesce(
    (SELECT coalesce(r.to_team_id, r.team_id) FROM rules r WHERE r.company_id = c.company_id AND r.id = c.rule_id),
    (SELECT p.team_id FROM pools p WHERE p.company_id = c.company_id AND p.id = c.pool_id))"""
_BY_OWNER = "(SELECT u.team_id FROM users u WHERE u.company_id = c.company_id AND u.id = c.owner_id)"
_TEAM_OF_NEW = f"coalesce({_BY_OWNER}, {_BY_THE_RULES})"
_TEAM = f"coalesce({_BY_OWNER}, CASE WHEN c.owner_id IS NULL THEN {_BY_THE_RULES} END, l.team_id)"

# Part → its statement. What is not named here has a default in the database.
_PARTS: dict[str, str] = {
    "reassignments": _insert(
        "reassignments", "company_id, id, lead_id, pool_id, state, trigger, from_user_id, started_by, started_at"
    ),
    "sources": _insert("sources", "company_id, id, name", "ON CONFLICT DO NOTHING"),
    "tags": _insert("tags", "company_id, id, text, normal", "ON CONFLICT DO NOTHING"),
    "contacts": _insert("contacts", "company_id, id, name"),
    "contact_keys": _insert(
        "contact_keys", "company_id, id, contact_id, kind, raw, value, extension, doubtful", "ON CONFLICT DO NOTHING"
    ),
    "leads": f"""
        INSERT INTO leads ({_LEAD_COLUMNS}, team_id)
        SELECT {_LEAD_COLUMNS}, {_TEAM_OF_NEW}
        FROM jsonb_populate_recordset(NULL::leads, %(leads)s::jsonb) c
        RETURNING id, team_id""",
    "lead_aliases": _insert("lead_aliases", "company_id, id, lead_id, source, external_id"),
    "touches": _insert("touches", "company_id, id, lead_id, channel, source, text, payload, at"),
    "decisions": _insert(
        "decisions",
        "company_id, id, lead_id, pool_id, rule_id, stage, outcome, chosen, data, rule_set, actor, at, reassignment_id",
    ),
    "offers": _insert(
        "offers",
        "company_id, id, lead_id, user_id, pool_id, decision_id, state, kind, created_at, expires_at, reassignment_id",
    ),
    "timeline": _insert(
        "timeline",
        "company_id, id, lead_id, at, kind, actor_type, actor_id, actor_name, text, before, after, visibility, "
        "form_key",
    ),
    "ledger_entries": _insert(
        "ledger_entries",
        "company_id, id, pool_id, kind, credit, user_ids, entitled, received, lead_id, decision_id, offer_id, "
        "reverses_id, at",
    ),
    "due_work": _insert(
        "due_work",
        "company_id, id, kind, subject_id, group_id, due_at",
        # The fence tells whoever is at work on it that it was asked for once more meanwhile.
        "ON CONFLICT (company_id, kind, subject_id) DO UPDATE "
        "SET due_at = least(due_work.due_at, excluded.due_at), fence = due_work.fence + 1",
    ),
    # The address is the user's at this moment; a message that was said before is not said, nor sent, again.
    "messages": """
        INSERT INTO messages (company_id, id, user_id, cause, about, lead_id, offer_id, facts, created_at, "to")
        SELECT m.company_id, m.id, m.user_id, m.cause, m.about, m.lead_id, m.offer_id, m.facts, m.created_at, u.email
        FROM jsonb_populate_recordset(NULL::messages, %(messages)s::jsonb) m
        JOIN users u ON u.company_id = m.company_id AND u.id = m.user_id
        ON CONFLICT DO NOTHING
        RETURNING company_id, id, created_at""",
    "message_work": """
        INSERT INTO due_work (company_id, id, kind, subject_id, due_at)
        SELECT company_id, id, 'send_message', id, created_at FROM messages_part""",
    "lead_changes": f"""
        UPDATE leads l SET ({", ".join(LEAD_STATE_COLUMNS)}, last_activity_at, team_id)
            = ROW ({", ".join(f"c.{column}" for column in LEAD_STATE_COLUMNS)}, c.last_activity_at,
                   {_TEAM})
        FROM jsonb_populate_recordset(NULL::leads, %(lead_changes)s::jsonb) c
        WHERE l.company_id = c.company_id AND l.id = c.id
        RETURNING l.id, l.team_id""",
    "offers_opened": """
        UPDATE offers o SET state = 'open', pool_id = c.pool_id, expires_at = c.expires_at, decision_id = c.decision_id
        FROM jsonb_populate_recordset(NULL::offers, %(offers_opened)s::jsonb) c
        WHERE o.company_id = c.company_id AND o.id = c.id AND o.state = 'waiting'""",
    "ledger_changes": """
        UPDATE ledger_accounts a SET
            entitled = a.entitled + c.entitled, received = a.received + c.received,
            credit = a.credit + c.entitled - c.received, second_credit = a.second_credit + c.second_credit
        FROM jsonb_populate_recordset(NULL::ledger_accounts, %(ledger_changes)s::jsonb) c
        WHERE a.company_id = c.company_id AND a.pool_id = c.pool_id AND a.user_id = c.user_id""",
    "reassignments_ended": """
        UPDATE reassignments r
        SET state = c.state, to_user_id = c.to_user_id, ended_at = c.ended_at, reason = c.reason
        FROM jsonb_populate_recordset(NULL::reassignments, %(reassignments_ended)s::jsonb) c
        WHERE r.company_id = c.company_id AND r.id = c.id AND r.state = 'running'""",
    # Whose time to log a contact begins: see `operations.contact_timer`. Only where the pool sets one.
    "contact_work": """
        INSERT INTO due_work (company_id, id, kind, subject_id, group_id, due_at, created_at)
        SELECT c.company_id, c.id, 'contact', c.lead_id, p.id, c.at + make_interval(secs => p.contact_within), c.at
        FROM jsonb_to_recordset(%(contact_work)s::jsonb)
            AS c (company_id uuid, id uuid, lead_id uuid, pool_id uuid, since timestamptz, at timestamptz)
        JOIN pools p ON p.company_id = c.company_id AND p.id = c.pool_id
        WHERE p.contact_within IS NOT NULL AND p.deleted_at IS NULL AND NOT EXISTS (
            SELECT 1 FROM timeline t
            WHERE t.company_id = c.company_id AND t.lead_id = c.lead_id AND t.at >= c.since AND (
                t.kind = 'contact_attempt'
                OR (t.kind = 'conversion' AND t.after ->> 'contact_status' IN ('tried', 'contacted'))))
        ON CONFLICT (company_id, kind, subject_id) DO UPDATE SET group_id = excluded.group_id,
            due_at = excluded.due_at, created_at = excluded.created_at, fence = due_work.fence + 1""",
    "members_served": """
        UPDATE users u SET last_lead_at = c.last_lead_at
        FROM jsonb_populate_recordset(NULL::users, %(members_served)s::jsonb) c
        WHERE u.company_id = c.company_id AND u.id = c.id""",
    "answers": """
        UPDATE kept_answers k SET status = c.status, answer = c.answer
        FROM jsonb_populate_recordset(NULL::kept_answers, %(answers)s::jsonb) c
        WHERE k.company_id = c.company_id AND k.id = c.id""",
}


# Read while the leads' locks are held, so that it grows with every change of a lead.
_VERSION = "SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint"


# Whose each lead that is told of was, and is: all that see the snapshot from before, and what became of it.
_TEAMS_BEFORE = """
    SELECT l.id, l.team_id FROM leads l
    WHERE (l.company_id, l.id) IN (
        SELECT t.company_id, t.lead_id FROM jsonb_populate_recordset(NULL::timeline, %(timeline)s::jsonb) t)"""


@cache
def _statement(parts: tuple[str, ...]) -> str:
    listed = ", ".join(f"{part}_part AS ({_PARTS[part]})" for part in parts)
    teams = [f"SELECT id, team_id FROM {part}_part" for part in ("leads", "lead_changes") if part in parts]
    if "timeline" in parts and "leads" not in parts:
        teams.append(_TEAMS_BEFORE)
    told = f"(SELECT json_agg(json_build_array(id, team_id)) FROM ({' UNION '.join(teams)}) told)" if teams else "NULL"
    return f"WITH {listed} {_VERSION}, {told}"


class Writes:
    """Collects rows in the order they come to mind; `flush` writes them all at once.

    Args:
        company_id: the company entered in the session.
        at: the database's clock after the locks were taken.
    """

    def __init__(self, company_id: UUID, at: datetime) -> None:
        self.company_id = company_id
        self.at = at
        self._rows: defaultdict[str, list[Row]] = defaultdict(list)
        self._ledger: defaultdict[UUID, dict[UUID, list[int]]] = defaultdict(dict)
        self._served: dict[UUID, datetime] = {}
        self._work: dict[tuple[WorkKind, UUID], Row] = {}

    def add(self, part: str, **columns: Any) -> UUID:
        """One row for a table (or part); gives the id it will have."""
        made: UUID = columns.setdefault("id", new_id())
        self.add_row(part, columns)
        return made

    def add_row(self, part: str, row: Row) -> None:
        """A row the caller may go on filling in until the flush."""
        row["company_id"] = self.company_id
        self._rows[part].append(row)

    def ids_of(self, part: str) -> tuple[UUID, ...]:
        """The ids of the rows collected for a part so far."""
        return tuple(row["id"] for row in self._rows.get(part, ()))

    def record(
        self,
        lead_id: UUID,
        kind: TimelineKind,
        actor: Actor,
        *,
        text: str | None = None,
        before: Row | None = None,
        after: Row | None = None,
        visibility: Visibility = Visibility.EVERYONE,
        form_key: UUID | None = None,
    ) -> UUID:
        """A timeline entry; with it the lead's change is announced to open pages.

        Args:
            before, after: what changed. `owner_id` in `before` says who also has to be told of it, and `offer_id` with
                `user_id` (or `owner_id`) in `after` which offer changed with it.
            form_key: with it, one entry at most is ever written: see `operations.entries.key_of`.
        """
        return self.add(
            "timeline",
            lead_id=lead_id,
            at=self.at,
            kind=kind,
            actor_type=actor.type,
            actor_id=actor.id,
            actor_name=actor.name,
            text=text,
            before=before,
            after=after,
            visibility=visibility,
            form_key=form_key,
        )

    def say(
        self,
        cause: Cause,
        user_id: UUID,
        *,
        about: str,
        lead_id: UUID | None = None,
        offer_id: UUID | None = None,
        facts: Row | None = None,
    ) -> None:
        """A message to a user, and the work of sending it; said once per user, cause and `about`."""
        self.add(
            "messages",
            user_id=user_id,
            cause=cause,
            about=about,
            lead_id=lead_id,
            offer_id=offer_id,
            facts=facts or {},
            created_at=self.at,
        )

    def work(self, kind: WorkKind, subject_id: UUID, due_at: datetime, group_id: UUID | None = None) -> None:
        """Something that must happen at `due_at`; sooner, if it is planned for later already."""
        planned = self._work.get((kind, subject_id))
        if planned is not None:
            # One statement cannot change a row twice.
            planned["due_at"] = min(planned["due_at"], due_at)
            return
        row: Row = {
            "id": new_id(), "kind": kind, "subject_id": subject_id, "due_at": due_at, "group_id": group_id
        }  # fmt: skip
        self._work[kind, subject_id] = row
        self.add_row("due_work", row)

    def served(self, user_id: UUID, at: datetime) -> None:
        """When a user was given or offered a lead; the last one counts."""
        self._served[user_id] = at

    def credit(self, pool_id: UUID, user_id: UUID, *, entitled: int = 0, received: int = 0, second: int = 0) -> None:
        """A change of one member's ledger account, in nano-leads; several add up."""
        # A batch changes every account of a pool with every lead.
        changes = self._ledger[pool_id]
        if (change := changes.get(user_id)) is None:
            changes[user_id] = [entitled, received, second]
            return
        change[0] += entitled
        change[1] += received
        change[2] += second

    def flush(self) -> None:
        """Write everything collected so far, in one statement."""
        for pool_id, changes in self._ledger.items():
            for user_id, change in changes.items():
                if any(change):
                    amounts = zip(("entitled", "received", "second_credit"), change, strict=True)
                    self.add_row("ledger_changes", {"pool_id": pool_id, "user_id": user_id, **dict(amounts)})
        for user_id, at in self._served.items():
            self.add_row("members_served", {"id": user_id, "last_lead_at": at})
        self._ledger.clear()
        self._served.clear()
        self._work.clear()
        if not any(self._rows.values()):
            return
        parts = tuple(
            part for part in _PARTS if part in self._rows or (part == "message_work" and "messages" in self._rows)
        )
        parameters = {part: msgspec.json.encode(collected).decode() for part, collected in self._rows.items()}
        version, teams = rows(_statement(parts), parameters)[0]
        announce(self.company_id, news_of(self._rows, version, _by_lead(teams or ())))
        self._rows.clear()


def written(value: Row) -> msgspec.Raw:
    """What a column of JSON shall hold, in the form it travels in."""
    return msgspec.Raw(msgspec.json.encode(value))


def _by_lead(teams: Sequence[tuple[str, str | None]]) -> dict[UUID, set[UUID | None]]:
    found: defaultdict[UUID, set[UUID | None]] = defaultdict(set)
    for lead_id, team_id in teams:
        found[UUID(lead_id)].add(None if team_id is None else UUID(team_id))
    return found
