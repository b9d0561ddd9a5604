"""The rules one team has in the draft, and who gets what none of them takes."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import flash, render_template
from flask.typing import ResponseReturnValue

from portal.blueprints.once import FormKey
from portal.blueprints.settings.blueprint import blueprint
from portal.blueprints.settings.draft_rule_forms import DraftRestForm
from portal.blueprints.settings.draft_rules import back_to_list, drafted_at
from portal.blueprints.settings.draft_seen import SAVED, say_it_ended
from portal.errors import NotFound
from portal.operations import draft_rules as operations
from portal.operations import rule_wording
from portal.operations.draft_changes import TeamNamed
from portal.operations.drafted import Drafted
from portal.permissions import Right
from portal.queries.choices import assignees
from portal.sign_in import current_company, right_required, signed_in_user


@blueprint.get("/draft/teams/<uuid:team_id>/rules")
@right_required(Right.DISTRIBUTION, company_wide=True)
def draft_team_rules(team_id: UUID) -> ResponseReturnValue:
    """The rules a team has in the draft."""
    drafted, team = _drafted(team_id)
    if drafted.draft is None:
        return say_it_ended()
    rest = drafted.rest_of(team)
    typed = {"default_pool_id": rest.get("default_pool"), "default_user_id": rest.get("default_user")}
    return _page(drafted, team, DraftRestForm(formdata=None, data=typed | {"seen": drafted.mark}))


@blueprint.post("/draft/teams/<uuid:team_id>/rules")
@right_required(Right.DISTRIBUTION, company_wide=True)
def save_draft_team_rest(team_id: UUID) -> ResponseReturnValue:
    """Say who gets in the draft what none of the team's rules takes."""
    drafted, team = _drafted(team_id)
    by, form = signed_in_user(), DraftRestForm()
    form.offer(drafted, _people(), team)
    if form.carried_out(lambda: operations.set_draft_team(team, form.wanted(), by=by, seen=form.seen.data or "")):
        flash(SAVED, "good")
        return back_to_list(team)
    return _page(drafted, team, form), form.status


def _page(drafted: Drafted, team: TeamNamed, form: DraftRestForm) -> str:
    form.offer(drafted, _people(), team)
    return render_template(
        "settings/draft_team.html",
        team=team,
        drafted=drafted,
        rules=drafted.rules(team),
        sending=drafted.sending_to(team),
        form=form,
        words=rule_wording,
        new_key=FormKey.new,
    )


def _people() -> Any:
    return assignees(current_company().id)


def _drafted(team_id: UUID) -> tuple[Drafted, TeamNamed]:
    drafted, team = drafted_at(team_id)
    if team is None:
        raise NotFound("There is no such team.")
    return drafted, team
