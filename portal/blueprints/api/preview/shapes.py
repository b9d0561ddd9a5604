"""How a preview is told."""

from __future__ import annotations

from typing import Any

from portal.blueprints.api.fields import Part, Several, Text
from portal.blueprints.api.leads.shapes import StepShape, step_shape
from portal.operations.preview import as_answer
from portal.routing.decision import Decision


class PreviewShape(StepShape):
    """The first pool's decision, and the steps that would follow it. `kept_back` says why the lead would be held or in
    quarantine first; null = it would not be."""

    kept_back = Text(allow_none=True, required=True)
    then = Several(Part(StepShape), required=True)


def preview_shape(decision: Decision, kept_back: str | None) -> dict[str, Any]:
    """A decision that nobody took, as the API tells it, and what would keep the lead from it."""
    data = as_answer(decision)
    return {"kept_back": kept_back} | step_shape(data) | {"then": [step_shape(step) for step in data["then"]]}
