"""How a preview is told."""

from __future__ import annotations

from typing import Any

from portal.blueprints.api.fields import Part, Several
from portal.blueprints.api.leads.shapes import StepShape, step_shape
from portal.operations.preview import as_answer
from portal.routing.decision import Decision


class PreviewShape(StepShape):
    """The first pool's decision, and the steps that would follow it."""

    then = Several(Part(StepShape), required=True)


def preview_shape(decision: Decision) -> dict[str, Any]:
    """A decision that nobody took, as the API tells it."""
    data = as_answer(decision)
    return step_shape(data) | {"then": [step_shape(step) for step in data["then"]]}
