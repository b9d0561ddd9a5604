"""How the next person is chosen among the eligible: one function per picker, the eligible never empty."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple
from uuid import UUID

from portal.routing import ledger
from portal.routing.facts import Candidate, Credit, Picker


class Pick(NamedTuple):
    """Who was chosen, and the turn that was played for it; None for pickers that touch no ledger."""

    user_id: UUID
    step: ledger.Step | None


def rotation(eligible: Sequence[Candidate], credit: Credit) -> Pick:
    """By the turn ledger: equal weights are a plain round robin, weights 10 and 5 are twice as many."""
    step = ledger.step(eligible, credit)
    return Pick(step.chosen, step)


PICKERS: Mapping[Picker, Callable[[Sequence[Candidate], Credit], Pick]] = {Picker.ROTATION: rotation}
