"""What is sent about rules."""

from __future__ import annotations

from portal.blueprints.api.fields import Flag, Form, Free, Id, Several, Text
from portal.blueprints.api.paging import PageForm

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
    """A rule's fields, each as wanted. Of the default rule, only the name and where it sends leads can change.

    Leads go to a pool, `pool_id`, or to a team, `to_team_id`: naming one lets go of the other, and with neither they
    wait for a person. In a team they go through the team's own list, to its default pool, or else to its people, the
    default user first.
    """

    name = Text()
    conditions = Free(metadata={"description": CONDITIONS})
    strictness = Free(metadata={"description": STRICTNESS})
    hours = Free(allow_none=True, metadata={"description": HOURS})
    team_id = Id(allow_none=True, metadata={"description": "The team whose list it is in; null = the company's own."})
    pool_id = Id(allow_none=True)
    to_team_id = Id(
        allow_none=True, metadata={"description": "A team that does not send leads back to the rule's own, on any way."}
    )
    paused = Flag()


class ListForm(PageForm):
    """Which list of rules."""

    team_id = Id(metadata={"description": "A team's own list; without it, the company's."})


class NewRuleForm(RuleForm):
    """A new rule."""

    name = Text(required=True)


class OrderForm(Form):
    """All rules of one list, the company's or a team's, in the order they shall be looked at; the default rule may be
    left out. The list alone will do."""

    ids = Several(Id(), required=True)
