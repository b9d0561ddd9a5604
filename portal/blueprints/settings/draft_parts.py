"""Changing the draft by forms: the order of its rules, which are paused and where they lead; its pools' weights."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from wtforms import HiddenField, RadioField, SelectField

from portal.blueprints.distribution.forms import DELIVERIES, PICKERS
from portal.blueprints.forms import PortalForm, Whole, menu, needed
from portal.blueprints.settings.blueprint import blueprint
from portal.models import Draft
from portal.models.tenancy import working_company
from portal.operations import draft_changes, drafts
from portal.operations.setup_file import Names
from portal.permissions import Right
from portal.queries.replays import draft_now
from portal.sign_in import right_required, signed_in_user

MOVES = {"up": -1, "down": 1}


class SeenForm(PortalForm):
    """Which draft was looked at."""

    seen = HiddenField()


class RuleTargetForm(SeenForm):
    """Where a rule of the draft leads: a pool by its name, or a team."""

    goes_to = SelectField("Goes to")

    def offer(self, data: dict[str, Any]) -> RuleTargetForm:
        """Fill the menu."""
        self.goes_to.choices = menu(targets(data))
        return self

    def wanted(self) -> dict[str, str | None]:
        """What was chosen, as a draft has it."""
        kind, _, name = (self.goes_to.data or "").partition(":")
        return {"pool": name if kind == "pool" else None, "to_team": name if kind == "team" else None}


def targets(data: dict[str, Any]) -> list[tuple[str, str]]:
    """Where the rules of a draft may lead: its pools and the company's teams, by name, or nowhere. Pools it leaves out
    stay as they are."""
    there = Names.now(working_company())
    named = [pool["name"] for pool in data["pools"]] if "pools" in data else sorted(there.pools.values())
    pools = [(f"pool:{name}", name) for name in named]
    teams = [(f"team:{name}", f"Team {name}, by its own rules") for name in sorted(there.teams.values())]
    return [("", "Nobody: leads wait for a person"), *pools, *teams]


def target_of(rule: dict[str, Any]) -> str:
    """Where a rule of a draft leads, as the menu has it."""
    if rule.get("to_team"):
        return f"team:{rule['to_team']}"
    return f"pool:{rule['pool']}" if rule.get("pool") else ""


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


@blueprint.post("/draft/rules/<int:place>/<any(up, down):where>")
@right_required(Right.DISTRIBUTION, company_wide=True)
def move_draft_rule(place: int, where: str) -> ResponseReturnValue:
    """Have a rule of the draft looked at earlier or later."""
    kept = _draft()
    if kept is not None:
        _save(draft_changes.with_rule_moved(kept.data, place - 1, MOVES[where]))
    return _back("rules")


@blueprint.post("/draft/rules/<int:place>/<any(pause, resume):act>")
@right_required(Right.DISTRIBUTION, company_wide=True)
def pause_draft_rule(place: int, act: str) -> ResponseReturnValue:
    """Have the draft pass a rule over, or not any more."""
    kept = _draft()
    if kept is not None:
        _save(draft_changes.with_rule(kept.data, place - 1, {"paused": act == "pause"}))
    return _back("rules")


@blueprint.post("/draft/rules/<int:place>/pool")
@right_required(Right.DISTRIBUTION, company_wide=True)
def point_draft_rule(place: int) -> ResponseReturnValue:
    """Have a rule of the draft lead elsewhere."""
    kept = _draft()
    if kept is None:
        return _back("rules")
    form = RuleTargetForm().offer(kept.data)
    if not form.validate_on_submit():
        flash("That is not in the draft any more. Choose again.", "warn")
    else:
        _save(draft_changes.with_rule(kept.data, place - 1, form.wanted()))
    return _back("rules")


def _save(data: dict[str, Any]) -> None:
    drafts.save_draft(data, by=signed_in_user(), seen=SeenForm().seen.data or None)


@blueprint.get("/draft/pools/<int:place>")
@right_required(Right.DISTRIBUTION, company_wide=True)
def draft_pool(place: int) -> ResponseReturnValue:
    """One pool of the draft."""
    kept = _draft()
    if kept is None:
        return _back("pools")
    pool = draft_changes.pool_at(kept.data, place - 1)
    weights = {f"weight_{each}": member.get("weight", 1) for each, member in enumerate(pool.get("members", []))}
    typed = {key: pool.get(key) for key in draft_changes.POOL_KEYS} | weights | {"seen": drafts.mark_of(kept)}
    return render_template("settings/draft_pool.html", pool=pool, form=pool_form(pool, formdata=None, data=typed))


@blueprint.post("/draft/pools/<int:place>")
@right_required(Right.DISTRIBUTION, company_wide=True)
def change_draft_pool(place: int) -> ResponseReturnValue:
    """Change how a pool of the draft hands out, and its weights."""
    kept, by = _draft(), signed_in_user()
    if kept is None:
        return _back("pools")
    pool = draft_changes.pool_at(kept.data, place - 1)
    form = pool_form(pool)
    form.complaints_about(place - 1)

    def save() -> None:
        fields = {key: form[key].data for key in draft_changes.POOL_KEYS}
        weights = [field.data for field in form.weight_fields()]
        changed = draft_changes.with_pool(kept.data, place - 1, fields, weights)
        drafts.save_draft(changed, by=by, seen=form.seen.data or None)

    if form.carried_out(save):
        flash("The draft is saved. Nothing has changed for leads yet.", "good")
        return _back("pools")
    return render_template("settings/draft_pool.html", pool=pool, form=form), form.status


def _draft() -> Draft | None:
    kept = draft_now()
    if kept is None:
        flash("There is no draft any more. Begin one here.", "warn")
    return kept


def _back(part: str) -> ResponseReturnValue:
    return redirect(url_for("settings.draft", _anchor=part), code=303)
