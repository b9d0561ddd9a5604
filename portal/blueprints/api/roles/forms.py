"""What is sent about roles."""

from __future__ import annotations

from portal.blueprints.api.fields import Form, Several, Text


class RoleForm(Form):
    """A role's name and what it lets people do.

    Rights: `company, people, distribution, sources, assign, see_all, reports, export, insights, audit, receive`.
    `people:team` and `distribution:team` reach the holder's own team and those below it.
    """

    name = Text()
    rights = Several(Text())


class NewRoleForm(RoleForm):
    """A role to make."""

    name = Text(required=True)
    rights = Several(Text(), required=True)
