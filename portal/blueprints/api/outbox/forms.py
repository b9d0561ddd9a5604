"""What is asked of the outbox."""

from __future__ import annotations

from portal.blueprints.api.fields import Choice, Id
from portal.blueprints.api.paging import PageForm
from portal.models import Cause, MessageChannel


class OutboxForm(PageForm):
    """Whose messages, about what, over which channel."""

    user = Id(load_default=None)
    cause = Choice(Cause, load_default=None)
    channel = Choice(MessageChannel, load_default=None)
