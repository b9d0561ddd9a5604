"""How well an agent fits a lead: the tags found in it that they carry, and their points in the pool."""

from __future__ import annotations

from portal.routing.facts import Candidate, Delivery, LeadFacts, PerformanceInRouting
from portal.routing.scene import Scene
from portal.routing.tags import Tag, normal_value

NEUTRAL = 100
"""Performance, in per cent, of somebody nothing is known of: neither an advantage nor a drawback."""


def matched(candidate: Candidate, lead: LeadFacts) -> tuple[Tag, ...]:
    """The tags found in `lead` that `candidate` carries."""
    if not lead.found or not candidate.tags:
        return ()
    return tuple(tag for tag in lead.found if normal_value(tag.text) in candidate.tags)


def points(candidate: Candidate, lead: LeadFacts) -> int:
    """The weights of the matched tags and the candidate's priority; may be negative."""
    return sum(tag.weight for tag in matched(candidate, lead)) + candidate.priority


def untagged(candidate: Candidate, scene: Scene) -> str | None:
    """The gate for leads without any tag, where the company keeps these for the ladder."""
    if scene.lead.found or scene.policy.untagged_qualify_all:
        return None
    return "the lead holds no tag"


def score(candidate: Candidate, scene: Scene) -> str | None:
    """The gate for a score below zero, and for those whom nothing in a tagged lead speaks for."""
    reached = points(candidate, scene.lead)
    if reached < 0:
        return f"score {reached}, below zero"
    if reached == 0 and scene.lead.found and not matched(candidate, scene.lead):
        return "carries none of the tags found"
    return None


def performance_use(scene: Scene, delivery: Delivery) -> PerformanceInRouting:
    """The company's setting; by itself it multiplies where leads are offered and breaks ties elsewhere."""
    if scene.policy.performance_in_routing is not None:
        return scene.policy.performance_in_routing
    return PerformanceInRouting.MULTIPLY if delivery is Delivery.OFFER else PerformanceInRouting.TIE_BREAK


def standing(candidate: Candidate, scene: Scene, use: PerformanceInRouting) -> tuple[int, int]:
    """What the order of fit goes by, highest first: whole numbers, so that level is level."""
    performance = NEUTRAL if candidate.performance is None else candidate.performance
    reached = points(candidate, scene.lead)
    if use == PerformanceInRouting.MULTIPLY:
        return reached * performance, 0
    return reached, performance if use == PerformanceInRouting.TIE_BREAK else 0
