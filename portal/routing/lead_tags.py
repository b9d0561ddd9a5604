"""Which of a company's tags a lead holds: those sent along with it, and those that stand in its content."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from portal.routing.facts import LeadFacts
from portal.routing.tags import Tag, Tagger, normal_value

BETWEEN = "\ue000"
"""A character for private use: nobody types it, and it counts as a word of its own."""


def tagged(lead: LeadFacts, tagger: Tagger) -> LeadFacts:
    """The lead with the company's tags it holds: looked for in all its content but who the customer is."""
    found = (*tagger.named(lead.tags), *tagger.find(content(lead)))
    return replace(lead, found=tuple(dict.fromkeys(found)))


def content(lead: LeadFacts) -> str:
    """All that tags are looked for in. Between its parts stands a sign that is in no tag: no phrase spans two."""
    return f"\n{BETWEEN}\n".join(_parts(lead))


def tags_held(sent: Sequence[str], found: Sequence[Tag]) -> list[str]:
    """What the lead keeps of its tags: those sent along as they were written, then those found; each once."""
    held: dict[str, str] = {}
    for text in (*sent, *(tag.text for tag in found)):
        held.setdefault(normal_value(text), text)
    return list(held.values())


def _parts(lead: LeadFacts) -> Iterator[str]:
    yield from filter(None, (lead.text, lead.lead_type, lead.source))
    yield from _texts(lead.fields)
    yield from _texts(lead.location)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from _texts(each)
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each)
