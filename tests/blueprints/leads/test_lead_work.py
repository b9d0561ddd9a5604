"""Working on a lead by its page, without scripts: writing, logging, feedback; and what the parts answer to htmx."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

import pytest
from apiflask import APIFlask

from tests.blueprints.api.database_state import nothing_changes
from tests.cast import Company, Person
from tests.factories import make_lead, make_offer, make_pool
from tests.operations import sights
from tests.operations.acts import arrive, assign, change_company, comment, memo, save
from tests.operations.conftest import as_owner  # noqa: F401  (a fixture)
from tests.page import Browser, Page, sign_in

AS_PART = {"HX-Request": "true", "HX-Request-Type": "partial"}


@pytest.fixture
def lead_id(company: Company) -> UUID:
    """A lead of the agent."""
    return arrive(company, name="Edgar Ash", phone="+14155550123", assignee=company.agent.email).lead_id


@pytest.fixture
def agent(app: APIFlask, company: Company, lead_id: UUID) -> Page:
    """The lead's page, as its owner sees it."""
    return sign_in(app, company.agent).open(f"/leads/{lead_id}")


def kinds_offered(page: Page) -> list[str]:
    return [box.get("value", "") for box in page.root.iter("input") if box.get("name") == "kind"]


class TestWriting:
    def test_a_comment_is_sent_and_stands_in_the_stream(self, agent: Page, company: Company, lead_id: UUID) -> None:
        assert "It tells your managers" in agent.words
        page = agent.press("Post", text="Called.\n<b>Twice</b>", kind="comment")
        assert "Comment sent." in page.words
        assert "Called. <b>Twice</b>" in page.words
        assert page.value_of("text") == ""
        assert [kind for kind in sights.kinds(company, lead_id) if kind == "comment"] == ["comment"]

    def test_a_page_that_is_sent_twice_writes_once(self, agent: Page, company: Company, lead_id: UUID) -> None:
        for _ in range(2):
            agent.press("Post", text="Once", kind="comment")
        agent.press("Post", text="And once more", kind="comment")
        assert sights.kinds(company, lead_id).count("comment") == 2

    def test_what_may_be_written_is_offered_and_nothing_else(
        self, app: APIFlask, company: Company, lead_id: UUID
    ) -> None:
        for person, offered in (
            (company.agent, ["comment", "memo"]),
            (company.manager, ["comment", "memo", "managers"]),
            (company.colleague, ["memo"]),
        ):
            page = sign_in(app, person).open(f"/leads/{lead_id}")
            assert kinds_offered(page) == offered
        page.press("Post", status=422, text="Hello", kind="comment")
        page.press("Post", status=422, text="Hello", kind="managers")
        assert "comment" not in sights.kinds(company, lead_id)
        assert "Memo kept." in page.press("Post", text="Hello").words

    def test_a_memo_for_managers_is_theirs(self, app: APIFlask, company: Company, lead_id: UUID) -> None:
        page = sign_in(app, company.manager).open(f"/leads/{lead_id}").press("Post", text="Watch", kind="managers")
        assert "Memo for managers by Mara Manager" in page.words
        assert "Watch" not in sign_in(app, company.agent).open(f"/leads/{lead_id}").words

    @pytest.mark.parametrize(("text", "objection"), [("", "Write something"), ("x" * 5_001, "5000"), (" ", "Write")])
    def test_what_cannot_be_written_comes_back_with_its_words(self, agent: Page, text: str, objection: str) -> None:
        page = agent.press("Post", status=422, text=text, kind="memo")
        assert objection in page.error_of("text")
        assert page.value_of("text") == text.strip()
        assert page.value_of("kind") == "memo"

    def test_who_lost_the_lead_meanwhile_keeps_the_words(self, agent: Page, company: Company, lead_id: UUID) -> None:
        assign(company.manager, lead_id, company.colleague)
        page = agent.press("Post", status=422, text="Long and thoughtful", kind="comment")
        assert page.value_of("text") == "Long and thoughtful"
        assert "Memo kept." in page.press("Post", text="Long and thoughtful", kind="memo").words

    def test_an_author_writes_anew(self, agent: Page, company: Company, lead_id: UUID) -> None:
        page = agent.press("Post", text="Frist", kind="memo").press("Save", text="First")
        assert "Written anew." in page.words
        assert ", edited" in page.words
        assert "Frist" not in page.words
        page = page.press("Save", status=422, text="")
        assert "Write something first." in page.words

    def test_what_is_too_old_to_edit_is_offered_as_a_new_one(
        self,
        agent: Page,
        company: Company,
        lead_id: UUID,
        as_owner: Any,  # noqa: F811
    ) -> None:
        page = agent.press("Post", text="Frist", kind="memo")
        as_owner("UPDATE timeline SET at = at - interval '16 minutes' WHERE kind = 'memo'")
        page = page.press("Save", status=409, text="First")
        assert "older than 15 minutes" in page.words
        assert page.form(f"/leads/{lead_id}/entries").fields["text"] == "First"
        assert not any(form.action.count("/entries/") for form in page.forms)

    def test_too_old_for_htmx_is_told_where_new_words_are_written(
        self,
        agent: Page,
        lead_id: UUID,
        as_owner: Any,  # noqa: F811
    ) -> None:
        page = agent.press("Post", text="Frist", kind="memo")
        [form] = [form for form in page.forms if "/entries/" in form.action]
        as_owner("UPDATE timeline SET at = at - interval '16 minutes' WHERE kind = 'memo'")
        part = page.browser.part(form.action, data={**form.fields.to_dict(), "text": "First"}, status=409)
        assert part.response.headers["HX-Retarget"] == "#lead-write"
        assert part.find(".//main") is None
        assert part.form(f"/leads/{lead_id}/entries").fields["text"] == "First"

    def test_an_open_part_is_put_anew_only_when_something_happened(self, agent: Page, lead_id: UUID) -> None:
        def states() -> list[str]:
            parts = [agent.browser.part(f"/leads/{lead_id}/part/{name}") for name in ("head", "stream")]
            return [section.get("data-live-state", "") for part in parts for section in part.root.iter("section")]

        before = states()
        assert all(before)
        assert states() == before
        agent.press("Post", text="Something happened.", kind="memo")
        assert all(one != other for one, other in zip(before, states(), strict=True))


