"""Forms that are one act however often they are pressed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4, uuid5

from flask import request
from wtforms import HiddenField

from portal.blueprints.forms import PortalForm
from portal.models import User
from portal.operations.once import Made, make_once


class FormKey(HiddenField):  # type: ignore[misc]
    """Names one opening of a form: pressed twice, it is one act."""

    def __init__(self, label: str = "", **options: Any) -> None:
        super().__init__(label, default=self.new, **options)

    @staticmethod
    def new() -> str:
        """A key for a form that is nothing but a button."""
        return str(uuid4())

    @property
    def key(self) -> UUID | None:
        """What the operation takes; None for one that was not made by us."""
        try:
            return UUID(self.data or "")
        except ValueError:
            return None


class OnceForm(PortalForm):
    """A form that makes something. Its `form_key` has to be in the page."""

    form_key = FormKey()

    def made(self, make: Callable[[], UUID], *, by: User) -> Made | None:
        """What the form made, by this press or by an earlier one; None when it was not sent or is not in order.

        Args:
            make: makes it and gives its id; what it objects to becomes errors of the form.
        """
        made = list[Made]()
        self.carried_out(lambda: made.append(make_once(self._act(), make, by=by)))
        return made[0] if made else None

    def _act(self) -> UUID | None:
        """The act this press asks for.

        With what was sent in it, a form that is reached again by “back” and filled in anew makes something new; only
        the same words are the same act.
        """
        if self.form_key.key is None:
            return None
        sent = [(name, values) for name, values in request.form.lists() if name not in ("csrf_token", "form_key")]
        return uuid5(self.form_key.key, repr([request.path, *sorted(sent)]))
