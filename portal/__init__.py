"""Baton, a lead-distribution portal. `create_app` is the table of contents."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from portal.config import PROJECT, Settings

if TYPE_CHECKING:
    # The supervisor imports this package too, and needs neither the second nor the 50 MB this takes.
    from apiflask import APIFlask
    from flask import Flask


def create_app(settings: Settings | None = None) -> APIFlask:
    """The application: configuration, extensions, blueprints, errors; nothing else.

    Args:
        settings: all settings; read from the environment when None.

    Raises:
        SettingError: a setting makes no sense.
    """
    from apiflask import APIFlask

    settings = settings or Settings.from_environ()
    app = APIFlask(__name__, title="Baton", version="1", spec_path=None, docs_path=None, json_errors=False)
    configure(app, settings)
    trust_proxies(app, settings.trusted_proxies)
    bind_extensions(app)
    bind_page_extensions(app)
    register(app)
    if os.environ.get("FLASK_RUN_FROM_CLI") == "true":
        bind_migrations(app)
    return app


def create_worker_app(settings: Settings) -> Flask:
    """The same without pages, API and sign-in, for processes that serve nobody: a third of the memory less."""
    from flask import Flask

    app = Flask(__name__)
    configure(app, settings)
    bind_extensions(app)
    return app


def configure(app: Flask, settings: Settings) -> None:
    """Hand each extension its settings under the names it knows."""
    from portal.database import engine_options

    if settings.database_url is None:
        raise RuntimeError("create_app needs a database: start the embedded one first, or set DATABASE_URL.")
    app.extensions["settings"] = settings
    app.config.update(
        SECRET_KEY=settings.secret_key,
        SQLALCHEMY_DATABASE_URI=settings.database_url,
        SQLALCHEMY_ENGINE_OPTIONS=engine_options(settings),
        OWNER_DATABASE_URI=settings.database_url,
        MAX_CONTENT_LENGTH=64 * 1024,
        TRUSTED_HOSTS=list(settings.trusted_hosts),
        MAIL_SERVER=settings.mail_server or "",
        MAIL_PORT=settings.mail_port,
        MAIL_USE_TLS=settings.mail_use_tls,
        MAIL_USERNAME=settings.mail_username,
        MAIL_PASSWORD=settings.mail_password,
        MAIL_DEFAULT_SENDER=settings.mail_default_sender,
        # Flask-Mail would swallow everything in a process that is under test.
        MAIL_SUPPRESS_SEND=False,
    )


def trust_proxies(app: APIFlask, count: int) -> None:
    """Believe what that many proxies in front of us say about the caller; with none, nobody's word counts."""
    from werkzeug.middleware.proxy_fix import ProxyFix

    if count:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=count, x_proto=count, x_host=count)


def bind_extensions(app: Flask) -> None:
    """Extensions are made in `portal.extensions`; here they learn of this application."""
    from portal import logs, metrics, models, queue  # noqa: F401  (models names every table)
    from portal.database import keep_prepared
    from portal.extensions import db, mail
    from portal.live import announcer

    settings: Settings = app.extensions["settings"]
    logs.bind(app)
    metrics.keep_in(settings.instance_dir)
    queue.bind(app)
    announcer.bind(app)
    mail.init_app(app)
    db.init_app(app)
    with app.app_context():
        keep_prepared(db.engine)


def bind_page_extensions(app: APIFlask) -> None:
    """What only a process that answers requests needs."""
    from portal import origins
    from portal.compression import bind_compression
    from portal.extensions import htmx
    from portal.htmx import bind_parts
    from portal.page_frame import bind_page_frame
    from portal.page_sessions import PageSessions
    from portal.rate_limits import bind_rate_limits
    from portal.security_headers import bind_security_headers
    from portal.sign_in import bind_sign_in

    settings: Settings = app.extensions["settings"]
    app.session_interface = PageSessions()
    htmx.init_app(app)
    bind_parts(app)
    origins.bind(app)
    bind_sign_in(app, settings)
    bind_rate_limits(app, settings)
    bind_page_frame(app)
    bind_security_headers(app, settings)
    bind_compression(app)


def bind_migrations(app: Flask) -> None:
    """Flask-Migrate, for commands that change the schema: Alembic is 10 MB no other process should carry."""
    from flask_migrate import Migrate

    from portal.extensions import db

    Migrate(app, db, directory=str(PROJECT / "migrations"))


def register(app: APIFlask) -> None:
    """Blueprints and error pages."""
    from portal.blueprints import (
        allocations,
        api,
        audit,
        auth,
        dashboard,
        demo,
        distribution,
        health,
        home,
        leads,
        live,
        me,
        my_offers,
        offers,
        outbox,
        people,
        styleguide,
    )
    from portal.blueprints import settings as settings_area
    from portal.blueprints.api.document import configure_document
    from portal.error_pages import register_errors
    from portal.expired_form import bind_expired_form

    register_errors(app)
    bind_expired_form(app)
    for area in (
        health,
        home,
        auth,
        dashboard,
        me,
        leads,
        offers,
        my_offers,
        live,
        people,
        distribution,
        allocations,
        settings_area,
        outbox,
        audit,
        demo,
    ):
        app.register_blueprint(area.blueprint)
    settings: Settings = app.extensions["settings"]
    if settings.environment != "production":
        app.register_blueprint(styleguide.blueprint)
    configure_document(app)
    app.register_blueprint(api.api)
    app.register_blueprint(api.docs)
