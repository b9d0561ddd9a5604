"""The rules of the draft, the company's and those of teams: made, changed, copied, removed and put into order.

What a rule may be is for the operations on rules to say: a draft is saved only if it could be published. What is wrong
with the rule that was changed is said of its own fields, as it is for a rule that counts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from portal.errors import Conflict, FieldError, Invalid, NotFound
from portal.models import User, new_id
from portal.operations.draft_changes import (
    Data,
    TeamNamed,
    path_of,
    with_rule,
    with_rule_added,
    with_rule_moved,
    with_rule_removed,
    with_team,
)
from portal.operations.drafted import Drafted, DraftedRule
from portal.operations.drafts import change_draft
from portal.operations.transaction import operation

Fields = Mapping[str, Any]
"""Fields of a rule as the file has them: `setup_file.RULE`."""

Change = Callable[[Data], tuple[Data, int | None]]
"""Gives the draft as it shall be, and the place of the rule that what is wrong is said of; None = it is the team's."""


@operation
def make_draft_rule(fields: Fields, team: TeamNamed | None = None, *, by: User) -> UUID:
    """A new rule of the draft, looked at after all others of its list but the default rule.

    Args:
        team: whose list it goes into; None = the company's.

    Returns: its id within the draft. Raises as `change_draft`; what is wrong with the rule, by its fields.
    """
    made = new_id()

    def change(data: Data) -> tuple[Data, int | None]:
        # All that it says, so that nothing stays as it is in a rule of the same name that it takes the place of.
        return with_rule_added(data, {"id": str(made), "paused": False, **fields}, team)

    _change(change, team, by=by)
    return made


@operation
def change_draft_rule(place: int, fields: Fields, team: TeamNamed | None = None, *, by: User, seen: str) -> None:
    """Change fields of the rule at `place` of a list, from 0.

    Args:
        seen: `DraftedRule.seen` of the rule the changes were made to. Changes of other parts of the draft meanwhile
            are in nobody's way.

    Raises as `change_draft`; Conflict also where the rule was changed or moved since it was seen.
    """

    def change(data: Data) -> tuple[Data, int | None]:
        rule = _present(place, team)
        if rule is None or rule.seen != seen:
            raise Conflict(
                "Somebody changed or moved this rule of the draft since you opened it, so nothing was saved. "
                "Open the draft again."
            )
        return with_rule(data, place, fields, team), place

    _change(change, team, by=by)


@operation
def copy_draft_rule(place: int, team: TeamNamed | None = None, *, by: User, seen: str) -> UUID:
    """A copy of the rule at `place`, right behind it and paused.

    Args:
        seen: the mark of the draft the place was seen in.

    Returns: its id within the draft. Raises as `change_draft`; NotFound, and Conflict for the default rule.
    """
    made = new_id()

    def change(data: Data) -> tuple[Data, int | None]:
        original = _present(place, team)
        if original is None:
            raise NotFound("The draft has no such rule. Open it again.")
        if original.is_default:
            raise Conflict("There is one default rule. Make a new rule instead.")
        named = {"id": str(made), "name": f"Copy of {original.name}"[:200], "paused": True}
        return with_rule_added(data, {**original.as_told, **named}, team, place=place + 1)

    _change(change, team, by=by, seen=seen)
    return made


@operation
def move_draft_rule(place: int, places: int, team: TeamNamed | None = None, *, by: User, seen: str) -> None:
    """Move a rule up (places below zero) or down, past one; arguments and errors as in `copy_draft_rule`."""
    _change(lambda data: (with_rule_moved(data, place, places, team), place), team, by=by, seen=seen)


@operation
def set_draft_rule(place: int, fields: Fields, team: TeamNamed | None = None, *, by: User, seen: str) -> None:
    """Set single fields of a rule, such as `paused`; arguments and errors as in `copy_draft_rule`."""
    _change(lambda data: (with_rule(data, place, fields, team), place), team, by=by, seen=seen)


@operation
def remove_draft_rule(place: int, team: TeamNamed | None = None, *, by: User, seen: str) -> None:
    """Take a rule out of the draft; arguments and errors as in `copy_draft_rule`."""
    _change(lambda data: (with_rule_removed(data, place, team), place), team, by=by, seen=seen)


@operation
def set_draft_team(team: TeamNamed, fields: Fields, *, by: User, seen: str) -> None:
    """Say who gets what none of a team's rules takes: `default_pool` by name, `default_user` by e-mail.

    Arguments and errors as in `copy_draft_rule`.
    """
    _change(lambda data: (with_team(data, team, fields), None), team, by=by, seen=seen)


def _present(place: int, team: TeamNamed | None) -> DraftedRule | None:
    """The rule as the draft has it that the transaction holds still."""
    drafted = Drafted.now()
    return drafted.rule(place, team) if drafted else None


def _change(change: Change, team: TeamNamed | None, *, by: User, seen: str | None = None) -> None:
    where = ""

    def noting_where(data: Data) -> Data:
        nonlocal where
        changed, place = change(data)
        where = path_of(changed, team, place)
        return changed

    try:
        change_draft(noting_where, by=by, seen=seen)
    except Invalid as error:
        raise Invalid(error.detail, [_said_at(where, each) for each in error.errors]) from error
    except Conflict as error:
        raise Conflict(error.detail.removeprefix(f"{where}: ")) from error


def _said_at(where: str, error: FieldError) -> FieldError:
    """A complaint about the file as one about the fields of what stands at `where`."""
    if error.field.startswith(f"{where}."):
        return FieldError(error.field.removeprefix(f"{where}."), error.message)
    # A circle is found at whichever of its rules is looked at last. The one that closed it is the one that was changed.
    if error.field.endswith(".to_team_id"):
        return FieldError("to_team_id", error.message)
    return FieldError(error.field, f"Elsewhere in the draft, {error.field}: {error.message}")
