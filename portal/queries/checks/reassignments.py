"""Reassignments: the owner stays until one ends, and no owner is forgotten who logs no contact (rules 2 to 4, 7)."""

from __future__ import annotations

from portal.queries.checks.question import Question

_LOGGED = """EXISTS (
            SELECT 1 FROM timeline t
            WHERE t.company_id = l.company_id AND t.lead_id = l.id AND t.at >= l.assigned_at AND (
                t.kind = 'contact_attempt'
                OR (t.kind = 'conversion' AND t.after ->> 'contact_status' IN ('tried', 'contacted'))))"""

_RUNS = """EXISTS (
            SELECT 1 FROM reassignments r
            WHERE r.company_id = l.company_id AND r.lead_id = l.id AND r.state = 'running')"""

REASSIGNMENTS = (
    Question(
        2,
        "a running reassignment of a lead that is not owned by the one it is taken from",
        """
        SELECT r.id FROM reassignments r JOIN leads l ON l.company_id = r.company_id AND l.id = r.lead_id
        WHERE r.company_id = %(company)s AND r.state = 'running'
          AND (l.state <> 'owned' OR l.owner_id <> r.from_user_id)""",
    ),
    Question(
        4,
        "a running reassignment in which nobody is asked",
        """
        SELECT r.id FROM reassignments r JOIN pools p ON p.company_id = r.company_id AND p.id = r.pool_id
        WHERE r.company_id = %(company)s AND r.state = 'running' AND p.delivery <> 'pond' AND NOT EXISTS (
            SELECT 1 FROM offers o
            WHERE o.company_id = r.company_id AND o.reassignment_id = r.id AND o.state = 'open')""",
    ),
    Question(
        4,
        "a running reassignment in a pool that is no more",
        """
        SELECT r.id FROM reassignments r JOIN pools p ON p.company_id = r.company_id AND p.id = r.pool_id
        WHERE r.company_id = %(company)s AND r.state = 'running' AND p.deleted_at IS NOT NULL""",
    ),
    Question(
        7,
        "a reassignment whose beginning or end is told more or less than once",
        """
        SELECT r.id FROM reassignments r
        LEFT JOIN timeline t ON t.company_id = r.company_id AND t.lead_id = r.lead_id
            AND t.kind IN ('reassignment_started', 'reassignment_ended')
            AND t.after ->> 'reassignment_id' = r.id::text
        WHERE r.company_id = %(company)s
        GROUP BY r.company_id, r.id, r.state
        HAVING count(t.id) FILTER (WHERE t.kind = 'reassignment_started') <> 1
            OR count(t.id) FILTER (WHERE t.kind = 'reassignment_ended') <> (r.state <> 'running')::int""",
    ),
    Question(
        4,
        "a lead whose owner is watched in vain: nobody owns it, it is being reassigned, or its pool sets no time",
        f"""
        SELECT w.subject_id FROM due_work w
        JOIN leads l ON l.company_id = w.company_id AND l.id = w.subject_id
        LEFT JOIN pools p ON p.company_id = l.company_id AND p.id = l.pool_id AND p.deleted_at IS NULL
        WHERE w.company_id = %(company)s AND w.kind = 'contact'
          AND (l.state <> 'owned' OR w.group_id IS DISTINCT FROM l.pool_id OR p.contact_within IS NULL OR {_RUNS})""",
    ),
    Question(
        4,
        "an owner who logged no contact and is not watched, though the lead's pool sets a time",
        f"""
        SELECT l.id FROM leads l
        JOIN pools p ON p.company_id = l.company_id AND p.id = l.pool_id AND p.deleted_at IS NULL
        WHERE l.company_id = %(company)s AND l.state = 'owned' AND p.contact_within IS NOT NULL
          AND NOT {_LOGGED} AND NOT {_RUNS} AND NOT EXISTS (
            SELECT 1 FROM due_work w
            WHERE w.company_id = l.company_id AND w.kind = 'contact' AND w.subject_id = l.id)""",
    ),
)
