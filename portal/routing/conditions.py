"""What a rule asks of a lead. Fields are ANDed, the values of a field ORed; a field left empty does not restrict.

Conditions are JSON:

    {"source": ["Website"], "channel": [...], "lead_type": [...], "tag": [...], "language": [...],
     "country": [...], "region": [...], "city": [...], "postcode": ["28*"],
     "price": {"min": "100000", "max": "300000"}, "has_phone": true,
     "fields": {"rooms": {"equals": "3"} | {"contains": "x"} | {"one_of": ["3", "4"]}}}

One text counts as a list of one. A postcode that ends in a star is a prefix. Either end of a price may be left out; it
is met when the lead's price range overlaps. Beside them stands a strictness by field (`fields.rooms` for a custom one):
`exact`, or `exact_or_empty`, which also lets leads pass that leave the field blank. Texts are compared as
`tags.normal` has them: case, accents and width make no difference.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from operator import attrgetter
from typing import TYPE_CHECKING, Protocol

from portal.routing.tags import normal, normal_value

if TYPE_CHECKING:
    from portal.routing.facts import LeadFacts

MOST_VALUES = 200
"""Values of one field."""

MOST_FIELDS = 50
"""Custom fields in one rule."""

LONGEST_VALUE = 200
"""Characters of one value or of a custom field's name."""

VALUES_SAID = 5
"""How many accepted values a sentence names."""

CUSTOM = "fields."
"""What the name of a custom field begins with, in strictness and in messages."""


class Strictness(StrEnum):
    """Whether a lead that leaves the field blank is let pass."""

    EXACT = "exact"
    EXACT_OR_EMPTY = "exact_or_empty"


class Operator(StrEnum):
    """How a custom field is compared."""

    EQUALS = "equals"
    CONTAINS = "contains"
    ONE_OF = "one_of"


Answer = tuple[bool, str]
"""Met or not, and the fragment of a sentence that says so."""


class Test(Protocol):
    """One field of the conditions, ready to be held against leads."""

    def check(self, lead: LeadFacts, /) -> Answer:
        """What this field says of `lead`."""


@dataclass(frozen=True, slots=True)
class Conditions:
    """A rule's conditions with every value normalised once: they are held against many leads."""

    tests: tuple[Test, ...]

    @classmethod
    def of(cls, conditions: Mapping[str, object], strictness: Mapping[str, str]) -> Conditions:
        """`conditions` made ready. Raises ValueError for fields of a kind nobody knows, and for other malformed ones
        that `check_conditions` would have refused."""
        if not conditions:
            return RESTRICTS_NOTHING
        unknown = sorted(name for name in conditions if name not in READERS)
        if unknown:
            raise ValueError(f"unknown conditions {', '.join(unknown)}")
        try:
            return cls(tuple(_tests(conditions, strictness)))
        except (AttributeError, TypeError, KeyError, InvalidOperation) as error:
            raise ValueError("malformed conditions") from error

    def check(self, lead: LeadFacts) -> Answer:
        """Whether `lead` meets them all, and why: what was met, up to the first that was not."""
        said = []
        for test in self.tests:
            met, why = test.check(lead)
            said.append(why)
            if not met:
                return False, "; ".join(said)
        return True, "; ".join(said) or "restricts nothing"


RESTRICTS_NOTHING = Conditions(())


@dataclass(frozen=True, slots=True)
class TextTest:
    """A field of texts, met when any of the lead's values is accepted."""

    name: str
    read: Callable[[LeadFacts], Sequence[str]]
    form: Callable[[str], str]
    accepted: frozenset[str]
    prefixes: tuple[str, ...]
    lets_blank: bool
    not_met: str

    def check(self, lead: LeadFacts) -> Answer:
        """Whether one of the lead's values is accepted or begins as accepted ones may."""
        values = self.read(lead)
        for value in values:
            formed = self.form(value)
            if formed in self.accepted or (self.prefixes and formed.startswith(self.prefixes)):
                return True, f"{self.name} is {value.strip()}"
        if not any(map(str.strip, values)):
            return _blank(self.name, self.lets_blank)
        return False, self.not_met


@dataclass(frozen=True, slots=True)
class ContainsTest:
    """A custom field that has a text somewhere in it."""

    name: str
    field: str
    wanted: str
    lets_blank: bool
    said: str

    def check(self, lead: LeadFacts) -> Answer:
        """Whether the wanted text is part of the lead's value."""
        given = lead.fields.get(self.field)
        value = "" if given is None else str(given)
        if not value.strip():
            return _blank(self.name, self.lets_blank)
        if self.wanted in normal(value):
            return True, f"{self.name} contains {self.said}"
        return False, f"{self.name} does not contain {self.said}"


