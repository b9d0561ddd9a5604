"""Who may take a lead out of a pond: whoever is a member and could work on it. They choose, so nobody asks whether
they are there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from portal.routing import gates
from portal.routing.facts import Candidate, Cap, LeadFacts, Policy, Refusal
from portal.routing.scene import AS_USUAL

WAY_IN = tuple(gate for gate in gates.GATES if gate not in (gates.available, gates.hours, gates.presence, gates.asked))
"""Somebody who takes a lead is there, and changed their mind if they said no before."""


def refusals(members: Sequence[Candidate], lead: LeadFacts, policy: Policy = AS_USUAL) -> tuple[Refusal | None, ...]:
    """What keeps each of a pond's members from taking a lead out of it; None: nothing."""
    return gates.refusals(members, lead, WAY_IN, policy=policy)


def limited(member: Candidate, taken_today: int, limit: int | None) -> Candidate:
    """A member as the pond's own limit on a person and day counts them; None = there is no limit."""
    if limit is None:
        return member
    return replace(member, caps=(*member.caps, Cap("from this pond today", taken_today, limit)))