class TestAttempts:
    def test_one_is_logged_by_the_button_that_is_pressed(self, agent: Page, company: Company, lead_id: UUID) -> None:
        page = agent.press("No answer", way="call", remark="Voice box.")
        assert "Logged." in page.words
        assert "Called, and did not reach them. Voice box." in page.words
        assert page.form(f"/leads/{lead_id}/conversion").fields["contact_status"] == "tried"
        page = page.press("Reached them", way="mail")
        assert page.form(f"/leads/{lead_id}/conversion").fields["contact_status"] == "contacted"

    def test_sent_twice_it_is_logged_once(self, agent: Page, company: Company, lead_id: UUID) -> None:
        for _ in range(2):
            agent.press("Reached them", way="text")
        assert sights.kinds(company, lead_id).count("contact_attempt") == 1

    def test_too_long_a_remark_comes_back(self, agent: Page) -> None:
        page = agent.press("No answer", status=422, remark="x" * 2_001)
        assert "2000" in page.error_of("remark")


class TestFeedback:
    def test_it_is_saved_and_told(self, agent: Page, company: Company, lead_id: UUID) -> None:
        form = agent.form(f"/leads/{lead_id}/conversion")
        said = {
            "contact_status": "contacted",
            "status": self.status(company, "Quoted"),
            "expected_value": "1200.50",
            "currency": "eur",
            "expected_close_on": "2026-12-24",
            "note": "Before Christmas",
        }
        page = agent.browser.post(form.action, {**form.fields, **said})
        assert "Feedback saved." in page.words
        form = page.form(f"/leads/{lead_id}/conversion").fields
        assert (form["expected_value"], form["currency"], form["expected_close_on"], form["version"]) == (
            "1200.50", "EUR", "2026-12-24", "1",
        )  # fmt: skip
        assert "Status: Open → Quoted." in page.words

    def test_what_makes_no_sense_comes_back_with_all_that_was_typed(self, agent: Page, lead_id: UUID) -> None:
        page = agent.press("Save feedback", status=422, expected_value="1.200,50", note="Keep")
        assert "such as 1200.50" in page.error_of("expected-value")
        form = page.form(f"/leads/{lead_id}/conversion").fields
        assert (form["expected_value"], form["note"]) == ("1.200,50", "Keep")

    def test_a_lost_lead_needs_its_reason(self, agent: Page, company: Company, lead_id: UUID) -> None:
        form = agent.form(f"/leads/{lead_id}/conversion")
        fields = {**form.fields, "status": self.status(company, "Lost")}
        page = agent.browser.post(form.action, fields, status=422)
        assert "Say why it was lost" in page.error_of("lost-reason")

    def test_a_field_somebody_else_changed_comes_back_with_both_values(
        self, agent: Page, company: Company, lead_id: UUID
    ) -> None:
        save(company.manager, lead_id, note="Theirs", expected_value="5", status="Quoted")
        page = agent.press("Save feedback", status=409, note="Mine")
        assert "Somebody was quicker" in page.words
        assert "Changed by Mara Manager a moment ago" in page.error_of("feedback-note")
        assert "“Theirs”" in page.error_of("feedback-note")
        form = page.form(f"/leads/{lead_id}/conversion").fields
        # What the other one set where nobody else changed anything is in the form too, or saving again would undo it.
        assert (form["note"], form["expected_value"], form["status"]) == ("Mine", "5", self.status(company, "Quoted"))
        page.press("Save feedback")
        row = sights.feedback(company, lead_id)
        assert row is not None
        assert (row.note, str(row.expected_value)) == ("Mine", "5.00")

    @pytest.mark.parametrize("version", [None, "", "x"])
    def test_it_says_which_version_it_was_opened_with_or_is_refused(
        self, app: APIFlask, agent: Page, lead_id: UUID, version: str | None
    ) -> None:
        form = agent.form(f"/leads/{lead_id}/conversion")
        with nothing_changes(app):
            page = form.send(version=version, note="Mine", status=422)
        assert "Open the lead again" in page.words
        assert page.form(f"/leads/{lead_id}/conversion").fields["note"] == "Mine"

    def test_its_days_are_told_as_people_say_them(self, app: APIFlask, company: Company, lead_id: UUID) -> None:
        save(company.agent, lead_id, expected_close_on="2026-12-04")
        page = sign_in(app, company.colleague).open(f"/leads/{lead_id}")
        assert "Expected close 4 Dec 2026" in page.words
        assert "Expected close: 4 Dec 2026." in page.words
        assert "2026-12-04" not in page.words

    def test_others_read_it_and_get_no_form(self, app: APIFlask, company: Company, lead_id: UUID) -> None:
        save(company.agent, lead_id, expected_value="5", note="Nice house")
        page = sign_in(app, company.colleague).open(f"/leads/{lead_id}")
        assert not any(form.action.endswith(("/conversion", "/attempts")) for form in page.forms)
        assert "Expected value 5 USD" in page.words
        assert "Nice house" in page.words

    @staticmethod
    def status(company: Company, name: str) -> str:
        with company.inside():
            from portal.queries.conversion import statuses

            return str(next(each.id for each in statuses() if each.name == name))


