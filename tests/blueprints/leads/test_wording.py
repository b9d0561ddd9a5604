"""The lead pages' own words."""

from __future__ import annotations

import pytest

from portal.blueprints.leads import wording
from portal.models import ActorType


@pytest.mark.parametrize(
    ("kind", "name", "said"),
    [
        (ActorType.RULE, "Everything else", "the rule “Everything else”"),
        (ActorType.CONTACT, "The customer", "the customer"),
        (ActorType.USER, "Ana Torres", "Ana Torres"),
    ],
)
def test_who_did_something_reads_well_inside_a_sentence(kind: ActorType, name: str, said: str) -> None:
    assert wording.actor(kind, name) == said
