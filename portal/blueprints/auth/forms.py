"""Forms of signing in."""

from __future__ import annotations

from wtforms import HiddenField

from portal.blueprints.forms import Email, Password, PortalForm, needed


class SignInForm(PortalForm):
    """Address and password; `next` is where the person wanted to go."""

    email = Email("E-mail", [needed("Please type your e-mail address.")])
    password = Password("Password", [needed("Please type your password.")])
    next = HiddenField()


class ForgotForm(PortalForm):
    """The address a link is sent to."""

    email = Email("E-mail", [needed("Please type your e-mail address.")])


class NewPasswordForm(PortalForm):
    """A new password, typed once: it can be asked for again, and managers type it better than people."""

    # So that password managers know whose password they keep; what it says is not read.
    username = HiddenField()
    password = Password("New password", [needed("Please type a new password.")])
