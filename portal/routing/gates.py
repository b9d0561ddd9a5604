"""Who may get a lead: one tiny function per gate. It answers None to let somebody through, or the reason why not.

A reason is a fragment that follows the name: "Ben: paused". Gates stand in the order they are asked; the first that
refuses is the one recorded. A new gate is a function and its place in `GATES`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from portal.routing.facts import Asked, Candidate, LeadFacts, Refusal

Gate = Callable[[Candidate, LeadFacts], str | None]


def active(candidate: Candidate, lead: LeadFacts) -> str | None:
    return None if candidate.active else "no longer active"


def member(candidate: Candidate, lead: LeadFacts) -> str | None:
    if candidate.weight:
        return None
    return "not a member" if candidate.weight is None else "at weight 0"


def receives(candidate: Candidate, lead: LeadFacts) -> str | None:
    return None if candidate.receives else "not in a role that receives leads"


def available(candidate: Candidate, lead: LeadFacts) -> str | None:
    return None if candidate.available else "paused"


def open_cap(candidate: Candidate, lead: LeadFacts) -> str | None:
    if candidate.open_cap is None or candidate.open_leads < candidate.open_cap:
        return None
    return f"at {candidate.open_leads} of {candidate.open_cap} open leads"


def asked(candidate: Candidate, lead: LeadFacts) -> str | None:
    return None if candidate.asked is None else f"{candidate.asked} this lead before"


def declined(candidate: Candidate, lead: LeadFacts) -> str | None:
    """`asked` for somebody who missed the lead and stands in line again: only a no is final."""
    return asked(candidate, lead) if candidate.asked is Asked.DECLINED else None


def taken_from(candidate: Candidate, lead: LeadFacts) -> str | None:
    if lead.taken_from is None or lead.taken_from != candidate.user_id:
        return None
    return "the owner it is taken from"


GATES: tuple[Gate, ...] = (active, member, receives, available, open_cap, asked, taken_from)
"""The way into a pool's line."""

SECOND_CHANCE: tuple[Gate, ...] = tuple(declined if gate is asked else gate for gate in GATES)
"""The way back into the line for those who missed the lead and asked for it again."""

BEYOND_THE_POOL: tuple[Gate, ...] = tuple(gate for gate in GATES if gate is not member)
"""Everything but membership: for people a lead reaches outside its pool."""

LAST_RESORT: tuple[Gate, ...] = (active, receives, asked, taken_from)
"""What still counts when a lead would otherwise be stuck: availability and caps do not."""


def refusal(candidate: Candidate, lead: LeadFacts, gates: Iterable[Gate] = GATES) -> Refusal | None:
    """The first of `gates` that refuses `candidate` this lead, with its reason; None when all let them through."""
    for gate in gates:
        reason = gate(candidate, lead)
        if reason is not None:
            return Refusal(gate.__name__, reason)
    return None


def refusals(
    candidates: Sequence[Candidate], lead: LeadFacts, gates: tuple[Gate, ...] = GATES
) -> tuple[Refusal | None, ...]:
    """What the gates say to each candidate, in the order of `candidates`."""
    return tuple([refusal(candidate, lead, gates) for candidate in candidates])