@dataclass(frozen=True, slots=True)
class PriceTest:
    """A price range that overlaps the lead's. Where the lead names one end only, its other end is open."""

    least: Decimal | None
    most: Decimal | None
    lets_blank: bool

    def check(self, lead: LeadFacts) -> Answer:
        """Whether the ranges have a price in common."""
        lowest, highest = lead.price_min, lead.price_max
        if lowest is None and highest is None:
            return _blank("price", self.lets_blank)
        if self.least is not None and highest is not None and highest < self.least:
            return False, f"price is below {self.least:,f}"
        if self.most is not None and lowest is not None and lowest > self.most:
            return False, f"price is above {self.most:,f}"
        if self.least is None:
            return True, f"price is not above {self.most:,f}"
        return True, f"price is {self.least:,f} " + ("or more" if self.most is None else f"to {self.most:,f}")


@dataclass(frozen=True, slots=True)
class PhoneTest:
    """Whether there is a number to call."""

    wanted: bool

    def check(self, lead: LeadFacts) -> Answer:
        """Whether the lead has what is wanted."""
        return lead.has_phone is self.wanted, "has a phone number" if lead.has_phone else "has no phone number"


def _blank(name: str, lets_blank: bool) -> Answer:
    return lets_blank, f"{name} is blank{', which is let pass' if lets_blank else ''}"


def _one(read: Callable[[LeadFacts], str | None]) -> Callable[[LeadFacts], Sequence[str]]:
    def values(lead: LeadFacts) -> Sequence[str]:
        value = read(lead)
        return () if value is None else (value,)

    return values


def _placed(key: str) -> Callable[[LeadFacts], Sequence[str]]:
    return _one(lambda lead: lead.location.get(key))


def _tags(lead: LeadFacts) -> Sequence[str]:
    return (*lead.tags, *(tag.text for tag in lead.found)) if lead.found else lead.tags


def _without_blanks(text: str) -> str:
    return normal_value(text).replace(" ", "")


TEXTS: Mapping[str, Callable[[LeadFacts], Sequence[str]]] = {
    "source": _one(attrgetter("source")),
    "channel": _one(attrgetter("channel")),
    "lead_type": _one(attrgetter("lead_type")),
    "tag": _tags,
    "country": _placed("country"),
    "region": _placed("region"),
    "city": _placed("city"),
    "postcode": _placed("postcode"),
    "language": _one(attrgetter("language")),
}
"""Where a field of texts is read from."""


def _tests(conditions: Mapping[str, object], strictness: Mapping[str, str]) -> Iterator[Test]:
    for name in READERS:
        if conditions.get(name) not in (None, [], {}, ()):
            yield from READERS[name](name, conditions[name], strictness)


def _text_test(name: str, data: object, strictness: Mapping[str, str]) -> Iterator[Test]:
    values = _listed(data)
    form = _without_blanks if name == "postcode" else normal_value
    prefixes = [value.rstrip()[:-1] for value in values if name == "postcode" and value.rstrip().endswith("*")]
    whole = [value for value in values if not (name == "postcode" and value.rstrip().endswith("*"))]
    yield TextTest(
        _said(name),
        TEXTS[name],
        form,
        frozenset(map(form, whole)),
        tuple(map(form, prefixes)),
        _lets_blank(name, strictness),
        f"{_said(name)} is not {_either(values)}",
    )


def _price_test(name: str, data: object, strictness: Mapping[str, str]) -> Iterator[Test]:
    ends = _mapped(data)
    least, most = (None if ends.get(end) is None else Decimal(str(ends[end])) for end in ("min", "max"))
    if least is not None or most is not None:
        yield PriceTest(least, most, _lets_blank(name, strictness))


def _phone_test(_name: str, data: object, _strictness: Mapping[str, str]) -> Iterator[Test]:
    yield PhoneTest(bool(data))


def _custom_tests(_name: str, data: object, strictness: Mapping[str, str]) -> Iterator[Test]:
    for field, comparison in _mapped(data).items():
        for operator, wanted in _mapped(comparison).items():
            if wanted != []:
                yield _custom_test(field, Operator(operator), wanted, _lets_blank(CUSTOM + field, strictness))


def _custom_test(field: str, operator: Operator, wanted: object, lets_blank: bool) -> Test:
    values = _listed(wanted)
    if operator is Operator.CONTAINS:
        return ContainsTest(field, field, normal(values[0]), lets_blank, values[0].strip())

    def read(lead: LeadFacts) -> Sequence[str]:
        given = lead.fields.get(field)
        return () if given is None else (str(given),)

    accepted = frozenset(map(normal_value, values))
    return TextTest(field, read, normal_value, accepted, (), lets_blank, f"{field} is not {_either(values)}")


Reader = Callable[[str, object, Mapping[str, str]], Iterator[Test]]

READERS: Mapping[str, Reader] = {
    **dict.fromkeys(TEXTS, _text_test),
    "price": _price_test,
    "has_phone": _phone_test,
    "fields": _custom_tests,
}
"""How each kind of field is made ready. These are all the fields there are."""


def _lets_blank(name: str, strictness: Mapping[str, str]) -> bool:
    return strictness.get(name) == Strictness.EXACT_OR_EMPTY


def _mapped(data: object) -> Mapping[str, object]:
    if not isinstance(data, Mapping):
        raise TypeError("these conditions are given by name")
    return data


