"""How a company hands out leads, as data people can read, and back: tags, pools, rules, those of teams, and the
settings that count.

The one place that knows this form. A file holds it, versions keep it, drafts are it. People are named by e-mail, pools
and rules by name, teams by their names from the top ("North / Sales"), so that a file fits another company with the
same people. What a file leaves out stays as it is; a pool, rule or tag that is missing from a list is taken away. Teams
themselves are neither made nor removed: one that is missing from the list has no rules and no defaults of its own.

A new column is one line in the table it belongs to, or in LEFT_OUT.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from portal.models import Company, Pool, Rule, Tag, Team
from portal.operations.company import CompanyChanges
from portal.operations.pool_fields import PoolChanges
from portal.operations.rules import RuleChanges

Data = dict[str, Any]

FORMAT = 1
SECTIONS = ("format", "company", "tags", "pools", "rules", "teams")
TEAM_IDS = "team_ids"
"""Beside them in a version: the ids of the teams that are named in it, by these names."""


class Kind(StrEnum):
    """What stands in a field; the last four name things of the company."""

    TEXT = "text"
    WHOLE = "a whole number"
    YES_NO = "true or false"
    OBJECT = "an object, in braces"
    PERSON = "an e-mail address"
    PEOPLE = "a list of e-mail addresses"
    TEAM = "the name of a team"
    POOL = "the name of a pool"


TYPES: Mapping[Kind, type] = {Kind.WHOLE: int, Kind.YES_NO: bool, Kind.OBJECT: dict, Kind.PEOPLE: list}


@dataclass(frozen=True, slots=True)
class Field:
    """One field: its key in the file, what stands in it, and the column or argument it goes to, by the same name unless
    said. Where something `must` stand there, null is no answer."""

    key: str
    kind: Kind = Kind.TEXT
    column: str = ""
    must: bool = True

    @property
    def goes_to(self) -> str:
        return self.column or self.key


COMPANY = (
    Field("time_zone"),
    Field("returning_contacts"),
    Field("named_counts_as_turn", Kind.YES_NO),
    Field("fallback_any_active", Kind.YES_NO),
    Field("catch_all_reminder_minutes", Kind.WHOLE, must=False),
    Field("presence_mode"),
    Field("holidays", Kind.OBJECT),
    Field("untagged_qualify_all", Kind.YES_NO),
    Field("performance_in_routing", must=False),
    Field("name_as_tag", Kind.YES_NO),
    Field("email_as_tag", Kind.YES_NO),
    Field("manual_intercept", Kind.YES_NO),
    Field("opening_hours", Kind.OBJECT, must=False),
    Field("hold_spacing_seconds", Kind.WHOLE),
)


TAG = (Field("text"), Field("kind"), Field("weight", Kind.WHOLE))


POOL = (
    Field("name"),
    Field("team", Kind.TEAM, "team_id", must=False),
    Field("picker"),
    Field("delivery"),
    Field("window_seconds", Kind.WHOLE),
    Field("max_offers", Kind.WHOLE),
    Field("single_user", Kind.PERSON, "single_user_id", must=False),
    Field("when_nobody_available"),
    Field("default_mode", must=False),
    Field("default_assignees", Kind.PEOPLE, "default_assignee_ids"),
    Field("last_call_seconds", Kind.WHOLE, must=False),
    Field("next_pool", Kind.POOL, "next_pool_id", must=False),
    Field("pond_limit", Kind.WHOLE, must=False),
    Field("timer"),
    Field("hours", Kind.OBJECT, must=False),
    Field("contact_within", Kind.WHOLE, must=False),
    Field("forfeit_at_cap", Kind.YES_NO),
    Field("for_reassignment", Kind.YES_NO),
)


MEMBER = (
    Field("user", Kind.PERSON, "user_id"),
    Field("agent_tag"),
    Field("weight", Kind.WHOLE),
    Field("priority", Kind.WHOLE),
    Field("caps", Kind.OBJECT),
)


RULE = (
    Field("name"),
    Field("pool", Kind.POOL, "pool_id", must=False),
    Field("to_team", Kind.TEAM, "to_team_id", must=False),
    Field("paused", Kind.YES_NO),
    Field("conditions", Kind.OBJECT),
    Field("strictness", Kind.OBJECT),
    Field("hours", Kind.OBJECT, must=False),
)


TEAM = (
    Field("default_pool", Kind.POOL, "default_pool_id", must=False),
    Field("default_user", Kind.PERSON, "default_user_id", must=False),
)


_SET_BY: Mapping[tuple[Field, ...], Mapping[str, Any]] = {
    COMPANY: CompanyChanges.__annotations__,
    POOL: PoolChanges.__annotations__,
    RULE: RuleChanges.__annotations__,
}


LEFT_OUT: Mapping[type, frozenset[str]] = {
    Company: frozenset(
        {"id", "name", "country", "currency", "rate_limit", "is_demo", "setup_version", "created_at"}
        # Who sees what, and who may pause whom, is no matter of handing out.
        | {"isolate_leads", "unassigned_visible_when_isolated", "mask_names_in_why", "self_service_pause"}
    ),
    Tag: frozenset({"company_id", "id", "normal", "created_at"}),
    Pool: frozenset({"company_id", "id", "created_at", "deleted_at"}),
    Rule: frozenset({"company_id", "id", "team_id", "position", "is_default", "created_at", "deleted_at"}),
    Team: frozenset({"company_id", "id", "parent_id", "name", "created_at"}),
}
"""Columns that are told by a list and its order, belong to the row itself, or are about something else."""


def in_use(fields: tuple[Field, ...]) -> tuple[Field, ...]:
    """Those of `fields` that can be set: the operations behind the pages say which these are."""
    known = _SET_BY.get(fields)
    return fields if known is None else tuple(each for each in fields if each.goes_to in known)


DEFAULT_RULE_KEYS = frozenset({"id", "name", "pool", "to_team"})
