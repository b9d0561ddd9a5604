"""What is sent about rules."""

from __future__ import annotations

from portal.blueprints.api.fields import Flag, Form, Free, Id, Several, Text

CONDITIONS = """What a lead must be: `source`, `channel`, `lead_type`, `tag`, `country`, `region`, `city`, `postcode`
(28* is every postcode that begins with 28) and `language` take a list of texts of which one must fit; `price` takes
`min`, `max` or both, and fits when the ranges overlap; `has_phone` takes true or false; `fields` takes, by the name of
a custom field, one of `{"equals": "3"}`, `{"contains": "pool"}`, `{"one_of": ["3", "4"]}`. All must fit; a field left
out does not restrict. Case, accents and width make no difference."""

STRICTNESS = """By field (`fields.rooms` for a custom one): `exact`, or `exact_or_empty`, which also lets leads pass
that leave the field blank."""

HOURS = """In the company's time zone: `{"monday": [["09:00", "17:00"]], "exceptions":
{"2026-12-24": []}}`; a day left out is closed. null = at all hours."""


class RuleForm(Form):
    """A rule's fields, each as wanted. Of the default rule, only the name and the pool can change."""

    later = frozenset({"team_id"})
    name = Text()
    conditions = Free(metadata={"description": CONDITIONS})
    strictness = Free(metadata={"description": STRICTNESS})
    hours = Free(allow_none=True, metadata={"description": HOURS})
    # null = nowhere, they wait for a person.
    pool_id = Id(allow_none=True)
    paused = Flag()


class NewRuleForm(RuleForm):
    """A new rule."""

    name = Text(required=True)


class OrderForm(Form):
    """All rules in the order they shall be looked at; the default rule may be left out. The list alone will do."""

    ids = Several(Id(), required=True)
