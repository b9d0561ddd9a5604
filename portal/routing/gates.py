"""Who may get a lead: one tiny function per gate. It answers None to let somebody through, or the reason why not.

A reason is a fragment that follows the name: "Ben: paused". Gates stand in the order they are asked; the first that
refuses is the one recorded. A new gate is a function and its place in `GATES`; if it can only ever refuse some leads,
`IDLE` says which, so that nobody is asked in vain.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime

from portal.routing.caps import in_words, reached
from portal.routing.facts import OPEN_LEADS, Asked, Candidate, Cap, LeadFacts, Policy, Presence, PresenceMode, Refusal
from portal.routing.hours import day_of, is_open, on_leave
from portal.routing.places import distance_km
from portal.routing.scene import AS_USUAL, Scene
from portal.routing.tags import normal_value

Gate = Callable[[Candidate, Scene], str | None]


def active(candidate: Candidate, scene: Scene) -> str | None:
    return None if candidate.active else "no longer active"


def member(candidate: Candidate, scene: Scene) -> str | None:
    if candidate.weight:
        return None
    return "not a member" if candidate.weight is None else "at weight 0"


def receives(candidate: Candidate, scene: Scene) -> str | None:
    return None if candidate.receives else "not in a role that receives leads"


def available(candidate: Candidate, scene: Scene) -> str | None:
    if not candidate.available:
        return "paused"
    if candidate.leaves and (leave := on_leave(candidate.leaves, candidate.zone, scene.moment)):
        return f"on leave until {_day(leave.last, candidate.zone, scene.moment)}"
    return "company holiday" if scene.is_holiday else None


def hours(candidate: Candidate, scene: Scene) -> str | None:
    if candidate.hours is None or is_open(candidate.hours, scene.moment):
        return None
    return "outside working hours"


def presence(candidate: Candidate, scene: Scene) -> str | None:
    passed_by = PASSED_BY[scene.policy.presence_mode]
    return str(candidate.presence) if candidate.presence in passed_by else None


PASSED_BY: Mapping[str, frozenset[str]] = {
    PresenceMode.IGNORE: frozenset(),
    PresenceMode.SKIP_OFFLINE: frozenset({Presence.OFFLINE}),
    PresenceMode.ONLY_AVAILABLE: frozenset({Presence.AWAY, Presence.OFFLINE}),
}
"""Who is not there, by how presence counts in the company."""


def open_cap(candidate: Candidate, scene: Scene) -> str | None:
    if candidate.open_cap is None or candidate.open_leads < candidate.open_cap:
        return None
    return f"at {candidate.open_leads} of {candidate.open_cap} open leads"


def caps(candidate: Candidate, scene: Scene) -> str | None:
    return _reached(candidate.caps) if candidate.caps else None


def pool_open_cap(candidate: Candidate, scene: Scene) -> str | None:
    if not candidate.pool_caps:
        return None
    return _reached([cap for cap in candidate.pool_caps if cap.what == OPEN_LEADS])


def pool_caps(candidate: Candidate, scene: Scene) -> str | None:
    if not candidate.pool_caps:
        return None
    return _reached([cap for cap in candidate.pool_caps if cap.what != OPEN_LEADS])


def _reached(among: Iterable[Cap]) -> str | None:
    cap = reached(among)
    return None if cap is None else in_words(cap)


def lead_type(candidate: Candidate, scene: Scene) -> str | None:
    if not candidate.excluded_lead_types or scene.lead.lead_type is None:
        return None
    wanted = normal_value(scene.lead.lead_type)
    if all(normal_value(excluded) != wanted for excluded in candidate.excluded_lead_types):
        return None
    return f"takes no leads of type {scene.lead.lead_type.strip()}"


def exclusive(candidate: Candidate, scene: Scene) -> str | None:
    if not scene.exclusive or not scene.exclusive.isdisjoint(candidate.tags):
        return None
    return f"carries none of the exclusive tags: {_texts(scene, scene.exclusive)}"


def required(candidate: Candidate, scene: Scene) -> str | None:
    missing = scene.required - candidate.tags
    return f"lacks required tags: {_texts(scene, missing)}" if missing else None


def location(candidate: Candidate, scene: Scene) -> str | None:
    if not candidate.circles or not scene.is_somewhere:
        return None
    if scene.place is None:
        return "works in places, and the lead has no coordinates"
    lat, lng = scene.place
    nearest = min(distance_km(lat, lng, one.lat, one.lng) - one.radius_km for one in candidate.circles)
    return None if nearest <= 0 else "outside the places they work in"


def language(candidate: Candidate, scene: Scene) -> str | None:
    if not candidate.languages or scene.lead.language is None or not scene.lead.language.strip():
        return None
    wanted = normal_value(scene.lead.language)
    if any(normal_value(spoken) == wanted for spoken in candidate.languages):
        return None
    return f"does not speak {scene.lead.language.strip()}"


def asked(candidate: Candidate, scene: Scene) -> str | None:
    return None if candidate.asked is None else f"{candidate.asked} this lead before"


def declined(candidate: Candidate, scene: Scene) -> str | None:
    """`asked` for somebody who missed the lead and stands in line again: only a no is final."""
    return asked(candidate, scene) if candidate.asked is Asked.DECLINED else None


def taken_from(candidate: Candidate, scene: Scene) -> str | None:
    if scene.lead.taken_from is None or scene.lead.taken_from != candidate.user_id:
        return None
    return "the owner it is taken from"


GATES: tuple[Gate, ...] = (
    active,
    member,
    receives,
    available,
    hours,
    presence,
    open_cap,
    caps,
    pool_open_cap,
    pool_caps,
    lead_type,
    exclusive,
    required,
    location,
    language,
    asked,
    taken_from,
)
"""The way into a pool's line."""

