"""Comments tell the other side, memos tell nobody, and each is read by those it is for."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from sqlalchemy import event

from portal.errors import Conflict, Forbidden, Invalid, NotFound
from portal.extensions import db
from portal.models import EntryEdit, Lead
from portal.operations.conversion_lists import set_admin_contacts
from portal.operations.mentions import mentioned_in
from portal.queries.timeline import timeline_page
from tests.cast import Company
from tests.consistency import assert_consistent
from tests.factories import make_lead, make_pool, make_user
from tests.operations import sights
from tests.operations.acts import arrive, assign, change_company, change_user, comment, edit, memo
from tests.operations.conftest import Break
from tests.servers import Servers

SAID = "Please look."


@pytest.fixture
def lead_id(company: Company) -> UUID:
    """A lead of the agent."""
    return arrive(company, assignee=company.agent.email).lead_id


@contextmanager
def counted() -> Iterator[list[str]]:
    """The statements sent meanwhile."""
    sent: list[str] = []

    def note(*given: Any) -> None:
        sent.append(given[2])

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(db.engine, "before_cursor_execute", note)


def told_of_comments(company: Company, lead_id: UUID) -> list[tuple[str, UUID]]:
    return [(cause, user_id) for cause, user_id in sights.told(company, lead_id) if cause in ("comment", "mention")]


class TestComments:
    def test_of_the_owner_tell_everybody_who_manages(self, company: Company, lead_id: UUID) -> None:
        admin = make_user(company, "Adam Admin", ["admin"])
        make_user(company, "Gone", ["manager"], active=False)
        make_user(company, "Ed Editor", ["editor"])
        comment(company.agent, lead_id)
        expected = {company.owner.id, company.manager.id, admin.id}
        assert told_of_comments(company, lead_id) == sorted(("comment", each) for each in expected)
        assert_consistent(company)

    def test_of_the_owner_tell_only_the_admin_contacts_when_there_are_any(
        self, company: Company, lead_id: UUID
    ) -> None:
        with company.inside():
            set_admin_contacts([company.manager.id], by=company.owner.user())
        comment(company.agent, lead_id)
        assert told_of_comments(company, lead_id) == [("comment", company.manager.id)]

    def test_of_the_owner_tell_everybody_when_all_contacts_have_left(self, company: Company, lead_id: UUID) -> None:
        with company.inside():
            set_admin_contacts([company.manager.id], by=company.owner.user())
        change_user(company, company.manager, active=False)
        comment(company.agent, lead_id)
        assert told_of_comments(company, lead_id) == [("comment", company.owner.id)]

    def test_of_a_manager_tell_the_owner(self, company: Company, lead_id: UUID) -> None:
        comment(company.manager, lead_id)
        assert told_of_comments(company, lead_id) == [("comment", company.agent.id)]

    def test_of_a_manager_tell_nobody_where_there_is_no_owner_or_none_active(self, company: Company) -> None:
        unowned, left = make_lead(company), make_lead(company, company.colleague)
        change_user(company, company.colleague, active=False)
        for lead in (unowned, left):
            comment(company.manager, lead.id)
            assert told_of_comments(company, lead.id) == []

    def test_of_a_manager_on_their_own_lead_tell_the_others_who_manage(self, company: Company) -> None:
        both = make_user(company, "Bo Both", ["manager", "agent"])
        lead = make_lead(company, both)
        comment(both, lead.id)
        assert told_of_comments(company, lead.id) == sorted(
            ("comment", each) for each in (company.owner.id, company.manager.id)
        )

    def test_are_refused_to_others_who_see_the_lead(self, company: Company, lead_id: UUID) -> None:
        with pytest.raises(Forbidden, match="Write a memo instead"):
            comment(company.colleague, lead_id)
        assert "comment" not in sights.kinds(company, lead_id)

    def test_move_the_last_activity(self, company: Company, lead_id: UUID) -> None:
        before = sights.lead(company, lead_id).last_activity_at
        comment(company.agent, lead_id)
        assert sights.lead(company, lead_id).last_activity_at > before

    def test_of_one_form_are_one_comment_and_other_words_another(self, company: Company, lead_id: UUID) -> None:
        key = uuid4()
        first = comment(company.agent, lead_id, "One\r\ntwo", form_key=key)
        assert comment(company.agent, lead_id, "One\ntwo ", form_key=key) == first
        assert comment(company.agent, lead_id, "Three", form_key=key) != first
        assert sights.kinds(company, lead_id).count("comment") == 2
        assert len(told_of_comments(company, lead_id)) == 4

    @pytest.mark.parametrize("words", ["", "  \n ", "\u200b", "a\x00b", "x" * 5_001, "\ud800"], ids=ascii)
    def test_need_words_and_not_too_many(self, company: Company, lead_id: UUID, words: str) -> None:
        for write in (comment, memo):
            with pytest.raises(Invalid) as refused:
                write(company.agent, lead_id, words)
            assert [error.field for error in refused.value.errors] == ["text"]
        assert not {"comment", "memo"} & set(sights.kinds(company, lead_id))

    def test_of_5000_characters_are_kept_whole(self, company: Company, lead_id: UUID) -> None:
        comment(company.agent, lead_id, "ü" * 5_000)
        assert sights.timeline(company, lead_id)[-1].text == "ü" * 5_000


class TestMentions:
    def test_tell_once_and_not_of_the_comment_too(self, company: Company, lead_id: UUID) -> None:
        comment(company.agent, lead_id, "@Mara Manager, can you? @mara!")
        assert told_of_comments(company, lead_id) == sorted(
            [("mention", company.manager.id), ("comment", company.owner.id)]
        )
        assert_consistent(company)

    def test_let_a_colleague_read_that_comment_and_no_other(self, company: Company, lead_id: UUID) -> None:
        comment(company.agent, lead_id, "Only for managers.")
        comment(company.agent, lead_id, "@Ben Colleague knows the roof.")
        assert told_of_comments(company, lead_id)[-1] == ("mention", company.colleague.id)
        read = [text for kind, text in sights.read_by(company, company.colleague, lead_id) if kind == "comment"]
        assert read == ["@Ben Colleague knows the roof."]

    @pytest.mark.parametrize(
        "words",
        [
            "Write to carla@ben.example",
            "carla@ben",
            "@Benjamin",
            "Ben Colleague",
            "@Ana Agent (myself)",
            "@Nobody",
            "@ Ben",
            "@@Ben",
            "@ben.example is not him",
        ],
    )
    def test_are_names_behind_an_at_and_nothing_else(self, company: Company, lead_id: UUID, words: str) -> None:
        comment(company.agent, lead_id, words)
        assert {cause for cause, _ in told_of_comments(company, lead_id)} == {"comment"}

    def test_of_a_first_name_two_people_have_reach_nobody(self, company: Company, lead_id: UUID) -> None:
        other = make_user(company, "Ben Benson")
        comment(company.agent, lead_id, "@Ben please")
        assert {cause for cause, _ in told_of_comments(company, lead_id)} == {"comment"}
        comment(company.agent, lead_id, "@ben  benson please")
        assert ("mention", other.id) in told_of_comments(company, lead_id)

    def test_reach_nobody_who_does_not_see_the_customer(self, company: Company, lead_id: UUID) -> None:
        change_company(company, isolate_leads=True)
        comment(company.agent, lead_id, "@Ben please")
        change_company(company, isolate_leads=False)
        with company.inside():
            db.session.get_one(Lead, (company.id, lead_id)).was_offered = True
            db.session.commit()
        comment(company.agent, lead_id, "@Ben again please")
        gone = make_user(company, "Zoe Gone", active=False)
        comment(company.agent, lead_id, "@Zoe too")
        assert {user_id for cause, user_id in told_of_comments(company, lead_id) if cause == "mention"} == set(), gone

    def test_of_many_cost_one_question(self, company: Company, lead_id: UUID) -> None:
        crew = [make_user(company, f"Kim{number} Crew") for number in range(8)]
        asked: list[int] = []
        for words in ("@Kim1", " ".join(f"@Kim{number}" for number in range(8))):
            with company.inside():
                user = company.agent.user()
                lead = db.session.get_one(Lead, (company.id, lead_id))
                with counted() as statements:
                    named = mentioned_in(words, lead, by=user)
            assert named == [each.id for each in crew if each.name.split()[0] in words]
            asked.append(len(statements))
        assert asked[0] == asked[1]


class TestMemos:
    def test_tell_nobody_and_are_read_by_who_sees_the_lead(self, company: Company, lead_id: UUID) -> None:
        memo(company.colleague, lead_id, "Has a dog.")
        assert told_of_comments(company, lead_id) == []
        for person in (company.owner, company.manager, company.agent, company.colleague):
            assert ("memo", "Has a dog.") in sights.read_by(company, person, lead_id)

    def test_for_managers_are_read_by_managers_only(self, company: Company, lead_id: UUID) -> None:
        memo(company.manager, lead_id, "Watch this one.", "managers")
        memo(company.agent, lead_id, "I cannot cope.", "managers")
        for person, reads in ((company.owner, 2), (company.manager, 2), (company.agent, 0), (company.colleague, 0)):
            kinds = [kind for kind, _ in sights.read_by(company, person, lead_id)]
            assert kinds.count("memo") == reads, person.name

    def test_for_somebody_else_are_refused(self, company: Company, lead_id: UUID) -> None:
        with pytest.raises(Invalid, match="everyone, managers"):
            memo(company.agent, lead_id, "Psst", "customers")

    def test_are_not_written_on_masked_leads(self, company: Company) -> None:
        make_pool(company, [company.agent])
        taken = arrive(company)
        for write in (memo, comment):
            with pytest.raises(Forbidden, match="on offer"):
                write(company.colleague, taken.lead_id)
        memo(company.manager, taken.lead_id)

    def test_of_somebody_who_does_not_see_the_lead_find_none(self, company: Company, other_company: Company) -> None:
        lead = make_lead(company, company.agent)
        change_company(company, isolate_leads=True)
        for person in (company.colleague, other_company.owner):
            for write in (memo, comment):
                with pytest.raises(NotFound):
                    write(person, lead.id)


class TestEdits:
    def test_show_the_new_words_and_keep_the_old(self, company: Company, lead_id: UUID) -> None:
        entry = comment(company.agent, lead_id, "Frist")
        edit(company.agent, lead_id, entry, "First")
        edit(company.agent, lead_id, entry, "First!")
        with company.inside():
            shown = timeline_page(company.manager.user(), lead_id).items[0]
        assert (shown.text, shown.edited_at is not None, shown.editable) == ("First!", True, False)
        assert sights.timeline(company, lead_id)[-1].text == "Frist"
        assert sights.count(company, EntryEdit) == 2
        # Nobody is told again.
        assert len(told_of_comments(company, lead_id)) == 2
        assert_consistent(company)

    def test_to_the_same_words_are_none(self, company: Company, lead_id: UUID) -> None:
        edit(company.agent, lead_id, memo(company.agent, lead_id, "Same"), " Same ")
        assert sights.count(company, EntryEdit) == 0

    def test_end_after_15_minutes_by_the_databases_clock(
        self, company: Company, lead_id: UUID, as_owner: Break
    ) -> None:
        entry = comment(company.agent, lead_id)
        move_back = "UPDATE timeline SET at = clock_timestamp() - %(age)s::interval WHERE id = %(entry)s"
        as_owner(move_back, age="14 minutes 50 seconds", entry=entry)
        edit(company.agent, lead_id, entry, "Just in time")
        as_owner(move_back, age="15 minutes", entry=entry)
        with pytest.raises(Conflict, match="15 minutes"):
            edit(company.agent, lead_id, entry, "Too late")
        assert sights.read_by(company, company.agent, lead_id)[-1] == ("comment", "Just in time")

    def test_are_the_authors_alone(self, company: Company, lead_id: UUID) -> None:
        entry = memo(company.agent, lead_id)
        for person in (company.manager, company.colleague):
            with pytest.raises(Forbidden):
                edit(person, lead_id, entry, "Mine now")

    def test_of_what_the_portal_wrote_are_refused(self, company: Company) -> None:
        lead_id = arrive(company, assignee=company.agent.email).lead_id
        assign(company.manager, lead_id, company.colleague)
        own = sights.timeline(company, lead_id)[-1]
        assert own.actor_id == company.manager.id
        with pytest.raises(Forbidden):
            edit(company.manager, lead_id, own.id, "It was not me")

    def test_of_comments_a_former_owner_can_no_longer_read_find_none(self, company: Company, lead_id: UUID) -> None:
        entry = comment(company.agent, lead_id)
        assign(company.manager, lead_id, company.colleague)
        with pytest.raises(NotFound):
            edit(company.agent, lead_id, entry, "Still mine")

    def test_of_those_who_may_not_wait_for_nobody(
        self, company: Company, lead_id: UUID, servers: Servers, database: str
    ) -> None:
        entry, outsider = comment(company.agent, lead_id), make_user(company, "Olga Other")
        with psycopg.connect(servers.url_of(database).replace("+psycopg", "")) as busy:
            busy.execute("SELECT FROM leads WHERE id = %s FOR NO KEY UPDATE", [lead_id])
            with ThreadPoolExecutor(1) as other:
                refused = other.submit(edit, outsider, lead_id, entry, "Not mine")
                forbidden = other.submit(edit, company.manager, lead_id, entry, "Nor mine")
                told = [answer.exception(timeout=10) for answer in (refused, forbidden) if wait([answer], 10).done]
                busy.rollback()
        assert [type(error) for error in told] == [NotFound, Forbidden]

    def test_find_no_entry_of_another_lead(self, company: Company, lead_id: UUID) -> None:
        entry, other = memo(company.agent, lead_id), make_lead(company, company.agent)
        with pytest.raises(NotFound):
            edit(company.agent, other.id, entry, "Elsewhere")


def test_a_former_owner_reads_memos_but_no_comments(company: Company, lead_id: UUID) -> None:
    comment(company.agent, lead_id, "Mine")
    memo(company.agent, lead_id, "Noted")
    assign(company.manager, lead_id, company.colleague)
    kinds = [kind for kind, _ in sights.read_by(company, company.agent, lead_id)]
    assert ("memo" in kinds, "comment" in kinds) == (True, False)
    assert ("comment", "Mine") in sights.read_by(company, company.colleague, lead_id)
