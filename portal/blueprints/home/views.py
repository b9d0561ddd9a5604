"""Where people land, and the web app manifest."""

from __future__ import annotations

from flask import Response, current_app, jsonify, redirect, request
from flask.typing import ResponseReturnValue

from portal.blueprints.home.blueprint import blueprint
from portal.errors import Malformed
from portal.own_path import own_path
from portal.page_frame import LOOK_COOKIE, LOOKS, static_url
from portal.permissions import has_dashboard
from portal.sign_in import signed_in, signed_in_user

YEAR = 365 * 24 * 60 * 60


@blueprint.get("/")
@signed_in
def start() -> ResponseReturnValue:
    """Those who look after the leads of others see how things stand; everybody else their own list."""
    return redirect("/dashboard" if has_dashboard(signed_in_user()) else "/leads?bucket=mine", code=303)


@blueprint.post("/look")
def choose_look() -> ResponseReturnValue:
    """Light, dark, or as the system has it (empty); kept in this browser, since phone and desk may differ."""
    look = request.form.get("look", "")
    if look not in ("", *LOOKS):
        raise Malformed("Please use the buttons in the menu.")
    answer = redirect(own_path(request.form.get("next")), code=303)
    if not look:
        answer.delete_cookie(LOOK_COOKIE)
        return answer
    is_https = current_app.extensions["settings"].is_https
    answer.set_cookie(LOOK_COOKIE, look, max_age=YEAR, secure=is_https, httponly=True, samesite="Lax")
    return answer


@blueprint.get("/look")
def show_after_look() -> ResponseReturnValue:
    """A form whose token had expired is sent again from this address; reloading it leads back."""
    return redirect("/", code=303)


@blueprint.get("/manifest.webmanifest")
def manifest() -> Response:
    """What a phone needs to put the portal on its home screen."""
    icon = {"src": static_url("icon.svg"), "sizes": "any", "type": "image/svg+xml"}
    response = jsonify(
        name="Baton",
        short_name="Baton",
        description="Leads, handed out fairly.",
        id="/",
        start_url="/",
        scope="/",
        display="standalone",
        background_color="#f5f7f6",
        theme_color="#0b665b",
        icons=[icon | {"purpose": "any"}, icon | {"purpose": "maskable"}],
        shortcuts=[{"name": "My leads", "url": "/leads?bucket=mine", "icons": [icon]}],
    )
    response.mimetype = "application/manifest+json"
    response.headers["Cache-Control"] = "public, max-age=3600"
    return response


@blueprint.get("/favicon.ico")
def favicon() -> ResponseReturnValue:
    """Some programs ask for this name whatever the page says."""
    return redirect(static_url("favicon.svg"), code=302)
