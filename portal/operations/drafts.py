"""The company's draft: another set-up to try on past leads before anybody gets a new lead by it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import delete, func, select

from portal.errors import Conflict, NotFound
from portal.extensions import db
from portal.models import Draft, Tag, User, new_id
from portal.models.tenancy import working_company
from portal.operations.one_at_a_time import hold_still
from portal.operations.setup_apply import apply_setup, plan_setup
from portal.operations.setup_difference import Difference
from portal.operations.setup_file import Data
from portal.operations.setup_names import Names
from portal.operations.setup_told import in_names_of_now, setup_now
from portal.operations.transaction import operation
from portal.operations.versions import keep_version
from portal.permissions import Right, require_company_wide
from portal.queries.replays import draft_now
from portal.queries.versions import newest_number
from portal.routing.tags import normal


@operation
def begin_draft(*, by: User) -> Draft:
    """A draft that is as today's set-up.

    Raises:
        Forbidden: no right to.
        Conflict: there is one already.
    """
    require_company_wide(by, Right.DISTRIBUTION)
    _lock(by)
    if draft_now() is not None:
        raise Conflict("There is a draft already. Change it, or throw it away first.")
    return _kept(setup_now(by.company_id, with_ids=True), by)


@operation
def save_draft(data: Any, *, by: User, seen: str | None = None) -> list[Difference]:
    """Make the draft this, or begin one with it; gives how it differs from today.

    Args:
        seen: the mark of the draft that was changed, where a person had it before them.

    Raises:
        Forbidden: no right to.
        Invalid, Conflict: it could not be published as it is, says where; or somebody else changed it meanwhile.
    """
    require_company_wide(by, Right.DISTRIBUTION)
    _lock(by)
    _refuse_changed(draft_now(), seen)
    found = plan_setup(data, by=by)
    _kept(data, by)
    return found


@operation
def change_draft(change: Callable[[Data], Data], *, by: User, seen: str | None = None) -> list[Difference]:
    """Make a change to the draft there is, which is held still meanwhile; gives how it differs from today.

    Args:
        change: gives the draft as it shall be, from the draft as it is with teams called as they are now. What it
            raises leaves the draft as it was.
        seen: as in `save_draft`; None where `change` itself sees to it that it still fits.

    Raises:
        Forbidden: no right to.
        Invalid, Conflict: it could not be published as it is, says where; or somebody changed or ended it meanwhile.
    """
    require_company_wide(by, Right.DISTRIBUTION)
    _lock(by)
    there = draft_now()
    if there is None:
        raise Conflict(_CHANGED)
    _refuse_changed(there, seen)
    names = Names.now(by.company_id)
    data = in_names_of_now(change(in_names_of_now(there.data, names)), names)
    found = plan_setup(data, by=by)
    _kept(data, by)
    return found


_CHANGED = "Somebody changed or ended this draft since you opened it, so nothing was saved. Open it again."


def _refuse_changed(there: Draft | None, seen: str | None) -> None:
    if seen is not None and (there is None or mark_of(there) != seen):
        raise Conflict(_CHANGED)


def _lock(by: User) -> None:
    """Whoever changes the draft holds it still until the transaction ends; before any other lock."""
    hold_still("draft")


def _kept(data: Any, by: User) -> Draft:
    draft = draft_now()
    if draft is None:
        draft = Draft(company_id=by.company_id, id=new_id(), based_on=newest_number(), data=data)
        db.session.add(draft)
    draft.data, draft.changed_by_name, draft.changed_at = data, by.name, func.clock_timestamp()
    # Whoever saves it has seen how it differs from the set-up of this moment.
    draft.based_on = newest_number()
    db.session.flush()
    return draft


def mark_of(draft: Draft) -> str:
    """Another one after every change of the draft."""
    return draft.changed_at.isoformat()


def shown_mark(draft: Draft) -> str:
    """The same with the version of the set-up it is held against: another one when what it would change is."""
    return f"{mark_of(draft)} {newest_number()}"


@operation
def publish_draft(*, by: User, seen: str | None = None) -> list[Difference]:
    """Make the set-up what the draft is, as a new version, and end the draft. Gives what changed.

    Args:
        seen: `shown_mark` of the draft and the set-up whose difference somebody looked at; None = nobody looked.

    Raises:
        Forbidden: no right to.
        NotFound: there is no draft.
        Invalid, Conflict: it cannot be published as it is, says where; or the set-up was changed since it was saved.
    """
    require_company_wide(by, Right.DISTRIBUTION)
    _lock(by)
    draft = draft_now()
    if draft is None:
        raise NotFound("There is no draft.")
    if seen is not None and shown_mark(draft) != seen:
        raise Conflict(
            "The draft or the set-up was changed since you looked, so nothing was published. This is what the draft "
            "would change now."
        )
    if draft.based_on != newest_number():
        raise Conflict(
            "The set-up was changed since this draft was saved, and publishing would undo that. Look at what the draft "
            "would change now, correct it, save it, and publish then."
        )
    found = apply_setup(_with_learned_tags(draft), by=by)
    if found:
        keep_version(by, "A draft was published.")
    _end()
    return found


def _with_learned_tags(draft: Draft) -> Any:
    """The draft, with the tags leads brought since it was saved: nobody decided to take those away."""
    if "tags" not in draft.data:
        return draft.data
    learned = db.session.scalars(
        select(Tag).where(Tag.company_id == draft.company_id, Tag.created_at > draft.changed_at).order_by(Tag.normal)
    )
    there = {normal(tag["text"]) for tag in draft.data["tags"]}
    new = [{"text": tag.text, "kind": tag.kind, "weight": tag.weight} for tag in learned if tag.normal not in there]
    return draft.data | {"tags": [*draft.data["tags"], *new]}


@operation
def discard_draft(*, by: User, seen: str | None = None) -> None:
    """Throw the draft away.

    Args:
        seen: as in `save_draft`.

    Raises:
        Forbidden: no right to.
        Conflict: somebody changed or ended it meanwhile.
    """
    require_company_wide(by, Right.DISTRIBUTION)
    _lock(by)
    _refuse_changed(draft_now(), seen)
    _end()


def _end() -> None:
    db.session.execute(delete(Draft).where(Draft.company_id == working_company()))
