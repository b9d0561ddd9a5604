"""The tags that are looked for in leads."""

from __future__ import annotations

from uuid import UUID

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from wtforms import RadioField

from portal.blueprints.forms import Line, PortalForm, Whole, menu, needed
from portal.blueprints.once import OnceForm
from portal.blueprints.settings.blueprint import blueprint
from portal.models import Tag
from portal.operations import tags as operations
from portal.permissions import Right
from portal.queries.tags import tag_named, tags_by_text
from portal.routing.tags import DEFAULT_WEIGHT, TagKind
from portal.sign_in import right_required, signed_in_user

MOST_SHOWN = 5000

KIND_NAMES = {
    TagKind.PREFERENTIAL: "Preferential: speaks for those who carry it",
    TagKind.EXCLUSIVE: "Exclusive: only those who carry one of the exclusive tags in the lead",
    TagKind.REQUIRED: "Required: only those who carry every required tag in the lead",
}


class TagForm(PortalForm):
    """A text that is looked for in leads."""

    text = Line("Text", [needed("Please type what to look for.")], description="Whole words, such as: roof repair.")
    kind = RadioField(
        "Kind",
        choices=menu((kind.value, name) for kind, name in KIND_NAMES.items()),
        default=TagKind.PREFERENTIAL.value,
    )
    weight = Whole(
        "Weight",
        [needed("Please type a number.")],
        default=DEFAULT_WEIGHT,
        description="From 0 to 1,000: what it adds to the score of those who carry it.",
    )

    def wanted(self) -> operations.TagChanges:
        """What was typed, as the operations take it."""
        return {"text": self.text.data, "kind": self.kind.data, "weight": self.weight.data or 0}


class NewTagForm(OnceForm, TagForm):
    """A new tag."""


@blueprint.get("/tags")
@right_required(Right.DISTRIBUTION, company_wide=True)
def tags() -> ResponseReturnValue:
    """All tags, and a form for one more."""
    return _list_page(NewTagForm(formdata=None))


@blueprint.post("/tags")
@right_required(Right.DISTRIBUTION, company_wide=True)
def add_tag() -> ResponseReturnValue:
    """Add a tag."""
    form, by = NewTagForm(), signed_in_user()
    if form.made(lambda: operations.make_tag(by=by, **form.wanted()).id, by=by):
        return _done(f"“{form.text.data}” is looked for from now on.")
    return _list_page(form), form.status


def _list_page(form: NewTagForm) -> str:
    return render_template("settings/tags.html", form=form, tags=tags_by_text(MOST_SHOWN), most=MOST_SHOWN)


@blueprint.get("/tags/<uuid:tag_id>")
@right_required(Right.DISTRIBUTION, company_wide=True)
def tag(tag_id: UUID) -> ResponseReturnValue:
    """Change or remove one tag."""
    found = tag_named(tag_id)
    return _tag_page(TagForm(formdata=None, obj=found), found)


@blueprint.post("/tags/<uuid:tag_id>")
@right_required(Right.DISTRIBUTION, company_wide=True)
def save_tag(tag_id: UUID) -> ResponseReturnValue:
    """Save a tag."""
    found, by, form = tag_named(tag_id), signed_in_user(), TagForm()
    if form.carried_out(lambda: operations.change_tag(tag_id, by=by, **form.wanted())):
        return _done("Saved. It counts from the next lead on.")
    return _tag_page(form, found), form.status


def _tag_page(form: TagForm, found: Tag) -> str:
    return render_template("settings/tag.html", form=form, tag=found)


@blueprint.post("/tags/<uuid:tag_id>/delete")
@right_required(Right.DISTRIBUTION, company_wide=True)
def delete_tag(tag_id: UUID) -> ResponseReturnValue:
    """Look for a tag no more."""
    found, by = tag_named(tag_id), signed_in_user()
    text = found.text
    operations.delete_tag(tag_id, by=by)
    return _done(f"“{text}” is not looked for any more. Leads keep what was found in them.")


def _done(said: str) -> ResponseReturnValue:
    flash(said, "good")
    return redirect(url_for("settings.tags"), code=303)
