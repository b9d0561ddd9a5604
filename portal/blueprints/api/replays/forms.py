"""What is sent to replay past leads."""

from __future__ import annotations

from portal.blueprints.api.fields import Form, Free, Moment

DRAFT = """The drafted set-up, as `portal config export` writes it; a part that is left out is as it is today. null or
left out = the draft on the settings pages."""


class NewReplayForm(Form):
    """Which leads to replay, and through what."""

    since = Moment(data_key="from", required=True)
    until = Moment(data_key="to", required=True)
    draft = Free(allow_none=True, metadata={"description": DRAFT})
