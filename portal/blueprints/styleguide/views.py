"""The components as pages use them, with made-up content."""

from __future__ import annotations

from datetime import timedelta

from flask import abort, render_template, request
from flask.typing import ResponseReturnValue
from wtforms import BooleanField, RadioField, SelectField

from portal.blueprints.forms import Line, Lines, PortalForm, Whole, menu, needed
from portal.blueprints.styleguide.blueprint import blueprint
from portal.charts import bars
from portal.queries.clock import database_time
from portal.sign_in import maybe_signed_in_user


class SampleForm(PortalForm):
    """One field of each kind."""

    name = Line("Name", [needed("Please type a name.")], description="As colleagues know it.")
    open_cap = Whole("Most open leads at a time")
    role = SelectField("Role", choices=menu([("agent", "Agent"), ("manager", "Manager")]))
    way = RadioField("Way", choices=menu([("offer", "Offer it"), ("assign", "Give it")]), default="offer")
    told = BooleanField("Tell them by mail")
    note = Lines("Note")


@blueprint.get("")
def page() -> ResponseReturnValue:
    """Everything in one place: light or dark, wide or narrow, with a form as it comes back with errors."""
    maybe_signed_in_user()
    wrong = SampleForm(formdata=None)
    wrong.name.errors = ["Please type a name."]
    now = database_time()
    return render_template(
        "styleguide/page.html",
        form=SampleForm(formdata=None, data={"name": "Ana Torres", "open_cap": 5}),
        wrong=wrong,
        now=now,
        end=now + timedelta(minutes=4),
        chart=bars([(f"{day} Nov", (day * 7) % 13) for day in range(1, 15)]),
    )


@blueprint.get("/error")
def error() -> ResponseReturnValue:
    """The page of any status: /styleguide/error?status=409."""
    status = request.args.get("status", "404")
    abort(int(status) if status.isdigit() and 400 <= int(status) <= 599 else 404)
