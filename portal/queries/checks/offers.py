"""Offers: one exclusive one a lead, none past its end (rules 3, 5)."""

from __future__ import annotations

from portal.queries.checks.question import Question

_IN_A_REASSIGNMENT = """EXISTS (
            SELECT 1 FROM reassignments r
            WHERE r.company_id = o.company_id AND r.id = o.reassignment_id AND r.lead_id = o.lead_id
              AND r.pool_id = o.pool_id AND r.state = 'running')"""

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
        "an open offer of a lead that is neither on offer nor being reassigned",
        f"""
        SELECT o.id FROM offers o JOIN leads l ON l.company_id = o.company_id AND l.id = o.lead_id
        WHERE o.company_id = %(company)s AND o.state = 'open' AND (
            (l.state <> 'offering' AND NOT (l.state = 'owned' AND {_IN_A_REASSIGNMENT}))
            OR (l.state = 'offering' AND o.reassignment_id IS NOT NULL))""",
    ),
    Question(
        3,
        "a place in line for a lead that is closed, or owned and not being reassigned",
        f"""
        SELECT o.id FROM offers o JOIN leads l ON l.company_id = o.company_id AND l.id = o.lead_id
        WHERE o.company_id = %(company)s AND o.state = 'waiting' AND (
            l.state = 'closed' OR (l.state = 'owned' AND NOT {_IN_A_REASSIGNMENT}))""",
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
