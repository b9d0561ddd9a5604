"""What people do on a lead of theirs: write on it, log attempts, say what became of it.

Each form is sent by htmx or plainly. The plain answer is the page, at its own address when all went well; htmx is
answered with the form, and with the stream and what there is to say beside it.
"""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from flask import flash, make_response, redirect, render_template, session, url_for
from flask.typing import ResponseReturnValue

from portal.blueprints.forms import PortalForm
from portal.blueprints.leads.blueprint import blueprint
from portal.blueprints.leads.desk import WRITTEN, Forms, desk_of, kinds_to_write
from portal.blueprints.leads.forms import MANAGERS_ONLY, Attempt, Edit, Entry, Feedback
from portal.blueprints.leads.views import page_of_lead
from portal.errors import Forbidden
from portal.htmx import is_part
from portal.models import TimelineKind, Visibility
from portal.operations import attempts, conversion, entries
from portal.queries.conversion import lost_reasons, statuses
from portal.queries.lead_views import LeadView
from portal.queries.leads import lead_for
from portal.queries.timeline import entry_for
from portal.sign_in import signed_in, signed_in_user


@blueprint.post("/<uuid:lead_id>/entries")
@signed_in
def write(lead_id: UUID) -> ResponseReturnValue:
    """Write a comment or a memo."""
    user = signed_in_user()
    lead = lead_for(user, lead_id)
    form = Entry().offer(kinds_to_write(user, lead))
    if _carried_out(form, lambda: _write(lead_id, form)):
        session[WRITTEN] = str(form.form_key.key or "")
        said = "Comment sent." if form.kind.data == TimelineKind.COMMENT else "Memo kept."
        return _done(lead_id, "write", said, "#stream-head")
    return _again(lead, Forms(entry=form), "write", 422)


@blueprint.post("/<uuid:lead_id>/entries/<uuid:entry_id>")
@signed_in
def edit(lead_id: UUID, entry_id: UUID) -> ResponseReturnValue:
    """Write one's own comment or memo anew."""
    user = signed_in_user()
    lead = lead_for(user, lead_id)
    entry = entry_for(user, lead_id, entry_id)
    form = Edit()
    if _carried_out(form, lambda: entries.edit_entry(lead_id, entry_id, form.text.data, by=user)):
        return _done(lead_id, "stream", "Written anew.", f"#entry-{entry_id}")
    if entry.editable:
        return _again(lead, Forms(edited=entry_id, edit=form), "stream", 422)
    # Too late for that; the words go where they can still be sent.
    instead = Entry(formdata=None, data={"kind": entry.kind, "text": form.text.data})
    instead.form_errors = [*form.form_errors, "Your words are here: send them as a new one."]
    answer = make_response(_again(lead, Forms(entry=instead), "write", 409))
    # Not where the old words stand, but where new ones are written.
    answer.headers["HX-Retarget"] = "#lead-write"
    return answer


@blueprint.post("/<uuid:lead_id>/attempts")
@signed_in
def log_attempt(lead_id: UUID) -> ResponseReturnValue:
    """Log a call, a text or a mail."""
    user = signed_in_user()
    lead = lead_for(user, lead_id)
    form = Attempt()
    work = lambda: attempts.log_attempt(  # noqa: E731  (named for the line below)
        lead_id,
        by=user,
        way=form.way.data,
        reached=form.reached.data == "yes",
        note=form.remark.data,
        form_key=form.form_key.key,
    )
    if _carried_out(form, work):
        return _done(lead_id, "attempt", "Logged.", "#stream-head")
    return _again(lead, Forms(attempt=form), "attempt", 422)


@blueprint.post("/<uuid:lead_id>/conversion")
@signed_in
def save_feedback(lead_id: UUID) -> ResponseReturnValue:
    """Say what became of the lead."""
    user = signed_in_user()
    lead = lead_for(user, lead_id)
    form = Feedback().offer(statuses(), lost_reasons())
    if _carried_out(
        form, lambda: conversion.save_conversion(lead_id, by=user, seen=form.version.data, **form.wanted())
    ):
        return _done(lead_id, "feedback", "Feedback saved.", "#feedback-head")
    return _again(lead, Forms(feedback=form), "feedback", form.status_code)


@blueprint.get("/<uuid:lead_id>/<any(entries, attempts, conversion):act>")
@blueprint.get("/<uuid:lead_id>/<any(entries):act>/<uuid:entry_id>")
@signed_in
def show_after_work(lead_id: UUID, act: str, entry_id: UUID | None = None) -> ResponseReturnValue:
    """Back to the lead, and nothing is done: a page that came back with errors has the address of the act."""
    lead_for(signed_in_user(), lead_id)
    if entry_id is not None:
        entry_for(signed_in_user(), lead_id, entry_id)
    return redirect(url_for("leads.show_lead", lead_id=lead_id), code=303)


def _write(lead_id: UUID, form: Entry) -> None:
    user, key = signed_in_user(), form.form_key.key
    if form.kind.data == TimelineKind.COMMENT:
        entries.write_comment(lead_id, form.text.data, by=user, form_key=key)
        return
    read_by = Visibility.MANAGERS if form.kind.data == MANAGERS_ONLY else Visibility.EVERYONE
    entries.write_memo(lead_id, form.text.data, by=user, visibility=read_by, form_key=key)


def _carried_out(form: PortalForm, act: Callable[[], object]) -> bool:
    """As `PortalForm.carried_out`; and who lost the lead meanwhile keeps what they typed."""
    try:
        return form.carried_out(act)
    except Forbidden as refusal:
        form.form_errors.append(refusal.detail)
        return False


def _done(lead_id: UUID, part: str, said: str, place: str) -> ResponseReturnValue:
    flash(said, "good")
    if not is_part():
        return redirect(url_for("leads.show_lead", lead_id=lead_id) + place, code=303)
    return render_template("leads/_answer.html", part=part, **desk_of(lead_for(signed_in_user(), lead_id), Forms()))


def _again(lead: LeadView, forms: Forms, part: str, status: int) -> ResponseReturnValue:
    # As it is after the try, which may have told that it changed.
    lead = lead_for(signed_in_user(), lead.id)
    if not is_part():
        return page_of_lead(lead, forms, status)
    if lead.masked:
        # There is no such part of their page any more; theirs stays as it is, with what they typed.
        raise Forbidden("This lead went to somebody else meanwhile, so nothing was sent.")
    return render_template("leads/_answer.html", part=part, **desk_of(lead, forms)), status
