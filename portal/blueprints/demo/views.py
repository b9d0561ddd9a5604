"""Wiping the demo with one press, and what to do in the empty company it leaves."""

from __future__ import annotations

from flask import redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from portal.blueprints.demo.blueprint import blueprint
from portal.errors import Conflict
from portal.operations.wiping import wipe_demo
from portal.permissions import Right
from portal.queries.emptiness import is_empty
from portal.sign_in import right_required, signed_in_user


@blueprint.post("/wipe")
@right_required(Right.OWNERSHIP)
def wipe() -> ResponseReturnValue:
    """Remove everything made up. Pressed twice, the second press finds it done."""
    try:
        wipe_demo(by=signed_in_user())
    except Conflict:
        if not is_empty():
            raise
    return redirect(url_for("demo.wiped"), code=303)


@blueprint.get("/wiped")
@right_required(Right.OWNERSHIP)
def wiped() -> ResponseReturnValue:
    """What is left, and the first steps."""
    return render_template("demo/wiped.html", is_empty=is_empty())
