"""What routing answers: one look at one stage, with everybody looked at and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from portal.routing import explain
from portal.routing.facts import (
    Candidate,
    Credit,
    LeadFacts,
    Outcome,
    PoolFacts,
    Refusal,
    RuleCheck,
    RuleMatch,
    Stage,
    WaitingFor,
)
from portal.routing.ledger import Step


@dataclass(frozen=True, slots=True)
class Decision:
    """Who gets the lead, or why nobody does.

    `refusals` stand beside `candidates`, in the same order, None for the eligible; `set_aside` (only on the last rung
    of the ladder) beside them likewise: what would have refused them, had there been anybody else. `credit` is the one
    this stage is played on, None where it touches no ledger. `note` says why a stage chose nobody, or what is special
    about its choice. `before` is the stage that was looked at before this one and chose nobody.

    Only raw facts are kept; records and sentences are made when somebody asks for them.
    """

    lead: LeadFacts
    pool: PoolFacts | None
    match: RuleMatch | None
    at: datetime
    stage: Stage
    outcome: Outcome
    chosen: tuple[UUID, ...]
    candidates: Sequence[Candidate] = ()
    refusals: Sequence[Refusal | None] = ()
    credit: Credit | None = None
    step: Step | None = None
    note: str | None = None
    before: Decision | None = None
    set_aside: Sequence[Refusal | None] | None = None
    # Made when first asked for: the record, the timeline and the answer are all told from it.
    _data: dict[str, Any] | None = field(default=None, init=False, repr=False, compare=False)

    @property
    def lead_id(self) -> UUID | None:
        return self.lead.id

    @property
    def pool_id(self) -> UUID | None:
        return self.pool.id if self.pool else None

    @property
    def rule_id(self) -> UUID | None:
        return self.match.rule.id if self.match and self.match.rule else None

    @property
    def rules(self) -> tuple[RuleCheck, ...]:
        return self.match.checks if self.match else ()

    @property
    def waiting_for(self) -> WaitingFor | None:
        """What the lead waits for once this is carried out; None when somebody got it, the ladder goes on, or the lead
        has an owner all the while."""
        if self.lead.taken_from is not None:
            return None
        if self.outcome is Outcome.TELL:
            return WaitingFor.CATCH_ALL
        if self.outcome is Outcome.POND:
            return WaitingFor.PERSON
        if self.stage is not Stage.WAITING:
            return None
        return WaitingFor.ROUTING if self.pool or self.is_for_people_of_team else WaitingFor.PERSON

    @property
    def is_for_people_of_team(self) -> bool:
        """Whether the rules sent the lead to a team that names no pool for it."""
        return self.pool is None and self.match is not None and self.match.is_for_people_of_team

    @property
    def stages(self) -> list[Decision]:
        """The whole story: every stage looked at, from the first to this one."""
        return [*self.before.stages, self] if self.before else [self]

    @property
    def tie_break(self) -> str | None:
        """A sentence when people were exactly level."""
        return explain.tie_break(self.step.tie_break) if self.step else None

    @property
    def why(self) -> str:
        """One or two plain sentences."""
        return str(self.as_data()["why"])

    def as_data(self) -> dict[str, Any]:
        """This decision as JSON-able data, to be stored and explained later: one object, not to be changed."""
        data = self._data
        if data is None:
            data = explain.as_data(self)
            object.__setattr__(self, "_data", data)
        return data
