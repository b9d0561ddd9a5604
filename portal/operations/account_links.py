"""Mails with a link to set a password: asked for by the person, or sent again by somebody who looks after people."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import update

from portal.errors import Conflict, Forbidden, NotFound
from portal.extensions import db
from portal.models import Account, Cause, Message, User, new_id
from portal.models.tenancy import enter_company
from portal.operations.messages import say
from portal.operations.people import invite
from portal.operations.transaction import operation
from portal.permissions import Right, is_reached, outranks, require
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


@operation
def invite_again(user_id: UUID, *, by: User) -> User:
    """Write once more to somebody who lost the first mail, with a fresh link.

    Raises:
        NotFound: no such active user.
        Forbidden: no right to, or the person stands above.
        Conflict: they have set a password already.
    """
    require(by, Right.PEOPLE)
    user = db.session.get(User, (by.company_id, user_id))
    if user is None or not user.active or not is_reached(by, Right.PEOPLE, user.team_id):
        raise NotFound("There is no such active user.")
    if outranks(by, user):
        raise Forbidden("This person's role stands above yours.")
    account = db.session.get_one(Account, user.account_id)
    if account.password is not None:
        raise Conflict(f"{user.name} has set a password already. They can ask for a new one on the sign-in page.")
    # A link in one company's mail must not open an account that also works for another.
    invite(user, with_link=all(one.user_id == user.id for one in memberships_of(account.id)))
    return user
