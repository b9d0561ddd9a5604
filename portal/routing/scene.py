"""One lead at one moment under one company's settings, read once for all who are looked at."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from math import isfinite

from portal.routing.facts import LeadFacts, Policy
from portal.routing.hours import day_of
from portal.routing.tags import TagKind, normal_value

AS_USUAL = Policy()


@dataclass(frozen=True, slots=True)
class Scene:
    """What gates look at beside the candidate. `at` is None where no moment is known; hours and leave need one."""

    lead: LeadFacts
    policy: Policy = AS_USUAL
    at: datetime | None = None
    exclusive: frozenset[str] = field(init=False, default=frozenset())
    required: frozenset[str] = field(init=False, default=frozenset())
    place: tuple[float, float] | None = field(init=False, default=None)
    is_holiday: bool = field(init=False, default=False)

    def __post_init__(self) -> None:
        if self.lead.found:
            object.__setattr__(self, "exclusive", self._found(TagKind.EXCLUSIVE))
            object.__setattr__(self, "required", self._found(TagKind.REQUIRED))
        if self.lead.location:
            object.__setattr__(self, "place", _place(self.lead))
        if self.policy.holidays:
            object.__setattr__(self, "is_holiday", day_of(self.policy.zone, self.moment) in self.policy.holidays)

    @property
    def moment(self) -> datetime:
        """`at`, where it is needed. Raises ValueError when it is not known: hours must not be passed over."""
        if self.at is None:
            raise ValueError("hours, leave and holidays need a moment to be held against")
        return self.at

    @property
    def is_somewhere(self) -> bool:
        """Whether anything at all is known of where the lead is."""
        return any(str(part).strip() for part in self.lead.location.values() if part is not None)

    def _found(self, kind: TagKind) -> frozenset[str]:
        return frozenset(normal_value(tag.text) for tag in self.lead.found if tag.kind == kind)


def _place(lead: LeadFacts) -> tuple[float, float] | None:
    try:
        lat, lng = float(lead.location["lat"]), float(lead.location["lng"])
    except (KeyError, TypeError, ValueError):
        return None
    return (lat, lng) if isfinite(lat) and isfinite(lng) else None
