"""Which of a company's tags a lead holds."""

from __future__ import annotations

from portal.routing.facts import LeadFacts
from portal.routing.lead_tags import tagged, tags_held
from portal.routing.tags import Tag, Tagger

TAGGER = Tagger([Tag("roof repair"), Tag("Málaga"), Tag("night shift")])


def found(**lead: object) -> list[str]:
    return [tag.text for tag in tagged(LeadFacts(**lead), TAGGER).found]  # type: ignore[arg-type]


def test_tags_are_found_in_all_a_lead_says() -> None:
    assert found(text="A ROOF  repair, please") == ["roof repair"]
    assert found(lead_type="Roof repair") == ["roof repair"]
    assert found(fields={"wish": "roof repair", "rooms": 3}) == ["roof repair"]
    assert found(location={"city": "malaga", "lat": 36.7}) == ["Málaga"]


def test_tags_sent_along_count_as_found() -> None:
    assert found(tags=("NIGHT SHIFT", "unheard of")) == ["night shift"]


def test_who_the_customer_is_holds_no_tag() -> None:
    assert found(name="Maria Málaga") == []


def test_no_phrase_spans_two_fields() -> None:
    assert found(text="about the night", lead_type="shift") == []


def test_a_tag_is_kept_once_as_it_was_written_first() -> None:
    lead = tagged(LeadFacts(text="Roof repair in Málaga", tags=("ROOF REPAIR", "New")), TAGGER)
    assert tags_held(lead.tags, lead.found) == ["ROOF REPAIR", "New", "Málaga"]