def _listed(data: object) -> list[str]:
    if isinstance(data, str):
        return [data]
    if not isinstance(data, Iterable):
        raise TypeError("values are a text or a list of texts")
    return [str(value) for value in data]


def _said(name: str) -> str:
    return name.replace("_", " ")


def _either(values: Sequence[str]) -> str:
    shown = [value.strip() for value in values[:VALUES_SAID]]
    more = len(values) - len(shown)
    shown += [f"{more} more"] if more else []
    return " or ".join(filter(None, [", ".join(shown[:-1]), shown[-1]]))


Problem = tuple[str, str]
"""A field, and what is wrong with it."""


def check_conditions(conditions: object, strictness: object) -> list[Problem]:
    """Everything that is wrong with conditions somebody wants to save; an empty list when they can be."""
    if not isinstance(conditions, Mapping):
        return [("conditions", "Conditions are given by field, such as source: Website.")]
    if not isinstance(strictness, Mapping):
        return [("strictness", "Strictness is given by field, such as source: exact_or_empty.")]
    found = [problem for name, data in conditions.items() for problem in _problems(str(name), data)]
    return found + [problem for name, kind in strictness.items() for problem in _of_strictness(name, kind)]


def _problems(name: str, data: object) -> Iterator[Problem]:
    if name not in READERS:
        yield name, f"{name} is not a field rules can look at; they are {', '.join(READERS)}."
    elif name == "price":
        yield from _of_price(data)
    elif name == "has_phone":
        if data is not None and not isinstance(data, bool):
            yield name, "has_phone is true or false."
    elif name == "fields":
        yield from _of_custom(data)
    else:
        yield from _of_values(name, data)
        if name == "postcode" and isinstance(data, str | list) and any(value.strip() == "*" for value in _listed(data)):
            yield name, "A star alone is every postcode; write what they begin with, such as 28*."


def _of_values(name: str, data: object) -> Iterator[Problem]:
    values = [data] if isinstance(data, str) else data
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        yield name, f"{name} takes a text or a list of texts."
    elif len(values) > MOST_VALUES:
        yield name, f"{name}: at most {MOST_VALUES} values; {len(values)} were given."
    elif any(not normal(value[:LONGEST_VALUE]) for value in values):
        yield name, f"{name}: one of the values is blank; leave it out."
    elif any(len(value) > LONGEST_VALUE for value in values):
        yield name, f"{name}: a value has at most {LONGEST_VALUE} characters."


def _of_price(data: object) -> Iterator[Problem]:
    if not isinstance(data, Mapping) or not set(data) <= {"min", "max"}:
        yield "price", "price takes a min, a max or both."
        return
    ends = {end: _amount(data[end]) for end in ("min", "max") if data.get(end) is not None}
    for end, amount in ends.items():
        if amount is None:
            yield f"price.{end}", f"{str(data[end])[:40]} is not a price; write digits, such as 250000."
    least, most = ends.get("min"), ends.get("max")
    if least is not None and most is not None and least > most:
        yield "price", f"The lowest price, {least:,f}, is above the highest, {most:,f}."


def _amount(data: object) -> Decimal | None:
    text = str(data).strip()
    if isinstance(data, bool) or not isinstance(data, str | int | Decimal) or len(text) > 20:
        return None
    try:
        amount = Decimal(text)
    except InvalidOperation:
        return None
    return amount if amount.is_finite() and amount >= 0 and "E" not in text.upper() else None


def _of_custom(data: object) -> Iterator[Problem]:
    if not isinstance(data, Mapping):
        yield "fields", "Custom fields are given by name, such as rooms: equals 3."
        return
    if len(data) > MOST_FIELDS:
        yield "fields", f"At most {MOST_FIELDS} custom fields; {len(data)} were given."
    for field, comparison in data.items():
        yield from _of_comparison(str(field), comparison)


def _of_comparison(field: str, comparison: object) -> Iterator[Problem]:
    name = CUSTOM + field
    if not field.strip() or len(field) > LONGEST_VALUE:
        yield name[:LONGEST_VALUE], f"A custom field's name has 1 to {LONGEST_VALUE} characters."
    elif not isinstance(comparison, Mapping) or len(comparison) != 1 or not set(comparison) <= set(Operator):
        yield name, f"{field} takes one comparison: {', '.join(Operator)}."
    else:
        [(operator, wanted)] = comparison.items()
        if operator != Operator.ONE_OF and not isinstance(wanted, str):
            yield name, f"{field}: {operator} takes one text."
        else:
            yield from _of_values(name, wanted)


def _of_strictness(name: object, kind: object) -> Iterator[Problem]:
    known = name in READERS and name != "fields"
    if not known and not (isinstance(name, str) and name.startswith(CUSTOM)):
        yield f"strictness.{name}", f"{name} is not a field rules can look at."
    elif kind not in list(Strictness):
        yield f"strictness.{name}", f"Strictness of {name} is {' or '.join(Strictness)}."
