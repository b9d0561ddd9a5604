"""Forms about oneself."""

from __future__ import annotations

from wtforms.fields import TelField

from portal.blueprints.forms import Line, Password, PortalForm, needed, one_line, trimmed


class AboutMeForm(PortalForm):
    """How colleagues see one, and where one is called."""

    name = Line("Name", [needed("Please type your name.")])
    phone = TelField("Phone", [one_line], filters=[trimmed])


class ChangePasswordForm(PortalForm):
    """The present password proves that it is you, not somebody at your desk."""

    current_password = Password("Present password", [needed("Please type your present password.")])
    new_password = Password("New password", [needed("Please type a new password.")])
