"""What is sent about teams."""

from __future__ import annotations

from portal.blueprints.api.fields import Form, Id, Text


class TeamForm(Form):
    """A team's name, and the team it stands below; null = at the top."""

    name = Text()
    parent_id = Id(allow_none=True)
    # Who gets leads of the team's pools that nobody there took, and those sent to a team without a pool for them.
    default_user_id = Id(allow_none=True)
    # Which pool gets leads that are sent to the team and that none of its own rules takes.
    default_pool_id = Id(allow_none=True)


class NewTeamForm(TeamForm):
    """A team to make."""

    name = Text(required=True)
