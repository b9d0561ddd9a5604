"""What a message needs to be written: read when it is sent or shown, so that it tells what is true then."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import current_app
from sqlalchemy import Row, Text, and_, case, cast, false, func, null, or_, select

from portal.extensions import db
from portal.messages import AboutLead, Customer, Facts, Links, Remark, Window
from portal.models import (
    Account,
    Cause,
    Company,
    Contact,
    EntryEdit,
    Lead,
    LeadState,
    Message,
    Offer,
    OfferKind,
    TimelineItem,
    Touch,
    User,
)
from portal.permissions import comment_shown_to_row, covers
from portal.queries.contacts import contact_view, keys_of_lead
from portal.queries.paging import Statement
from portal.queries.reassignments import runs_for
from portal.tokens import AccountPurpose, offer_link, set_password_link

# Causes that are told to the lead's owner; only these may name the customer.
_TO_OWNER = (Cause.ASSIGNED, Cause.ACCEPTED_COPY, Cause.TOUCH)


def facts_of(message_ids: Iterable[UUID]) -> dict[UUID, Facts]:
    """The facts of these messages of the company entered; ids that do not exist there are left out.

    The customer is loaded only for a recipient who owns the lead now, or stands in for its owner: the database leaves
    them out for all others.
    """
    rows = db.session.execute(_statement().where(Message.id.in_(list(message_ids))))
    return {row.Message.id: _facts(row) for row in rows}


def _statement() -> Statement:
    theirs = and_(Lead.owner_id == Message.user_id, Message.cause.in_(_TO_OWNER))
    stands_in = and_(Message.cause == Cause.TOUCH, covers(User.company_id, User.id))
    owns = and_(or_(theirs, stands_in), User.active)

    def for_owner(value: Any) -> Any:
        return case((owns, value), else_=null())

    # A comment is told as it reads now, and only to those who may still read it.
    entry = TimelineItem
    edited = (
        select(EntryEdit.text)
        .where(EntryEdit.company_id == entry.company_id, EntryEdit.entry_id == entry.id)
        .order_by(EntryEdit.id.desc())
        .limit(1)
        .correlate(entry)
        .scalar_subquery()
    )
    may_read = and_(entry.id.is_not(None), comment_shown_to_row())

    def for_reader(value: Any) -> Any:
        return case((may_read, value), else_=null())

    # What the customer wrote last, where that is what the message is about.
    last_touch = (
        select(Touch.text)
        .where(Touch.company_id == Lead.company_id, Touch.lead_id == Lead.id)
        .order_by(Touch.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    return (
        select(
            Message,
            User.name.label("recipient"),
            Company.name.label("company_name"),
            Company.time_zone,
            Account,
            Offer.created_at.label("opened_at"),
            Offer.expires_at,
            and_(
                Offer.kind != OfferKind.SECOND_CHANCE,
                or_(Lead.state.not_in((LeadState.OWNED, LeadState.CLOSED)), runs_for(Offer)),
            ).label("may_ask_again"),
            # To whom it was offered, a lead that is being reassigned is one like any other.
            case((runs_for(Offer), LeadState.OFFERING.value), else_=Lead.state).label("lead_state"),
            Lead.lead_type,
            Lead.source,
            Lead.language,
            Lead.location,
            Lead.price,
            Lead.tags_found,
            for_owner(Lead.contact_id).label("contact_id"),
            for_owner(Contact.name).label("contact_name"),
            for_owner(keys_of_lead()).label("contact_keys"),
            for_reader(entry.actor_name).label("remark_by"),
            for_reader(func.coalesce(edited, entry.text)).label("remark"),
            for_reader(Contact.name).label("remark_about"),
            func.coalesce(Lead.owner_id == Message.user_id, false()).label("owns"),
            for_owner(case((Message.cause == Cause.TOUCH, last_touch), else_=Lead.text)).label("text"),
        )
        .join(User, and_(User.company_id == Message.company_id, User.id == Message.user_id))
        .join(Company, Company.id == Message.company_id)
        .join(Account, Account.id == User.account_id)
        .outerjoin(Offer, and_(Offer.company_id == Message.company_id, Offer.id == Message.offer_id))
        .outerjoin(Lead, and_(Lead.company_id == Message.company_id, Lead.id == Message.lead_id))
        .outerjoin(
            entry,
            and_(
                Message.cause.in_((Cause.COMMENT, Cause.MENTION)),
                entry.company_id == Message.company_id,
                entry.lead_id == Message.lead_id,
                cast(entry.id, Text) == Message.about,
            ),
        )
        .outerjoin(Contact, and_(Contact.company_id == Lead.company_id, Contact.id == Lead.contact_id))
    )


def _facts(row: Row[Any]) -> Facts:
    message: Message = row.Message
    said: dict[str, Any] = message.facts
    is_alarm = message.cause == Cause.ALARM
    return Facts(
        cause=message.cause,
        recipient=row.recipient,
        company=row.company_name,
        zone=ZoneInfo(row.time_zone),
        links=_links(message, row.Account),
        lead=_about_lead(row),
        customer=_customer(row),
        remark=Remark(row.remark_by, row.remark, row.remark_about) if row.remark is not None else None,
        owns=row.owns,
        lead_state=row.lead_state,
        window=Window(row.opened_at, row.expires_at) if row.expires_at else None,
        reason=said.get("why"),
        alarm=said.get("reason") if is_alarm else None,
        may_ask_again=bool(row.may_ask_again),
        purpose=said.get("link"),
    )


def _about_lead(row: Row[Any]) -> AboutLead:
    return AboutLead(
        lead_type=row.lead_type,
        source=row.source,
        language=row.language,
        location=row.location or {},
        price=row.price or {},
        tags=tuple(row.tags_found or ()),
    )


def _customer(row: Row[Any]) -> Customer | None:
    if row.contact_id is None:
        return None
    contact = contact_view(row.contact_id, row.contact_name, row.contact_keys)
    address = (row.location or {}).get("address")
    return Customer(contact.name, tuple(phone.shown for phone in contact.phones), contact.emails, address, row.text)


def _links(message: Message, account: Account) -> Links:
    public_url = current_app.extensions["settings"].public_url
    purpose = message.facts.get("link") if message.cause == Cause.ACCOUNT else None
    return Links(
        offer=offer_link(message.company_id, message.offer_id) if message.offer_id else None,
        lead=f"{public_url}/leads/{message.lead_id}" if message.lead_id else None,
        # Counted from when it was asked for: showing the message again makes the link no younger.
        account=set_password_link(account, AccountPurpose(purpose), message.created_at) if purpose else None,
    )
