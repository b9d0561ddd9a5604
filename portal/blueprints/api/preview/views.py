"""Preview: what would happen to a lead, were it to come in now."""

from __future__ import annotations

from apiflask import APIBlueprint
from flask import Blueprint, request

from portal.blueprints.api.access import holder, require_insight
from portal.blueprints.api.answers import answers
from portal.blueprints.api.json_body import read_json
from portal.blueprints.api.leads.arriving import arriving_from
from portal.blueprints.api.leads.forms import LeadForm
from portal.blueprints.api.preview.shapes import PreviewShape, preview_shape
from portal.blueprints.api.repeats import Answered, repeatable
from portal.blueprints.api.takes import describe
from portal.operations.preview import kept_back, preview

blueprint: Blueprint = APIBlueprint("preview", __name__, url_prefix="/preview", tag="Preview")


@blueprint.post("")
@repeatable
@answers((200, PreviewShape))
@describe(LeadForm)
def show_preview() -> Answered:
    """Show what would happen to a lead; nothing changes

    The first pool's decision; `then` has the steps of the ladder that would follow. `kept_back` says what would hold
    the lead before, or put it into quarantine.
    """
    require_insight()
    lead = arriving_from(read_json(request))
    return preview_shape(preview(lead, holder=holder()), kept_back(lead, holder=holder())), 200