IDLE: Mapping[Gate, Callable[[Scene], bool]] = {
    presence: lambda scene: scene.policy.presence_mode == PresenceMode.IGNORE,
    lead_type: lambda scene: scene.lead.lead_type is None,
    exclusive: lambda scene: not scene.exclusive,
    required: lambda scene: not scene.required,
    location: lambda scene: not scene.lead.location,
    language: lambda scene: scene.lead.language is None,
    taken_from: lambda scene: scene.lead.taken_from is None,
}
"""Where a gate refuses nobody, whoever they are."""

PERSONAL: frozenset[Gate] = frozenset(
    {active, member, receives, available, hours, open_cap, caps, pool_open_cap, pool_caps, asked}
)
"""Gates that need not be asked about somebody nothing stands against, whatever the lead."""


def _nothing_against(candidate: Candidate) -> bool:
    """Whether no gate in PERSONAL refuses somebody, as far as that is seen at a glance: most people, most of the time.

    It may miss some whom all would let through, and never the other way round.
    """
    return bool(
        candidate.active
        and candidate.weight
        and candidate.receives
        and candidate.available
        and candidate.asked is None
        and candidate.hours is None
        and not candidate.leaves
        and not candidate.caps
        and not candidate.pool_caps
        and (candidate.open_cap is None or candidate.open_leads < candidate.open_cap)
    )


NOTED: frozenset[Gate] = frozenset({hours, open_cap, pool_open_cap})
"""Not asked where who was there is noted beforehand (`Policy.as_noted`)."""

BEYOND_THE_POOL: tuple[Gate, ...] = tuple(gate for gate in GATES if gate is not member)
"""Everything but membership: for people a lead reaches outside its pool."""

LAST_RESORT: tuple[Gate, ...] = (active, receives, asked, taken_from)
"""What still counts when a lead would otherwise be stuck: availability and caps do not."""

CAPPED: frozenset[str] = frozenset(gate.__name__ for gate in (open_cap, caps, pool_open_cap, pool_caps))
"""Refusals of those who have as many leads as they may have."""

AWAY: frozenset[str] = frozenset(gate.__name__ for gate in (available, hours, presence)) | CAPPED
"""Refusals that pass with time."""

ANSWERED: frozenset[str] = frozenset(gate.__name__ for gate in (asked, taken_from))
"""Refusals of those who had the lead before them."""


def refusal(
    candidate: Candidate,
    lead: LeadFacts | Scene,
    gates: Iterable[Gate] = GATES,
    *,
    policy: Policy = AS_USUAL,
    now: datetime | None = None,
) -> Refusal | None:
    """The first of `gates` that refuses `candidate` this lead, with its reason; None when all let them through.

    Raises ValueError when hours, leave or holidays count and `now` is not given.
    """
    scene = _scene(lead, policy, now)
    return _first_refusal(candidate, scene, _busy(gates, scene))


def refusals(
    candidates: Sequence[Candidate],
    lead: LeadFacts | Scene,
    gates: tuple[Gate, ...] = GATES,
    *,
    policy: Policy = AS_USUAL,
    now: datetime | None = None,
) -> tuple[Refusal | None, ...]:
    """What the gates say to each candidate, in the order of `candidates`; see `refusal`."""
    scene = _scene(lead, policy, now)
    busy = _busy(gates, scene)
    if scene.is_holiday:
        return tuple([_first_refusal(candidate, scene, busy) for candidate in candidates])
    # A batch asks all gates about everybody again and again: who passes at a glance is asked only what the lead asks.
    of_lead = [gate for gate in busy if gate not in PERSONAL]
    said: list[Refusal | None] = []
    for one in candidates:
        if not _nothing_against(one):
            said.append(_first_refusal(one, scene, busy))
        else:
            said.append(_first_refusal(one, scene, of_lead) if of_lead else None)
    return tuple(said)


def _busy(gates: Iterable[Gate], scene: Scene) -> list[Gate]:
    """Those that could refuse somebody."""
    passed_by = NOTED if scene.policy.as_noted else frozenset()
    return [gate for gate in gates if gate not in passed_by and not (gate in IDLE and IDLE[gate](scene))]


def _scene(lead: LeadFacts | Scene, policy: Policy, now: datetime | None) -> Scene:
    return lead if isinstance(lead, Scene) else Scene(lead, policy, now)


def _first_refusal(candidate: Candidate, scene: Scene, gates: Iterable[Gate]) -> Refusal | None:
    for gate in gates:
        reason = gate(candidate, scene)
        if reason is not None:
            return Refusal(gate.__name__, reason)
    return None


def _texts(scene: Scene, wanted: frozenset[str]) -> str:
    """Tags as they are written, in the order they were found."""
    return ", ".join(tag.text for tag in scene.lead.found if normal_value(tag.text) in wanted)


MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip


def _day(day: date, zone: str, now: datetime) -> str:
    """A day as people say it, with its year when that is not this one."""
    year = "" if day.year == day_of(zone, now).year else f" {day.year}"
    return f"{day.day} {MONTHS[day.month - 1]}{year}"
