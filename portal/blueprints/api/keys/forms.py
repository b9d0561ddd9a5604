"""What is sent about keys."""

from __future__ import annotations

from portal.blueprints.api.fields import Choice, Form, Text
from portal.models import KeyScope


class KeyForm(Form):
    """A key to make. `as` = the e-mail address of the user it acts as; oneself when left out."""

    scope = Choice(KeyScope, required=True)
    as_email = Text(data_key="as", allow_none=True)