class TestStream:
    def test_is_one_of_touches_words_and_changes_and_narrowed_by_kind(
        self, app: APIFlask, company: Company, lead_id: UUID
    ) -> None:
        arrive(company, phone="+14155550123", text="Are you coming?")
        comment(company.agent, lead_id, "Of course.")
        browser = sign_in(app, company.agent)
        page = browser.open(f"/leads/{lead_id}")
        assert page.words.index("Of course.") < page.words.index("Are you coming?")
        talk = browser.open(f"/leads/{lead_id}?kind=words")
        assert "Of course." in talk.words
        assert "Message by the customer" not in talk.words

    def test_goes_on_behind_older(self, app: APIFlask, company: Company, lead_id: UUID) -> None:
        for number in range(40):
            memo(company.agent, lead_id, f"Note {number:02}")
        browser = sign_in(app, company.agent)
        page = browser.open(f"/leads/{lead_id}")
        assert "Note 39" in page.words
        assert "Note 05" not in page.words
        older = page.press_link("Older")
        assert "Note 05" in older.words
        assert "Note 39" in older.press_link("Newest").words

    def test_folds_a_text_that_is_long(self, app: APIFlask, company: Company) -> None:
        lead = make_lead(company, company.agent, text="word " * 10_000)
        page = sign_in(app, company.agent).open(f"/leads/{lead.id}")
        assert page.find(".//details[@id='lead-text']") is not None

    def test_addresses_colleagues_write_are_links_and_those_of_strangers_are_not(
        self, app: APIFlask, company: Company, lead_id: UUID
    ) -> None:
        memo(company.agent, lead_id, "See https://maps.example/a?b=1&c=<b>2</b>.")
        arrive(company, phone="+14155550123", text="Click https://phish.example/")
        page = sign_in(app, company.agent).open(f"/leads/{lead_id}")
        [link] = [each for each in page.root.iter("a") if each.get("href", "").startswith("https://")]
        assert link.get("href") == link.text == "https://maps.example/a?b=1&c="
        assert "nofollow noopener" in link.get("rel", "")
        assert "<b>2</b>" in page.words


