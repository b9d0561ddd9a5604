"""A pool's members as they are sent: users and tags in one list, which operations take apart."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from portal.errors import FieldError, Invalid
from portal.models import TagMember
from portal.models.member_caps import MemberCaps
from portal.operations.complaints import Complaints
from portal.routing.tags import normal


def taken_apart(asked: dict[str, Any]) -> dict[str, Any]:
    """What was sent about a pool, its members as the operations take them.

    Raises:
        Invalid: a member is neither a user nor a tag, or both; or a tag is there twice.
    """
    if "members" not in asked:
        return asked
    _refuse_others(asked["members"])
    users, tags = _kinds(asked)
    return asked | {
        "members": [(member["user_id"], member["weight"]) for _, member in users],
        "priorities": {member["user_id"]: member["priority"] for _, member in users},
        "caps": {member["user_id"]: _limits(member) for _, member in users},
        "agent_tags": {
            member["agent_tag"]: TagMember(member["weight"], member["priority"], _limits(member)) for _, member in tags
        },
    }


def _limits(member: dict[str, Any]) -> MemberCaps:
    return MemberCaps.of(member.get("caps", {}))


@contextmanager
def complaints_by_place(asked: dict[str, Any]) -> Iterator[None]:
    """What operations object to is told by the place in the list that was sent."""
    try:
        yield
    except Invalid as refusal:
        users, tags = ([place for place, _ in kind] for kind in _kinds(asked))
        errors = [FieldError(_as_sent(error.field, users, tags), error.message) for error in refusal.errors]
        raise Invalid(refusal.detail, errors) from None


def _as_sent(field: str, users: list[int], tags: list[int]) -> str:
    match field.split("."):
        case ["members", place, *rest]:
            return ".".join(["members", str(users[int(place)]), *rest])
        case ["agent_tags", place, *rest]:
            return ".".join(["members", str(tags[int(place)]), *rest])
        case ["agent_tags"]:
            return "members"
        case _:
            return field


def _refuse_others(members: list[dict[str, Any]]) -> None:
    wrong, seen = Complaints(), set[str]()
    for place, member in enumerate(members):
        if ("user_id" in member) == ("agent_tag" in member):
            wrong.add(f"members.{place}.user_id", "Name a user by user_id, or a tag by agent_tag: one of the two.")
        said = normal(member.get("agent_tag", ""))
        if said and said in seen:
            wrong.add(f"members.{place}.agent_tag", "This tag is in the list twice; case and accents are no matter.")
        seen.add(said)
    wrong.raise_if_any()


def _kinds(asked: dict[str, Any]) -> tuple[list[tuple[int, dict[str, Any]]], list[tuple[int, dict[str, Any]]]]:
    """Users and tags among the members, each with the place it was sent in."""
    placed = list(enumerate(asked.get("members", ())))
    return [one for one in placed if "user_id" in one[1]], [one for one in placed if "agent_tag" in one[1]]
