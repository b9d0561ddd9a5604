"""Making something by a form: however often the form is pressed, it is made once."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import select

from portal.extensions import db
from portal.models import UsedForm, User
from portal.models.statements import run
from portal.operations.transaction import operation

# The second press waits here until the first is through. Before all other locks, and held by nobody else's acts, so
# nobody waits in a ring; the row itself is written last, for it locks the user it refers to.
_WAIT = "SELECT pg_advisory_xact_lock(hashtextextended('form ' || %(company)s || %(user)s || %(form)s, 0))"


class Made(NamedTuple):
    """What a form made, and whether by this press."""

    id: UUID
    is_new: bool


@operation
def make_once(form_key: UUID | None, make: Callable[[], UUID], *, by: User) -> Made:
    """Make something, unless this form has made it already.

    Args:
        form_key: names the act; None = a form of unknown origin, which makes something at every press.
        make: makes it, in this transaction, and gives its id. What it raises leaves the key unused.
        by: whose form it is. The same key in somebody else's hands is another one.
    """
    if form_key is None:
        return Made(make(), is_new=True)
    company_id, user_id = by.company_id, by.id
    run(_WAIT, {"company": str(company_id), "user": str(user_id), "form": str(form_key)})
    before = db.session.scalar(
        select(UsedForm.made_id).where(
            UsedForm.company_id == company_id, UsedForm.user_id == user_id, UsedForm.form_key == form_key
        )
    )
    if before is not None:
        return Made(before, is_new=False)
    made_id = make()
    db.session.add(UsedForm(company_id=company_id, user_id=user_id, form_key=form_key, made_id=made_id))
    db.session.flush()
    return Made(made_id, is_new=True)
