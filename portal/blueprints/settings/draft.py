"""The draft of the set-up: shown, changed as a file, replayed on past leads, published or thrown away."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from wtforms import HiddenField, IntegerField, TextAreaField
from wtforms.validators import NumberRange

from portal.blueprints.forms import PortalForm
from portal.blueprints.once import FormKey
from portal.blueprints.settings.blueprint import blueprint
from portal.blueprints.settings.draft_rule_forms import drafted_way_of, ways_in
from portal.blueprints.settings.draft_seen import back_to_draft, pressed, say_it_ended
from portal.errors import Conflict, Forbidden, Invalid
from portal.operations import drafts, rule_wording
from portal.operations.drafted import Drafted, DraftedRule
from portal.operations.replays import start_replay
from portal.operations.setup_apply import plan_setup
from portal.operations.setup_warnings import warnings_now
from portal.permissions import Right
from portal.queries.clock import database_time
from portal.queries.replays import draft_now, is_one_running, last_replays
from portal.sign_in import current_company, right_required, signed_in_user


class DraftForm(PortalForm):
    """The draft as a file."""

    seen = HiddenField()
    file = TextAreaField("The draft, as a file", description="As `portal config export` writes it.")

    def wanted(self) -> Any:
        """What was typed, read. Raises Invalid."""
        try:
            return json.loads(self.file.data or "")
        # Also for a number with more digits than are read: a plain ValueError.
        except (ValueError, RecursionError) as error:
            raise Invalid.field("file", f"This is not JSON: {error}.") from None


class ReplayForm(PortalForm):
    """How many days back."""

    days = IntegerField("Days", [NumberRange(1, 366, "Choose 1 to 366 days.")], default=30)


@blueprint.get("/draft")
@right_required(Right.DISTRIBUTION, company_wide=True)
def draft() -> ResponseReturnValue:
    """The draft and what it would change, or a way to begin one."""
    return _page()


@blueprint.post("/draft/begin")
@right_required(Right.DISTRIBUTION, company_wide=True)
def begin_draft() -> ResponseReturnValue:
    """Begin one that is as today."""
    drafts.begin_draft(by=signed_in_user())
    return redirect(url_for("settings.draft"), code=303)


@blueprint.post("/draft")
@right_required(Right.DISTRIBUTION, company_wide=True)
def save_draft() -> ResponseReturnValue:
    """Keep what was typed, if it could be published."""
    form, by = DraftForm(), signed_in_user()
    if form.carried_out(lambda: drafts.save_draft(form.wanted(), by=by, seen=form.seen.data or None)):
        flash("The draft is saved. Nothing has changed for leads yet.", "good")
        return redirect(url_for("settings.draft"), code=303)
    return _page(form), form.status


@blueprint.post("/draft/publish")
@right_required(Right.DISTRIBUTION, company_wide=True)
def publish_draft() -> ResponseReturnValue:
    """Make it count."""
    if draft_now() is None:
        return say_it_ended()
    if not pressed(lambda seen: drafts.publish_draft(by=signed_in_user(), seen=seen)):
        return back_to_draft()
    flash("The draft is published. It counts from the next lead on.", "good")
    return redirect(url_for("settings.versions"), code=303)


@blueprint.post("/draft/discard")
@right_required(Right.DISTRIBUTION, company_wide=True)
def discard_draft() -> ResponseReturnValue:
    """Throw it away."""
    if draft_now() is None:
        return say_it_ended()
    if not pressed(lambda seen: drafts.discard_draft(by=signed_in_user(), seen=seen)):
        return back_to_draft()
    flash("The draft is thrown away.", "good")
    return redirect(url_for("settings.draft"), code=303)


@blueprint.post("/draft/replay")
@right_required(Right.DISTRIBUTION, company_wide=True)
def replay_draft() -> ResponseReturnValue:
    """Have the leads of the last days replayed."""
    form, by, kept = ReplayForm(), signed_in_user(), draft_now()
    if kept is None:
        raise Conflict("There is no draft. Begin one first.")
    if not form.validate_on_submit():
        return _page(days=form), form.status
    now = database_time()
    # A second press, or somebody else's a moment ago: what runs is shown.
    if not is_one_running():
        start_replay(kept.data, now - timedelta(days=form.days.data), now, by=by)
    return redirect(url_for("settings.draft", _anchor="replay"), code=303)


@blueprint.get("/draft/part/<any(replay):part>")
@right_required(Right.DISTRIBUTION, company_wide=True)
def replayed(part: str) -> ResponseReturnValue:
    """How far the last replay is: a part of the page that is asked for while it runs."""
    return render_template("settings/_replay.html", **_last_replay())


def _last_replay() -> dict[str, Any]:
    last = next(iter(last_replays(1)), None)
    return {"replay": last, "rows": _side_by_side(last.result if last else None)}


def _side_by_side(result: dict[str, Any] | None) -> list[dict[str, Any]]:
    """Everybody who got or left a lead in either, with the counts of both."""
    if result is None:
        return []
    nothing = {"received": 0, "missed": 0, "declined": 0}
    both = {side: {row["user_id"]: row for row in result[side]["people"]} for side in ("today", "draft")}
    names = {user_id: row["name"] for rows in both.values() for user_id, row in rows.items()}
    return [
        {"name": name, **{side: both[side].get(user_id, nothing) for side in both}} for user_id, name in names.items()
    ]


def _page(form: DraftForm | None = None, days: ReplayForm | None = None) -> str:
    drafted = Drafted.now()
    shown = {} if drafted is None else _parts(drafted)
    if drafted is not None and form is None:
        typed = {"file": json.dumps(drafted.data, indent=2, ensure_ascii=False), "seen": drafted.mark}
        form = DraftForm(formdata=None, data=typed)
    return render_template(
        "settings/draft.html",
        drafted=drafted,
        form=form or PortalForm(formdata=None),
        days=days or ReplayForm(formdata=None),
        **shown,
        **_last_replay(),
    )


def _parts(drafted: Drafted) -> dict[str, Any]:
    """What the page shows of the draft there is."""
    rules = drafted.rules()
    assert drafted.draft is not None
    return {
        "shown_mark": drafts.shown_mark(drafted.draft),
        **_what_it_changes(drafted.data),
        "rules": rules,
        "ways": ways_in(drafted, rule=rules[-1]) if rules else [],
        "way_of": drafted_way_of,
        "teams": [(team, _count(drafted.rules(team))) for team in drafted.teams],
        "words": rule_wording,
        "new_key": FormKey.new,
    }


def _what_it_changes(data: Any) -> dict[str, Any]:
    try:
        found = plan_setup(data, by=signed_in_user())
    except (Invalid, Conflict, Forbidden) as error:
        return {"found": [], "refused": error.detail}
    return {"found": found, "warned": warnings_now(data, current_company().time_zone)}


def _count(rules: Sequence[DraftedRule] | None) -> int | None:
    return None if rules is None else len(rules)