class TestParts:
    def test_each_is_the_part_of_the_page(self, agent: Page, lead_id: UUID) -> None:
        for part in ("head", "stream", "feedback"):
            answer = agent.browser.client.get(f"/leads/{lead_id}/part/{part}", headers=AS_PART)
            assert answer.status_code == 200
            assert answer.text.count(f'id="lead-{part}"') == 1
            assert "<html" not in answer.text
            assert "HX-Request" in answer.headers["Vary"]

    def test_opened_by_itself_it_leads_to_the_page(self, agent: Page, lead_id: UUID) -> None:
        answer = agent.browser.client.get(f"/leads/{lead_id}/part/stream")
        assert (answer.status_code, answer.location) == (303, f"/leads/{lead_id}")

    def test_an_act_is_answered_with_its_form_the_stream_and_what_to_say(self, agent: Page, lead_id: UUID) -> None:
        form = agent.form(f"/leads/{lead_id}/entries")
        key = form.fields["form_key"]
        answer = agent.browser.client.post(form.action, data={**form.fields, "text": "Quick"}, headers=AS_PART)
        assert answer.status_code == 200
        assert f'data-written="{key}"' in answer.text
        for part in ('id="lead-write"', 'id="lead-stream"', 'id="said"', "Comment sent.", "Quick"):
            assert part in answer.text
        assert "<html" not in answer.text

    def test_a_refused_one_is_answered_with_its_form_and_the_truth(self, agent: Page, lead_id: UUID) -> None:
        form = agent.form(f"/leads/{lead_id}/entries")
        answer = agent.browser.client.post(form.action, data={**form.fields, "text": ""}, headers=AS_PART)
        assert answer.status_code == 422
        assert "Write something first." in answer.text

    def test_a_masked_one_has_a_head_and_nothing_more(self, app: APIFlask, company: Company) -> None:
        lead = make_lead(company)
        make_offer(company, lead, company.agent, make_pool(company, [company.agent]))
        save(company.manager, lead.id, note="Wanda is in a hurry")
        memo(company.manager, lead.id, "Wanda again")
        client = sign_in(app, company.colleague).client
        assert client.get(f"/leads/{lead.id}/part/head", headers=AS_PART).status_code == 200
        for part in ("stream", "feedback"):
            answer = client.get(f"/leads/{lead.id}/part/{part}", headers=AS_PART)
            assert "Wanda" not in answer.text
            assert answer.status_code == 204
        page = sign_in(app, company.colleague).open(f"/leads/{lead.id}")
        assert "Wanda" not in page.html
        assert "On offer" in page.words


WORK = {
    "entries": {"kind": "memo", "text": "Mine"},
    "attempts": {"way": "call", "reached": "yes"},
    "conversion": {"note": "Mine", "version": "0"},
}


@pytest.mark.parametrize("act", WORK)
@pytest.mark.parametrize("who", ["isolated", "stranger"])
def test_who_does_not_see_the_lead_finds_none(
    app: APIFlask, company: Company, other_company: Company, lead_id: UUID, act: str, who: str
) -> None:
    change_company(company, isolate_leads=True)
    person: Person = company.colleague if who == "isolated" else other_company.owner
    browser = sign_in(app, person)
    token = browser.open("/me").form("/logout").fields["csrf_token"]
    with nothing_changes(app):
        answer = browser.client.post(f"/leads/{lead_id}/{act}", data={**WORK[act], "csrf_token": token})
    assert answer.status_code == 404


@pytest.mark.parametrize("act", ["attempts", "conversion"])
def test_who_only_sees_the_lead_is_refused(app: APIFlask, company: Company, lead_id: UUID, act: str) -> None:
    browser: Browser = sign_in(app, company.colleague)
    token = browser.open("/me").form("/logout").fields["csrf_token"]
    fields = {**WORK[act], "csrf_token": token, "contact_status": "tried"}
    with nothing_changes(app):
        answer = browser.client.post(f"/leads/{lead_id}/{act}", data=fields)
    assert answer.status_code in (403, 422)


def test_a_key_that_is_none_of_ours_does_no_harm(agent: Page, company: Company, lead_id: UUID) -> None:
    for key in ("", "nonsense", str(uuid4())):
        agent.press("Post", text=f"With {key}", form_key=key, kind="memo")
    assert sights.kinds(company, lead_id).count("memo") == 3
