"""Pools to look at: the list, and one with its ledger, its turns and its ladder."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from flask import render_template
from flask.typing import ResponseReturnValue

from portal.blueprints.distribution import wording
from portal.blueprints.distribution.blueprint import blueprint
from portal.blueprints.distribution.now import sentence_for_pool, sentence_for_viewer, sentence_now, turns_of
from portal.permissions import Right
from portal.queries.decisions import last_of_pool
from portal.queries.people import team_named, users_by_id
from portal.queries.people_now import people_now
from portal.queries.pool_ties import pools_leading_to, rules_sending, teams_sending, why_kept
from portal.queries.pools import PoolView, pool_names, pool_views, reached_pool, standings
from portal.queries.receiving import at_their_limit
from portal.sign_in import current_company, right_required, signed_in_user


@blueprint.app_context_processor
def sentence_for_pages() -> dict[str, Callable[[], str | None]]:
    """`sentence_now()` for every settings page: what would happen to a lead now."""
    return {"sentence_now": sentence_for_viewer}


DECISIONS_SHOWN = 8


@blueprint.get("")
@right_required(Right.DISTRIBUTION)
def listed() -> ResponseReturnValue:
    """All pools, and what would happen to a lead now."""
    pools = pool_views(reached_by=signed_in_user())
    return render_template(
        "distribution/list.html",
        pools=pools,
        now=sentence_now(),
        wording=wording,
        next_of={view.pool.id: turns_of(view.pool.id) for view in pools},
        rules_of={view.pool.id: [*rules_sending(view.pool.id), *teams_sending(view.pool.id)] for view in pools},
    )


@blueprint.get("/<uuid:pool_id>")
@right_required(Right.DISTRIBUTION)
def one(pool_id: UUID) -> ResponseReturnValue:
    """One pool with everything that decides whose turn it is."""
    pool = reached_pool(signed_in_user(), pool_id)
    [view] = pool_views([pool_id])
    return render_template(
        "distribution/one.html",
        pool=pool,
        one=view.one,
        wording=wording,
        standings=standings(pool_id),
        refused=at_their_limit(pool_id)
        | {person.user.id: person.refused for person in people_now() if person.refused is not None},
        turns=turns_of(pool_id),
        decisions=[(each, each.why) for each in last_of_pool(signed_in_user(), pool_id, DECISIONS_SHOWN)],
        now=sentence_for_pool(pool_id),
        kept=why_kept(pool_id),
        leading_here=pools_leading_to(pool_id),
        sending=rules_sending(pool_id),
        from_teams=teams_sending(pool_id),
        ladder=wording.ladder_in_words(pool, _beyond(view)),
    )


def _beyond(view: PoolView) -> wording.Beyond:
    assignees = users_by_id(view.default_assignee_ids)
    pool = view.pool
    team = team_named(pool.team_id) if pool.team_id else None
    in_team = users_by_id([team.default_user_id] if team and team.default_user_id else [])
    return wording.Beyond(
        [assignees[user_id].name for user_id in view.default_assignee_ids if assignees[user_id].active],
        len(view.default_assignee_ids),
        pool_names().get(pool.next_pool_id) if pool.next_pool_id else None,
        team.name if team else None,
        next((user.name for user in in_team.values() if user.active), None),
        current_company().fallback_any_active,
    )
