"""The allow list and the block list of the quarantine."""

from __future__ import annotations

from uuid import UUID

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from wtforms import RadioField, SelectField

from portal.blueprints.forms import Line, menu, needed
from portal.blueprints.once import OnceForm
from portal.blueprints.settings.blueprint import blueprint
from portal.operations import quarantine_lists
from portal.permissions import Right
from portal.queries.quarantine import entries_of, entry_named
from portal.routing.quarantine import Clue, Verdict
from portal.sign_in import right_required, signed_in_user

MOST_SHOWN = 2000

CLUE_NAMES = {
    Clue.ADDRESS: "E-mail address",
    Clue.DOMAIN: "Domain, and all below it",
    Clue.PHONE: "Phone number",
    Clue.TEXT: "Words in the subject",
}

LIST_NAMES = {
    Verdict.BLOCK: "Block: their new leads go to quarantine",
    Verdict.ALLOW: "Allow: their new leads come through, whatever is blocked",
}


class EntryForm(OnceForm):
    """A line for one of the lists."""

    verdict = RadioField(
        "List", choices=menu((each.value, name) for each, name in LIST_NAMES.items()), default=Verdict.BLOCK.value
    )
    clue = SelectField("What it is", choices=menu((clue.value, name) for clue, name in CLUE_NAMES.items()))
    text = Line(
        "Address, domain, number or words",
        [needed("Please type what to look for.")],
        description="Such as ana@example.com, example.com, +1 415 555 0101, or: cheap followers. "
        "Words are looked for in a lead's subject, and in its text where it has none.",
    )


@blueprint.get("/quarantine")
@right_required(Right.DISTRIBUTION, company_wide=True)
def quarantine() -> ResponseReturnValue:
    """Both lists, and a form for one more line."""
    return _page(EntryForm(formdata=None))


@blueprint.post("/quarantine")
@right_required(Right.DISTRIBUTION, company_wide=True)
def add_quarantine_entry() -> ResponseReturnValue:
    """Add a line."""
    form, by = EntryForm(), signed_in_user()
    wanted = {"verdict": form.verdict.data, "clue": form.clue.data, "text": form.text.data or ""}
    if form.made(lambda: quarantine_lists.add_entry(by=by, **wanted).id, by=by):
        return _done(f"“{form.text.data}” counts from the next lead on.")
    return _page(form), form.status


@blueprint.post("/quarantine/<uuid:quarantine_entry_id>/remove")
@right_required(Right.DISTRIBUTION, company_wide=True)
def remove_quarantine_entry(quarantine_entry_id: UUID) -> ResponseReturnValue:
    """Take a line off its list."""
    text = entry_named(quarantine_entry_id).text
    quarantine_lists.remove_entry(quarantine_entry_id, by=signed_in_user())
    return _done(f"“{text}” is off the list. Leads in quarantine stay there until somebody lets them go.")


def _page(form: EntryForm) -> str:
    lists = [
        ("Block list", "blocked", entries_of(Verdict.BLOCK, MOST_SHOWN)),
        ("Allow list", "allowed", entries_of(Verdict.ALLOW, MOST_SHOWN)),
    ]
    return render_template("settings/quarantine.html", form=form, lists=lists, most=MOST_SHOWN, names=CLUE_NAMES)


def _done(said: str) -> ResponseReturnValue:
    flash(said, "good")
    return redirect(url_for("settings.quarantine"), code=303)
