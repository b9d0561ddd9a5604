"""Taking a lead out of a pond: what still keeps a member from it, and what does not."""

import pytest

from portal.routing import pond
from portal.routing.facts import Asked, Cap, LeadFacts
from portal.routing.tags import Tag, TagKind

from .crew import LEAD, agent


def refused(member, lead=LEAD):
    [refusal] = pond.refusals([member], lead)
    return refusal and refusal.reason


@pytest.mark.parametrize(
    "facts", [{}, {"available": False}, {"asked": Asked.MISSED}, {"asked": Asked.DECLINED}, {"presence": "offline"}]
)
def test_who_takes_it_is_there_and_may_have_changed_their_mind(facts):
    assert refused(agent("Ana", **facts)) is None


@pytest.mark.parametrize(
    ("facts", "why"),
    [
        ({"active": False}, "no longer active"),
        ({"weight": 0}, "at weight 0"),
        ({"receives": False}, "not in a role that receives leads"),
        ({"open_leads": 2, "open_cap": 2}, "at 2 of 2 open leads"),
        ({"caps": (Cap("today", 3, 3),)}, "at 3 of 3 leads today"),
    ],
)
def test_who_may_have_no_more_gets_none(facts, why):
    assert refused(agent("Ana", **facts)) == why


def test_what_the_lead_asks_for_still_counts():
    lead = LeadFacts(found=(Tag("roof", TagKind.REQUIRED, 50),))
    assert refused(agent("Ana"), lead) == "lacks required tags: roof"
    assert refused(agent("Ana", tags=frozenset({"roof"})), lead) is None


def test_a_ponds_own_limit_is_one_more_cap():
    ana = agent("Ana", caps=(Cap("today", 0, 9),))
    assert refused(pond.limited(ana, 2, 3)) is None
    assert refused(pond.limited(ana, 3, 3)) == "at 3 of 3 leads from this pond today"
    assert pond.limited(ana, 3, None) == ana
