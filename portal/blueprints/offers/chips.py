"""What helps to decide about a lead, in a few words each; nothing here names the customer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from portal.blueprints.leads import wording
from portal.messages import telling
from portal.messages.letter import one_line
from portal.queries.offers import OfferFacts

_LONGEST = 300
_MOST_TAGS = 20


@dataclass(frozen=True, slots=True)
class Chip:
    """One fact. `icon` is drawn beside it; `name` is written only where the text does not speak for itself."""

    name: str
    text: str
    icon: str
    is_named: bool = False


def chips(facts: OfferFacts) -> list[Chip]:
    """What, where, when, budget, tags, hints, in this order; what is not known is left out."""
    return [Chip(chip.name, one_line(chip.text, _LONGEST), chip.icon, chip.is_named) for chip in _known(facts)]


def _known(facts: OfferFacts) -> Iterator[Chip]:
    area, budget = telling.area(facts.location or {}), telling.budget(facts.price or {})
    if facts.lead_type:
        yield Chip("Type", facts.lead_type, "what")
    if area:
        yield Chip("Area", area, "where")
    yield Chip("Came in", wording.ago(facts.received_at, facts.now), "when")
    if budget:
        yield Chip("Budget", budget, "budget")
    for tag in facts.tags_found[:_MOST_TAGS]:
        yield Chip("Tag", tag, "tag")
    if facts.language:
        yield Chip("Language", facts.language, "language", is_named=True)
    if facts.source:
        yield Chip("Source", facts.source, "source", is_named=True)
