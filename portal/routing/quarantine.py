"""Which new leads go to quarantine: what the company's allow list lets through first, then what its block list stops.

A domain covers all below it: example.com is found in ana@mail.example.com. A text is looked for in a lead's subject, as
whole words and as tags are, without case and accents. Only mails and some forms have a subject (the field `subject`);
for any other lead it is looked for in what the customer wrote.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from typing import NamedTuple

from portal.routing.facts import LeadFacts
from portal.routing.recognise import ContactKey, KeyKind, normal_email
from portal.routing.tags import Tag, Tagger, normal, normal_value, pieces


class Verdict(StrEnum):
    """What a list does with a lead it finds something in."""

    ALLOW = "allow"
    BLOCK = "block"


class Clue(StrEnum):
    """What a lead is known by."""

    ADDRESS = "address"
    DOMAIN = "domain"
    PHONE = "phone"
    TEXT = "text"


class Entry(NamedTuple):
    """A line of one of the lists; `value` as it is compared: an address or domain in small letters, a number in E.164
    form, a text by `normal`."""

    verdict: Verdict
    clue: Clue
    value: str

    def __str__(self) -> str:
        return f"the {self.clue} “{self.value}”"


class Quarantine:
    """A company's lists. Built once, held against all its new leads."""

    __slots__ = ("_lists",)

    def __init__(self, entries: Iterable[Entry]) -> None:
        told = tuple(entries)
        self._lists = {
            verdict: _List([entry for entry in told if entry.verdict is verdict])
            for verdict in Verdict
            if any(entry.verdict is verdict for entry in told)
        }

    def blocks(self, lead: LeadFacts, keys: Iterable[ContactKey]) -> Entry | None:
        """What of the block list a lead holds; None = it is let through.

        Args:
            lead: the lead as routing sees it.
            keys: how its customer can be reached.
        """
        if Verdict.BLOCK not in self._lists:
            return None
        reached_by = tuple(keys)
        if Verdict.ALLOW in self._lists and self._lists[Verdict.ALLOW].find(lead, reached_by) is not None:
            return None
        return self._lists[Verdict.BLOCK].find(lead, reached_by)


class _List:
    def __init__(self, entries: list[Entry]) -> None:
        self._values = {(entry.clue, entry.value): entry for entry in entries}
        self._texts: Mapping[str, Entry] = {entry.value: entry for entry in entries if entry.clue is Clue.TEXT}
        self._tagger = Tagger(Tag(text) for text in self._texts)

    def find(self, lead: LeadFacts, keys: tuple[ContactKey, ...]) -> Entry | None:
        for clue, value in _clues(keys):
            if (clue, value) in self._values:
                return self._values[clue, value]
        if not self._texts:
            return None
        found = self._tagger.find(subject_of(lead))
        return self._texts[found[0].text] if found else None


def subject_of(lead: LeadFacts) -> str:
    """The lead's subject, or all its customer wrote where it has none."""
    for name, value in lead.fields.items():
        if normal_value(name) == "subject" and isinstance(value, str) and value.strip():
            return value
    return lead.text


def readable(text: str) -> bool:
    """Whether there is anything to look for in a text."""
    return bool(pieces(normal(text)))


def _clues(keys: Iterable[ContactKey]) -> Iterator[tuple[Clue, str]]:
    for key in keys:
        match key.kind:
            case KeyKind.PHONE:
                yield Clue.PHONE, key.value
            case KeyKind.EMAIL:
                yield Clue.ADDRESS, normal_email(key.value)
                yield from ((Clue.DOMAIN, domain) for domain in _domains(key.value))
            case _:
                pass


def _domains(address: str) -> Iterator[str]:
    """The domain of an address and those it is below, the nearest first."""
    parts = normal_email(address).rpartition("@")[2].split(".")
    yield from (".".join(parts[place:]) for place in range(len(parts)))
