"""The check finds what it looks for: every rule is broken once, and named; or the database forbids to break it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from psycopg.errors import CheckViolation, ForeignKeyViolation, UniqueViolation

from portal.operations.check import Breach, breaches, check_all
from portal.queries import checks
from tests.cast import Company
from tests.consistency import assert_consistent
from tests.factories import make_pool, make_user
from tests.operations import sights
from tests.operations.acts import accept, arrive, ask_again, attempt, comment, edit, end_windows, miss, save
from tests.operations.conftest import Break


@pytest.fixture
def busy(company: Company) -> Company:
    """A company with an owned lead, one on offer with somebody in line, and one that waits with an alarm."""
    cy = make_user(company, "Cy")
    make_pool(company, {company.agent: 2, company.colleague: 1, cy: 1}, [company.owner, company.manager])
    owned = arrive(company, external_id="7", source="Form", payload={"n": 1})
    accept(company.agent, owned.offers[0])
    offered = arrive(company)
    held = sights.open_offer(company, offered.lead_id)
    people = {person.id: person for person in (company.agent, company.colleague, cy)}
    miss(company)
    ask_again(people[held.user_id], held.id)
    waiting = arrive(company)
    for _ in range(3):
        miss(company, sights.open_offer(company, waiting.lead_id).id)
    assert sights.lead(company, waiting.lead_id).waiting_for == "catch_all"
    work_on(company, owned.lead_id)
    return company


def work_on(company: Company, lead_id: UUID) -> None:
    """What its owner does with a lead: comments, feedback, an attempt."""
    owner = {person.id: person for person in (company.agent, company.colleague)}[sights.lead(company, lead_id).owner_id]
    edit(owner, lead_id, comment(owner, lead_id, "Frist"), "First")
    attempt(owner, lead_id, reached=True)
    save(owner, lead_id, status="Lost", lost_reason="Price", expected_value="12.5", note="Too dear.")


def found(company: Company, **options: Any) -> list[Breach]:
    with company.inside():
        return breaches(company.id, **{"late_by": None, **options})


def findings(company: Company, **options: Any) -> set[str]:
    return {breach.what for breach in found(company, **options)}


def test_a_company_at_work_breaks_no_rule(busy: Company) -> None:
    assert_consistent(busy, late_by=5)


REASSIGN = (
    "INSERT INTO reassignments (company_id, id, lead_id, pool_id, state, trigger, from_user_id) "
    "SELECT l.company_id, gen_random_uuid(), l.id, l.pool_id, 'running', 'by_hand', {owner} "
    "FROM leads l WHERE l.state = '{state}'"
)

BREAKS = [
    (
        "UPDATE leads SET state = 'held', waiting_for = NULL, alarmed_at = NULL, held_reason = 'opening_hours', "
        "held_until = now() WHERE state = 'unassigned'",
        "a held lead that nothing and nobody will let go",
    ),
    ("DELETE FROM lead_aliases", "a lead with an external id that does not lead back to it"),
    ("DELETE FROM touches", "a lead without the message it began with"),
    (
        "INSERT INTO kept_answers (company_id, id, key_id, idempotency_key, fingerprint, status, answer) "
        "SELECT id, gen_random_uuid(), gen_random_uuid(), 'k', '', 201, "
        """'{"id": "gone", "routing": {}}'::jsonb FROM companies""",
        "a kept answer that names a lead nobody has",
    ),
    (
        "INSERT INTO kept_answers (company_id, id, key_id, idempotency_key, fingerprint, status, answer) "
        "SELECT company_id, gen_random_uuid(), gen_random_uuid(), n::text, '', 201, "
        "jsonb_build_object('id', id, 'routing', '{}'::jsonb) FROM leads, generate_series(1, 2) n",
        "two answers of “new” for one lead",
    ),
    ("UPDATE leads SET owner_id = gen_random_uuid() WHERE state = 'owned'", "an owner who is no user of the company"),
    (
        "UPDATE offers SET state = 'missed', ended_at = now() WHERE state = 'open'",
        "a lead on offer that nobody has an open offer of",
    ),
    ("UPDATE leads SET state = 'owned', owner_id = (SELECT owner_id FROM leads WHERE state = 'owned') "
     "WHERE state = 'offering'", "an open offer of a lead that is neither on offer nor being reassigned"),
    ("UPDATE leads SET state = 'owned', owner_id = (SELECT owner_id FROM leads WHERE state = 'owned') "
     "WHERE state = 'offering'", "a place in line for a lead that is closed, or owned and not being reassigned"),
    ("UPDATE users SET active = false", "an offer of somebody who is no longer active"),
    (
        "DELETE FROM due_work WHERE kind = 'end_offer'",
        "an open offer nobody will end: its work is missing, late or another pool's",
    ),
    (
        "UPDATE due_work SET due_at = due_at + interval '1 hour' WHERE kind = 'end_offer'",
        "an open offer nobody will end: its work is missing, late or another pool's",
    ),
    (
        "UPDATE due_work SET group_id = gen_random_uuid() WHERE kind = 'end_offer'",
        "an open offer nobody will end: its work is missing, late or another pool's",
    ),
    (
        "UPDATE ledger_accounts SET entitled = entitled + 1, credit = credit + 1 WHERE tie_order = 0",
        "a pool whose turn credits do not sum to zero",
    ),
    (
        "UPDATE ledger_accounts SET second_credit = second_credit + 1 WHERE tie_order = 0",
        "a pool whose second-choice credits do not sum to zero",
    ),
    (
        "UPDATE ledger_accounts SET entitled = entitled + 1 - 2 * tie_order, credit = credit + 1 - 2 * tie_order "
        "WHERE tie_order < 2",
        "an account whose credits are not what its entries come to",
    ),
    (
        "UPDATE ledger_accounts SET entitled = entitled + 1, received = received + 1",
        "an account that counts other leads than its entries since its member joined",
    ),
    ("UPDATE ledger_entries SET received[1] = received[1] + 1", "a ledger entry that does not sum to zero"),
    ("UPDATE ledger_entries SET entitled = entitled || 0::bigint", "a ledger entry with lists of different lengths"),
    (
        "DELETE FROM ledger_accounts WHERE user_id = (SELECT user_id FROM ledger_accounts WHERE credit <> 0 LIMIT 1)",
        "a credit left to somebody who is no member any more",
    ),
    ("DELETE FROM ledger_accounts", "a member without an account"),
    ("DELETE FROM pool_members", "an account without a member"),
    (
        "UPDATE pool_members SET agent_tag = 'solar' WHERE user_id = (SELECT user_id FROM pool_members LIMIT 1)",
        "a member by a tag that is no member of the pool, or with another part in it than the tag has",
    ),
    (
        "UPDATE offers SET state = 'withdrawn' WHERE state = 'missed'",
        "a withdrawn offer whose turn was not given back",
    ),
    (
        "INSERT INTO ledger_entries (company_id, id, pool_id, kind, credit, user_ids, entitled, received, offer_id) "
        "SELECT company_id, gen_random_uuid(), pool_id, 'step', 'turn', '{}', '{}', '{}', offer_id FROM ledger_entries",
        "an offer that cost two turns",
    ),
    ("DELETE FROM timeline WHERE kind = 'created'", "a lead whose beginning is told more or less than once"),
    ("DELETE FROM timeline WHERE kind = 'missed'", "an offer whose end is told more or less than once"),
    (
        "UPDATE timeline SET kind = 'declined' WHERE kind = 'missed'",
        "an offer whose end is told more or less than once",
    ),
    ("DELETE FROM timeline WHERE kind = 'offered'", "an offer whose beginning is told more or less than once"),
    ("DELETE FROM timeline WHERE kind = 'accepted'", "an owner the timeline does not tell of"),
    (
        """UPDATE timeline SET before = '{"owner_id": "somebody"}' WHERE kind = 'accepted'""",
        "an entry that begins with another owner than the one before it ended with",
    ),
    (
        "UPDATE leads SET state = 'unassigned', waiting_for = 'person' WHERE state = 'offering'",
        "a state the timeline does not tell of",
    ),
    ("UPDATE conversions SET note = 'Fine.'", "feedback on a lead that is not what its entries come to"),
    ("UPDATE conversions SET version = 3", "feedback whose changes are told more or less often than there were"),
    ("DELETE FROM conversions", "a change of feedback told of a lead that has none"),
    ("UPDATE conversions SET lost_reason_id = NULL", "a lost lead without a reason, or a reason without a loss"),
    ("UPDATE conversions SET won_on = now()", "a value or a day of winning on a lead that is not won"),
    (
        "UPDATE conversion_statuses SET active = false WHERE name = 'Won'",
        "a group without a conversion status in use",
    ),
    (
        "UPDATE entry_edits SET at = at + interval '16 minutes'",
        "an entry written anew that is no comment or memo, or too late",
    ),
    (
        "UPDATE timeline SET actor_id = m.user_id FROM messages m "
        "WHERE m.about = timeline.id::text AND kind = 'comment'",
        "a message about a comment that is not there, or that its writer got",
    ),
    ("UPDATE messages SET about = id::text", "a message whose cause is not there"),
    ("DELETE FROM messages WHERE cause = 'offer'", "an offer its agent was never told of"),
    ("UPDATE due_work SET subject_id = gen_random_uuid()", "work on something that is not there"),
    (
        "UPDATE decisions SET chosen = ARRAY[gen_random_uuid()]",
        "a decision that chose somebody who is no user of the company",
    ),
    (
        "UPDATE ledger_entries SET user_ids[1] = gen_random_uuid()",
        "a ledger entry that names somebody who is no user of the company",
    ),
    (
        "UPDATE leads SET decision_id = gen_random_uuid()",
        "a lead that names a decision about another lead, or none",
    ),
    (
        "UPDATE timeline SET actor_type = 'system', actor_id = NULL WHERE kind = 'accepted'",
        "an offer that was accepted or declined by somebody else than its agent",
    ),
    (
        "UPDATE users SET own_grants = '{export}'",
        "somebody with a role of the company's own that is not there, or with other rights than it gives",
    ),
    (
        "INSERT INTO teams (company_id, id, name) "
        "SELECT c.id, gen_random_uuid(), called.name FROM companies c, unnest(ARRAY['North', 'South']) called (name); "
        "UPDATE users u SET team_id = (SELECT id FROM teams t WHERE t.company_id = u.company_id AND t.name = 'North'); "
        "UPDATE leads l SET team_id = (SELECT id FROM teams t WHERE t.company_id = l.company_id AND t.name = 'South')",
        "an open lead that is of another team than its owner",
    ),
    (
        REASSIGN.format(owner="gen_random_uuid()", state="unassigned"),
        "a running reassignment of a lead that is not owned by the one it is taken from",
    ),
    (REASSIGN.format(owner="l.owner_id", state="owned"), "a running reassignment in which nobody is asked"),
    (
        REASSIGN.format(owner="l.owner_id", state="owned") + "; UPDATE pools SET deleted_at = now()",
        "a running reassignment in a pool that is no more",
    ),
    (
        REASSIGN.format(owner="l.owner_id", state="owned"),
        "a reassignment whose beginning or end is told more or less than once",
    ),
    (
        "INSERT INTO due_work (company_id, id, kind, subject_id, group_id, due_at) "
        "SELECT company_id, gen_random_uuid(), 'contact', id, pool_id, now() FROM leads WHERE state = 'owned'",
        "a lead whose owner is watched in vain: nobody owns it, it is being reassigned, or its pool sets no time",
    ),
    (
        "UPDATE pools SET contact_within = 60; "
        "UPDATE timeline SET at = at - interval '1 day' WHERE kind IN ('contact_attempt', 'conversion')",
        "an owner who logged no contact and is not watched, though the lead's pool sets a time",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("statement", "finding"), BREAKS, ids=[finding for _, finding in BREAKS])
def test_each_breach_is_found_and_named(busy: Company, as_owner: Break, statement: str, finding: str) -> None:
    as_owner(statement, unchecked=True)
    assert finding in findings(busy)


IMPOSSIBLE: list[tuple[str, type[Exception], str]] = [
    (
        "UPDATE leads SET owner_id = gen_random_uuid() WHERE state = 'owned'",
        ForeignKeyViolation,
        "an owner who is no user of the company",
    ),
    (
        "UPDATE leads SET owner_id = NULL WHERE state = 'owned'",
        CheckViolation,
        "a lead whose owner and state contradict each other",
    ),
    (
        "INSERT INTO offers (company_id, id, lead_id, user_id, pool_id, state, kind, expires_at) "
        "SELECT o.company_id, gen_random_uuid(), o.lead_id, u.id, o.pool_id, 'open', 'exclusive', o.expires_at "
        "FROM offers o JOIN users u ON u.company_id = o.company_id AND u.id <> o.user_id WHERE o.state = 'open'",
        UniqueViolation,
        "a lead with two exclusive offers open",
    ),
    (
        "UPDATE leads SET waiting_for = NULL, alarmed_at = NULL WHERE state = 'unassigned'",
        CheckViolation,
        "a lead that waits without saying for what, or says so without waiting",
    ),
    (
        "UPDATE leads SET alarmed_at = NULL WHERE state = 'unassigned'",
        CheckViolation,
        "a waiting lead whose alarm is missing or raised in vain",
    ),
    (
        "UPDATE leads SET state = 'held', waiting_for = NULL, alarmed_at = NULL WHERE state = 'unassigned'",
        CheckViolation,
        "a held lead without a time or a reason",
    ),
    (
        'INSERT INTO messages (company_id, id, user_id, cause, about, "to", facts) '
        'SELECT company_id, gen_random_uuid(), user_id, cause, about, "to", facts FROM messages',
        UniqueViolation,
        "somebody who was told the same twice",
    ),
]


@pytest.mark.parametrize(("statement", "refusal", "finding"), IMPOSSIBLE, ids=[case[2] for case in IMPOSSIBLE])
def test_what_the_database_forbids_needs_no_finding(
    busy: Company, as_owner: Break, statement: str, refusal: type[Exception], finding: str
) -> None:
    assert finding in {question.finding for question in checks.ALWAYS}
    with pytest.raises(refusal):
        as_owner(statement)


def test_every_question_is_broken_here() -> None:
    broken = {finding for _, finding in BREAKS} | {case[2] for case in IMPOSSIBLE}
    assert {question.finding for question in checks.ALWAYS} == broken


def test_an_offer_past_its_end_is_a_breach_only_while_a_worker_runs(busy: Company) -> None:
    end_windows(busy)
    assert findings(busy, late_by=None) == set()
    assert findings(busy, late_by=60) == set()
    assert findings(busy, late_by=0) == {"an offer that is open past its end"}


def test_a_pending_message_without_work_is_a_breach_only_where_mail_is_sent(busy: Company, as_owner: Break) -> None:
    assert found(busy, mail=True) == []
    as_owner("DELETE FROM due_work WHERE kind = 'send_message'")
    assert found(busy) == []
    assert findings(busy, mail=True) == {"a pending message nobody will send"}


def test_check_all_looks_at_every_company_and_at_what_keeps_them_apart(
    busy: Company, other_company: Company, as_owner: Break
) -> None:
    with busy.app.app_context():
        assert check_all(late_by=None) == []
    make_pool(other_company, [other_company.agent])
    taken = arrive(other_company)
    as_owner("DELETE FROM touches WHERE lead_id = %(lead)s", lead=taken.lead_id)
    as_owner("ALTER TABLE touches NO FORCE ROW LEVEL SECURITY")
    with busy.app.app_context():
        assert check_all(late_by=None) == [
            Breach(9, "a table that shows every company's rows", "touches"),
            Breach(1, "a lead without the message it began with", str(taken.lead_id)),
        ]
