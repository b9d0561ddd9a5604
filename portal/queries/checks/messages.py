"""Every message has its cause, and is said once (rule 8)."""

from __future__ import annotations

from portal.queries.checks.question import Question

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
            WHERE m.company_id = o.company_id AND m.offer_id = o.id AND m.cause IN ('offer', 'last_call')
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
               OR (w.kind IN ('remind', 'contact') AND NOT EXISTS (
                    SELECT 1 FROM leads l WHERE l.company_id = w.company_id AND l.id = w.subject_id))
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
