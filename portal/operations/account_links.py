"""Mails with a link to set a new password, asked for by whoever knows the address."""

from __future__ import annotations

from sqlalchemy import update

from portal.extensions import db
from portal.models import Cause, Message, User, new_id
from portal.models.tenancy import enter_company
from portal.operations.messages import say
from portal.operations.transaction import operation
from portal.queries.across import account_with_email, memberships_of
from portal.tokens import AccountPurpose


@operation
def ask_for_reset(email: str) -> None:
    """Send a reset link to the account with this address, if there is one that works for a company.

    Nothing is answered: who asks must not learn which addresses are known.
    """
    account = account_with_email(email)
    memberships = memberships_of(account.id) if account is not None and account.active else []
    if account is None or not memberships:
        return
    # The message belongs to one company's outbox; the account is the same in all of them.
    enter_company(memberships[0].company_id)
    user = db.session.get_one(User, (memberships[0].company_id, memberships[0].user_id))
    about = f"reset:{new_id()}"
    say(Cause.ACCOUNT, user, about=about, facts={"link": AccountPurpose.RESET.value})
    # To the address one signs in with: the other one is the company's to change, and must not open the account.
    db.session.execute(
        update(Message).where(Message.company_id == user.company_id, Message.about == about).values(to=account.email)
    )
