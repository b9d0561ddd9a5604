"""Leads: none lost, none owned twice, none nowhere (rules 1, 2, 4)."""

from __future__ import annotations

from portal.queries.checks.question import Question

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
        WHERE l.company_id = %(company)s
          AND ((l.state = 'held') <> (l.held_reason IS NOT NULL)
               OR coalesce(l.held_reason = 'opening_hours', false) <> (l.held_until IS NOT NULL))""",
    ),
    Question(
        4,
        "a held lead that nothing and nobody will let go",
        """
        SELECT l.id FROM leads l JOIN companies c ON c.id = l.company_id
        WHERE l.company_id = %(company)s AND l.state = 'held' AND NOT c.manual_intercept AND NOT EXISTS (
            SELECT 1 FROM due_work w WHERE w.company_id = l.company_id AND w.kind = 'release')""",
    ),
)
