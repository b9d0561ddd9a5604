"""What is sent about offers."""

from __future__ import annotations

from portal.blueprints.api.fields import Choice, Form, Id, Line
from portal.blueprints.api.paging import PageForm
from portal.models import OfferState


class OffersForm(PageForm):
    """Which offers; all that is given must hold."""

    lead = Id(load_default=None)
    user = Id(load_default=None)
    state = Choice(OfferState, load_default=None)


class DeclineForm(Form):
    """Why, if the agent says."""

    reason = Line(2000, load_default=None)
