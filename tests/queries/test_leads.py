"""Which leads a user sees, in which bucket, and how much of each."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from portal import models
from portal.errors import Invalid, NotFound
from portal.extensions import db
from portal.models import LeadState
from portal.queries.buckets import Bucket, bucket_counts, open_buckets
from portal.queries.lead_views import LeadView
from portal.queries.leads import LeadFilters, bucket_page, lead_for
from tests.cast import Company, Person
from tests.factories import make_closed_lead, make_contact, make_lead, make_offer, make_pool, make_user


@contextmanager
def looking_as(person: Person) -> Iterator[models.User]:
    with person.app.app_context():
        from portal.models.tenancy import inside_company

        with inside_company(person.company_id):
            yield person.user()


def listed(person: Person, bucket: str | None, **filters: object) -> list[object]:
    with looking_as(person) as user:
        return [lead.id for lead in bucket_page(user, bucket, LeadFilters(**filters)).items]  # type: ignore[arg-type]


def seen(person: Person, lead: models.Lead) -> LeadView:
    with looking_as(person) as user:
        return lead_for(user, lead.id)


def isolate(company: Company) -> None:
    with company.inside():
        kept = db.session.get(models.Company, company.id)
        assert kept is not None
        kept.isolate_leads = True
        db.session.commit()


def masked_lead(company: Company) -> models.Lead:
    contact = make_contact(company, "Wanda Hidden", phone="+14155550199", email="wanda@hidden.example")
    lead = make_lead(
        company,
        contact=contact,
        text="Ring me, Wanda, about solar",
        external_id="CRM-77",
        lead_type="Roofing",
        source="Website",
        tags_found=["solar"],
        fields={"roof": "slate"},
        flags=["possible_duplicate"],
        price={"min": "1000", "max": "2000", "currency": "EUR"},
        location={"city": "Leeds", "postcode": "LS1 4AP", "address": "7 Quiet Row", "lat": 53.8, "lng": -1.5},
    )
    make_offer(company, lead, company.agent, make_pool(company, [company.agent]))
    return lead


def test_each_open_lead_is_in_one_bucket_for_the_one_who_looks(company: Company) -> None:
    free, mine, theirs = make_lead(company), make_lead(company, company.agent), make_lead(company, company.colleague)
    closed = make_closed_lead(company, company.agent)

    assert listed(company.agent, "unassigned") == [free.id]
    assert listed(company.agent, "mine") == [mine.id]
    assert listed(company.agent, "assigned") == [theirs.id]
    assert listed(company.agent, "closed") == [closed.id]
    assert set(listed(company.agent, None)) == {free.id, mine.id, theirs.id, closed.id}
    assert set(listed(company.owner, "assigned")) == {mine.id, theirs.id}


def test_a_list_is_newest_first_and_goes_on_where_the_page_before_ended(company: Company) -> None:
    leads = [make_lead(company).id for _ in range(5)]
    with looking_as(company.owner) as user:
        first = bucket_page(user, "unassigned", LeadFilters(), limit=2)
        second = bucket_page(user, "unassigned", LeadFilters(), first.next, limit=2)
        third = bucket_page(user, "unassigned", LeadFilters(), second.next, limit=2)
    paged = [lead.id for page in (first, second, third) for lead in page.items]
    assert paged == leads[::-1]
    assert third.next is None


@pytest.mark.parametrize(
    ("cursor", "limit", "field"), [("here", 50, "cursor"), (None, 0, "limit"), (None, 201, "limit")]
)
def test_a_cursor_or_limit_that_makes_no_sense_is_named(
    company: Company, cursor: str | None, limit: int, field: str
) -> None:
    with looking_as(company.owner) as user, pytest.raises(Invalid) as refused:
        bucket_page(user, "mine", LeadFilters(), cursor, limit)
    assert refused.value.errors[0].field == field


def test_quarantined_leads_are_shown_only_when_asked_for(company: Company) -> None:
    spam = make_lead(company, state="quarantined", waiting_for=None)
    free = make_lead(company)
    assert listed(company.owner, "unassigned") == [free.id]
    assert listed(company.owner, "unassigned", status=LeadState.QUARANTINED) == [spam.id]
    with looking_as(company.owner) as user:
        assert bucket_counts(user)[Bucket.UNASSIGNED].value == 1


def test_counts_follow_what_the_viewer_may_see(company: Company) -> None:
    make_lead(company)
    make_lead(company, company.agent)
    make_lead(company, company.colleague)
    narrow = make_user(company, "Nina Narrow", lead_access=["mine"])
    with looking_as(company.owner) as user:
        assert {bucket: str(count) for bucket, count in bucket_counts(user).items()} == {
            "unassigned": "1",
            "mine": "0",
            "assigned": "2",
            "closed": "0",
        }
    with looking_as(narrow) as user:
        assert {bucket: count.value for bucket, count in bucket_counts(user).items()} == {"mine": 0, "closed": 0}


def test_counts_are_exact_to_a_thousand(company: Company) -> None:
    contact = make_contact(company)
    first = make_lead(company, contact=contact)
    with company.inside():
        copy = (
            "INSERT INTO leads (company_id, id, contact_id, state, waiting_for) "
            "SELECT company_id, gen_random_uuid(), contact_id, state, waiting_for "
            "FROM leads, generate_series(1, %(n)s) WHERE id = %(id)s"
        )
        db.session.connection().exec_driver_sql(copy, {"n": 999, "id": first.id})
        db.session.commit()
        assert str(bucket_counts(company.owner.user())[Bucket.UNASSIGNED]) == "1,000"
        db.session.connection().exec_driver_sql(copy, {"n": 1, "id": first.id})
        assert str(bucket_counts(company.owner.user())[Bucket.UNASSIGNED]) == "1,000+"


def test_isolated_agents_see_what_they_own_whatever_their_boxes_say(company: Company) -> None:
    free, mine = make_lead(company), make_lead(company, company.agent)
    isolate(company)
    assert listed(company.agent, None) == [mine.id]
    with looking_as(company.agent) as user:
        assert open_buckets(user) == ["mine", "closed"]
        with pytest.raises(NotFound):
            lead_for(user, free.id)
    assert set(listed(company.manager, None)) == {free.id, mine.id}


def test_a_lead_of_another_company_does_not_exist(company: Company, stranger: Person) -> None:
    lead = make_lead(company)
    with looking_as(stranger) as user:
        with pytest.raises(NotFound) as unseen:
            lead_for(user, lead.id)
        with pytest.raises(NotFound) as missing:
            lead_for(user, uuid4())
    assert str(unseen.value) == str(missing.value)
    assert listed(stranger, None) == []


def test_a_deactivated_user_sees_nothing(company: Company) -> None:
    gone = make_user(company, "Gone Gary", active=False)
    make_lead(company)
    assert listed(gone, None) == []


def test_a_masked_lead_holds_nothing_of_the_customer(company: Company) -> None:
    lead = seen(company.colleague, masked_lead(company))
    assert lead.masked
    assert (lead.contact, lead.text, lead.external_id, lead.fields, lead.flags) == (None, None, None, {}, [])
    assert lead.location == {"city": "Leeds"}
    assert (lead.lead_type, lead.source, lead.tags_found) == ("Roofing", "Website", ["solar"])
    assert lead.called == "Roofing in Leeds"
    for secret in ("Wanda", "4155550199", "hidden.example", "Quiet Row", "LS1", "53.8", "CRM-77", "slate"):
        assert secret not in repr(lead)


def test_managers_and_the_owner_of_an_offered_lead_see_the_customer(company: Company) -> None:
    lead = masked_lead(company)
    assert seen(company.manager, lead).called == "Wanda Hidden"
    with company.inside():
        offered = db.session.get(models.Lead, (company.id, lead.id))
        assert offered is not None
        offered.state, offered.owner_id = "owned", company.agent.id
        db.session.commit()
    mine = seen(company.agent, lead)
    assert not mine.masked
    assert mine.contact is not None
    assert [phone.value for phone in mine.contact.phones] == ["+14155550199"]
    assert mine.contact.emails == ("wanda@hidden.example",)
    assert seen(company.colleague, lead).masked


SECRET_WORDS = ["Wanda", "wanda@hidden", "415 555-0199", "Ring me", "CRM-77"]


@pytest.mark.parametrize("words", SECRET_WORDS)
def test_search_does_not_tell_what_is_masked(company: Company, words: str) -> None:
    lead = masked_lead(company)
    assert listed(company.manager, None, q=words) == [lead.id]
    assert listed(company.agent, None, q=words) == []


def test_a_masked_lead_is_found_by_its_tag(company: Company) -> None:
    lead = masked_lead(company)
    assert listed(company.agent, None, q="Solar") == [lead.id]


@pytest.mark.parametrize(
    "words",
    [
        "+44 20 7946 0958",
        "020 7946 0958",
        "0044 (0)20 7946-0958",
        "(020) 79460958 ext. 12",
        "7946 0958",
        "٠٢٠٧٩٤٦٠٩٥٨",
        "edgar",
        "EDGAR@LONDON.example",
        "damp cellar",
        "REF-9",
    ],
)
def test_one_box_finds_a_lead_by_anything_people_know_of_it(company: Company, words: str) -> None:
    contact = make_contact(company, "Edgar Ash", phone="+442079460958", email="edgar@london.example")
    lead = make_lead(company, contact=contact, text="We have a damp cellar.", external_id="REF-9")
    make_lead(company)
    assert listed(company.owner, None, q=words) == [lead.id]


@pytest.mark.parametrize("words", ["100%", "_____", "\\"])
def test_signs_of_the_pattern_language_are_plain_text(company: Company, words: str) -> None:
    make_lead(company, text="Hello there")
    assert listed(company.owner, None, q=words) == []


def test_filters_narrow_and_hold_together(company: Company) -> None:
    pool = make_pool(company, [company.agent])
    wanted = make_lead(company, company.agent, source="Website", tags_found=["solar"], pool_id=pool.id)
    make_lead(company, company.agent, source="Fair", tags_found=["solar"], pool_id=pool.id)
    everything = {
        "owner": company.agent.id,
        "pool": pool.id,
        "source": "Website",
        "tag": "solar",
        "status": LeadState.OWNED,
        "since": datetime.now(UTC) - timedelta(hours=1),
    }
    assert listed(company.owner, None, **everything) == [wanted.id]
    for name, other in {
        "owner": uuid4(),
        "pool": uuid4(),
        "source": "x",
        "tag": "x",
        "since": datetime.now(UTC),
    }.items():
        assert listed(company.owner, None, **{**everything, name: other}) == []
