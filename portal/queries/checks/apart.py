"""Companies apart, everybody within their reach, and only people decide (rules 7, 9, 10)."""

from __future__ import annotations

from portal.queries.checks.question import Question

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
