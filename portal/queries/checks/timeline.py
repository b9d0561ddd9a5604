"""Every change has its entry (rule 7)."""

from __future__ import annotations

from portal.queries.checks.question import Question

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
