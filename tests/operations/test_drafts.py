"""A draft of the set-up: begun, changed, published or thrown away."""

from __future__ import annotations

import pytest

from portal.errors import Conflict, Forbidden, Invalid, NotFound
from portal.operations import drafts, pools
from portal.operations.setup_told import setup_now, without_ids
from portal.queries.replays import draft_now
from portal.queries.versions import newest_number, version
from tests.cast import Company
from tests.factories import make_pool


def test_a_draft_changes_nothing_until_it_is_published_as_a_version(company: Company) -> None:
    make_pool(company, [company.agent], name="Buyers")
    with company.inside():
        by, before = company.owner.user(), setup_now(company.id)
        data = drafts.begin_draft(by=by).data
        data["pools"][0]["window_seconds"] = 60
        assert [str(each) for each in drafts.save_draft(data, by=by)] == ["~ pool “Buyers”, window seconds: 300 → 60"]
        assert setup_now(company.id) == before
        assert newest_number() is None
        drafts.publish_draft(by=company.owner.user())
        assert draft_now() is None
        assert setup_now(company.id)["pools"][0]["window_seconds"] == 60
        number = newest_number()
        assert number is not None
        assert version(number).note == "A draft was published."
        assert without_ids(version(number).data) == setup_now(company.id)


def test_tags_that_leads_brought_meanwhile_stay(company: Company) -> None:
    make_pool(company, [company.agent], name="Buyers")
    company.owner.api.post("/tags", {"text": "Old"})
    with company.inside():
        data = drafts.begin_draft(by=company.owner.user()).data
        data["tags"] = []
        drafts.save_draft(data, by=company.owner.user())
    company.owner.api.post("/leads", {"name": "Ann", "tags": ["Heat pump"]})
    with company.inside():
        drafts.publish_draft(by=company.owner.user())
        assert [tag["text"] for tag in setup_now(company.id)["tags"]] == ["Heat pump"]


def test_there_is_one_draft_and_it_can_be_thrown_away(company: Company) -> None:
    with company.inside():
        drafts.begin_draft(by=company.owner.user())
        with pytest.raises(Conflict):
            drafts.begin_draft(by=company.owner.user())
        drafts.discard_draft(by=company.owner.user())
        with pytest.raises(NotFound):
            drafts.publish_draft(by=company.owner.user())


def test_what_could_not_be_published_is_no_draft(company: Company) -> None:
    with company.inside(), pytest.raises(Invalid):
        drafts.save_draft({"rules": []}, by=company.owner.user())
    with company.inside():
        assert draft_now() is None
        with pytest.raises(Forbidden):
            drafts.begin_draft(by=company.manager.user())


def test_publishing_does_not_undo_what_others_changed_meanwhile(company: Company) -> None:
    pool = make_pool(company, [company.agent], name="Buyers")
    with company.inside():
        data = drafts.begin_draft(by=company.owner.user()).data
        pools.change_pool(pool.id, by=company.owner.user(), max_offers=3)
    with company.inside():
        with pytest.raises(Conflict, match="was changed since"):
            drafts.publish_draft(by=company.owner.user())
        assert setup_now(company.id)["pools"][0]["max_offers"] == 3
        data["pools"][0] |= {"max_offers": 3, "window_seconds": 60}
        drafts.save_draft(data, by=company.owner.user())
        drafts.publish_draft(by=company.owner.user())
        assert setup_now(company.id)["pools"][0]["window_seconds"] == 60


def test_two_who_change_a_draft_do_not_undo_each_other(company: Company) -> None:
    with company.inside():
        draft = drafts.begin_draft(by=company.owner.user())
        seen, data = drafts.mark_of(draft), draft.data
        drafts.save_draft(data, by=company.owner.user(), seen=seen)
        with pytest.raises(Conflict, match="Somebody changed or ended this draft"):
            drafts.save_draft(data, by=company.owner.user(), seen=seen)
