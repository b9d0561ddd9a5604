"""Changing the pools of the draft by forms: how they hand out, and what their members weigh."""

from __future__ import annotations

from typing import Any

from flask import flash, render_template
from flask.typing import ResponseReturnValue
from wtforms import RadioField

from portal.blueprints.distribution.forms import DELIVERIES, PICKERS
from portal.blueprints.forms import Whole, needed
from portal.blueprints.settings.blueprint import blueprint
from portal.blueprints.settings.draft_seen import SAVED, SeenForm, back_to_draft, say_it_ended
from portal.operations import draft_changes, drafts
from portal.operations.drafted import Drafted
from portal.permissions import Right
from portal.sign_in import right_required, signed_in_user


class DraftPoolForm(SeenForm):
    """A pool of the draft. Use `pool_form` to make one: it adds a weight for each member."""

    picker = RadioField("Who comes next", choices=PICKERS)
    delivery = RadioField("How a lead reaches the next person", choices=DELIVERIES)
    window_seconds = Whole("Time to answer an offer", [needed("Please type how many seconds an offer stands.")])
    max_offers = Whole("Most offers for one lead", [needed("Please type a number; 0 means no limit.")])

    def weight_fields(self) -> list[Any]:
        """The members' weights, in the order of the draft."""
        return [field for field in self if field.name.startswith("weight_")]

    def complaints_about(self, place: int) -> None:
        """Have what is said of the pool at `place`, from 0, stand beside its field."""
        weights = {
            f"pools.{place}.members.{each}.weight": f"weight_{each}" for each in range(len(self.weight_fields()))
        }
        self.aliases = {f"pools.{place}.{key}": key for key in draft_changes.POOL_KEYS} | weights


def pool_form(pool: dict[str, Any], **options: Any) -> DraftPoolForm:
    """The form of this pool of the draft."""
    fields: dict[str, Any] = {
        f"weight_{place}": Whole(member.get("user") or member["agent_tag"], [needed("Please type a weight; 0 pauses.")])
        for place, member in enumerate(pool.get("members", []))
    }
    form: DraftPoolForm = type("DraftPoolFormForTheseMembers", (DraftPoolForm,), fields)(**options)
    return form


@blueprint.get("/draft/pools/<int:place>")
@right_required(Right.DISTRIBUTION, company_wide=True)
def draft_pool(place: int) -> ResponseReturnValue:
    """One pool of the draft."""
    drafted = Drafted.now()
    if drafted is None:
        return say_it_ended()
    pool = draft_changes.pool_at(drafted.data, place - 1)
    weights = {f"weight_{each}": member.get("weight", 1) for each, member in enumerate(pool.get("members", []))}
    typed = {key: pool.get(key) for key in draft_changes.POOL_KEYS} | weights | {"seen": drafted.mark}
    return render_template("settings/draft_pool.html", pool=pool, form=pool_form(pool, formdata=None, data=typed))


@blueprint.post("/draft/pools/<int:place>")
@right_required(Right.DISTRIBUTION, company_wide=True)
def change_draft_pool(place: int) -> ResponseReturnValue:
    """Change how a pool of the draft hands out, and its weights."""
    drafted, by = Drafted.now(), signed_in_user()
    if drafted is None:
        return say_it_ended()
    pool = draft_changes.pool_at(drafted.data, place - 1)
    form = pool_form(pool)
    form.complaints_about(place - 1)

    def save() -> None:
        fields = {key: form[key].data for key in draft_changes.POOL_KEYS}
        weights = [field.data for field in form.weight_fields()]
        drafts.change_draft(
            lambda data: draft_changes.with_pool(data, place - 1, fields, weights), by=by, seen=form.seen.data or ""
        )

    if form.carried_out(save):
        flash(SAVED, "good")
        return back_to_draft("pools")
    return render_template("settings/draft_pool.html", pool=pool, form=form), form.status
