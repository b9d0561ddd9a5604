"""What became of a lead, in the company's own words: statuses, reasons, currency, and who hears of comments."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from portal.blueprints.forms import PortalForm
from portal.blueprints.settings.blueprint import blueprint
from portal.blueprints.settings.forms import (
    GROUP_NAMES,
    AdminContactsForm,
    CurrencyForm,
    ReasonForm,
    StatusForm,
    WordForm,
)
from portal.errors import NotFound
from portal.models import ConversionStatus, LostReason
from portal.operations import conversion_lists
from portal.operations.company import change_company
from portal.permissions import Right
from portal.queries.conversion import first_status, lost_reasons, statuses
from portal.queries.people import people_who_manage
from portal.sign_in import current_company, right_required, signed_in_user

STATUSES, REASONS = "statuses", "reasons"
ADDRESS = "/conversion/<any(statuses, reasons):listed>/<uuid:word_id>"


@blueprint.get("/conversion")
@right_required(Right.COMPANY)
def conversion() -> ResponseReturnValue:
    """Both lists, the currency and the people."""
    return _page()


@blueprint.post("/conversion/currency")
@right_required(Right.COMPANY)
def save_currency() -> ResponseReturnValue:
    """Values to come are in another currency; those that are stored keep theirs."""
    form, by = CurrencyForm(), signed_in_user()
    if form.carried_out(lambda: change_company(by=by, currency=form.currency.data)):
        return _back("Saved. Values to come are in it.")
    return _page(currency=form), form.status


@blueprint.post("/conversion/contacts")
@right_required(Right.COMPANY)
def save_admin_contacts() -> ResponseReturnValue:
    """Choose who hears of comments."""
    by = signed_in_user()
    form = AdminContactsForm().offer(people_who_manage(by.company_id))
    if form.carried_out(lambda: conversion_lists.set_admin_contacts(form.admin_contacts.data, by=by)):
        return _back("Saved. It counts from the next comment on.")
    return _page(contacts=form), form.status


@blueprint.post("/conversion/statuses")
@right_required(Right.COMPANY)
def add_status() -> ResponseReturnValue:
    """One more status."""
    form, by = StatusForm(prefix="status-"), signed_in_user()
    added = form.carried_out(lambda: conversion_lists.add_status(by=by, name=form.name.data, group=form.group.data))
    return _back(f"“{form.name.data}” is in the list.") if added else (_page(new_status=form), form.status)


@blueprint.post("/conversion/reasons")
@right_required(Right.COMPANY)
def add_reason() -> ResponseReturnValue:
    """One more reason."""
    form, by = ReasonForm(prefix="reason-"), signed_in_user()
    added = form.carried_out(lambda: conversion_lists.add_reason(by=by, name=form.name.data))
    return _back(f"“{form.name.data}” is in the list.") if added else (_page(new_reason=form), form.status)


@blueprint.get(ADDRESS)
@right_required(Right.COMPANY)
def word(listed: str, word_id: UUID) -> ResponseReturnValue:
    """One entry, to give it another name."""
    found = _found(listed, word_id)
    return _word_page(listed, found, WordForm(formdata=None, obj=found))


@blueprint.post(ADDRESS)
@right_required(Right.COMPANY)
def rename_word(listed: str, word_id: UUID) -> ResponseReturnValue:
    """Give it another name; leads that have it show the new one."""
    found, form, by = _found(listed, word_id), WordForm(), signed_in_user()
    change = conversion_lists.change_status if listed == STATUSES else conversion_lists.change_reason
    if form.carried_out(lambda: change(word_id, by=by, name=form.name.data)):
        return _back(f"It is called “{form.name.data}” now.")
    return _word_page(listed, found, form), form.status


@blueprint.post(f"{ADDRESS}/<any(up, down, retire, restore):act>")
@right_required(Right.COMPANY)
def act_on_word(listed: str, word_id: UUID, act: str) -> ResponseReturnValue:
    """Move it in its list, take it out of use, or bring it back."""
    found, form, by = _found(listed, word_id), PortalForm(), signed_in_user()
    is_status, is_up = listed == STATUSES, act == "up"
    change = conversion_lists.change_status if is_status else conversion_lists.change_reason
    move = conversion_lists.move_status if is_status else conversion_lists.move_reason
    acts: dict[str, tuple[Callable[[], None], str]] = {
        "up": (lambda: move(word_id, by=by, up=is_up), f"“{found.name}” moved up."),
        "down": (lambda: move(word_id, by=by, up=is_up), f"“{found.name}” moved down."),
        "retire": (
            lambda: change(word_id, by=by, active=False),
            f"“{found.name}” is out of use. Leads that have it keep it.",
        ),
        "restore": (lambda: change(word_id, by=by, active=True), f"“{found.name}” is in use again."),
    }
    work, said = acts[act]
    if form.carried_out(work):
        return _back(said)
    flash(" ".join(str(error) for error in form.form_errors), "bad")
    return redirect(url_for("settings.conversion"), code=303)


def _found(listed: str, word_id: UUID) -> ConversionStatus | LostReason:
    words = statuses() if listed == STATUSES else lost_reasons()
    for each in words:
        if each.id == word_id:
            return each
    raise NotFound("There is no such entry in the list.")


def _back(said: str) -> ResponseReturnValue:
    flash(said, "good")
    return redirect(url_for("settings.conversion"), code=303)


def _word_page(listed: str, found: ConversionStatus | LostReason, form: WordForm) -> str:
    return render_template("settings/conversion_word.html", listed=listed, word=found, form=form)


def _page(
    *,
    currency: CurrencyForm | None = None,
    contacts: AdminContactsForm | None = None,
    new_status: StatusForm | None = None,
    new_reason: ReasonForm | None = None,
) -> str:
    company = current_company()
    people = people_who_manage(company.id)
    ticked = [user.id for user in people if user.admin_contact]
    return render_template(
        "settings/conversion.html",
        forms=[form for form in (currency, contacts, new_status, new_reason) if form is not None],
        currency=currency or CurrencyForm(formdata=None, obj=company),
        contacts=(contacts or AdminContactsForm(formdata=None, data={"admin_contacts": ticked})).offer(people),
        new_status=new_status or StatusForm(formdata=None, prefix="status-"),
        new_reason=new_reason or ReasonForm(formdata=None, prefix="reason-"),
        statuses=statuses(),
        reasons=lost_reasons(),
        first=first_status(),
        group_names=GROUP_NAMES,
    )
