"""Entries of the log in words."""

from __future__ import annotations

from typing import Any, NamedTuple

from portal.models import AuditEntry

SUBJECT_NAMES = {
    "person": "Person",
    "role": "Role",
    "team": "Team",
    "key": "API key",
    "pool": "Pool",
    "rule": "Rule",
    "tag": "Tag",
    "quarantine_entry": "Quarantine list",
    "settings": "Settings",
}

ACTION_NAMES = {"added": "Added", "changed": "Changed", "removed": "Removed"}

FIELD_NAMES = {
    "acts_as": "acts as",
    "admin_contact": "admin contact",
    "catch_all_reminder_minutes": "minutes between reminders",
    "last_call_seconds": "last call, in seconds",
    "contact_within": "time to log a contact, in seconds",
    "for_reassignment": "only for reassignments",
    "pond_limit": "most leads from the pond in a day",
    "default_assignees": "default assignees",
    "fallback_any_active": "anybody when nobody in the pool can",
    "forfeit_at_cap": "whoever is full loses what they are owed",
    "email_as_tag": "addresses in leads speak for people",
    "clue": "what it is",
    "verdict": "list",
    "hold_spacing_seconds": "seconds between held leads",
    "excluded_lead_types": "lead types not taken",
    "isolate_leads": "agents see only their own leads",
    "lead_access": "sees which leads",
    "mask_names_in_why": "no names of others in why",
    "max_offers": "most offers",
    "named_counts_as_turn": "named leads count as a turn",
    "open_cap": "most open leads",
    "day_cap": "most leads a day",
    "month_cap": "most leads a month",
    "parent_id": "stands below",
    "self_service_pause": "people pause themselves",
    "stand_in": "who covers",
    "team_id": "team",
    "unassigned_visible_when_isolated": "and those nobody owns",
    "untagged_qualify_all": "leads without a tag are for everybody",
    "week_cap": "most leads a week",
    "window_seconds": "seconds to answer",
}


class Change(NamedTuple):
    """One field: as it was and as it is, in words; None = there was none."""

    field: str
    before: str | None
    after: str | None


def changes_of(entry: AuditEntry, names: dict[str, str]) -> list[Change]:
    """What an entry is about, field by field. Of what is new or gone, fields that hold nothing are left out.

    Args:
        names: of teams and roles, by id.
    """
    before, after = entry.before or {}, entry.after or {}
    return [
        Change(
            FIELD_NAMES.get(field, field.replace("_", " ")),
            _in_words(before[field], names) if field in before else None,
            _in_words(after[field], names) if field in after else None,
        )
        for field in dict.fromkeys((*before, *after))
        if entry.action == "changed" or not _is_nothing((after or before)[field])
    ]


def _is_nothing(value: Any) -> bool:
    return value in (None, "", [], {})


def _in_words(value: Any, names: dict[str, str]) -> str:
    match value:
        case None | "":
            return "nothing"
        case True:
            return "yes"
        case False:
            return "no"
        case _ if value in ([], {}):
            # The pattern {} would match every mapping.
            return "none"
        case dict():
            return "; ".join(f"{name.replace('_', ' ')}: {_in_words(each, names)}" for name, each in value.items())
        case [[_, _], *_]:
            return ", ".join(f"{name} {weight}" for name, weight in value)
        case list():
            return ", ".join(_in_words(each, names) for each in value)
        case _:
            return names.get(str(value), str(value))
