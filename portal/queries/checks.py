"""What always holds, as questions to the database: each answers with the rows that break it, so with nothing.

Rules are numbered as in the product's list: 1 no lead lost or doubled, 2 one owner, 3 one exclusive offer, 4 nothing
nowhere, 5 no offer past its end, 6 the ledger adds up, 7 every change has its entry, 8 every message has its cause,
9 companies apart, 10 only people decide.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple
from uuid import UUID

from portal.extensions import db


class Question(NamedTuple):
    """A rule, what a row found says about its subject, and the statement that finds them (one column: the subject).

    Statements may use %(company)s; those about time also %(late_by)s, in seconds.
    """

    rule: int
    finding: str
    statement: str


LEADS = (
    Question(
        1,
        "a lead with an external id that does not lead back to it",
        """
        SELECT l.id FROM leads l
        WHERE l.company_id = %(company)s AND l.external_id IS NOT NULL AND NOT EXISTS (
            SELECT 1 FROM lead_aliases a
            WHERE a.company_id = l.company_id AND a.lead_id = l.id AND a.external_id = l.external_id)""",
    ),
    Question(
        1,
        "a kept answer that names a lead nobody has",
        """
        SELECT k.id FROM kept_answers k
        WHERE k.company_id = %(company)s AND k.status < 300 AND k.answer ? 'routing' AND NOT EXISTS (
            SELECT 1 FROM leads l WHERE l.company_id = k.company_id AND l.id::text = k.answer ->> 'id')""",
    ),
    Question(
        1,
        "two answers of “new” for one lead",
        """
        SELECT k.answer ->> 'id' FROM kept_answers k
        WHERE k.company_id = %(company)s AND k.status = 201 AND k.answer ? 'routing'
        GROUP BY 1 HAVING count(*) > 1""",
    ),
    Question(
        1,
        "a lead without the message it began with",
        """
        SELECT l.id FROM leads l
        WHERE l.company_id = %(company)s AND NOT EXISTS (
            SELECT 1 FROM touches t WHERE t.company_id = l.company_id AND t.lead_id = l.id)""",
    ),
    Question(
        2,
        "an owner who is no user of the company",
        """
        SELECT l.id FROM leads l
        WHERE l.company_id = %(company)s AND l.owner_id IS NOT NULL AND NOT EXISTS (
            SELECT 1 FROM users u WHERE u.company_id = l.company_id AND u.id = l.owner_id)""",
    ),
    Question(
        2,
        "a lead whose owner and state contradict each other",
        """
        SELECT l.id FROM leads l
        WHERE l.company_id = %(company)s
          AND ((l.state = 'owned' AND l.owner_id IS NULL)
               OR (l.state NOT IN ('owned', 'closed') AND l.owner_id IS NOT NULL))""",
    ),
    Question(
        4,
        "a lead on offer that nobody has an open offer of",
        """
        SELECT l.id FROM leads l
        WHERE l.company_id = %(company)s AND l.state = 'offering' AND NOT EXISTS (
            SELECT 1 FROM offers o WHERE o.company_id = l.company_id AND o.lead_id = l.id AND o.state = 'open')""",
    ),
    Question(
        4,
        "a lead that waits without saying for what, or says so without waiting",
        """
        SELECT l.id FROM leads l
        WHERE l.company_id = %(company)s AND (l.state = 'unassigned') <> (l.waiting_for IS NOT NULL)""",
    ),
    Question(
        4,
        "a waiting lead whose alarm is missing or raised in vain",
        """
        SELECT l.id FROM leads l
        WHERE l.company_id = %(company)s
          AND coalesce(l.waiting_for IN ('routing', 'catch_all'), false) <> (l.alarmed_at IS NOT NULL)""",
    ),
    Question(
        4,
        "a held lead without a time or a reason",
        """
        SELECT l.id FROM leads l
        WHERE l.company_id = %(company)s AND l.state = 'held' AND l.held_until IS NULL AND l.held_reason IS NULL""",
    ),
)

OFFERS = (
    Question(
        3,
        "a lead with two exclusive offers open",
        """
        SELECT o.lead_id FROM offers o
        WHERE o.company_id = %(company)s AND o.state = 'open' AND o.kind IN ('exclusive', 'second_chance')
        GROUP BY 1 HAVING count(*) > 1""",
    ),
    Question(
        3,
        "an open offer of a lead that is not on offer",
        """
        SELECT o.id FROM offers o JOIN leads l ON l.company_id = o.company_id AND l.id = o.lead_id
        WHERE o.company_id = %(company)s AND o.state = 'open' AND l.state <> 'offering'""",
    ),
    Question(
        3,
        "a place in line for a lead that is owned or closed",
        """
        SELECT o.id FROM offers o JOIN leads l ON l.company_id = o.company_id AND l.id = o.lead_id
        WHERE o.company_id = %(company)s AND o.state = 'waiting' AND l.state IN ('owned', 'closed')""",
    ),
    Question(
        3,
        "an offer of somebody who is no longer active",
        """
        SELECT o.id FROM offers o JOIN users u ON u.company_id = o.company_id AND u.id = o.user_id
        WHERE o.company_id = %(company)s AND o.state IN ('open', 'waiting') AND NOT u.active""",
    ),
    Question(
        5,
        "an open offer nobody will end: its work is missing, late or another pool's",
        """
        SELECT o.id FROM offers o
        WHERE o.company_id = %(company)s AND o.state = 'open' AND NOT EXISTS (
            SELECT 1 FROM due_work w
            WHERE w.company_id = o.company_id AND w.kind = 'end_offer' AND w.subject_id = o.id
              AND w.group_id = o.pool_id AND w.due_at <= o.expires_at)""",
    ),
)

PAST_THEIR_END = Question(
    5,
    "an offer that is open past its end",
    """
    SELECT o.id FROM offers o
    WHERE o.company_id = %(company)s AND o.state = 'open'
      AND o.expires_at < clock_timestamp() - make_interval(secs => %(late_by)s)""",
)

# The changes an entry makes, one row for each member it names.
_CHANGES = """
    SELECT e.id, e.pool_id, e.credit, e.kind, e.at, c.user_id, c.entitled, c.received
    FROM ledger_entries e, unnest(e.user_ids, e.entitled, e.received) AS c (user_id, entitled, received)
    WHERE e.company_id = %(company)s"""

LEDGER = (
    Question(
        6,
        "a pool whose turn credits do not sum to zero",
        "SELECT pool_id FROM ledger_accounts WHERE company_id = %(company)s GROUP BY 1 HAVING sum(credit) <> 0",
    ),
    Question(
        6,
        "a pool whose second-choice credits do not sum to zero",
        "SELECT pool_id FROM ledger_accounts WHERE company_id = %(company)s GROUP BY 1 HAVING sum(second_credit) <> 0",
    ),
    Question(
        6,
        "a ledger entry that does not sum to zero",
        f"""
        SELECT c.id FROM ({_CHANGES}) c GROUP BY c.id HAVING sum(c.entitled) <> sum(c.received)""",
    ),
    Question(
        6,
        "a ledger entry with lists of different lengths",
        """
        SELECT e.id FROM ledger_entries e
        WHERE e.company_id = %(company)s
          AND (cardinality(e.user_ids) <> cardinality(e.entitled)
               OR cardinality(e.user_ids) <> cardinality(e.received))""",
    ),
    Question(
        6,
        "an account whose credits are not what its entries come to",
        f"""
        SELECT a.id FROM ledger_accounts a
        LEFT JOIN ({_CHANGES}) c ON c.pool_id = a.pool_id AND c.user_id = a.user_id
        WHERE a.company_id = %(company)s
        GROUP BY a.company_id, a.id
        HAVING a.credit <> coalesce(sum(c.entitled - c.received) FILTER (WHERE c.credit = 'turn'), 0)
            OR a.second_credit <> coalesce(sum(c.entitled - c.received) FILTER (WHERE c.credit = 'second'), 0)""",
    ),
    Question(
        6,
        "an account that counts other leads than its entries since its member joined",
        f"""
        WITH changes AS ({_CHANGES}), joined AS (
            SELECT pool_id, user_id, max(at) AS at FROM changes WHERE kind = 'join' GROUP BY 1, 2
        )
        SELECT a.id FROM ledger_accounts a
        LEFT JOIN joined j ON j.pool_id = a.pool_id AND j.user_id = a.user_id
        LEFT JOIN changes c ON c.pool_id = a.pool_id AND c.user_id = a.user_id AND c.credit = 'turn'
            AND c.at >= coalesce(j.at, '-infinity')
        WHERE a.company_id = %(company)s
        GROUP BY a.company_id, a.id
        HAVING a.entitled <> coalesce(sum(c.entitled), 0) OR a.received <> coalesce(sum(c.received), 0)""",
    ),
    Question(
        6,
        "a credit left to somebody who is no member any more",
        f"""
        SELECT c.user_id FROM ({_CHANGES}) c
        WHERE NOT EXISTS (
            SELECT 1 FROM ledger_accounts a
            WHERE a.company_id = %(company)s AND a.pool_id = c.pool_id AND a.user_id = c.user_id)
        GROUP BY c.pool_id, c.user_id, c.credit HAVING sum(c.entitled) <> sum(c.received)""",
    ),
    Question(
        6,
        "a member without an account",
        """
        SELECT m.id FROM pool_members m
        WHERE m.company_id = %(company)s AND NOT EXISTS (
            SELECT 1 FROM ledger_accounts a
            WHERE a.company_id = m.company_id AND a.pool_id = m.pool_id AND a.user_id = m.user_id)""",
    ),
    Question(
        6,
        "an account without a member",
        """
        SELECT a.id FROM ledger_accounts a
        WHERE a.company_id = %(company)s AND NOT EXISTS (
            SELECT 1 FROM pool_members m
            WHERE m.company_id = a.company_id AND m.pool_id = a.pool_id AND m.user_id = a.user_id)""",
    ),
    Question(
        6,
        "a withdrawn offer whose turn was not given back",
        """
        SELECT o.id FROM offers o
        JOIN ledger_entries e ON e.company_id = o.company_id AND e.offer_id = o.id AND e.kind = 'step'
        WHERE o.company_id = %(company)s AND o.state = 'withdrawn' AND NOT EXISTS (
            SELECT 1 FROM ledger_entries r WHERE r.company_id = e.company_id AND r.reverses_id = e.id)""",
    ),
    Question(
        6,
        "an offer that cost two turns",
        """
        SELECT e.offer_id FROM ledger_entries e
        WHERE e.company_id = %(company)s AND e.kind = 'step' AND e.offer_id IS NOT NULL
        GROUP BY 1 HAVING count(*) > 1""",
    ),
)

# Entries that say who owns the lead from then on.
_OWNERS = """
    SELECT t.lead_id, t.id, t.before ->> 'owner_id' AS before, t.after ->> 'owner_id' AS after,
           lag(t.after ->> 'owner_id') OVER told AS told_before, row_number() OVER told AS place,
           row_number() OVER (PARTITION BY t.lead_id ORDER BY t.id DESC) AS place_from_end
    FROM timeline t
    WHERE t.company_id = %(company)s AND t.kind IN ('accepted', 'assigned', 'unassigned', 'reopened')
    WINDOW told AS (PARTITION BY t.lead_id ORDER BY t.id)"""

TIMELINE = (
    Question(
        7,
        "a lead whose beginning is told more or less than once",
        """
        SELECT l.id FROM leads l
        LEFT JOIN timeline t ON t.company_id = l.company_id AND t.lead_id = l.id AND t.kind = 'created'
        WHERE l.company_id = %(company)s GROUP BY l.company_id, l.id HAVING count(t.id) <> 1""",
    ),
    Question(
        7,
        "an offer whose end is told more or less than once",
        """
        SELECT o.id FROM offers o
        LEFT JOIN timeline t ON t.company_id = o.company_id AND t.lead_id = o.lead_id
            AND t.kind IN ('accepted', 'declined', 'missed', 'withdrawn') AND t.after ->> 'offer_id' = o.id::text
        WHERE o.company_id = %(company)s
        GROUP BY o.company_id, o.id, o.state
        HAVING count(t.id) <> (o.state NOT IN ('open', 'waiting'))::int
            OR count(t.id) FILTER (WHERE t.kind <> o.state) > 0""",
    ),
    Question(
        7,
        "an offer whose beginning is told more or less than once",
        """
        SELECT o.id FROM offers o
        LEFT JOIN timeline t ON t.company_id = o.company_id AND t.lead_id = o.lead_id
            AND t.kind = 'offered' AND t.after ->> 'offer_id' = o.id::text
        WHERE o.company_id = %(company)s
        GROUP BY o.company_id, o.id, o.expires_at
        HAVING count(t.id) <> (o.expires_at IS NOT NULL)::int""",
    ),
    Question(
        7,
        "an owner the timeline does not tell of",
        f"""
        SELECT l.id FROM leads l LEFT JOIN ({_OWNERS}) t ON t.lead_id = l.id AND t.place_from_end = 1
        WHERE l.company_id = %(company)s AND t.after IS DISTINCT FROM l.owner_id::text""",
    ),
    Question(
        7,
        "an entry that begins with another owner than the one before it ended with",
        f"SELECT t.id FROM ({_OWNERS}) t WHERE t.before IS DISTINCT FROM t.told_before",
    ),
    # A lead entered by hand and kept for a person has nothing to tell but its beginning.
    Question(
        7,
        "a state the timeline does not tell of",
        """
        SELECT l.id FROM leads l
        LEFT JOIN LATERAL (
            SELECT t.after ->> 'state' AS state FROM timeline t
            WHERE t.company_id = l.company_id AND t.lead_id = l.id AND t.after ? 'state'
            ORDER BY t.id DESC LIMIT 1
        ) told ON true
        WHERE l.company_id = %(company)s AND coalesce(told.state, 'unassigned') <> l.state""",
    ),
)

# What a lead's feedback holds, one row a column, and what the newest entry that changed the column left there.
_FEEDBACK = """
    SELECT c.lead_id, held.name, held.value, told.value AS told, told.value IS NOT NULL OR told.known AS is_told
    FROM conversions c
    CROSS JOIN LATERAL jsonb_each_text(
        to_jsonb(c) - '{company_id,lead_id,changed_by,changed_at}'::text[]) AS held (name, value)
    LEFT JOIN LATERAL (
        SELECT t.after ->> held.name AS value, true AS known FROM timeline t
        WHERE t.company_id = c.company_id AND t.lead_id = c.lead_id
          AND t.kind IN ('conversion', 'contact_attempt') AND t.after ? 'version' AND t.after ? held.name
        ORDER BY (t.after ->> 'version')::int DESC LIMIT 1
    ) told ON true
    WHERE c.company_id = %(company)s"""

CONVERSIONS = (
    Question(
        7,
        "feedback on a lead that is not what its entries come to",
        # Until something is said of them, the contact status and the status stand where every lead begins.
        f"""
        SELECT f.lead_id FROM ({_FEEDBACK}) f
        WHERE CASE WHEN f.is_told THEN f.told IS DISTINCT FROM f.value
                   WHEN f.name = 'contact_status' THEN f.value <> 'not_contacted'
                   WHEN f.name = 'status_id' THEN false
                   ELSE f.value IS NOT NULL END""",
    ),
    Question(
        7,
        "feedback whose changes are told more or less often than there were",
        """
        SELECT c.lead_id FROM conversions c
        LEFT JOIN timeline t ON t.company_id = c.company_id AND t.lead_id = c.lead_id
            AND t.kind IN ('conversion', 'contact_attempt') AND t.after ? 'version'
        WHERE c.company_id = %(company)s
        GROUP BY c.lead_id, c.version
        HAVING count(t.id) <> c.version OR count(DISTINCT t.after ->> 'version') <> c.version""",
    ),
    Question(
        7,
        "a change of feedback told of a lead that has none",
        """
        SELECT t.id FROM timeline t
        WHERE t.company_id = %(company)s AND t.kind IN ('conversion', 'contact_attempt') AND t.after ? 'version'
          AND NOT EXISTS (
            SELECT 1 FROM conversions c WHERE c.company_id = t.company_id AND c.lead_id = t.lead_id)""",
    ),
    Question(
        7,
        "a lost lead without a reason, or a reason without a loss",
        """
        SELECT c.lead_id FROM conversions c
        JOIN conversion_statuses s ON s.company_id = c.company_id AND s.id = c.status_id
        WHERE c.company_id = %(company)s AND (s.status_group = 'lost') <> (c.lost_reason_id IS NOT NULL)""",
    ),
    Question(
        7,
        "a value or a day of winning on a lead that is not won",
        """
        SELECT c.lead_id FROM conversions c
        JOIN conversion_statuses s ON s.company_id = c.company_id AND s.id = c.status_id
        WHERE c.company_id = %(company)s AND s.status_group <> 'won'
          AND (c.actual_value IS NOT NULL OR c.won_on IS NOT NULL)""",
    ),
    Question(
        7,
        "a group without a conversion status in use",
        """
        SELECT g.name FROM (VALUES ('in_progress'), ('won'), ('lost')) AS g (name)
        WHERE NOT EXISTS (
            SELECT 1 FROM conversion_statuses s
            WHERE s.company_id = %(company)s AND s.active AND s.status_group = g.name)""",
    ),
    Question(
        7,
        "an entry written anew that is no comment or memo, or too late",
        """
        SELECT e.entry_id FROM entry_edits e
        JOIN timeline t ON t.company_id = e.company_id AND t.id = e.entry_id
        WHERE e.company_id = %(company)s
          AND (t.kind NOT IN ('comment', 'memo') OR e.at > t.at + interval '15 minutes 5 seconds')""",
    ),
)

MESSAGES = (
    Question(
        8,
        "a message about a comment that is not there, or that its writer got",
        """
        SELECT m.id FROM messages m
        WHERE m.company_id = %(company)s AND m.cause IN ('comment', 'mention') AND NOT EXISTS (
            SELECT 1 FROM timeline t
            WHERE t.company_id = m.company_id AND t.lead_id = m.lead_id AND t.id::text = m.about
              AND t.kind = 'comment' AND t.actor_id <> m.user_id)""",
    ),
    Question(
        8,
        "a message whose cause is not there",
        """
        SELECT m.id FROM messages m
        WHERE m.company_id = %(company)s AND m.cause <> 'account'
          AND NOT EXISTS (SELECT 1 FROM offers o WHERE o.company_id = m.company_id AND o.id::text = m.about)
          AND NOT EXISTS (SELECT 1 FROM timeline t WHERE t.company_id = m.company_id AND t.id::text = m.about)
          AND NOT EXISTS (SELECT 1 FROM decisions d WHERE d.company_id = m.company_id AND d.id::text = m.about)
          AND NOT EXISTS (SELECT 1 FROM leads l WHERE l.company_id = m.company_id AND l.id::text = m.about)""",
    ),
    Question(
        8,
        "somebody who was told the same twice",
        """
        SELECT min(m.id::text) FROM messages m
        WHERE m.company_id = %(company)s
        GROUP BY m.user_id, m.cause, m.about, m.channel HAVING count(*) > 1""",
    ),
    Question(
        8,
        "an offer its agent was never told of",
        """
        SELECT o.id FROM offers o
        WHERE o.company_id = %(company)s AND o.expires_at IS NOT NULL AND NOT EXISTS (
            SELECT 1 FROM messages m
            WHERE m.company_id = o.company_id AND m.offer_id = o.id AND m.cause = 'offer'
              AND m.user_id = o.user_id)""",
    ),
    Question(
        8,
        "work on something that is not there",
        """
        SELECT w.id FROM due_work w
        WHERE w.company_id = %(company)s
          AND ((w.kind = 'end_offer' AND NOT EXISTS (
                    SELECT 1 FROM offers o WHERE o.company_id = w.company_id AND o.id = w.subject_id))
               OR (w.kind = 'send_message' AND NOT EXISTS (
                    SELECT 1 FROM messages m WHERE m.company_id = w.company_id AND m.id = w.subject_id)))""",
    ),
)

UNSENT = Question(
    8,
    "a pending message nobody will send",
    """
    SELECT m.id FROM messages m
    WHERE m.company_id = %(company)s AND m.state = 'pending' AND NOT EXISTS (
        SELECT 1 FROM due_work w
        WHERE w.company_id = m.company_id AND w.kind = 'send_message' AND w.subject_id = m.id)""",
)

APART = (
    Question(
        9,
        "somebody with a role of the company's own that is not there, or with other rights than it gives",
        """
        SELECT u.id FROM users u
        WHERE u.company_id = %(company)s AND (
            EXISTS (
                SELECT 1 FROM unnest(u.roles) held (role)
                WHERE held.role NOT IN ('owner', 'admin', 'editor', 'manager', 'trusted_employee', 'agent')
                  AND NOT EXISTS (
                    SELECT 1 FROM roles r WHERE r.company_id = u.company_id AND r.id::text = held.role))
            OR u.own_grants IS DISTINCT FROM ARRAY(
                SELECT DISTINCT granted FROM roles r, unnest(r.grants) granted
                WHERE r.company_id = u.company_id AND r.id::text = ANY (u.roles) ORDER BY granted))""",
    ),
    Question(
        9,
        "an open lead that is of another team than its owner",
        """
        SELECT l.id FROM leads l JOIN users u ON u.company_id = l.company_id AND u.id = l.owner_id
        WHERE l.company_id = %(company)s AND l.state = 'owned' AND u.team_id <> l.team_id""",
    ),
    Question(
        9,
        "a decision that chose somebody who is no user of the company",
        """
        SELECT d.id FROM decisions d, unnest(d.chosen) AS chosen (user_id)
        WHERE d.company_id = %(company)s AND NOT EXISTS (
            SELECT 1 FROM users u WHERE u.company_id = d.company_id AND u.id = chosen.user_id)""",
    ),
    Question(
        9,
        "a ledger entry that names somebody who is no user of the company",
        """
        SELECT e.id FROM ledger_entries e, unnest(e.user_ids) AS named (user_id)
        WHERE e.company_id = %(company)s AND NOT EXISTS (
            SELECT 1 FROM users u WHERE u.company_id = e.company_id AND u.id = named.user_id)""",
    ),
    Question(
        7,
        "a lead that names a decision about another lead, or none",
        """
        SELECT l.id FROM leads l
        WHERE l.company_id = %(company)s AND l.decision_id IS NOT NULL AND NOT EXISTS (
            SELECT 1 FROM decisions d
            WHERE d.company_id = l.company_id AND d.id = l.decision_id AND d.lead_id = l.id)""",
    ),
    Question(
        10,
        "an offer that was accepted or declined by somebody else than its agent",
        """
        SELECT o.id FROM offers o
        JOIN timeline t ON t.company_id = o.company_id AND t.lead_id = o.lead_id
            AND t.kind IN ('accepted', 'declined') AND t.after ->> 'offer_id' = o.id::text
        WHERE o.company_id = %(company)s
          AND (t.actor_type <> 'user' OR t.actor_id IS DISTINCT FROM o.user_id)""",
    ),
)

ALWAYS = (*LEADS, *OFFERS, *LEDGER, *TIMELINE, *CONVERSIONS, *MESSAGES, *APART)

# Not about one company: a table whose rows the application could read without naming one.
_UNGUARDED = """
    SELECT c.relname FROM pg_class c
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'company_id' AND NOT a.attisdropped
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r'
      AND NOT (c.relrowsecurity AND c.relforcerowsecurity)
    ORDER BY 1"""
_UNBOUND = "SELECT rolname FROM pg_roles WHERE rolname = current_user AND (rolbypassrls OR rolsuper)"


def subjects(question: Question, company_id: UUID, *, late_by: float = 0) -> Sequence[str]:
    """What breaks this rule in the company entered, in a steady order; nothing where it holds."""
    rows = _rows(question.statement, {"company": company_id, "late_by": late_by})
    return sorted({str(row[0]) for row in rows})


def tables_without_row_security() -> Sequence[str]:
    """Which tables of companies' rows would show them to anybody?"""
    return [row[0] for row in _rows(_UNGUARDED, {})]


def roles_above_row_security() -> Sequence[str]:
    """Which role does the application run as, if row-level security does not bind it?"""
    return [row[0] for row in _rows(_UNBOUND, {})]


def _rows(statement: str, parameters: dict[str, Any]) -> Sequence[Any]:
    return db.session.connection().exec_driver_sql(statement, parameters).all()
