"""Pools: who takes part, and how leads reach them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from apiflask import APIBlueprint
from flask import Blueprint, Response

from portal.blueprints.api.access import acting_user, company_id, pools_reached_by, require_insight
from portal.blueprints.api.answers import answers, json_answer, nothing
from portal.blueprints.api.paging import PageForm, page_of_short
from portal.blueprints.api.pools.forms import MembersForm, NewPoolForm, NextForm, PoolForm
from portal.blueprints.api.pools.members import complaints_by_place, taken_apart
from portal.blueprints.api.pools.shapes import (
    LedgerShape,
    PoolShape,
    PoolsShape,
    TurnsShape,
    pool_shape,
    standing_shape,
    turn_shape,
)
from portal.blueprints.api.repeats import Answered, repeatable
from portal.blueprints.api.takes import takes
from portal.models import Pool
from portal.operations import pools
from portal.queries.pools import pool_named, pool_views, reached_pool, standings
from portal.queries.what_if import turns_to_come

blueprint: Blueprint = APIBlueprint("pools", __name__, url_prefix="/pools", tag="Pools")


@blueprint.get("")
@takes(PageForm, "query")
@answers((200, PoolsShape))
def list_pools(query: dict[str, Any]) -> Response:
    """List all pools, by name"""
    require_insight()
    return json_answer(page_of_short([pool_shape(view) for view in pool_views(reached_by=pools_reached_by())], query))


@blueprint.post("")
@repeatable
@takes(NewPoolForm)
@answers((201, PoolShape))
def make_pool(asked: dict[str, Any]) -> Answered:
    """Make a pool"""
    fields = taken_apart(asked)
    with complaints_by_place(asked):
        pool = pools.make_pool(by=acting_user(), **fields)
    return _told(pool.id), 201


@blueprint.get("/<uuid:pool_id>")
@answers((200, PoolShape))
def show_pool(pool_id: UUID) -> Response:
    """Show one pool"""
    require_insight()
    _shown(pool_id)
    return json_answer(_told(pool_id))


@blueprint.patch("/<uuid:pool_id>")
@takes(PoolForm)
@answers((200, PoolShape))
def change_pool(pool_id: UUID, asked: dict[str, Any]) -> Response:
    """Change some fields of a pool

    Editing members never resets anybody's turns.
    """
    changes = taken_apart(asked)
    with complaints_by_place(asked):
        pools.change_pool(pool_id, by=acting_user(), **changes)
    return json_answer(_told(pool_id))


@blueprint.delete("/<uuid:pool_id>")
@answers(nothing=True)
def delete_pool(pool_id: UUID) -> Response:
    """Take a pool out of use"""
    pools.delete_pool(pool_id, by=acting_user())
    return nothing()


@blueprint.put("/<uuid:pool_id>/members")
@takes(MembersForm)
@answers((200, PoolShape))
def set_members(pool_id: UUID, asked: dict[str, Any]) -> Response:
    """Replace the members of a pool"""
    changes = taken_apart(asked)
    with complaints_by_place(asked):
        pools.change_pool(pool_id, by=acting_user(), **changes)
    return json_answer(_told(pool_id))


@blueprint.get("/<uuid:pool_id>/next")
@takes(NextForm, "query")
@answers((200, TurnsShape))
def show_next(pool_id: UUID, query: dict[str, Any]) -> Response:
    """Show who is next, for a plain lead, as things stand"""
    require_insight()
    turns = turns_to_come(company_id(), _shown(pool_id).id, query["count"])
    return json_answer({"items": [turn_shape(turn) for turn in turns], "next": None})


@blueprint.get("/<uuid:pool_id>/ledger")
@answers((200, LedgerShape))
def show_ledger(pool_id: UUID) -> Response:
    """Show the turn ledger, in leads

    `credit` is what a member is owed: `entitled` less `received`. Credits of a pool sum to exactly zero.
    """
    require_insight()
    _shown(pool_id)
    return json_answer({"items": [standing_shape(each) for each in standings(pool_id)], "next": None})


def _shown(pool_id: UUID) -> Pool:
    user = pools_reached_by()
    return pool_named(pool_id) if user is None else reached_pool(user, pool_id)


def _told(pool_id: UUID) -> dict[str, Any]:
    return pool_shape(pool_views([pool_id])[0])
